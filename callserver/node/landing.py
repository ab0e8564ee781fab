"""Which facts make a call look for its ticket: the jobs that are put down with them.

In: facts. Out: jobs for the landing worker (`work/landing.py`), their keys such that the same fact never makes two.
Must not know: tickets, rules, the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from callserver.facts import (
    AgentAnswered,
    CallCorrected,
    CallEnded,
    CallRecovered,
    CallsMerged,
    Fact,
    OfCall,
    TalkStarted,
)
from callserver.store import text
from callserver.store.jobs import NewJob
from callserver.store.landing import LAND


def landings(facts: Iterable[Fact]) -> list[NewJob]:
    """The jobs of these facts, each once."""
    jobs = {job.key: job for fact in facts if (job := _landing(fact)) is not None}
    return list(jobs.values())


def _landing(fact: Fact) -> NewJob | None:
    """A talk is an answer, too: of a direct call, or of somebody whom we called."""
    match fact:
        case AgentAnswered() | TalkStarted():
            return _job(fact, "answered")
        case CallEnded():
            return _job(fact, "ended")
        case CallRecovered():
            return _job(fact, "ended", f"recovered:{_digest(fact.record)}")
        case CallCorrected():
            return _job(fact, "corrected", f"corrected:{_digest(fact.record)}", why=list(fact.why))
        case CallsMerged():
            return _job(fact, "merged", f"merged:{fact.absorbed}", absorbed=fact.absorbed)
        case _:
            return None


def _job(fact: OfCall, moment: str, name: str = "", **more: Any) -> NewJob:
    key = f"{LAND}:{fact.call}:{name or moment}"
    return NewJob(kind=LAND, key=key, body={"pbx": fact.pbx, "call": fact.call, "moment": moment, **more})


def _digest(record: Mapping[str, Any]) -> str:
    """The same record corrected twice is one correction."""
    return hashlib.sha256(text.dump(dict(record)).encode()).hexdigest()[:16]

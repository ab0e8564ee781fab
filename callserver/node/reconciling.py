"""Our calls of a stretch of time against Asterisk's own journals of it, from files and tables to facts.

In: a store, one switch's settings, a span. Out: a `Reconciliation`; its corrections go to the switch's one
writer. Must not know: how the comparison is made, who asks for it. File reading and comparing run in a
thread: a day is many lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from callserver.errors import LeaseLost
from callserver.facts import CallsMerged, Instant, PbxId, iso
from callserver.journals.reading import Reading, read
from callserver.journals.reconcile import Correction, Reconciliation, Span, reconcile
from callserver.node.duty import Duty
from callserver.node.evidence import journals_of
from callserver.settings import AsteriskSettings
from callserver.store import agents, calls, reconciliations
from callserver.store.engine import Store
from callserver.store.jobs import Job
from callserver.store.reconciliations import Reconciled
from callserver.store.rows import Batch
from callserver.vitals import wall_clock

log = structlog.get_logger(__name__)

AROUND_MS = 2 * 3600 * 1000  # read on both sides of a span: calls that reach over its edges are told whole
EDGE_MS = 60_000  # what a gap's span is widened by: the clocks of events and journals may differ
MOST_DETAILS = 200  # differences kept with the outcome
WRITE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one comparison gave; `rubbish` counts journal lines that were none."""

    pbx: PbxId
    result: Reconciliation
    rubbish: int

    @property
    def findings(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.result.omitted or self.result.differences or self.result.surplus)


async def compare(
    store: Store, settings: AsteriskSettings, begin: Instant, end: Instant, *, now: Instant
) -> Compared:
    """The calls that began from `begin` to before `end`. Only reads. Raises JournalUnreadable, StoreError."""
    pbx = PbxId(settings.id)
    members = {one.agent: one.interface for one in await agents.members(store, pbx) if one.agent}
    journals = journals_of(settings, members)
    first, last = begin - AROUND_MS, min(now, end + AROUND_MS)
    reading = await asyncio.to_thread(read, journals, first, last)
    ours = [record async for record in calls.calls_between(store, pbx, first, last + 1)]
    result = await asyncio.to_thread(reconcile, ours, reading.stories, Span(begin=begin, end=end, until=last))
    return Compared(pbx=pbx, result=result, rubbish=_rubbish(reading))


def _rubbish(reading: Reading) -> int:
    return reading.queue_log.rubbish + reading.cel.rubbish


def batch(corrections: Iterable[Correction]) -> Batch:
    """The corrections as one batch, for a journal that no floor stands before."""
    facts = tuple(corrections)
    return Batch(
        facts=facts,
        records=[fact.record for fact in facts if not isinstance(fact, CallsMerged)],
        removed=[fact.absorbed for fact in facts if isinstance(fact, CallsMerged)],
    )


async def keep(store: Store, compared: Compared, repaired: int, at: Instant) -> Reconciled:
    """Write down what the comparison gave. Raises StoreError."""
    result = compared.result
    outcome = Reconciled(
        begin=result.span.begin,
        end=result.span.end,
        at=at,
        switch_calls=result.switch_calls,
        our_calls=result.our_calls,
        omitted=len(result.omitted),
        ppm=result.omission_ppm,
        repaired=repaired,
        details=details(compared),
    )
    await reconciliations.keep(store, compared.pbx, outcome)
    return outcome


def details(compared: Compared) -> dict[str, Any]:
    """What differs, for people and for the store; no more of it than somebody would read."""
    result = compared.result
    return {
        "open_calls": result.open_calls,
        "omitted": [story.id for story in result.omitted][:MOST_DETAILS],
        "surplus": list(result.surplus)[:MOST_DETAILS],
        "differences": [
            {"call": one.call, "what": str(one), "repairable": one.repairable}
            for one in result.differences[:MOST_DETAILS]
        ],
        "rubbish_lines": compared.rubbish,
    }


def repairs(result: Reconciliation) -> int:
    """How many calls the corrections put right."""
    return len({fact.call for fact in result.corrections if not isinstance(fact, CallsMerged)})


def remaining_ppm(outcome: Reconciled) -> float:
    """What is omitted still, after what was put right: calls that the switch recorded and we do not have."""
    return 0.0 if outcome.repaired else outcome.ppm


class Reconciler:
    """Does jobs of kind `reconcile`: body `{pbx, begin, end, why, apply}`, instants in milliseconds UTC."""

    def __init__(self, store: Store, duties: Mapping[PbxId, Duty]) -> None:
        self._store = store
        self._duties = duties

    async def job(self, job: Job) -> Mapping[str, Any]:
        """One job; what it found, for the log. Raises JournalUnreadable, LeaseLost, StoreError."""
        duty = self._duties.get(PbxId(str(job.body.get("pbx"))))
        if duty is None or not duty.owned:
            raise LeaseLost(f"{job.body.get('pbx')} is not followed by this process now")
        found = await self._span_of(duty.pbx, job)
        if found is None:
            return {"skipped": "no such call is on record any more"}
        begin, end = found
        if job.body.get("why") in ("gap", "touched", "witness"):
            begin, end = begin - EDGE_MS, end + EDGE_MS
        return await self.span(duty, begin, end, repair=bool(job.body.get("apply")))

    async def _span_of(self, pbx: PbxId, job: Job) -> tuple[Instant, Instant] | None:
        if job.body.get("why") == "touched":
            return await calls.touched_span(self._store, pbx, int(job.body["since"]))
        return int(job.body["begin"]), int(job.body["end"])

    async def span(self, duty: Duty, begin: Instant, end: Instant, *, repair: bool) -> Mapping[str, Any]:
        """Compare, put right through the switch's one writer, keep the outcome."""
        if duty.settings.queue_log is None and duty.settings.cel is None:
            return {"skipped": "neither queue_log nor cel is set for this Asterisk"}
        compared = await compare(self._store, duty.settings, begin, end, now=wall_clock())
        result = compared.result
        if repair and result.corrections:
            await duty.correct(result.corrections, WRITE_S)
        repaired = repairs(result) if repair else 0
        outcome = await keep(self._store, compared, repaired, wall_clock())
        duty.vitals.ppm, duty.vitals.reconciled_at = remaining_ppm(outcome), outcome.at
        return {
            "begin": iso(begin),
            "end": iso(end),
            "switch_calls": result.switch_calls,
            "our_calls": result.our_calls,
            "omitted": len(result.omitted),
            "ppm": round(result.omission_ppm, 1),
            "differences": len(result.differences),
            "repaired": repaired,
        }

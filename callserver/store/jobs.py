"""Work that facts cause: put down in the same transaction as the facts, claimed by one worker at a time, done once.

In: new jobs, and the names of workers. Out: claimed jobs. Must not know: what a kind of job means or how it
is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, bindparam, func

from callserver.facts import Instant
from callserver.store.engine import Insert, Store
from callserver.store.schema import database_now
from callserver.store.schema import jobs as table


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Work that is due from `run_at` on (None: now). A second job with the same `key` is dropped: it is the same."""

    kind: str
    key: str
    body: Mapping[str, Any] = field(default_factory=dict)
    run_at: Instant | None = None


def new_jobs(store: Store) -> Insert:
    """The statement that puts jobs down (columns kind, key, body, run_at); a known key changes nothing."""
    due = func.coalesce(bindparam("run_at", type_=BigInteger), database_now())
    return store.insert(table).values(run_at=due, attempts=0).on_conflict_do_nothing(index_elements=["key"])

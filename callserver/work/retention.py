"""Every night: what has been kept long enough goes, erasures that were interrupted go on, the audit is anchored.

In: how long things are kept, the site's clock. Out: deleted rows, one line of the log for each kind, and the audit's
anchor in the log, which is somewhere else than the audit. Must not know: how anything is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from datetime import time as clock_time
from typing import Any

import structlog

from callserver.facts import Instant
from callserver.numbers import Plan
from callserver.store import audit_chain, jobs, privacy, retention
from callserver.store.engine import Store
from callserver.store.jobs import Job, NewJob
from callserver.store.retention import Terms

log = structlog.get_logger(__name__)

NIGHT = "night"
AT = clock_time(3, 30)  # by the site's clock: after yesterday was reconciled


class Night:
    """The work of a night; each night puts down the next one. `clock` gives milliseconds UTC."""

    def __init__(
        self, store: Store, terms: Terms, plan: Plan, *, zone: tzinfo, clock: Callable[[], Instant]
    ) -> None:
        self._store = store
        self._terms = terms
        self._plan = plan
        self._zone = zone
        self._clock = clock

    async def begin(self, after: Instant = 0) -> None:
        """See to it that there is a next night (after `after`); a second node that does the same changes nothing."""
        at = following(max(after, self._clock()), self._zone)
        await jobs.enqueue(self._store, [NewJob(kind=NIGHT, key=f"{NIGHT}:{at}", run_at=at)])

    async def job(self, job: Job) -> Mapping[str, Any]:
        """One night. Done twice, the second one finds nothing to do."""
        await self.begin(job.run_at)  # the database's clock may be ahead of ours
        erased = await privacy.resume(self._store, self._plan, self._clock)
        for one in erased:
            log.info("erased", customer=one.customer, finished=one.finished, waits_for_calls=one.going_on)
        gone = await retention.sweep(self._store, self._terms, self._clock())
        for kind, count in gone.items():
            log.info("kept long enough", kind=kind, gone=count)
        now = self._clock()
        anchor = await self._store.write(lambda connection: audit_chain.anchor(connection, now))
        if anchor is not None:
            log.info("audit", anchor=str(anchor))
        return {"gone": sum(gone.values()), "erased": len(erased)}


def following(now: Instant, zone: tzinfo) -> Instant:
    """The next night's beginning, in milliseconds UTC; where a clock is put forward over it, the moment after."""
    here = datetime.fromtimestamp(now / 1000, zone)
    tonight = datetime.combine(here.date(), AT, zone)
    if tonight.timestamp() * 1000 <= now:
        tonight = datetime.combine(here.date() + timedelta(days=1), AT, zone)
    return round(tonight.timestamp() * 1000)

"""Does the jobs by which calls find their tickets: each in one transaction of the store.

In: jobs that facts put down (`node/landing.py`). Out: what was decided, for the log and the counters. Must not know:
the rules, the tables. A job that is done twice changes nothing the second time (store/landing.py), so a crash at any
moment costs nothing but the doing again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from callserver.errors import Refusal
from callserver.facts import CallId, PbxId
from callserver.store import jobs
from callserver.store.engine import Connection, Store
from callserver.store.jobs import Job
from callserver.store.landing import LAND, Landed, Told, land
from callserver.store.situations import Site
from callserver.tickets.number import said
from callserver.tickets.situation import Moment
from callserver.work.worker import Ended, HopelessJob, Taken

__all__ = ["LAND", "Lander"]

AT_ONCE = (
    3  # tries before the worker's patience: another node closed the ticket, or settled the promise, just now
)


class Lander:
    """Puts calls on tickets. `on_landed` hears the row that decided, and how many seconds after the job was due."""

    def __init__(
        self, store: Store, site: Site, *, on_landed: Callable[[str, float], None] = lambda row, late_s: None
    ) -> None:
        self._store = store
        self._site = site
        self._on_landed = on_landed

    async def job(self, job: Job) -> Mapping[str, Any]:
        """One landing, and the note that it is done, in one transaction. Raises HopelessJob for a job that nobody could
        have put down, Taken, Refusal, StoreError.
        """
        told = _told(job)
        landed = await self._landed(job, told)
        late_s = max(0, landed.at - job.run_at) / 1000
        self._on_landed(landed.row, late_s)
        ticket = None if landed.ticket is None else said(landed.ticket)
        return Ended(call=told.call, row=landed.row, ticket=ticket, late_s=late_s)

    async def _landed(self, job: Job, told: Told) -> Landed:
        for patience in reversed(range(AT_ONCE)):
            try:
                return await self._store.write(lambda connection: self._land(connection, job, told))
            except Refusal:
                if not patience:
                    raise
        raise AssertionError("the last try returns or raises")

    def _land(self, connection: Connection, job: Job, told: Told) -> Landed:
        landed = land(connection, told, self._site)
        if not jobs.end(connection, job):
            raise Taken(f"{job.key} is another worker's")
        return landed


def _told(job: Job) -> Told:
    body = job.body
    if body.get("moment") not in get_args(Moment) or not all(body.get(name) for name in ("pbx", "call")):
        raise HopelessJob("this is no landing")
    return Told(
        pbx=PbxId(body["pbx"]),
        call=CallId(body["call"]),
        moment=body["moment"],
        key=job.key,
        absorbed=CallId(body["absorbed"]) if body.get("absorbed") else None,
        why=tuple(body.get("why", ())),
    )

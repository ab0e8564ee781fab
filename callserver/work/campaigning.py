"""Every morning: whoever is on a running campaign's list by today is owed a call; whose clock has new rules is called
when it shows what was agreed.

In: the site's clock. Out: promises, one line of the log a campaign. Must not know: who is on a list, when they are
called. A day's work that was interrupted goes on where it was; done twice, the second one finds nothing to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from datetime import time as clock_time
from typing import Any, Final

import structlog

from callserver.facts import Instant
from callserver.store import campaigns, jobs, zone_rules
from callserver.store.engine import Store
from callserver.store.jobs import Job, NewJob

log = structlog.get_logger(__name__)

CAMPAIGNS: Final = "campaigns"
AT: Final = clock_time(4, 30)  # by the site's clock: before anybody may be called, after the night's own work


class Campaigning:
    """The day's work; each day puts down the next one. `clock` gives milliseconds UTC."""

    def __init__(self, store: Store, *, zone: tzinfo, clock: Callable[[], Instant]) -> None:
        self._store = store
        self._zone = zone
        self._clock = clock

    async def begin(self, after: Instant = 0) -> None:
        """See to it that there is a next day (after `after`); a second node that does the same changes nothing."""
        at = following(max(after, self._clock()), self._zone)
        await jobs.enqueue(self._store, [NewJob(kind=CAMPAIGNS, key=f"{CAMPAIGNS}:{at}", run_at=at)])

    async def job(self, job: Job) -> Mapping[str, Any]:
        """One day."""
        await self.begin(job.run_at)
        now = self._clock()
        return {"moved": await self.follow_clocks(now), "made": await self.look(now)}

    async def follow_clocks(self, now: Instant) -> int:
        """How many promises were moved, because the rules of their zones are not what they were yesterday."""
        rules = await asyncio.to_thread(zone_rules.present, now)
        moved = await self._store.write(lambda connection: zone_rules.follow(connection, rules, now))
        if moved:
            log.warning("clocks go by other rules", moved=len(moved))
        return len(moved)

    async def look(self, now: Instant) -> int:
        """One pass over every running campaign; how many promises that made."""
        total = 0
        for campaign in await self._store.read(campaigns.running):
            made = await self._pass(campaign, now)
            total += made
            log.info("campaign", campaign=campaign, made=made)
        return total

    async def _pass(self, campaign: int, now: Instant) -> int:
        made = 0
        while True:
            step = await self._store.write(lambda connection: campaigns.step(connection, campaign, now))
            made += step.made
            if not step.more:
                return made


def following(now: Instant, zone: tzinfo) -> Instant:
    """The next morning's beginning, in milliseconds UTC."""
    here = datetime.fromtimestamp(now / 1000, zone)
    today = datetime.combine(here.date(), AT, zone)
    if today.timestamp() * 1000 <= now:
        today = datetime.combine(here.date() + timedelta(days=1), AT, zone)
    return round(today.timestamp() * 1000)

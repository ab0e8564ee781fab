"""The work of the back office on an open database, wherever it is done.

In: a store, settings, who we are. Out: what became of jobs. Must not know: processes, screens, the switch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import tzinfo

from callserver.limits import limits_of
from callserver.numbers import Plan
from callserver.settings import Of, QueueBook, QueueSettings, Settings
from callserver.stages import Loop, Running
from callserver.store.engine import Store
from callserver.store.journal import Writer
from callserver.store.retention import terms
from callserver.store.situations import Site
from callserver.store.writing import Ownership, Writing
from callserver.vitals import wall_clock
from callserver.work.campaigning import CAMPAIGNS, Campaigning
from callserver.work.counting import LEASE as COUNTING
from callserver.work.counting import Counting
from callserver.work.landing import LAND, Lander
from callserver.work.leading import Leading
from callserver.work.retention import NIGHT, Night
from callserver.work.worker import Worker

LANDINGS_AT_ONCE = 8  # claimed together; each takes some milliseconds
LANDING_HOLD_S = 10.0  # after so long another node does the landing that a dead one had begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """By what the office works, and under whose name it claims jobs. It holds no secrets, so it may travel.

    `retention`: days by kind; `queues`: as the settings file has them.
    """

    plan: Plan
    zone: tzinfo
    retention: Mapping[str, int]
    queues: Mapping[str, QueueSettings]
    node: str
    holder: str
    stop_s: float

    @classmethod
    def of(cls, settings: Settings, *, node: str, holder: str) -> Charter:
        """What the settings say."""
        return cls(
            plan=settings.number_plan,
            zone=settings.zone,
            retention=asdict(settings.retention),
            queues=settings.queues,
            node=node,
            holder=holder,
            stop_s=settings.node.stop_s,
        )


class Office:
    """Landings, counting, what nights and campaigns bring. `start`, then `stop`; `queues` is somebody else's to lay."""

    def __init__(
        self,
        store: Store,
        charter: Charter,
        queues: QueueBook,
        *,
        on_landed: Callable[[str, float], None],
        on_result: Callable[[str, str], None],
    ) -> None:
        self._store = store
        self._charter = charter
        self._queues = queues
        self._on_landed, self._on_result = on_landed, on_result
        self._landing = self._lander()
        self._running: list[Running] = []

    async def start(self) -> None:
        """Begin. Raises StoreError."""
        self._charter.plan.make_ready()
        loops: tuple[Loop, ...] = (self._landing, self._counter(), await self._housekeeping())
        for running in map(Running, loops):
            await running.start()
            self._running.append(running)

    async def stop(self) -> None:
        """Each finishes what it has begun; cancel it to leave that to the next start."""
        running, self._running = self._running, []
        await asyncio.gather(*(one.stop() for one in running))

    def leave(self) -> None:
        """Leave everything to the next start."""
        running, self._running = self._running, []
        for one in running:
            one.leave()

    def wake(self) -> None:
        """A call may be without a ticket."""
        self._landing.wake()

    def writer(self, owner: Ownership) -> Writer:
        """Who writes that switch's facts."""
        return Writing(self._store, owner)

    def _lander(self) -> Worker:
        """Of its own, so that a call never waits for its ticket behind a night's work."""
        site = Site(plan=self._charter.plan, queues=Of(self._queues, lambda queue: queue.kind))
        lander = Lander(self._store, site, on_landed=self._on_landed)
        return Worker(
            self._store,
            self._charter.holder,
            {LAND: lander.job},
            kinds=lambda: [LAND],
            hold_s=LANDING_HOLD_S,
            at_once=LANDINGS_AT_ONCE,
            on_result=self._on_result,
        )

    def _counter(self) -> Counting:
        """Counts what changed, for reports."""
        limits = limits_of(self._queues)
        return Counting(
            self._store,
            lambda: {was: limits(now) for now, one in self._queues.items() for was in (now, *one.formerly)},
            zone=self._charter.zone,
            leading=Leading(self._store, COUNTING, holder=self._charter.holder, node=self._charter.node),
            clock=wall_clock,
        )

    async def _housekeeping(self) -> Worker:
        """Of its own, because a night's work may take hours."""
        night = Night(
            self._store,
            terms(self._charter.retention),
            self._charter.plan,
            zone=self._charter.zone,
            clock=wall_clock,
        )
        await night.begin()
        campaigning = Campaigning(self._store, zone=self._charter.zone, clock=wall_clock)
        await campaigning.begin()
        return Worker(
            self._store,
            self._charter.holder,
            {NIGHT: night.job, CAMPAIGNS: campaigning.job},
            kinds=lambda: [NIGHT, CAMPAIGNS],
            on_result=self._on_result,
        )

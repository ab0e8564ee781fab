"""Dials the calls that we owe: whoever's turn it is, when the rules allow it, at most once for each attempt.

In: promises whose moment comes, the floor, what became of requests. Out: attempts on record with their requests to the
switch; promises broken, passed on, kept. Must not know: AMI, HTTP, how anything is decided (`dialling_choosing`,
`dialling_following`).

One process of a cluster does this, by a lease, and only while it follows a switch: of the others nobody knows who is
free. The lease keeps two from working in vain; what keeps them from dialling twice is in the store (`attempts.begin`).
Nothing is kept in memory that matters: every look begins with what is on record, so the look after a crash, a restart
or a night without power is like any other. What is late then runs in the order of its deadline, so many a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import structlog

from callserver.errors import LeaseLost, Refusal, StoreError
from callserver.facts import Instant, PbxId, iso
from callserver.people import UserId
from callserver.promises.days import countries
from callserver.promises.holding import Line
from callserver.store import attempts, dialling, leases, turns
from callserver.store.engine import Connection, Store
from callserver.store.leases import Lease
from callserver.store.outbox import Event
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId
from callserver.work.dialling_choosing import RESERVED_MS, SHOWN_FIRST_MS, Choosing, Done, Scene, Site
from callserver.work.dialling_floor import Floorview
from callserver.work.dialling_following import Evidence, Following, nothing_known

log = structlog.get_logger(__name__)

LEASE: Final = "dialling"
LEASE_S: Final = 10.0
TICK_S: Final = 1.0
LEAST_S: Final = 0.1
RETRY_S: Final = 2.0
PER_S: Final = 10
"""So many attempts begin in a second, whatever is late: trunks refuse what comes all at once."""
LOOKS: Final = 200  # promises in one look; who is held is looked at again some seconds later anyway
BATCH: Final = 25
WANTED_MS: Final = 60_000
"""How long after a promise was held for want of people it is watched who becomes free."""
_PROMISES: Final = "callserver.promise."
WAITS_MS: Final = 30_000
NOBODY_FREE: Final = "nobody_free"
_FOR_WANT_OF_PEOPLE: Final = (NOBODY_FREE, "owner_first", "callers_first")
_FOR_A_SWITCH: Final = ("dialling_paused", "kind_paused")


class Dialler:
    """`run` until `stop`. `wake` tells the node of this process that a request was put down."""

    def __init__(
        self,
        store: Store,
        floor: Floorview,
        site: Site,
        *,
        holder: str,
        node: str,
        clock: Callable[[], Instant],
        wake: Callable[[PbxId], None] = lambda pbx: None,
        evidence: Evidence = nothing_known,
        tick_s: float = TICK_S,
        per_s: int = PER_S,
    ) -> None:
        self._choosing = Choosing(site)
        self._following = Following(store, site.zone, evidence)
        self._store = store
        self._floor = floor
        self._holder = holder
        self._node = node
        self._clock = clock
        self._wake = wake
        self._tick_s = tick_s
        self._per_s = per_s
        self._lease: Lease | None = None
        self._renewed_at = 0.0
        self._first = True
        self._awake = asyncio.Event()
        self._stopping = False
        self._free: frozenset[UserId] = frozenset()
        self._wanted_at: Instant | None = None  # when a promise was held last for want of people
        self._paused: frozenset[str] = frozenset()

    # --- running -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look every second, and at once when something happened to a promise."""
        await asyncio.to_thread(countries)  # loads the holidays now, and not in the middle of a look
        quiet = self._store.on_told(self._told)
        try:
            while not self._stopping:
                await self._try()
                await asyncio.sleep(LEAST_S)  # what happens together is looked at together
                await self._rest(self._tick_s)
        finally:
            quiet()
            await self._give_up_lease()

    def stop(self) -> None:
        """`run` comes to its end after the look under way. Calls that are dialled go on."""
        self._stopping = True
        self._awake.set()

    def stir(self) -> None:
        """Something happened: do not wait for the next second."""
        self._awake.set()

    def explain(self, connection: Connection, promise: Promise, now: Instant) -> tuple[Line, ...]:
        """Why this promise is not dialled now: every rule with its answer."""
        return self._choosing.explain(connection, promise, scene_of(connection, self._floor, now))

    def _told(self, said: Sequence[Any]) -> None:
        if any(isinstance(one, Event) and one.type.startswith(_PROMISES) for one in said):
            self.stir()

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awake.wait()
        self._awake.clear()

    async def _try(self) -> None:
        try:
            if await self._leads():
                await self.look(self._clock())
        except StoreError as error:
            log.warning("promises cannot be dialled", why=str(error))
            await self._rest(RETRY_S)
        except Exception:  # one promise that nobody can read must not end the dialling of all others
            log.exception("promises cannot be dialled")
            await self._rest(RETRY_S)

    # --- the lease ---------------------------------------------------------------------------------------------------

    async def _leads(self) -> bool:
        """Whether this process dials now. One that follows no switch leaves it to others."""
        if not self._floor.switches():
            await self._give_up_lease()
            return False
        now = asyncio.get_running_loop().time()
        if self._lease is not None and now - self._renewed_at < LEASE_S / 3:
            return True
        try:
            if self._lease is not None:
                self._lease = await leases.renew(self._store, self._lease, LEASE_S)
        except LeaseLost:
            self._lease = None
        if self._lease is None:
            self._lease = await leases.acquire(
                self._store, LEASE, self._holder, LEASE_S, node=self._node, take_over=self._first
            )
            self._first = False
        self._renewed_at = now
        return self._lease is not None

    async def _give_up_lease(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            with contextlib.suppress(StoreError):
                await leases.release(self._store, lease)

    # --- a look ------------------------------------------------------------------------------------------------------

    async def look(self, now: Instant) -> None:
        """One look at everything. Raises StoreError; the next look makes up for it."""
        await self._following.look(now)
        await self._overdue(now)
        scene = await self._store.read(lambda c: scene_of(c, self._floor, now))
        await self._stir_held(scene)
        await self._come_due(now)
        begun = await self._ring(scene)
        await self._take_up(scene, self._per_s - begun)

    async def _come_due(self, now: Instant) -> None:
        while await self._store.read(lambda c: turns.left_to_mark(c, now)):
            await self._store.write(lambda c: turns.mark_due(c, now))

    async def _overdue(self, now: Instant) -> None:
        """Past its deadline a promise is broken: told to everybody who listens, and to whoever reads the log."""
        while broken := await self._store.write(lambda c: turns.break_late(c, now)):
            for one in broken:
                log.error(
                    "a promise is broken",
                    promise=one.id,
                    kind=one.kind,
                    ticket=one.ticket,
                    deadline=iso(one.deadline_at),
                    held=one.held,
                )

    async def _stir_held(self, scene: Scene) -> None:
        """Somebody is free who was not, or a switch was released: who waited for that is looked at now.

        Who is free is asked of hundreds of shifts, so only while a promise waits for it: one that does is looked at,
        and held anew, twice a minute at least.
        """
        rules = list[str]()
        if self._wanted_at is None:  # held since before we began, maybe
            self._wanted_at = scene.now
        if abs(scene.now - self._wanted_at) <= WANTED_MS:
            free = frozenset(one.user for pbx in self._floor.switches() for one in self._floor.free(pbx))
            rules += _FOR_WANT_OF_PEOPLE if free - self._free else ()
            self._free = free
        else:
            self._free = frozenset()
        rules += _FOR_A_SWITCH if self._paused - scene.paused else ()
        self._paused = scene.paused
        if rules:
            await self._store.write(lambda c: turns.stir(c, rules, scene.now))

    async def _ring(self, scene: Scene) -> int:
        """What agents have had on their screens for a moment is dialled."""
        begun = 0
        for one in await self._store.read(turns.reserved):
            if one.status == "reserved" and _shown(one, scene.now):
                begun += await self._do(partial(self._choosing.ring, promise=one, scene=scene), one)
        return begun

    async def _take_up(self, scene: Scene, most: int) -> None:
        looked = 0
        while most > 0 and looked < LOOKS and not self._stopping:
            claimed = await self._store.write(lambda c: turns.claim(c, scene.now, BATCH))
            if not claimed:
                return
            looked += len(claimed)
            most = await self._each(claimed, scene, most)

    async def _each(self, claimed: Sequence[Promise], scene: Scene, most: int) -> int:
        """In their order; those for which there is no room in this second have their turn again."""
        waiting: list[PromiseId] = []
        for place, one in enumerate(claimed):
            if most <= 0:
                left = [promise.id for promise in claimed[place:]]
                await self._store.write(partial(turns.give_back, claimed=left))
                break
            if one.mode != "automatic" and not scene.anybody():
                waiting.append(one.id)
                self._wanted_at = self._clock()
            else:
                most -= await self._do(partial(self._choosing.take_up, id=one.id, scene=scene), one)
        if waiting:
            await self._store.write(partial(hold_for_agents, waiting=waiting, now=scene.now))
        return most

    async def _do(self, work: Callable[[Connection], Done], promise: Promise) -> bool:
        """One promise, in one transaction; whether something is dialled by it."""
        try:
            done = await self._store.write(work)
        except Refusal as error:  # somebody was quicker
            log.info("a promise was not taken up", promise=promise.id, why=str(error))
            return False
        if done.rule in _FOR_WANT_OF_PEOPLE:
            self._wanted_at = self._clock()
        if done.deed == "dialled":
            log.info("dialling", promise=promise.id, kind=promise.kind, mode=promise.mode, user=done.user)
            if done.pbx is not None:
                self._wake(done.pbx)
        return done.deed == "dialled"


def scene_of(connection: Connection, floor: Floorview, now: Instant) -> Scene:
    """The floor, what is paused, and what is in whose hands."""
    hands = turns.reserved(connection)
    return Scene(
        now=now,
        floor=floor,
        paused=frozenset(dialling.paused(connection)),
        kinds=attempts.under_way(connection),
        busy={UserId(one.reserved_by) for one in hands if one.reserved_by is not None},
    )


def hold_for_agents(connection: Connection, waiting: Sequence[PromiseId], now: Instant) -> None:
    """Nobody is free at all: hundreds that wait for that cost one transaction, and are looked at when somebody is."""
    for one in waiting:
        turns.hold(connection, one, NOBODY_FREE, now + WAITS_MS, now)


def _shown(promise: Promise, now: Instant) -> bool:
    """Whether it has been on the screen long enough for the phone to ring."""
    ends = promise.next_at
    return ends is not None and now >= ends - RESERVED_MS + SHOWN_FIRST_MS

"""Who is at work, kept true: shifts from the store, facts from the switches, orders to them, values for the screens.

In: facts the moment they are understood; changes of shifts, by this process (said after their commit) and by others
(looked for every second); screens that open and close. Out: changes and requests, together in one transaction; what the
screens show of shifts; answers to "why am I not getting calls?". Must not know: AMI, HTTP, how anything is decided
(`seats.keeping`).

One task a process. For a switch that another node follows only the screens are served here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import structlog

from callserver.errors import NotFound, StoreError
from callserver.facts import FOLLOWED_ELSEWHERE, Fact, Instant, LinkLost, PbxId
from callserver.people import UserId
from callserver.seats import looking
from callserver.seats.asking import CommandId, Outcome
from callserver.seats.explaining import Problem, explain
from callserver.seats.keeping import Keeper
from callserver.seats.picture import Membership, Order, Picture
from callserver.seats.shift import Seat, Shift
from callserver.seats.steps import Change, Step, Whose
from callserver.store import changes, shifts, turns
from callserver.store.agents import Member
from callserver.store.engine import Connection, Store
from callserver.store.owing import Touched
from callserver.store.shifts import ShiftChanged
from callserver.work import shifting
from callserver.work.neighbours import Screens, Switchboard

log = structlog.get_logger(__name__)

LOOK_S = 1.0  # how soon changes of other processes are seen
RETRY_S = 1.0
SETTLE_S = 3.0


@dataclass(slots=True)
class _Waiting:
    """`fresh`: the store was read since it waits."""

    done: Callable[[], bool]
    told: asyncio.Future[None]
    fresh: bool = False


class Presence:
    """Keeps all shifts of this process. It watches switches as the screens do (`begin`, `feed`)."""

    def __init__(
        self,
        store: Store,
        switchboard: Switchboard,
        screens: Screens,
        *,
        node: str,
        pbxs: Iterable[PbxId],
        clock: Callable[[], Instant],
        wrap_up_s: float,
        absent_s: float,
        phones: Mapping[PbxId, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self.phones = phones
        self.keeper = Keeper(pbxs, wrap_up_ms=round(wrap_up_s * 1000), absent_ms=round(absent_s * 1000))
        self._store = store
        self._switchboard = switchboard
        self._screens = screens
        self._node = node
        self._clock = clock
        self._woken = asyncio.Event()
        self._stale = True  # the store may know something else
        self._read_at: Instant = 0
        self._versions: dict[UserId, int] | None = None
        self._promised: frozenset[UserId] = frozenset()  # whose phones ring for promises
        self._undone: tuple[Change, ...] = ()  # changes that could not be written yet
        self._changes: int | None = None  # the number of the last change of people that was looked at
        self._presences: dict[UserId, bool] = {}  # screens that opened or closed since the last look
        self._waiting: list[_Waiting] = []
        self._asking: set[asyncio.Task[None]] = set()
        self._stopping = False

    # --- told by others ------------------------------------------------------------------------------------------

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Member] = (),
        *,
        blind_since: Instant | None = None,
    ) -> None:
        """This process follows a switch from now on; what the store remembers of it."""
        picture = Picture(pbx)
        picture.blind_since = blind_since
        picture.remember((one.queue, one.interface, _membership(one), one.device) for one in members)
        picture.remember_calls(records)
        self.keeper.begin(picture)
        self._woken.set()

    def feed(self, pbx: PbxId, told: Iterable[Fact], arrived: float | None = None) -> None:
        """What was understood just now. Never raises: whatever is wrong here, calls go on and are written down."""
        try:
            told = list(told)
            self.keeper.feed(pbx, told)
            if any(isinstance(one, LinkLost) and one.reason == FOLLOWED_ELSEWHERE for one in told):
                self.keeper.end(pbx)
        except Exception:
            log.exception("presence cannot follow", pbx=pbx)
        self._woken.set()

    def screens_changed(self, user: int, connected: bool) -> None:
        """Somebody's first screen has opened, or their last one closed."""
        self._presences[UserId(user)] = connected
        self._woken.set()

    def heard(self, said: Sequence[Any]) -> None:
        """What transactions of this process did."""
        if any(isinstance(one, ShiftChanged | Touched) for one in said):
            self._stale = True
            self._woken.set()

    # --- asked by others -----------------------------------------------------------------------------------------

    def why(self, user: UserId) -> tuple[Problem, ...]:
        """Why this person gets no calls, the most important reason first."""
        return explain(self.situation(user))

    def situation(self, user: UserId) -> looking.Situation:
        """All that is known of a person's being at work."""
        return self.keeper.situation(user, self._screens.open(user))

    def on_call(self, seat: Seat) -> bool:
        """Whether this seat's phone is on a call, as far as this process sees its switch."""
        picture = self.keeper.pictures.get(seat.pbx)
        return picture is not None and bool(picture.calls_of(seat))

    async def settled(self, user: UserId, left: Seat | None = None, within_s: float = SETTLE_S) -> bool:
        """Wait until the switch has done what it was told for this person, and for the seat that they left.

        False: it had not in time. Ask for it after the change is committed.
        """
        self._stale = True

        def done() -> bool:
            vacant = left is None or self.keeper.vacant(left.pbx, left.interface)
            return vacant and self.keeper.settled(user)

        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(done, told))
        self._woken.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await told
            return True
        return False

    # --- running -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep everything true until `stop`."""
        quiet = self._store.on_told(self.heard)
        try:
            while not self._stopping:
                await self._pause()
                await self._try()
        finally:
            quiet()
            for task in self._asking:
                task.cancel()
            if self._asking:
                await asyncio.wait(self._asking)

    def stop(self) -> None:
        """`run` comes to its end. Shifts go on: nobody is signed out by a restart."""
        self._stopping = True
        self._woken.set()

    async def _pause(self) -> None:
        now = self._clock()
        due = self.keeper.next_at(now)
        wait_s = LOOK_S if due is None else min(LOOK_S, max(0.001, (due - now) / 1000))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._woken.wait()
        self._woken.clear()

    async def _try(self) -> None:
        try:
            await self.look()
        except StoreError as error:
            self._begin_anew()
            log.warning("presence cannot be looked after", why=str(error))
            await asyncio.sleep(RETRY_S)
        except Exception:
            self._begin_anew()
            log.exception("presence cannot be looked after")
            await asyncio.sleep(RETRY_S)

    def _begin_anew(self) -> None:
        self._stale, self._versions = True, {}

    async def look(self) -> None:
        """One look at everything. Raises StoreError; the next look makes up for it."""
        now = self._clock()
        if self._presences:
            await self._note_screens(now)
        if self._stale or now - self._read_at >= LOOK_S * 1000 or now < self._read_at:
            await self._read(now)
        await self._carry_out(self.keeper.step(now), now)
        self._answer()

    async def _note_screens(self, now: Instant) -> None:
        known, self._presences = self._presences, {}
        here = [user for user, connected in known.items() if connected and user in self.keeper.shifts]
        gone = [user for user, connected in known.items() if not connected and user in self.keeper.shifts]
        if here or gone:
            await self._store.write(lambda c: self._write_screens(c, here, gone, now))

    def _write_screens(
        self, connection: Connection, here: Sequence[UserId], gone: Sequence[UserId], now: Instant
    ) -> None:
        shifts.watching(connection, here, self._node)
        shifts.gone(connection, gone, self._node, now)

    async def _read(self, now: Instant) -> None:
        """The shifts as the store has them, where anything changed."""
        self._stale, self._read_at = False, now
        waiting = list(self._waiting)
        await self._look_at_people(now)
        versions, promised = await self._store.read(lambda c: (shifts.versions(c), turns.ringing(c, now)))
        if versions != self._versions or promised != self._promised:
            known, left = await self._store.read(lambda c: (shifts.every(c), shifts.vacated(c)))
            if self._versions is None:
                await self._note_closed(known, now)
            self._versions = {shift.user: shift.version for shift in known}
            self._promised = promised
            known = [replace(shift, promised=shift.user in promised) for shift in known]
            for before, after in self.keeper.read(known, left):
                self._show_move(before, after)
        for one in waiting:
            one.fresh = True

    async def _note_closed(self, known: Iterable[Shift], now: Instant) -> None:
        """After a start: whose screen was open at this node and is not now."""
        away = [one.user for one in known if one.absent_since is None and not self._screens.open(one.user)]
        if away:
            await self._store.write(lambda c: shifts.gone(c, away, self._node, now))
            self._stale = True

    async def _look_at_people(self, now: Instant) -> None:
        """Whoever may not sign in any more has no seat; a new name or profile reaches the shift."""
        number = await self._store.read(changes.latest)
        if number != self._changes:
            since = self._changes or 0
            await self._store.write(lambda c: shifting.people_changed(c, since, now))
            self._changes = number

    # --- a step --------------------------------------------------------------------------------------------------

    async def _carry_out(self, step: Step, now: Instant) -> None:
        changed = (*self._undone, *step.changes)
        if changed or step.orders:
            self._undone = changed
            try:
                asked = await self._store.write(lambda c: shifting.write(c, changed, step.orders, now))
            except BaseException:
                for whose, pbx, _ in step.orders:
                    self.keeper.came(whose, pbx, [])
                raise
            self._undone = ()
            for (whose, pbx, orders), ids in zip(step.orders, asked, strict=True):
                self._ask(whose, pbx, list(zip(orders, ids, strict=True)))
        for user in step.shown:
            self._show(user)

    def _ask(self, whose: Whose, pbx: PbxId, orders: list[tuple[Order, CommandId]]) -> None:
        self._switchboard.wake(pbx)
        task = asyncio.create_task(self._await(whose, pbx, orders), name=f"orders to {pbx}")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _await(self, whose: Whose, pbx: PbxId, orders: list[tuple[Order, CommandId]]) -> None:
        came = [(order, await self._outcome(id)) for order, id in orders]
        for order, outcome in came:
            if not outcome.done:
                log.warning("the switch did not do it", pbx=pbx, order=order.kind, why=outcome.said)
        self.keeper.came(whose, pbx, came)
        self._woken.set()

    async def _outcome(self, id: CommandId) -> Outcome:
        try:
            return await self._switchboard.outcome(id, shifting.ORDER_S * 2)
        except (StoreError, NotFound) as error:
            return Outcome(id=id, state="unknown", code="unknown", said=str(error))

    # --- showing -------------------------------------------------------------------------------------------------

    def _show(self, user: UserId) -> None:
        shift = self.keeper.shifts.get(user)
        if shift is None:
            self._screens.clear(user)
        else:
            self._screens.show(shift, explain(self.situation(user), unasked=True))

    def _show_move(self, before: Shift, after: Shift | None) -> None:
        here = (one for one in self.keeper.shifts.values() if one.seat.interface == before.seat.interface)
        by = next((one for one in here if one.seat.pbx == before.seat.pbx and one.user != before.user), None)
        self._screens.moved(before, after, by)

    def _answer(self) -> None:
        for one in self._waiting:
            if one.fresh and one.done() and not one.told.done():
                one.told.set_result(None)
        self._waiting = [one for one in self._waiting if not one.told.done()]


def _membership(member: Member) -> Membership:
    return Membership(
        name=member.agent,
        state_interface=member.state_interface,
        penalty=member.penalty,
        dynamic=member.dynamic,
        paused=member.paused,
        reason=member.pause_reason,
    )

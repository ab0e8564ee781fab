"""All shifts kept as they should be: what is to be written, what the switches are to be told, what the screens show.

In: shifts as the store has them, facts of the switches that this process follows, outcomes of orders, the passing of
time. Out: one `Step` after the other. Must not know: the store, the switch, clocks: a whole day can be driven through
it in a test.

A step is worked out from what is, never from what happened to be done before: after a restart of anything the next step
is the right one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from callserver.facts import CallId, Fact, Instant, PbxId
from callserver.people import UserId
from callserver.seats import steering, wording
from callserver.seats.asking import Outcome, QueueAdd
from callserver.seats.looking import Situation
from callserver.seats.picture import Finished, Order, Picture
from callserver.seats.puzzling import Puzzles
from callserver.seats.shift import Shift, Vacated, WrapUp
from callserver.seats.steering import Tries
from callserver.seats.steps import (
    Change,
    SeatCleared,
    ShiftOver,
    Step,
    WentAway,
    Whose,
    WishCarried,
    WrapUpBegun,
    WrapUpOver,
)

SAME_END_MS: Final = 30_000
"""A call's end is told twice: by the queue, and by the phone's leg a moment later."""
CLEARING_TRIES: Final = 3


@dataclass(slots=True)
class _Mind:
    """What is remembered of one person between steps; nothing that a restart may not forget."""

    tries: Tries = field(default_factory=Tries)
    wrapped: tuple[CallId, Instant] | None = None


class Keeper:
    """The shifts of one process. `pbxs`: all switches that there are, by the settings."""

    def __init__(self, pbxs: Iterable[PbxId], *, wrap_up_ms: int, absent_ms: int) -> None:
        self._pbxs = frozenset(pbxs)
        self._wrap_up_ms = wrap_up_ms
        self._absent_ms = absent_ms
        self.pictures: dict[PbxId, Picture] = {}
        self.shifts: dict[UserId, Shift] = {}
        self._left: dict[tuple[PbxId, str], Vacated] = {}
        self._clearing: dict[tuple[PbxId, str, Instant], int] = {}
        self._minds: dict[UserId, _Mind] = {}
        self._puzzles = Puzzles()
        self._busy: set[Whose] = set()
        self._stirred: set[UserId] = set()  # shifts to be looked at in the next step
        self._passing: set[UserId] = (
            set()
        )  # those that time, or the end of a call, changes without another word
        self._seats: dict[tuple[PbxId, str], UserId] = {}

    # --- what is known -------------------------------------------------------------------------------------------

    def begin(self, picture: Picture) -> None:
        """This process follows a switch from now on; `picture`: what the store remembers of it."""
        self.pictures[picture.pbx] = picture
        self._stir(self.shifts)

    def end(self, pbx: PbxId) -> None:
        """Another process follows it."""
        self.pictures.pop(pbx, None)

    def feed(self, pbx: PbxId, told: Iterable[Fact]) -> None:
        """What one switch told just now."""
        picture = self.pictures.get(pbx)
        if picture is not None:
            seen = picture.sees
            picture.feed(told)
            if picture.sees and not seen:
                self._all_anew(pbx)

    def _all_anew(self, pbx: PbxId) -> None:
        for user, shift in self.shifts.items():
            if shift.seat.pbx == pbx:
                self._mind(user).tries.begin_anew()
        self._clearing.clear()

    def read(self, shifts: Iterable[Shift], left: Iterable[Vacated]) -> list[tuple[Shift, Shift | None]]:
        """All shifts as the store has them now. Those who left or changed their seat come back, before and after."""
        before, self.shifts = self.shifts, {shift.user: shift for shift in shifts}
        self._left = {(one.pbx, one.interface): one for one in left}
        self._seats = {name: user for user, shift in self.shifts.items() for name in _names(shift)}
        self._passing = {user for user, shift in self.shifts.items() if _passes(shift)}
        self._stir(user for user, shift in self.shifts.items() if before.get(user) != shift)
        self._stir(before.keys() - self.shifts.keys())
        moved = []
        for user, shift in before.items():
            after = self.shifts.get(user)
            if after is None:
                self._minds.pop(user, None)
                self._puzzles.look(user, False, 0)
            if after is None or after.seat != shift.seat:
                moved.append((shift, after))
        return moved

    def came(self, whose: Whose, pbx: PbxId, orders: Iterable[tuple[Order, Outcome]]) -> None:
        """What became of orders."""
        self._busy.discard(whose)
        picture = self.pictures.get(pbx)
        for order, outcome in orders:
            if picture is not None:
                picture.came(order, done=outcome.done)
            if not isinstance(whose, tuple):
                self._learn(whose, order, outcome)
        if not isinstance(whose, tuple):
            self._stir([whose])

    def _learn(self, user: UserId, order: Order, outcome: Outcome) -> None:
        """What the switch itself refused is not asked again; without a line to it nothing was asked."""
        refused = outcome.state == "refused" and outcome.code not in ("no_connection", "lost")
        if refused and isinstance(order, QueueAdd):
            self._mind(user).tries.refused[order.queue] = outcome.said

    def at(self, pbx: PbxId, interface: str) -> Shift | None:
        """Who sits at this phone, or is this member of queues."""
        user = self._sitter(pbx, interface)
        return None if user is None else self.shifts[user]

    def situation(self, user: UserId, screens: int = 1) -> Situation:
        """For explaining."""
        shift = self.shifts.get(user)
        picture = self.pictures.get(shift.seat.pbx) if shift is not None else None
        return Situation(
            shift=shift,
            picture=picture,
            tries=self._mind(user).tries,
            screens=screens,
            busy=user in self._busy,
            puzzling=user in self._puzzles,
        )

    def settled(self, user: UserId) -> bool:
        """Whether nothing more is to be expected of the switch for now."""
        shift = self.shifts.get(user)
        if shift is None:
            return True
        picture = self.pictures.get(shift.seat.pbx)
        if picture is not None and not picture.sees:
            return True
        if shift.leaving:
            return picture is not None and bool(picture.calls_of(shift.seat))
        return user not in self._busy and shift.carried

    def vacant(self, pbx: PbxId, interface: str) -> bool:
        """Whether a seat that was left is cleared on its switch, as far as this process sees it."""
        picture = self.pictures.get(pbx)
        place = (pbx, interface)
        return picture is None or not picture.sees or not (place in self._left or place in self._busy)

    # --- a step --------------------------------------------------------------------------------------------------

    def step(self, now: Instant) -> Step:
        """Everything that is due at this moment. Take it as done, or `read` again."""
        changes: list[Change] = []
        for pbx, picture in self.pictures.items():
            touched, finished = picture.take()
            self._touched(pbx, touched)
            changes += [begun for one in finished for begun in self._wrap_up(pbx, one, now)]
        self._puzzle(now)
        for user in sorted(self._passing):
            changes += self._passed(self.shifts[user], now)
        stirred, self._stirred = self._stirred, set()
        orders = [given for user in sorted(stirred) for given in self._orders(user, changes)]
        orders += self._clear(changes)
        for whose, pbx, given in orders:
            self._busy.add(whose)
            for order in given:
                self.pictures[pbx].expect(order)
        return Step(changes=tuple(changes), orders=tuple(orders), shown=frozenset(stirred))

    def next_at(self, now: Instant) -> Instant | None:
        """When time alone makes something due, None where nothing does; never in the past."""
        passing = [self.shifts[user] for user in self._passing]
        ends = [shift.wrap_up.until for shift in passing if shift.wrap_up is not None]
        ends += [
            shift.absent_since + self._absent_ms
            for shift in passing
            if shift.absent_since is not None and shift.wish == "ready"
        ]
        ends += self._puzzles.ends()
        later = [end for end in ends if end > now]
        return min(later) if later else None

    def _puzzle(self, now: Instant) -> None:
        for user in self._stirred | self._puzzles.open:
            if user not in self.shifts:
                continue
            seat = self.shifts[user].seat
            picture = self.pictures.get(seat.pbx)
            if self._puzzles.look(user, picture is not None and picture.unexplained(seat), now):
                self._stirred.add(user)

    def _wrap_up(self, pbx: PbxId, one: Finished, now: Instant) -> Iterator[Change]:
        user = self._sitter(pbx, one.interface)
        if user is None or self._wrap_up_ms <= 0:
            return
        shift, mind = self.shifts[user], self._mind(user)
        if shift.leaving or self._told_twice(shift, mind, one.call, now):
            return
        wrap = WrapUp(call=one.call, since=now, until=now + self._wrap_up_ms)
        mind.wrapped = (one.call, now)
        self._set(replace(shift, wrap_up=wrap))
        yield WrapUpBegun(user=user, wrap_up=wrap)

    @staticmethod
    def _told_twice(shift: Shift, mind: _Mind, call: CallId, now: Instant) -> bool:
        if shift.wrap_up is not None and shift.wrap_up.call == call:
            return True
        return mind.wrapped is not None and mind.wrapped[0] == call and now - mind.wrapped[1] < SAME_END_MS

    def _passed(self, shift: Shift, now: Instant) -> Iterator[Change]:
        """What is due because of the time, or because a call is over."""
        picture = self.pictures.get(shift.seat.pbx)
        if picture is None:
            if shift.leaving and shift.seat.pbx not in self._pbxs:
                yield self._end(shift)  # nobody follows that switch any more
            return
        calls = picture.calls_of(shift.seat) if shift.leaving or shift.wrap_up else {}
        if shift.leaving and not calls:
            yield self._end(shift)
            return
        if shift.wrap_up is not None and shift.wrap_up.until <= now and not calls:
            yield WrapUpOver(user=shift.user, call=shift.wrap_up.call)
            shift = replace(shift, wrap_up=None)
            self._set(shift)
        before = now - self._absent_ms
        if shift.wish == "ready" and shift.absent_since is not None and shift.absent_since <= before:
            self._set(replace(shift, wish="pause", reason=wording.ABSENT, carried=False))
            yield WentAway(user=shift.user, before=before)

    def _end(self, shift: Shift) -> Change:
        del self.shifts[shift.user]
        self._passing.discard(shift.user)
        self._stirred.add(shift.user)
        return ShiftOver(user=shift.user)

    def _orders(
        self, user: UserId, changes: list[Change]
    ) -> Iterator[tuple[Whose, PbxId, tuple[Order, ...]]]:
        shift = self.shifts.get(user)
        picture = self.pictures.get(shift.seat.pbx) if shift is not None else None
        if shift is None or picture is None or not picture.sees or user in self._busy:
            return
        orders = steering.due(shift, picture.memberships(shift.seat.interface), self._mind(user).tries)
        if orders:
            yield user, picture.pbx, tuple(orders)
        elif not shift.carried and not any(isinstance(one, WentAway) and one.user == user for one in changes):
            self._set(replace(shift, carried=True), stir=False)
            changes.append(WishCarried(shift=shift))

    def _clear(self, changes: list[Change]) -> Iterator[tuple[Whose, PbxId, tuple[Order, ...]]]:
        for place, seat in list(self._left.items()):
            picture = self.pictures.get(seat.pbx)
            if picture is None or not picture.sees or place in self._busy:
                continue
            sitter = self.shifts.get(self._seats.get(place, UserId(0)))
            queues = seat.queues - (sitter.serves if sitter is not None else frozenset())
            orders = steering.vacating(seat.interface, queues, picture.memberships(seat.interface))
            tried = self._clearing.get((*place, seat.since), 0)
            if orders and tried < CLEARING_TRIES:
                self._clearing[(*place, seat.since)] = tried + 1
                yield place, seat.pbx, tuple(orders)
            else:
                del self._left[place]
                self._clearing.pop((*place, seat.since), None)
                changes.append(SeatCleared(seat=seat))

    # --- small things --------------------------------------------------------------------------------------------

    def _set(self, shift: Shift, *, stir: bool = True) -> None:
        self.shifts[shift.user] = shift
        (self._passing.add if _passes(shift) else self._passing.discard)(shift.user)
        if stir:
            self._stirred.add(shift.user)

    def _stir(self, users: Iterable[UserId]) -> None:
        self._stirred.update(users)

    def _mind(self, user: UserId) -> _Mind:
        return self._minds.setdefault(user, _Mind())

    def _touched(self, pbx: PbxId, interfaces: frozenset[str] | None) -> None:
        if interfaces is None:
            self._stir(user for user, shift in self.shifts.items() if shift.seat.pbx == pbx)
            return
        sitters = (self._sitter(pbx, interface) for interface in interfaces)
        self._stir(user for user in sitters if user is not None)

    def _sitter(self, pbx: PbxId, interface: str) -> UserId | None:
        """Whose phone or member that is."""
        by_hint = f"hint:{interface.partition('/')[2]}"
        user = self._seats.get((pbx, interface)) or self._seats.get((pbx, by_hint))
        return user if user in self.shifts else None


def _passes(shift: Shift) -> bool:
    """Whether more than facts of its phone can make something due; else nobody looks at it before there are any: 350
    shifts looked at for each fact were a tenth of this program's time.
    """
    return (
        shift.leaving
        or shift.wrap_up is not None
        or (shift.wish == "ready" and shift.absent_since is not None)
    )


def _names(shift: Shift) -> Iterator[tuple[PbxId, str]]:
    """By which names facts speak of this seat; a hint stands for any phone named like its extension."""
    seat = shift.seat
    yield seat.pbx, seat.interface
    yield seat.pbx, seat.state_interface.partition("@")[0]

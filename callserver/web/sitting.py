"""Being at work, as the web room meets it: what the process looks after, and what of it goes to the screens.

In: shifts, problems, moves. Out: values of the stream's collections `shift` and `notice`; a protocol for operations
that wait until a switch has done something. Must not know: switches, the store.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from callserver.facts import Instant, PbxId, iso
from callserver.people import UserId
from callserver.push.hub import Hub
from callserver.push.views import User
from callserver.seats.explaining import Problem, alarms
from callserver.seats.shift import Seat, Shift

NOTICE_MS = 10 * 60_000
"""How long a notice stays for a screen that is opened later."""


class AtWork(Protocol):
    """What this process looks after. `phones`: those that the settings name, by switch."""

    @property
    def phones(self) -> Mapping[PbxId, Sequence[str]]: ...
    def why(self, user: UserId) -> tuple[Problem, ...]: ...
    def on_call(self, seat: Seat) -> bool: ...
    async def settled(self, user: UserId, left: Seat | None = None) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Given:
    key: str
    user: UserId
    until: Instant


class Sitting:
    """Shifts on the screens of those whose shifts they are."""

    def __init__(self, hub: Hub, clock: Callable[[], Instant]) -> None:
        self._hub = hub
        self._clock = clock
        self._seats: dict[UserId, Seat] = {}
        self._notices: deque[_Given] = deque()

    def show(self, shift: Shift, problems: tuple[Problem, ...]) -> None:
        """This is how a shift is now."""
        if self._seats.get(shift.user) != shift.seat:
            self._seats[shift.user] = shift.seat
            self._hub.seat(
                shift.user,
                shift.seat.pbx,
                shift.seat.interface,
                login=shift.login,
                name=shift.name,
                state_interface=shift.seat.state_interface,
            )
        self._hub.put("shift", str(shift.user), shift_value(shift, problems), User(shift.user))

    def clear(self, user: UserId) -> None:
        """This person is not at work."""
        seat = self._seats.pop(user, None)
        if seat is not None:
            self._hub.seat(user, seat.pbx, None)
        self._hub.put("shift", str(user), None, User(user))

    def moved(self, before: Shift, after: Shift | None, by: Shift | None) -> None:
        """Somebody sits elsewhere, or nowhere any more: all their screens are told why."""
        args = {"seat": before.seat.interface}
        if after is not None:
            self._notice(before.user, "seat_moved", {**args, "to": after.seat.interface}, None)
        elif by is not None:
            self._notice(before.user, "seat_taken", {**args, "name": by.name}, by.name)
        else:
            self._notice(before.user, "seat_ended", args, None)

    def open(self, user: UserId) -> int:
        """How many screens this person has open at this process."""
        return self._hub.clients.watching(user)

    def _notice(self, user: UserId, code: str, args: dict[str, Any], by: str | None) -> None:
        now = self._clock()
        while self._notices and self._notices[0].until <= now:
            old = self._notices.popleft()
            self._hub.put("notice", old.key, None, User(old.user))
        key = f"{code}:{user}:{now}"
        value = {"level": "warning", "code": code, "args": args, "at": iso(now), "from": by}
        self._hub.put("notice", key, value, User(user))
        self._notices.append(_Given(key, user, now + NOTICE_MS))


def shift_value(shift: Shift, problems: tuple[Problem, ...]) -> dict[str, Any]:
    """A shift as the stream has it; of the problems those that stand there unasked."""
    wrap = shift.wrap_up
    return {
        "seat": {
            "pbx": shift.seat.pbx,
            "interface": shift.seat.interface,
            "state_interface": shift.seat.state_interface,
        },
        "wish": shift.wish,
        "reason": shift.reason,
        "since": iso(shift.since),
        "queues": [one.queue for one in shift.queues],
        "wrap_up": wrap and {"call": wrap.call, "since": iso(wrap.since), "until": iso(wrap.until)},
        "absent_since": iso(shift.absent_since),
        "leaving": shift.leaving,
        "problems": [{"code": one.code, "args": dict(one.args)} for one in alarms(problems)],
    }

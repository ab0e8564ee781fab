"""Who could take a call that we owe, and who waits already: the floor as the dialler sees it.

In: shifts and the switches' pictures, as presence keeps them. Out: free agents, callers past the target.
Must not know: promises, the store. Only switches that this process follows are here: of the others nobody can say who
is free.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from callserver.facts import Instant, PbxId
from callserver.people import UserId
from callserver.seats import wording
from callserver.seats.keeping import Keeper
from callserver.seats.picture import OnCall, Picture
from callserver.seats.shift import Phones, Seat, Shift

TARGET_S: Final = 20.0
"""Where the settings name no target for a queue."""

OwnerState = Literal["free", "busy", "paused", "absent", "gone"]
"""busy: on a call, ringing or in wrap-up; absent: at work without a screen; gone: not at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeAgent:
    """Somebody who can take a call now. `since`: when they last wished to be ready."""

    user: UserId
    name: str
    seat: Seat
    queues: frozenset[str]
    since: Instant


class Floorview(Protocol):
    """What the dialler asks of the floor. Nothing here waits."""

    def switches(self) -> tuple[PbxId, ...]:
        """The switches that are seen now, by name."""

    def free(self, pbx: PbxId) -> tuple[FreeAgent, ...]:
        """Whose phones could ring now, who has been ready longest first."""

    def owner(self, user: UserId) -> OwnerState:
        """How it is with one person."""

    def agent(self, user: UserId) -> FreeAgent | None:
        """One person, if they are free."""

    def waiting(self, pbx: PbxId, queue: str) -> tuple[Instant, ...]:
        """Since when each caller of this queue waits, the first one first."""

    def past_target(self, pbx: PbxId, queue: str, now: Instant) -> int:
        """How many callers of this queue have waited longer than is meant to be."""


class Hall:
    """The floor of this process. `targets_s`: by queue."""

    def __init__(
        self,
        keeper: Keeper,
        *,
        targets_s: Mapping[str, float] | None = None,
    ) -> None:
        self._keeper = keeper
        self._targets_s = {} if targets_s is None else targets_s

    def switches(self) -> tuple[PbxId, ...]:
        return tuple(sorted(pbx for pbx, picture in self._keeper.pictures.items() if picture.sees))

    def free(self, pbx: PbxId) -> tuple[FreeAgent, ...]:
        here = (shift for shift in self._keeper.shifts.values() if shift.seat.pbx == pbx)
        picture = self._keeper.pictures.get(pbx)
        on_calls = Phones(() if picture is None else _interfaces(picture))
        found = (_agent(shift) for shift in here if self._state(shift, on_calls) == "free")
        return tuple(sorted(found, key=lambda one: (one.since, one.user)))

    def owner(self, user: UserId) -> OwnerState:
        shift = self._keeper.shifts.get(user)
        return "gone" if shift is None else self._state(shift)

    def agent(self, user: UserId) -> FreeAgent | None:
        shift = self._keeper.shifts.get(user)
        return _agent(shift) if shift is not None and self._state(shift) == "free" else None

    def waiting(self, pbx: PbxId, queue: str) -> tuple[Instant, ...]:
        picture = self._keeper.pictures.get(pbx)
        calls = () if picture is None else picture.calls.values()
        return tuple(sorted(_waits(call) for call in calls if call.waits_in == queue))

    def past_target(self, pbx: PbxId, queue: str, now: Instant) -> int:
        since = now - round(self._targets_s.get(queue, TARGET_S) * 1000)
        return sum(1 for joined in self.waiting(pbx, queue) if joined <= since)

    def _state(self, shift: Shift, on_calls: Phones | None = None) -> OwnerState:
        picture = self._keeper.pictures.get(shift.seat.pbx)
        if shift.leaving or picture is None or not picture.sees:
            return "gone"
        if shift.absent_since is not None:
            return "absent"
        if shift.wish == "pause" or _paused(shift, picture):
            return "paused"
        if shift.wrap_up is not None:
            return "busy"
        return "free" if _silent(shift.seat, picture, on_calls or Phones(_interfaces(picture))) else "busy"


def _agent(shift: Shift) -> FreeAgent:
    return FreeAgent(
        user=shift.user,
        name=shift.name,
        seat=shift.seat,
        queues=shift.serves,
        since=shift.wished_at,
    )


def _waits(call: OnCall) -> Instant:
    """Since when; a caller whose arrival nobody saw has waited long enough."""
    return call.waits_since or call.since or 0


def _paused(shift: Shift, picture: Picture) -> bool:
    """On the switch, by whomever; where they answer no queue nobody can pause them.

    Whoever is kept from the queues for a promise is so for the dialler's sake.
    """
    known = picture.memberships(shift.seat.interface)
    paused = (one.paused and one.reason != wording.PROMISED for one in known.values())
    return bool(known) and shift.wrap_up is None and all(paused)


def _silent(seat: Seat, picture: Picture, on_calls: Phones) -> bool:
    """The phone neither rings nor talks, by its device and by the calls that are known."""
    return picture.device(seat.interface) in (None, "free", "unknown") and not seat.is_among(on_calls)


def _interfaces(picture: Picture) -> Iterable[str]:
    calls = (call for call in picture.calls.values() if not call.line)
    return (part.interface for call in calls for part in call.legs.values())

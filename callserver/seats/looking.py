"""What keeps calls away from an agent: one look for each reason.

In: a situation: the shift, the switch's picture, what was tried. Out: for each time that the reason holds the values
that belong to it. Must not know: how a reason is said (`explaining`), who asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from callserver.facts import iso
from callserver.seats import wording
from callserver.seats.picture import Membership, OnCall, Picture
from callserver.seats.shift import Shift
from callserver.seats.steering import TRIES, Tries, foreign, is_so, target_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known. `picture` None: this process does not follow the seat's switch. `busy`: it is being told of.

    `puzzling`: the phone has been in use for a while without a call that explains it.
    """

    shift: Shift | None
    picture: Picture | None
    tries: Tries
    screens: int = 1
    busy: bool = False
    puzzling: bool = False

    @property
    def members(self) -> Mapping[str, Membership]:
        """The seat's memberships, by queue."""
        if self.shift is None or self.picture is None:
            return {}
        return self.picture.memberships(self.shift.seat.interface)

    def calls(self) -> list[OnCall]:
        """The calls that the seat's phone is in."""
        if self.shift is None or self.picture is None:
            return []
        return list(self.picture.calls_of(self.shift.seat).values())


def _phone(shift: Shift) -> str:
    return shift.seat.interface.partition("/")[2] or shift.seat.interface


def blind(shift: Shift, picture: Picture, _: Situation) -> Iterator[dict[str, Any]]:
    """There is no line to the switch."""
    if not picture.sees:
        yield {"pbx": picture.pbx, "since": iso(picture.blind_since)}


def leaving(shift: Shift, _picture: Picture, _: Situation) -> Iterator[dict[str, Any]]:
    """Signed out, and a call still goes on."""
    if shift.leaving:
        yield {}


def no_queues(shift: Shift, _picture: Picture, _: Situation) -> Iterator[dict[str, Any]]:
    """The profile is empty."""
    if not shift.queues:
        yield {}


def refused(shift: Shift, _picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """The switch said no to a membership."""
    for queue in sorted(shift.serves & it.tries.refused.keys() - it.members.keys()):
        yield {"queue": queue, "said": it.tries.refused[queue]}


def left(shift: Shift, _picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """Taken out again after it was put back once."""
    for queue in sorted(shift.serves - it.members.keys() - it.tries.refused.keys()):
        if it.tries.joins.get(queue, 0) >= TRIES and not it.busy:
            yield {"queue": queue}


def joining(shift: Shift, _picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """Not a member, and it is still being tried."""
    for queue in sorted(shift.serves - it.members.keys() - it.tries.refused.keys()):
        if it.tries.joins.get(queue, 0) < TRIES or it.busy:
            yield {"queue": queue}


def stateless(shift: Shift, _picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """A Local member without a state interface of its own."""
    seat = shift.seat
    if not seat.interface.startswith("Local/"):
        return
    for queue, known in sorted(it.members.items()):
        if known.state_interface in (None, "", seat.interface):
            yield {"queue": queue, "interface": seat.interface}


def unregistered(shift: Shift, picture: Picture, _: Situation) -> Iterator[dict[str, Any]]:
    """The queue's device is unavailable: no contact, or an invalid one."""
    if picture.device(shift.seat.interface) == "unavailable":
        yield {"phone": _phone(shift), "interface": shift.seat.interface}


def unknown(shift: Shift, picture: Picture, _: Situation) -> Iterator[dict[str, Any]]:
    """The queue does not know the device."""
    if picture.device(shift.seat.interface) == "unknown":
        yield {"phone": _phone(shift), "state_interface": shift.seat.state_interface}


def chosen_pause(shift: Shift, _picture: Picture, _: Situation) -> Iterator[dict[str, Any]]:
    """A pause of their own wish."""
    if shift.wish == "pause" and shift.reason != wording.ABSENT:
        yield {"reason": shift.reason, "since": iso(shift.wished_at)}


def absent(shift: Shift, _picture: Picture, _: Situation) -> Iterator[dict[str, Any]]:
    """A pause because no screen was open."""
    if shift.wish == "pause" and shift.reason == wording.ABSENT:
        yield {"since": iso(shift.wished_at)}


def wrap_up(shift: Shift, _picture: Picture, _: Situation) -> Iterator[dict[str, Any]]:
    """Wrap-up runs."""
    if shift.wrap_up is not None:
        yield {"call": shift.wrap_up.call, "until": iso(shift.wrap_up.until)}


def promised(shift: Shift, _picture: Picture, _: Situation) -> Iterator[dict[str, Any]]:
    """A call that we owe is about to ring their phone."""
    if shift.promised and shift.wish == "ready":
        yield {}


def paused_elsewhere(shift: Shift, _picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """A pause that did not come from here."""
    for queue, known in sorted(it.members.items()):
        if known.paused and shift.wish == "ready" and foreign(known, shift):
            yield {"queue": queue, "reason": known.reason or ""}


def unpaused_elsewhere(shift: Shift, _picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """A pause that was ended on the switch, and again after it was renewed once."""
    target = target_of(shift)
    for queue, known in sorted(it.members.items()):
        tried = it.tries.pauses.get(queue, 0) >= TRIES and not it.busy
        if target.paused and not known.paused and tried:
            yield {"queue": queue, "reason": target.reason}


def still_paused(shift: Shift, _picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """A pause of ours that should be over."""
    target = target_of(shift)
    for queue, known in sorted(it.members.items()):
        ours = not foreign(known, shift)
        if not target.paused and not is_so(known, target) and ours:
            yield {"queue": queue, "reason": known.reason}


def queue_call(_shift: Shift, _picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """A call that a queue gave them."""
    for call in it.calls():
        if call.answered:
            yield {"number": call.number or "", "since": iso(call.since)}


def other_call(_shift: Shift, _picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """A call made, or dialled directly."""
    for call in it.calls():
        if not call.answered:
            yield {"number": call.number or "", "since": iso(call.since)}


def in_use(shift: Shift, picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """The device is in use though no call of it is known, and not only for the moment before the call is told."""
    if it.puzzling and picture.unexplained(shift.seat):
        yield {"phone": _phone(shift), "device": picture.device(shift.seat.interface)}


def no_screen(shift: Shift, _picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """Nobody looks at a screen."""
    if shift.absent_since is not None and it.screens == 0:
        yield {"since": iso(shift.absent_since)}


def nobody_waits(_shift: Shift, picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """No callers in their queues."""
    if it.members and not any(map(picture.waiting, it.members)):
        yield {"queues": ", ".join(sorted(it.members))}


def others_first(shift: Shift, picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """Callers wait, and ready members have a lower penalty."""
    for queue, known in sorted(it.members.items()):
        before = [other for other in _ready_others(shift, picture, queue) if other.penalty < known.penalty]
        if before and picture.waiting(queue):
            yield {"queue": queue, "count": len(before), "penalty": known.penalty}


def one_of_several(shift: Shift, picture: Picture, it: Situation) -> Iterator[dict[str, Any]]:
    """Callers wait, and ready members have the same penalty."""
    for queue, known in sorted(it.members.items()):
        alike = [other for other in _ready_others(shift, picture, queue) if other.penalty == known.penalty]
        if alike and picture.waiting(queue):
            yield {"queue": queue, "count": len(alike), "waiting": picture.waiting(queue)}


def _ready_others(shift: Shift, picture: Picture, queue: str) -> list[Membership]:
    return [
        known
        for interface, known in picture.of_queue(queue).items()
        if interface != shift.seat.interface
        and not known.paused
        and picture.device(interface) in ("free", "unknown")
    ]

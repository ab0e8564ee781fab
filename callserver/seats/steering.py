"""What the switch must be told so that it has a shift as it should be: told at most as often as makes sense.

In: a shift, what the switch says of its phone, what was tried. Out: orders, in the order in which they are to be given.
Must not know: how an order reaches the switch.

The rule is the same after a restart of the switch, of callserver and of nothing: compare, and order the difference. To
be somewhere is repaired once after the switch had it right; whoever changes it again is not fought: it is said
(`explaining`). A new wish, a new line to the switch and a restart begin the count anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from callserver.facts import Instant
from callserver.people import Profile
from callserver.seats import wording
from callserver.seats.asking import QueueAdd, QueuePause, QueueRemove
from callserver.seats.picture import Membership, Order
from callserver.seats.shift import Shift

TRIES: Final = 2  # once to make it so, once more when somebody undid it


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the phone should be in all its queues now."""

    paused: bool
    reason: str | None


@dataclass(slots=True)
class Tries:
    """What was tried for one shift since something began anew. `refused`: queue -> the switch's words."""

    wished_at: Instant | None = None
    target: Target | None = None
    joins: dict[str, int] = field(default_factory=dict)
    pauses: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def begin_anew(self) -> None:
        """A new line to the switch: everything may be tried again."""
        self.joins.clear()
        self.pauses.clear()
        self.refused.clear()

    def aim(self, shift: Shift) -> Target:
        """The shift's target; a new one, or a new wish, may be tried anew."""
        target = target_of(shift)
        if shift.wished_at != self.wished_at:
            self.begin_anew()
        elif target != self.target:
            self.pauses.clear()
        self.wished_at, self.target = shift.wished_at, target
        return target


def target_of(shift: Shift) -> Target:
    """Wrap-up comes before the wish: whoever wishes to be ready is so when the record is done. Nor does a queue ring a
    phone that is about to ring for a promise."""
    if shift.leaving:
        return Target(paused=True, reason=wording.LEAVING)
    if shift.wrap_up is not None:
        return Target(paused=True, reason=wording.WRAP_UP)
    if shift.promised and shift.wish == "ready":
        return Target(paused=True, reason=wording.PROMISED)
    return Target(paused=shift.wish == "pause", reason=shift.reason)


def due(shift: Shift, members: Mapping[str, Membership], tries: Tries) -> list[Order]:
    """What is to be told now; counts it as tried."""
    target = tries.aim(shift)
    return [*_memberships(shift, members, target, tries), *_pauses(shift, members, target, tries)]


# --- membership ----------------------------------------------------------------------------------------------


def _memberships(
    shift: Shift, members: Mapping[str, Membership], target: Target, tries: Tries
) -> Iterator[Order]:
    for served in shift.queues:
        known = members.get(served.queue)
        if known is not None and _fits(shift, served, known):
            tries.joins.setdefault(served.queue, 1)  # it is so: what comes now is a repair
            continue
        if served.queue in tries.refused or not _may(tries.joins, served.queue):
            continue
        if known is not None:
            yield QueueRemove(queue=served.queue, interface=shift.seat.interface)
        yield QueueAdd(
            queue=served.queue,
            interface=shift.seat.interface,
            member=shown_name(shift),
            state_interface=shift.seat.state_interface,
            penalty=served.penalty,
            paused=target.paused,
            reason=target.reason,
        )


def _fits(shift: Shift, served: Profile, known: Membership) -> bool:
    """A member of queues.conf is as that file says; it cannot be changed from here."""
    if not known.dynamic:
        return True
    return known.penalty == served.penalty and known.name == shown_name(shift)


def shown_name(shift: Shift) -> str:
    """The person's name as the switch can keep it."""
    return wording.fitting(shift.name) or shift.login


def _may(counts: dict[str, int], queue: str) -> bool:
    """Whether it may be tried once more; counts it."""
    tried = counts.get(queue, 0)
    if tried >= TRIES:
        return False
    counts[queue] = tried + 1
    return True


# --- pause ---------------------------------------------------------------------------------------------------


def _pauses(shift: Shift, members: Mapping[str, Membership], target: Target, tries: Tries) -> Iterator[Order]:
    wrong = [queue for queue, known in members.items() if not _left_alone(known, target, shift)]
    for queue in members.keys() - set(wrong):
        tries.pauses.setdefault(queue, 1)
    ordered = [queue for queue in wrong if _may(tries.pauses, queue)]
    everywhere = len(ordered) == len(members)
    for queue in ordered[:1] if everywhere else ordered:
        yield QueuePause(
            queue=None if everywhere else queue,
            interface=shift.seat.interface,
            paused=target.paused,
            reason=target.reason,
        )


def _left_alone(known: Membership, target: Target, shift: Shift) -> bool:
    """Whether nothing is to be done: it is as it should be, or it is somebody else's pause.

    A new wish of the person's own goes before everybody's pause, once.
    """
    if is_so(known, target):
        return True
    return known.paused and shift.carried and foreign(known, shift)


def is_so(known: Membership, target: Target) -> bool:
    """Whether the membership is as the target says."""
    return known.paused == target.paused and (not target.paused or known.reason == target.reason)


def foreign(known: Membership, shift: Shift) -> bool:
    """Whether this pause was made by somebody else: a feature code, a supervisor's console, autopause."""
    return known.reason not in wording.OURS and (shift.wish == "ready" or known.reason != shift.reason)


def as_wished(shift: Shift, members: Mapping[str, Membership]) -> bool:
    """Whether the switch has everything as the shift wants it."""
    target = target_of(shift)
    return shift.serves <= members.keys() and all(is_so(known, target) for known in members.values())


def vacating(interface: str, queues: frozenset[str], members: Mapping[str, Membership]) -> list[Order]:
    """What takes a left seat out of these queues. A member of queues.conf cannot be taken out: it is paused."""
    orders: list[Order] = []
    for queue in sorted(queues & members.keys()):
        known = members[queue]
        if known.dynamic:
            orders.append(QueueRemove(queue=queue, interface=interface))
        elif not known.paused:
            orders.append(
                QueuePause(queue=queue, interface=interface, paused=True, reason=wording.SIGNED_OUT)
            )
    return orders

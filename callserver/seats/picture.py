"""What one switch says of phones and queues, as far as being at work needs it: facts folded.

In: facts in order; what the store remembers at the beginning. Out: memberships, devices, who waits, who is on a call,
and `Finished`: a phone's part in a call is over. Must not know: shifts, wishes.

A phone's part in a call is over with the queue's own word (AgentFinished) or when its leg is gone, whichever comes
first; legs that never came up and calls between colleagues have no end that anybody would write up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from callserver import facts
from callserver.facts import CallId, Device, Direction, Fact, Instant, LegId, PbxId, instant
from callserver.seats.asking import QueueAdd, QueuePause, QueueRemove
from callserver.seats.shift import Seat

Order: TypeAlias = QueueAdd | QueueRemove | QueuePause


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One interface in one queue, as the switch has it."""

    name: str | None = None
    state_interface: str | None = None
    penalty: int = 0
    dynamic: bool = False
    paused: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The part of this interface's phone in a call is over."""

    interface: str
    call: CallId
    at: Instant | None


@dataclass(slots=True)
class Part:
    """A channel in a call."""

    interface: str
    up: bool = False

    @property
    def local(self) -> bool:
        """Whether it is a half of a Local channel (traces local-member, local-member-optimized)."""
        return self.interface.startswith("Local/")


@dataclass(slots=True)
class OnCall:
    """A call that goes on: its channels, where it waits, who answered which of its visits."""

    direction: Direction | None = None
    number: str | None = None
    since: Instant | None = None
    legs: dict[LegId, Part] = field(default_factory=dict)
    waits_in: str | None = None
    waits_since: Instant | None = None
    line: bool = (
        False  # no call: an agent's of AgentLogin, up for a whole shift, or a supervisor's who listens
    )
    answered: dict[int, str] = field(default_factory=dict)  # visit -> interface

    @property
    def listens(self) -> bool:
        """Whether it is a supervisor's line into a call: why that phone is in use is no riddle."""
        return any(leg.startswith(facts.LISTENING) for leg in self.legs)

    def phones(self) -> frozenset[str]:
        """Whose phones are up in it. The halves of a `Local/` channel are nobody's phone, and come and go."""
        if self.line:
            return frozenset()
        return frozenset(part.interface for part in self.legs.values() if part.up and not part.local)


class Picture:
    """One switch. `sees`: the line to it is up; `blind_since`: since when not."""

    def __init__(self, pbx: PbxId) -> None:
        self.pbx = pbx
        self.sees = False
        self.blind_since: Instant | None = None
        self.members: dict[str, dict[str, Membership]] = {}  # interface -> queue
        self.devices: dict[str, Device] = {}
        self.calls: dict[CallId, OnCall] = {}
        self.touched: set[str] = set()
        self.all_touched = True
        self.finished: list[Finished] = []
        self._expected: dict[
            Order, set[str]
        ] = {}  # orders that are out -> queues whose event has told of them

    # --- asking -------------------------------------------------------------------------------------------

    def memberships(self, interface: str) -> dict[str, Membership]:
        """In which queues this interface is, by queue."""
        return self.members.get(interface, {})

    def device(self, interface: str) -> Device | None:
        """What the switch believes of the phone; None: it is a member of nothing, so nobody asked for its state."""
        return self.devices.get(interface, "unknown") if interface in self.members else None

    def calls_of(self, seat: Seat) -> dict[CallId, OnCall]:
        """The calls in which this seat's phone is up."""
        return {id: call for id, call in self.calls.items() if any(map(seat.is_phone, call.phones()))}

    def unexplained(self, seat: Seat) -> bool:
        """Whether the phone rings or talks by its device, and no call is known in which it does either."""
        if self.device(seat.interface) not in ("talking", "busy", "held", "ringing"):
            return False
        return not any(
            seat.is_phone(part.interface)
            for call in self.calls.values()
            if not call.line or call.listens
            for part in call.legs.values()
        )

    def waiting(self, queue: str) -> int:
        """How many callers wait there."""
        return sum(1 for seen in self.calls.values() if seen.waits_in == queue)

    def of_queue(self, queue: str) -> dict[str, Membership]:
        """Its members, by interface."""
        return {interface: known[queue] for interface, known in self.members.items() if queue in known}

    # --- beginning ----------------------------------------------------------------------------------------

    def remember(self, members: Iterable[tuple[str, str, Membership, Device]]) -> None:
        """(queue, interface, membership, device) as the store has them."""
        for queue, interface, membership, device in members:
            self.members.setdefault(interface, {})[queue] = membership
            self.devices[interface] = device

    def remember_calls(self, records: Iterable[Mapping[str, Any]]) -> None:
        """The open calls' records, as the store has them."""
        for record in records:
            self.calls[CallId(record["id"])] = _of_record(record)

    # --- following ----------------------------------------------------------------------------------------

    def feed(self, told: Iterable[Fact]) -> None:
        """Facts in their order; what follows from them is in `touched` and `finished` until `take`."""
        for fact in told:
            follow = _FOLLOWING.get(type(fact))
            if follow is not None:
                follow(self, fact)

    def take(self) -> tuple[frozenset[str] | None, list[Finished]]:
        """Interfaces of which there is news (None: all), and parts that are over, since the last time."""
        touched = None if self.all_touched else frozenset(self.touched)
        finished, self.finished = self.finished, []
        self.touched, self.all_touched = set(), False
        return touched, finished

    def _lost(self, fact: facts.LinkLost) -> None:
        self.sees, self.blind_since, self.all_touched = False, fact.at, True

    def _restored(self, fact: facts.LinkRestored) -> None:
        self.sees, self.blind_since, self.all_touched = True, None, True

    def _joined(self, fact: facts.AgentJoinedQueue) -> None:
        self._told_of(fact.interface, fact.queue, lambda order: isinstance(order, QueueAdd))
        self._join(fact)

    def _join(self, fact: facts.AgentJoinedQueue) -> None:
        known = self.members.setdefault(fact.interface, {})
        known[fact.queue] = replace(
            known.get(fact.queue, Membership()),
            name=fact.agent,
            state_interface=fact.state_interface,
            penalty=fact.penalty,
            dynamic=fact.dynamic,
        )
        self.touched.add(fact.interface)

    def _left(self, fact: facts.AgentLeftQueue) -> None:
        self._told_of(fact.interface, fact.queue, lambda order: isinstance(order, QueueRemove))
        self._leave(fact.interface, fact.queue)

    def _leave(self, interface: str, queue: str) -> None:
        known = self.members.get(interface, {})
        known.pop(queue, None)
        if not known:
            self.members.pop(interface, None)
            self.devices.pop(interface, None)
        self.touched.add(interface)

    def _paused(self, fact: facts.AgentPaused) -> None:
        self._told_of(
            fact.interface,
            fact.queue,
            lambda order: (
                isinstance(order, QueuePause) and (order.paused, order.reason) == (fact.paused, fact.reason)
            ),
        )
        self._set_pause(fact.interface, fact.queue, fact.paused, fact.reason)

    def _set_pause(self, interface: str, queue: str, paused: bool, reason: str | None) -> None:
        known = self.members.setdefault(interface, {})
        known[queue] = replace(
            known.get(queue, Membership()), paused=paused, reason=reason if paused else None
        )
        self.touched.add(interface)

    def _device(self, fact: facts.DeviceChanged) -> None:
        self.devices[fact.interface] = fact.device
        self.touched.add(fact.interface)

    def expect(self, order: Order) -> None:
        """It is on its way to the switch."""
        self._expected[order] = set()

    def _told_of(self, interface: str, queue: str, by: Callable[[Order], bool]) -> None:
        for order, told in self._expected.items():
            if order.interface == interface and by(order):
                told.add(queue)

    def came(self, order: Order, *, done: bool) -> None:
        """The switch answered. What it says it did is believed, unless its event has told the same before: then what
        was heard since, of somebody who undid it at once, is the newer.
        """
        told = self._expected.pop(order, set())
        if not done:
            return
        match order:
            case QueueAdd() if order.queue not in told:
                self._join(_told(self.pbx, order))
                self._set_pause(order.interface, order.queue, order.paused, order.reason)
            case QueueRemove() if order.queue not in told:
                self._leave(order.interface, order.queue)
            case QueuePause():
                for queue in {order.queue} if order.queue else set(self.memberships(order.interface)):
                    if queue not in told:
                        self._set_pause(order.interface, queue, order.paused, order.reason)

    # --- calls --------------------------------------------------------------------------------------------

    def _call(self, call: CallId) -> OnCall:
        return self.calls.setdefault(call, OnCall())

    def _started(self, fact: facts.CallStarted) -> None:
        call = self._call(fact.call)
        call.direction, call.number, call.since = fact.direction, fact.caller_number, fact.at

    def _described(self, fact: facts.CallDescribed) -> None:
        call = self._call(fact.call)
        call.direction = fact.direction or call.direction
        call.number = None if fact.withheld else fact.caller_number or call.number
        call.line = call.line or fact.shift

    def _leg_started(self, fact: facts.LegStarted) -> None:
        legs = self._call(fact.call).legs
        legs[fact.leg] = Part(fact.interface, legs[fact.leg].up if fact.leg in legs else False)

    def _leg_answered(self, fact: facts.LegAnswered) -> None:
        part = self._call(fact.call).legs.get(fact.leg)
        if part is not None:
            part.up = True
            self.touched.add(part.interface)

    def _leg_ended(self, fact: facts.LegEnded) -> None:
        call = self._call(fact.call)
        part = call.legs.pop(fact.leg, None)
        if part is None:
            return
        self.touched.add(part.interface)
        if part.interface not in call.phones():
            self._finish(fact.call, call, part, fact.at)

    def _finish(self, id: CallId, call: OnCall, part: Part, at: Instant | None) -> None:
        if part.up and not (part.local or call.line) and call.direction != "internal":
            self.finished.append(Finished(interface=part.interface, call=id, at=at))

    def _queued(self, fact: facts.CallQueued) -> None:
        call = self._call(fact.call)
        call.waits_in, call.waits_since = fact.queue, fact.at

    def _left_queue(self, fact: facts.CallLeftQueue) -> None:
        self._call(fact.call).waits_in = None

    def _answered(self, fact: facts.AgentAnswered) -> None:
        call = self._call(fact.call)
        call.waits_in = None
        call.answered[fact.visit] = fact.interface

    def _agent_finished(self, fact: facts.AgentFinished) -> None:
        interface = self._call(fact.call).answered.pop(fact.visit, None)
        if interface is not None:
            self.touched.add(interface)
            self.finished.append(Finished(interface=interface, call=fact.call, at=fact.at))

    def _merged(self, fact: facts.CallsMerged) -> None:
        absorbed = self.calls.pop(fact.absorbed, None)
        if absorbed is None:
            return
        call = self._call(fact.call)
        call.legs |= absorbed.legs
        if call.waits_in is None:
            call.waits_in, call.waits_since = absorbed.waits_in, absorbed.waits_since
        if absorbed.direction != "internal" and call.direction == "internal":
            call.direction = absorbed.direction

    def _ended(self, fact: facts.CallEnded) -> None:
        call = self.calls.pop(fact.call, None)
        for part in call.legs.values() if call else ():  # ended unseen: no leg was told of
            self.touched.add(part.interface)
            if call is not None:
                self._finish(fact.call, call, part, fact.at)


def _of_record(record: Mapping[str, Any]) -> OnCall:
    """The part of a call's record that matters here."""
    visits = list(enumerate(record.get("queue_visits") or ()))
    waiting = next((visit for _, visit in visits if visit.get("end") is None), None)
    return OnCall(
        direction=record.get("direction"),
        number=record.get("caller_number"),
        since=instant(record.get("started_at")),
        legs={
            LegId(leg["leg"]): Part(leg.get("interface") or "", bool(leg.get("up")))
            for leg in record.get("legs") or ()
            if not leg.get("over")
        },
        line=bool(record.get("shift")),
        waits_in=waiting and waiting["queue"],
        waits_since=waiting and instant(waiting.get("entered_at")),
        answered={
            number: visit["agent"]["interface"]
            for number, visit in visits
            if visit.get("agent") and visit.get("completed_by") is None
        },
    )


def _told(pbx: PbxId, done: QueueAdd) -> facts.AgentJoinedQueue:
    return facts.AgentJoinedQueue(
        pbx=pbx,
        at=None,
        queue=done.queue,
        interface=done.interface,
        agent=done.member,
        state_interface=done.state_interface,
        penalty=done.penalty,
        dynamic=True,
    )


_FOLLOWING: dict[type, Callable[[Picture, Any], None]] = {
    facts.LinkLost: Picture._lost,
    facts.LinkRestored: Picture._restored,
    facts.AgentJoinedQueue: Picture._joined,
    facts.AgentLeftQueue: Picture._left,
    facts.AgentPaused: Picture._paused,
    facts.DeviceChanged: Picture._device,
    facts.CallStarted: Picture._started,
    facts.CallDescribed: Picture._described,
    facts.LegStarted: Picture._leg_started,
    facts.LegAnswered: Picture._leg_answered,
    facts.LegEnded: Picture._leg_ended,
    facts.CallQueued: Picture._queued,
    facts.CallLeftQueue: Picture._left_queue,
    facts.AgentAnswered: Picture._answered,
    facts.AgentFinished: Picture._agent_finished,
    facts.CallsMerged: Picture._merged,
    facts.CallEnded: Picture._ended,
}

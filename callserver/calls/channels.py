"""Channels, and how they become calls.

In: channels as events and snapshots show them. Out: CallStarted, LegStarted, LegAnswered, LegEnded, CallEnded,
CallsMerged. Must not know: which event told it.

A channel belongs to the call of its Linkedid (traces answered-*), a dialed channel to the call that dials, and when
channels of two calls meet in a bridge or in an attended transfer the two were one call all along, named after the
channel that came first. Asterisk does not announce a change of Linkedid, so these meetings are the only notice.
"""

from __future__ import annotations

from dataclasses import dataclass

from callserver import facts
from callserver.ami.events import Channel
from callserver.ami.events import interface as interface_of
from callserver.calls import talking
from callserver.calls.agents import Agents
from callserver.calls.listening import Listening
from callserver.calls.outcome import outcome
from callserver.calls.queueing import Queueing
from callserver.calls.scene import Chan, LiveCall, Scene
from callserver.facts import CallId, Direction, Instant, LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the settings add to what the switch shows: which interfaces are phones here, which lead outside.

    `queue_status`: the account hears the variable QUEUESTATUS. Then a caller who left without one was not timed out,
    whoever ended the waiting (traces waiting-caller-hung-up, -redirected). Where it is not heard, the floor goes by
    whether the caller's side hung up first.
    """

    phones: frozenset[str] = frozenset()
    trunks: tuple[str, ...] = ()
    queue_status: bool = True


class Channels:
    """The channels of one scene."""

    def __init__(self, scene: Scene, agents: Agents, queues: Queueing, names: Names) -> None:
        self._scene = scene
        self._agents = agents
        self._queues = queues
        self.names = names
        self.listening = Listening(scene)

    def chan(self, channel: Channel, at: Instant | None) -> Chan | None:
        """The live channel of an event, made known late if its beginning was not seen; None once it is gone."""
        leg = LegId(channel.uniqueid)
        known = self._scene.chans.get(leg)
        if known is not None:
            return known
        if not leg or leg in self._scene.gone:
            return None
        return self.appear(channel, at, gap=False)

    def appear(self, channel: Channel, at: Instant | None, *, gap: bool) -> Chan:
        """A channel we did not know: it joins its Linkedid's call or begins one."""
        leg = LegId(channel.uniqueid)
        name, number, state = channel.name, channel.caller_number, channel.state
        interface = interface_of(name)
        call = self._scene.linked.get(channel.linkedid) or self._scene.linked.get(leg)
        came_in = state == 4
        if call is None:
            call = self._begin(channel, at, came_in=came_in, gap=gap)
        call.unseen = call.unseen or gap
        chan = Chan(leg, name, interface, call, exten=channel.exten, number=number)
        self._scene.add_chan(chan)
        self._scene.tell(
            facts.LegStarted(
                pbx=self._scene.pbx,
                at=at,
                call=call.id,
                leg=leg,
                channel=name,
                interface=interface,
                number=number,
                caller=came_in and not chan.local,
            )
        )
        self.state(chan, state, at)
        return chan

    def _begin(self, channel: Channel, at: Instant | None, *, came_in: bool, gap: bool) -> LiveCall:
        call = self._name(channel)
        self._scene.tell(
            facts.CallStarted(
                pbx=self._scene.pbx,
                at=at,
                call=call,
                direction=self._direction(channel, came_in=came_in),
                caller_number=channel.caller_number,
                caller_name=channel.caller_name,
                dialed=dialed(channel.exten),
                gap=gap,
            )
        )
        if channel.uniqueid.startswith(facts.NO_CUSTOMER):
            self._scene.tell(facts.CallDescribed(pbx=self._scene.pbx, at=at, call=call, shift=True))
        live = LiveCall(self._scene.book.records[call])
        self._scene.add_call(live, channel.linkedid or channel.uniqueid)
        return live

    def _name(self, channel: Channel) -> CallId:
        """The call is named after its first channel: the Linkedid, unless a call of that name has been."""
        for first in (channel.linkedid, channel.uniqueid):
            call = CallId(f"{self._scene.pbx}:{first}")
            if first and first not in self._scene.gone and call not in self._scene.book.records:
                return call
        while call in self._scene.book.records:  # no switch gives an id twice; a broken trace may
            call = CallId(f"{call}+")
        return call

    def _direction(self, channel: Channel, *, came_in: bool) -> Direction:
        if came_in and not self.is_phone(channel.interface, channel.caller_number):
            return "inbound"
        return "outbound"

    def revise_direction(self, call: LiveCall, at: Instant | None) -> None:
        """Say so if what was learned since makes another direction of it."""
        record = call.record
        first = record.legs[_known_first(call)]
        direction: Direction = "outbound"
        if first.caller and not self.is_phone(first.interface, first.number):
            direction = "inbound"
        elif record.visits:
            direction = "internal" if first.caller else "outbound"  # a colleague calls the hotline
        elif call.direct is not None and self.is_phone(*call.direct):
            called = not first.caller and not self.is_phone(first.interface, first.number)
            direction = "outbound" if called else "internal"  # a customer whom we called, and then an agent
        if direction != record.direction:
            told = facts.CallDescribed(pbx=self._scene.pbx, at=at, call=call.id, direction=direction)
            self._scene.tell(told)

    def phone_learned(self, interface: str, at: Instant | None) -> None:
        """This interface turned out to be a phone of ours: calls that took it for an outside line are told anew."""
        for call in list(self._scene.calls.values()):
            if any(leg.interface == interface for leg in call.record.legs.values()):
                self.revise_direction(call, at)

    def is_phone(self, interface: str, number: str | None = None) -> bool:
        """Whether a phone of ours is behind the interface: by settings, by membership, or named like its number."""
        if interface.startswith(self.names.trunks):
            return False
        if interface in self.names.phones or interface in self._agents.phones:
            return True
        return number is not None and interface.partition("/")[2] == number

    def state(self, chan: Chan, state: int | None, at: Instant | None) -> None:
        if state == 6 and chan.state != "up":
            self._scene.move_leg(chan, "answer")
            self._scene.tell(facts.LegAnswered(pbx=self._scene.pbx, at=at, call=chan.call.id, leg=chan.leg))
        elif state in (4, 5) and chan.state == "down":
            self._scene.move_leg(chan, "ring")

    def same_call(self, one: Chan, other: Chan, at: Instant | None) -> None:
        """These two channels belong together: if they were two calls, the older takes over the younger.

        But for an agent's line that stays up for a whole shift (AgentLogin, trace agent-pool): it would make one call
        of all its callers. Who listens hears without a bridge: who is bridged has taken over (supervisor-takes-over).
        """
        if one.call is other.call or _apart(one.call) or _apart(other.call):
            return
        keep, absorbed = sorted((one.call, other.call), key=_age)
        self._scene.merge(keep, absorbed, at)

    def gone(self, chan: Chan, cause: int | None, at: Instant | None, *, unseen: bool = False) -> None:
        """A channel is gone for good; with the last one the call is over."""
        call = chan.call
        self.listening.gone(chan.leg, at)
        if chan.hang_up_wanted and chan.leg == first_leg(call):
            call.caller_gone = True
        call.unseen = call.unseen or unseen
        self._queues.leg_gone(chan, cause, at)
        self._queues.hung_up(chan, at, unseen=unseen)
        talking.leave(self._scene, chan, None, at)
        self._scene.move_leg(chan, "hang up")
        self._scene.tell(facts.LegEnded(pbx=self._scene.pbx, at=at, call=call.id, leg=chan.leg, cause=cause))
        self._scene.drop_chan(chan)
        if not call.chans:
            self.over(call, at)

    def over(self, call: LiveCall, at: Instant | None, *, unseen: bool = False) -> None:
        """The call's last channel is gone."""
        call.unseen = call.unseen or unseen
        for visit in call.visits:
            if visit.state in ("waiting", "offered", "leaving"):  # its own channel was never seen to go
                self._queues.end(call, visit, "unknown", at)
        self._scene.move_call(call, "end")
        self._scene.tell(
            facts.CallEnded(
                pbx=self._scene.pbx,
                at=at,
                call=call.id,
                outcome=outcome(
                    call.record,
                    caller_gone=call.caller_gone,
                    unseen=call.unseen,
                    reached=self._reached(call),
                ),
            )
        )
        self._scene.close(call)

    def _reached(self, call: LiveCall) -> bool:
        """Whether this is a call to somebody outside who picked up (trace originate-automatic-rated)."""
        leg = call.record.legs.get(first_leg(call) or LegId(""))
        if leg is None or leg.caller or not leg.up or leg.leg.startswith(facts.LISTENING):
            return False
        return not self.is_phone(leg.interface, leg.number)


def _apart(call: LiveCall) -> bool:
    return call.record.shift and not (first_leg(call) or "").startswith(facts.LISTENING)


def first_leg(call: LiveCall) -> LegId | None:
    """The leg that the call began with."""
    return next(iter(call.record.legs), None)


def _known_first(call: LiveCall) -> LegId:
    leg = first_leg(call)
    assert leg is not None, "a live call has a leg"
    return leg


def dialed(exten: str) -> str | None:
    """An extension that somebody dialed; the dialplan's own special ones are nobody's choice."""
    return exten if exten not in ("", "s", "h", "i", "t") else None


def _age(call: LiveCall) -> tuple[float, int]:
    """Older calls sort first: by their start, else by the uniqueid of the first channel, `epoch.serial`."""
    epoch, _, serial = call.id.rpartition(":")[2].rpartition("-")[2].partition(".")
    began = call.record.started_at
    if began is None:
        began = int(epoch) * 1000 if epoch.isdigit() else 0
    return (began, int(serial) if serial.isdigit() else 0)

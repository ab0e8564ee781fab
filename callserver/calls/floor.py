"""The floor: what one Asterisk tells, understood as calls.

In: typed events (`feed`), a loss of sight (`lost`), a fresh picture (`resync`), the passing of time (`tick`). Out:
facts, in order. Must not know: sockets, clocks, the store. Feeding never raises on any sequence of events; what does
not fit is counted in `surprises`.

How channels become calls (traces answered-*, atxfer-finished, originate-*): a channel belongs to the call of its
Linkedid; a dialed channel to the call that dials; and when channels of two calls meet in a bridge or in an attended
transfer the two were one call all along, named after the channel that came first. Asterisk does not announce a change
of Linkedid, so these meetings are the only notice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from callserver import facts
from callserver.ami import events
from callserver.ami.events import AmiEvent, Channel, QueueMember, Snapshot
from callserver.calls import resync as resyncing
from callserver.calls import talking
from callserver.calls.agents import Agents, Membership
from callserver.calls.book import Changes
from callserver.calls.outcome import outcome
from callserver.calls.queueing import Queueing
from callserver.calls.record import Record
from callserver.calls.scene import Chan, LiveCall, LiveVisit, Scene
from callserver.facts import CallId, Direction, Fact, Instant, LegId, PbxId

_ENDED_KEPT = 500  # ended calls at hand for late facts
_SETTLE_MS = 5_000  # a visit left without a reason is settled after this


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the settings add to what the switch shows: which interfaces are phones here, which lead outside."""

    phones: frozenset[str] = frozenset()
    trunks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sight:
    """Whether we see the switch now."""

    blind: bool = True
    ever: bool = False
    lost_at: Instant | None = None
    booted_at: Instant | None = None
    latest: Instant | None = field(default=None)


class Floor:
    """The live picture of one Asterisk: who waits, who talks, who is ready."""

    def __init__(self, pbx: PbxId, *, names: Names | None = None) -> None:
        self.pbx = pbx
        self.names = names or Names()
        self.scene = Scene(pbx)
        self.queues = Queueing(self.scene)
        self.agents = Agents(self.scene)
        self.sight = _Sight()

    # --- the four ways in --------------------------------------------------------------------------------------------

    def feed(self, event: AmiEvent) -> list[Fact]:
        """One event, in the order of the wire."""
        if event.at is not None and (self.sight.latest is None or event.at > self.sight.latest):
            self.sight.latest = event.at
        handle = _HANDLERS.get(type(event))
        if handle is not None:
            handle(self, event)
        return self.scene.told()

    def lost(self, at: Instant | None, reason: str = "") -> list[Fact]:
        """We see nothing from `at` on."""
        if not self.sight.blind:
            self.sight.blind, self.sight.lost_at = True, at
            self.scene.tell(facts.LinkLost(pbx=self.pbx, at=at, reason=reason))
        return self.scene.told()

    def resync(self, snapshot: Snapshot) -> list[Fact]:
        """What the switch shows now, against what we believed: the difference is told as facts."""
        resyncing.resync(self, snapshot)
        self.scene.forget_over(_ENDED_KEPT)
        return self.scene.told()

    def tick(self, now: Instant) -> list[Fact]:
        """Time passes: settle what has waited long enough for a reason, let go of what is long over."""
        for call, visit in self.scene.visits():
            if visit.state != "leaving" or visit.taken_by is not None or visit.left_at is None:
                continue
            chan = self.scene.chans.get(visit.visit.leg) if visit.visit.leg else None
            if chan is not None and chan.call is call and now - visit.left_at > _SETTLE_MS:
                self.queues.settle(chan, visit.left_at)
        self.scene.forget_over(_ENDED_KEPT)
        return self.scene.told()

    # --- what is known -----------------------------------------------------------------------------------------------

    @classmethod
    def restore(
        cls,
        pbx: PbxId,
        records: Iterable[dict[str, Any]],
        members: Iterable[tuple[str, str, Membership]] = (),
        *,
        lost_at: Instant | None = None,
        names: Names | None = None,
    ) -> Floor:
        """The floor as the open records of the store tell it, after a restart of this program.

        `lost_at` is the last moment at which this program surely saw the switch. The picture is blind until `resync`.
        """
        floor = cls(pbx, names=names)
        floor.agents.restore(members)
        for body in records:
            resyncing.restore(floor.scene, Record.from_json(body))
        floor.sight.ever = True
        floor.sight.lost_at = lost_at
        return floor

    def take_changes(self) -> Changes:
        """Records changed since the last take, as JSON; and calls absorbed by others."""
        return self.scene.book.take()

    def calls(self) -> list[Record]:
        """The records of calls going on now."""
        return [call.record for call in self.scene.calls.values()]

    @property
    def surprises(self) -> int:
        """Steps that no table knows: a measure of what we did not see or understand."""
        return self.scene.surprises

    # --- channels ----------------------------------------------------------------------------------------------------

    def chan(self, channel: Channel, at: Instant | None) -> Chan | None:
        """The live channel of an event, made known late if its beginning was not seen; None once it is gone."""
        leg = LegId(channel.uniqueid)
        known = self.scene.chans.get(leg)
        if known is not None:
            return known
        if not leg or leg in self.scene.gone:
            return None
        return self.appear(channel, at, gap=False)

    def appear(self, channel: Channel, at: Instant | None, *, gap: bool) -> Chan:
        """A channel we did not know: it joins its Linkedid's call or begins one."""
        leg = LegId(channel.uniqueid)
        interface = channel.interface
        call = self.scene.linked.get(channel.linkedid)
        came_in = channel.state == 4
        local = channel.name.startswith("Local/")
        if call is None:
            call = self._begin(channel, at, came_in=came_in, gap=gap)
        chan = Chan(leg, channel.name, interface, call, originated=not came_in and not call.chans)
        chan.exten, chan.number = channel.exten, channel.caller_number
        self.scene.add_chan(chan)
        self.scene.tell(
            facts.LegStarted(
                pbx=self.pbx,
                at=at,
                call=call.id,
                leg=leg,
                channel=channel.name,
                interface=interface,
                number=channel.caller_number,
                caller=came_in and not local,
            )
        )
        self.state(chan, channel.state, at)
        return chan

    def _begin(self, channel: Channel, at: Instant | None, *, came_in: bool, gap: bool) -> LiveCall:
        call = CallId(f"{self.pbx}:{self._first_of(channel)}")
        self.scene.tell(
            facts.CallStarted(
                pbx=self.pbx,
                at=at,
                call=call,
                direction=self._direction(channel, came_in=came_in),
                caller_number=channel.caller_number,
                caller_name=channel.caller_name,
                dialed=_dialed(channel.exten),
                gap=gap,
            )
        )
        live = LiveCall(self.scene.book.records[call])
        self.scene.add_call(live, channel.linkedid or channel.uniqueid)
        return live

    def _first_of(self, channel: Channel) -> str:
        """The call's first channel: the Linkedid, unless a call of that name has been."""
        oldest = channel.linkedid or channel.uniqueid
        taken = CallId(f"{self.pbx}:{oldest}") in self.scene.book.records or oldest in self.scene.gone
        return channel.uniqueid if taken else oldest

    def _direction(self, channel: Channel, *, came_in: bool) -> Direction:
        if came_in and not self.is_phone(channel.interface, channel.caller_number):
            return "inbound"
        return "outbound"

    def is_phone(self, interface: str, number: str | None = None) -> bool:
        """Whether a phone of ours is behind the interface: by settings, by membership, or named like its number."""
        if interface.startswith(self.names.trunks):
            return False
        if interface in self.names.phones or interface in self.agents.phones:
            return True
        return number is not None and interface.partition("/")[2] == number

    def state(self, chan: Chan, state: int | None, at: Instant | None) -> None:
        if state == 6 and chan.state != "up":
            self.scene.move_leg(chan, "answer")
            self.scene.tell(facts.LegAnswered(pbx=self.pbx, at=at, call=chan.call.id, leg=chan.leg))
        elif state in (4, 5) and chan.state == "down":
            self.scene.move_leg(chan, "ring")

    def same_call(self, one: Chan, other: Chan, at: Instant | None) -> None:
        """These two channels belong together: if they were two calls, the older takes over the younger."""
        if one.call is other.call:
            return
        keep, absorbed = sorted((one.call, other.call), key=_age)
        self.scene.merge(keep, absorbed, at)

    def gone(self, chan: Chan, cause: int | None, at: Instant | None, *, unseen: bool = False) -> None:
        """A channel is gone for good; with the last one the call is over."""
        call = chan.call
        if chan.hang_up_wanted and (call.record.legs[chan.leg].caller or chan.originated):
            call.caller_gone = True
        call.unseen = call.unseen or unseen
        self.queues.leg_gone(chan, cause, at)
        self.queues.hung_up(chan, at, unseen=unseen)
        talking.leave(self.scene, chan, None, at)
        self.scene.move_leg(chan, "hang up")
        self.scene.tell(facts.LegEnded(pbx=self.pbx, at=at, call=call.id, leg=chan.leg, cause=cause))
        self.scene.drop_chan(chan)
        if not call.chans:
            self.over(call, at)

    def over(self, call: LiveCall, at: Instant | None, *, unseen: bool = False) -> None:
        """The call's last channel is gone."""
        call.unseen = call.unseen or unseen
        for visit in call.visits:
            if visit.state in ("waiting", "offered", "leaving"):  # its own channel was never seen to go
                self.queues.end(call, visit, "unknown", at)
        self.scene.move_call(call, "end")
        self.scene.tell(
            facts.CallEnded(
                pbx=self.pbx,
                at=at,
                call=call.id,
                outcome=outcome(call.record, caller_gone=call.caller_gone, unseen=call.unseen),
            )
        )
        self.scene.close(call)

    # --- events ------------------------------------------------------------------------------------------------------

    def _newchannel(self, event: events.Newchannel) -> None:
        self.chan(event.channel, event.at)

    def _changed(self, event: events.ChannelChanged) -> None:
        chan = self.chan(event.channel, event.at)
        if chan is None:
            return
        chan.exten = event.channel.exten or chan.exten
        self.state(chan, event.channel.state, event.at)
        self._learn_caller(chan, event.channel)

    def _learn_caller(self, chan: Chan, channel: Channel) -> None:
        """A trunk may tell the caller's number a moment after the channel; the first that we learn stays."""
        record = chan.call.record
        first = next(iter(record.legs))
        if chan.leg != first or record.caller_number or not channel.caller_number or chan.originated:
            return
        self.scene.tell(
            facts.CallDescribed(
                pbx=self.pbx,
                at=None,
                call=chan.call.id,
                caller_number=channel.caller_number,
                caller_name=channel.caller_name,
            )
        )

    def _rename(self, event: events.Rename) -> None:
        chan = self.scene.chans.get(LegId(event.uniqueid))
        if chan is None or not event.new_name:
            return
        if self.scene.by_name.get(chan.name) is chan:
            del self.scene.by_name[chan.name]
        chan.name = event.new_name
        self.scene.by_name[chan.name] = chan
        if chan.name.endswith(("<MASQ>", "<ZOMBIE>")):
            return
        chan.interface = events.interface(chan.name)
        self.scene.tell(
            facts.LegStarted(
                pbx=self.pbx,
                at=event.at,
                call=chan.call.id,
                leg=chan.leg,
                channel=chan.name,
                interface=chan.interface,
                number=chan.number,
            )
        )

    def _hangup_request(self, event: events.HangupRequest) -> None:
        chan = self.scene.chans.get(LegId(event.channel.uniqueid))
        if chan is not None and not event.soft:
            chan.hang_up_wanted = True

    def _hangup(self, event: events.Hangup) -> None:
        chan = self.scene.chans.get(LegId(event.channel.uniqueid))
        if chan is not None:
            self.gone(chan, event.cause, event.at)
        elif event.channel.uniqueid:
            self.scene.remember_gone(event.channel.uniqueid)

    def _dial_begin(self, event: events.DialBegin) -> None:
        dest = self.chan(event.dest, event.at)
        if dest is None:
            return
        dest.dialed = True
        source = self.chan(event.source, event.at) if event.source is not None else None
        if source is None:
            self._originated(dest, event)
            return
        self.same_call(source, dest, event.at)
        if self.queues.offered(dest) is None and dest.leg not in _rung(source.call):
            self._learn_dialed(source, dest, event)

    def _originated(self, dest: Chan, event: events.DialBegin) -> None:
        """Nobody dials: an Originate. To a phone of ours it is agent first, otherwise the customer is called."""
        call = dest.call
        if len(call.record.legs) > 1 or self.is_phone(dest.interface, _user(event.dial_string)):
            return
        self.scene.tell(
            facts.CallDescribed(
                pbx=self.pbx, at=event.at, call=call.id, direction="outbound", dialed=_user(event.dial_string)
            )
        )

    def _learn_dialed(self, source: Chan, dest: Chan, event: events.DialBegin) -> None:
        assert event.source is not None
        call, record = source.call, source.call.record
        user = _user(event.dial_string)
        inside = self.is_phone(dest.interface, user)
        direction: Direction | None = None
        if record.direction != "inbound" and not record.visits and not dest.local:
            direction = "internal" if inside else "outbound"
            if direction == record.direction:
                direction = None
        dialed = None if record.dialed else _dialed(event.source.exten) or user
        if direction or dialed:
            self.scene.tell(
                facts.CallDescribed(
                    pbx=self.pbx, at=event.at, call=call.id, direction=direction, dialed=dialed
                )
            )

    def _dial_end(self, event: events.DialEnd) -> None:
        dest = self.scene.chans.get(LegId(event.dest.uniqueid))
        if dest is None:
            return
        if self.queues.ring_status(dest, event.status, event.at) or dest.local:
            return
        result = _DIAL_RESULTS.get(event.status)
        if result is not None:
            self.scene.tell(
                facts.DialFailed(pbx=self.pbx, at=event.at, call=dest.call.id, leg=dest.leg, result=result)
            )

    def _bridge_enter(self, event: events.BridgeEnter) -> None:
        chan = self.chan(event.channel, event.at)
        if chan is None or event.holding:
            return
        for other in list(self.scene.bridges.get(event.bridge, {}).values()):
            self.same_call(chan, other, event.at)
        swapped = self.scene.chans.get(LegId(event.swap)) if event.swap else None
        talking.enter(self.scene, chan, event.bridge, swapped, event.at)

    def _bridge_leave(self, event: events.BridgeLeave) -> None:
        chan = self.scene.chans.get(LegId(event.channel.uniqueid))
        if chan is not None:
            talking.leave(self.scene, chan, event.bridge, event.at)

    def _local_bridge(self, event: events.LocalBridge) -> None:
        one, two = self.chan(event.one, event.at), self.chan(event.two, event.at)
        if one is not None and two is not None:
            self.same_call(one, two, event.at)

    def _join(self, event: events.QueueCallerJoin) -> None:
        chan = self.chan(event.channel, event.at)
        if chan is not None:
            self.queues.join(chan, event.queue, event.position, event.at)

    def _leave(self, event: events.QueueCallerLeave) -> None:
        chan = self.chan(event.channel, event.at)
        if chan is not None:
            self.queues.leave(chan, event.at)

    def _abandon(self, event: events.QueueCallerAbandon) -> None:
        chan = self.chan(event.channel, event.at)
        if chan is not None:
            self.queues.abandon(chan, event.hold_s, event.at)

    def _queue_result(self, event: events.QueueResult) -> None:
        chan = self.chan(event.channel, event.at)
        if chan is not None:
            self.queues.status(chan, event.status, event.at)

    def _agent_called(self, event: events.AgentCalled) -> None:
        caller, dest = self.chan(event.channel, event.at), self.chan(event.dest, event.at)
        if caller is None or dest is None:
            return
        self.same_call(caller, dest, event.at)
        if not dest.local:
            self.agents.phones.add(dest.interface)
        self.queues.offer(caller, dest, event.interface, event.member, event.queue, event.at)

    def _agent_connect(self, event: events.AgentConnect) -> None:
        caller = self.chan(event.channel, event.at)
        if caller is None:
            return
        leg = LegId(event.dest.uniqueid) if event.dest.uniqueid else None
        self.queues.connect(
            caller, event.queue, event.interface, event.member, leg, event.hold_s, event.ring_s, event.at
        )

    def _agent_complete(self, event: events.AgentComplete) -> None:
        call = self._call_of(event.channel.uniqueid) or self._call_of(event.dest.uniqueid)
        if call is not None:
            self.queues.complete(call, event)

    def _ring_no_answer(self, event: events.AgentRingNoAnswer) -> None:
        call = self._call_of(event.dest.uniqueid)
        if call is not None:
            self.queues.rang_out(call, LegId(event.dest.uniqueid), event.ring_ms, event.at)

    def _dump(self, event: events.AgentDump) -> None:
        chan = self.scene.chans.get(LegId(event.channel.uniqueid))
        if chan is not None:
            self.queues.dumped(chan)

    def _call_of(self, uniqueid: str) -> LiveCall | None:
        """The call of a channel, also of one that is gone and of a call just over."""
        return self.scene.call_of.get(LegId(uniqueid))

    def _blind(self, event: events.BlindTransfer) -> None:
        by = self.chan(event.transferer, event.at)
        if by is not None and event.result in ("", "Success"):
            self.scene.tell(
                facts.CallTransferred(
                    pbx=self.pbx,
                    at=event.at,
                    call=by.call.id,
                    transfer="blind",
                    by=by.interface,
                    to=event.exten,
                )
            )

    def _attended(self, event: events.AttendedTransfer) -> None:
        by = self.chan(event.original, event.at)
        second = self.chan(event.second, event.at)
        if by is None or event.result not in ("", "Success"):
            return
        parties = [self.chan(channel, event.at) for channel in (event.transferee, event.target) if channel]
        for other in [second, *parties]:
            if other is not None:
                self.same_call(by, other, event.at)
        if event.dest_type == "Threeway":
            return
        self.scene.tell(
            facts.CallTransferred(
                pbx=self.pbx,
                at=event.at,
                call=by.call.id,
                transfer="attended",
                by=by.interface,
                to=self._target(event, second),
            )
        )

    def _target(self, event: events.AttendedTransfer, second: Chan | None) -> str:
        """Whom it went to: the target's device, seen through a Local channel, else what the transferer dialed."""
        if event.target is not None and not event.target.name.startswith("Local/"):
            return event.target.interface
        return event.second.exten or (second.exten if second else "") or event.second.connected_number or ""

    def _hold(self, event: events.Hold) -> None:
        chan = self.scene.chans.get(LegId(event.channel.uniqueid))
        if chan is not None:
            self.scene.tell(facts.LegHeld(pbx=self.pbx, at=event.at, call=chan.call.id, leg=chan.leg))

    def _unhold(self, event: events.Unhold) -> None:
        """Also sent without any Hold before it, when a phone transfers blindly (trace blind-to-queue)."""
        chan = self.scene.chans.get(LegId(event.channel.uniqueid))
        if chan is not None and chan.leg in chan.call.record.held:
            self.scene.tell(facts.LegResumed(pbx=self.pbx, at=event.at, call=chan.call.id, leg=chan.leg))

    def _pickup(self, event: events.Pickup) -> None:
        one, other = self.chan(event.channel, event.at), self.chan(event.target, event.at)
        if one is not None and other is not None:
            self.same_call(one, other, event.at)

    def _member(self, event: QueueMember) -> None:
        self.agents.feed(event)


def _rung(call: LiveCall) -> set[LegId]:
    return {ring.leg for visit in call.visits for ring in visit.visit.rings if ring.leg}


def _age(call: LiveCall) -> tuple[float, int]:
    """Older calls sort first: by the uniqueid of the first channel, `epoch.serial`."""
    epoch, _, serial = call.id.rpartition(":")[2].rpartition("-")[2].partition(".")
    return (float(epoch) if epoch.isdigit() else 0.0, int(serial) if serial.isdigit() else 0)


def _dialed(exten: str) -> str | None:
    return exten if exten not in ("", "s", "h", "i", "t") else None


def _user(dial_string: str) -> str | None:
    """The number in a dial string: `PJSIP/13800138000@trunk` and `trunk/sip:138@host` -> the number; else None."""
    rest = dial_string.rpartition("/")[2].partition("@")[0].removeprefix("sip:")
    return rest or None


_DIAL_RESULTS: dict[str, Any] = {
    "NOANSWER": "no_answer",
    "CANCEL": "no_answer",
    "BUSY": "busy",
    "CONGESTION": "failed",
    "CHANUNAVAIL": "failed",
}

_HANDLERS: dict[type, Any] = {
    events.Newchannel: Floor._newchannel,
    events.ChannelChanged: Floor._changed,
    events.Rename: Floor._rename,
    events.HangupRequest: Floor._hangup_request,
    events.Hangup: Floor._hangup,
    events.DialBegin: Floor._dial_begin,
    events.DialEnd: Floor._dial_end,
    events.BridgeEnter: Floor._bridge_enter,
    events.BridgeLeave: Floor._bridge_leave,
    events.LocalBridge: Floor._local_bridge,
    events.QueueCallerJoin: Floor._join,
    events.QueueCallerLeave: Floor._leave,
    events.QueueCallerAbandon: Floor._abandon,
    events.QueueResult: Floor._queue_result,
    events.AgentCalled: Floor._agent_called,
    events.AgentConnect: Floor._agent_connect,
    events.AgentComplete: Floor._agent_complete,
    events.AgentRingNoAnswer: Floor._ring_no_answer,
    events.AgentDump: Floor._dump,
    events.QueueMember: Floor._member,
    events.BlindTransfer: Floor._blind,
    events.AttendedTransfer: Floor._attended,
    events.Hold: Floor._hold,
    events.Unhold: Floor._unhold,
    events.Pickup: Floor._pickup,
}

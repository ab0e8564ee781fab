"""The floor: what one Asterisk tells, understood as calls.

In: typed events (`feed`), a loss of sight (`lost`), a fresh picture (`resync`), the passing of time (`tick`). Out:
facts, in order. Must not know: sockets, clocks, the store. Feeding never raises on any sequence of events; what does
not fit is counted in `surprises`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from callserver import facts
from callserver.ami import events
from callserver.ami.events import AmiEvent, Channel, QueueMember, Snapshot
from callserver.calls import talking
from callserver.calls.agents import Agents, Membership
from callserver.calls.book import Changes
from callserver.calls.channels import Channels, Names, first_leg
from callserver.calls.dialing import Dialing
from callserver.calls.queueing import Queueing
from callserver.calls.record import Record
from callserver.calls.resync import Resync, rebind, restore
from callserver.calls.scene import Chan, LiveCall, Scene
from callserver.calls.transfers import Transfers
from callserver.facts import CallCorrected, CallRecovered, CallsMerged, Fact, Instant, LegId, PbxId

_ENDED_KEPT = 500  # ended calls at hand for late facts
_SETTLE_MS = 5_000  # a visit left without a reason is settled after this


class Floor:
    """The live picture of one Asterisk: who waits, who talks, who is ready."""

    def __init__(self, pbx: PbxId, *, names: Names | None = None) -> None:
        self.pbx = pbx
        self.scene = Scene(pbx)
        self.queues = Queueing(self.scene)
        self.agents = Agents(self.scene)
        self.channels = Channels(self.scene, self.agents, self.queues, names or Names())
        self.scene.tells_queue_status = self.channels.names.queue_status
        self.dialing = Dialing(self.scene, self.channels, self.queues)
        self.transfers = Transfers(self.scene, self.channels)
        self.listening = self.channels.listening
        self.resyncing = Resync(self.scene, self.channels, self.queues, self.agents)
        self.sight = self.scene.sight

    # --- the four ways in --------------------------------------------------------------------------------------------

    def feed(self, event: AmiEvent) -> list[Fact]:
        """One event, in the order of the wire."""
        at, sight = event.at, self.sight
        if at is not None and (sight.latest is None or at > sight.latest):
            sight.latest = at
        handle = _HANDLERS.get(type(event))
        if handle is None:
            return []
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
        self.resyncing.run(snapshot)
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

    def hears_variables(self) -> None:
        """The account hears channel variables after all."""
        self.scene.tells_queue_status = True

    # --- what is known -----------------------------------------------------------------------------------------------

    @classmethod
    def restore(
        cls,
        pbx: PbxId,
        records: Iterable[dict[str, Any]],
        members: Iterable[tuple[str, str, Membership]] = (),
        *,
        lost_at: Instant | None = None,
        booted_at: Instant | None = None,
        told: bool = True,
        names: Names | None = None,
    ) -> Floor:
        """The floor as the open records of the store tell it, after a restart of this program.

        `lost_at` is the last moment at which this program surely saw the switch, `booted_at` when the switch began the
        run that we saw then. The picture is blind until `resync`; `told`: LinkLost was told already (a stop in good
        order), else the caller tells it with `lost`.
        """
        floor = cls(pbx, names=names)
        floor.agents.restore(members)
        for body in records:
            restore(floor.scene, Record.from_json(body))
        floor.listening.restore()
        floor.sight.blind = told
        floor.sight.lost_at, floor.sight.booted_at = lost_at, booted_at
        return floor

    def correct(self, fact: CallRecovered | CallCorrected | CallsMerged) -> list[Fact]:
        """What the journals know better, about a call that is still at hand: a late event must not bring the old
        record back. Nothing is told where the call is not at hand.
        """
        held = self.scene.book.records
        if fact.call in held or (isinstance(fact, CallsMerged) and fact.absorbed in held):
            self.scene.tell(fact)
            live = self.scene.calls.get(fact.call) or self.scene.over.get(fact.call)
            if live is not None:
                rebind(live, self.scene.book.records[fact.call])
        return self.scene.told()

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

    # --- events ------------------------------------------------------------------------------------------------------

    def _newchannel(self, event: events.Newchannel) -> None:
        self.channels.chan(event.channel, event.at)

    def _changed(self, event: events.ChannelChanged) -> None:
        chan = self.channels.chan(event.channel, event.at)
        if chan is None:
            return
        chan.exten = event.channel.exten or chan.exten
        self.channels.state(chan, event.channel.state, event.at)
        self._learn_caller(chan, event.channel)

    def _learn_caller(self, chan: Chan, channel: Channel) -> None:
        """A trunk may tell the caller's number a moment after the channel, or that it is withheld (trace
        withheld-number: Privacy is obeyed by the dialplan, after Newchannel has shown the number).
        """
        record = chan.call.record
        if record.direction != "inbound" or chan.leg != first_leg(chan.call):
            return
        if record.caller_number and channel.withheld:
            self.scene.tell(facts.CallDescribed(pbx=self.pbx, at=None, call=chan.call.id, withheld=True))
        elif not record.caller_number and channel.caller_number:
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
        if chan is None:
            return
        if event.soft:
            chan.hang_up_asked = True
        else:
            chan.hang_up_wanted, chan.cause = True, event.cause

    def _hangup(self, event: events.Hangup) -> None:
        chan = self.scene.chans.get(LegId(event.channel.uniqueid))
        if chan is not None:
            self.channels.gone(chan, event.cause, event.at)
        elif event.channel.uniqueid:
            self.scene.remember_gone(event.channel.uniqueid)

    def _bridge_enter(self, event: events.BridgeEnter) -> None:
        chan = self.channels.chan(event.channel, event.at)
        if chan is not None and event.pool and not chan.call.record.shift:
            self.scene.tell(facts.CallDescribed(pbx=self.pbx, at=event.at, call=chan.call.id, shift=True))
        if chan is None or event.holding:
            return
        for other in list(self.scene.bridges.get(event.bridge, {}).values()):
            self.channels.same_call(chan, other, event.at)
        swapped = self.scene.chans.get(LegId(event.swap)) if event.swap else None
        talking.enter(self.scene, chan, event.bridge, swapped, event.at)

    def _bridge_leave(self, event: events.BridgeLeave) -> None:
        chan = self.scene.chans.get(LegId(event.channel.uniqueid))
        if chan is not None:
            talking.leave(self.scene, chan, event.bridge, event.at)

    def _local_bridge(self, event: events.LocalBridge) -> None:
        one, two = self.channels.chan(event.one, event.at), self.channels.chan(event.two, event.at)
        if one is not None and two is not None:
            self.channels.same_call(one, two, event.at)

    def _join(self, event: events.QueueCallerJoin) -> None:
        chan = self.channels.chan(event.channel, event.at)
        if chan is not None:
            self.queues.join(chan, event.queue, event.position, event.at)
            self.channels.revise_direction(chan.call, event.at)

    def _leave(self, event: events.QueueCallerLeave) -> None:
        chan = self.channels.chan(event.channel, event.at)
        if chan is not None:
            self.queues.leave(chan, event.at)

    def _abandon(self, event: events.QueueCallerAbandon) -> None:
        chan = self.channels.chan(event.channel, event.at)
        if chan is not None:
            self.queues.abandon(chan, event.hold_s, event.at)

    def _queue_result(self, event: events.QueueResult) -> None:
        chan = self.channels.chan(event.channel, event.at)
        if chan is not None:
            self.queues.status(chan, event.status, event.at)

    def _key_told(self, event: events.KeyTold) -> None:
        chan = self.channels.chan(event.channel, event.at)
        if chan is not None and event.key:
            told = {"pbx": self.pbx, "at": event.at, "call": chan.call.id}
            self.scene.tell(facts.KeyPressed(**told, menu=event.menu, key=event.key))  # type: ignore[arg-type]

    def _heard_told(self, event: events.HeardTold) -> None:
        chan = self.channels.chan(event.channel, event.at)
        if chan is not None and event.what in facts.HEARD:
            told = {"pbx": self.pbx, "at": event.at, "call": chan.call.id}
            self.scene.tell(facts.HeardAs(**told, what=event.what))  # type: ignore[arg-type]

    def _callback_told(self, event: events.CallbackTold) -> None:
        chan = self.channels.chan(event.channel, event.at)
        if chan is not None:
            self.queues.gave_place(chan, event)

    def _agent_called(self, event: events.AgentCalled) -> None:
        caller, dest = self.channels.chan(event.channel, event.at), self.channels.chan(event.dest, event.at)
        if caller is None or dest is None:
            return
        self.channels.same_call(caller, dest, event.at)
        if not dest.local:
            self.agents.learn(dest.interface)
        self.queues.offer(caller, dest, event.interface, event.member, event.queue, event.at)

    def _agent_connect(self, event: events.AgentConnect) -> None:
        caller = self.channels.chan(event.channel, event.at)
        if caller is None:
            return
        leg = LegId(event.dest.uniqueid) if event.dest.uniqueid else None
        self.queues.connect(
            caller, event.queue, event.interface, event.member, leg, event.hold_s, event.ring_s, event.at
        )

    def _agent_complete(self, event: events.AgentComplete) -> None:
        call = self._call_of(event.channel.uniqueid) or self._call_of(event.dest.uniqueid)
        if not event.channel.uniqueid and not event.dest.uniqueid:
            call = self.queues.completing(event)
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
        one, other = self.channels.chan(event.channel, event.at), self.channels.chan(event.target, event.at)
        if one is not None and other is not None:
            self.channels.same_call(one, other, event.at)

    def _shutdown(self, event: events.Shutdown) -> None:
        self.scene.stopping = True

    def _member(self, event: QueueMember) -> None:
        for phone in self.agents.learn(event.interface, event.state_interface):
            self.channels.phone_learned(phone, event.at)
        self.agents.feed(event)


_HANDLERS: dict[type, Any] = {
    events.Newchannel: Floor._newchannel,
    events.ChannelChanged: Floor._changed,
    events.Rename: Floor._rename,
    events.HangupRequest: Floor._hangup_request,
    events.Hangup: Floor._hangup,
    events.DialBegin: lambda floor, event: floor.dialing.begin(event),
    events.DialEnd: lambda floor, event: floor.dialing.end(event),
    events.BridgeEnter: Floor._bridge_enter,
    events.BridgeLeave: Floor._bridge_leave,
    events.LocalBridge: Floor._local_bridge,
    events.QueueCallerJoin: Floor._join,
    events.QueueCallerLeave: Floor._leave,
    events.QueueCallerAbandon: Floor._abandon,
    events.QueueResult: Floor._queue_result,
    events.KeyTold: Floor._key_told,
    events.HeardTold: Floor._heard_told,
    events.ListenTold: lambda floor, event: floor.listening.mode(event),
    events.Spied: lambda floor, event: floor.listening.spied(event),
    events.CallbackTold: Floor._callback_told,
    events.AgentCalled: Floor._agent_called,
    events.AgentConnect: Floor._agent_connect,
    events.AgentComplete: Floor._agent_complete,
    events.AgentRingNoAnswer: Floor._ring_no_answer,
    events.AgentDump: Floor._dump,
    events.QueueMember: Floor._member,
    events.Shutdown: Floor._shutdown,
    events.BlindTransfer: lambda floor, event: floor.transfers.blind(event),
    events.AttendedTransfer: lambda floor, event: floor.transfers.attended(event),
    events.Hold: Floor._hold,
    events.Unhold: Floor._unhold,
    events.Pickup: Floor._pickup,
    events.OriginateResponse: lambda floor, event: floor.dialing.originate_response(event),
}

"""One caller's stay in one queue: entering, being offered to agents, and how it ended.

In: Queue* and Agent* events, and the ends of legs that ring for a queue. Out: CallQueued, AgentRang, RingEnded,
AgentAnswered, AgentFinished, CallLeftQueue. Must not know: bridges.

What Asterisk does (traces answered-agent-ends, abandoned-ringing, timeout-overflow, exit-by-key, queue-empty-leave):
QueueCallerLeave comes for every end of the waiting, also on the way to an agent. QueueCallerAbandon comes before it
for a caller who hung up and for time-out, empty queue and withdrawal alike; the variable QUEUESTATUS, set right after,
tells which. So a visit is settled by the first evidence: AgentConnect, QUEUESTATUS, what the channel does next, or its
hang-up.
"""

from __future__ import annotations

from typing import Final

from callserver import facts
from callserver.ami import events
from callserver.calls.scene import Chan, LiveCall, LiveVisit, Scene
from callserver.facts import Instant, LegId, Outcome, RingResult

_STATUS: Final[dict[str, Outcome]] = {
    "TIMEOUT": "timed_out",
    "FULL": "queue_full",
    "JOINEMPTY": "queue_empty",
    "JOINUNAVAIL": "queue_empty",
    "LEAVEEMPTY": "queue_empty",
    "LEAVEUNAVAIL": "queue_empty",
    "WITHDRAW": "withdrawn",
}
_RING: Final[dict[str, RingResult]] = {
    "ANSWER": "answered",
    "NOANSWER": "no_answer",
    "BUSY": "rejected",
    "CONGESTION": "rejected",
    "CHANUNAVAIL": "rejected",
    "CANCEL": "canceled",
    "ABORT": "canceled",
}
_COMPLETED: Final = {"caller": "caller", "agent": "agent", "transfer": "transfer"}
_WAITS: Final = frozenset({"waiting", "offered", "leaving"})
_REFUSALS: Final = frozenset({17, 21})  # Q.850: user busy, call rejected


class Queueing:
    """The queue visits of one scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    # --- finding -----------------------------------------------------------------------------------------------------

    def waiting(self, chan: Chan) -> LiveVisit | None:
        """The visit in which this very channel waits."""
        for known in reversed(chan.call.visits):
            if known.visit.leg == chan.leg and known.state in _WAITS:
                return known
        return None

    def offered(self, chan: Chan) -> LiveVisit | None:
        """The visit for which this leg rings."""
        for known in reversed(chan.call.visits):
            if chan.leg in known.offers:
                return known
        return None

    # --- entering ----------------------------------------------------------------------------------------------------

    def join(self, chan: Chan, queue: str, position: int | None, at: Instant | None) -> LiveVisit:
        """The channel waits in `queue`; an earlier visit that is still open was left on the way here."""
        known = self.waiting(chan)
        if known is not None and known.visit.queue == queue and known.state != "leaving":
            return known  # told twice: the snapshot was faster than the event
        self.settle(chan, at)
        call = chan.call
        self._scene.tell(
            facts.CallQueued(
                pbx=self._scene.pbx,
                at=at,
                call=call.id,
                visit=len(call.visits),
                queue=queue,
                position=position,
                leg=chan.leg,
            )
        )
        visit = LiveVisit(call.record.visits[-1])
        call.visits.append(visit)
        self._scene.move_call(call, "queue")
        return visit

    # --- ringing -----------------------------------------------------------------------------------------------------

    def offer(
        self, chan: Chan, dest: Chan, interface: str, agent: str | None, queue: str, at: Instant | None
    ) -> None:
        """The queue rings one agent's leg for the caller on `chan`."""
        visit = self.waiting(chan)
        if visit is None:
            self._scene.surprises += 1
            visit = self.join(chan, queue, None, None)
        if dest.leg in visit.offers or any(ring.leg == dest.leg for ring in visit.visit.rings):
            return
        visit.offers[dest.leg] = interface
        self._scene.move_visit(visit, "offer")
        self._scene.tell(
            facts.AgentRang(
                pbx=self._scene.pbx,
                at=at,
                call=chan.call.id,
                visit=chan.call.number_of(visit),
                queue=visit.visit.queue,
                interface=interface,
                agent=agent,
                leg=dest.leg,
            )
        )

    def ring_status(self, dest: Chan, status: str, at: Instant | None) -> bool:
        """DialEnd of a leg; True where that leg rang for a queue."""
        visit = self.offered(dest)
        if visit is None:
            return any(ring.leg == dest.leg for known in dest.call.visits for ring in known.visit.rings)
        result = _RING.get(status, "unknown")
        if result == "no_answer" and dest.cause in _REFUSALS:
            result = "rejected"  # app_queue says NOANSWER for a phone that refused (trace agent-rejects)
        if result == "answered":
            visit.taken_by = dest.leg
        self._ring_over(dest.call, visit, dest.leg, result, None, at)
        return True

    def rang_out(self, call: LiveCall, leg: LegId, ring_ms: int | None, at: Instant | None) -> None:
        """AgentRingNoAnswer: also sent for busy and for a leg that hung up."""
        ring_s = None if ring_ms is None else ring_ms / 1000
        for visit in reversed(call.visits):
            ring = next((ring for ring in visit.visit.rings if ring.leg == leg), None)
            if ring is None:
                continue
            result: RingResult = (
                "no_answer" if ring.result in (None, "canceled", "unknown") else _known(ring.result)
            )
            self._ring_over(call, visit, leg, result, ring_s, at)
            return

    def leg_gone(self, chan: Chan, cause: int | None, at: Instant | None) -> None:
        """A leg hung up while it still rang for a queue: no DialEnd told its result."""
        visit = self.offered(chan)
        if visit is not None:
            result: RingResult = (
                "unknown" if cause is None else "rejected" if cause in _REFUSALS else "canceled"
            )
            self._ring_over(chan.call, visit, chan.leg, result, None, at)

    def _ring_over(
        self,
        call: LiveCall,
        visit: LiveVisit,
        leg: LegId,
        result: RingResult,
        ring_s: float | None,
        at: Instant | None,
    ) -> None:
        visit.offers.pop(leg, None)
        self._scene.tell(
            facts.RingEnded(
                pbx=self._scene.pbx,
                at=at,
                call=call.id,
                visit=call.number_of(visit),
                leg=leg,
                result=result,
                ring_s=ring_s,
            )
        )
        if not visit.offers and visit.taken_by is None and visit.state == "offered":
            self._scene.move_visit(visit, "decline")

    # --- leaving -----------------------------------------------------------------------------------------------------

    def abandon(self, chan: Chan, hold_s: int | None, at: Instant | None) -> None:
        """QueueCallerAbandon: the caller gave up, or time-out, empty queue, withdrawal."""
        visit = self.waiting(chan)
        if visit is None:
            self._scene.surprises += 1
            return
        visit.gave_up = True
        visit.hung_up = chan.hang_up_wanted or chan.hang_up_asked or self._scene.stopping
        visit.hold_s = hold_s
        visit.left_at = visit.left_at or at

    def leave(self, chan: Chan, at: Instant | None) -> None:
        """QueueCallerLeave: waits no longer; why is still to come."""
        visit = self.waiting(chan)
        if visit is None:
            return
        visit.left_at = visit.left_at or at
        self._scene.move_visit(visit, "leave")

    def status(self, chan: Chan, status: str, at: Instant | None) -> None:
        """QUEUESTATUS: why the Queue application went on."""
        self._scene.tells_queue_status = True
        end = _STATUS.get(status)
        visit = self.waiting(chan)
        if visit is not None and end is not None:
            self.end(chan.call, visit, end, at)
        elif visit is None and end in ("queue_full", "queue_empty"):
            self._scene.tell(
                facts.QueueRefused(pbx=self._scene.pbx, at=at, call=chan.call.id, queue="", end=end)
            )

    def settle(self, chan: Chan, at: Instant | None) -> None:
        """The channel does something else now, so a visit that it left without a reason has ended: say how."""
        visit = self.waiting(chan)
        if visit is None or visit.taken_by is not None:
            return
        self.end(chan.call, visit, self._gave_up(visit) if visit.gave_up else "left_by_key", at)

    def _gave_up(self, visit: LiveVisit) -> Outcome:
        """QueueCallerAbandon was sent and no QUEUESTATUS."""
        known = visit.hung_up or self._scene.tells_queue_status
        return "abandoned" if known or _cut_short(visit) else "timed_out"

    def hung_up(self, chan: Chan, at: Instant | None, *, unseen: bool) -> None:
        """The waiting channel is gone."""
        visit = self.waiting(chan)
        if visit is None:
            return
        if unseen:
            self.end(chan.call, visit, "unknown", at)
        elif visit.gave_up:
            self.end(chan.call, visit, self._gave_up(visit), at)
        elif visit.state == "leaving" and visit.taken_by is None and not chan.hang_up_wanted:
            self.end(chan.call, visit, "left_by_key", at)
        else:
            self.end(chan.call, visit, "abandoned", at)

    def gave_place(self, chan: Chan, event: events.CallbackTold) -> None:
        """They are to be called back: the visit that they left by a key is over, and neither answered nor abandoned.

        It may have been told as `left_by_key`: saying a number takes longer than a visit waits for its reason.
        """
        call = chan.call
        here = [one for one in call.visits if one.visit.queue == event.queue and one.visit.leg == chan.leg]
        visit = here[-1] if here else self.join(chan, event.queue, None, event.joined_at)
        if visit.state in _WAITS:
            self.end(call, visit, "callback", event.at)
        self._scene.tell(
            facts.CallbackAsked(
                pbx=self._scene.pbx,
                at=event.at,
                call=call.id,
                visit=call.number_of(visit),
                queue=event.queue,
                number=event.number,
                joined_at=event.joined_at if event.joined_at is not None else visit.visit.entered_at,
            )
        )

    def end(self, call: LiveCall, visit: LiveVisit, end: Outcome, at: Instant | None) -> None:
        """The visit is over without an agent."""
        for leg in list(visit.offers):
            self._ring_over(call, visit, leg, "canceled", None, at)
        self._scene.move_visit(visit, "end")
        self._scene.tell(
            facts.CallLeftQueue(
                pbx=self._scene.pbx,
                at=visit.left_at or at,
                call=call.id,
                visit=call.number_of(visit),
                end=end,
                wait_s=visit.hold_s,
            )
        )
        if call.state == "waiting":
            self._scene.move_call(call, "leave queue")

    # --- talking -----------------------------------------------------------------------------------------------------

    def connect(
        self,
        chan: Chan,
        queue: str,
        interface: str,
        agent: str | None,
        leg: LegId | None,
        hold_s: int | None,
        ring_s: int | None,
        at: Instant | None,
    ) -> None:
        """Agent and caller are joined; other agents' legs still ringing have lost."""
        visit = self.waiting(chan)
        if visit is None:
            visit = self.join(chan, queue, None, None)
        call = chan.call
        number = call.number_of(visit)
        if leg is not None and (leg in visit.offers or any(ring.leg == leg for ring in visit.visit.rings)):
            rang = next((ring.ring_s for ring in visit.visit.rings if ring.leg == leg), None)
            if leg in visit.offers or rang is None:
                self._ring_over(call, visit, leg, "answered", ring_s, at)
        self._scene.move_visit(visit, "connect")
        told = {"pbx": self._scene.pbx, "at": at, "call": call.id, "visit": number}
        self._scene.tell(
            facts.AgentAnswered(
                **told,  # type: ignore[arg-type]
                queue=visit.visit.queue,
                interface=interface,
                agent=agent,
                leg=leg,
                wait_s=hold_s,
            )
        )
        self._scene.tell(facts.CallLeftQueue(**told, end="answered", wait_s=hold_s))  # type: ignore[arg-type]
        if call.state == "waiting":
            self._scene.move_call(call, "talk")

    def complete(self, call: LiveCall, event: events.AgentComplete) -> None:
        """AgentComplete; it may come after the last hang-up, and after a transfer."""
        visit = _uncompleted(call, event)
        if visit is None:
            self._scene.surprises += 1
            return
        self._scene.move_visit(visit, "complete")
        self._scene.tell(
            facts.AgentFinished(
                pbx=self._scene.pbx,
                at=event.at,
                call=call.id,
                visit=call.number_of(visit),
                talk_s=event.talk_s,
                by=_COMPLETED.get(event.reason, "unknown"),  # type: ignore[arg-type]
            )
        )

    def completing(self, event: events.AgentComplete) -> LiveCall | None:
        """The call of an AgentComplete that names no channel: Asterisk 16 sends it so when it is late and both are gone
        (seen in 2 of 68 recordings). The newest talk of that agent in that queue that is over and was not told of.
        """
        calls = [*self._scene.over.values(), *self._scene.calls.values()]
        return next((call for call in reversed(calls) if self._completes(call, event)), None)

    def _completes(self, call: LiveCall, event: events.AgentComplete) -> bool:
        visit = _uncompleted(call, event)
        if visit is None or visit.visit.agent_leg is None:
            return False
        leg = self._scene.chans.get(visit.visit.agent_leg)
        return leg is None or leg.bridge is None

    def dumped(self, chan: Chan) -> None:
        """The agent hung up during the announcement: the caller waits again, or has gone."""
        visit = self.waiting(chan)
        if visit is not None:
            visit.taken_by = None


def _uncompleted(call: LiveCall, event: events.AgentComplete) -> LiveVisit | None:
    """The last visit of this call that this agent took in this queue and whose end was not told yet."""
    for known in reversed(call.visits):
        visit = known.visit
        agent = visit.agent
        if visit.end != "answered" or visit.completed_by is not None or agent is None:
            continue
        if visit.queue == event.queue and agent["interface"] == event.interface:
            return known
    return None


def _cut_short(visit: LiveVisit) -> bool:
    """The phones that rang last were told to stop. A queue that times out lets them ring out (NOANSWER); only a caller
    who is gone cancels them. Who was hung up or redirected from here sent no HangupRequest, so nothing else shows it
    (trace stranger-ringing-redirected).
    """
    rings = visit.visit.rings
    return bool(visit.offers) or (bool(rings) and rings[-1].result == "canceled")


def _known(result: str) -> RingResult:
    return result  # type: ignore[return-value]

"""One call's facts folded into its record.

In: facts of one call, in order. Out: the record, changed. Must not know: the switch, the store. Folding is the only way
in which a record comes to be, so it can always be made again from its facts.
"""

from __future__ import annotations

from typing import Any

from callserver import facts
from callserver.calls.record import Leg, Record, Ring, Talk, Visit
from callserver.facts import Instant, LegId, iso, seconds

_NO_TALK_MS = 50  # bridges being merged join people for a moment that nobody hears (trace three-way)
_SAME_TALK_MS = (
    1000  # Local optimisation moves a channel between bridges: the same people, milliseconds later
)


def fold(record: Record, fact: facts.CallFact) -> None:
    """Fold one fact of this call; CallsMerged and corrections are the book's work."""
    change = _FOLDS.get(type(fact))
    if change is not None:
        change(record, fact)


def _started(record: Record, fact: facts.CallStarted) -> None:
    record.started_at = fact.at
    record.direction = fact.direction
    record.caller_number = fact.caller_number
    record.caller_name = fact.caller_name
    record.dialed = fact.dialed
    record.gap = record.gap or fact.gap


def _described(record: Record, fact: facts.CallDescribed) -> None:
    record.direction = fact.direction or record.direction
    record.caller_number = fact.caller_number or record.caller_number
    record.caller_name = fact.caller_name or record.caller_name
    record.dialed = fact.dialed or record.dialed
    record.shift = record.shift or fact.shift
    if fact.withheld:
        record.caller_number = record.caller_name = None
        for leg in record.legs.values():
            leg.number = None if leg.caller else leg.number


def _leg_started(record: Record, fact: facts.LegStarted) -> None:
    known = record.legs.get(fact.leg)
    if known is None:
        record.legs[fact.leg] = Leg(
            fact.leg, fact.channel, fact.interface, fact.number, fact.caller, started_at=fact.at
        )
    else:  # renamed: a masquerade put another device behind the same id
        known.channel, known.interface = fact.channel, fact.interface
        known.number = fact.number or known.number


def _leg_answered(record: Record, fact: facts.LegAnswered) -> None:
    leg = record.legs.get(fact.leg)
    if leg is not None and not leg.up:
        leg.up = True
        leg.answered_at = fact.at


def _leg_ended(record: Record, fact: facts.LegEnded) -> None:
    leg = record.legs.get(fact.leg)
    if leg is not None:
        leg.over = True
        leg.ended_at = fact.at
        leg.cause = fact.cause
    _unhold(record, fact.leg, fact.at)


def _dial_failed(record: Record, fact: facts.DialFailed) -> None:
    record.dial_result = fact.result


def _queued(record: Record, fact: facts.CallQueued) -> None:
    record.visits.append(Visit(fact.queue, fact.leg, fact.at, fact.position))


def _refused(record: Record, fact: facts.QueueRefused) -> None:
    record.refused = fact.end


def _rang(record: Record, fact: facts.AgentRang) -> None:
    visit = record.visit(fact.visit)
    if visit is not None:
        visit.rings.append(Ring(fact.leg, fact.interface, fact.agent, fact.at))


def _ring_ended(record: Record, fact: facts.RingEnded) -> None:
    visit = record.visit(fact.visit)
    ring = next((ring for ring in visit.rings if ring.leg == fact.leg), None) if visit else None
    if ring is None:
        return
    ring.result = fact.result
    if ring.ring_s is None:
        measured = seconds(ring.at, fact.at)
        ring.ring_s = fact.ring_s if measured is None else measured


def _agent_answered(record: Record, fact: facts.AgentAnswered) -> None:
    visit = record.visit(fact.visit)
    if visit is None:
        return
    visit.agent = {"interface": fact.interface, "name": fact.agent}
    visit.agent_leg = fact.leg
    visit.end = "answered"
    visit.left_at = fact.at
    _wait(visit, fact.wait_s)
    record.answer(True, fact.at)


def _wait(visit: Visit, said: float | None) -> None:
    measured = seconds(visit.entered_at, visit.left_at)
    visit.wait_s = said if measured is None else measured


def _agent_finished(record: Record, fact: facts.AgentFinished) -> None:
    visit = record.visit(fact.visit)
    if visit is None:
        return
    visit.completed_by = fact.by
    measured = seconds(visit.left_at, fact.at)
    visit.talk_s = fact.talk_s if measured is None else measured


def _left_queue(record: Record, fact: facts.CallLeftQueue) -> None:
    visit = record.visit(fact.visit)
    if visit is None or visit.end == "answered":
        return
    visit.end = fact.end
    visit.left_at = fact.at
    _wait(visit, fact.wait_s)


def _callback_asked(record: Record, fact: facts.CallbackAsked) -> None:
    """The place is that of the first visit to this queue: who did not confirm at once waited on."""
    visit = record.visit(fact.visit)
    if visit is not None and visit.end != "answered":
        visit.end = "callback"
        visit.left_at = visit.left_at or fact.at
    record.callback = {
        "queue": fact.queue,
        "number": fact.number,
        "joined_at": iso(fact.joined_at),
        "at": iso(fact.at),
    }


def _key_pressed(record: Record, fact: facts.KeyPressed) -> None:
    record.keys.append({"menu": fact.menu, "key": fact.key, "at": iso(fact.at)})


def _heard_as(record: Record, fact: facts.HeardAs) -> None:
    if fact.what not in record.heard:
        record.heard.append(fact.what)


def _talk_started(record: Record, fact: facts.TalkStarted) -> None:
    last = next((talk for talk in reversed(record.talks) if set(talk.legs) == set(fact.legs)), None)
    record.answer(True, fact.at)
    if last is not None and last.over and (seconds(last.ended, fact.at) or 0) * 1000 <= _SAME_TALK_MS:
        last.over, last.ended = False, None
        return
    if last is None or last.over:
        record.talks.append(Talk(fact.legs, fact.at))


def _talk_ended(record: Record, fact: facts.TalkEnded) -> None:
    for talk in reversed(record.talks):
        if not talk.over and set(talk.legs) == set(fact.legs):
            talk.over, talk.ended = True, fact.at
            if talk.begun is not None and fact.at is not None and fact.at - talk.begun < _NO_TALK_MS:
                record.talks.remove(talk)
            return


def _held(record: Record, fact: facts.LegHeld) -> None:
    record.held.setdefault(fact.leg, fact.at)


def _resumed(record: Record, fact: facts.LegResumed) -> None:
    _unhold(record, fact.leg, fact.at)


def _unhold(record: Record, leg: LegId, at: Instant | None) -> None:
    if leg in record.held:
        record.held_ms += round((seconds(record.held.pop(leg), at) or 0) * 1000)


def _transferred(record: Record, fact: facts.CallTransferred) -> None:
    record.transfers.append({"kind": fact.transfer, "by": fact.by, "to": fact.to, "at": iso(fact.at)})


def _ended(record: Record, fact: facts.CallEnded) -> None:
    record.open = False
    record.ended_at = fact.at
    record.outcome = fact.outcome
    if fact.outcome == "answered" and not record.answered:  # by a recording: nobody of ours talked
        record.answer(True, next((leg.answered_at for leg in record.legs.values() if leg.up), None))
    for one in record.listeners:  # ended unseen
        _stop_listening(record, one["leg"], fact.at)
    for visit in record.visits:
        if visit.end == "answered" and visit.talk_s is None:
            visit.talk_s = _talked(record, visit)


def _talked(record: Record, visit: Visit) -> float | None:
    """No AgentComplete was seen: the visit's talk ended with the agent's leg, or with the call."""
    leg = record.legs.get(visit.agent_leg) if visit.agent_leg else None
    until = leg.ended_at if leg is not None and leg.ended_at is not None else record.ended_at
    return seconds(visit.left_at, until)


def _listen_started(record: Record, fact: facts.ListenStarted) -> None:
    _stop_listening(record, fact.by_leg, fact.at)
    told = {"interface": fact.by, "leg": fact.by_leg, "heard": fact.leg, "mode": fact.mode}
    record.listeners.append({**told, "from": iso(fact.at), "to": None, "over": False})


def _listen_ended(record: Record, fact: facts.ListenEnded) -> None:
    _stop_listening(record, fact.by_leg, fact.at)


def _stop_listening(record: Record, by_leg: LegId, at: Instant | None) -> None:
    for one in record.listeners:
        if one["leg"] == by_leg and not one["over"]:
            one["over"], one["to"] = True, iso(at)


_FOLDS: dict[type, Any] = {
    facts.CallStarted: _started,
    facts.CallDescribed: _described,
    facts.LegStarted: _leg_started,
    facts.LegAnswered: _leg_answered,
    facts.LegEnded: _leg_ended,
    facts.DialFailed: _dial_failed,
    facts.CallQueued: _queued,
    facts.QueueRefused: _refused,
    facts.AgentRang: _rang,
    facts.RingEnded: _ring_ended,
    facts.AgentAnswered: _agent_answered,
    facts.AgentFinished: _agent_finished,
    facts.CallLeftQueue: _left_queue,
    facts.TalkStarted: _talk_started,
    facts.TalkEnded: _talk_ended,
    facts.LegHeld: _held,
    facts.LegResumed: _resumed,
    facts.CallTransferred: _transferred,
    facts.CallbackAsked: _callback_asked,
    facts.KeyPressed: _key_pressed,
    facts.HeardAs: _heard_as,
    facts.ListenStarted: _listen_started,
    facts.ListenEnded: _listen_ended,
    facts.CallEnded: _ended,
}

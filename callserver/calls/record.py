"""One call's record: what facts add up to, and its JSON.

In: facts of one call, in order. Out: the call as JSON, the same for `replay`, `tail`, the store and the API. Must not
know: the switch, channels' present state, the store. Folding is the only way a record comes to be, so a record can
always be made again from its facts. The record is this room's own working copy and so is not frozen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from callserver import facts
from callserver.facts import CallId, Instant, LegId, instant, iso, seconds

_SAME_TALK_MS = (
    1000  # Local optimisation moves a channel between bridges: the same people, milliseconds later
)


@dataclass(slots=True)
class Leg:
    leg: LegId
    channel: str
    interface: str
    number: str | None = None
    caller: bool = False
    started_at: Instant | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    cause: int | None = None
    up: bool = False
    over: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "leg": self.leg,
            "channel": self.channel,
            "interface": self.interface,
            "number": self.number,
            "caller": self.caller,
            "up": self.up,
            "over": self.over,
            "started_at": iso(self.started_at),
            "answered_at": iso(self.answered_at),
            "ended_at": iso(self.ended_at),
            "cause": self.cause,
        }


@dataclass(slots=True)
class Ring:
    leg: LegId | None
    interface: str
    name: str | None
    at: Instant | None
    ring_s: float | None = None
    result: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "interface": self.interface,
            "name": self.name,
            "at": iso(self.at),
            "ring_s": self.ring_s,
            "result": self.result,
            "leg": self.leg,
        }


@dataclass(slots=True)
class Visit:
    queue: str
    leg: LegId | None
    entered_at: Instant | None
    position: int | None = None
    left_at: Instant | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    end: str | None = None
    agent: dict[str, Any] | None = None
    agent_leg: LegId | None = None
    completed_by: str | None = None
    rings: list[Ring] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "queue": self.queue,
            "entered_at": iso(self.entered_at),
            "left_at": iso(self.left_at),
            "wait_s": self.wait_s,
            "talk_s": self.talk_s,
            "end": self.end,
            "agent": self.agent,
            "rings": [ring.to_json() for ring in self.rings],
            "position": self.position,
            "completed_by": self.completed_by,
            "leg": self.leg,
            "agent_leg": self.agent_leg,
        }


@dataclass(slots=True)
class Talk:
    legs: tuple[LegId, ...]
    begun: Instant | None
    ended: Instant | None = None
    over: bool = False


@dataclass(slots=True)
class Record:
    """The whole call. `open` until CallEnded; `answered`: somebody talked with somebody."""

    id: CallId
    pbx: str
    direction: str = "inbound"
    caller_number: str | None = None
    caller_name: str | None = None
    dialed: str | None = None
    started_at: Instant | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    answered: bool = False
    outcome: str = "unknown"
    open: bool = True
    visits: list[Visit] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    transfers: list[dict[str, Any]] = field(default_factory=list)
    legs: dict[LegId, Leg] = field(default_factory=dict)
    held: dict[LegId, Instant | None] = field(default_factory=dict)
    held_ms: int = 0
    refused: str | None = None  # the last queue that would not take the caller: queue_full or queue_empty
    dial_result: str | None = None  # how the last direct dial that failed ended
    sources: list[str] = field(default_factory=lambda: ["ami"])
    gap: bool = False

    def apply(self, fact: facts.CallFact) -> None:
        """Fold one fact of this call; CallsMerged and corrections are the book's work."""
        fold = _FOLDS.get(type(fact))
        if fold is not None:
            fold(self, fact)

    def visit(self, number: int) -> Visit | None:
        return self.visits[number] if 0 <= number < len(self.visits) else None

    def absorb(self, other: Record) -> None:
        """Take over everything of a call that turned out to be part of this one."""
        self.visits += other.visits
        self.talks = sorted(self.talks + other.talks, key=lambda talk: talk.begun or 0)
        self.transfers += other.transfers
        self.legs |= other.legs
        self.held |= other.held
        self.held_ms += other.held_ms
        self.gap = self.gap or other.gap
        self.refused = other.refused or self.refused
        self._answer(other.answered, other.answered_at)

    def _answer(self, answered: bool, at: Instant | None) -> None:
        if not answered:
            return
        if not self.answered or (at is not None and (self.answered_at is None or at < self.answered_at)):
            self.answered_at = at
        self.answered = True
        self.outcome = "answered"

    def to_json(self) -> dict[str, Any]:
        """The call in the words of the API; instants as ISO 8601 UTC with milliseconds, durations in seconds."""
        return {
            "id": self.id,
            "pbx": self.pbx,
            "direction": self.direction,
            "caller_number": self.caller_number,
            "caller_name": self.caller_name,
            "dialed": self.dialed,
            "started_at": iso(self.started_at),
            "answered_at": iso(self.answered_at),
            "ended_at": iso(self.ended_at),
            "outcome": self.outcome,
            "queue_visits": [visit.to_json() for visit in self.visits],
            "talks": [self._talk_json(talk) for talk in self.talks],
            "transfers": list(self.transfers),
            "held_s": self.held_ms / 1000,
            "sources": list(self.sources),
            "gap": self.gap,
            "open": self.open,
            "answered": self.answered,
            "legs": [leg.to_json() for leg in self.legs.values()],
            "held": {leg: iso(at) for leg, at in self.held.items()},
            "refused": self.refused,
            "dial_result": self.dial_result,
        }

    def _talk_json(self, talk: Talk) -> dict[str, Any]:
        who, *others = [self._party(leg) for leg in talk.legs]
        return {"who": who, "with": others, "from": iso(talk.begun), "to": iso(talk.ended), "over": talk.over}

    def _party(self, leg: LegId) -> dict[str, Any]:
        known = self.legs.get(leg)
        return {
            "leg": leg,
            "interface": known.interface if known else None,
            "number": known.number if known else None,
        }

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Record:
        """The inverse of `to_json`, for going on after a restart; missing extras get their defaults."""
        record = cls(id=CallId(body["id"]), pbx=body["pbx"])
        for plain in (
            "direction",
            "caller_number",
            "caller_name",
            "dialed",
            "outcome",
            "gap",
            "refused",
            "dial_result",
        ):
            setattr(record, plain, body.get(plain, getattr(record, plain)))
        for moment in ("started_at", "answered_at", "ended_at"):
            setattr(record, moment, instant(body.get(moment)))
        record.open = body.get("open", body.get("ended_at") is None)
        record.answered = body.get("answered", body["outcome"] == "answered")
        record.held_ms = round((body.get("held_s") or 0) * 1000)
        record.held = {LegId(leg): instant(at) for leg, at in body.get("held", {}).items()}
        record.sources = list(body.get("sources", ["ami"]))
        record.transfers = list(body.get("transfers", ()))
        record.visits = [_visit_from(visit) for visit in body.get("queue_visits", ())]
        record.legs = {LegId(leg["leg"]): _leg_from(leg) for leg in body.get("legs", ())}
        record.talks = [_talk_from(talk) for talk in body.get("talks", ())]
        return record


def _leg_from(body: dict[str, Any]) -> Leg:
    return Leg(
        leg=LegId(body["leg"]),
        channel=body.get("channel") or "",
        interface=body.get("interface") or "",
        number=body.get("number"),
        caller=bool(body.get("caller")),
        started_at=instant(body.get("started_at")),
        answered_at=instant(body.get("answered_at")),
        ended_at=instant(body.get("ended_at")),
        cause=body.get("cause"),
        up=bool(body.get("up")),
        over=bool(body.get("over")),
    )


def _visit_from(body: dict[str, Any]) -> Visit:
    return Visit(
        queue=body["queue"],
        leg=body.get("leg"),
        entered_at=instant(body.get("entered_at")),
        position=body.get("position"),
        left_at=instant(body.get("left_at")),
        wait_s=body.get("wait_s"),
        talk_s=body.get("talk_s"),
        end=body.get("end"),
        agent=body.get("agent"),
        agent_leg=body.get("agent_leg"),
        completed_by=body.get("completed_by"),
        rings=[_ring_from(ring) for ring in body.get("rings", ())],
    )


def _ring_from(body: dict[str, Any]) -> Ring:
    return Ring(
        body.get("leg"),
        body["interface"],
        body.get("name"),
        instant(body.get("at")),
        body.get("ring_s"),
        body.get("result"),
    )


def _talk_from(body: dict[str, Any]) -> Talk:
    parties = [body["who"], *body["with"]]
    legs = tuple(LegId(party["leg"]) for party in parties if party.get("leg"))
    ended = instant(body.get("to"))
    return Talk(legs, instant(body.get("from")), ended, body.get("over", ended is not None))


# --- one fold a fact -------------------------------------------------------------------------------------------------


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
    record._answer(True, fact.at)


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


def _talk_started(record: Record, fact: facts.TalkStarted) -> None:
    last = next((talk for talk in reversed(record.talks) if set(talk.legs) == set(fact.legs)), None)
    record._answer(True, fact.at)
    if last is not None and last.over and (seconds(last.ended, fact.at) or 0) * 1000 <= _SAME_TALK_MS:
        last.over, last.ended = False, None
        return
    if last is None or last.over:
        record.talks.append(Talk(fact.legs, fact.at))


def _talk_ended(record: Record, fact: facts.TalkEnded) -> None:
    for talk in reversed(record.talks):
        if not talk.over and set(talk.legs) == set(fact.legs):
            talk.over, talk.ended = True, fact.at
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
    for visit in record.visits:
        if visit.end == "answered" and visit.talk_s is None:
            visit.talk_s = _talked(record, visit)


def _talked(record: Record, visit: Visit) -> float | None:
    """No AgentComplete was seen: the visit's talk ended with the agent's leg, or with the call."""
    leg = record.legs.get(visit.agent_leg) if visit.agent_leg else None
    until = leg.ended_at if leg is not None and leg.ended_at is not None else record.ended_at
    return seconds(visit.left_at, until)


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
    facts.CallEnded: _ended,
}

"""A call that goes on, as far as a screen shows it.

In: facts, or a record as the store keeps it (the API's JSON). Out: `LiveCall`, changed in place. Must not know: how
facts come to be, who looks. Begun from a stored record it is the same as begun from the facts that made that record.

Why not the floor's own records: this room may not know `calls`, so that a node that owns no switch can show floors from
facts alone; and a screen needs a tenth of a record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from callserver import facts
from callserver.facts import CallId, Instant, LegId, instant, iso, seconds

IDLE = 2  # ticks of a second after which nobody will say any more why a phone stopped ringing


@dataclass(slots=True)
class Party:
    """One channel. `queued`: it began while the caller waited in a queue, so it is the queue that rings it."""

    leg: LegId
    interface: str
    caller: bool
    since: Instant | None
    up_at: Instant | None = None
    up: bool = False
    over: bool = False
    held: bool = False
    first: bool = False
    queued: bool = False
    refused: bool = False  # busy or failed: this phone will not be rung on
    idle: int = 0  # it stopped ringing, and so many ticks later nobody has said why

    @property
    def local(self) -> bool:
        """A half of a Local channel: plumbing, nobody's ear."""
        return self.interface.startswith("Local/")

    @property
    def live(self) -> bool:
        return not self.over and not self.local


@dataclass(slots=True)
class Offer:
    """One ringing of one agent. `result` None: it rings."""

    leg: LegId | None
    interface: str
    agent: str | None
    at: Instant | None
    result: str | None = None
    ended_at: Instant | None = None
    idle: int = 0


@dataclass(slots=True)
class Stay:
    """One stay in one queue. `end` None: the caller waits."""

    queue: str
    leg: LegId | None
    since: Instant | None
    offers: list[Offer] = field(default_factory=list)
    end: str | None = None
    left_at: Instant | None = None
    waited_s: float | None = None
    interface: str | None = None  # whose it became
    agent: str | None = None
    agent_leg: LegId | None = None
    done: bool = False  # the queue said that the talk is over

    @property
    def waits(self) -> bool:
        return self.end is None

    def leave(self, end: str, at: Instant | None, said_s: float | None) -> None:
        """The waiting is over. The switch tells whole seconds; instants know better where there are any."""
        if self.end == "answered":
            return
        self.end, self.left_at = end, at
        measured = seconds(self.since, at)
        self.waited_s = said_s if measured is None else measured

    def to_json(self) -> dict[str, Any]:
        return {"queue": self.queue, "waited_s": self.waited_s, "end": self.end}


@dataclass(slots=True)
class LiveCall:
    """The call. `open` until its last channel is gone."""

    id: CallId
    pbx: str
    direction: str = "inbound"
    caller_number: str | None = None
    caller_name: str | None = None
    dialed: str | None = None
    started_at: Instant | None = None
    answered_at: Instant | None = None
    outcome: str | None = None
    open: bool = True
    shift: bool = False
    stays: list[Stay] = field(default_factory=list)
    parties: dict[LegId, Party] = field(default_factory=dict)
    talks: set[frozenset[LegId]] = field(default_factory=set)
    transfers: list[dict[str, Any]] = field(default_factory=list)
    learned: dict[str, Any] = field(default_factory=dict)  # what others know of it: caller, ticket, place ...

    @property
    def number(self) -> str | None:
        """The number of whoever is on the other side of the hotline."""
        return self.dialed if self.direction == "outbound" else self.caller_number

    @property
    def waiting(self) -> Stay | None:
        """The stay that goes on."""
        return next((stay for stay in reversed(self.stays) if stay.waits), None)

    def stay(self, number: int) -> Stay | None:
        return self.stays[number] if 0 <= number < len(self.stays) else None

    def rings(self) -> bool:
        """Whether somebody's phone rings for it."""
        stay = self.waiting
        if stay is not None:
            return any(offer.result is None for offer in stay.offers)
        return any(party.live and not party.up and not party.first for party in self.parties.values())

    @property
    def state(self) -> str:
        """arriving, queued, ringing, talking, held or ended."""
        if not self.open:
            return "ended"
        if self.waiting is not None:
            return "ringing" if self.rings() else "queued"
        if any(party.held for party in self.parties.values()):
            return "held"
        if self.talks:
            return "talking"
        return "ringing" if self.rings() else "arriving"

    @property
    def way(self) -> list[dict[str, Any]]:
        """Through which queues it came, who had it, to whom it was handed on; in order, as far as times are known."""
        stays = [
            (
                stay.since or 0,
                {"queue": stay.queue, "at": iso(stay.since), "end": stay.end, "to": stay.interface},
            )
            for stay in self.stays
        ]
        handed = [
            (
                instant(one.get("at")) or 0,
                {"queue": None, "at": one.get("at"), "end": None, "to": one.get("to")},
            )
            for one in self.transfers
        ]
        return [step for _, step in sorted(stays + handed, key=lambda one: one[0])]

    def answer(self, at: Instant | None) -> None:
        if self.answered_at is None or (at is not None and at < self.answered_at):
            self.answered_at = at

    def absorb(self, other: LiveCall) -> None:
        """The other call turned out to be part of this one."""
        self.stays += other.stays
        self.parties |= {leg: party for leg, party in other.parties.items() if leg not in self.parties}
        self.talks |= other.talks
        self.transfers += other.transfers
        self.learned = other.learned | self.learned
        if other.answered_at is not None:
            self.answer(other.answered_at)

    @classmethod
    def of(cls, record: dict[str, Any]) -> LiveCall:
        """The call that a stored record tells of."""
        call = cls(CallId(record["id"]), record["pbx"])
        call.direction = record.get("direction", "inbound")
        call.caller_number = record.get("caller_number")
        call.caller_name = record.get("caller_name")
        call.dialed = record.get("dialed")
        call.started_at = instant(record.get("started_at"))
        call.answered_at = instant(record.get("answered_at"))
        call.open = record.get("open", record.get("ended_at") is None)
        call.outcome = None if call.open else record.get("outcome")
        call.shift = bool(record.get("shift"))
        call.stays = [_stay(visit) for visit in record.get("queue_visits", ())]
        call.parties = {party.leg: party for party in map(_party, record.get("legs", ()))}
        call.transfers = [dict(transfer) for transfer in record.get("transfers", ())]
        call.talks = {_legs(talk) for talk in record.get("talks", ()) if not talk.get("over", talk.get("to"))}
        _bind(call, record)
        return call


def _bind(call: LiveCall, record: dict[str, Any]) -> None:
    for first in list(call.parties.values())[:1]:
        first.first = True
    for leg in record.get("held", {}):
        if (party := call.parties.get(leg)) is not None:
            party.held = True
    for party in call.parties.values():
        party.queued = not party.caller and any(_rung_for(stay, party) for stay in call.stays)


def _rung_for(stay: Stay, party: Party) -> bool:
    """Whether the leg began during this stay (legs have no other word for it once they are stored)."""
    if stay.since is None or party.since is None:
        return any(offer.leg == party.leg for offer in stay.offers)
    return stay.since <= party.since and (stay.left_at is None or party.since < stay.left_at)


def _legs(talk: dict[str, Any]) -> frozenset[LegId]:
    return frozenset(LegId(party["leg"]) for party in [talk["who"], *talk["with"]] if party.get("leg"))


def _party(body: dict[str, Any]) -> Party:
    return Party(
        LegId(body["leg"]),
        body.get("interface") or "",
        bool(body.get("caller")),
        instant(body.get("started_at")),
        up_at=instant(body.get("answered_at")),
        up=bool(body.get("up")),
        over=bool(body.get("over")),
        idle=IDLE if body.get("over") else 0,  # why a direct ring ended is not in the record
    )


def _stay(body: dict[str, Any]) -> Stay:
    agent = body.get("agent") or {}
    return Stay(
        body["queue"],
        body.get("leg"),
        instant(body.get("entered_at")),
        offers=[_offer(ring) for ring in body.get("rings", ())],
        end=body.get("end"),
        left_at=instant(body.get("left_at")),
        waited_s=body.get("wait_s"),
        interface=agent.get("interface"),
        agent=agent.get("name"),
        agent_leg=body.get("agent_leg"),
        done=body.get("completed_by") is not None,
    )


def _offer(body: dict[str, Any]) -> Offer:
    at, rang_s = instant(body.get("at")), body.get("ring_s")
    return Offer(
        body.get("leg"),
        body["interface"],
        body.get("name"),
        at,
        result=body.get("result"),
        ended_at=None if at is None or rang_s is None else at + round(rang_s * 1000),
    )


# --- facts -----------------------------------------------------------------------------------------------------------


def follow(call: LiveCall, fact: facts.Fact) -> None:
    """One fact of this call. CallsMerged and corrections are for whoever holds all calls."""
    step = _STEPS.get(type(fact))
    if step is not None:
        step(call, fact)


def _started(call: LiveCall, fact: facts.CallStarted) -> None:
    call.started_at = fact.at
    call.direction = fact.direction
    call.caller_number, call.caller_name, call.dialed = fact.caller_number, fact.caller_name, fact.dialed


def _described(call: LiveCall, fact: facts.CallDescribed) -> None:
    call.direction = fact.direction or call.direction
    call.caller_number = None if fact.withheld else fact.caller_number or call.caller_number
    call.caller_name = None if fact.withheld else fact.caller_name or call.caller_name
    call.dialed = fact.dialed or call.dialed
    call.shift = call.shift or fact.shift


def _leg_started(call: LiveCall, fact: facts.LegStarted) -> None:
    known = call.parties.get(fact.leg)
    if known is not None:
        known.interface = fact.interface
        return
    party = Party(fact.leg, fact.interface, fact.caller, fact.at, first=not call.parties)
    party.queued = not fact.caller and call.waiting is not None
    call.parties[fact.leg] = party


def _leg_answered(call: LiveCall, fact: facts.LegAnswered) -> None:
    party = call.parties.get(fact.leg)
    if party is not None and not party.up:
        party.up, party.up_at = True, fact.at


def _leg_ended(call: LiveCall, fact: facts.LegEnded) -> None:
    party = call.parties.get(fact.leg)
    if party is not None:
        party.over, party.held = True, False


def _dial_failed(call: LiveCall, fact: facts.DialFailed) -> None:
    party = call.parties.get(fact.leg)
    if party is not None:
        party.refused = fact.result != "no_answer"


def _queued(call: LiveCall, fact: facts.CallQueued) -> None:
    call.stays.append(Stay(fact.queue, fact.leg, fact.at))


def _rang(call: LiveCall, fact: facts.AgentRang) -> None:
    stay = call.stay(fact.visit)
    if stay is not None:
        stay.offers.append(Offer(fact.leg, fact.interface, fact.agent, fact.at))
    party = call.parties.get(fact.leg)
    if party is not None:
        party.queued = True


def _ring_ended(call: LiveCall, fact: facts.RingEnded) -> None:
    stay = call.stay(fact.visit)
    for offer in stay.offers if stay is not None else ():
        if offer.leg == fact.leg:
            offer.result, offer.ended_at = fact.result, fact.at
            return


def _agent_answered(call: LiveCall, fact: facts.AgentAnswered) -> None:
    stay = call.stay(fact.visit)
    if stay is None:
        return
    stay.leave("answered", fact.at, fact.wait_s)
    stay.interface, stay.agent, stay.agent_leg = fact.interface, fact.agent, fact.leg
    call.answer(fact.at)


def _agent_finished(call: LiveCall, fact: facts.AgentFinished) -> None:
    stay = call.stay(fact.visit)
    if stay is not None:
        stay.done = True


def _left_queue(call: LiveCall, fact: facts.CallLeftQueue) -> None:
    stay = call.stay(fact.visit)
    if stay is not None:
        stay.leave(fact.end, fact.at, fact.wait_s)


def _talk_started(call: LiveCall, fact: facts.TalkStarted) -> None:
    call.talks.add(frozenset(fact.legs))
    call.answer(fact.at)


def _talk_ended(call: LiveCall, fact: facts.TalkEnded) -> None:
    call.talks.discard(frozenset(fact.legs))


def _hold(held: bool) -> Any:
    def step(call: LiveCall, fact: facts.LegHeld | facts.LegResumed) -> None:
        party = call.parties.get(fact.leg)
        if party is not None and not party.over:
            party.held = held

    return step


def _transferred(call: LiveCall, fact: facts.CallTransferred) -> None:
    call.transfers.append({"kind": fact.transfer, "by": fact.by, "to": fact.to, "at": iso(fact.at)})


def _ended(call: LiveCall, fact: facts.CallEnded) -> None:
    call.open, call.outcome = False, fact.outcome


_STEPS: dict[type, Any] = {
    facts.CallStarted: _started,
    facts.CallDescribed: _described,
    facts.LegStarted: _leg_started,
    facts.LegAnswered: _leg_answered,
    facts.LegEnded: _leg_ended,
    facts.DialFailed: _dial_failed,
    facts.CallQueued: _queued,
    facts.AgentRang: _rang,
    facts.RingEnded: _ring_ended,
    facts.AgentAnswered: _agent_answered,
    facts.AgentFinished: _agent_finished,
    facts.CallLeftQueue: _left_queue,
    facts.TalkStarted: _talk_started,
    facts.TalkEnded: _talk_ended,
    facts.LegHeld: _hold(True),
    facts.LegResumed: _hold(False),
    facts.CallTransferred: _transferred,
    facts.CallEnded: _ended,
}

"""One call's record: what facts add up to, and its JSON.

In: nothing by itself; `fold.py` writes it. Out: the call as JSON, the same for `replay`, `tail`, the store and the API.
Must not know: the switch, channels' present state, the store. The record is this room's own working copy and so is not
frozen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from callserver.facts import CallId, Instant, LegId, instant, iso

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
    """The whole call. `open` until CallEnded; `answered`: they talked with somebody, or heard a recording of ours."""

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
    keys: list[dict[str, Any]] = field(default_factory=list)  # that answered a recording: menu, key, at
    heard: list[str] = field(default_factory=list)  # what a recording met: human, machine, silent, played
    callback: dict[str, Any] | None = None  # asked for while waiting: queue, number, joined_at, at
    shift: bool = (
        False  # no customer's: a line of AgentLogin, a supervisor's who listens, a call about an alert
    )
    listeners: list[dict[str, Any]] = field(
        default_factory=list
    )  # supervisors: interface, leg, heard, mode, from, to

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
        self.keys += other.keys
        self.heard += [one for one in other.heard if one not in self.heard]
        self.callback = other.callback or self.callback
        self.listeners += other.listeners
        self.answer(other.answered, other.answered_at)

    def answer(self, answered: bool, at: Instant | None) -> None:
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
            **({"keys": list(self.keys)} if self.keys else {}),
            **({"heard": list(self.heard)} if self.heard else {}),
            **({"callback": self.callback} if self.callback else {}),
            **({"shift": True} if self.shift else {}),
            **({"listeners": [dict(one) for one in self.listeners]} if self.listeners else {}),
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
            "shift",
            "refused",
            "dial_result",
            "callback",
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
        record.listeners = [dict(one) for one in body.get("listeners", ())]
        record.keys, record.heard = list(body.get("keys", ())), list(body.get("heard", ()))
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

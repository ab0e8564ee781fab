"""What the switch's journals say of one call.

In: nothing. Out: frozen values, and the call as JSON in the shape that every other part of this program
uses. Must not know: how queue_log and CEL are written.

A story tells less than AMI does: who held whom is nowhere in the journals, and without CEL it is blind to
everything outside a queue. What is not known is None, `unknown` or left out; nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from callserver.facts import (
    NO_CUSTOMER,
    CallId,
    Direction,
    Instant,
    LegId,
    Outcome,
    PbxId,
    RingResult,
    Source,
    TransferKind,
    iso,
)

_PLAIN = (
    "id",
    "pbx",
    "direction",
    "caller_number",
    "caller_name",
    "dialed",
    "outcome",
    "refused",
    "dial_result",
)
CompletedBy = Literal["caller", "agent", "transfer", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One channel. From queue_log alone only its id is known, and of a member's leg the member."""

    leg: LegId
    channel: str = ""
    interface: str = ""
    number: str | None = None
    caller: bool = False
    started_at: Instant | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    cause: int | None = None
    over: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "leg": self.leg,
            "channel": self.channel,
            "interface": self.interface,
            "number": self.number,
            "caller": self.caller,
            "up": self.answered_at is not None,
            "over": self.over,
            "started_at": iso(self.started_at),
            "answered_at": iso(self.answered_at),
            "ended_at": iso(self.ended_at),
            "cause": self.cause,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A member as far as it is known: queue_log writes the name, CEL shows the interface."""

    interface: str
    name: str | None

    def to_json(self) -> dict[str, Any]:
        return {"interface": self.interface, "name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """One offer to one phone."""

    agent: Agent
    result: RingResult
    leg: LegId | None = None
    at: Instant | None = None
    ring_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            **self.agent.to_json(),
            "at": iso(self.at),
            "ring_s": self.ring_s,
            "result": self.result,
            "leg": self.leg,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stay in one queue. `left_at`: the waiting ended; `end` None: it had not ended when the journal
    did.
    """

    queue: str
    leg: LegId
    entered_at: Instant | None
    position: int | None = None
    left_at: Instant | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    end: Outcome | None = None
    agent: Agent | None = None
    agent_leg: LegId | None = None
    completed_by: CompletedBy | None = None
    rings: tuple[Ring, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "queue": self.queue,
            "entered_at": iso(self.entered_at),
            "left_at": iso(self.left_at),
            "wait_s": self.wait_s,
            "talk_s": self.talk_s,
            "end": self.end,
            "agent": self.agent.to_json() if self.agent else None,
            "rings": [ring.to_json() for ring in self.rings],
            "position": self.position,
            "completed_by": self.completed_by,
            "leg": self.leg,
            "agent_leg": self.agent_leg,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A caller gave their place in `queue`, held since `joined_at`, for a call to `number`."""

    queue: str
    number: str
    joined_at: Instant | None
    at: Instant

    def to_json(self) -> dict[str, Any]:
        """As in a call's record."""
        times = {"joined_at": iso(self.joined_at), "at": iso(self.at)}
        return {"queue": self.queue, "number": self.number, **times}


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """These legs heard each other."""

    legs: tuple[LegId, ...]
    begun: Instant
    ended: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """`by` is an interface (a member's name without CEL), `to` an extension or interface, '' where not
    written.
    """

    kind: TransferKind
    by: str
    to: str
    at: Instant

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "by": self.by, "to": self.to, "at": iso(self.at)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One whole call.

    `over` False: the journal ends before the call does. `cut`: the switch began anew with the call
    unfinished, so `ended_at` is only the moment at which it was surely over. `ended_at` None with `over`:
    ended, when is not written (queue_log without CEL, after the last queue was left). `last_at`: the last
    moment at which a journal mentions it.
    """

    id: CallId
    pbx: PbxId
    direction: Direction
    outcome: Outcome
    over: bool
    last_at: Instant
    caller_number: str | None = None
    caller_name: str | None = None
    dialed: str | None = None
    started_at: Instant | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    cut: bool = False
    visits: tuple[Visit, ...] = ()
    talks: tuple[Talk, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    legs: tuple[Leg, ...] = ()
    refused: Outcome | None = None
    dial_result: Outcome | None = None
    callback: Callback | None = None
    sources: tuple[Source, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The call in the words of the API. `gap` is true (nobody saw it live), `held_s` is 0 (no journal
        tells).
        """
        plain = {name: getattr(self, name) for name in _PLAIN}
        moments = {name: iso(getattr(self, name)) for name in ("started_at", "answered_at", "ended_at")}
        parts: dict[str, Any] = {
            "queue_visits": [visit.to_json() for visit in self.visits],
            "talks": self.talks_json(),
            "transfers": [transfer.to_json() for transfer in self.transfers],
            "legs": [leg.to_json() for leg in self.legs],
        }
        if self.callback is not None:
            parts["callback"] = self.callback.to_json()
        if self.id.removeprefix(f"{self.pbx}:").startswith(NO_CUSTOMER):
            parts["shift"] = True  # a supervisor's line, a call about an alert
        answered = self.outcome == "answered"
        seen = {"gap": True, "open": not self.over, "answered": answered, "held_s": 0.0, "held": {}}
        return {**plain, **moments, **parts, **seen, "sources": list(self.sources)}

    def talks_json(self) -> list[dict[str, Any]]:
        """Each talk: who, with whom, from, to."""
        parties = {
            leg.leg: {"leg": leg.leg, "interface": leg.interface, "number": leg.number} for leg in self.legs
        }
        return [
            {
                "who": parties[talk.legs[0]],
                "with": [parties[leg] for leg in talk.legs[1:]],
                "from": iso(talk.begun),
                "to": iso(talk.ended),
                "over": talk.ended is not None,
            }
            for talk in self.talks
        ]

"""What became of one attempt: a judgement of what is on record by now, the same after any crash.

In: the request's outcome, the call's record, what the switch's journals show. Out: `Going`, `Over`, or `Look` (only the
journals can tell). Must not know: the store, what comes next. Nothing is remembered between two looks, so a process
that was killed between them has lost nothing.

An attempt is over as `not_sent` only where no byte of it left, or the journals show that no such channel ever was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from callserver.facts import Instant, instant
from callserver.promises.outcomes import AttemptOutcome
from callserver.seats.asking import Outcome
from callserver.tickets.promise import Mode

DOUBT_MS: Final = 5 * 60_000
"""How long an outcome that was not seen is looked for before a person decides: journals are read meanwhile."""
BELIEVED_MS: Final = 20_000
"""How long after it was asked for the journals are believed that a call never was: a request is good for ten seconds,
may leave three later, and the switch needs its moment."""
UNSETTLED_MS: Final = 10 * 60_000
"""After an end that nobody saw, for the journals to say how it was."""

Trace = Literal["rang", "not_there", "unknown"]
"""What the switch and its journals know of a channel. not_there: they cover the time, and there was none."""

Judge: TypeAlias = Callable[[Mode, str, Mapping[str, Any]], AttemptOutcome | None]
"""Mode, channel, record of an ended call -> outcome; None where the record does not tell."""

_AGENT_REFUSED: Final = frozenset(
    {"busy", "no_answer", "declined", "rejected", "unreachable", "ended", "failed"}
)
_CUSTOMER_REFUSED: Final[Mapping[str, AttemptOutcome]] = {
    "busy": "busy",
    "no_answer": "no_answer",
    "ended": "no_answer",
    "rejected": "rejected",
    "declined": "rejected",
    "failed": "failed",
    "unreachable": "failed",
}


@dataclass(frozen=True, slots=True)
class Going:
    """Nothing to be done yet. `talking`: since when whoever was rung first has answered."""

    answered_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """The request was sent, and neither its outcome nor its call was seen."""


@dataclass(frozen=True, slots=True)
class Over:
    """`evidence`: what this was learned from, for people who ask."""

    outcome: AttemptOutcome
    evidence: Mapping[str, Any] = field(default_factory=dict)


Verdict: TypeAlias = Going | Look | Over


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that is on record of an attempt. `command` None: it is so long ago that nobody kept it."""

    mode: Mode
    channel: str
    sent_at: Instant
    command: Outcome | None
    record: Mapping[str, Any] | None = None
    trace: Trace | None = None


def verdict(seen: Seen, judge: Judge, now: Instant) -> Verdict:
    """What is so at this moment."""
    if seen.record is not None and _rang(seen):
        return _of_call(seen, seen.record, judge, now)
    command = seen.command
    match None if command is None else command.state:
        case "waiting" | "sent":
            return Going()
        case "expired":
            return Over("not_sent", {"request": "expired"})
        case "refused":
            assert command is not None
            return _refused(seen.mode, command)
        case "done" if now - seen.sent_at < UNSETTLED_MS:
            return Going()  # answered a moment ago: its call is not written down yet
        case _:
            return _doubted(seen, now)


def _rang(seen: Seen) -> bool:
    """Whether the call is our own: a request that the switch refused may have none."""
    return any(leg.get("leg") == seen.channel for leg in (seen.record or {}).get("legs", ()))


def _of_call(seen: Seen, record: Mapping[str, Any], judge: Judge, now: Instant) -> Verdict:
    if record.get("open", False):
        return Going(_answered(seen, record))
    outcome = judge(seen.mode, seen.channel, record)
    if outcome is not None:
        return Over(outcome, {"call": record.get("id"), "sources": list(record.get("sources", ()))})
    refused = seen.command is not None and seen.command.state == "refused"
    if refused and seen.command is not None:
        return _refused(seen.mode, seen.command)
    ended = instant(record.get("ended_at")) or seen.sent_at
    if now - ended < UNSETTLED_MS:
        return Going()
    return Over("unknown", {"call": record.get("id"), "why": "nobody saw how the call ended"})


def _answered(seen: Seen, record: Mapping[str, Any]) -> Instant | None:
    """Customer first and automatic: when the customer answered; agent first: when the two began to talk."""
    if seen.mode == "agent_first":
        return instant(record.get("answered_at")) if record.get("answered") else None
    legs = (leg for leg in record.get("legs", ()) if leg.get("leg") == seen.channel)
    return next((instant(leg.get("answered_at")) for leg in legs), None)


def _refused(mode: Mode, command: Outcome) -> Over:
    """Agent first: it was the agent's phone that did not take it, and the customer's never rang."""
    evidence = {"request": command.code, "said": command.said}
    if mode == "agent_first":
        return Over("agent_no_answer" if command.code in _AGENT_REFUSED else "not_sent", evidence)
    return Over(_CUSTOMER_REFUSED.get(command.code, "not_sent"), evidence)


def _doubted(seen: Seen, now: Instant) -> Verdict:
    if seen.trace == "not_there" and now - seen.sent_at >= BELIEVED_MS:
        return Over("not_sent", {"journals": "no such channel"})
    if now - seen.sent_at < DOUBT_MS or seen.trace is None:
        return Look()
    return Over("unknown", {"journals": seen.trace})

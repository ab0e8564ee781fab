"""What an attempt came to, by the record of its call.

In: the mode (tickets.promise.Mode), our own id of the channel that was rung first, the record of the ended call as JSON
(calls/record.py). Out: the outcome, or None where the record does not tell: another call, a call that is not over, a
part unseen. Must not know: the store, policies. The first rule that fits decides; docs/promises.md has the table of
`outcome`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from callserver.facts import UNREACHED
from callserver.promises.outcomes import AttemptOutcome

Record = Mapping[str, Any]

_BUSY: Final = 17  # Q.850: user busy
_REJECTED: Final = 21  # call rejected
_SILENCE: Final = frozenset({18, 19})  # no user responding, no answer
_BY_DIAL: Final[Mapping[str, AttemptOutcome]] = {
    "busy": "busy",
    "no_answer": "no_answer",
    "failed": "failed",
}


def outcome(mode: str, channel: str, record: Record) -> AttemptOutcome | None:
    """What the call of an attempt came to.

    | rule | outcome |
    |---|---|
    | the call is not over, or has no channel of ours | (does not tell) |
    | whoever was rung first talked with somebody | talked |
    | part of the call was not seen, and CEL did not fill it in | (does not tell) |
    | agent first: the agent did not answer, or the customer was not rung after it | agent_no_answer |
    | the customer did not answer: user busy | busy |
    | ... call rejected | rejected |
    | ... by time, by the network | no_answer, failed |
    | a machine was heard | machine |
    | the customer was to find an agent, by the mode or by key 0, and none came | no_agent |
    | automatic: a key was pressed, or the prompt was heard to its end | played |
    | automatic, not seen by ourselves: no keys are read from CEL | (does not tell) |
    | automatic: otherwise | silent |
    """
    ours = _leg(record, channel)
    if ours is None or record.get("open"):
        return None
    if _talked(record, channel):
        return "talked"
    if _doubtful(record):
        return None
    customer = _customer(record, channel) if mode == "agent_first" else ours
    if mode == "agent_first" and (ours.get("answered_at") is None or customer is None):
        return "agent_no_answer"
    assert customer is not None
    if customer.get("answered_at") is None:
        return _unanswered(customer, record)
    return _answered(mode, record)


def _doubtful(record: Record) -> bool:
    unseen = record.get("gap") and "cel" not in record.get("sources", ())
    return bool(unseen) or record.get("outcome") == "unknown"


def _leg(record: Record, leg: str) -> Record | None:
    return next((one for one in record.get("legs", ()) if one.get("leg") == leg), None)


def _talked(record: Record, channel: str) -> bool:
    """Anybody with anybody, ours among them: a call handed on is still the talk that was owed."""
    return any(channel in legs and len(legs) > 1 for legs in map(_parties, record.get("talks", ())))


def _parties(talk: Record) -> set[str]:
    return {one["leg"] for one in (talk["who"], *talk["with"]) if one.get("leg")}


def _customer(record: Record, channel: str) -> Record | None:
    """Agent first: whoever the agent's phone dialled, the last one of them; None: it dialled nobody."""
    others = [one for one in record.get("legs", ()) if one.get("leg") != channel]
    return others[-1] if others else None


def _unanswered(customer: Record, record: Record) -> AttemptOutcome:
    cause = customer.get("cause")
    if cause == _BUSY:
        return "busy"
    if cause == _REJECTED:
        return "rejected"
    if cause in _SILENCE:
        return "no_answer"
    if cause in UNREACHED:
        return "failed"
    return _BY_DIAL.get(record.get("dial_result") or "", "no_answer")


def _answered(mode: str, record: Record) -> AttemptOutcome | None:
    heard = record.get("heard") or ()
    if "machine" in heard:
        return "machine"
    if mode != "automatic" or record.get("queue_visits"):
        return "no_agent"
    if record.get("keys") or "played" in heard:
        return "played"
    return None if record.get("gap") and not heard else "silent"

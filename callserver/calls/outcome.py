"""How a call ended, in one word.

In: a record whose last leg is gone, whether the caller hung up by itself, whether a called customer picked up. Out: the
outcome. The first rule that fits decides; the table in the docstring of `outcome` is the whole truth.
"""

from __future__ import annotations

from typing import cast

from callserver.calls.record import Record
from callserver.facts import Outcome


def outcome(record: Record, *, caller_gone: bool, unseen: bool, reached: bool = False) -> Outcome:
    """The call's outcome. `reached`: somebody whom we called picked up.

    | rule | outcome |
    |---|---|
    | somebody talked with somebody | answered |
    | they asked to be called back, and kept their place | callback |
    | the last queue would not take the caller | queue_full, queue_empty |
    | the last visit to a queue ended so | that visit's end |
    | part of it was not seen | unknown |
    | whom we called picked up, and nobody else was dialled: a recording spoke | answered |
    | the last direct dial failed | busy, no_answer, failed (a caller who gave up an inbound call: abandoned) |
    | the caller hung up | abandoned |
    | otherwise | failed |
    """
    if record.answered:
        return "answered"
    if record.callback is not None:
        return "callback"
    last = next((visit.end for visit in reversed(record.visits) if visit.end), None)
    if record.refused and last in (None, "timed_out", "left_by_key", "queue_empty"):
        return cast("Outcome", record.refused)
    if last is not None:
        return cast("Outcome", last)
    if unseen:
        return "unknown"
    if reached and record.dial_result is None:
        return "answered"
    if record.dial_result is not None:
        given_up = caller_gone and record.direction == "inbound" and record.dial_result == "no_answer"
        return "abandoned" if given_up else cast("Outcome", record.dial_result)
    return "abandoned" if caller_gone else "failed"

"""A call's record -> its stays in queues, and what each of them counts for.

In: a call's JSON, as the store has it and `replay` prints it. Out: visits; one visit's sums. Must not know: the room
`calls`, who sat at a phone. The live numbers count a visit when it ends, the reports count it from the record: by the
same `count`, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from callserver.facts import CallId, Instant, PbxId, instant
from callserver.metrics.sums import Sums

TARGET_MS: Final = 20_000
"""T where the queue's settings say nothing."""
SHORT_MS: Final = 5_000
"""Who gives up before this is `short`: a wrong number, a change of mind."""
_COUNTED: Final = {
    "timed_out": "timed_out",
    "left_by_key": "left_by_key",
    "queue_empty": "queue_empty",
    "withdrawn": "withdrawn",
    "callback": "callback_taken",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stay of a call in one queue; `n` counts the call's visits from 0.

    `end`: as in the call's record, `unknown` where the call is over and nobody saw it, None while it waits.
    `wait_ms`: None where unknown. `interface`: the phone that answered. `talk_ms` is without `hold_ms`; both are 0
    until the talk is over. `transferred`: the talk ended with a transfer. `gap`: a part of the call was not seen.
    """

    pbx: PbxId
    call: CallId
    n: int
    queue: str
    entered_at: Instant
    wait_ms: int | None = None
    end: str | None = None
    interface: str | None = None
    talk_ms: int = 0
    hold_ms: int = 0
    transferred: bool = False
    gap: bool = False


def of_record(record: Mapping[str, Any]) -> tuple[Visit, ...]:
    """The call's visits, in order; those of a trace without instants belong to no interval and are left out."""
    raw = record.get("queue_visits") or ()
    held = _shares(_ms(record.get("held_s")), [_ms(one.get("talk_s")) for one in raw])
    made = (_visit(record, n, one, hold) for n, (one, hold) in enumerate(zip(raw, held, strict=True)))
    return tuple(visit for visit in made if visit is not None)


def count(visit: Visit, target_ms: int = TARGET_MS, short_ms: int = SHORT_MS) -> Sums:
    """What this visit adds to its queue, in the interval in which it began.

    Handling (talk, hold, wrap-up) is not in it: that is booked to another interval (`handlings`).
    """
    sums = Sums(offered=1, gap=visit.gap)
    if visit.end is None:
        sums.undecided = 1
        return sums
    sums.max_wait_ms = visit.wait_ms or 0
    if visit.end == "answered":
        _answered(sums, visit.wait_ms, target_ms)
    elif visit.end == "abandoned":
        sums.abandoned = 1
        sums.abandoned_wait_ms = visit.wait_ms or 0
        sums.short = int(visit.wait_ms is not None and visit.wait_ms < short_ms)
    else:
        setattr(sums, _COUNTED.get(visit.end, "unknown"), 1)
    return sums


def _answered(sums: Sums, wait_ms: int | None, target_ms: int) -> None:
    sums.answered = 1
    if wait_ms is not None:
        sums.answered_in_target = int(wait_ms <= target_ms)
        sums.wait_ms = wait_ms
        sums.waits = {wait_ms // 1000: 1}


def _visit(record: Mapping[str, Any], n: int, raw: Mapping[str, Any], hold_ms: int) -> Visit | None:
    entered, left = instant(raw.get("entered_at")), instant(raw.get("left_at"))
    if entered is None:
        entered = instant(record.get("started_at"))
    if entered is None:
        return None
    wait = raw.get("wait_s")
    known = _ms(wait) if wait is not None else None if left is None else max(0, left - entered)
    end = raw.get("end") or (None if record.get("open") else "unknown")
    agent = raw.get("agent") or {}
    return Visit(
        pbx=record["pbx"],
        call=record["id"],
        n=n,
        queue=str(raw.get("queue") or ""),
        entered_at=entered,
        wait_ms=known,
        end=end,
        interface=agent.get("interface") if end == "answered" else None,
        talk_ms=max(0, _ms(raw.get("talk_s")) - hold_ms),
        hold_ms=hold_ms,
        transferred=raw.get("completed_by") == "transfer",
        gap=bool(record.get("gap")),
    )


def _shares(held_ms: int, talks_ms: Sequence[int]) -> list[int]:
    """The call's time on hold, dealt out to its talks by their length: the record has it for the whole call only.

    Nobody was on hold longer than they talked; what is left over was held outside the queues' talks.
    """
    whole = sum(talks_ms)
    return [min(talk, held_ms * talk // whole) if whole else 0 for talk in talks_ms]


def _ms(seconds: float | None) -> int:
    return round((seconds or 0) * 1000)

"""What the rules of the zones say of the months to come, and what a change of them does to a moment that was named.

In: zones, instants. Out: offsets as spans; how far a moment moves so that the customer's clock shows the same. Must not
know: where the rules come from, which promises there are.

Rules change by law, at times with a few weeks' notice: whoever was promised a call at ten is to be called at ten, by
the clock on their wall. A promise is an instant, so the rules by which it became one are kept beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final, TypeAlias

from callserver.facts import Instant

Spans: TypeAlias = Sequence[Sequence[int]]
"""[since (an instant), offset to UTC in milliseconds], in order: the first one holds from the beginning."""
STEP_MS: Final = 7 * 86_400_000
"""No known rule holds for less than three weeks."""


def spans(zone: tzinfo, begin: Instant, end: Instant) -> list[list[int]]:
    """The zone's offsets between two instants."""
    found = [[begin, _offset(zone, begin)]]
    at = begin
    while at < end:
        later = min(at + STEP_MS, end)
        if (offset := _offset(zone, later)) != found[-1][1]:
            found.append([_change(zone, at, later), offset])
        at = later
    return found


def _change(zone: tzinfo, before: Instant, after: Instant) -> Instant:
    """The first millisecond with the later one of two offsets."""
    was = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(zone, middle) == was else (before, middle)
    return after


def _offset(zone: tzinfo, at: Instant) -> int:
    offset = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds() * 1000)


def moves_ms(before: Spans, now: Spans, at: Instant) -> int:
    """How much later the wall clock shows what it would have shown `at` by the rules of before; 0: as it was, or nobody
    knew the rules of then.
    """
    if not before or at < before[0][0]:
        return 0
    was = _holds(before, at)
    guess = at
    for _ in range(2):  # the new offset where the moment comes to lie, which may be beyond a change
        guess = at + was - _holds(now, guess)
    return guess - at


def _holds(rules: Spans, at: Instant) -> int:
    offset = rules[0][1]
    for since, next_ in rules:
        if since > at:
            break
        offset = next_
    return offset


def changed(
    before: Mapping[str, Spans], now: Mapping[str, Spans], since: Instant, until: Instant
) -> set[str]:
    """The zones whose rules say something else of a time between the two instants than they did."""
    return {
        zone
        for zone, rules in now.items()
        if zone in before and _within(before[zone], since, until) != _within(rules, since, until)
    }


def _within(rules: Spans, since: Instant, until: Instant) -> list[list[int]]:
    return [[since, _holds(rules, since)], *([at, offset] for at, offset in rules if since < at < until)]

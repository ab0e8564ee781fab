"""One queue's day so far, or the site's: what its visits add up to, the last half hour, quarters of an hour.

In: visits that begin and end, the passing of time. Out: sums, values. Must not know: clocks, whose day it is.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from callserver.facts import Instant
from callserver.metrics.slots import QUARTER_MS, Span
from callserver.metrics.sums import Sums, value

MINUTE_MS: Final = 60_000
RECENT: Final = 30
"""Minutes that the short view looks back, the one that goes on among them."""
_COUNTED: Final = (
    *("offered", "undecided", "answered", "answered_in_target", "abandoned", "short", "timed_out"),
    *("left_by_key", "queue_empty", "withdrawn", "callback_taken", "unknown", "wait_ms"),
)


class Today:
    """What was counted since the day began. `sums` are of visits that began in it."""

    def __init__(self, day: Span) -> None:
        self.day = day
        self.sums = Sums()
        self.recent = Sums()
        self.quarters: list[int] = []
        self._minutes: deque[tuple[int, Sums]] = deque()

    def add(self, at: Instant, more: Sums) -> None:
        """What a visit that began then counts for."""
        if at not in self.day:
            return
        self.sums.add(more)
        if (minute := self._minute(at)) is not None:
            minute.add(more)
            self.recent.add(more)
        quarter = (at - self.day.begin) // QUARTER_MS
        if more.offered:
            self.quarters += [0] * (quarter + 1 - len(self.quarters))
            self.quarters[quarter] += more.offered

    def take(self, at: Instant, less: Sums) -> None:
        """It does not count for that after all: what a visit that began then had been counted for."""
        if at not in self.day:
            return
        subtract(self.sums, less)
        if (minute := self._minute(at)) is not None:
            subtract(minute, less)
            subtract(self.recent, less)
        if less.offered:
            self.quarters[(at - self.day.begin) // QUARTER_MS] -= less.offered

    def pass_to(self, now: Instant) -> bool:
        """It is later; whether the last half hour holds less than before."""
        oldest = now // MINUTE_MS - RECENT
        gone = False
        while self._minutes and self._minutes[0][0] <= oldest:
            _, sums = self._minutes.popleft()
            subtract(self.recent, sums)
            gone = True
        return gone

    def spark(self, now: Instant) -> list[int]:
        """Visits that began in each quarter of an hour of the day, up to now."""
        passed = (min(now, self.day.end - 1) - self.day.begin) // QUARTER_MS + 1
        return self.quarters + [0] * (passed - len(self.quarters))

    def _minute(self, at: Instant) -> Sums | None:
        """The sums of the minute; None where it is over for longer than anybody looks back."""
        minute = at // MINUTE_MS
        if not self._minutes or minute > self._minutes[-1][0]:
            self._minutes.append((minute, Sums()))
            return self._minutes[-1][1]
        for known, sums in reversed(self._minutes):
            if known == minute:
                return sums
            if known < minute:
                break
        return self._late(minute)

    def _late(self, minute: int) -> Sums | None:
        """A minute in which nothing was known to begin, and something did."""
        if minute <= self._minutes[-1][0] - RECENT:
            return None
        at = next(at for at, (known, _) in enumerate(self._minutes) if known > minute)
        self._minutes.insert(at, (minute, Sums()))
        return self._minutes[at][1]


def subtract(sums: Sums, less: Sums) -> None:
    """The inverse of `add`, for what can be taken away again: counts and waits. The longest wait stays."""
    for name in _COUNTED:
        if gone := getattr(less, name):
            setattr(sums, name, getattr(sums, name) - gone)
    for second, n in less.waits.items():
        left = sums.waits.get(second, 0) - n
        if left > 0:
            sums.waits[second] = left
        else:
            sums.waits.pop(second, None)


def level(sums: Sums) -> dict[str, float | None]:
    """Both denominators of the service level, and who gave up."""
    return {key: value(key, sums) for key in ("sl_offered", "sl_answered", "abandon_rate")}

"""Allowed hours once more, minute by minute and without any thought: what the fast calculation is compared with.

Independent of it on purpose: the week is written out as a set of wall minutes, and every minute of real time is asked.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

MINUTE = 60_000
# Monday to Sunday, pairs of minutes after midnight.
Week = list[list[tuple[int, int]]]


def open_minutes(week: Week, first: date, days: int, closed: frozenset[date]) -> set[int]:
    """Every wall minute of these days (and the first hours after them) that is allowed, counted from the year 1."""
    found: set[int] = set()
    for count in range(days):
        day = first + timedelta(days=count)
        for begin, end in [] if day in closed else week[day.weekday()]:
            found.update(range(day.toordinal() * 1440 + begin, day.toordinal() * 1440 + end))
    return found


def wall(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at // 1000, zone)


def wall_minute(at: int, zone: tzinfo) -> int:
    shown = wall(at, zone)
    return shown.toordinal() * 1440 + shown.hour * 60 + shown.minute


class Slow:
    """One week's hours around a moment."""

    def __init__(self, week: Week, around: int, zone: tzinfo, days: int, closed: frozenset[date]) -> None:
        first = wall(around, zone).date() - timedelta(days=days + 2)
        self._open = open_minutes(week, first, 2 * days + 4, closed)
        self._zone = zone
        self._minutes = days * 1440

    def allowed(self, at: int) -> bool:
        return wall_minute(at, self._zone) in self._open

    def next_allowed(self, at: int) -> int | None:
        """The first allowed moment within the days; clocks change at whole minutes, and so do hours."""
        if self.allowed(at):
            return at
        minute = at // MINUTE * MINUTE
        return next((t for t in _steps(minute, self._minutes, MINUTE) if self.allowed(t)), None)

    def last_allowed(self, before: int) -> int | None:
        """The latest end of allowed time within the days."""
        if self.allowed(before - 1):
            return before
        minute = -(-before // MINUTE) * MINUTE
        return next((t for t in _steps(minute, self._minutes, -MINUTE) if self.allowed(t - 1)), None)


def _steps(begin: int, count: int, step: int) -> range:
    return range(begin + step, begin + step * count, step)

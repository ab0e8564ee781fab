"""When a customer may be called: hours by weekday, holidays, single days; the next allowed moment, and the last one.

In: hours, an instant, the customer's zone (a `tzinfo`, found by whoever asks). Out: yes or no; instants. Must not know:
which kind of promise asks, whose zone it is, what time it is.

THE ONE RULE: the clock on the customer's wall decides. A moment is allowed when the date and minute that this clock
shows lie in a span. From it follows all that is strange about clocks:

* times that do not exist (the clock jumps from 02:00 to 03:00) are never shown, so they are never allowed; of a span
  02:30-03:30 only what the clock does show is left, 03:00-03:30; the day has 23 hours;
* times that exist twice (from 03:00 back to 02:00) are allowed both times; a span 02:00-03:00 then lasts two hours, and
  one that ended at 02:30 opens again when the clock comes back to 02:00; the day has 25 hours;
* rules of a zone that change after a promise was made count as they are when somebody asks.

A span belongs to the day on which it begins. 22:00-02:00 of a Friday goes on into Saturday whatever Saturday is, and
a closed Friday takes its two hours of Saturday away too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Literal

from callserver.facts import Instant
from callserver.promises.days import Sort, sort_of

HolidayRule = Literal["as_usual", "closed", "as_sunday"]
"""What the weekly hours mean on a holiday. as_usual: the calendar is not asked, also not for moved working days."""

DAY: Final = 1440  # minutes
AHEAD_DAYS: Final = 400
"""How far an allowed moment is looked for: past every yearly holiday."""

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = DAY * _MINUTE_MS
_SUNDAY: Final = 6
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `begin` until before `end`, in minutes after the midnight with which its day begins.

    begin: 0 to 1439; end: after it, by 1440 at most, so a span may go on into the next day.
    """

    begin: int
    end: int

    def has(self, minute: int) -> bool:
        """Whether it contains this minute after its day's midnight."""
        return self.begin <= minute < self.end


Week = tuple[
    tuple[Span, ...],
    tuple[Span, ...],
    tuple[Span, ...],
    tuple[Span, ...],
    tuple[Span, ...],
    tuple[Span, ...],
    tuple[Span, ...],
]
"""The spans of Monday to Sunday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Allowed hours. `country`: whose holidays (ISO 3166-1); `closed`, `working`: single days that go before them.

    A working day that was moved to a weekend, and each of `working`, has the hours of a Monday. `shut`, `open`: the
    house's own days, which no policy says: each is a holiday, or a moved working day, whatever the country's calendar
    says, and nothing where holidays are as usual.
    """

    weekly: Week
    holidays: HolidayRule = "as_usual"
    country: str = ""
    closed: tuple[date, ...] = ()
    working: tuple[date, ...] = ()
    shut: frozenset[date] = frozenset()
    open: frozenset[date] = frozenset()

    def spans(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on this day."""
        if day in self.closed:
            return ()
        if day in self.working:
            return self.weekly[0]
        sort = "ordinary" if self.holidays == "as_usual" else self._sort(day)
        if sort == "moved":
            return self.weekly[0]
        if sort == "ordinary":
            return self.weekly[day.weekday()]
        return () if self.holidays == "closed" else self.weekly[_SUNDAY]

    def _sort(self, day: date) -> Sort:
        if day in self.shut:
            return "holiday"
        return "moved" if day in self.open else sort_of(day, self.country)


ROUND_THE_CLOCK: Final = (Span(begin=0, end=DAY),)


def every_day(*spans: Span) -> Week:
    """The same spans all week."""
    return (spans, spans, spans, spans, spans, spans, spans)


ALWAYS: Final = Hours(weekly=every_day(*ROUND_THE_CLOCK))


def allowed(hours: Hours, at: Instant, zone: tzinfo) -> bool:
    """Whether a customer of this zone may be called at this instant."""
    wall = shown(at, zone)
    day, minute = wall.date(), wall.hour * 60 + wall.minute
    if any(span.has(minute) for span in hours.spans(day)):
        return True
    return any(span.has(minute + DAY) for span in hours.spans(day - _ONE_DAY))


def next_allowed(hours: Hours, at: Instant, zone: tzinfo) -> Instant | None:
    """The first allowed instant at or after this one; None: there is none within AHEAD_DAYS."""
    if allowed(hours, at, zone):
        return at
    for begin in range(at, at + AHEAD_DAYS * _DAY_MS, _DAY_MS):
        edges = _edges(hours, begin, begin + _DAY_MS, zone, opening=True)
        found = [edge for edge in edges if begin < edge <= begin + _DAY_MS and allowed(hours, edge, zone)]
        if found:
            return min(found)
    return None


def last_allowed(hours: Hours, before: Instant, zone: tzinfo) -> Instant | None:
    """The latest end, at or before this instant, of time that is allowed: as a deadline, it leaves all of that time.

    What it gives is not allowed itself where it is the end of a span (20:00 of 09:00-20:00); the millisecond before it
    always is. None: there is none within AHEAD_DAYS.
    """
    if allowed(hours, before - 1, zone):
        return before
    for end in range(before, before - AHEAD_DAYS * _DAY_MS, -_DAY_MS):
        edges = _edges(hours, end - _DAY_MS, end, zone, opening=False)
        found = [edge for edge in edges if end - _DAY_MS <= edge < end and allowed(hours, edge - 1, zone)]
        if found:
            return max(found)
    return None


def shown(at: Instant, zone: tzinfo) -> datetime:
    """What the clock on a wall in this zone shows."""
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(zone)


def moment(day: date, minute: int, zone: tzinfo, *, again: bool = False) -> Instant:
    """The instant at which a wall clock shows this minute of a day, which may lie beyond its end.

    A time that exists twice is the first of them, or with `again` the second. One that does not exist is that many
    minutes after the jump with `again`, and before it without (PEP 495).
    """
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    return round((wall.replace(fold=again).astimezone(UTC) - _EPOCH) / timedelta(milliseconds=1))


def _edges(hours: Hours, begin: Instant, end: Instant, zone: tzinfo, *, opening: bool) -> Iterator[Instant]:
    """Every instant from begin to end at which allowed time can begin or end, and some more."""
    yield from _jumps(begin, end, zone)
    for day in _days(shown(begin, zone).date() - _ONE_DAY, shown(end, zone).date()):
        for span in hours.spans(day):
            minute = span.begin if opening else span.end
            yield moment(day, minute, zone)
            yield moment(day, minute, zone, again=True)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=count) for count in range((last - first).days + 1))


def _jumps(begin: Instant, end: Instant, zone: tzinfo) -> Iterator[Instant]:
    """The instant at which the wall clock is changed, if it is. No zone ever changed its clock twice within a day."""
    if shown(begin, zone).utcoffset() != shown(end, zone).utcoffset():
        yield _jump(begin, end, zone)


def _jump(earlier: Instant, later: Instant, zone: tzinfo) -> Instant:
    """The first millisecond of the later offset."""
    before = shown(earlier, zone).utcoffset()
    while later - earlier > 1:
        middle = (earlier + later) // 2
        if shown(middle, zone).utcoffset() == before:
            earlier = middle
        else:
            later = middle
    return later

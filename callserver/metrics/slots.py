"""Quarter hours, hours, days, weeks and months on the wall of the site, as half-open spans of instants.

In: dates, a zone. Out: spans, in order, each ending where the next begins; a day of 25 hours has 25 hours. Must not
know: clocks, what is counted. Every zone of today is off UTC by whole quarters of an hour, before and after its clocks
change, so a quarter hour of UTC is one everywhere, and everything longer is made of quarter hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import groupby
from typing import Final, Literal, TypeAlias

from callserver.facts import Instant

QUARTER_MS: Final = 15 * 60 * 1000
By: TypeAlias = Literal["interval", "hour", "day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Span:
    """From `begin` to before `end`."""

    begin: Instant
    end: Instant

    def __contains__(self, at: Instant) -> bool:
        return self.begin <= at < self.end


def quarter(at: Instant) -> Instant:
    """The beginning of the quarter of an hour that an instant is in."""
    return at - at % QUARTER_MS


def date_of(at: Instant, zone: tzinfo) -> date:
    """The date on the wall."""
    return _local(at, zone).date()


def local_iso(at: Instant, zone: tzinfo) -> str:
    """An instant as the wall shows it, with the offset: `2026-11-01T00:00:00+08:00`."""
    return _local(at, zone).isoformat(timespec="seconds")


@lru_cache(maxsize=8192)
def midnight(day: date, zone: tzinfo) -> Instant:
    """The first instant of a date: not 00:00 where the clocks jump over it. A day that a zone left out has no length:
    the next one begins at the same instant.
    """
    guess = round(datetime.combine(day, time.min, zone).timestamp() * 1000)
    if _local(guess, zone).date() >= day and _local(guess - 1, zone).date() < day:
        return guess
    low, high = guess - _HALF_DAY_MS, guess + _HALF_DAY_MS
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _local(middle, zone).date() >= day else (middle + 1, high)
    return low


def day(of: date, zone: tzinfo) -> Span:
    """The whole date."""
    return Span(midnight(of, zone), midnight(of + _DAY, zone))


def whole(first: date, last: date, zone: tzinfo) -> Span:
    """From the first instant of `first` to the last of `last`."""
    return Span(midnight(first, zone), midnight(last + _DAY, zone))


def spans(by: By, first: date, last: date, zone: tzinfo) -> Iterator[Span]:
    """The dates from `first` to `last`, both included, cut. Weeks begin on Monday; the first and the last week or month
    are as short as the asked dates make them.
    """
    for begin, end in _dates(by, first, last):
        span = whole(begin, end, zone)
        if by == "interval":
            yield from (Span(at, at + QUARTER_MS) for at in range(span.begin, span.end, QUARTER_MS))
        elif by == "hour":
            yield from _hours(span, zone)
        elif span.begin < span.end:
            yield span


def before(first: date, last: date) -> tuple[date, date]:
    """The period before, for comparison: whole months for whole months, otherwise as many days."""
    if first.day == 1 and (last + _DAY).day == 1:
        months = (last.year - first.year) * 12 + last.month - first.month + 1
        back = first.year * 12 + first.month - 1 - months
        return date(back // 12, back % 12 + 1, 1), first - _DAY
    return first - (last - first) - _DAY, first - _DAY


_DAY: Final = timedelta(days=1)
_HALF_DAY_MS: Final = 12 * 3600 * 1000


def _local(at: Instant, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(zone)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _dates(by: By, first: date, last: date) -> Iterator[tuple[date, date]]:
    begin = first
    while begin <= last:
        if by == "week":
            end = begin + timedelta(days=6 - begin.weekday())
        elif by == "month":
            end = (begin.replace(day=28) + timedelta(days=4)).replace(day=1) - _DAY
        else:
            end = begin
        yield begin, min(end, last)
        begin = end + _DAY


def _hours(of: Span, zone: tzinfo) -> Iterator[Span]:
    """Hours as the wall shows them: the one that comes twice is two."""
    quarters = range(of.begin, of.end, QUARTER_MS)
    for _, same in groupby(quarters, key=lambda at: _hour(at, zone)):
        inside = list(same)
        yield Span(inside[0], inside[-1] + QUARTER_MS)


def _hour(at: Instant, zone: tzinfo) -> tuple[int, timedelta | None]:
    local = _local(at, zone)
    return local.hour, local.utcoffset()

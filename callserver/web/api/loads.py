"""The API of how it stands with what is owed: late, kept and broken by kind and team; the load of the coming hours.

In: a span. Out: counts, hours. Must not know: how they are counted, how they are drawn.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from callserver.facts import Instant, iso
from callserver.promises.hours import moment as moment_of
from callserver.promises.hours import shown as shown_at
from callserver.store import loads
from callserver.store.engine import Connection
from callserver.store.loads import HOUR_MS, MOST_HOURS, Capacity, Count, Load
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.problems import wrong_query
from callserver.web.api.shapes import Moment, Since, Until, at

api = Operations("load", "What is owed, late, kept and broken; when it comes due, against what can be done.")

_WEEK: Instant = 7 * 24 * HOUR_MS


class CountShown(Struct, frozen=True, kw_only=True):
    """Of one kind and team. `due`: not closed, and of those `late`, `broken` (past the deadline) and `unknown` (for a
    person to decide). In the span: `kept` (of those `kept_late` after the deadline), `withdrawn`, and `broke`: whose
    deadline passed, whatever came of them.
    """

    kind: str
    team: str | None
    due: int
    late: int
    broken: int
    unknown: int
    kept: int
    kept_late: int
    withdrawn: int
    broke: int


class Counts(Struct, frozen=True, kw_only=True):
    """By kind and team: only those that have any."""

    rows: list[CountShown]


class CapacityShown(Struct, frozen=True, kw_only=True):
    """People at work now, how long a call took them lately, and so how many they could make in an hour."""

    people: int
    call_s: float
    per_hour: int


class HourShown(Struct, frozen=True, kw_only=True):
    """What comes due in the hour that begins `at`. `automatic`: of those, what needs no agent; `capacity` null: nobody
    is at work, so nobody can say.
    """

    at: Moment
    owed: int
    automatic: int
    capacity: int | None
    kinds: dict[str, int]


class Calendar(Struct, frozen=True, kw_only=True):
    """Hours from the begin of the span on; those with none are left out."""

    hours: list[HourShown]
    capacity: CapacityShown


class CountsQuery(Struct, frozen=True, kw_only=True):
    begin: Annotated[
        Since | None, Meta(description="Where the span begins; else today where the hotline is.")
    ] = field(default=None, name="from")
    end: Annotated[Until | None, Meta(description="Where it ends; else now.")] = field(
        default=None, name="to"
    )


class CalendarQuery(Struct, frozen=True, kw_only=True):
    begin: Annotated[Since | None, Meta(description="Where the first hour begins; else the present one.")] = (
        field(default=None, name="from")
    )
    end: Annotated[Until | None, Meta(description="Else seven days later; 62 days at most.")] = field(
        default=None, name="to"
    )


@api("GET", "/promises/counts", scope="tickets:read", long=True)
def count_promises(connection: Connection, asked: Asked, query: CountsQuery) -> Done[Counts]:
    """How it stands: what is owed now, and what was kept, withdrawn and broken in a span."""
    begin = at(query.begin)
    begin = _today(asked) if begin is None else begin
    end = at(query.end)
    end = asked.now + 1 if end is None else end
    _must_be_span(begin, end)
    found = loads.counts(connection, begin, end, asked.now)
    return Done(Counts(rows=[_count(one) for one in found]))


@api("GET", "/promises/calendar", scope="tickets:read", long=True)
def promise_calendar(connection: Connection, asked: Asked, query: CalendarQuery) -> Done[Calendar]:
    """What comes due in each hour, against what the people at work could do if nobody called in."""
    begin = at(query.begin)
    begin = asked.now - asked.now % HOUR_MS if begin is None else begin
    end = at(query.end)
    end = begin + _WEEK if end is None else end
    _must_be_span(begin, end)
    can = loads.capacity(connection, asked.now)
    hours = _hours(loads.calendar(connection, begin, min(end, begin + MOST_HOURS * HOUR_MS)), can)
    shown = CapacityShown(people=can.people, call_s=can.call_ms / 1000, per_hour=can.per_hour)
    return Done(Calendar(hours=hours, capacity=shown))


def _today(asked: Asked) -> Instant:
    here = shown_at(asked.now, asked.site.zone)
    return moment_of(here.date(), 0, asked.site.zone)


def _must_be_span(begin: Instant, end: Instant) -> None:
    if end <= begin:
        raise wrong_query("to", "is not after the span begins")


def _count(one: Count) -> CountShown:
    return CountShown(
        kind=one.kind,
        team=one.team,
        due=one.owed,
        late=one.late,
        broken=one.overdue,
        unknown=one.unknown,
        kept=one.kept,
        kept_late=one.kept_late,
        withdrawn=one.withdrawn,
        broke=one.broken,
    )


def _hours(found: tuple[Load, ...], can: Capacity) -> list[HourShown]:
    by_hour: dict[Instant, list[Load]] = {}
    for one in found:
        by_hour.setdefault(one.at, []).append(one)
    return [_hour(begin, those, can) for begin, those in sorted(by_hour.items())]


def _hour(begin: Instant, those: list[Load], can: Capacity) -> HourShown:
    kinds: dict[str, int] = {}
    for one in those:
        kinds[one.kind] = kinds.get(one.kind, 0) + one.count
    return HourShown(
        at=iso(begin) or "",
        owed=sum(kinds.values()),
        automatic=sum(one.count for one in those if one.mode == "automatic"),
        capacity=can.per_hour if can.people else None,
        kinds=kinds,
    )

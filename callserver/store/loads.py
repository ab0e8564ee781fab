"""How many calls are owed, late, kept and broken; and when those that are owed come due, against what can be done.

In: a span. Out: counts by kind and team, by hour. Must not know: who asks, how it is drawn. Each number is read by an
index of the rows that it counts. Instants are milliseconds UTC; a span counts its begin and not its end.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, func, select

from callserver.facts import Instant
from callserver.store.at_work import shifts
from callserver.store.desk import promise_open
from callserver.store.desk import promises as table
from callserver.store.promising import promise_attempts

HOUR_MS: Final = 3_600_000
MOST_HOURS: Final = 24 * 62
USUAL_MS: Final = 6 * 60_000
"""What a call takes, with what is written after it, as long as nobody knows better."""
_WRAP_MS: Final = 60_000
_LATELY_MS: Final = 28 * 24 * HOUR_MS
_SEEN: Final = 500  # calls, of which the mean is taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Of one kind and team (None: no team's).

    owed: not closed, whenever due (late: due by now; overdue: past the
    deadline; unknown: a person has to decide). kept, withdrawn: in the span,
    whenever they were due; kept_late: of those kept, after their deadline. broken: whose deadline passed in the span,
    whatever came of them later.
    """

    kind: str
    team: str | None
    owed: int = 0
    late: int = 0
    overdue: int = 0
    unknown: int = 0
    kept: int = 0
    kept_late: int = 0
    withdrawn: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Calls of one kind and mode that come due in the hour that begins `at`."""

    at: Instant
    kind: str
    mode: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What can be done in an hour by agents, if nobody calls in: people at work, and what a call took them lately."""

    people: int
    call_ms: int

    @property
    def per_hour(self) -> int:
        return self.people * HOUR_MS // self.call_ms


def counts(connection: Connection, begin: Instant, end: Instant, now: Instant) -> tuple[Count, ...]:
    """By kind and team, in the order of their names; only those that have any. The span is not for what is owed."""
    found: dict[tuple[str, str | None], Count] = {}
    of = table.c
    parts: tuple[tuple[tuple[ColumnElement[bool], ...], dict[str, ColumnElement[Any]]], ...] = (
        (
            (promise_open,),  # nothing but what its index has
            {
                "owed": func.count(),
                "overdue": _many(of.broken_at.is_not(None)),
                "unknown": _many(of.status == "unknown"),
            },
        ),
        ((promise_open, of.due_at < now), {"late": func.count()}),
        (
            (of.settled_at >= begin, of.settled_at < end),
            {
                "kept": _many(of.status == "kept"),
                "kept_late": _many((of.status == "kept") & of.broken_at.is_not(None)),
                "withdrawn": _many(of.status == "withdrawn"),
            },
        ),
        ((of.broken_at >= begin, of.broken_at < end), {"broken": func.count()}),
    )
    for which, columns in parts:
        for row in _by_kind_and_team(connection, which, columns):
            whose = (row.kind, row.team)
            before = found.get(whose, Count(kind=row.kind, team=row.team))
            numbers: dict[str, Any] = {name: int(getattr(row, name)) for name in columns}
            found[whose] = replace(before, **numbers)
    return tuple(found[whose] for whose in sorted(found, key=lambda one: (one[0], one[1] or "")))


def _by_kind_and_team(
    connection: Connection, which: tuple[ColumnElement[bool], ...], columns: dict[str, ColumnElement[Any]]
) -> list[Any]:
    whose = (table.c.kind, table.c.of_team)
    numbers = (value.label(name) for name, value in columns.items())
    wanted = select(table.c.kind, table.c.of_team.label("team"), *numbers).where(*which).group_by(*whose)
    return list(connection.execute(wanted))


def _many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def total(found: tuple[Count, ...]) -> Count:
    """All of them together."""
    numbers = [one.name for one in fields(Count) if one.name not in ("kind", "team")]
    return Count(kind="", team=None, **{name: sum(getattr(one, name) for one in found) for name in numbers})


def calendar(connection: Connection, begin: Instant, end: Instant) -> tuple[Load, ...]:
    """What comes due in each hour of the span, counted from its begin; at most MOST_HOURS of them. Hours with none are
    left out.
    """
    until = min(end, begin + MOST_HOURS * HOUR_MS)
    hour = (table.c.due_at - begin) // HOUR_MS
    wanted = (
        select(hour.label("hour"), table.c.kind, table.c.mode, func.count().label("many"))
        .where(promise_open, table.c.due_at >= begin, table.c.due_at < until)
        .group_by(hour, table.c.kind, table.c.mode)
        .order_by(hour, table.c.kind, table.c.mode)
    )
    return tuple(
        Load(at=begin + int(row.hour) * HOUR_MS, kind=row.kind, mode=row.mode, count=row.many)
        for row in connection.execute(wanted)
    )


def capacity(connection: Connection, now: Instant) -> Capacity:
    """Of the people who are at work now."""
    at_work = select(func.count()).select_from(shifts).where(shifts.c.leaving.is_(False))
    of = promise_attempts.c
    lately = (
        select((of.ended_at - of.sent_at).label("took"))
        .where(of.outcome == "talked", of.ended_at.is_not(None), of.sent_at >= now - _LATELY_MS)
        .order_by(of.id.desc())
        .limit(_SEEN)
        .subquery()
    )
    took = connection.execute(select(func.avg(lately.c.took))).scalar()
    call_ms = USUAL_MS if took is None else max(int(took), 0) + _WRAP_MS
    return Capacity(people=connection.execute(at_work).scalar_one(), call_ms=call_ms)

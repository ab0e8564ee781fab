"""The house's own days: closed although others work, or worked although others are free.

In: days, what each is called. Out: the same, and what sort each is for the hours of promises. Must not know: the
country's calendar, who is called when; HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, delete, func, select

from callserver.errors import BadValue, NotFound
from callserver.facts import Actor, Instant
from callserver.promises.hours import Hours
from callserver.store import audit, text
from callserver.store.administered import site_days as table
from callserver.store.audit_changes import NOTHING, changed
from callserver.store.upsert import insert
from callserver.tickets.wording import line

DayKind = Literal["closed", "working"]
MOST_AT_ONCE: Final = 62
MOST: Final = 2_000
LONGEST_TITLE: Final = 60  # characters
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDay:
    """One day. `actor`, `at`: who said so, and when."""

    day: date
    kind: DayKind
    title: str
    actor: str
    at: Instant


def every(connection: Connection) -> tuple[SiteDay, ...]:
    """All days, in their order."""
    return tuple(_day(row) for row in connection.execute(select(table).order_by(table.c.day)))


def put(
    connection: Connection, days: Sequence[date], kind: DayKind, title: str, actor: Actor, now: Instant
) -> tuple[SiteDay, ...]:
    """Each of these days is one of that kind, whatever it was. Raises BadValue."""
    if kind not in get_args(DayKind):
        raise BadValue("kind", "is closed or working")
    called = line(title, LONGEST_TITLE)
    known = connection.execute(select(func.count()).select_from(table)).scalar_one()
    if known + len(days) > MOST:
        raise BadValue("end_on", f"more than {MOST} days would be kept; remove those that are over")
    before = {one.day: one for one in every(connection)}
    after = [SiteDay(day=day, kind=kind, title=called, actor=text.key(actor.name), at=now) for day in days]
    for one in after:
        _write(connection, one)
        was = NOTHING if one.day not in before else _told(before[one.day])
        audit.note(connection, actor, "holiday.put", f"day:{one.day}", changed(was, _told(one)), now)
    return tuple(after)


def remove(connection: Connection, day: date, actor: Actor, now: Instant) -> SiteDay:
    """It is as the calendar says again; what it was. Raises NotFound."""
    row = connection.execute(select(table).where(table.c.day == day.isoformat())).one_or_none()
    if row is None:
        raise NotFound("nothing was said of this day")
    before = _day(row)
    connection.execute(delete(table).where(table.c.day == day.isoformat()))
    audit.note(connection, actor, "holiday.remove", f"day:{day}", changed(_told(before), NOTHING), now)
    return before


def span(begin: date, end: date) -> tuple[date, ...]:
    """Every day from the first to the last, both counted. Raises BadValue for none, and for too many."""
    if end < begin:
        raise BadValue("end_on", "is before the first day")
    if (end - begin).days >= MOST_AT_ONCE:
        raise BadValue("end_on", f"more than {MOST_AT_ONCE} days at once")
    return tuple(begin + n * _ONE_DAY for n in range((end - begin).days + 1))


def in_house(hours: Hours, days: Iterable[SiteDay]) -> Hours:
    """Allowed hours, with the house's own days."""
    known = tuple(days)
    return replace(
        hours,
        shut=frozenset(one.day for one in known if one.kind == "closed"),
        open=frozenset(one.day for one in known if one.kind == "working"),
    )


def _write(connection: Connection, one: SiteDay) -> None:
    row = {"kind": one.kind, "title": one.title, "actor": one.actor, "at": one.at}
    new = insert(connection, table).values(day=one.day.isoformat(), **row)
    connection.execute(new.on_conflict_do_update(index_elements=["day"], set_=row))


def _told(one: SiteDay) -> dict[str, Any]:
    return {"kind": one.kind, "title": one.title}


def _day(row: Any) -> SiteDay:
    return SiteDay(
        day=date.fromisoformat(row.day), kind=row.kind, title=row.title, actor=row.actor, at=row.at
    )

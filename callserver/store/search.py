"""Calls, searched: newest first, page by page, for lists that people and machines look through.

In: what to look for, and where the last page ended. Out: whole call records and where this page ends. Must
not know: HTTP. What has a column is filtered by the database; the queue lies inside the record and is
looked at here, at most `_SCANNED` rows a page, so that no question of a stranger holds a connection for
long: a page may be short and not the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select

from callserver.facts import Instant
from callserver.store import text
from callserver.store.calls import Record
from callserver.store.engine import Store
from callserver.store.schema import calls as table

_SCANNED = 5_000
_PAGE = 500

# A call without a start (a switch without timestamps) comes after all others.
_started = func.coalesce(table.c.started_at, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Behind which call a page begins."""

    started_at: Instant
    pbx: str
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for; None: anything.

    `begin` counts, `end` does not; `number` is the caller's or the dialed one.
    """

    pbx: str | None = None
    begin: Instant | None = None
    end: Instant | None = None
    outcome: str | None = None
    number: str | None = None
    queue: str | None = None
    open: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Calls, newest first; `end` is where to go on, None: there are no more."""

    calls: tuple[Record, ...]
    end: Place | None


async def search(store: Store, wanted: Wanted, limit: int, after: Place | None = None) -> Page:
    """At most `limit` calls behind `after`."""
    found: list[Record] = []
    scanned = 0
    size = min(_PAGE, limit + 1) if wanted.queue is None else _PAGE
    while scanned < _SCANNED:
        rows = await _rows(store, _statement(wanted, after, size))
        for row in rows:
            if len(found) == limit:
                return Page(calls=tuple(found), end=after)
            after = _place(row)
            record = text.load(row.record)
            if _in_queue(record, wanted.queue):
                found.append(record)
        if len(rows) < size:
            return Page(calls=tuple(found), end=None)
        scanned += len(rows)
    return Page(calls=tuple(found), end=after)


async def _rows(store: Store, wanted: Select[Any]) -> Sequence[Row[Any]]:
    return await store.report(lambda connection: connection.execute(wanted).all())


def _in_queue(record: Record, queue: str | None) -> bool:
    return queue is None or any(visit.get("queue") == queue for visit in record.get("queue_visits", ()))


def _place(row: Row[Any]) -> Place:
    return Place(started_at=row.started, pbx=row.pbx, call=row.call_id)


def _statement(wanted: Wanted, after: Place | None, size: int) -> Select[Any]:
    statement = select(table.c.record, table.c.pbx, table.c.call_id, _started.label("started"))
    for column, value in ((table.c.pbx, wanted.pbx), (table.c.outcome, wanted.outcome)):
        if value is not None:
            statement = statement.where(column == text.key(value))
    if wanted.number is not None:
        number = text.key(wanted.number)
        statement = statement.where(or_(table.c.caller_number == number, table.c.dialed == number))
    if wanted.begin is not None:
        statement = statement.where(table.c.started_at >= wanted.begin)
    if wanted.end is not None:
        statement = statement.where(table.c.started_at < wanted.end)
    if wanted.open is not None:
        statement = statement.where(table.c.open.is_(wanted.open))
    if after is not None:
        statement = statement.where(_behind(after))
    return statement.order_by(_started.desc(), table.c.pbx.desc(), table.c.call_id.desc()).limit(size)


def _behind(place: Place) -> Any:
    pbx, call = table.c.pbx, table.c.call_id
    same_time = or_(pbx < place.pbx, and_(pbx == place.pbx, call < place.call))
    return or_(_started < place.started_at, and_(_started == place.started_at, same_time))

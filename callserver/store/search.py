"""Calls, searched: in the order of their beginning, page by page, for lists that people and machines look through.

In: what to look for, and where the last page ended. Out: whole call records and where this page ends. Must
not know: HTTP. What has a column is filtered by the database, switch by switch, since that is the order of the index:
a page of millions of calls reads as many rows as it shows. Queues, phones and times lie inside the record and are
looked at here, at most `_SCANNED` rows a page, so that no question of a stranger holds a connection for
long: a page may be short and not the last.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, false, func, or_, select, true, tuple_

from callserver.facts import Direction, Instant
from callserver.store import text
from callserver.store.calls import Record
from callserver.store.desk import call_tickets, tickets
from callserver.store.engine import Store
from callserver.store.schema import calls as table
from callserver.tickets.story import story

_SCANNED = 5_000
_PAGE = 500
_NEVER: Final[Instant] = -1
"""Where a call without a start stands (a switch without timestamps): before all others."""


class Place(NamedTuple):
    """Behind which call a page begins."""

    started_at: Instant
    pbx: str
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for; None: anything.

    `kind`: of the ticket that the call is on. `begin` counts, `end` does not; `number` is the caller's or the dialed
    one. `agent`: whose phone rang or talked, as the switch calls the phone or the queue its member. `waited_s`,
    `talked_s`: at least so long in queues, with agents. `oldest`: the oldest first.
    """

    pbx: str | None = None
    begin: Instant | None = None
    end: Instant | None = None
    direction: Direction | None = None
    outcome: str | None = None
    number: str | None = None
    open: bool | None = None
    gap: bool | None = None
    queue: str | None = None
    kind: str | None = None
    agent: str | None = None
    waited_s: float | None = None
    talked_s: float | None = None
    oldest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Calls in the order asked for; `end` is where to go on, None: there are no more."""

    calls: tuple[Record, ...]
    end: Place | None


async def search(store: Store, wanted: Wanted, limit: int, after: Place | None = None) -> Page:
    """At most `limit` calls behind `after`, a place of the same order."""
    found: list[Record] = []
    looks = _looks(wanted)
    scanned, size = 0, _PAGE if looks or wanted.kind is not None else min(_PAGE, limit + 1)
    while scanned < _SCANNED:
        rows = await _rows(store, wanted, after, size)
        for place, record in rows:
            if len(found) == limit:
                return Page(calls=tuple(found), end=after)
            after = place
            if record is not None and all(look(record) for look in looks):
                found.append(record)
        if len(rows) < size:
            return Page(calls=tuple(found), end=None)
        scanned += len(rows)
    return Page(calls=tuple(found), end=after)


# --- what has a column -----------------------------------------------------------------------------------------------


async def _rows(
    store: Store, wanted: Wanted, after: Place | None, size: int
) -> Sequence[tuple[Place, Record | None]]:
    """Places in order; without the record where it is on no ticket of the kind."""

    def read(connection: Connection) -> list[tuple[Place, Record | None]]:
        places = _places(connection, wanted, after, size)
        fit = places if wanted.kind is None else _of_kind(connection, wanted.kind, places)
        records = _records(connection, fit)
        return [(place, records.get(place[1:])) for place in places]

    return await store.report(read)


def _places(connection: Connection, wanted: Wanted, after: Place | None, size: int) -> list[Place]:
    """Of each switch as many as the page may need; no record is read for them."""
    pbxs = [text.key(wanted.pbx)] if wanted.pbx is not None else _switches(connection)
    each = [list(islice(_of_switch(connection, wanted, pbx, after, size), size)) for pbx in pbxs]
    turn = itemgetter(0, 1)  # within a switch the database has put them in order
    return list(islice(merge(*each, key=turn, reverse=not wanted.oldest), size))


def _switches(connection: Connection) -> list[str]:
    """Every switch that has calls, by one look into the index for each."""
    found: list[str] = []
    following = connection.execute(select(func.min(table.c.pbx))).scalar_one_or_none()
    while following is not None:
        found.append(following)
        behind = select(func.min(table.c.pbx)).where(table.c.pbx > following)
        following = connection.execute(behind).scalar_one_or_none()
    return found


def _of_switch(
    connection: Connection, wanted: Wanted, pbx: str, after: Place | None, size: int
) -> Iterator[Place]:
    """Calls without a start come before all others; an index cannot have them in one row with those."""
    for begun in (False, True) if wanted.oldest else (True, False):
        if begun or (wanted.begin is None and wanted.end is None):
            for row in connection.execute(_statement(wanted, pbx, begun, after, size)):
                yield Place(_NEVER if row.started_at is None else row.started_at, pbx, row.call_id)


def _statement(wanted: Wanted, pbx: str, begun: bool, after: Place | None, size: int) -> Select[Any]:
    columns = (table.c.started_at, table.c.call_id)
    here = table.c.started_at.is_not(None) if begun else table.c.started_at.is_(None)
    statement = select(*columns).where(table.c.pbx == pbx, here, *_conditions(wanted))
    if after is not None:
        statement = statement.where(_behind(after, pbx, begun, wanted.oldest))
    way = [column.asc() if wanted.oldest else column.desc() for column in columns]
    return statement.order_by(*way).limit(size)


def _behind(place: Place, pbx: str, begun: bool, oldest: bool) -> ColumnElement[bool]:
    """Behind a place in the order of all switches: start, switch, call."""
    at, name = table.c.started_at, table.c.call_id
    later = operator.gt if oldest else operator.lt
    found: ColumnElement[bool]
    if begun and pbx == place.pbx:
        found = later(tuple_(at, name), tuple_(place.started_at, place.call))
    elif begun and later(pbx, place.pbx):
        found = at >= place.started_at if oldest else at <= place.started_at
    elif begun:
        found = later(at, place.started_at)
    elif (_NEVER, pbx) == place[:2]:
        found = later(name, place.call)
    else:
        found = true() if later((_NEVER, pbx), place[:2]) else false()
    return found


def _records(connection: Connection, places: Iterable[Place]) -> dict[tuple[str, str], Record]:
    by_switch = sorted(places, key=itemgetter(1))
    found: dict[tuple[str, str], Record] = {}
    for pbx, group in groupby(by_switch, key=itemgetter(1)):
        some = table.c.call_id.in_([place.call for place in group])
        rows = connection.execute(select(table.c.call_id, table.c.record).where(table.c.pbx == pbx, some))
        found |= {(pbx, row.call_id): text.load(row.record) for row in rows}
    return found


def _of_kind(connection: Connection, kind: str, places: Iterable[Place]) -> list[Place]:
    """Those whose call is on a ticket of this kind."""
    found: list[Place] = []
    for pbx, group in groupby(sorted(places, key=itemgetter(1)), key=itemgetter(1)):
        some = {place.call: place for place in group}
        theirs = (
            select(call_tickets.c.call_id)
            .join(tickets, tickets.c.id == call_tickets.c.ticket_id)
            .where(call_tickets.c.pbx == pbx, call_tickets.c.call_id.in_(some))
            .where(tickets.c.kind == text.key(kind))
        )
        found += [some[call] for call in connection.execute(theirs).scalars()]
    return found


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    same = {table.c.outcome: wanted.outcome, table.c.direction: wanted.direction}
    found = [column == text.key(value) for column, value in same.items() if value is not None]
    if wanted.number is not None:
        number = text.key(wanted.number)
        found.append(or_(table.c.caller_number == number, table.c.dialed == number))
    if wanted.begin is not None:
        found.append(table.c.started_at >= wanted.begin)
    if wanted.end is not None:
        found.append(table.c.started_at < wanted.end)
    flags = {table.c.open: wanted.open, table.c.gap: wanted.gap}
    return found + [column.is_(flag) for column, flag in flags.items() if flag is not None]


# --- what lies inside the record -------------------------------------------------------------------------------------


def _looks(wanted: Wanted) -> list[Callable[[Record], bool]]:
    """What a record has to stand, all of it."""
    queue, agent, waited, talked = wanted.queue, wanted.agent, wanted.waited_s, wanted.talked_s
    looks: list[Callable[[Record], bool]] = []
    if queue is not None:
        looks.append(lambda record: any(visit.get("queue") == queue for visit in _visits(record)))
    if agent is not None:
        looks.append(lambda record: agent in _agents(record))
    if waited is not None:
        looks.append(lambda record: story(record)["waited_s"] >= waited)
    if talked is not None:
        looks.append(lambda record: story(record)["talked_s"] >= talked)
    return looks


def _visits(record: Record) -> Sequence[Record]:
    found: Sequence[Record] = record.get("queue_visits", ())
    return found


def _agents(record: Record) -> set[Any]:
    """Phones and names of all who were rung or talked; of the caller's own leg nothing."""
    rings = [ring for visit in _visits(record) for ring in visit.get("rings", ())]
    legs = [leg for leg in record.get("legs", ()) if not leg.get("caller")]
    own = [leg for leg in record.get("legs", ()) if record.get("direction") != "inbound"]
    return {one.get(name) for one in (*rings, *legs, *own) for name in ("interface", "name")}

"""Calls, looked up: the records as the journal wrote them.

In: switches, ids, spans of time. Out: whole call records, as dicts, just as they were appended. Must not
know: how a record comes about.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, or_, select

from callserver.facts import CallId, Instant, LegId, PbxId
from callserver.store import text
from callserver.store.engine import Store
from callserver.store.schema import call_open, database_now, legs
from callserver.store.schema import calls as table

Record: TypeAlias = dict[str, Any]

_PAGE = 500
_DAY_MS = 24 * 3600 * 1000


async def open_records(store: Store, pbx: PbxId) -> list[Record]:
    """The calls that had not ended when last written, oldest first: what a restart begins with."""
    wanted = select(table.c.record).where(table.c.pbx == text.key(pbx), call_open)
    return await _records(store, wanted.order_by(table.c.started_at, table.c.call_id))


async def record(store: Store, pbx: PbxId, call: CallId) -> Record | None:
    """One call, None where there is none (or a merge absorbed it)."""
    return await store.read(lambda connection: record_of(connection, pbx, call))


def record_of(connection: Connection, pbx: PbxId, call: CallId) -> Record | None:
    """`record`, inside a transaction."""
    found = connection.execute(_RECORD, {"of": text.key(pbx), "id": text.key(call)}).scalar_one_or_none()
    return None if found is None else dict(text.load(found))


def record_now(connection: Connection, pbx: PbxId, call: CallId) -> tuple[Instant, Record | None]:
    """The database's clock, and `record_of`: both in one question."""
    now, found = connection.execute(_RECORD_NOW, {"of": text.key(pbx), "id": text.key(call)}).one()
    return now, None if found is None else dict(text.load(found))


_RECORD = select(table.c.record).where(table.c.pbx == bindparam("of"), table.c.call_id == bindparam("id"))
_RECORD_NOW = select(database_now(), _RECORD.scalar_subquery())


def record_of_leg(connection: Connection, pbx: PbxId, leg: LegId) -> Record | None:
    """The call that a channel's uniqueid belongs to, whatever it is called by now."""
    same = and_(legs.c.pbx == table.c.pbx, legs.c.call_id == table.c.call_id)
    wanted = (
        select(table.c.record)
        .join(legs, same)
        .where(legs.c.pbx == text.key(pbx), legs.c.leg == text.key(leg))
    )
    found = connection.execute(wanted).scalar_one_or_none()
    return None if found is None else dict(text.load(found))


async def call_of_leg(store: Store, pbx: PbxId, leg: LegId) -> CallId | None:
    """Which call a channel's uniqueid belongs to."""
    wanted = select(legs.c.call_id).where(legs.c.pbx == text.key(pbx), legs.c.leg == text.key(leg))
    found: str | None = await store.read(lambda connection: connection.execute(wanted).scalar_one_or_none())
    return None if found is None else CallId(found)


async def calls_of_number(store: Store, number: str, limit: int = 20) -> list[Record]:
    """The latest calls of a caller on any switch, latest first."""
    wanted = select(table.c.record).where(table.c.caller_number == text.key(number))
    return await _records(store, wanted.order_by(table.c.started_at.desc(), table.c.call_id).limit(limit))


async def calls_between(store: Store, pbx: PbxId, begin: Instant, end: Instant) -> AsyncIterator[Record]:
    """The calls that started from `begin` to before `end`, in order; read page by page, so memory stays flat.

    Calls without a start (from a trace without instants) are in no span.
    """
    place: tuple[Instant, str] | None = None
    while True:
        page = await _rows(store, _page(pbx, begin, end, place))
        for row in page:
            yield text.load(row.record)
        if len(page) < _PAGE:
            return
        place = (page[-1].started_at, page[-1].call_id)


async def touched_span(store: Store, pbx: PbxId, since: Instant) -> tuple[Instant, Instant] | None:
    """From the first start to the last end of the calls that a gap touched and that ended at `since` or later.

    Looks a day back: no call is longer. None where there is no such call.
    """
    at = table.c.started_at
    wanted = select(func.min(at), func.max(table.c.ended_at)).where(
        table.c.pbx == text.key(pbx), at >= since - _DAY_MS, table.c.gap, table.c.ended_at >= since
    )
    begin, end = await store.read(lambda connection: connection.execute(wanted).one())
    return None if begin is None or end is None else (begin, end)


async def _rows(store: Store, wanted: Select[Any]) -> Sequence[Row[Any]]:
    return await store.report(lambda connection: connection.execute(wanted).all())


def _page(pbx: PbxId, begin: Instant, end: Instant, place: tuple[Instant, str] | None) -> Select[Any]:
    at, name = table.c.started_at, table.c.call_id
    wanted = select(table.c.record, at, name).where(table.c.pbx == text.key(pbx), at >= begin, at < end)
    if place is not None:
        wanted = wanted.where(at >= place[0], or_(at > place[0], and_(at == place[0], name > place[1])))
    return wanted.order_by(at, name).limit(_PAGE)


async def _records(store: Store, wanted: Select[Any]) -> list[Record]:
    found = await store.read(lambda connection: connection.execute(wanted).scalars().all())
    return [text.load(body) for body in found]

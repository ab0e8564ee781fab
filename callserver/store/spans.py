"""Who was in which state when: the time of people at work, written down as it passes.

In: spans that ended and began. Out: those of a person, of a phone, of a time. Must not know: how a state comes to be
(`push.agents` says what the words mean), what the time is counted for. Instants are whole milliseconds since the epoch,
UTC; spans are half-open.

One row a state of one phone. `to_at` null: it goes on; there is one such row a phone at most. `sure` false: nobody saw
its end, because the process that looked died; it ends at the last moment that was surely seen. What nobody could see (a
gap, the time between two processes) is a span of its own with the state `unseen`, so that whoever sat there is known
through it and no time is counted that was not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from callserver.facts import CallId, Instant, PbxId
from callserver.people import UserId
from callserver.store import text
from callserver.store.schema import metadata, where

__all__ = ["TABLES", "UNSEEN", "Span", "close_all", "metadata", "of", "overlapping", "read", "who", "write"]

UNSEEN: Final = "unseen"

table = Table(
    "agent_spans",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("user_id", BigInteger),
    Column("pbx", Text, nullable=False),
    Column("interface", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("call_id", Text),
    Column("from_at", BigInteger, nullable=False),
    Column("to_at", BigInteger),
    Column("sure", Boolean, nullable=False),
)
_goes_on: ColumnElement[bool] = table.c.to_at.is_(None)
Index("uq_agent_spans_open", table.c.pbx, table.c.interface, unique=True, **where(_goes_on))
Index("ix_agent_spans_user", table.c.user_id, table.c.from_at)
Index("ix_agent_spans_phone", table.c.pbx, table.c.interface, table.c.from_at)
Index("ix_agent_spans_ended", table.c.to_at)

TABLES: tuple[Table, ...] = (table,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One state of one phone. user: who sat there, None where nobody had signed in. to: None while it goes on.

    state: as the stream says it (ready, ringing, talking, held, wrap_up, paused, unreachable, gone), or `unseen`.
    reason: of a pause. call: the one that kept them busy.
    """

    user: UserId | None
    pbx: PbxId
    interface: str
    state: str
    reason: str | None = None
    call: CallId | None = None
    begin: Instant
    to: Instant | None = None
    sure: bool = True

    def clipped(self, begin: Instant, end: Instant, now: Instant) -> int:
        """Milliseconds of it inside [begin, end); one that goes on lasts until `now`."""
        return max(0, min(self.to if self.to is not None else now, end) - max(self.begin, begin))


# --- asking ----------------------------------------------------------------------------------------------------------


def of(connection: Connection, user: UserId, begin: Instant, end: Instant) -> list[Span]:
    """Everything of this person that touches [begin, end), in order; whole spans, to be clipped by whoever counts."""
    return list(read(connection, begin, end, table.c.user_id == user))


def overlapping(
    connection: Connection, begin: Instant, end: Instant, pbx: PbxId | None = None
) -> Iterator[Span]:
    """Everybody's that touches [begin, end), by person and time."""
    return read(connection, begin, end, *([table.c.pbx == text.key(pbx)] if pbx is not None else []))


def read(connection: Connection, begin: Instant, end: Instant, *which: ColumnElement[bool]) -> Iterator[Span]:
    """The spans that touch [begin, end) of which this is so."""
    inside = (table.c.from_at < end, _goes_on | (table.c.to_at > begin))
    wanted = select(table).where(*which, *inside).order_by(table.c.user_id, table.c.from_at, table.c.id)
    return map(_span, connection.execute(wanted))


def who(connection: Connection, pbx: PbxId, interface: str, at: Instant) -> UserId | None:
    """Who sat at this phone at that moment; None: nobody, or nobody who had signed in."""
    here = (table.c.pbx == text.key(pbx), table.c.interface == text.key(interface), table.c.from_at <= at)
    newest = (
        select(table.c.user_id, table.c.to_at)
        .where(*here)
        .order_by(table.c.from_at.desc(), table.c.id.desc())
    )
    row = connection.execute(newest.limit(1)).one_or_none()
    if row is None or row.user_id is None or (row.to_at is not None and row.to_at <= at):
        return None
    return UserId(row.user_id)


def _span(row: Row[Any]) -> Span:
    return Span(
        user=None if row.user_id is None else UserId(row.user_id),
        pbx=PbxId(row.pbx),
        interface=row.interface,
        state=row.state,
        reason=row.reason,
        call=None if row.call_id is None else CallId(row.call_id),
        begin=row.from_at,
        to=row.to_at,
        sure=row.sure,
    )


# --- writing ---------------------------------------------------------------------------------------------------------


def write(connection: Connection, ended: Mapping[tuple[PbxId, str], Instant], begun: Iterable[Span]) -> None:
    """What goes on at these phones ended at that moment; then what began, which may have ended already, too."""
    if ended:
        rows = [
            {"b_pbx": text.key(pbx), "b_interface": text.key(interface), "b_at": at}
            for (pbx, interface), at in ended.items()
        ]
        connection.execute(_END, rows)
    if new := [_row(one) for one in begun]:
        connection.execute(insert(table), new)


def close_all(connection: Connection, pbx: PbxId, seen_at: Instant, now: Instant) -> None:
    """Whoever looked at this switch looks no longer, and said nothing at the end: what went on ends, unsure, when it
    was surely seen last; until `now` nobody knows.
    """
    open_ones = select(table).where(table.c.pbx == text.key(pbx), _goes_on)
    for row in connection.execute(open_ones).all():
        end = min(max(row.from_at, seen_at), max(now, row.from_at))
        connection.execute(update(table).where(table.c.id == row.id).values(to_at=end, sure=False))
        if row.state != UNSEEN and end < now:
            one = Span(
                user=row.user_id,
                pbx=pbx,
                interface=row.interface,
                state=UNSEEN,
                begin=end,
                to=now,
                sure=False,
            )
            connection.execute(insert(table), [_row(one)])


def _row(span: Span) -> dict[str, Any]:
    return {
        "user_id": span.user,
        "pbx": text.key(span.pbx),
        "interface": text.key(span.interface),
        "state": span.state,
        "reason": text.optional_key(span.reason),
        "call_id": text.optional_key(span.call),
        "from_at": span.begin,
        "to_at": span.to,
        "sure": span.sure,
    }


_END = (
    update(table)
    .where(
        table.c.pbx == bindparam("b_pbx"),
        table.c.interface == bindparam("b_interface"),
        table.c.to_at.is_(None),
    )
    .values(to_at=bindparam("b_at"))
)

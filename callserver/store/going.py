"""How rows of one kind go, a batch at a time, because they were kept long enough.

In: a table, what makes a row too old. Out: how many are, and a batch of them taken away. Must not know: terms, nights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, select, tuple_

from callserver.facts import Instant

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind goes. `old` counts what began to be too old before an instant; `drop` takes a batch of it away."""

    old: Callable[[Connection, Instant], int]
    drop: Callable[[Connection, Instant, Instant], int]


def by(table: Table, old: Callable[[Instant], ColumnElement[bool]]) -> Kind:
    """Rows that an index finds, or of which there are few."""
    place = tuple(table.primary_key.columns)

    def count(connection: Connection, before: Instant) -> int:
        return int(
            connection.execute(select(func.count()).select_from(table).where(old(before))).scalar_one()
        )

    def drop(connection: Connection, before: Instant, now: Instant) -> int:
        some = select(*place).where(old(before)).limit(BATCH)
        return connection.execute(delete(table).where(tuple_(*place).in_(some))).rowcount

    return Kind(old=count, drop=drop)


def with_theirs(table: Table, theirs: Column[int], old: Callable[[Instant], ColumnElement[bool]]) -> Kind:
    """Rows by their `id`, and those of another table that point at them."""

    def drop(connection: Connection, before: Instant, now: Instant) -> int:
        some = select(table.c.id).where(old(before)).order_by(table.c.id).limit(BATCH)
        ids = list(connection.execute(some).scalars())
        connection.execute(delete(theirs.table).where(theirs.in_(ids)))
        return connection.execute(delete(table).where(table.c.id.in_(ids))).rowcount

    return Kind(old=by(table, old).old, drop=drop)

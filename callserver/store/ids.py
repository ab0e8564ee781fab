"""Ids for rows that are about to be written: known before, because records hold them, and many at once.

In: a table with an id that the database counts. Out: numbers that nobody else gets. Must not know: what they are for.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, text

LARGEST = 2**63 - 1


def reserve(connection: Connection, table: Table, count: int = 1) -> Sequence[int]:
    """So many ids, in order. On SQLite, which has one writer, they are taken by using them in this transaction."""
    if connection.dialect.name == "sqlite":
        last = connection.execute(_LAST, {"name": table.name}).scalar() or 0
        return range(last + 1, last + 1 + count)
    return connection.execute(_NEXT, {"name": table.name, "count": count}).scalars().all()


def known(id: int) -> int:
    """The id, or 0, which nothing has, for a number that no database keeps."""
    return id if 0 < id <= LARGEST else 0


_LAST = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
_NEXT = text(
    "SELECT nextval(pg_get_serial_sequence(CAST(:name AS text), 'id')) FROM generate_series(1, CAST(:count AS int))"
)

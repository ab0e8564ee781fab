"""An INSERT that can be given ON CONFLICT: the two databases have the same one under two names.

In: a connection, a table. Out: the statement. Must not know: any table.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from callserver.store.engine import Insert


def insert(connection: Connection, table: Table) -> Insert:
    """For use inside a transaction; `Store.insert` and `into` are the same for statements that are built once."""
    return into(connection.dialect.name, table)


def into(dialect: str, table: Table) -> Insert:
    """For the database of this name."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)

"""Indexes that are made when a first list is in, at a fifth of what keeping them takes row by row. SQLite only.

In: a transaction. Out: indexes taken away, or made again. Must not know: lists.

Only such as searches walk are put off, none that keeps a customer from being there twice and none by which calls or
imports find somebody. Whoever opens a database makes what is missing (`engine.open`), so an import that is killed
leaves nothing to be remembered: that an index is not there is the mark.
"""

from __future__ import annotations

from sqlalchemy import Connection, Index, text

from callserver.store.desk import customers, products

MOST = 2_000_000  # rows of a list; one index of so many takes some seconds, in which nobody else can write
_NAMES = {"ix_customers_name", "ix_customers_initials", "ix_customers_updated", "ix_products_serial"}
_INDEXES: tuple[Index, ...] = tuple(
    sorted(
        (one for table in (customers, products) for one in table.indexes if one.name in _NAMES),
        key=lambda one: str(one.name),
    )
)


def put_off(connection: Connection) -> None:
    """Take them away, where there is nobody yet to be found by them."""
    if connection.dialect.name != "sqlite":
        return
    if connection.execute(text("SELECT 1 FROM customers LIMIT 1")).first() is None:
        for index in _missing(connection, there=True):
            index.drop(connection)


def make_one(connection: Connection) -> bool:
    """Make one that is missing, a transaction each so that others may write in between; False: all are there."""
    for index in _missing(connection):
        index.create(connection)
        return True
    return False


def is_missing(connection: Connection) -> bool:
    """Whether any of them is."""
    return bool(_missing(connection))


def _missing(connection: Connection, *, there: bool = False) -> list[Index]:
    if connection.dialect.name != "sqlite":
        return []
    known = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'index'")).scalars())
    return [index for index in _INDEXES if (index.name in known) == there]

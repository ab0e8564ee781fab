"""A database opened for one piece of work and closed again, with nothing set up: for migrations.

In: a URL, and work to do on a connection. Out: what the work returns. Must not know: tables, pools.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from callserver.store import address, faults

T = TypeVar("T")


async def look(url: URL, work: Callable[[Connection], T]) -> T:
    """Work that only looks; an SQLite file is opened read-only and not made. Raises StoreErrors."""
    file = address.file(url)
    if file is None:
        return await _postgresql(url, work)
    uri = URL.create("sqlite", database=f"file:{_escaped(file)}", query={"mode": "ro", "uri": "true"})
    return await _sqlite(create_engine(uri, poolclass=NullPool), work)


async def change(url: URL, work: Callable[[Connection], T]) -> T:
    """Work in one transaction, tables included. Raises StoreErrors."""
    if address.dialect(url) == "postgresql":
        return await _postgresql(url, work)
    engine = create_engine(url, poolclass=NullPool)
    take_transactions_over(engine)
    return await _sqlite(engine, work)


def take_transactions_over(engine: Engine) -> None:
    """Begin transactions ourselves, with the write lock at once.

    The driver's own BEGIN comes late, not before CREATE TABLE, and is never IMMEDIATE: a reader that turns
    writer halfway is refused without waiting.
    """
    event.listen(engine, "connect", leave_transactions_alone)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def leave_transactions_alone(connection: Any, _record: object) -> None:
    """Tell a connection of sqlite3 to begin none by itself."""
    connection.isolation_level = None


async def _sqlite(engine: Engine, work: Callable[[Connection], T]) -> T:
    def do() -> T:
        with engine.begin() as connection:
            return work(connection)

    with faults.translated():
        return await asyncio.to_thread(do)


async def _postgresql(url: URL, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(url, poolclass=NullPool)
    with faults.translated():
        async with engine.begin() as connection:
            return await connection.run_sync(work)


def _escaped(file: Path) -> str:
    """A path inside a URI."""
    return str(file).replace("%", "%25").replace("?", "%3f").replace("#", "%23")

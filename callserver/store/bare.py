"""A database opened for one piece of work and closed again, with nothing set up: for migrations.

In: a URL, and work to do on a connection. Out: what the work returns. Must not know: tables, pools.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from callserver.store import address, faults
from callserver.store.lane import WRITING, Lane

T = TypeVar("T")


async def look(url: URL, work: Callable[[Connection], T]) -> T:
    """Work that only looks; an SQLite file is opened read-only and not made. Raises StoreErrors."""
    file = address.file(url)
    if file is None:
        return await _postgresql(url, work)
    uri = URL.create("sqlite", database=f"file:{_escaped(file)}", query={"mode": "ro", "uri": "true"})
    return await _sqlite(uri, None, work)


async def change(url: URL, work: Callable[[Connection], T]) -> T:
    """Work in one transaction, tables included. Raises StoreErrors."""
    if address.dialect(url) == "postgresql":
        return await _postgresql(url, work)
    return await _sqlite(url, WRITING, work)


async def _sqlite(url: URL, begin: str | None, work: Callable[[Connection], T]) -> T:
    with faults.translated():
        lane = await Lane.opened(url, begin=begin)
        try:
            return await lane.do(work)
        finally:
            await lane.close()


async def _postgresql(url: URL, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    with faults.translated():
        async with engine.begin() as connection:
            return await connection.run_sync(work)


def _escaped(file: Path) -> str:
    """A path inside a URI."""
    return str(file).replace("%", "%25").replace("?", "%3f").replace("#", "%23")

"""One hop to the thread of an aiosqlite connection, with a function of ours.

In: a file, and functions of a sqlite3 connection. Out: what they return or raise. Must not know: SQLAlchemy,
transactions.

aiosqlite is a thread that owns a sqlite3 connection and executes the functions in its queue. Its public
methods put single calls of sqlite3 into that queue; the method that puts any function there, `_execute`, is
private, as are the connection and the thread themselves. These three names are touched here and nowhere
else. pyproject.toml allows only the versions of aiosqlite that are known to have them, and
`tests/store/test_hop.py` says what we rely on.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")


async def opened(file: str, **options: Any) -> aiosqlite.Connection:
    """A connection with its thread. Options are those of `sqlite3.connect`. Raises sqlite3.Error.

    The thread does not keep a process alive that forgot to close the connection: what it had not committed
    then is rolled back, as after a kill.
    """
    connection = aiosqlite.connect(file, **options)
    connection._thread.daemon = True
    try:
        return await connection
    except (sqlite3.Error, asyncio.CancelledError):
        # The thread is about to end. It tells the loop that it did, so the loop must not end first.
        await asyncio.to_thread(connection._thread.join)
        raise


async def on_thread(connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """What the work returns, done on the connection's thread, behind what was asked before.

    A caller that is cancelled does not stop it. Raises what the work raises; ValueError when it is closed.
    """
    result: T = await connection._execute(work, connection._conn)  # type: ignore[no-untyped-call]
    return result

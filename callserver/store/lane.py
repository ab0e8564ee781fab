"""One connection to an SQLite file: aiosqlite's, with SQLAlchemy Core laid over it.

In: a URL, how to begin, and work to do: a plain function of a SQLAlchemy connection. Out: what the work
returns. Must not know: tables, who may write.

The work, with its BEGIN and COMMIT, is one hop to aiosqlite's thread. SQLAlchemy's own driver for aiosqlite
makes a hop for each call of sqlite3, 21 for a small append, and could be cancelled between any two.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import aiosqlite
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.pool import StaticPool

from callserver.errors import StoreError
from callserver.store import hop

T = TypeVar("T")

# Transactions are begun by us, with the write lock at once. The driver's own BEGIN comes late, not before
# CREATE TABLE, and is never IMMEDIATE: a reader that turns writer halfway is refused without waiting.
WRITING = "BEGIN IMMEDIATE"

# SQLite itself looks for a lock after 1, 2, 5, 10 ... and then only every 100 ms, so who waits for a process that
# writes all the time (an import) hardly ever looks in the moment in which it pauses. Asking costs some microseconds.
LOOK_AGAIN_S = 0.004
STATEMENTS = (
    512  # kept ready on each connection; of the driver's own 128 the writer needs more, and makes them anew
)
PATIENCE_S = 5.0  # where nobody says how long to wait for a lock; the driver's own


class Lane:
    """Work on one connection, done one after another. Made by `opened`; give it back with `close`."""

    def __init__(self, connection: aiosqlite.Connection, engine: Engine, *, writes: bool) -> None:
        self._connection = connection
        self._engine = engine
        self._writes = writes
        self._looking: Connection | None = None
        self._open = True

    @classmethod
    async def opened(
        cls, url: URL, *, begin: str | None, pragmas: Iterable[str] = (), busy_s: float | None = None
    ) -> Lane:
        """Connect. `begin` is what a transaction begins with; None: each statement stands for itself.

        `busy_s` is how long a lock is waited for (None: as the URL says). Raises sqlite3.Error, SQLAlchemyError.
        """
        (file,), options = dialect().create_connect_args(url)
        options.update(isolation_level=None, check_same_thread=True, cached_statements=STATEMENTS)
        if busy_s is not None:
            options["timeout"] = busy_s
        connection = await hop.opened(file, **options)
        beginning = None if begin is None else (begin, float(options.get("timeout", PATIENCE_S)))
        try:
            engine = await hop.on_thread(connection, partial(laid_over, url, beginning, tuple(pragmas)))
        except BaseException:
            await connection.close()
            raise
        return cls(connection, engine, writes=begin is not None)

    async def do(self, work: Callable[[Connection], T]) -> T:
        """What the work returns. A caller that is cancelled does not stop it.

        Raises what the work raises, SQLAlchemyError, and StoreError for a lane that was closed.
        """
        if not self._open:
            raise StoreError("the database was closed")
        return await hop.on_thread(self._connection, partial(self._do, work))

    async def close(self) -> None:
        """Disconnect: behind all that is to be written; a statement that only looks is broken off (StoreError)."""
        if self._open and not self._writes:
            await self._connection.interrupt()
        self._open = False
        if self._looking is not None:
            await hop.on_thread(self._connection, self._give_back)
        await self._connection.close()

    def _do(self, work: Callable[[Connection], T], _raw: sqlite3.Connection) -> T:
        """Not `begin` of a connection that is kept: one that is given back is rolled back after a failed COMMIT."""
        if not self._writes:
            return self._look(work)
        with self._engine.begin() as connection:
            return work(connection)

    def _look(self, work: Callable[[Connection], T]) -> T:
        """Here is nothing to commit, so SQLAlchemy's connection is kept: making one is half of a small look-up."""
        if self._looking is None:
            self._looking = self._engine.connect()
        return looked(self._looking, work)

    def _give_back(self, _raw: sqlite3.Connection) -> None:
        if self._looking is not None:
            self._looking.close()
            self._looking = None


def looked(connection: Connection, work: Callable[[Connection], T]) -> T:
    """What the work returns, on a connection that is kept and has nothing to commit."""
    try:
        return work(connection)
    finally:
        if connection.in_transaction():
            connection.rollback()


def laid_over(
    url: URL, beginning: tuple[str, float] | None, pragmas: tuple[str, ...], raw: sqlite3.Connection
) -> Engine:
    """An engine whose only connection is this one; on the connection's own thread."""
    for pragma in pragmas:
        raw.execute(f"PRAGMA {pragma}")
    engine = create_engine(url, creator=lambda: raw, poolclass=StaticPool, hide_parameters=True)
    if beginning is not None:
        begin, patience_s = beginning
        event.listen(engine, "begin", lambda _connection: _begin(raw, begin, patience_s))
    return engine


def _begin(raw: sqlite3.Connection, begin: str, patience_s: float) -> None:
    """Take the write lock in the first moment in which nobody has it. Raises sqlite3.OperationalError."""
    give_up = time.monotonic() + patience_s
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        while not _begun(raw, begin, last=time.monotonic() >= give_up):
            time.sleep(LOOK_AGAIN_S)
    finally:
        raw.execute(f"PRAGMA busy_timeout = {round(patience_s * 1000)}")


def _begun(raw: sqlite3.Connection, begin: str, *, last: bool) -> bool:
    try:
        raw.execute(begin)
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True

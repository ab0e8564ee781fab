"""A database, opened: who may write, who may only look, and how each of the two databases is told to behave.

In: a URL. Out: a `Store`, whose `write`, `read` and `report` give connections to the functions of this room.
Must not know: any table. On SQLite there is one writer connection, lent to one task at a time (a second
writer would starve behind the first); looking needs no lock (WAL). Every error of the database leaves here
as a StoreError.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import Any, Literal, TypeAlias

from sqlalchemy import URL, Connection, Table, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from callserver.store import address, faults, migrations
from callserver.store.schema import database_now

Insert: TypeAlias = sqlite.Insert | postgresql.Insert
Synchronous = Literal["OFF", "NORMAL", "FULL", "EXTRA"]

BUSY_S = 5.0
ANSWER_S = 30.0  # how long PostgreSQL may take for one statement before we call the connection dead
_LOOKERS = 4
_REPORTERS = 2


class Store:
    """An open database. Made by `open`; close it with `close`."""

    def __init__(self, url: URL, *, writer: AsyncEngine, looker: AsyncEngine, reporter: AsyncEngine) -> None:
        self.dialect = address.dialect(url)
        self.shown = address.shown(url)
        self._engines = (writer, looker, reporter)
        self._turn = asyncio.Lock() if self.dialect == "sqlite" else None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed when the block ends, rolled back when it raises.

        Raises StoreFull, StoreBusy, StoreGone or StoreError; after all but StoreGone nothing was written.
        """
        with faults.translated():
            async with self._my_turn(), self._engines[0].begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that cannot write, each statement for itself; for look-ups that somebody waits for."""
        with faults.translated():
            async with self._engines[1].connect() as connection:
                yield connection

    @asynccontextmanager
    async def report(self) -> AsyncIterator[AsyncConnection]:
        """The same on connections of their own: nobody's look-up waits behind a long report."""
        with faults.translated():
            async with self._engines[2].connect() as connection:
                yield connection

    def insert(self, table: Table) -> Insert:
        """An INSERT that can be given ON CONFLICT; the two databases have the same one under two names."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    async def now(self) -> int:
        """The database's clock, in milliseconds UTC; also the answer to "is it there?"."""
        async with self.read() as connection:
            return int((await connection.execute(select(database_now()))).scalar_one())

    async def close(self) -> None:
        """Give all connections back. Finish the journals first."""
        for engine in self._engines:
            await engine.dispose()

    def _my_turn(self) -> AbstractAsyncContextManager[Any]:
        return self._turn or nullcontext()


async def open(
    url: str, *, synchronous: Synchronous = "FULL", busy_s: float = BUSY_S, connections: int = 5
) -> Store:
    """Open a database whose schema is this program's.

    SQLite: `synchronous` FULL survives a power cut, NORMAL may lose the last moments in one; `busy_s` is how
    long a writer waits for another process. PostgreSQL: `connections` is how many writers it sees at most.
    Raises SchemaTooOld (also for an empty database), SchemaTooNew, StoreFull for a database that cannot be
    written, StoreGone for one that cannot be reached, StoreError.
    """
    await migrations.check(url)
    parsed = address.parse(url)
    if address.dialect(parsed) == "sqlite":
        store = _sqlite(parsed, synchronous, busy_s)
    else:
        store = _postgresql(parsed, connections)
    try:
        await _try(store)
    except BaseException:
        await store.close()
        raise
    return store


async def _try(store: Store) -> None:
    """Fail now rather than at the first call: the file may be read-only."""
    async with store.write() as connection:
        await connection.execute(text("UPDATE switches SET last_seq = last_seq WHERE pbx IS NULL"))
    await store.now()


# --- SQLite ------------------------------------------------------------------------------------------------


def _sqlite(url: URL, synchronous: Synchronous, busy_s: float) -> Store:
    writer = create_async_engine(url, pool_size=1, max_overflow=0, connect_args={"timeout": busy_s})
    event.listen(writer.sync_engine, "begin", _begin_immediate)
    event.listen(writer.sync_engine, "invalidate", _roll_back)
    _with_pragmas(writer, "journal_mode = WAL", f"synchronous = {synchronous}", "foreign_keys = ON")
    return Store(
        url, writer=writer, looker=_sqlite_reader(url, _LOOKERS), reporter=_sqlite_reader(url, _REPORTERS)
    )


def _sqlite_reader(url: URL, size: int) -> AsyncEngine:
    reader = create_async_engine(url, pool_size=size, max_overflow=0, connect_args={"timeout": BUSY_S})
    _with_pragmas(reader, "query_only = ON")
    return reader


def _with_pragmas(engine: AsyncEngine, *pragmas: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours: the driver's own comes late and is never IMMEDIATE
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once: a reader that turns writer halfway is refused without waiting."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _roll_back(connection: Any, _record: object, _error: object) -> None:
    """Give the write lock back before a connection is thrown away, which happens when a writer is cancelled.

    Closing alone does not: SQLite keeps a closed connection, and its lock, while a statement of it is not
    finished, and an INSERT ... RETURNING that was cancelled stays unfinished until Python collects its
    cursor.
    """
    with suppress(Exception):
        connection.rollback()


# --- PostgreSQL --------------------------------------------------------------------------------------------


def _postgresql(url: URL, connections: int) -> Store:
    return Store(
        url,
        writer=_postgresql_engine(url, connections, {"idle_in_transaction_session_timeout": "15s"}),
        looker=_postgresql_reader(url, _LOOKERS),
        reporter=_postgresql_reader(url, _REPORTERS),
    )


def _postgresql_reader(url: URL, size: int) -> AsyncEngine:
    settings = {"default_transaction_read_only": "on"}
    return _postgresql_engine(url, size, settings).execution_options(isolation_level="AUTOCOMMIT")


def _postgresql_engine(url: URL, size: int, settings: dict[str, str]) -> AsyncEngine:
    """A writer that vanishes in a transaction would keep its lease's row until TCP gives up: hence time-outs."""
    return create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        connect_args={
            "command_timeout": ANSWER_S,
            "timeout": ANSWER_S,
            "server_settings": {"application_name": "callserver", **settings},
        },
    )

"""A database, opened: who may write, who may only look, and how each of the two databases is told to behave.

In: a URL, and work to do on a connection: a plain function, called with a SQLAlchemy connection. Out: what
the work returns; every error of the database leaves here as a StoreError. Must not know: any table.

A transaction is one function, so it has no place in it where a task could wait or be cancelled. On SQLite
there are four connections of aiosqlite, one for each kind of work, and the function is one hop to the thread
of its connection (see lane.py): an agent's pop waits behind no other look-up. One writer, since a second one
would starve behind the first; looking needs no lock (WAL). On PostgreSQL the same function runs on asyncpg.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from sqlalchemy import URL, Table, select, text
from sqlalchemy import Connection as Connection  # the web room hands it on and may not know SQLAlchemy
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from callserver.store import address, after, faults, later, migrations
from callserver.store.at_once import AtOnce
from callserver.store.lane import WRITING, Lane
from callserver.store.schema import database_now

log = logging.getLogger(__name__)

T = TypeVar("T")
Insert: TypeAlias = sqlite.Insert | postgresql.Insert
Synchronous = Literal["OFF", "NORMAL", "FULL", "EXTRA"]

BUSY_S = 5.0
ANSWER_S = 30.0  # how long PostgreSQL may take for one statement before we call the connection dead
_LOOKERS = 4
_REPORTERS = 2


class Connections(Protocol):
    """Some connections of one kind to one database."""

    async def do(self, work: Callable[[Connection], T]) -> T:
        """The work in a transaction, or statement by statement where it may only look."""
        ...

    async def close(self) -> None:
        """Give them back."""
        ...


class Store:
    """An open database. Made by `open`; close it with `close`."""

    def __init__(
        self,
        url: URL,
        *,
        writer: Connections,
        looker: Connections,
        reporter: Connections,
        caller: Connections | None = None,
    ) -> None:
        self.dialect = address.dialect(url)
        self.shown = address.shown(url)
        self._writer, self._looker, self._reporter = writer, looker, reporter
        self._caller = caller or looker
        self._writing: set[asyncio.Task[Any]] = set()
        self._listeners: list[Callable[[Sequence[Any]], None]] = []

    def on_told(self, listener: Callable[[Sequence[Any]], None]) -> Callable[[], None]:
        """Call `listener`, on the event loop, with what each transaction of ours has said (`after.say`), in its order.

        After the commit and before `write` returns; never for one that was rolled back. It must be quick. Events of
        the outbox are said too, whether or not a webhook wants them. Gives what ends the listening.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do the work in a transaction: committed when it returns, rolled back when it raises.

        A caller that is cancelled leaves the transaction to its end. Raises StoreFull, StoreBusy, StoreGone
        or StoreError; after all but StoreGone nothing was written.
        """
        return await self._unbroken(self._committed(work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do the work on a connection that cannot write; for look-ups that somebody waits for."""
        with faults.translated():
            return await self._looker.do(work)

    async def pop(self, work: Callable[[Connection], T]) -> T:
        """The same for who calls just now, and for nothing else: on SQLite it is done at once (see at_once.py)."""
        with faults.translated():
            return await self._caller.do(work)

    async def report(self, work: Callable[[Connection], T]) -> T:
        """The same on connections of their own: nobody's look-up waits behind a long report."""
        with faults.translated():
            return await self._reporter.do(work)

    def insert(self, table: Table) -> Insert:
        """An INSERT that can be given ON CONFLICT; the two databases have the same one under two names."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    async def now(self) -> int:
        """The database's clock, in milliseconds UTC; also the answer to "is it there?"."""
        return await self.read(
            lambda connection: int(connection.execute(select(database_now())).scalar_one())
        )

    async def close(self) -> None:
        """Let transactions come to their end, then give all connections back. Close the journals first.

        Reports that somebody still makes on SQLite are broken off with a StoreError.
        """
        while self._writing:
            await asyncio.wait(self._writing)
        for connections in dict.fromkeys((self._writer, self._looker, self._reporter, self._caller)):
            await connections.close()

    async def _committed(self, work: Callable[[Connection], T]) -> T:
        said: list[Any] = []
        result = await self._writer.do(after.listening(work, said))
        if said:
            self.tell(said)
        return result

    def tell(self, said: Sequence[Any]) -> None:
        """Those who listen hear what a transaction has said: one of ours, or one of our other process.

        It is over: whatever goes wrong in a listener is not its caller's business.
        """
        for listener in tuple(self._listeners):
            try:
                listener(said)
            except Exception:
                log.exception("somebody who listens to the store failed")

    async def _unbroken(self, doing: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(doing)
        self._writing.add(task)
        task.add_done_callback(self._written)
        with faults.translated():
            return await asyncio.shield(task)

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writing.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, or asyncio complains when the caller is gone


async def open(
    url: str, *, synchronous: Synchronous = "FULL", busy_s: float = BUSY_S, connections: int = 5
) -> Store:
    """Open a database whose schema is this program's.

    SQLite: `synchronous` FULL survives a power cut, NORMAL may lose the last moments in one; `busy_s` is how
    long a writer waits for another process. PostgreSQL: `connections` is how many writers it sees at most.
    Indexes that an import has put off and not made are made now. Raises SchemaTooOld (also for an empty
    database), SchemaTooNew, StoreFull for a database that cannot be
    written, StoreGone for one that cannot be reached, StoreError.
    """
    await migrations.check(url)
    parsed = address.parse(url)
    if address.dialect(parsed) == "sqlite":
        with faults.translated():
            store = await _sqlite(parsed, synchronous, busy_s)
    else:
        store = _postgresql(parsed, connections)
    try:
        await _try(store)
        if await store.read(later.is_missing):
            while await store.write(later.make_one):
                pass
    except BaseException:
        await store.close()
        raise
    return store


async def _try(store: Store) -> None:
    """Fail now rather than at the first call: the file may be read-only."""
    nothing = text("UPDATE switches SET last_seq = last_seq WHERE pbx IS NULL")
    await store.write(lambda connection: connection.execute(nothing))
    await store.now()


# --- SQLite ------------------------------------------------------------------------------------------------


async def _sqlite(url: URL, synchronous: Synchronous, busy_s: float) -> Store:
    durable = ("journal_mode = WAL", f"synchronous = {synchronous}", "foreign_keys = ON")
    async with AsyncExitStack() as opened:

        async def lane(begin: str | None, *pragmas: str) -> Lane:
            made = await Lane.opened(url, begin=begin, pragmas=pragmas, busy_s=busy_s)
            opened.push_async_callback(made.close)
            return made

        store = Store(
            url,
            writer=await lane(WRITING, *durable),
            looker=await lane(None, "query_only = ON"),
            reporter=await lane(None, "query_only = ON"),
            caller=AtOnce(url, await lane(None, "query_only = ON")),
        )
        opened.pop_all()
        return store


# --- PostgreSQL --------------------------------------------------------------------------------------------


class _Pool:
    """Connections to PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def do(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        await self._engine.dispose()


def _postgresql(url: URL, connections: int) -> Store:
    """A writer that vanishes in a transaction would keep its lease's row until TCP gives up: hence its time-out."""
    writer = _postgresql_engine(url, connections, {"idle_in_transaction_session_timeout": "15s"})
    looker, reporter = (
        _postgresql_engine(url, count, {"default_transaction_read_only": "on"}).execution_options(
            isolation_level="AUTOCOMMIT"
        )
        for count in (_LOOKERS, _REPORTERS)
    )
    return Store(url, writer=_Pool(writer), looker=_Pool(looker), reporter=_Pool(reporter))


def _postgresql_engine(url: URL, count: int, settings: dict[str, str]) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=count,
        max_overflow=0,
        hide_parameters=True,  # names and numbers of people belong into no traceback
        connect_args={
            "command_timeout": ANSWER_S,
            "timeout": ANSWER_S,
            "server_settings": {"application_name": "callserver", **settings},
        },
    )

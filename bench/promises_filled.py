"""Databases with many promises pending, made as fast as each of the two can: rows first, and then their indexes.

In: how many are pending, and how many of them are due. Out: an open store for as long as it is measured; nothing is
left behind. Must not know: what is measured.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex

from callserver.store import desk, engine, migrations
from callserver.store.engine import Store
from tests.rig import postgres

NOW = 1_795_000_000_000
MINUTE = 60_000
TICKETS = 1_000
_FOLDER = Path(__file__).resolve().parents[1] / ".local" / "bench"
_MONTH = 30 * 24 * 60 * MINUTE
# What no promise here has: their indexes stay empty, so they may stay.
_EVERY_ROW = ("ix_promises_ticket", "ix_promises_due", "ix_promises_deadline", "ix_promises_next")
# Rows of a table that was emptied in the same transaction need no journal of their own with these.
_QUICKLY = {"wal_level": "minimal", "max_wal_senders": "0", "maintenance_work_mem": "512MB"}
_FILE_QUICKLY = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA cache_size = -400000",
    "PRAGMA analysis_limit = 10000",
)


@contextmanager
def folder() -> Iterator[Path]:
    """Where gigabytes may lie for a while."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_FOLDER, prefix="promises-") as made:
        yield Path(made)


@contextmanager
def server() -> Iterator[postgres.Server]:
    """A PostgreSQL that can be filled quickly. Raises Unavailable."""
    with postgres.running(**_QUICKLY) as running:
        yield running


@asynccontextmanager
async def in_file(file: Path, size: int, due: int) -> AsyncIterator[Store]:
    """An SQLite file with so many promises: `due` of them are due at NOW, the others over a month after it."""
    url = f"sqlite:///{file}"
    begun = time.monotonic()
    await migrations.upgrade(url)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in (*_FILE_QUICKLY, *_statements(sqlite.dialect(), _COUNTED, size, due)):
            connection.execute(statement)
    async with _opened(url, size, begun) as store:
        yield store


@asynccontextmanager
async def in_database(
    running: postgres.Server, name: str, size: int, due: int
) -> AsyncIterator[tuple[Store, str]]:
    """The same on PostgreSQL; with the URL of the database."""
    begun = time.monotonic()
    administrator = await asyncpg.connect(running.url.replace("+asyncpg", ""))
    await administrator.execute(f"CREATE DATABASE {name}")
    url = running.url.rpartition("/")[0] + f"/{name}"
    try:
        await migrations.upgrade(url)
        await _fill(url, size, due)
        async with _opened(url, size, begun) as store:
            yield store, url
    finally:
        await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await administrator.close()


async def _fill(url: str, size: int, due: int) -> None:
    """Whether each one's ticket is there is not asked: the tickets are."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute("TRUNCATE tickets, promises RESTART IDENTITY CASCADE")
            for statement in _statements(postgresql.dialect(), _GENERATED, size, due):  # type: ignore[no-untyped-call]
                await connection.execute(statement)
        await connection.execute("VACUUM (ANALYZE) promises")
    finally:
        await connection.close()


@asynccontextmanager
async def _opened(url: str, size: int, begun: float) -> AsyncIterator[Store]:
    store = await engine.open(url, synchronous="OFF")
    try:
        print(f"promises: {size:,} pending after {time.monotonic() - begun:.0f} s", file=sys.stderr)
        yield store
    finally:
        await store.close()


# --- statements ------------------------------------------------------------------------------------------------------


def _statements(dialect: Dialect, numbers: str, size: int, due: int) -> Iterator[str]:
    indexes = [one for one in desk.promises.indexes if one.name in _EVERY_ROW]
    for one in indexes:
        yield f"DROP INDEX {one.name}"
    yield _TICKETS.format(numbers=numbers.format(count=TICKETS))
    yield _PROMISES.format(numbers=numbers.format(count=size), at=_moment(size, due), tickets=TICKETS)
    for one in sorted(indexes, key=lambda one: str(one.name)):
        yield str(CreateIndex(one).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    yield "ANALYZE"


def _moment(size: int, due: int) -> str:
    """When promise `n` is due: in the last minute, or a minute to a month after NOW."""
    later = f"{NOW} + {MINUTE} + (CAST(n AS bigint) * 7919) % {_MONTH}"
    if not due:
        return later
    step = max(size // due, 1)
    return f"CASE WHEN n % {step} = 0 AND n <= {step * due} THEN {NOW} - n % {MINUTE} ELSE {later} END"


_COUNTED = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
"""
_GENERATED = """
WITH numbers(n) AS (SELECT generate_series(1, {count}))
"""
_TICKETS = f"""
INSERT INTO tickets (id, number, version, kind, status, open, priority, opened_at, touched_at, record)
{{numbers}}
SELECT n, CAST(n AS text), 1, 'information', 'open', n > 0, 1, {NOW}, {NOW}, '' FROM numbers
"""
_PROMISES = """
INSERT INTO promises (kind, ticket_id, status, due_at, deadline_at, created_at, why, next_at)
{numbers}
SELECT 'callback', 1 + n % {tickets}, 'planned', at, at + 7200000, at, '', at
FROM (SELECT n, {at} AS at FROM numbers) AS moments
"""

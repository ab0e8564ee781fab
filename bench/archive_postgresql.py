"""The archive on PostgreSQL: a cluster of its own for each size, kept under `.local/bench`.

In: how many customers; the rows and the order of contacts (bench.archive). Out: the URL of a database that is full, on
a server that flushes as it should, for as long as it is measured. Must not know: what is measured.

While it is filled nothing is flushed, and as tables are emptied and filled in one transaction nothing is journaled;
their indexes are made from the rows. So 4 million customers with 40 million contacts take half an hour and 25 GB.
"""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from bench import archive
from callserver.store import migrations
from tests.rig import postgres

_NAME = "archive"
_WORDS = "customer_words"
_TABLES = (*(table.name for table in archive.TABLES), _WORDS)
_FILLED = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "2GB",
    "work_mem": "512MB",
    "autovacuum": "off",
}
MEASURED = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "2GB",
    "max_wal_size": "2GB",
}


@contextmanager
def running(customers: int) -> Iterator[str]:
    """The URL of the database with so many customers, made where it is not there yet, with all tables there are by now.

    Whatever is written there stays for who comes next. Raises Unavailable where there is no server to run.
    """
    folder = folder_of(customers)
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        with postgres.kept(part, **_FILLED) as server:
            asyncio.run(_make(server.url, customers))
        os.sync()  # nothing was flushed till now
        part.rename(folder)
    with postgres.kept(folder, **MEASURED) as server:
        url = _there(server.url)
        asyncio.run(migrations.upgrade(url))
        yield url


def folder_of(customers: int) -> Path:
    """Where it is kept."""
    return archive.KEPT / f"postgresql-{customers}-{archive.shape()}"


def _there(url: str) -> str:
    return f"{url.rpartition('/')[0]}/{_NAME}"


async def _make(url: str, customers: int) -> None:
    begun = time.monotonic()
    admin = await asyncpg.connect(_plain(url))
    await admin.execute(f"CREATE DATABASE {_NAME}")
    await admin.close()
    await migrations.upgrade(_there(url))
    filling = await asyncpg.connect(_plain(_there(url)), statement_cache_size=0)
    try:
        await _fill(filling, customers, begun)
        await filling.execute("VACUUM ANALYZE")
        archive.say(begun, "vacuumed")
        await filling.execute("CHECKPOINT")  # the server's end has no time for it
        archive.say(begun, "on disk")
    finally:
        await filling.close()


def _plain(url: str) -> str:
    return url.replace("+asyncpg", "")


async def _fill(connection: asyncpg.Connection[Any], customers: int, begun: float) -> None:
    """Whether each row's ticket is there is not asked: it is."""
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(f"TRUNCATE {', '.join(_TABLES)} RESTART IDENTITY CASCADE")
        made_again = await _without_indexes(connection)
        for last, texts in archive.ahead(customers, _batch):
            for table, text in texts.items():
                await _copy(connection, table, text)
            if last % 200_000 == 0:
                archive.say(begun, f"{last:,} customers of {customers:,}")
        await connection.execute("ANALYZE tickets")
        await connection.execute("CREATE TEMP TABLE bench_contacts (n INTEGER PRIMARY KEY)")
        for n in range(1, archive.CONTACTS + 1):  # one after the other: the order of all would fill the disk
            await connection.execute(f"TRUNCATE bench_contacts; INSERT INTO bench_contacts VALUES ({n})")
            await connection.execute(archive.CONTACTS_OF_ALL)
            archive.say(begun, f"{n * customers:,} contacts")
    for name, statement in made_again:
        await connection.execute(statement)
        archive.say(begun, name)
    for table in ("customers", "products", "tickets", "promises"):
        await connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 1)) FROM {table}"
        )


async def _without_indexes(connection: asyncpg.Connection[Any]) -> list[tuple[str, str]]:
    """All dropped but those that other tables' keys lean on; their names, and how each is made again."""
    rows = await connection.fetch(_INDEXES, list(_TABLES))
    for row in rows:
        await connection.execute(row["drop"])
    return [(row["name"], row["make"]) for row in rows]


_INDEXES = """
SELECT index.relname AS name,
  CASE WHEN own.oid IS NULL THEN format('DROP INDEX %I', index.relname)
    ELSE format('ALTER TABLE %I DROP CONSTRAINT %I', home.relname, own.conname) END AS drop,
  CASE WHEN own.oid IS NULL THEN pg_get_indexdef(index.oid)
    ELSE format('ALTER TABLE %I ADD CONSTRAINT %I %s', home.relname, own.conname, pg_get_constraintdef(own.oid))
    END AS make
FROM pg_index
JOIN pg_class AS index ON index.oid = indexrelid
JOIN pg_class AS home ON home.oid = indrelid
LEFT JOIN pg_constraint AS own ON own.conindid = indexrelid AND own.contype IN ('p', 'u')
WHERE home.relname = ANY($1)
  AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'f' AND conindid = indexrelid)
ORDER BY home.relname, index.relname
"""


async def _copy(connection: asyncpg.Connection[Any], table: str, text: bytes) -> None:
    """As many columns as the text has; FREEZE, since nobody will ever have seen the table without these rows."""
    columns = _COLUMNS[table][: text.partition(b"\n")[0].count(b"\t") + 1]
    await connection.copy_to_table(
        table, source=io.BytesIO(text), columns=columns, format="text", freeze=True
    )


_COLUMNS: dict[str, list[str]] = {
    _WORDS: ["customer_id", "words"],
    **{table.name: [column.name for column in table.columns] for table in archive.TABLES},
}


def _batch(places: range) -> tuple[int, dict[str, bytes]]:
    """The last place, and what COPY reads for each table; made in another process."""
    texts = {table.name: _text(rows) for table, rows in archive.rows_of(places).items() if rows}
    words = [(place, " ".join(f"'{word}'" for word in archive.words_of(place))) for place in places]
    return places[-1], {**texts, _WORDS: _text(words)}


def _text(rows: Sequence[Sequence[Any]]) -> bytes:
    return "".join("\t".join(map(_cell, row)) + "\n" for row in rows).encode()


def _cell(value: object) -> str:
    """Nothing in an archive needs escaping."""
    if value is None:
        return r"\N"
    return str(value)

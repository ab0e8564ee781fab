"""What was deleted, really gone: the free pages and old versions that a database still has in its files.

In: a URL. Out: files without them. Must not know: tables, but for the full-text index of SQLite. It writes the whole
database once and needs as much free space again; on SQLite nobody else can write meanwhile. Backups are not touched.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from callserver.store import address, faults
from callserver.store.lane import Lane

WAIT_S = 60.0  # for other writers to let us


async def wipe(url: str) -> None:
    """Raises StoreBusy where others write all the time, StoreFull, StoreError."""
    parsed = address.parse(url)
    with faults.translated():
        if address.dialect(parsed) == "sqlite":
            await _sqlite(url)
        else:
            await _postgresql(url)


async def _sqlite(url: str) -> None:
    """The index keeps the words of deleted rows until it is merged; the log keeps pages until it is begun anew."""
    lane = await Lane.opened(address.parse(url), begin=None, busy_s=WAIT_S)
    try:
        for statement in (
            "INSERT INTO customer_words (customer_words) VALUES ('optimize')",
            "PRAGMA wal_checkpoint(TRUNCATE)",
            "VACUUM",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ):
            await lane.do(partial(_do, statement))
    finally:
        await lane.close()


def _do(statement: str, connection: Connection) -> None:
    connection.exec_driver_sql(statement)


async def _postgresql(url: str) -> None:
    """VACUUM takes dead rows out; it does not write zeros, the space is used again by and by."""
    engine = create_async_engine(address.parse(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for name in await connection.run_sync(lambda sync: inspect(sync).get_table_names()):
            await connection.execute(text(f'VACUUM "{name}"'))
    await engine.dispose()

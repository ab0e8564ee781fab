"""Opening a database: who may write, who may look, and what an operator is told."""

import asyncio
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from callserver.errors import SchemaTooOld, StoreError
from callserver.store import address, engine, leases, log, migrations
from callserver.store.engine import Store
from callserver.store.faults import StoreBusy, StoreGone
from callserver.store.schema import switches
from tests.store.samples import PBX

ROW = {"pbx": PBX, "last_seq": 7}

# For root, permissions count only without this privilege.
WITHOUT_PRIVILEGE = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
OPENING = """
import asyncio, pathlib, sys
from callserver.errors import StoreError
from callserver.store import engine

file = pathlib.Path(sys.argv[1])
for of_file, of_folder in [(0o444, 0o755), (0o644, 0o555), (0o444, 0o555)]:
    file.chmod(of_file)
    file.parent.chmod(of_folder)
    try:
        asyncio.run(engine.open(f"sqlite:///{file}"))
    except StoreError as error:
        print(f"{type(error).__name__}: {error}")
    file.parent.chmod(0o755)
"""


async def test_what_a_block_writes_is_there_when_it_ends_and_not_when_it_raises(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.write() as connection:
            await connection.execute(insert(switches).values(ROW))
            raise ZeroDivisionError
    assert await log.switch(store, PBX) is None
    async with store.write() as connection:
        await connection.execute(insert(switches).values(ROW))
    assert await log.last_seq(store, PBX) == 7


async def test_looking_neither_waits_for_a_writer_nor_sees_what_is_not_committed(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(insert(switches).values(ROW))
        assert await asyncio.wait_for(log.last_seq(store, PBX), 5) == 0


async def test_a_connection_for_looking_cannot_write(store: Store) -> None:
    for lend in (store.read, store.report):
        with pytest.raises(StoreError, match=r"read-?only"):
            async with lend() as connection:
                await connection.execute(insert(switches).values(ROW))


async def test_reports_leave_connections_for_those_who_wait(store: Store) -> None:
    async with store.report(), store.report():
        assert await asyncio.wait_for(store.now(), 5) > 0


async def test_writers_take_turns(store: Store) -> None:
    async def count() -> None:
        async with store.write() as connection:
            seen = (await connection.execute(select(switches.c.last_seq).with_for_update())).scalar_one()
            await asyncio.sleep(0)
            await connection.execute(switches.update().values(last_seq=seen + 1))

    async with store.write() as connection:
        await connection.execute(insert(switches).values(ROW))
    await asyncio.gather(*(count() for _ in range(20)))
    assert await log.last_seq(store, PBX) == 27


async def test_the_databases_clock_is_in_milliseconds_of_this_era(store: Store) -> None:
    first, second = await store.now(), await store.now()
    assert 1_790_000_000_000 < first <= second < 4_000_000_000_000


async def test_an_error_of_the_database_says_what_it_said_and_not_the_password(store: Store) -> None:
    with pytest.raises(StoreError, match=r"no_such_table"):
        async with store.write() as connection:
            await connection.execute(text("SELECT * FROM no_such_table"))


async def test_a_writer_cancelled_anywhere_on_its_way_leaves_no_lock_behind(url: str) -> None:
    """Its exceptions are kept, and with them the cursors of what it was doing: nothing is tidied up by chance."""
    store = await engine.open(url, busy_s=0.5)
    cancelled = []
    gc.disable()
    try:
        for turn in range(150):
            task = asyncio.create_task(leases.acquire(store, f"lease-{turn}", "a", 60))
            await asyncio.sleep(turn % 30 * 0.0002)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError as error:
                cancelled.append(error)
        assert cancelled
        assert await leases.acquire(store, "another", "b", 60) is not None
    finally:
        gc.enable()
    await store.close()


def test_an_address_is_shown_without_its_password() -> None:
    assert (
        address.shown(address.parse("postgresql://me:secret@db/calls"))
        == "postgresql+asyncpg://me:***@db/calls"
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://root@localhost/calls", "no such kind of database: mysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///file:x?mode=memory&uri=true", "needs a file"),
        ("calls.db", "cannot be read"),
    ],
)
def test_an_address_that_is_none_is_refused_in_words(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        address.parse(url)


async def test_an_empty_database_is_not_opened(empty_url: str) -> None:
    with pytest.raises(SchemaTooOld, match="callserver db upgrade"):
        await engine.open(empty_url)


async def test_a_server_that_is_not_there_is_said_to_be_gone() -> None:
    with pytest.raises(StoreGone):
        await engine.open("postgresql://me:secret@127.0.0.1:9/calls")


class TestSQLite:
    """What only a file can do."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        asyncio.run(migrations.upgrade(f"sqlite:///{tmp_path}/calls.db"))
        return tmp_path / "calls.db"

    async def test_the_file_is_written_ahead_and_flushed_at_each_commit(self, path: Path) -> None:
        store = await engine.open(f"sqlite:///{path}")
        async with store.write() as connection:
            answers = [
                (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        await store.close()
        assert answers == ["wal", 2, 1]

    async def test_flushing_less_is_the_operators_choice(self, path: Path) -> None:
        store = await engine.open(f"sqlite:///{path}", synchronous="NORMAL")
        async with store.write() as connection:
            assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar_one() == 1
        await store.close()

    async def test_two_processes_that_write_wait_for_each_other(self, path: Path) -> None:
        one, other = await engine.open(f"sqlite:///{path}"), await engine.open(f"sqlite:///{path}")
        written = asyncio.Event()

        async def second() -> None:
            await written.wait()
            async with other.write() as connection:
                await connection.execute(switches.update().values(last_seq=switches.c.last_seq + 1))

        waiting = asyncio.create_task(second())
        async with one.write() as connection:
            await connection.execute(insert(switches).values(ROW))
            written.set()
            for _ in range(50):
                await connection.execute(switches.update().values(last_seq=switches.c.last_seq))
        await waiting
        assert await log.last_seq(one, PBX) == 8
        await one.close()
        await other.close()

    async def test_a_writer_that_waited_in_vain_is_told_that_it_is_busy(self, path: Path) -> None:
        one, other = (
            await engine.open(f"sqlite:///{path}"),
            await engine.open(f"sqlite:///{path}", busy_s=0.01),
        )
        async with one.write():
            with pytest.raises(StoreBusy, match="locked"):
                async with other.write():
                    pytest.fail("two writers at once")
        await one.close()
        await other.close()

    def test_what_cannot_be_written_is_refused_at_the_start(self, path: Path) -> None:
        """A read-only file, a folder where nothing can be made, and both."""
        argv = [*WITHOUT_PRIVILEGE, sys.executable, "-c", OPENING, str(path)]
        said = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        assert [line.partition(":")[0] for line in said.stdout.splitlines()] == ["StoreFull"] * 3, said.stderr

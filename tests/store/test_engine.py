"""Opening a database: who may write, who may look, and what an operator is told."""

import asyncio
import gc
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from callserver.errors import SchemaTooOld, StoreError
from callserver.store import address, engine, leases, log, migrations
from callserver.store.desk import tokens
from callserver.store.engine import Store
from callserver.store.faults import StoreBusy, StoreGone
from callserver.store.schema import switches
from tests.store.conftest import elsewhere, hops
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


def put(connection: Connection) -> None:
    connection.execute(insert(switches).values(ROW))


async def test_work_that_returns_is_written_and_work_that_raises_is_not(store: Store) -> None:
    def fail(connection: Connection) -> None:
        put(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(fail)
    assert await log.switch(store, PBX) is None
    await store.write(put)
    assert await log.last_seq(store, PBX) == 7


async def test_looking_neither_waits_for_a_writer_nor_sees_what_is_not_committed(
    url: str, store: Store
) -> None:
    async with elsewhere(url, "INSERT INTO switches (pbx, last_seq) VALUES ('main', 7)"):
        assert await asyncio.wait_for(log.last_seq(store, PBX), 60) == 0
    assert await log.last_seq(store, PBX) == 7


async def test_a_connection_for_looking_cannot_write(store: Store) -> None:
    for look in (store.read, store.report):
        with pytest.raises(StoreError, match=r"read-?only"):
            await look(put)


async def test_writers_that_look_first_take_turns_also_in_two_processes(url: str, store: Store) -> None:
    other = await engine.open(url)

    def count(connection: Connection) -> None:
        seen = connection.scalars(select(switches.c.last_seq).with_for_update()).one()
        connection.execute(switches.update().values(last_seq=seen + 1))

    await store.write(put)
    await asyncio.gather(*(one.write(count) for _ in range(20) for one in (store, other)))
    assert await log.last_seq(store, PBX) == 47
    await other.close()


async def test_a_store_that_is_closed_has_finished_what_it_was_asked(url: str) -> None:
    store = await engine.open(url)
    abandoned = asyncio.create_task(store.write(put))
    await asyncio.sleep(0)
    abandoned.cancel()
    await store.close()
    again = await engine.open(url)
    assert await log.last_seq(again, PBX) == 7
    await again.close()


async def test_the_databases_clock_is_in_milliseconds_of_this_era(store: Store) -> None:
    first, second = await store.now(), await store.now()
    assert 1_790_000_000_000 < first <= second < 4_000_000_000_000


async def test_an_error_of_the_database_says_what_it_said_and_not_the_password(store: Store) -> None:
    with pytest.raises(StoreError, match=r"no_such_table"):
        await store.write(lambda connection: connection.execute(text("SELECT * FROM no_such_table")))


async def test_an_error_of_the_database_says_nothing_of_what_was_written(store: Store) -> None:
    row = {
        "name": "u-13800138000",
        "hash": "h-13800138000",
        "scopes": "[]",
        "created_at": 1,
        "created_by": "x",
    }
    with pytest.raises(StoreError) as caught:
        await store.write(lambda connection: connection.execute(insert(tokens), [row, row]))
    assert "13800138000" not in str(caught.value)
    assert "parameters: (" not in str(caught.value.__cause__)


async def test_a_writer_cancelled_anywhere_on_its_way_leaves_no_lock_behind(url: str) -> None:
    """Its exceptions are kept, and with them the cursors of what it was doing: nothing is tidied up by chance."""
    store = await engine.open(url, busy_s=10)
    cancelled = []
    gc.disable()
    try:
        for turn in range(60):
            task = asyncio.create_task(leases.acquire(store, f"lease-{turn}", "a", 60))
            await asyncio.sleep(turn % 30 * 0.0001)
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


async def pragma(store: Store, name: str) -> object:
    return await store.write(lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())


class TestSQLite:
    """What only a file can do."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        asyncio.run(migrations.upgrade(f"sqlite:///{tmp_path}/calls.db"))
        return tmp_path / "calls.db"

    async def test_the_file_is_written_ahead_and_flushed_at_each_commit(self, path: Path) -> None:
        store = await engine.open(f"sqlite:///{path}")
        assert [await pragma(store, name) for name in ("journal_mode", "synchronous", "foreign_keys")] == [
            "wal",
            2,
            1,
        ]
        await store.close()

    async def test_flushing_less_is_the_operators_choice(self, path: Path) -> None:
        store = await engine.open(f"sqlite:///{path}", synchronous="NORMAL")
        assert await pragma(store, "synchronous") == 1
        await store.close()

    async def test_a_transaction_is_one_hop_to_the_thread_of_its_connection(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = await engine.open(f"sqlite:///{path}")
        for do in (store.write, store.read, store.report):
            with hops(monkeypatch) as counted:
                await do(lambda connection: [connection.scalars(select(switches)).all() for _ in range(5)])
            assert len(counted) == 1
        await store.close()

    async def test_a_long_report_holds_up_neither_look_ups_nor_writers(self, path: Path) -> None:
        store = await engine.open(f"sqlite:///{path}")
        begun, go_on = threading.Event(), threading.Event()

        def last_for_long(_connection: Connection) -> bool:
            begun.set()
            return go_on.wait(60)

        report = asyncio.create_task(store.report(last_for_long))
        await asyncio.to_thread(begun.wait, 60)
        await store.write(put)
        assert await log.last_seq(store, PBX) == 7
        assert not report.done()
        go_on.set()
        assert await report
        await store.close()

    async def test_a_pop_waits_behind_no_other_look_up(self, path: Path) -> None:
        store = await engine.open(f"sqlite:///{path}")
        go_on = threading.Event()
        looking = asyncio.create_task(store.read(lambda _: go_on.wait(100)))
        try:
            async with asyncio.timeout(60):
                assert await store.pop(lambda connection: connection.execute(select(1)).scalar()) == 1
            assert not looking.done()
        finally:
            go_on.set()
            await looking
            await store.close()

    async def test_a_report_without_end_does_not_hold_up_the_end_of_the_program(self, path: Path) -> None:
        store = await engine.open(f"sqlite:///{path}")
        begun = threading.Event()

        def count_for_ever(connection: Connection) -> None:
            connection.connection.create_function("begun", 0, begun.set)
            endless = (
                "WITH RECURSIVE n (i) AS (SELECT begun() UNION ALL SELECT 1 FROM n) SELECT count(i) FROM n"
            )
            connection.exec_driver_sql(endless).one()

        report = asyncio.create_task(store.report(count_for_ever))
        await asyncio.to_thread(begun.wait, 60)
        await store.close()
        with pytest.raises(StoreError, match="interrupted"):
            await report

    async def test_a_commit_that_fails_leaves_no_transaction_open(self, path: Path) -> None:
        """SQLite keeps a transaction open whose COMMIT it refused: here for a row without the row that it names."""
        store = await engine.open(f"sqlite:///{path}")

        def orphan(connection: Connection) -> None:
            connection.exec_driver_sql("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
            connection.exec_driver_sql(
                "CREATE TABLE children (parent REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"
            )
            connection.exec_driver_sql("INSERT INTO children VALUES (1)")

        for _ in range(2):
            with pytest.raises(StoreError, match="FOREIGN KEY"):
                await store.write(orphan)
        await store.write(put)
        assert await log.last_seq(store, PBX) == 7
        await store.close()

    async def test_a_store_that_is_closed_says_so_and_may_be_closed_again(self, path: Path) -> None:
        store = await engine.open(f"sqlite:///{path}")
        for _ in range(2):
            await store.close()
        for do in (store.write, store.read, store.report):
            with pytest.raises(StoreError, match="closed"):
                await do(put)

    async def test_a_writer_waits_for_another_process(self, path: Path) -> None:
        store = await engine.open(f"sqlite:///{path}")
        async with elsewhere(f"sqlite:///{path}", "INSERT INTO switches (pbx, last_seq) VALUES ('main', 7)"):
            waiting = asyncio.create_task(
                store.write(lambda connection: connection.execute(switches.update().values(last_seq=8)))
            )
            done, _ = await asyncio.wait([waiting], timeout=0.1)
            assert not done
        await waiting
        assert await log.last_seq(store, PBX) == 8
        await store.close()

    async def test_a_writer_finds_the_short_pauses_of_one_that_writes_all_the_time(self, path: Path) -> None:
        """As an import does: SQLite's own waiting looks every 100 ms, and misses a pause of 3 ms for seconds."""
        store = await engine.open(f"sqlite:///{path}", busy_s=3)
        enough = threading.Event()

        def importing() -> None:
            other = sqlite3.connect(path, isolation_level=None, timeout=60)
            while not enough.is_set():
                other.execute("BEGIN IMMEDIATE")
                enough.wait(0.05)
                other.execute("COMMIT")
                enough.wait(0.003)
            other.close()

        work = asyncio.create_task(asyncio.to_thread(importing))
        try:
            for turn in range(10):
                key = f"lease-{turn}"
                assert await leases.acquire(store, key, "a", 60) is not None
        finally:
            enough.set()
            await work
        await store.close()

    async def test_a_writer_that_waited_in_vain_is_told_that_it_is_busy(self, path: Path) -> None:
        store = await engine.open(f"sqlite:///{path}", busy_s=0.01)
        async with elsewhere(f"sqlite:///{path}"):
            with pytest.raises(StoreBusy, match="locked"):
                await store.write(put)
        await store.close()

    def test_what_cannot_be_written_is_refused_at_the_start(self, path: Path) -> None:
        """A read-only file, a folder where nothing can be made, and both."""
        argv = [*WITHOUT_PRIVILEGE, sys.executable, "-c", OPENING, str(path)]
        said = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        assert [line.partition(":")[0] for line in said.stdout.splitlines()] == ["StoreFull"] * 3, said.stderr

"""What we rely on in aiosqlite, some of which it does not promise: a newer one that changed it fails here."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest
import pytest_asyncio

from callserver.store import hop
from tests.store.conftest import hops

FORGETTING = """
import asyncio, sys
from callserver.store import hop

async def forget():
    global connection
    connection = await hop.opened(sys.argv[1])

asyncio.run(forget())
"""


@pytest_asyncio.fixture
async def connection(tmp_path: Path) -> AsyncIterator[aiosqlite.Connection]:
    opened = await hop.opened(f"{tmp_path}/calls.db", isolation_level=None)
    yield opened
    await opened.close()


def test_aiosqlite_has_the_three_private_names_that_we_touch() -> None:
    made = aiosqlite.connect("never opened")
    missing = [name for name in ("_execute", "_thread") if not hasattr(made, name)]
    missing += [name for name in ("_conn",) if not hasattr(type(made), name)]
    assert not missing, f"aiosqlite {aiosqlite.__version__} has no {missing}: see callserver/store/hop.py"


async def test_work_is_done_on_the_thread_that_aiosqlite_made_with_the_connection_that_it_made(
    connection: aiosqlite.Connection,
) -> None:
    """sqlite3 itself refuses a connection to every thread but the one that made it."""
    thread = await hop.on_thread(
        connection, lambda raw: raw.execute("CREATE TABLE t (n)") and threading.current_thread()
    )
    assert thread is not threading.current_thread()
    async with connection.execute("SELECT count(*) FROM t") as cursor:
        assert await cursor.fetchone() == (0,)


async def test_work_is_one_hop_however_many_statements_it_has(
    connection: aiosqlite.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(raw: sqlite3.Connection) -> int:
        return sum(raw.execute("SELECT 1").fetchone()[0] for _ in range(10))

    with hops(monkeypatch) as counted:
        assert await hop.on_thread(connection, work) == 10
    assert len(counted) == 1


async def test_what_the_work_raises_is_raised(connection: aiosqlite.Connection) -> None:
    with pytest.raises(ZeroDivisionError):
        await hop.on_thread(connection, lambda _raw: 1 / 0)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await hop.on_thread(connection, lambda raw: raw.execute("SELECT * FROM nowhere"))


async def test_work_whose_caller_is_cancelled_is_done_before_what_was_asked_later(
    connection: aiosqlite.Connection,
) -> None:
    begun, go_on, done = threading.Event(), threading.Event(), []

    def slow(_raw: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait(10)
        done.append("first")

    first = asyncio.create_task(hop.on_thread(connection, slow))
    await asyncio.to_thread(begun.wait, 10)
    first.cancel()
    second = asyncio.create_task(hop.on_thread(connection, lambda _raw: done.append("second")))
    with pytest.raises(asyncio.CancelledError):
        await first
    go_on.set()
    await second
    assert done == ["first", "second"]


async def test_a_file_that_cannot_be_opened_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await hop.opened(f"{tmp_path}/nowhere/calls.db")
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not [name for name in left if not name.startswith("asyncio")]


def test_a_process_that_forgets_a_connection_ends_all_the_same(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", FORGETTING, f"{tmp_path}/calls.db"]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")

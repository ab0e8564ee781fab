"""A look-up that a caller waits for is done between two events; one that takes long is done elsewhere."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import OperationalError

from callserver.errors import StoreError
from callserver.store.at_once import REST_S, AtOnce, Spent, spent
from callserver.store.lane import Lane


class Watch:
    """What a look-up spends."""

    def __init__(self) -> None:
        self.s = 100.0
        self.processor_s = 0.0
        self.blocks = 0

    def __call__(self) -> Spent:
        return Spent(self.s, self.processor_s, self.blocks)


@asynccontextmanager
async def opened(folder: Path, watch: Watch) -> AsyncIterator[AtOnce]:
    with sqlite3.connect(folder / "one.db") as connection:
        connection.execute("CREATE TABLE callers (name)")
        connection.execute("INSERT INTO callers VALUES ('Wang')")
    connection.close()
    url = make_url(f"sqlite:///{folder / 'one.db'}")
    looks = AtOnce(url, await Lane.opened(url, begin=None), spent=watch)
    try:
        yield looks
    finally:
        await looks.close()


def where(connection: Connection) -> tuple[int, str]:
    return threading.get_ident(), connection.execute(text("SELECT name FROM callers")).scalar_one()


HERE = threading.get_ident()


async def test_a_look_up_is_done_here_and_now(tmp_path: Path) -> None:
    async with opened(tmp_path, Watch()) as looks:
        assert await looks.do(where) == (HERE, "Wang")


@pytest.mark.parametrize(("processor_s", "blocks"), [(0.0, 8), (0.4, 0)], ids=["the disk", "much work"])
async def test_after_one_that_took_long_others_are_done_on_the_lanes_thread_for_a_while(
    tmp_path: Path, processor_s: float, blocks: int
) -> None:
    watch = Watch()

    def long(connection: Connection) -> tuple[int, str]:
        watch.s += 0.5
        watch.processor_s += processor_s
        watch.blocks += blocks
        return where(connection)

    async with opened(tmp_path, watch) as looks:
        assert await looks.do(long) == (HERE, "Wang")
        thread, name = await looks.do(where)
        assert (thread != HERE, name) == (True, "Wang")
        watch.s += REST_S
        assert await looks.do(where) == (HERE, "Wang")


async def test_time_that_others_had_the_processor_sends_nobody_away(tmp_path: Path) -> None:
    watch = Watch()

    def held_up(connection: Connection) -> tuple[int, str]:
        watch.s += 0.5
        return where(connection)

    async with opened(tmp_path, watch) as looks:
        assert await looks.do(held_up) == (HERE, "Wang")
        assert await looks.do(where) == (HERE, "Wang")


async def test_much_work_of_this_thread_shows() -> None:
    before = spent()
    deadline = before.processor_s + 0.02
    while spent().processor_s < deadline:
        pass
    after = spent()
    assert after.long_since(before, 0.01)
    assert not after.long_since(before, 60)


async def test_a_locked_file_is_waited_for_on_the_lanes_thread(tmp_path: Path) -> None:
    async with opened(tmp_path, Watch()) as looks:
        other = sqlite3.connect(tmp_path / "one.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        asked = asyncio.create_task(looks.do(where))
        await asyncio.sleep(0)  # it has tried, here; the loop goes on
        other.execute("ROLLBACK")
        other.close()
        thread, name = await asked
        assert (thread != HERE, name) == (True, "Wang")


async def test_what_is_wrong_with_the_question_is_said_and_the_next_one_is_answered(tmp_path: Path) -> None:
    async with opened(tmp_path, Watch()) as looks:
        with pytest.raises(OperationalError, match="no such table"):
            await looks.do(lambda c: c.execute(text("SELECT 1 FROM nobody")))
        with pytest.raises(OperationalError, match="readonly"):
            await looks.do(lambda c: c.execute(text("DELETE FROM callers")))
        assert await looks.do(where) == (HERE, "Wang")


async def test_nothing_is_looked_up_once_it_is_closed(tmp_path: Path) -> None:
    async with opened(tmp_path, Watch()) as looks:
        await looks.close()
        with pytest.raises(StoreError):
            await looks.do(where)

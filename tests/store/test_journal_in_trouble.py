"""The journal when the process is killed, the disk is full, or the database is away: nothing written is lost."""

import asyncio
import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url, select

from callserver.errors import StoreError, StoreFull
from callserver.store import calls, engine, log, migrations
from callserver.store.engine import Store
from callserver.store.faults import StoreBusy
from callserver.store.rows import Batch
from callserver.store.schema import jobs
from tests.store.conftest import administer, elsewhere, named, own
from tests.store.samples import PBX, call_id, ended, record, started

ROOT = Path(__file__).parents[2]


async def assert_whole(store: Store) -> int:
    """Facts have no hole; records, jobs and the switch's row say just what they say. Returns the last number."""
    facts = [numbered async for numbered in log.every_fact(store, PBX)]
    assert [one.seq for one in facts] == list(range(1, len(facts) + 1))
    counts = Counter(one.body["call"] for one in facts)
    assert {one["id"]: one["facts"] for one in await calls.open_records(store, PBX)} == counts
    keys = await store.read(lambda connection: connection.scalars(select(jobs.c.key)).all())
    assert set(keys) == {
        f"{call.rpartition('.')[2]}-{n}" for call, most in counts.items() for n in range(1, most + 1)
    }
    assert await log.last_seq(store, PBX) == len(facts)
    return len(facts)


async def test_a_process_killed_while_it_appends_leaves_a_prefix_without_holes(
    url: str, store: Store
) -> None:
    known = 0
    for lines in (3, 100):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.store.appender", url, cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        told = [int(await process.stdout.readline()) for _ in range(lines)]
        process.kill()
        told += [int(line) for line in (await process.stdout.read()).splitlines(True) if line.endswith(b"\n")]
        await process.wait()
        written = await assert_whole(store)
        assert known < max(told) <= written
        known = written
    epochs = [numbered.epoch async for numbered in log.every_fact(store, PBX)]
    assert [epoch for epoch, _ in itertools.groupby(epochs)] == [1, 2]


async def test_on_a_full_disk_nothing_is_half_written_and_it_works_again_with_space(tmp_path: Path) -> None:
    """The kernel refuses to let any file of the process grow."""
    url = f"sqlite:///{tmp_path}/calls.db"
    await migrations.upgrade(url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.store.appender", url, "2000000", cwd=ROOT, stdout=subprocess.PIPE
    )
    said, _ = await process.communicate()
    full, again = said.decode().splitlines()
    last = int(full.split("\t")[1])
    assert again == f"again\t{last + 1}"
    assert last > 10
    store = await engine.open(url)
    assert await assert_whole(store) == last + 1
    await store.close()


async def test_a_full_database_fails_all_that_waits_and_all_of_it_can_be_appended_again(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/calls.db"
    await migrations.upgrade(url)
    store = await engine.open(url)
    journal = await own(store)

    async def pages(most: int) -> None:
        await store.write(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {most}"))

    await pages(1)  # SQLite makes of it: no more than there are
    large = [
        Batch(facts=[started(number)], records=[record(number, notes="x" * 9_000)]) for number in range(20)
    ]
    results = await asyncio.gather(*map(journal.append, large), return_exceptions=True)
    assert {type(result) for result in results} == {StoreFull}
    assert (await log.facts(store, PBX), await calls.open_records(store, PBX)) == ([], [])
    await pages(10_000)
    await asyncio.gather(*map(journal.append, large))
    assert [one.body["call"] for one in await log.facts(store, PBX)] == [
        call_id(number) for number in range(20)
    ]
    await journal.close()
    await store.close()


async def test_while_another_process_holds_the_lock_appends_wait(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/calls.db"
    await migrations.upgrade(url)
    store = await engine.open(url, busy_s=0.01)
    journal = await own(store)
    async with elsewhere(url):
        waiting = asyncio.create_task(journal.append(Batch(facts=[started(0)])))
        while "locked" not in str(journal.trouble):
            done, _ = await asyncio.wait([waiting], timeout=0.05)
            assert not done
    assert await waiting == 1
    assert journal.trouble is None
    await journal.close()
    await store.close()


async def test_what_cannot_be_written_by_the_deadline_of_closing_fails(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/calls.db"
    await migrations.upgrade(url)
    store = await engine.open(url, busy_s=0.01)
    journal = await own(store)
    async with elsewhere(url):
        first = asyncio.create_task(journal.append(Batch(facts=[started(0)])))
        done, _ = await asyncio.wait([first], timeout=0.05)
        assert not done
        second = asyncio.create_task(journal.append(Batch(facts=[ended(0)])))
        await asyncio.sleep(0)
        await journal.close(deadline_s=0.05)
        with pytest.raises(StoreBusy):  # comes behind what may still be trying
            await store.write(lambda connection: None)
    with pytest.raises(StoreError, match="may be there or not"):
        await first
    with pytest.raises(StoreError, match="closed before this was written"):
        await second
    assert await log.facts(store, PBX) == []
    await store.close()


@pytest.mark.pg
class TestPostgreSQL:
    """What only a server can do."""

    @pytest.fixture
    async def url(self, shared_postgres: str) -> str:
        await administer(shared_postgres, "TRUNCATE leases, switches, facts, calls, legs, jobs")
        return shared_postgres

    async def test_connections_cut_by_the_server_are_made_again(self, url: str) -> None:
        store = await engine.open(url)
        journal = await own(store)
        assert await journal.append(Batch(facts=[started(0)])) == 1
        await administer(url, CUT)
        assert await journal.append(Batch(facts=[ended(0)])) == 2
        await journal.close()
        await store.close()

    async def test_a_commit_whose_answer_was_lost_is_not_done_twice(self, url: str) -> None:
        async with Line.to(url) as line:
            store = await engine.open(line.url)
            journal = await own(store)
            assert await journal.append(Batch(facts=[started(0)], records=[record(0)])) == 1
            line.lose_next_commit = True
            ending = Batch(facts=[ended(0)], records=[record(0, open=False)])
            assert await journal.append(ending) == 2
            assert line.lost == 1
            assert [one.fact for one in await log.facts(store, PBX)] == [started(0), ended(0)]
            await journal.close()
            await store.close()

    async def test_a_commit_that_never_reached_the_server_is_done_again(self, url: str) -> None:
        async with Line.to(url) as line:
            store = await engine.open(line.url)
            journal = await own(store)
            line.cut_before_commit = True
            assert await journal.append(Batch(facts=[started(0)], records=[record(0)])) == 1
            assert line.lost == 1
            assert await journal.append(Batch(facts=[ended(0)])) == 2
            assert [one.fact for one in await log.facts(store, PBX)] == [started(0), ended(0)]
            await journal.close()
            await store.close()

    async def test_a_server_that_falls_silent_is_left_and_found_again(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "ANSWER_S", 2.0)
        async with Line.to(url) as line:
            store = await engine.open(line.url)
            journal = await own(store)
            line.silent = True
            append = asyncio.create_task(journal.append(Batch(facts=[started(0)], records=[record(0)])))
            while journal.trouble is None:
                await asyncio.wait([append], timeout=0.05)
                assert not append.done()
            line.silent = False
            assert await append == 1
            assert await journal.append(Batch(facts=[ended(0)])) == 2
            assert [one.seq for one in await log.facts(store, PBX)] == [1, 2]
            await journal.close()
            await store.close()

    async def test_a_server_that_became_read_only_is_said_to_be_full(self, url: str) -> None:
        store = await engine.open(url)
        journal = await own(store)
        database, beside = make_url(url).database, named(url, "postgres")
        await administer(beside, f"ALTER DATABASE {database} SET default_transaction_read_only = on")
        await administer(url, CUT)
        with pytest.raises(StoreFull, match="read-only"):
            await journal.append(Batch(facts=[started(0)]))
        await administer(beside, f"ALTER DATABASE {database} RESET ALL")
        await administer(beside, CUT)
        assert await journal.append(Batch(facts=[started(0)])) == 1
        await journal.close()
        await store.close()

    async def test_a_new_owner_waits_for_the_commit_of_the_old_one(self, url: str) -> None:
        """The row of the lease stays locked until the old owner's transaction ends."""
        store = await engine.open(url)
        old = await own(store, ttl_s=-1)
        assert await old.append(Batch(facts=[started(0)])) == 1
        async with elsewhere(url, "SELECT * FROM switches FOR UPDATE"):
            late = asyncio.create_task(old.append(Batch(facts=[ended(0)])))  # held up behind its fence
            await until_held_up(url, 1)
            taking = asyncio.create_task(own(store, "node-b/1"))
            await until_held_up(url, 2)
            assert not late.done() and not taking.done()
        assert await late == 2
        new = await taking
        assert await new.append(Batch(facts=[started(1)])) == 3
        assert [one.epoch for one in await log.facts(store, PBX)] == [1, 1, 2]
        for journal in (old, new):
            await journal.close()
        await store.close()


async def until_held_up(url: str, transactions: int) -> None:
    """Wait until so many of them wait for a lock."""
    server = await asyncpg.connect(url.replace("+asyncpg", ""))
    while await server.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < transactions:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await server.close()


CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'callserver'"


class Line:
    """A TCP line to a PostgreSQL server that can break at the worst moment: around a COMMIT."""

    def __init__(self, url: str) -> None:
        self._to = make_url(url)
        self.url = url
        self.lose_next_commit = False  # the server commits, its answer is lost
        self.cut_before_commit = False  # the server never hears of it
        self.silent = False  # nothing arrives any more, and nobody says so
        self.lost = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str) -> AsyncIterator["Line"]:
        line = cls(url)
        server = await asyncio.start_server(line._carry, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        line.url = line._to.set(port=port).render_as_string(hide_password=False)
        yield line
        server.close()
        for task in line._tasks:
            task.cancel()
        await asyncio.gather(*line._tasks, return_exceptions=True)

    async def _carry(self, asks: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        reader, writer = await asyncio.open_connection(self._to.host, self._to.port)
        back = asyncio.create_task(self._copy(reader, answers))
        try:
            while said := await asks.read(65_536):
                if self.silent:
                    continue
                commits = b"COMMIT" in said
                if commits and self.cut_before_commit:
                    self.cut_before_commit = False
                    break
                if commits and self.lose_next_commit:
                    self.lose_next_commit = False
                    back.cancel()
                    await asyncio.wait([back])
                    writer.write(said)
                    await reader.read(65_536)  # the commit is done now
                    break
                writer.write(said)
            else:
                return
            self.lost += 1
        finally:
            back.cancel()
            answers.transport.abort()
            writer.transport.abort()

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(65_536):
            writer.write(said)
        writer.close()

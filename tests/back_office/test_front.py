"""The second process, begun for real: what it is told to write is on disk once, whatever becomes of it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select

from callserver.back_office.front import Front
from callserver.back_office.office import Charter
from callserver.back_office.post import Brief
from callserver.errors import CallserverError, LeaseLost
from callserver.facts import PbxId
from callserver.numbers import Plan
from callserver.store import leases
from callserver.store.call_tickets import OnTicket
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.leases import Lease
from callserver.store.schema import facts
from callserver.store.writing import Ownership
from tests.node.conftest import eventually
from tests.store.conftest import prepared_file, shared_postgres, store, url
from tests.work.lander import batches, judged, played, unfinished

__all__ = ["prepared_file", "shared_postgres", "store", "url"]
ROOT = Path(__file__).parents[2]
PBX = PbxId("main")
KILLS = 3
CHARTER = Charter(
    plan=Plan(), zone=ZoneInfo("UTC"), retention={}, queues={}, node="a", holder="a/1", stop_s=20.0
)


ONLY_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # the database has no part in it


class Begun:
    """The office of a store, and what was heard from it."""

    def __init__(self, store: Store, url: str) -> None:
        self.rows: list[str] = []
        self.times = 0
        self._store = store
        self.front = Front(
            store,
            Brief(CHARTER, url, "warning", False),
            on_landed=lambda row, late_s: self.rows.append(row),
            on_result=lambda kind, result: None,
            on_begun=self._again,
        )

    def _again(self) -> None:
        self.times += 1

    def began_more_often_than(self, times: int) -> bool:
        return self.times > times

    async def journal(self, pbx: PbxId = PBX) -> Journal:
        lease = await leases.acquire(self._store, leases.lease_of(pbx), "a/1", 600)
        assert lease is not None
        return self.of(lease, pbx)

    def of(self, lease: Lease, pbx: PbxId = PBX) -> Journal:
        owner = Ownership(pbx=pbx, holder=lease.holder, epoch=lease.epoch)
        return Journal(
            self._store, pbx, holder=lease.holder, epoch=lease.epoch, writer=self.front.writer(owner)
        )

    def kill(self) -> None:
        assert self.front.pid is not None
        os.kill(self.front.pid, signal.SIGKILL)


@asynccontextmanager
async def begun(store: Store, url: str) -> AsyncIterator[Begun]:
    made = Begun(store, url)
    await made.front.start()
    pid = made.front.pid
    yield made
    await made.front.stop()
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(made.front.pid or pid, 0)


async def test_facts_are_written_there_and_their_calls_land_and_all_of_it_is_told_here(
    store: Store, url: str
) -> None:
    told: list[object] = []
    store.on_told(told.extend)
    async with begun(store, url) as office:
        journal = await office.journal()
        for batch in batches("answered-caller-ends", PBX):
            await journal.append(batch)
        await eventually(lambda: len(office.rows) == 2)
        assert office.rows == ["in: stranger", "stays"]
        assert [one.call for one in told if isinstance(one, OnTicket)]
        await journal.close()
    assert await judged(store) == []


@ONLY_SQLITE
async def test_who_is_not_the_owner_any_more_is_told_so(store: Store, url: str) -> None:
    async with begun(store, url) as office:
        lease = await leases.acquire(store, leases.lease_of(PBX), "a/1", 600)
        assert lease is not None
        journal = office.of(lease)
        await leases.release(store, lease)
        with pytest.raises(LeaseLost):
            await journal.append(batches("answered-caller-ends", PBX)[0])
        await journal.close()


def numbers(connection: Connection, pbx: PbxId) -> list[int]:
    """Of all facts that are written of a switch."""
    known = select(facts.c.seq).where(facts.c.pbx == pbx).order_by(facts.c.seq)
    return list(connection.execute(known).scalars())


@pytest.mark.timeout(600)  # it begins four times
async def test_killed_again_and_again_it_writes_each_fact_once_and_puts_each_call_on_one_ticket(
    store: Store, url: str
) -> None:
    """At random moments while facts are written and calls land; the office begins again each time."""
    chance = random.Random(5)
    scenarios = [played(number) for number in range(KILLS)]
    async with begun(store, url) as office:
        for times, (pbx, every) in enumerate(scenarios, 1):
            journal = await office.journal(pbx)
            writing = asyncio.gather(*(journal.append(batch) for batch in every))
            await asyncio.sleep(chance.random() * 0.06)  # into the middle of it, or of its landings
            office.kill()
            await writing
            await journal.close()
            await eventually(partial(office.began_more_often_than, times))
        while await unfinished(store):  # noqa: ASYNC110 (the database has no event for it)
            await asyncio.sleep(0.01)
    assert await judged(store) == []
    for pbx, every in scenarios:
        wanted = sum(len(batch.facts) for batch in every)
        assert await store.read(partial(numbers, pbx=pbx)) == list(range(1, wanted + 1))


@ONLY_SQLITE
async def test_where_it_cannot_begin_nothing_stays_behind(store: Store, tmp_path: Path) -> None:
    office = Begun(store, f"sqlite:///{tmp_path}/none/calls.db")
    with pytest.raises(CallserverError, match="could not begin"):
        await office.front.start()
    assert office.times == 0


@ONLY_SQLITE
async def test_a_mistake_of_whoever_hears_it_is_the_end_of_that_run_only(store: Store, url: str) -> None:
    async with begun(store, url) as office:
        office.front._on_landed = "no function"  # type: ignore[assignment]
        journal = await office.journal()
        every = batches("answered-caller-ends", PBX)
        writing = asyncio.gather(*(journal.append(batch) for batch in every))
        await eventually(partial(office.began_more_often_than, 1))
        office.front._on_landed = lambda row, late_s: None
        await writing
        await journal.close()
        while await unfinished(store):  # noqa: ASYNC110 (the database has no event for it)
            await asyncio.sleep(0.01)
    assert await judged(store) == []


@ONLY_SQLITE
async def test_it_ends_with_the_process_that_began_it(url: str, store: Store) -> None:
    """Killed, that one cannot say so."""
    first = (
        "import asyncio, sys; from tests.back_office import test_front as t; from callserver.store import engine\n"
        "async def main():\n"
        " office = t.Begun(await engine.open(sys.argv[1]), sys.argv[1]); await office.front.start()\n"
        " print(office.front.pid, flush=True); await asyncio.Event().wait()\n"
        "asyncio.run(main())"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", first, url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    pid = int(await process.stdout.readline())
    process.kill()
    await process.wait()
    await eventually(lambda: not Path(f"/proc/{pid}").exists())

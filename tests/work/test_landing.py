"""The worker that puts calls on tickets: woken by facts, patient with trouble, and killed two hundred times."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, select, update

from callserver.errors import Conflict
from callserver.facts import CallId, PbxId
from callserver.store import engine, jobs, leases
from callserver.store.desk import call_tickets
from callserver.store.engine import Store
from callserver.store.jobs import NewJob
from callserver.store.journal import Journal
from callserver.store.landing import Landed, land
from callserver.store.schema import jobs as table
from callserver.store.situations import Site
from callserver.work import landing
from callserver.work.landing import LAND, Lander
from callserver.work.worker import Worker
from tests.node.conftest import eventually, store
from tests.rig.asterisk import die_with_parent
from tests.store.conftest import prepared_file, shared_postgres, url
from tests.work.lander import batches, judged

__all__ = ["prepared_file", "shared_postgres", "store", "url"]
ROOT = Path(__file__).parents[2]
PBX = PbxId("main")


class Landing:
    """A worker of landings, and what its rows were."""

    def __init__(self, store: Store) -> None:
        self.rows: list[tuple[str, float]] = []
        self.results: list[tuple[str, str]] = []
        lander = Lander(store, Site(), on_landed=lambda row, late_s: self.rows.append((row, late_s)))
        self.worker = Worker(
            store,
            "node-a/1",
            {LAND: lander.job},
            kinds=lambda: [LAND],
            on_result=lambda kind, result: self.results.append((kind, result)),
            poll_s=60,
        )


async def test_a_call_is_on_its_ticket_at_once_when_it_is_answered_and_told_when_it_is_over(
    store: Store,
) -> None:
    at_work, journal = Landing(store), await _journal(store)
    running = asyncio.create_task(at_work.worker.run())
    for batch in batches("answered-caller-ends", PBX):
        await journal.append(batch)
        at_work.worker.wake()
    await eventually(lambda: len(at_work.rows) == 2)
    assert [row for row, _ in at_work.rows] == ["in: stranger", "stays"]
    assert all(0 <= late_s < 60 for _, late_s in at_work.rows)
    at_work.worker.stop()
    await running
    await journal.close()
    assert await judged(store) == []


async def test_a_job_that_nobody_could_have_put_down_is_laid_aside(store: Store) -> None:
    at_work = Landing(store)
    for number, body in enumerate(
        ({}, {"pbx": "main", "call": "main:1", "moment": "lunch"}, {"moment": "ended"})
    ):
        await jobs.enqueue(store, [NewJob(kind=LAND, key=str(number), body=body)])
        assert await at_work.worker.work_once()
    assert at_work.results == [(LAND, "dead")] * 3


async def test_a_call_that_is_not_on_record_lands_nowhere(store: Store) -> None:
    at_work = Landing(store)
    await jobs.enqueue(
        store, [NewJob(kind=LAND, key="a", body={"pbx": "x", "call": "x:1", "moment": "ended"})]
    )
    assert await at_work.worker.work_once()
    assert [row for row, _ in at_work.rows] == ["gone"]


async def test_who_was_outrun_looks_again_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another node closed the ticket between our look and our deed."""
    outrun = [Conflict("settled by another"), Conflict("settled by another")]
    real = land

    def sometimes(*arguments: Any) -> Any:
        if outrun:
            raise outrun.pop()
        return real(*arguments)

    monkeypatch.setattr(landing, "land", sometimes)
    at_work = Landing(store)
    await jobs.enqueue(
        store, [NewJob(kind=LAND, key="a", body={"pbx": "x", "call": "x:1", "moment": "ended"})]
    )
    assert await at_work.worker.work_once()
    assert at_work.results == [(LAND, "done")]


async def test_a_landing_whose_claim_went_to_another_worker_is_taken_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(connection: Connection, *_: Any) -> Landed:
        connection.execute(update(table).values(claimed_by="node-b/1"))
        connection.execute(update(table).values(error="written by the landing"))
        return Landed(call=CallId("x:1"), row="gone", at=0)

    monkeypatch.setattr(landing, "land", meanwhile)
    at_work = Landing(store)
    await jobs.enqueue(
        store, [NewJob(kind=LAND, key="a", body={"pbx": "x", "call": "x:1", "moment": "ended"})]
    )
    assert await at_work.worker.work_once()
    assert at_work.results == [(LAND, "taken over by another worker")]
    errors = await store.read(lambda connection: connection.execute(select(table.c.error)).scalars().all())
    assert errors == [None]


async def _journal(store: Store) -> Journal:
    lease = await leases.acquire(store, leases.lease_of(PBX), "node-a/1", 60)
    assert lease is not None
    return Journal(store, PBX, holder=lease.holder, epoch=lease.epoch)


# --- killed ----------------------------------------------------------------------------------------------------------

ROUNDS = {"sqlite": 160, "postgresql": 40}  # two hundred in all


@pytest_asyncio.fixture
async def killed(url: str) -> AsyncIterator[tuple[Store, list[int]]]:
    """A database after so many kills and one last life; how many landings each life found unfinished."""
    rounds = str(ROUNDS[url.partition(":")[0].partition("+")[0]])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.work.lander", url, rounds, "17"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        preexec_fn=die_with_parent,
    )
    try:
        said, _ = await process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    lines = said.decode().splitlines()
    assert process.returncode == 0, lines[-3:]
    assert not [line for line in lines if line.startswith("failed")]
    opened = await engine.open(url)
    yield opened, [int(line) for line in lines]
    await opened.close()


@pytest.mark.timeout(900)  # a minute or two; five on a machine as busy as can be
async def test_killed_two_hundred_times_each_call_is_on_exactly_one_ticket(
    killed: tuple[Store, list[int]],
) -> None:
    store, unfinished = killed
    assert await judged(store) == []
    assert await jobs.count_waiting(store) == {}
    hit = [count for count in unfinished if count]
    assert len(hit) > len(unfinished) / 2, "most kills missed: nothing was shown"
    landed = await store.read(lambda c: len(c.execute(select(call_tickets.c.call_id)).all()))
    assert landed > len(unfinished) / 10

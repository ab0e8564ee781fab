"""The scribe: nothing told is lost, nothing is written twice or out of order, trouble is said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from callserver.errors import LeaseLost, StoreFull
from callserver.facts import CallId, CallStarted
from callserver.node.scribe import SLOW_S, Scribe
from callserver.store.jobs import NewJob
from callserver.store.rows import Batch, SwitchNews
from callserver.vitals import SwitchVitals
from tests.node.conftest import eventually
from tests.node.fakes import PBX


class Paper:
    """A journal in memory, which can be slow or refuse."""

    def __init__(self, refusals: Iterable[Exception] = ()) -> None:
        self.batches: list[Batch] = []
        self.refusals = list(refusals)
        self.gate = asyncio.Event()
        self.gate.set()

    async def append(self, batch: Batch) -> int:
        await self.gate.wait()
        if self.refusals:
            raise self.refusals.pop(0)
        self.batches.append(batch)
        return len(self.batches)

    @property
    def calls(self) -> list[str]:
        return [fact.call for batch in self.batches for fact in batch.facts if isinstance(fact, CallStarted)]


def started(name: str) -> CallStarted:
    return CallStarted(pbx=PBX, at=1, call=CallId(f"main:{name}"), direction="inbound")


def told(*names: str) -> Batch:
    facts = [started(name) for name in names]
    return Batch(facts=facts, records=[{"id": fact.call, "pbx": PBX} for fact in facts])


@asynccontextmanager
async def scribe_on(paper: Paper, limit: int = 100, gather_s: float = 0) -> AsyncIterator[Scribe]:
    scribe = Scribe(paper, SwitchVitals(pbx="main", address=""), limit=limit, retry_s=0, gather_s=gather_s)
    task = asyncio.create_task(scribe.run())
    yield scribe
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, LeaseLost):
        await task


async def test_what_is_told_while_a_commit_runs_is_written_together_in_the_next_one() -> None:
    paper = Paper()
    paper.gate.clear()
    async with scribe_on(paper) as scribe:
        scribe.tell(told("a"))
        await eventually(lambda: scribe._writing == 1)
        scribe.tell(told("b"))
        scribe.tell(told("c", "d"))
        assert scribe.pending == 4
        paper.gate.set()
        assert await scribe.drained(60)
    assert [len(batch.facts) for batch in paper.batches] == [1, 3]
    assert paper.calls == ["main:a", "main:b", "main:c", "main:d"]
    assert scribe.pending == 0


async def test_what_follows_in_a_moment_is_written_with_it() -> None:
    paper = Paper()
    async with scribe_on(paper, gather_s=0.3) as scribe:
        scribe.tell(told("a"))
        for _ in range(5):
            await asyncio.sleep(0)
        scribe.tell(told("b"))
        assert await scribe.drained(60)
    assert [len(batch.facts) for batch in paper.batches] == [2]


async def test_of_one_call_only_the_newest_record_is_written() -> None:
    paper = Paper()
    async with scribe_on(paper) as scribe:
        scribe.tell(Batch(records=[{"id": "main:a", "outcome": "unknown"}]))
        scribe.tell(Batch(records=[{"id": "main:a", "outcome": "answered"}]))
        assert await scribe.drained(60)
    assert [record["outcome"] for record in paper.batches[0].records] == ["answered"]


async def test_a_call_that_was_absorbed_is_not_written_again() -> None:
    paper = Paper()
    async with scribe_on(paper) as scribe:
        scribe.tell(told("a"))
        scribe.tell(Batch(removed=(CallId("main:a"),)))
        assert await scribe.drained(60)
    assert paper.batches[0].records == ()
    assert paper.batches[0].removed == ("main:a",)


async def test_while_the_disk_is_full_everything_is_kept_and_then_written_in_order() -> None:
    paper = Paper([StoreFull("disk full"), StoreFull("disk full")])
    vitals = SwitchVitals(pbx="main", address="")
    seen: list[str] = []
    scribe = Scribe(paper, vitals, retry_s=0.05, on_written=lambda batch: seen.append(vitals.trouble))
    task = asyncio.create_task(scribe.run())
    scribe.tell(told("a"))
    await eventually(lambda: vitals.trouble == "disk full")
    scribe.tell(told("b"))
    assert await scribe.drained(60)
    task.cancel()
    assert paper.calls == ["main:a", "main:b"]
    assert vitals.trouble == ""
    assert seen


async def test_the_memory_set_aside_is_limited_and_room_comes_back() -> None:
    paper = Paper()
    paper.gate.clear()
    async with scribe_on(paper, limit=3) as scribe:
        scribe.tell(told("a", "b"))
        seen = [scribe.full]
        scribe.tell(told("c"))
        seen.append(scribe.full)
        paper.gate.set()
        assert await scribe.drained(60)
        seen.append(scribe.full)
    assert seen == [False, True, False]


async def test_a_lost_lease_ends_the_writing() -> None:
    scribe = Scribe(Paper([LeaseLost("another node")]), SwitchVitals(pbx="main", address=""))
    scribe.tell(told("a"))
    with pytest.raises(LeaseLost):
        await scribe.run()


async def test_a_batch_that_cannot_be_a_batch_does_not_stop_what_comes_behind_it() -> None:
    paper = Paper([ValueError("a fact of another switch")])
    async with scribe_on(paper) as scribe:
        scribe.tell(told("a"))
        await eventually(lambda: not paper.refusals)
        scribe.tell(told("b"))
        assert await scribe.drained(60)
    assert paper.calls == ["main:b"]


async def test_a_commit_that_does_not_end_is_trouble() -> None:
    paper = Paper()
    paper.gate.clear()
    vitals = SwitchVitals(pbx="main", address="")
    scribe = Scribe(paper, vitals)
    task = asyncio.create_task(scribe.run())
    scribe.tell(told("a"))
    await eventually(lambda: scribe._begun is not None)
    scribe.look()
    assert vitals.trouble == ""
    assert scribe._begun is not None
    scribe._begun -= SLOW_S + 1
    scribe.look()
    assert vitals.trouble == "the database does not answer"
    assert not await scribe.drained(0.01)
    paper.gate.set()
    assert await scribe.drained(60)
    assert vitals.trouble == ""
    task.cancel()


async def test_jobs_and_news_of_the_switch_stay_with_what_was_told() -> None:
    paper = Paper([StoreFull("full")])
    async with scribe_on(paper) as scribe:
        scribe.tell(Batch(jobs=(NewJob(kind="k", key="1"),), switch=SwitchNews(booted_at=5), seen_at=7))
        scribe.tell(Batch(jobs=(NewJob(kind="k", key="2"),), switch=SwitchNews(version="9"), seen_at=8))
        assert await scribe.drained(60)
    (batch,) = paper.batches
    assert [job.key for job in batch.jobs] == ["1", "2"]
    assert (batch.switch, batch.seen_at) == (SwitchNews(booted_at=5, version="9"), 8)


async def test_one_can_wait_for_what_was_told_though_more_is_told_all_the_time() -> None:
    paper = Paper()
    async with scribe_on(paper) as scribe:
        scribe.tell(told("a"))

        async def talk() -> None:
            for number in range(1000):
                scribe.tell(told(f"more-{number}"))
                await asyncio.sleep(0)

        talking = asyncio.create_task(talk())
        assert await scribe.drained(60)
        assert not talking.done()
        await talking

"""The worker: each job is done, tried again, or laid aside with a reason; none is done by two at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select, update

from callserver.errors import CallserverError
from callserver.store import jobs
from callserver.store.engine import Store
from callserver.store.jobs import Job, NewJob
from callserver.store.schema import jobs as table
from callserver.work import worker as worker_module
from callserver.work.worker import Ended, HopelessJob, Worker
from tests.node.conftest import eventually

__all__ = ["prepared_file", "store"]
from tests.node.conftest import prepared_file, store


class Bench:
    """A worker whose handler does what the test says, and what became of its jobs."""

    def __init__(
        self, store: Store, *outcomes: Exception | Mapping[str, Any], hold_s: float = 60, at_once: int = 1
    ) -> None:
        self.outcomes = list(outcomes)
        self.done: list[str] = []
        self.results: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.kinds = ["mail:a"]
        self.worker = Worker(
            store,
            "node-a/1",
            {"mail": self.handle},
            kinds=lambda: self.kinds,
            on_result=lambda kind, result: self.results.append((kind, result)),
            poll_s=0.02,
            hold_s=hold_s,
            at_once=at_once,
        )

    async def handle(self, job: Job) -> Mapping[str, Any]:
        self.done.append(job.key)
        await self.gate.wait()
        outcome = self.outcomes.pop(0) if self.outcomes else {}
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def put(store: Store, *keys: str, kind: str = "mail:a", run_at: int | None = 0) -> None:
    await jobs.enqueue(store, [NewJob(kind=kind, key=key, run_at=run_at) for key in keys])


async def held_until(store: Store) -> int:
    """How long nobody else may take the one job."""
    held: int = await store.read(
        lambda connection: connection.execute(select(table.c.claimed_until)).scalar_one()
    )
    return held


async def test_a_job_that_is_due_is_done_once(store: Store) -> None:
    bench = Bench(store)
    await put(store, "one")
    assert await bench.worker.work_once()
    assert not await bench.worker.work_once()
    assert bench.done == ["one"]
    assert bench.results == [("mail:a", "done")]
    assert await jobs.count_waiting(store) == {}


async def test_a_job_that_fails_waits_and_is_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "backoff", lambda attempts: 0.0)
    bench = Bench(store, CallserverError("not now"), RuntimeError("a mistake"))
    await put(store, "one")
    for _ in range(3):
        assert await bench.worker.work_once()
    assert [result for _, result in bench.results] == ["retry", "retry", "done"]


async def test_a_failed_job_is_not_due_at_once(store: Store) -> None:
    bench = Bench(store, CallserverError("not now"))
    await put(store, "one")
    assert await bench.worker.work_once()
    assert not await bench.worker.work_once()
    assert await jobs.count_waiting(store) == {"mail:a": 1}


async def test_a_hopeless_job_is_laid_aside(store: Store) -> None:
    bench = Bench(store, HopelessJob("no such address"))
    await put(store, "one")
    assert await bench.worker.work_once()
    assert bench.results == [("mail:a", "dead")]
    assert not await bench.worker.work_once()


async def test_a_job_that_never_works_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "backoff", lambda attempts: 0.0)
    monkeypatch.setattr(worker_module, "MOST_ATTEMPTS", 2)
    bench = Bench(store, *[CallserverError("never")] * 2)
    await put(store, "one")
    assert await bench.worker.work_once()
    assert await bench.worker.work_once()
    assert [result for _, result in bench.results] == ["retry", "dead"]


async def test_a_kind_without_a_handler_is_laid_aside(store: Store) -> None:
    bench = Bench(store)
    bench.kinds = ["dance"]
    await put(store, "one", kind="dance")
    assert await bench.worker.work_once()
    assert bench.results == [("dance", "dead")]


async def test_only_the_kinds_that_this_process_may_do_now_are_taken(store: Store) -> None:
    bench = Bench(store)
    await put(store, "theirs", kind="mail:b")
    assert not await bench.worker.work_once()
    bench.kinds = []
    await put(store, "ours")
    assert not await bench.worker.work_once()
    bench.kinds = ["mail:a"]
    assert await bench.worker.work_once()
    assert bench.done == ["ours"]


async def test_a_long_job_is_held_while_it_is_worked_on(store: Store) -> None:
    bench, other = Bench(store, hold_s=3), Bench(store)
    bench.gate.clear()
    await put(store, "long")
    working = asyncio.create_task(bench.worker.work_once())
    await eventually(lambda: bench.done)
    claimed = await held_until(store)
    async with asyncio.timeout(60):
        while await held_until(store) == claimed:  # noqa: ASYNC110 (a heartbeat makes it later)
            await asyncio.sleep(0.05)
    assert not await other.worker.work_once()
    bench.gate.set()
    await working
    assert bench.results == [("mail:a", "done")]


async def test_it_goes_on_until_it_is_stopped_and_finishes_what_it_has_begun(store: Store) -> None:
    bench = Bench(store)
    bench.gate.clear()
    running = asyncio.create_task(bench.worker.run())
    await put(store, "one", "two")
    bench.worker.wake()
    await eventually(lambda: bench.done)
    bench.worker.stop()
    bench.gate.set()
    async with asyncio.timeout(60):
        await running
    assert bench.done == ["one"]
    assert bench.results == [("mail:a", "done")]
    assert await jobs.count_waiting(store) == {"mail:a": 1}


async def test_jobs_that_are_claimed_together_are_done_in_their_order_and_one_that_fails_stops_no_other(
    store: Store,
) -> None:
    bench = Bench(store, {}, HopelessJob("no such address"), Ended(), at_once=3)
    await put(store, "one", "two", "three", "four")
    assert await bench.worker.work_once()
    assert bench.done == ["one", "two", "three"]
    assert [result for _, result in bench.results] == ["done", "dead", "done"]
    assert await jobs.count_waiting(store) == {
        "mail:a": 2
    }  # four; and three, whose handler said that it ended it


async def test_a_row_that_nobody_can_read_does_not_end_the_work_on_all_others(store: Store) -> None:
    bench = Bench(store, HopelessJob("says nothing"))
    await put(store, "torn", "whole")
    torn = update(table).where(table.c.key == "torn").values(body="{")
    await store.write(lambda connection: connection.execute(torn))
    assert await bench.worker.work_once()
    assert await bench.worker.work_once()
    assert bench.results == [("mail:a", "dead"), ("mail:a", "done")]


async def test_a_mistake_of_ours_does_not_end_the_work(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(store)
    claim, mistakes = jobs.claim, [ValueError("never thought of")]

    async def once_wrong(*given: Any, **more: Any) -> list[Job]:
        if mistakes:
            raise mistakes.pop()
        return await claim(*given, **more)

    monkeypatch.setattr(jobs, "claim", once_wrong)
    await put(store, "one")
    running = asyncio.create_task(bench.worker.run())
    await eventually(lambda: bench.done)
    bench.worker.stop()
    await running
    assert bench.results == [("mail:a", "done")]

"""Real journals beside what we wrote: what we did not see is found, put right once, and then there is nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from callserver.errors import JournalUnreadable, LeaseLost
from callserver.facts import PbxId
from callserver.node.evidence import journals_of
from callserver.node.reconciling import Reconciler, batch, compare
from callserver.node.repairing import repair
from callserver.node.understanding import gap_job
from callserver.settings import AsteriskSettings
from callserver.store import calls, jobs, reconciliations
from callserver.store.engine import Store
from callserver.vitals import wall_clock
from callserver.work.worker import Worker
from tests.node.conftest import AtWork, at_work, eventually
from tests.node.fakes import MAIN, PBX, TRACES
from tests.node.test_duty import TRACE, times, whole_call

HOUR = 3_600_000


def with_journals(scenario: str = TRACE) -> AsteriskSettings:
    return replace(MAIN, queue_log=TRACES / f"{scenario}.queue_log", cel=TRACES / f"{scenario}.cel.csv")


def span() -> tuple[int, int]:
    begin, end = times()
    return begin - 60_000, end + 60_000


async def outcomes(store: Store) -> list[str]:
    begin, end = span()
    return [record["outcome"] async for record in calls.calls_between(store, PBX, begin, end)]


async def test_a_call_that_we_saw_is_not_omitted(store: Store) -> None:
    async with at_work(store) as work:
        await whole_call(work)
    compared = await compare(store, with_journals(), *span(), now=span()[1] + HOUR)
    assert (compared.result.switch_calls, compared.result.our_calls, compared.result.omitted) == (1, 1, ())
    assert compared.result.omission_ppm == 0


async def test_a_call_that_nobody_saw_is_omitted_until_it_is_repaired_by_this_process(store: Store) -> None:
    compared = await compare(store, with_journals(), *span(), now=span()[1] + HOUR)
    assert compared.findings
    assert compared.result.omission_ppm == 1_000_000
    assert await repair(store, compared) == 1
    assert await outcomes(store) == ["answered"]
    again = await compare(store, with_journals(), *span(), now=span()[1] + HOUR)
    assert (again.result.omitted, again.result.corrections) == ((), ())
    assert await repair(store, again) == 0
    (kept,) = await reconciliations.latest(store, PBX)
    assert (kept.omitted, kept.repaired, kept.ppm) == (1, 1, 1_000_000)


async def test_while_a_node_follows_the_switch_that_node_repairs(store: Store) -> None:
    async with at_work(store) as work, a_worker(store, work, with_journals()) as worker:
        work.line.up(times()[1] + 1000)
        compared = await compare(store, with_journals(), *span(), now=wall_clock())
        running = asyncio.create_task(worker.run())
        assert await repair(store, compared, wait_s=60) == 1
        worker.stop()
        await running
        assert await outcomes(store) == ["answered"]
        assert work.kinds.count("CallRecovered") == 1
        assert work.vitals.switch("main").ppm == 0.0


class a_worker:
    """A worker with the reconciling handler, for a duty at work whose settings name these journals."""

    def __init__(self, store: Store, work: AtWork, settings: AsteriskSettings) -> None:
        work.duty.settings = settings
        handler = Reconciler(store, {PbxId("main"): work.duty}).job
        self.worker = Worker(
            store, "w", {"reconcile": handler}, kinds=lambda: ["reconcile:main"], poll_s=0.05
        )

    async def __aenter__(self) -> Worker:
        return self.worker

    async def __aexit__(self, *_: object) -> None:
        self.worker.stop()


async def test_a_gaps_job_brings_back_the_call_that_was_in_it(store: Store) -> None:
    begin, end = times()
    async with at_work(store) as work, a_worker(store, work, with_journals()) as worker:
        await jobs.enqueue(store, [gap_job("main", begin - 1000, end + 1000, run_at=0)])
        assert await worker.work_once()
        assert await outcomes(store) == ["answered"]
        assert work.vitals.switch("main").reconciled_at is not None


async def test_a_switch_without_journals_is_skipped_by_the_job_and_named_by_the_command(store: Store) -> None:
    async with at_work(store) as work, a_worker(store, work, MAIN) as worker:
        await jobs.enqueue(store, [gap_job("main", 1, 2, run_at=0)])
        assert await worker.work_once()
        assert await jobs.count_waiting(store) == {}
    with pytest.raises(JournalUnreadable, match="neither queue_log nor cel is set"):
        await compare(store, MAIN, 1, 2, now=3)


async def test_a_job_for_a_switch_that_another_node_follows_is_left(store: Store) -> None:
    reconciler = Reconciler(store, {})
    (job,) = [gap_job("main", 1, 2, run_at=0)]
    await jobs.enqueue(store, [job])
    (claimed,) = await jobs.claim(store, "w")
    with pytest.raises(LeaseLost):
        await reconciler.job(claimed)


def test_journals_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(JournalUnreadable, match=r"there is no .*queue_log"):
        journals_of(replace(MAIN, queue_log=tmp_path / "queue_log"), {})
    there = tmp_path / "cel"
    there.touch()
    with pytest.raises(JournalUnreadable, match="cel_fields"):
        journals_of(replace(MAIN, cel=there, cel_fields=("peer",)), {})


async def test_corrections_make_a_batch_of_whole_records(store: Store) -> None:
    compared = await compare(store, with_journals(), *span(), now=span()[1] + HOUR)
    made = batch(compared.result.corrections)
    assert [record["id"] for record in made.records] == [fact.call for fact in made.facts]  # type: ignore[union-attr]
    assert made.removed == []


async def test_the_repair_of_a_record_on_the_floor_survives_a_late_event(store: Store) -> None:
    begin, _ = times()
    async with at_work(store) as work, a_worker(store, work, with_journals()) as worker:
        await whole_call(work)
        await jobs.enqueue(store, [gap_job("main", begin - 1000, begin + 60_000, run_at=0)])
        assert await worker.work_once()
        work.line.lose(times()[1] + 60_000)
        await eventually(lambda: "LinkLost" in work.kinds)
        assert await outcomes(store) == ["answered"]

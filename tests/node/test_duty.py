"""A duty from its lease to the record on disk: real floor, real store, recorded events; only the socket is a fake."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from callserver.ami.road import Restored
from callserver.facts import CallCorrected, CallId, LinkLost, LinkRestored
from callserver.node import Myself
from callserver.store import calls, jobs, leases
from callserver.store import log as facts_log
from callserver.store.engine import Store
from callserver.store.leases import lease_of
from tests.node.conftest import AtWork, at_work, eventually
from tests.node.fakes import PBX, empty, events

TRACE = "answered-caller-ends"


def times(scenario: str = TRACE) -> tuple[int, int]:
    at = [event.at for event in events(scenario) if event.at is not None]
    return at[0], at[-1]


async def whole_call(work: AtWork, scenario: str = TRACE) -> None:
    begin, _ = times(scenario)
    work.line.up(begin - 1000)
    work.line.say(events(scenario))
    await eventually(lambda: "CallEnded" in work.kinds)


async def records(store: Store) -> list[dict[str, object]]:
    begin, end = times()
    return [record async for record in calls.calls_between(store, PBX, begin - 1000, end + 1000)]


async def test_a_call_that_was_heard_is_on_disk_with_its_facts(store: Store) -> None:
    async with at_work(store) as work:
        await whole_call(work)
        (record,) = await records(store)
        assert (record["outcome"], record["open"], record["gap"]) == ("answered", False, False)
        numbered = [numbered async for numbered in facts_log.every_fact(store, PBX)]
        assert [one.seq for one in numbered] == list(range(1, len(numbered) + 1))
        assert work.vitals.switch("main").facts == len(numbered)
        assert work.vitals.switch("main").problem == ""


async def test_the_first_start_on_a_switch_is_no_gap(store: Store) -> None:
    async with at_work(store) as work:
        work.line.up(5_000_000)
        await eventually(lambda: work.vitals.switch("main").link == "up")
        await eventually(lambda: not work.duty._attending.scribe.pending)  # type: ignore[union-attr]
    assert [gap for gap in await facts_log.gaps(store, PBX) if gap.lost_at is None and not gap.open] == []


async def test_a_lost_link_is_a_gap_with_its_job_and_marks_the_calls_in_it(store: Store) -> None:
    heard = events(TRACE)
    middle = len(heard) // 2
    begin, end = times()
    async with at_work(store) as work:
        work.line.up(begin - 1000)
        work.line.say(heard[:middle])
        lost_at = heard[middle - 1].at
        assert lost_at is not None
        work.line.lose(lost_at)
        await eventually(lambda: "LinkLost" in work.kinds)
        assert work.vitals.switch("main").problem == "link down: cut"
        work.line.up(end + 5000)
        await eventually(lambda: "CallEnded" in work.kinds)
        (record,) = await records(store)
        assert record["gap"] is True
        assert work.jobs == [f"reconcile:main:gap:{lost_at}:{end + 5000}"]
        assert "reconcile:main" in await jobs.count_waiting(store)
    gaps = [gap for gap in await facts_log.gaps(store, PBX) if not gap.open]
    assert [(gap.lost_at, gap.restored_at) for gap in gaps][-1] == (lost_at, end + 5000)


async def test_after_a_crash_the_record_goes_on_where_it_was_with_the_gap_marked(store: Store) -> None:
    heard = events(TRACE)
    middle = len(heard) // 2
    begin, end = times()
    async with at_work(store, "run-1") as first:
        first.line.up(begin - 1000)
        first.line.say(heard[:middle])
        await eventually(lambda: first.kinds.count("LegStarted") >= 1)
        await eventually(first.line.road.empty)
        await eventually(lambda: not first.duty._attending.scribe.pending)  # type: ignore[union-attr]
        await first.crash()
    seen_at = await facts_log.seen_at(store, PBX)
    async with at_work(store, "run-2") as second:
        second.line.up(end + 5000)
        await eventually(lambda: "LinkRestored" in second.kinds)
        lost = [fact for batch in second.written for fact in batch.facts if isinstance(fact, LinkLost)]
        restored = [
            fact for batch in second.written for fact in batch.facts if isinstance(fact, LinkRestored)
        ]
        assert [fact.at for fact in lost] == [seen_at]
        assert [fact.lost_at for fact in restored] == [seen_at]
        (record,) = await records(store)
        assert (record["gap"], record["open"]) == (True, False)
        assert second.jobs == [f"reconcile:main:gap:{seen_at}:{end + 5000}"]


async def test_a_stop_in_good_order_writes_everything_and_lets_the_lease_go(store: Store) -> None:
    begin, _ = times()
    work = AtWork(store)
    await eventually(work.line.running.is_set)
    work.line.up(begin - 1000)
    work.line.say(events(TRACE))
    await work.stop()
    assert "CallEnded" in work.kinds
    assert work.kinds[-1] == "LinkLost"
    assert await leases.held(store) == []
    (gap,) = [gap for gap in await facts_log.gaps(store, PBX) if gap.open]
    assert gap.reason == "callserver was stopped"


async def test_after_a_stop_in_good_order_the_gap_is_told_once(store: Store) -> None:
    _, end = times()
    async with at_work(store, "run-1") as first:
        await whole_call(first)
    async with at_work(store, "run-2") as second:
        second.line.up(end + 60_000)
        await eventually(lambda: "LinkRestored" in second.kinds)
        assert "LinkLost" not in second.kinds
    closed = [gap for gap in await facts_log.gaps(store, PBX) if not gap.open]
    assert [gap.restored_at for gap in closed][-1] == end + 60_000


async def test_a_second_node_stands_by_and_takes_over_when_the_first_ends(store: Store) -> None:
    async with at_work(store, node="node-a") as first:
        second = AtWork(store, node="node-b", lease_s=0.3)  # it looks every tenth of a second
        await eventually(lambda: second.vitals.switch("main").link == "elsewhere")
        assert second.vitals.switch("main").problem == ""
        assert second.vitals.switch("main").holder == "node-a/run-1"
        await first.stop()
        await eventually(second.line.running.is_set)
        assert second.duty.owned
        await second.stop()


async def test_a_node_whose_lease_was_taken_stops_writing_at_once(store: Store) -> None:
    begin, _ = times()
    async with at_work(store) as work:
        work.line.up(begin - 1000)
        await eventually(lambda: work.vitals.switch("main").link == "up")
        taken = await leases.acquire(store, lease_of(PBX), "node-a/thief", 60, node="node-a", take_over=True)
        assert taken is not None
        before = await facts_log.last_seq(store, PBX)
        work.line.say(events(TRACE))
        await eventually(lambda: work.vitals.switch("main").link == "elsewhere")
        assert await facts_log.last_seq(store, PBX) == before
        assert not work.duty.owned


async def test_corrections_are_written_by_the_one_writer(store: Store) -> None:
    async with at_work(store) as work:
        await whole_call(work)
        (record,) = await records(store)
        better = {**record, "outcome": "abandoned", "sources": ["ami", "queue_log"]}
        fact = CallCorrected(
            pbx=PBX, at=times()[1], call=CallId(str(record["id"])), record=better, why=("outcome",)
        )
        await work.duty.correct([fact], 5.0)
        (after,) = await records(store)
        assert (after["outcome"], after["sources"]) == ("abandoned", ["ami", "queue_log"])
        assert "CallCorrected" in work.kinds


async def test_the_last_moment_seen_is_written_while_nothing_happens(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callserver.node.duty.TICK_S", 0.01)
    async with at_work(store) as work:
        work.line.up(5_000_000)
        await eventually(lambda: work.vitals.switch("main").link == "up")
        work.line.seen_at = 5_060_000
        async with asyncio.timeout(60):
            while await facts_log.seen_at(store, PBX) != 5_060_000:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_fresh_look_in_the_middle_of_quiet_tells_nothing_of_calls_and_no_gap(store: Store) -> None:
    async with at_work(store) as work:
        await whole_call(work)
        before = len(work.kinds)
        later = times()[1] + 300_000
        work.line.road.put_nowait(Restored(empty(later), later))
        await eventually(lambda: "AgentLeftQueue" in work.kinds)  # the fake's picture has no members
        assert set(work.kinds[before:]) == {"AgentLeftQueue"}


async def test_while_another_program_holds_the_database_nothing_is_lost_and_it_is_said(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callserver.node.scribe.SLOW_S", 0.05)
    monkeypatch.setattr("callserver.node.duty.TICK_S", 0.05)
    begin, _ = times()
    async with at_work(store) as work:
        work.line.up(begin - 1000)
        await eventually(lambda: "LinkRestored" in work.kinds)
        blocker = sqlite3.connect(tmp_path / "calls.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        work.line.say(events(TRACE))
        await eventually(lambda: work.vitals.switch("main").problem == "the database does not answer")
        assert work.vitals.switch("main").pending() > 0
        blocker.execute("ROLLBACK")
        blocker.close()
        await eventually(lambda: "CallEnded" in work.kinds)
        assert work.vitals.switch("main").problem == ""


def test_each_run_has_a_holder_of_its_own() -> None:
    assert Myself(node="a", holder="a/1") != Myself(node="a", holder="a/2")

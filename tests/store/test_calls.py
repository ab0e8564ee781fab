"""Looking calls up."""

from collections.abc import Awaitable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from callserver.facts import CallId, CallsMerged, Fact, LegId, PbxId
from callserver.store import calls, jobs, log, reconciliations
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.reconciliations import Reconciled
from callserver.store.rows import Batch
from tests.store.samples import DAY, MORNING, PBX, call_id, ended, record, started


async def between(store: Store, begin: int, end: int) -> list[str]:
    return [one["id"] async for one in calls.calls_between(store, PBX, begin, end)]


async def test_a_day_has_the_calls_that_started_in_it_in_order(store: Store, journal: Journal) -> None:
    starts = {0: MORNING + DAY, 1: MORNING + DAY - 1, 2: MORNING, 3: MORNING - 1, 4: None}
    await journal.append(Batch(records=[record(number, at=at) for number, at in starts.items()]))
    assert await between(store, MORNING, MORNING + DAY) == [call_id(2), call_id(1)]
    assert await between(store, MORNING + DAY, MORNING) == []


async def test_a_day_longer_than_a_page_is_read_whole(
    store: Store, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_PAGE", 3)
    numbers = range(10, 30)
    await journal.append(Batch(records=[record(number, at=MORNING + number // 4) for number in numbers]))
    assert await between(store, MORNING, MORNING + DAY) == [call_id(number) for number in numbers]


async def test_a_call_is_found_by_any_of_its_legs_and_by_its_caller(store: Store, journal: Journal) -> None:
    legs = [{"leg": "1.0"}, {"leg": "1.1"}]
    await journal.append(
        Batch(records=[record(0, legs=legs), record(1, at=MORNING + 5), record(2, caller_number=None)])
    )
    assert await calls.call_of_leg(store, PBX, LegId("1.1")) == call_id(0)
    assert await calls.call_of_leg(store, PBX, LegId("1.9")) is None
    assert await calls.call_of_leg(store, PbxId("branch"), LegId("1.1")) is None
    found = await calls.calls_of_number(store, "13900001234")
    assert [one["id"] for one in found] == [call_id(1), call_id(0)]
    assert [one["id"] for one in await calls.calls_of_number(store, "13900001234", 1)] == [call_id(1)]
    assert await calls.record(store, PBX, CallId("main:none")) is None


async def test_facts_are_read_page_by_page_to_the_end(
    store: Store, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "_PAGE", 2)
    await journal.append(Batch(facts=[started(number) for number in range(5)]))
    assert [one.seq async for one in log.every_fact(store, PBX)] == [1, 2, 3, 4, 5]
    assert [one.seq async for one in log.every_fact(store, PBX, after=3)] == [4, 5]
    assert [one.seq for one in await log.facts(store, PBX, after=1, limit=2)] == [2, 3]


async def test_the_story_of_a_call_includes_the_calls_it_absorbed(store: Store, journal: Journal) -> None:
    merges = [
        CallsMerged(pbx=PBX, at=MORNING + 5, call=call_id(0), absorbed=call_id(1)),
        CallsMerged(pbx=PBX, at=MORNING + 3, call=call_id(1), absorbed=call_id(2)),
    ]
    told: list[Fact] = [started(0), started(1), started(2), started(3), merges[1], merges[0], ended(0)]
    await journal.append(Batch(facts=told))
    story = [one.fact for one in await log.facts_of_call(store, PBX, call_id(0))]
    assert story == [fact for fact in told if fact != started(3)]


async def test_looking_up_uses_the_indexes_made_for_it(store: Store) -> None:
    """Each look-up is done once, and the database is asked how it does what it was just told to do."""
    told: list[tuple[str, Any]] = []
    for look in (store.read, store.report):
        engine = await look(lambda connection: connection.engine)
        event.listen(engine, "before_cursor_execute", lambda *given: told.append((given[2], given[3])))

    async def explained(doing: Awaitable[object]) -> str:
        told.clear()
        await doing
        (statement, parameters) = told[0]
        return await store.read(lambda connection: plan(connection, statement, parameters))

    def plan(connection: Connection, statement: str, parameters: Any) -> str:
        if store.dialect == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # small tables are read whole
        how = "EXPLAIN QUERY PLAN" if store.dialect == "sqlite" else "EXPLAIN"
        return " ".join(map(str, connection.exec_driver_sql(f"{how} {statement}", parameters)))

    assert "ix_calls_open" in await explained(calls.open_records(store, PBX))
    assert "ix_calls_started" in await explained(between(store, MORNING, MORNING + DAY))
    assert "ix_calls_caller" in await explained(calls.calls_of_number(store, "1"))
    assert "ix_facts_call" in await explained(log.facts_of_call(store, PBX, call_id(0)))
    assert "ix_jobs_waiting" in await explained(jobs.claim(store, "a"))
    assert {"sqlite": "sqlite_autoindex_facts", "postgresql": "pk_facts"}[store.dialect] in await explained(
        log.facts(store, PBX)
    )


async def test_reconciliations_are_kept_latest_first(store: Store) -> None:
    first = Reconciled(
        begin=MORNING, end=MORNING + DAY, at=MORNING + DAY, switch_calls=4_000, our_calls=3_999, omitted=1,
        ppm=250.0, repaired=0, details={"omitted": ["main:1.0"]},
    )  # fmt: skip
    second = Reconciled(
        begin=MORNING, end=MORNING + DAY, at=MORNING + DAY + 1, switch_calls=4_000, our_calls=4_000, omitted=0,
        ppm=0.0, repaired=1,
    )  # fmt: skip
    for outcome in (first, second, second):
        await reconciliations.keep(store, PBX, outcome)
    assert await reconciliations.latest(store, PBX) == [second, first]

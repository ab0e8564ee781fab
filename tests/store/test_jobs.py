"""Jobs: put down once, claimed by one worker at a time, done, tried again, or buried."""

import asyncio
import contextlib
from collections import Counter

import pytest
from sqlalchemy import Connection, select

from callserver.store import engine, jobs
from callserver.store.engine import Store
from callserver.store.jobs import Job, NewJob
from callserver.store.schema import jobs as table

NOON = 1_795_300_000_000


def job(number: int, *, kind: str = "ticket", due: int = NOON) -> NewJob:
    return NewJob(kind=kind, key=f"{kind}-{number}", body={"n": number}, run_at=due)


async def claim(store: Store, worker: str = "a", at: int = NOON, limit: int = 10) -> list[Job]:
    return await jobs.claim(store, worker, limit=limit, hold_s=60, now=at)


async def only(store: Store, worker: str = "a", at: int = NOON) -> Job:
    (claimed,) = await claim(store, worker, at)
    return claimed


async def test_a_job_is_not_due_before_its_time_and_comes_oldest_first(store: Store) -> None:
    await jobs.enqueue(store, [job(1, due=NOON + 5), job(2, due=NOON + 3), job(3, due=NOON + 9)])
    assert await claim(store, at=NOON + 2) == []
    assert [one.body for one in await claim(store, at=NOON + 5)] == [{"n": 2}, {"n": 1}]
    assert [one.key for one in await claim(store, at=NOON + 9)] == ["ticket-3"]


async def test_a_job_without_a_time_is_due_now_by_the_databases_clock(store: Store) -> None:
    await jobs.enqueue(store, [NewJob(kind="ticket", key="a")])
    (claimed,) = await jobs.claim(store, "a", hold_s=60)
    assert claimed.claimed_until - claimed.run_at == pytest.approx(60_000, abs=5_000)


async def test_the_same_key_is_the_same_job_also_when_it_is_done(store: Store) -> None:
    await jobs.enqueue(store, [job(1), job(1)])
    first = await only(store)
    await jobs.enqueue(store, [job(1)])
    await jobs.done(store, first)
    await jobs.enqueue(store, [job(1)])
    assert await claim(store, at=NOON + 10**9) == []


async def test_a_claimed_job_is_nobody_elses_until_the_claim_runs_out(store: Store) -> None:
    await jobs.enqueue(store, [job(1)])
    first = await only(store, "a")
    assert (first.attempts, first.claimed_until) == (1, NOON + 60_000)
    assert await claim(store, "b", NOON + 59_999) == []
    second = await only(store, "b", NOON + 60_000)
    assert (second.id, second.attempts) == (first.id, 2)
    for change in (jobs.done(store, first), jobs.retry(store, first, "", 1), jobs.heartbeat(store, first)):
        assert await change is False
    assert await jobs.done(store, second) is True


async def test_a_heartbeat_holds_a_job_longer(store: Store) -> None:
    await jobs.enqueue(store, [job(1)])
    mine = await only(store, "a")
    assert await jobs.heartbeat(store, mine, 60, now=NOON + 50_000)
    assert await claim(store, "b", NOON + 109_999) == []
    assert await only(store, "b", NOON + 110_000)


async def test_what_did_not_work_is_tried_again_later(store: Store) -> None:
    await jobs.enqueue(store, [job(1)])
    mine = await only(store)
    assert await jobs.retry(store, mine, "no answer\x00", jobs.backoff(mine.attempts), now=NOON)
    assert await claim(store, at=NOON + 4_999) == []
    assert (await only(store, at=NOON + 5_000)).attempts == 2


async def test_after_a_crash_a_node_takes_back_what_it_had_claimed(store: Store) -> None:
    await jobs.enqueue(store, [job(1), job(2), job(3)])
    (mine,) = await claim(store, "node-a/1", limit=1)
    (theirs,) = await claim(store, "node-ab/1", limit=1)
    assert await jobs.take_back(store, "node-a", "node-a/1") == 0
    assert await jobs.take_back(store, "node-a", "node-a/2") == 1
    assert {one.id for one in await claim(store, "node-a/2")} == {1, 2, 3} - {theirs.id}
    assert not await jobs.done(store, mine)


async def test_work_that_a_transaction_causes_is_put_down_with_it(store: Store) -> None:
    with pytest.raises(RuntimeError):
        await store.write(_put_down_and_fail)
    assert await claim(store) == []
    await store.write(lambda c: jobs.put_down(c, [job(1), job(1), job(2, due=NOON + 1)]))
    await store.write(lambda c: jobs.put_down(c, []))
    assert len(await claim(store)) == 1


def _put_down_and_fail(connection: Connection) -> None:
    jobs.put_down(connection, [job(1)])
    raise RuntimeError("no")


def test_waiting_grows_up_to_an_hour() -> None:
    assert [jobs.backoff(attempts) for attempts in (1, 2, 3, 10, 11, 1000)] == [5, 10, 20, 2560, 3600, 3600]


async def test_a_buried_job_is_kept_but_never_claimed_again(store: Store) -> None:
    await jobs.enqueue(store, [job(1), job(2)])
    dead, good = await claim(store)
    assert await jobs.count_waiting(store) == {"ticket": 2}
    assert await jobs.bury(store, dead, "no such customer")
    assert await jobs.done(store, good)
    assert await claim(store, at=NOON + 10**9) == []
    assert await jobs.count_waiting(store) == {}
    assert not await jobs.done(store, dead)
    errors = select(table.c.error).order_by(table.c.id)
    assert await store.read(lambda connection: connection.scalars(errors).all()) == ["no such customer", None]


async def test_a_worker_may_claim_some_kinds_only(store: Store) -> None:
    await jobs.enqueue(store, [job(1), job(1, kind="dial")])
    claimed = await jobs.claim(store, "a", limit=9, kinds=["dial", "mail"], now=NOON)
    assert [one.kind for one in claimed] == ["dial"]


async def test_four_workers_do_every_job_and_none_twice(url: str, store: Store) -> None:
    await jobs.enqueue(store, [job(number) for number in range(300)])
    seen: Counter[int] = Counter()

    async def work(worker: str) -> None:
        async with contextlib.AsyncExitStack() as stack:
            mine = await engine.open(url, busy_s=60)
            stack.push_async_callback(mine.close)
            while claimed := await jobs.claim(mine, worker, limit=7, now=NOON):
                seen.update(one.id for one in claimed)
                assert len(claimed) <= 7
                assert await jobs.done(mine, claimed[0])

    await asyncio.gather(*(work(f"worker-{n}") for n in range(4)))
    while claimed := await claim(store, "late", NOON + 1):  # skipped while another worker looked at them
        seen.update(one.id for one in claimed)
    assert (len(seen), set(seen.values())) == (300, {1})

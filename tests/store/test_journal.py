"""The journal: facts, records and work in one transaction, numbered, fenced, in order."""

import asyncio

import pytest
from sqlalchemy import func, select, update

from callserver.errors import LeaseLost, StoreError
from callserver.facts import LegId, LinkLost, LinkRestored, PbxId
from callserver.store import calls, leases, log
from callserver.store.engine import Store
from callserver.store.jobs import NewJob
from callserver.store.journal import Commit, Journal
from callserver.store.positions import JournalPosition, position
from callserver.store.rows import Batch, SwitchNews
from callserver.store.schema import jobs
from callserver.store.schema import leases as lease_table
from tests.store.conftest import own
from tests.store.samples import DAY, MORNING, PBX, call_id, ended, queued, record, started


async def test_facts_are_numbered_from_one_in_the_order_of_the_appends(
    store: Store, journal: Journal
) -> None:
    assert await journal.append(Batch(facts=[started(0), queued(0)])) == 2
    assert await journal.append(Batch(facts=[ended(0)])) == 3
    read = await log.facts(store, PBX)
    assert [(one.seq, one.epoch, one.fact) for one in read] == [
        (1, 1, started(0)),
        (2, 1, queued(0)),
        (3, 1, ended(0)),
    ]


async def test_a_restart_finds_the_open_calls_as_they_were_written(store: Store, journal: Journal) -> None:
    await journal.append(Batch(facts=[started(1)], records=[record(1), record(0, at=MORNING - 5)]))
    await journal.append(Batch(facts=[ended(1)], records=[record(1, open=False)], seen_at=MORNING + 9_000))
    assert await calls.open_records(store, PBX) == [record(0, at=MORNING - 5)]
    assert await calls.record(store, PBX, call_id(1)) == record(1, open=False)
    assert await log.seen_at(store, PBX) == MORNING + 9_000
    assert await log.last_seq(store, PBX) == 2


async def test_a_call_absorbed_by_a_merge_is_gone_and_its_legs_belong_to_the_other(
    store: Store, journal: Journal
) -> None:
    await journal.append(Batch(records=[record(0), record(1)]))
    merged = record(0, legs=[{"leg": "1795289156.0"}, {"leg": "1795289156.1"}])
    await journal.append(Batch(records=[merged], removed=[call_id(1)]))
    assert await calls.record(store, PBX, call_id(1)) is None
    assert await calls.call_of_leg(store, PBX, LegId("1795289156.1")) == call_id(0)
    assert await calls.open_records(store, PBX) == [merged]


async def test_a_merge_in_the_same_commit_as_the_calls_leaves_one_call(
    store: Store, journal: Journal
) -> None:
    merged = record(0, legs=[{"leg": "1795289156.0"}, {"leg": "1795289156.1"}])
    await asyncio.gather(
        journal.append(Batch(facts=[started(9)])),
        journal.append(Batch(records=[record(0), record(1)])),
        journal.append(Batch(records=[merged], removed=[call_id(1)])),
    )
    assert await calls.open_records(store, PBX) == [merged]
    assert await calls.call_of_leg(store, PBX, LegId("1795289156.1")) == call_id(0)


async def test_appends_that_arrive_during_a_commit_share_the_next_one(store: Store) -> None:
    seen: list[Commit] = []
    lease = await leases.acquire(store, leases.lease_of(PBX), "a", 60)
    assert lease is not None
    journal = Journal(store, PBX, holder="a", epoch=lease.epoch, on_commit=seen.append)
    first = asyncio.create_task(journal.append(Batch(facts=[started(0)])))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [journal.append(Batch(facts=[started(number)])) for number in range(1, 50)]
    lasts = await asyncio.gather(first, *rest)
    assert [(commit.batches, commit.facts) for commit in seen] == [(1, 1), (49, 49)]
    assert all(commit.seconds > 0 for commit in seen)
    assert lasts == [1] + [50] * 49
    assert [one.body["call"] for one in await log.facts(store, PBX)] == [
        call_id(number) for number in range(50)
    ]


async def test_a_counter_that_fails_does_not_fail_the_append(store: Store) -> None:
    def fail(commit: Commit) -> None:
        raise ZeroDivisionError

    lease = await leases.acquire(store, leases.lease_of(PBX), "a", 60)
    assert lease is not None
    journal = Journal(store, PBX, holder="a", epoch=lease.epoch, on_commit=fail)
    assert await journal.append(Batch(facts=[started(0)])) == 1


async def test_facts_records_jobs_and_positions_are_one_transaction(store: Store, journal: Journal) -> None:
    where = JournalPosition(source="cel", path="/var/log/asterisk/cel.csv", inode=2**64 - 1, offset=77)
    job = NewJob(kind="ticket", key="call-0", body={"call": call_id(0)})
    batch = Batch(facts=[started(0)], records=[record(0)], jobs=[job], positions=[where])
    await change_lease(store, holder="b", epoch=2)  # somebody else takes the switch
    with pytest.raises(LeaseLost):
        await journal.append(batch)
    assert await count_jobs(store) == 0
    assert (await log.facts(store, PBX), await calls.open_records(store, PBX)) == ([], [])
    assert await position(store, PBX, "cel") is None

    await change_lease(store, holder="node-a/1", epoch=1)
    assert await journal.append(batch) == 1
    assert await count_jobs(store) == 1
    assert await position(store, PBX, "cel") == where


async def count_jobs(store: Store) -> int:
    counting = select(func.count()).select_from(jobs)
    return int(await store.read(lambda connection: connection.scalars(counting).one()))


async def change_lease(store: Store, **values: object) -> None:
    change = update(lease_table).values(**values)
    await store.write(lambda connection: connection.execute(change))


async def test_a_job_with_a_known_key_is_the_same_job(store: Store, journal: Journal) -> None:
    twice = NewJob(kind="ticket", key="call-0")
    await journal.append(Batch(jobs=[twice, twice]))
    await journal.append(Batch(jobs=[twice, NewJob(kind="ticket", key="call-1", run_at=MORNING)]))
    assert await count_jobs(store) == 2


async def test_two_switches_are_numbered_apart(store: Store, journal: Journal) -> None:
    other = PbxId("branch")
    lease = await leases.acquire(store, leases.lease_of(other), "node-a/1", 60)
    assert lease is not None
    branch = Journal(store, other, holder="node-a/1", epoch=lease.epoch)
    lost = LinkLost(pbx=other, at=MORNING, reason="timeout")
    ours = journal.append(Batch(facts=[started(0), ended(0)]))
    assert [*await asyncio.gather(ours, branch.append(Batch(facts=[lost])))] == [2, 1]
    assert [one.fact for one in await log.facts(store, other)] == [lost]


async def test_a_new_owner_goes_on_counting_and_the_old_one_is_refused(
    store: Store, journal: Journal
) -> None:
    await journal.append(Batch(facts=[started(0)]))
    await change_lease(store, expires_at=1)
    new = await own(store, "node-b/1")
    assert await new.append(Batch(facts=[ended(0)])) == 2
    with pytest.raises(LeaseLost, match=r"pbx:main is not held by node-a/1 in epoch 1"):
        await journal.append(Batch(facts=[started(1)]))
    assert [(one.seq, one.epoch) for one in await log.facts(store, PBX)] == [(1, 1), (2, 2)]


async def test_what_an_owner_did_in_an_earlier_epoch_is_over_also_when_it_owns_again(
    store: Store, journal: Journal
) -> None:
    await change_lease(store, expires_at=1)
    between = await own(store, "node-b/1", ttl_s=-1)
    again = await own(store, "node-a/1")
    for late in (journal, between):
        with pytest.raises(LeaseLost):
            await late.append(Batch(facts=[started(0)]))
    assert await again.append(Batch(facts=[started(0)])) == 1


async def test_an_owner_whose_lease_expired_untaken_may_still_write_but_not_after_release(
    store: Store,
) -> None:
    lease = await leases.acquire(store, leases.lease_of(PBX), "a", -1)
    assert lease is not None
    journal = Journal(store, PBX, holder="a", epoch=lease.epoch)
    assert await journal.append(Batch(facts=[started(0)])) == 1
    await leases.release(store, lease)
    with pytest.raises(LeaseLost):
        await journal.append(Batch(facts=[ended(0)]))


async def test_a_batch_that_is_not_this_switchs_is_refused_and_harms_nobody(
    store: Store, journal: Journal
) -> None:
    stranger = LinkLost(pbx=PbxId("branch"), at=MORNING)
    results = await asyncio.gather(
        journal.append(Batch(facts=[started(0)])),
        journal.append(Batch(facts=[stranger])),
        journal.append(Batch(records=[record(1, pbx="branch")])),
        journal.append(Batch(records=[{"id": "main:1"}])),
        journal.append(Batch(records=[record(1, started_at="yesterday")])),
        journal.append(Batch(records=[record(1, legs=[{}])])),
        journal.append(Batch(facts=[ended(0)])),
        return_exceptions=True,
    )
    assert [type(result) for result in results[1:-1]] == [ValueError] * 5
    assert (results[0], results[-1]) == (2, 2)
    assert await calls.open_records(store, PBX) == []


async def test_a_caller_that_gives_up_leaves_its_batch_behind(store: Store, journal: Journal) -> None:
    given_up = asyncio.create_task(journal.append(Batch(facts=[started(0)])))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await journal.append(Batch(facts=[ended(0)])) == 2


async def test_a_closed_journal_has_written_what_it_took_and_takes_no_more(
    store: Store, journal: Journal
) -> None:
    waiting = [asyncio.create_task(journal.append(Batch(facts=[started(number)]))) for number in range(5)]
    await asyncio.sleep(0)
    await journal.close()
    assert len(await log.facts(store, PBX)) == 5
    with pytest.raises(StoreError, match="closed"):
        await journal.append(Batch(facts=[ended(0)]))
    await asyncio.gather(*waiting)


async def test_what_a_snapshot_says_of_the_switch_stays_until_there_is_news(
    store: Store, journal: Journal
) -> None:
    assert await log.switch(store, PBX) is None
    await journal.append(Batch(switch=SwitchNews(booted_at=MORNING, version="22.5.2"), seen_at=MORNING))
    await journal.append(Batch(seen_at=MORNING + 5))
    known = log.Switch(last_seq=0, seen_at=MORNING + 5, booted_at=MORNING, version="22.5.2")
    assert await log.switch(store, PBX) == known


async def test_gaps_follow_from_the_line_lost_and_restored(store: Store, journal: Journal) -> None:
    await journal.append(
        Batch(facts=[LinkRestored(pbx=PBX, at=MORNING)])
    )  # the first look: nothing was missed
    assert await log.gaps(store, PBX) == []
    await journal.append(Batch(facts=[LinkLost(pbx=PBX, at=MORNING + 10, reason="heartbeat")]))
    lost = log.Gap(
        seq=2, lost_at=MORNING + 10, restored_at=None, open=True, restarted=False, reason="heartbeat"
    )
    assert await log.gaps(store, PBX) == [lost]
    back = LinkRestored(pbx=PBX, at=MORNING + 30, lost_at=MORNING + 8, restarted=True)
    crashed = LinkRestored(pbx=PBX, at=MORNING + DAY, lost_at=MORNING + DAY - 7)
    await journal.append(Batch(facts=[back, crashed]))
    assert [
        (gap.seq, gap.lost_at, gap.restored_at, gap.open, gap.restarted) for gap in await log.gaps(store, PBX)
    ] == [
        (2, MORNING + 8, MORNING + 30, False, True),
        (4, MORNING + DAY - 7, MORNING + DAY, False, False),
    ]
    assert [gap.seq for gap in await log.gaps(store, PBX, begin=MORNING + 31)] == [4]
    assert [gap.seq for gap in await log.gaps(store, PBX, end=MORNING + 31)] == [2]

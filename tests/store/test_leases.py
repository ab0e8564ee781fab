"""Leases: one holder at a time, and an epoch that grows with every change of holder."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import time_machine

from callserver.errors import LeaseLost
from callserver.store import engine, leases
from callserver.store.engine import Store
from callserver.store.leases import Lease

NAME = "pbx:main"
NOON = 1_795_300_000_000


@pytest_asyncio.fixture
async def other(url: str) -> AsyncIterator[Store]:
    """The same database from another process."""
    opened = await engine.open(url)
    yield opened
    await opened.close()


def lease(holder: str, epoch: int, until: int) -> Lease:
    return Lease(name=NAME, holder=holder, epoch=epoch, expires_at=until)


async def test_the_first_who_asks_holds_it_and_others_do_not(store: Store, other: Store) -> None:
    assert await leases.acquire(store, NAME, "a", 10, now=NOON) == lease("a", 1, NOON + 10_000)
    assert await leases.acquire(other, NAME, "b", 10, now=NOON + 9_999) is None
    assert await leases.held(other, now=NOON + 9_999) == [lease("a", 1, NOON + 10_000)]


async def test_who_asks_again_holds_it_longer_in_the_same_epoch(store: Store) -> None:
    await leases.acquire(store, NAME, "a", 10, now=NOON)
    assert await leases.acquire(store, NAME, "a", 10, now=NOON + 5_000) == lease("a", 1, NOON + 15_000)
    assert await leases.acquire(store, NAME, "a", 10, now=NOON + 60_000) == lease("a", 1, NOON + 70_000)


async def test_an_expired_lease_goes_to_another_in_a_new_epoch(store: Store, other: Store) -> None:
    mine = await leases.acquire(store, NAME, "a", 10, now=NOON)
    assert mine is not None
    assert await leases.acquire(other, NAME, "b", 10, now=NOON + 10_000) == lease("b", 2, NOON + 20_000)
    with pytest.raises(LeaseLost, match="pbx:main is not held by a in epoch 1 any more"):
        await leases.renew(store, mine, 10, now=NOON + 10_001)
    assert await leases.acquire(store, NAME, "a", 10, now=NOON + 20_000) == lease("a", 3, NOON + 30_000)
    with pytest.raises(LeaseLost):  # held by a again, but that was another time
        await leases.renew(store, mine, 10, now=NOON + 20_001)


async def test_a_late_renewal_is_good_as_long_as_nobody_took_it(store: Store) -> None:
    mine = await leases.acquire(store, NAME, "a", 10, now=NOON)
    assert mine is not None
    assert await leases.renew(store, mine, 10, now=NOON + 99_000) == lease("a", 1, NOON + 109_000)


async def test_a_released_lease_is_free_at_once_and_its_epoch_is_not_forgotten(
    store: Store, other: Store
) -> None:
    mine = await leases.acquire(store, NAME, "a", 10, now=NOON)
    assert mine is not None
    await leases.release(store, mine)
    assert await leases.held(store, now=NOON) == []
    assert await leases.acquire(other, NAME, "b", 10, now=NOON + 1) == lease("b", 2, NOON + 10_001)
    await leases.release(store, mine)  # not ours any more: changes nothing
    assert [held.holder for held in await leases.held(store, now=NOON + 2)] == ["b"]


async def test_the_next_run_of_a_node_takes_over_from_the_last_without_waiting(
    store: Store, other: Store
) -> None:
    await leases.acquire(store, NAME, "a/1", 10, node="a", take_over=True, now=NOON)
    assert await leases.acquire(other, NAME, "a/2", 10, node="a", now=NOON + 1) is None
    again = await leases.acquire(other, NAME, "a/2", 10, node="a", take_over=True, now=NOON + 1)
    assert again == lease("a/2", 2, NOON + 10_001)
    assert await leases.acquire(store, NAME, "b/1", 10, node="b", take_over=True, now=NOON + 2) is None
    assert await leases.acquire(store, NAME, "c/1", 10, take_over=True, now=NOON + 2) is None


async def test_a_holder_whose_own_clock_is_wrong_gets_no_more_than_others(store: Store, other: Store) -> None:
    """The database's clock counts: two hours of error on either side neither steal a lease nor lose one."""
    truth = await store.now()
    with time_machine.travel(time.time() - 7_200):
        mine = await leases.acquire(store, NAME, "slow", 10)
    with time_machine.travel(time.time() + 7_200):
        assert await leases.acquire(other, NAME, "fast", 10) is None
        assert mine is not None
        renewed = await leases.renew(store, mine, 10)
    assert truth + 10_000 <= mine.expires_at <= renewed.expires_at < truth + 60_000


async def test_of_many_who_ask_at_once_one_gets_it(store: Store, other: Store) -> None:
    asking = [leases.acquire((store, other)[n % 2], NAME, f"node-{n}", 10) for n in range(12)]
    got = [mine for mine in await asyncio.gather(*asking) if mine is not None]
    assert [mine.epoch for mine in got] == [1]
    assert await leases.held(store) == got

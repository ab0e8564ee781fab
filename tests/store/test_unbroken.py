"""A writer that is cancelled in the middle leaves the database usable.

Without `unbroken` the first test hangs on SQLite within a hundred turns or so.
"""

import asyncio
from contextlib import suppress

import pytest

from callserver.store import leases
from callserver.store.engine import Store
from callserver.store.unbroken import unbroken


async def test_a_cancelled_writer_does_not_keep_the_write_lock(store: Store) -> None:
    for turn in range(120):
        task = asyncio.create_task(unbroken(leases.acquire(store, f"lease-{turn}", "a", 60)))
        await asyncio.sleep(turn % 60 * 0.00005)  # each time somewhere else on its way
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    async with asyncio.timeout(5):
        assert await leases.acquire(store, "another", "b", 60) is not None


async def test_an_action_that_fails_says_so(store: Store) -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await unbroken(fail())


async def test_the_result_is_the_actions(store: Store) -> None:
    assert await unbroken(leases.held(store)) == []

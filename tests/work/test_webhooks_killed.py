"""Senders are killed at random moments: nothing is lost, order is kept, and what comes twice comes with one id."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from callserver.store import deliveries
from callserver.store.engine import Store
from tests.work.receivers import Receiver, receiver, subscribed, told

__all__ = ["prepared_file", "shared_postgres", "store", "url"]
from tests.store.conftest import prepared_file, shared_postgres, store, url

ROOT = Path(__file__).parents[2]
EVENTS = 200


@pytest.mark.timeout(300)
async def test_killed_again_and_again_every_event_arrives_in_order_and_twice_only_with_the_same_id(
    store, url
):
    chance, kills = random.Random(7), 0
    async with receiver() as there:
        await subscribed(store, there.url)
        await told(store, *range(EVENTS))
        while await left(store):
            await run_and_kill(store, url, kills, there, chance)
            kills += 1
    first_times = list(dict.fromkeys(there.numbers))
    assert first_times == list(range(EVENTS))
    assert kills >= 2
    assert len(there.heard) - EVENTS <= kills * deliveries.PAGE
    ids = {(heard.event["data"]["n"], heard.headers["Webhook-Id"]) for heard in there.heard}
    assert len(ids) == EVENTS
    assert there.most_at_once == 1


async def run_and_kill(store: Store, url: str, run: int, there: Receiver, chance: random.Random) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.work.teller", url, f"node-a/{run}", cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    enough = len(there.heard) + chance.randrange(20, 100)
    while len(there.heard) < enough and await left(store):  # noqa: ASYNC110 (another process does it)
        await asyncio.sleep(0.005)
    await asyncio.sleep(chance.random() / 20)
    process.kill()
    await process.wait()


async def left(store: Store) -> int:
    (queue,) = await store.read(deliveries.backlog)
    return queue.unsent + queue.dead

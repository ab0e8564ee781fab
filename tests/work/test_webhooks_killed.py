"""Senders are killed at random moments: nothing is lost, order is kept, and what comes twice comes with one id."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callserver.store import deliveries
from callserver.store.engine import Store
from tests.rig.asterisk import die_with_parent
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
    async with receiver() as there, sending(url) as lives:
        await subscribed(store, there.url)
        await told(store, *range(EVENTS))
        while await left(store):
            await run_and_kill(store, lives, there, chance)
            kills += 1
    first_times = list(dict.fromkeys(there.numbers))
    assert first_times == list(range(EVENTS))
    assert kills >= 2
    assert len(there.heard) - EVENTS <= kills * deliveries.PAGE
    ids = {(heard.event["data"]["n"], heard.headers["Webhook-Id"]) for heard in there.heard}
    assert len(ids) == EVENTS
    assert there.most_at_once == 1


class Lives:
    """Of a sender: a line begins one, another ends it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def turn(self) -> None:
        """The next one has begun, or the last one is dead."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        assert await self._process.stdout.readline() in (b"begins\n", b"killed\n")


@asynccontextmanager
async def sending(url: str) -> AsyncIterator[Lives]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.work.teller", url),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=die_with_parent,
    )
    try:
        yield Lives(process)
    finally:
        process.kill()
        await process.wait()


async def run_and_kill(store: Store, lives: Lives, there: Receiver, chance: random.Random) -> None:
    await lives.turn()
    enough = len(there.heard) + chance.randrange(20, 100)
    while len(there.heard) < enough and await left(store):  # noqa: ASYNC110 (another process does it)
        await asyncio.sleep(0.005)
    await asyncio.sleep(chance.random() / 20)
    await lives.turn()


async def left(store: Store) -> int:
    (queue,) = await store.read(deliveries.backlog)
    return queue.unsent + queue.dead

"""All duties of a process: a mistake in one is said, tried again, and harms no other."""

from __future__ import annotations

import asyncio
from typing import cast

from callserver.errors import StoreError
from callserver.node import Duty, Node
from callserver.vitals import SwitchVitals
from tests.node.conftest import DEADLINE_S, eventually


class Made:
    """A duty that fails as often as told, then runs until it is stopped."""

    def __init__(self, pbx: str, *errors: Exception) -> None:
        self.pbx = pbx
        self.vitals = SwitchVitals(pbx=pbx, address="")
        self.errors = list(errors)
        self.runs = 0
        self.owned = False
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)
        self.owned = True
        await self._stopping.wait()

    def stop(self) -> None:
        self._stopping.set()


def node_of(*duties: Made) -> Node:
    return Node((cast("Duty", duty) for duty in duties), again_s=0.01)


async def test_a_duty_that_fails_is_begun_again_and_the_other_goes_on() -> None:
    bad, good = Made("bad", RuntimeError("a mistake"), StoreError("the database is away")), Made("good")
    node = node_of(bad, good)
    node.start()
    await eventually(lambda: good.owned)
    await eventually(lambda: bad.owned)
    assert (bad.runs, good.runs) == (3, 1)
    assert {duty.pbx for duty in node.owned()} == {"bad", "good"}
    await node.stop()


async def test_stopping_waits_for_every_duty() -> None:
    one, other = Made("one"), Made("other")
    node = node_of(one, other)
    node.start()
    await eventually(lambda: one.owned and other.owned)
    async with asyncio.timeout(DEADLINE_S):
        await node.stop()


async def test_a_node_that_never_started_stops_at_once() -> None:
    async with asyncio.timeout(DEADLINE_S):
        await node_of(Made("one")).stop()

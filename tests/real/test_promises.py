"""Calls to customers for promises on a real switch: every outcome is what the customer's phone really did.

One switch with recordings, one callserver beside it; requests are put down as the dialler does, in its database.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio

from callserver.facts import MACHINE, LegId, PbxId
from callserver.seats.asking import DialCustomer, Outcome
from callserver.store import commands, engine
from callserver.store.commands import Ask
from callserver.store.engine import Store
from tests.rig import provision
from tests.rig.asterisk import Asterisk
from tests.rig.phones import Phones, Sipp
from tests.rig.scenarios import ZHANG, hotline, stage_plan
from tests.rig.service import Service

pytestmark = [pytest.mark.real, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

CUSTOMER = "02012345678"
OURS = "4008001234"
_IDS: Iterator[int] = itertools.count(1)


@dataclass(slots=True)
class Hotline:
    """The switch, its phones, the callserver beside it, and its store, in which requests are put down."""

    switch: Asterisk
    phones: Phones
    service: Service
    store: Store
    outside: Sipp | None = None

    async def customers(self, how: str, **more: Any) -> None:
        """What everybody outside does from now on when they are called."""
        if self.outside is not None:
            await self.outside.kill()
        self.outside = await getattr(self.phones, f"outside_{how}")(**more)

    async def ask(self, wanted: DialCustomer) -> Outcome:
        id = await self.store.write(
            lambda c: commands.ask(c, Ask(pbx=PbxId("main"), request=wanted, actor=MACHINE))
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            came = await self.store.read(lambda c: commands.outcome(c, id))
            if came is not None and came.over:
                return came
            await asyncio.sleep(0.05)
        raise TimeoutError(wanted)

    async def dial(self, **more: Any) -> tuple[str, str]:
        """Call the customer; the outcome and its code."""
        came = await self.ask(request(**more))
        return came.state, came.code

    async def over(self, channel: LegId) -> dict[str, Any]:
        """The call's record when it is over."""
        await self.service.until(lambda: bool(self._over(channel)), 30, f"{channel} to be over")
        return self._over(channel)[0]

    def _over(self, channel: LegId) -> list[dict[str, Any]]:
        return [one for one in self.service.calls("not open") if one["id"] == f"main:{channel}"]

    async def silence(self) -> None:
        await self.switch.rx("channel request hangup all")
        await self.service.until(lambda: self.service.open_calls() == 0, 15, "every call to be over")


def request(**more: Any) -> DialCustomer:
    usual = DialCustomer(
        number=CUSTOMER,
        channel=LegId(f"callserver-{next(_IDS)}"),
        context="queue",
        promise=7,
        queue="hotline",
        caller_id=OURS,
        ring_s=3,
    )
    return replace(usual, **more)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hot(asterisk_22: provision.Switch, sipp: list[str]) -> AsyncIterator[Hotline]:
    plan = stage_plan(hotline(callback_key="1"))
    async with (
        Asterisk(plan, software=asterisk_22) as switch,
        Phones(switch) as phones,
        Service(switch) as service,
    ):
        store = await engine.open(f"sqlite:///{service.database}")
        await phones.answers(ZHANG, ring_ms=100)
        await phones.register(ZHANG)
        yield Hotline(switch, phones, service, store)
        await store.close()


async def test_who_answers_is_joined_with_an_agent_within_a_second(hot: Hotline) -> None:
    await hot.customers("answers", ring_ms=300, stay_ms=2000)
    wanted = request()
    assert (await hot.ask(wanted)).code == "answered"
    record = await hot.over(wanted.channel)
    assert (record["direction"], record["dialed"], record["outcome"]) == ("outbound", CUSTOMER, "answered")
    (visit,) = record["queue_visits"]
    assert (visit["queue"], visit["end"]) == ("hotline", "answered")
    assert visit["wait_s"] < 1
    await hot.silence()


@pytest.mark.parametrize(
    ("how", "more", "code"),
    [
        ("rejects", {"code": 486}, "busy"),
        ("rejects", {"code": 603}, "rejected"),
        ("rejects", {"code": 480}, "no_answer"),
        ("rejects", {"code": 404}, "failed"),
        ("rejects", {"code": 503}, "failed"),
        ("never_answers", {}, "no_answer"),
    ],
)
async def test_who_does_not_answer_is_told_apart(
    hot: Hotline, how: str, more: dict[str, int], code: str
) -> None:
    await hot.customers(how, **more)
    assert await hot.dial() == ("refused", code)
    await hot.silence()

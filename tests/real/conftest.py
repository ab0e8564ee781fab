"""A busy hotline: one switch, twelve phones, a crowd of customers, and callserver beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from asterisk_conf.plan import Hotline, Member, Phone, Plan, Trunk
from tests.rig import provision
from tests.rig.asterisk import FILTERED, SECRET, UNFILTERED, Asterisk
from tests.rig.phones import OUTSIDE, Phones, Sipp
from tests.rig.scenarios import HOTLINE, REPAIR, hotline, repair

AGENTS = tuple(str(1001 + i) for i in range(12))
PEOPLE = [
    (f"138001380{i:02d}", name)
    for i, name in enumerate(["王小明", "Ann Lee", "欧阳娜娜", "<b>Bob</b>", "=1+1"])
]


def busy_plan() -> Plan:
    """Ten phones at the hotline, two at repair, where callers go who wait longer than 6 s."""
    waiting = hotline(
        strategy="rrmemory",
        ring_s=4,
        max_wait_s=6,
        overflow_to="repair",
        members=tuple(Member(phone=agent) for agent in AGENTS[:10]),
    )
    over = repair(strategy="ringall", members=tuple(Member(phone=agent) for agent in AGENTS[10:]))
    return Plan(
        version=(22, 1),
        managers=(FILTERED, UNFILTERED),
        phones=tuple(Phone(endpoint=agent, secret=SECRET, name=f"Agent {agent}") for agent in AGENTS),
        queues=(waiting, over),
        hotlines=(Hotline(number=HOTLINE, queue="hotline"), Hotline(number=REPAIR, queue="repair")),
        trunks=(Trunk(name="trunk", host=OUTSIDE),),
    )


@dataclass(slots=True)
class Busy:
    """The switch, and everybody who uses it."""

    switch: Asterisk
    phones: Phones

    async def at_work(self) -> None:
        """Agents: most answer after half a second and talk for three, one refuses, one never answers."""
        await self.phones.answer_together(*AGENTS[:8], *AGENTS[10:], ring_ms=500, stay_ms=3000)
        await self.phones.rejects(AGENTS[8])
        await self.phones.never_answers(AGENTS[9])
        await self.phones.register(AGENTS[8], AGENTS[9])

    async def fifty(self) -> list[Sipp]:
        """Fifty customers within some seconds: some hang up early, some wait for as long as it takes."""
        return [
            await self.phones.crowd(PEOPLE, dialed=HOTLINE, calls=15, rate_per_s=6, stay_ms=2500),
            await self.phones.crowd(PEOPLE, dialed=HOTLINE, calls=35, rate_per_s=14, stay_ms=60_000),
        ]

    async def over(self, crowds: list[Sipp], within_s: float = 110) -> int:
        """Wait for the last call; how many were placed."""
        for crowd in crowds:
            await crowd.finished(within_s)
        return sum(crowd.counts.placed for crowd in crowds)


@pytest.fixture
async def busy(asterisk_22: provision.Switch, sipp: list[str]) -> AsyncIterator[Busy]:
    switch = Asterisk(busy_plan(), software=asterisk_22)
    try:
        await switch.start()
        async with Phones(switch, sound=False) as phones:
            floor = Busy(switch, phones)
            await floor.at_work()
            yield floor
    finally:
        await switch.close()

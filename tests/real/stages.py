"""Where the plays against a real switch take place: a desk of a few phones, a busy floor of sixteen.

Flows in: an Asterisk from `provision`. Flows out: the running switch, its phones, what is said of its channels. Must
not know: callserver.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from asterisk_conf.plan import Hotline, Member, Phone, Plan, Trunk
from tests.rig import provision
from tests.rig.asterisk import FILTERED, SECRET, UNFILTERED, Asterisk
from tests.rig.phones import FOR_EVER_MS, OUTSIDE, Customer, Phones, Sipp
from tests.rig.scenarios import HOTLINE, REPAIR, hotline, repair

AGENTS = tuple(str(1001 + i) for i in range(16))
PEOPLE = [
    (f"138001380{i:02d}", name)
    for i, name in enumerate(["王小明", "Ann Lee", "欧阳娜娜", "<b>Bob</b>", "=1+1"])
]


def _plan(
    *, hotline_agents: tuple[str, ...], repair_agents: tuple[str, ...], max_wait_s: int, ring_s: int = 4
) -> Plan:
    return Plan(
        version=(22, 1),
        managers=(FILTERED, UNFILTERED),
        phones=tuple(
            Phone(endpoint=agent, secret=SECRET, name=f"Agent {agent}")
            for agent in hotline_agents + repair_agents
        ),
        queues=(
            hotline(
                strategy="rrmemory",
                ring_s=ring_s,
                max_wait_s=max_wait_s,
                overflow_to="repair",
                members=tuple(Member(phone=agent) for agent in hotline_agents),
            ),
            repair(strategy="ringall", members=tuple(Member(phone=agent) for agent in repair_agents)),
        ),
        hotlines=(Hotline(number=HOTLINE, queue="hotline"), Hotline(number=REPAIR, queue="repair")),
        trunks=(Trunk(name="trunk", host=OUTSIDE),),
    )


@dataclass(slots=True)
class Stage:
    """A switch, and everybody who uses it."""

    switch: Asterisk
    phones: Phones

    async def channels(self) -> dict[str, str]:
        """The channels that are up now: name -> number of whoever is at its end."""
        rows = [line.split("!") for line in (await self.switch.rx("core show channels concise")).splitlines()]
        return {row[0]: row[7] for row in rows if len(row) > 7}

    async def hang_up(self, number: str) -> None:
        """The switch ends the call of the customer with this number."""
        channels = (await self.channels()).items()
        ends = [name for name, who in channels if who == number and not name.startswith("Local/")]
        assert ends, f"{number} is not on the line"
        for channel in ends:
            await self.switch.rx(f"channel request hangup {channel}")


class Desk(Stage):
    """At the hotline three agents pick up soon and talk until the customer has gone; at repair nobody ever does."""

    async def at_work(self) -> None:
        await self.phones.answer_together(*AGENTS[:3], ring_ms=300)
        await self.phones.never_answers(AGENTS[3])
        await self.phones.register(AGENTS[3])

    async def calls(self, number: str, *, stay_ms: int = FOR_EVER_MS, dialed: str = HOTLINE) -> Sipp:
        """A customer calls, and stays so long after the queue took the call, or until somebody ends it."""
        return await self.phones.call(Customer(number=number, dialed=dialed, stay_ms=stay_ms))


class Relay(Stage):
    """The hotline's one agent hands every caller to a colleague by the telephone's transfer key."""

    async def at_work(self) -> None:
        await self.phones.answers(AGENTS[3], ring_ms=500)
        await self.phones.answers_and_refers(
            AGENTS[0], ring_ms=500, hold_after_ms=700, refer_after_ms=400, to=AGENTS[3]
        )
        await self.phones.register(AGENTS[0], AGENTS[3])


class Busy(Stage):
    """Customers come faster than the agents can talk to them."""

    async def at_work(self) -> None:
        """Most answer after half a second and talk for one and a half, one refuses, one never answers."""
        await self.phones.answer_together(*AGENTS[:10], *AGENTS[12:], ring_ms=500, stay_ms=1500)
        await self.phones.rejects(AGENTS[10])
        await self.phones.never_answers(AGENTS[11])
        await self.phones.register(AGENTS[10], AGENTS[11])

    async def crowd(self, *, patient: int = 35, hasty: int = 15) -> list[Sipp]:
        """All of them call within three seconds: the hasty hang up soon, the patient wait for as long as it takes."""
        return [
            await self.phones.crowd(PEOPLE, dialed=HOTLINE, calls=hasty, rate_per_s=6, stay_ms=2500),
            await self.phones.crowd(PEOPLE, dialed=HOTLINE, calls=patient, rate_per_s=14),
        ]

    async def over(self, crowds: list[Sipp], within_s: float = 110) -> int:
        """Wait for the last call; how many were placed."""
        for crowd in crowds:
            await crowd.finished(within_s)
        return sum(crowd.counts.placed for crowd in crowds)


@contextlib.asynccontextmanager
async def desk(software: provision.Switch) -> AsyncIterator[Desk]:
    """A desk at work."""
    plan = _plan(hotline_agents=AGENTS[:3], repair_agents=AGENTS[3:4], max_wait_s=0, ring_s=30)
    async with _open(plan, software) as (switch, phones):
        stage = Desk(switch, phones)
        await stage.at_work()
        yield stage


@contextlib.asynccontextmanager
async def relay(software: provision.Switch) -> AsyncIterator[Relay]:
    """A desk where every call is transferred."""
    plan = _plan(hotline_agents=AGENTS[:1], repair_agents=AGENTS[3:4], max_wait_s=0, ring_s=30)
    async with _open(plan, software) as (switch, phones):
        stage = Relay(switch, phones)
        await stage.at_work()
        yield stage


@contextlib.asynccontextmanager
async def busy_floor(software: provision.Switch) -> AsyncIterator[Busy]:
    """Twelve phones at the hotline, four at repair, where callers go who wait longer than 6 s; all at work."""
    plan = _plan(hotline_agents=AGENTS[:12], repair_agents=AGENTS[12:], max_wait_s=6)
    async with _open(plan, software) as (switch, phones):
        stage = Busy(switch, phones)
        await stage.at_work()
        yield stage


@contextlib.asynccontextmanager
async def _open(plan: Plan, software: provision.Switch) -> AsyncIterator[tuple[Asterisk, Phones]]:
    switch = Asterisk(plan, software=software)
    try:
        await switch.start()
        async with Phones(switch, sound=False) as phones:
            yield switch, phones
    finally:
        await switch.close()

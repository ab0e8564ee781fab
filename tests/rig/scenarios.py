"""What happens on the stage: each scenario is one short play with customers, agents and one switch.

Flows in: a `Stage` (a running switch, its phones, the recording connection). Flows out: nothing; the recorder listens.
Must not know: callserver. Each play waits for the switch's own events, so that it goes the same way on a slow machine.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from asterisk_conf import contract
from asterisk_conf.plan import Hotline, Member, Phone, Plan, Queue, Trunk
from tests.rig.asterisk import FILTERED, SECRET, UNFILTERED, Asterisk, free_port
from tests.rig.phones import OUTSIDE, Customer, Phones
from tests.rig.recorder import ManagerConnection, Recorder

HOTLINE, REPAIR = "4008", "4009"
ZHANG, LI, WANG = "1001", "1002", "1003"


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything that a play may use. `script` collects what was done, for `NAME.json`."""

    switch: Asterisk
    phones: Phones
    recorder: Recorder
    director: ManagerConnection
    script: list[str] = field(default_factory=list)
    callers: int = 0

    @property
    def main(self) -> ManagerConnection:
        return self.recorder.main

    def say(self, line: str) -> None:
        self.script.append(line)

    async def call(self, customer: Customer, *, calls: int = 1, rate_per_s: float = 10) -> None:
        self.callers += calls
        self.say(
            f"{customer.from_header} calls {customer.dialed}, stays {customer.stay_ms} ms"
            + f" x{calls}" * (calls > 1)
        )
        await self.phones.call(customer, calls=calls, rate_per_s=rate_per_s)

    async def over(self, calls: int = 1, *, within_s: float = 30) -> None:
        """Wait until this many calls have come and the last channel of the last one is gone."""

        def channels(event: str) -> int:
            return sum(m.get("Event") == event for m in self.main.messages)

        await self.main.until(
            lambda: channels("Newchannel") >= calls and channels("Newchannel") == channels("Hangup"),
            within_s,
            "the end of every channel",
        )


Play = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One play, its setting, and the accounts that record it."""

    name: str
    story: str
    play: Play
    plan: Plan
    registered: tuple[str, ...]


SCENARIOS: dict[str, Scenario] = {}


def hotline(**changes: object) -> Queue:
    """The hotline's queue as most scenarios use it."""
    usual: dict[str, object] = {
        "name": "hotline",
        "title": "Hotline 服务热线",
        "extension": "600",
        "strategy": "linear",
        "ring_s": 15,
        "retry_s": 1,
        "members": (Member(phone=ZHANG),),
    }
    return Queue(**{**usual, **changes})  # type: ignore[arg-type]


def repair(**changes: object) -> Queue:
    """A second queue, for overflow and transfers."""
    return hotline(
        **{
            "name": "repair",
            "title": "Repair 维修",
            "extension": "601",
            "members": (Member(phone=LI),),
            **changes,
        }
    )


def stage_plan(*queues: Queue, timestamp_events: bool = True) -> Plan:
    """The setting: three agents, a trunk, and these queues (the hotline alone when none is named)."""
    queues = queues or (hotline(),)
    return Plan(
        version=(22, 1),
        managers=(FILTERED, UNFILTERED),
        phones=(
            Phone(endpoint=ZHANG, secret=SECRET, name="Zhang Wei"),
            Phone(endpoint=LI, secret=SECRET, name="Li Na 李娜"),
            Phone(endpoint=WANG, secret=SECRET, name="Wang Fang"),
        ),
        queues=queues,
        hotlines=(
            Hotline(number=HOTLINE, queue=queues[0].name),
            Hotline(number=REPAIR, queue=queues[-1].name),
        ),
        trunks=(Trunk(name="trunk", host=OUTSIDE, port=free_port_outside()),),
        timestamp_events=timestamp_events,
    )


def free_port_outside() -> int:
    return free_port(socket.SOCK_DGRAM, OUTSIDE)


def scenario(
    name: str, plan: Plan | None = None, *, registered: tuple[str, ...] = (ZHANG, LI, WANG)
) -> Callable[[Play], Play]:
    """Register a play under this name; its docstring is its story."""

    def add(play: Play) -> Play:
        story = " ".join((play.__doc__ or "").split())
        SCENARIOS[name] = Scenario(
            name=name, story=story, play=play, plan=plan or stage_plan(), registered=registered
        )
        return play

    return add


@scenario("answered-caller-ends")
async def answered_caller_ends(stage: Stage) -> None:
    """Zhang rings 2 s and answers; the caller hangs up 3 s later."""
    await stage.phones.answers(ZHANG, ring_ms=2000)
    await stage.call(Customer(stay_ms=5200))
    await stage.over()


@scenario("answered-agent-ends")
async def answered_agent_ends(stage: Stage) -> None:
    """Zhang rings 1 s, answers, and hangs up after 3 s."""
    await stage.phones.answers(ZHANG, ring_ms=1000, stay_ms=3000)
    await stage.call(Customer())
    await stage.over()


@scenario("abandoned-waiting", registered=())
async def abandoned_waiting(stage: Stage) -> None:
    """No phone is there; the caller waits 3 s and hangs up."""
    await stage.call(Customer(stay_ms=3100))
    await stage.over()


@scenario(
    "rna-then-next-agent", stage_plan(hotline(ring_s=3, members=(Member(phone=ZHANG), Member(phone=LI))))
)
async def rna_then_next_agent(stage: Stage) -> None:
    """Zhang does not answer for 3 s; Li answers after 1 s and the caller hangs up 2 s later."""
    await stage.phones.never_answers(ZHANG)
    await stage.phones.answers(LI, ring_ms=1000)
    await stage.call(Customer(stay_ms=7500))
    await stage.over()


@scenario("blind-to-queue", stage_plan(hotline(), repair()))
async def blind_to_queue(stage: Stage) -> None:
    """Zhang answers the hotline and sends the caller to the repair queue, where Li answers; the caller ends."""
    await stage.phones.answers(ZHANG, ring_ms=1000)
    await stage.phones.answers(LI, ring_ms=1000)
    await stage.call(Customer(stay_ms=7000))
    connect = await stage.main.event("AgentConnect", Queue="hotline")
    await asyncio.sleep(1.5)
    stage.say("Zhang transfers blindly to 601 (AMI BlindTransfer on the agent's channel)")
    await stage.director.ask(
        "BlindTransfer", Channel=connect["DestChannel"], Exten="601", Context=contract.PHONES
    )
    await stage.over()

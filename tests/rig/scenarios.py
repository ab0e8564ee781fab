"""What happens on the stage: each scenario is one short play with customers, agents and one switch.

Flows in: a `Stage` (a running switch, its phones, the recording connection). Flows out: nothing; the recorder listens.
Must not know: callserver. Each play waits for the switch's own events, so that it goes the same way on a slow machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from asterisk_conf.plan import Hotline, Manager, Member, Phone, Plan, Queue, Trunk
from tests.rig.asterisk import FILTERED, SECRET, UNFILTERED, Asterisk
from tests.rig.phones import OUTSIDE, Customer, Phones
from tests.rig.recorder import ManagerConnection, Message, Recorder

HOTLINE, REPAIR = "4008", "4009"
ZHANG, LI, WANG = "1001", "1002", "1003"


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything that a play may use. `script` collects what was done, for `NAME.json`."""

    switch: Asterisk
    phones: Phones
    recorder: Recorder
    director: ManagerConnection
    earlier: list[Recorder] = field(default_factory=list)
    """Recorders of links that were lost on purpose, oldest first."""
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

    async def relink(self) -> None:
        """After the switch came back: new connections, as callserver would make them."""
        self.earlier.append(self.recorder)
        await self.recorder.stop()
        await self.director.close()
        self.director, self.recorder = await links(self.switch, self.recorder.main.user)

    async def over(self, calls: int = 1, *, within_s: float = 30) -> None:
        """Wait until this many calls have come and the last channel of the last one is gone."""

        def channels(event: str) -> list[Message]:
            return [m for m in self.main.messages if m.get("Event") == event]

        def begun() -> int:
            return sum(m.get("Uniqueid") == m.get("Linkedid") for m in channels("Newchannel"))

        await self.main.until(
            lambda: begun() >= calls and len(channels("Newchannel")) == len(channels("Hangup")),
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
    oldest: int = 16
    """The first major version of Asterisk that can do this."""
    account: Manager = FILTERED


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
        trunks=(Trunk(name="trunk", host=OUTSIDE),),
        timestamp_events=timestamp_events,
    )


def scenario(
    name: str, plan: Plan | None = None, *, registered: tuple[str, ...] = (ZHANG, LI, WANG), oldest: int = 16
) -> Callable[[Play], Play]:
    """Register a play under this name; its docstring is its story."""

    def add(play: Play) -> Play:
        story = " ".join((play.__doc__ or "").split())
        SCENARIOS[name] = Scenario(
            name=name, story=story, play=play, plan=plan or stage_plan(), registered=registered, oldest=oldest
        )
        return play

    return add


def recorded_otherwise() -> None:
    """A few of the plays once more: with every event on an account without filters, and without times."""
    for name in ("answered-caller-ends", "blind-to-queue", "atxfer-finished"):
        other = replace(SCENARIOS[name], name=f"{name}-unfiltered", account=UNFILTERED)
        SCENARIOS[other.name] = other
    for name in ("answered-caller-ends", "rna-then-next-agent"):
        plan = replace(SCENARIOS[name].plan, timestamp_events=False)
        other = replace(SCENARIOS[name], name=f"{name}-no-timestamps", plan=plan)
        SCENARIOS[other.name] = other


async def links(switch: Asterisk, user: str) -> tuple[ManagerConnection, Recorder]:
    """Log in to a running switch: the director, who may do all, and the recorder on the account `user`."""
    director = ManagerConnection(switch.ports.manager, UNFILTERED.user, events=False)
    await director.open()
    recorder = Recorder(switch.ports.manager, user)
    await recorder.start()
    return director, recorder

"""Plays about a supervisor who helps: listens, whispers, barges in, takes a caller over, moves those who wait.

Flows in: a `Stage`. Flows out: entries of `SCENARIOS`. Must not know: how they are recorded.
"""

from __future__ import annotations

import asyncio

from asterisk_conf import contract
from tests.rig.phones import Customer
from tests.rig.recorder import Message
from tests.rig.scenarios import LI, WANG, ZHANG, Stage, hotline, repair, scenario, stage_plan

LISTENER = "callserver-listen-1"


async def _talks(stage: Stage, *, stay_ms: int) -> Message:
    """A caller is answered by Zhang and they have talked for a second; what was said of it."""
    await stage.phones.answers(ZHANG, ring_ms=300)
    await stage.call(Customer(stay_ms=stay_ms))
    connect = await stage.main.event("AgentConnect", Queue="hotline")
    await asyncio.sleep(1)
    return connect


async def _listens(stage: Stage, leg: str, how: str = "listen") -> str:
    """Wang's phone rings, and is in `how` when it answers; its channel."""
    stage.say(f"Wang: {how} to {leg}")
    await stage.main.ask(
        "Originate",
        ActionID=LISTENER,
        Channel=f"PJSIP/{WANG}",
        Context=contract.SPY,
        Exten=how,
        Priority="1",
        Async="true",
        ChannelId=LISTENER,
        Variable=f"{contract.SPIED_VARIABLE}={leg}",
    )
    return (await stage.main.event("ChanSpyStart"))["SpyerChannel"]


async def _sent(stage: Stage, channel: str, exten: str) -> None:
    stage.say(f"{channel} is sent to {exten}")
    await stage.director.ask("Redirect", Channel=channel, Context=contract.SPY, Exten=exten, Priority="1")


@scenario("supervisor-changes-mode", oldest=22)
async def supervisor_changes_mode(stage: Stage) -> None:
    """Wang listens to Zhang, is sent to whisper, barges in by the key 6; the customer ends, and so all is over."""
    await stage.phones.answers(WANG, ring_ms=300)
    connect = await _talks(stage, stay_ms=6000)
    wang = await _listens(stage, connect["DestUniqueid"])
    await asyncio.sleep(1)
    await _sent(stage, wang, "whisper")
    await stage.main.event("ChanSpyStart", count=2)
    await asyncio.sleep(1)
    stage.say("Wang presses 6")
    await stage.director.ask("PlayDTMF", Channel=wang, Digit="6", Receive="true")
    await stage.main.event("ChanSpyStart", count=3)
    await stage.over(2)


@scenario("supervisor-takes-over", oldest=22)
async def supervisor_takes_over(stage: Stage) -> None:
    """Wang listens to Zhang, then takes the customer over and ends the call after two seconds."""
    await stage.phones.answers(WANG, ring_ms=300)
    connect = await _talks(stage, stay_ms=60_000)
    wang = await _listens(stage, connect["DestUniqueid"])
    await asyncio.sleep(1)
    await stage.director.ask(
        "Setvar", Channel=wang, Variable=contract.TAKEN_VARIABLE, Value=connect["Channel"]
    )
    await _sent(stage, wang, contract.SPY_TAKE)
    await asyncio.sleep(2)
    stage.say("Wang hangs up")
    await stage.director.ask("Hangup", Channel=wang)
    await stage.over(2)


@scenario("callers-moved", stage_plan(hotline(), repair()), registered=(LI,), oldest=22)
async def callers_moved(stage: Stage) -> None:
    """Three wait at the hotline: the last one is put first; the second is sent to repair, where Li answers."""
    await stage.phones.answers(LI, ring_ms=300)
    joined = []
    for number in ("13800138001", "13800138002", "13800138003"):
        await stage.call(Customer(number=number, stay_ms=60_000))
        joined.append(await stage.main.event("QueueCallerJoin", CallerIDNum=number))
    stage.say("the third is put first")
    await stage.director.ask(
        "QueueChangePriorityCaller",
        Queue="hotline",
        Caller=joined[2]["Channel"],
        Priority="10",
        Immediate="yes",
    )
    await asyncio.sleep(0.5)
    stage.say("the second is sent to repair")
    await stage.director.ask("Setvar", Channel=joined[1]["Channel"], Variable="QUEUE_PRIO", Value="5")
    await stage.director.ask(
        "Setvar", Channel=joined[1]["Channel"], Variable=contract.MOVED_VARIABLE, Value="601"
    )
    await stage.director.ask("QueueWithdrawCaller", Queue="hotline", Caller=joined[1]["Channel"])
    await stage.main.event("AgentConnect", Queue="repair")
    await asyncio.sleep(1)
    for one in joined:
        await stage.director.ask("Hangup", Channel=one["Channel"])
    await stage.over(3)

"""Plays about one call that changes hands: blind and attended transfers, three-way, hold.

Flows in: a `Stage`. Flows out: entries of `SCENARIOS`. Must not know: how they are recorded.

Transfers are asked for in the three ways that sites use: AMI BlindTransfer/Atxfer, feature keys, and the phone's own
key (SIP REFER). What the switch says differs between them.
"""

from __future__ import annotations

import asyncio

from asterisk_conf import contract
from tests.rig.phones import Customer
from tests.rig.scenarios import LI, WANG, ZHANG, Stage, hotline, repair, scenario, stage_plan

OUTSIDE_NUMBER = "02012345678"


async def _zhang_talks(stage: Stage, *, stay_ms: int) -> str:
    """A caller is answered by Zhang and they have talked for 1.5 s; the channel of Zhang's leg."""
    await stage.phones.answers(ZHANG, ring_ms=1000)
    await stage.call(Customer(stay_ms=stay_ms))
    connect = await stage.main.event("AgentConnect", Queue="hotline")
    await asyncio.sleep(1.5)
    return connect["DestChannel"]


async def _blind(stage: Stage, channel: str, exten: str, context: str = contract.PHONES) -> None:
    stage.say(f"{channel} is told to transfer blindly to {exten} (AMI BlindTransfer)")
    await stage.director.ask("BlindTransfer", Channel=channel, Exten=exten, Context=context)


async def _consult(stage: Stage, channel: str, exten: str) -> None:
    stage.say(f"{channel} is told to consult {exten} (AMI Atxfer)")
    await stage.director.ask("Atxfer", Channel=channel, Exten=exten, Context=contract.PHONES)


async def _press(stage: Stage, channel: str, keys: str) -> None:
    stage.say(f"{channel} presses {keys}")
    for key in keys:
        await stage.director.ask("PlayDTMF", Channel=channel, Digit=key, Receive="true")


@scenario("blind-to-queue", stage_plan(hotline(), repair()))
async def blind_to_queue(stage: Stage) -> None:
    """Zhang answers and sends the caller to the repair queue, where Li answers; the caller ends."""
    await stage.phones.answers(LI, ring_ms=1000)
    zhang = await _zhang_talks(stage, stay_ms=7000)
    await _blind(stage, zhang, "601")
    await stage.over()


@scenario("blind-to-agent")
async def blind_to_agent(stage: Stage) -> None:
    """Zhang answers and sends the caller to Li's number; Li answers after 1 s; the caller ends."""
    await stage.phones.answers(LI, ring_ms=1000)
    zhang = await _zhang_talks(stage, stay_ms=6500)
    await _blind(stage, zhang, LI)
    await stage.over()


@scenario("blind-to-outside")
async def blind_to_outside(stage: Stage) -> None:
    """Zhang answers and sends the caller to a number outside, which answers after 1 s; the outside ends."""
    await stage.phones.outside_answers(ring_ms=1000, stay_ms=2000)
    zhang = await _zhang_talks(stage, stay_ms=20_000)
    await _blind(stage, zhang, OUTSIDE_NUMBER)
    await stage.over()


@scenario("blind-by-phone", stage_plan(hotline(), repair()))
async def blind_by_phone(stage: Stage) -> None:
    """As blind-to-agent, by the transfer key of Zhang's phone (SIP REFER)."""
    await stage.phones.answers(LI, ring_ms=1000)
    await stage.phones.answers_and_refers(ZHANG, ring_ms=1000, hold_after_ms=1500, refer_after_ms=500, to=LI)
    await stage.call(Customer(stay_ms=7000))
    await stage.over()


@scenario("blind-to-agent-unanswered")
async def blind_to_agent_unanswered(stage: Stage) -> None:
    """Zhang sends the caller to Li, who refuses: the call ends, as on a dialplan that looks after nobody."""
    await stage.phones.rejects(LI, ring_ms=1000)
    zhang = await _zhang_talks(stage, stay_ms=20_000)
    await _blind(stage, zhang, LI, contract.MEMBERS)
    await stage.over()


@scenario("blind-comes-back")
async def blind_comes_back(stage: Stage) -> None:
    """Zhang sends the caller to Li, who refuses; the caller rings at Zhang again, who answers; the caller ends."""
    await stage.phones.rejects(LI, ring_ms=1000)
    zhang = await _zhang_talks(stage, stay_ms=9000)
    await _blind(stage, zhang, LI)
    await stage.over()


@scenario("atxfer-finished")
async def atxfer_finished(stage: Stage) -> None:
    """Zhang asks Wang while the caller hears music, then hangs up: caller and Wang talk; the caller ends."""
    await stage.phones.answers(WANG, ring_ms=1000)
    zhang = await _zhang_talks(stage, stay_ms=14_000)
    await _consult(stage, zhang, WANG)
    await stage.main.event("DialEnd", DestChannel=f"PJSIP/{WANG}-*", DialStatus="ANSWER")
    await asyncio.sleep(2)
    stage.say("Zhang hangs up: the transfer is done")
    await stage.director.ask("Hangup", Channel=zhang)
    await stage.over()


@scenario("atxfer-given-up")
async def atxfer_given_up(stage: Stage) -> None:
    """Zhang asks Wang and comes back to the caller (*1); the caller ends."""
    await stage.phones.answers(WANG, ring_ms=1000)
    zhang = await _zhang_talks(stage, stay_ms=14_000)
    await _consult(stage, zhang, WANG)
    await stage.main.event("DialEnd", DestChannel=f"PJSIP/{WANG}-*", DialStatus="ANSWER")
    await asyncio.sleep(2)
    await _press(stage, zhang, "*1")
    await stage.over()


@scenario("atxfer-unanswered")
async def atxfer_unanswered(stage: Stage) -> None:
    """Zhang asks Wang, who refuses; Zhang is with the caller again; the caller ends."""
    await stage.phones.rejects(WANG, ring_ms=1000)
    zhang = await _zhang_talks(stage, stay_ms=12_000)
    await _consult(stage, zhang, WANG)
    await stage.over()


@scenario("atxfer-by-phone")
async def atxfer_by_phone(stage: Stage) -> None:
    """Zhang calls Wang on a second line and joins the two by the phone's transfer key (SIP REFER with Replaces)."""
    await stage.phones.answers(WANG, ring_ms=1000)
    second = stage.phones.consultation(ZHANG, WANG)
    await stage.phones.answers_and_refers(
        ZHANG, ring_ms=1000, hold_after_ms=1000, refer_after_ms=4000, to=second.refer_to
    )
    await stage.call(Customer(stay_ms=9500))
    await stage.main.event("AgentConnect")
    await asyncio.sleep(1.5)
    await stage.phones.consults(second)
    await stage.over()


@scenario("three-way")
async def three_way(stage: Stage) -> None:
    """Zhang asks Wang, then brings all three together (*3); Zhang leaves, then the caller ends."""
    await stage.phones.answers(WANG, ring_ms=1000)
    zhang = await _zhang_talks(stage, stay_ms=15_000)
    await _consult(stage, zhang, WANG)
    await stage.main.event("DialEnd", DestChannel=f"PJSIP/{WANG}-*", DialStatus="ANSWER")
    await asyncio.sleep(1.5)
    await _press(stage, zhang, "*3")
    await asyncio.sleep(2.5)
    stage.say("Zhang hangs up")
    await stage.director.ask("Hangup", Channel=zhang)
    await stage.over()


@scenario("caller-gone-in-consultation")
async def caller_gone_in_consultation(stage: Stage) -> None:
    """Zhang asks Wang; meanwhile the caller hangs up; Zhang and Wang talk 2 s more, Wang ends."""
    await stage.phones.answers(WANG, ring_ms=1000, stay_ms=5000)
    zhang = await _zhang_talks(stage, stay_ms=8500)
    await _consult(stage, zhang, WANG)
    await stage.over()


@scenario("hold-resume")
async def hold_resume(stage: Stage) -> None:
    """Zhang talks 1.5 s, holds the caller for 2 s, resumes; the caller ends."""
    await stage.phones.answers_and_holds(ZHANG, ring_ms=1000, hold_after_ms=1500, hold_ms=2000)
    await stage.call(Customer(stay_ms=6500))
    await stage.over()


@scenario("held-caller-hangs-up")
async def held_caller_hangs_up(stage: Stage) -> None:
    """Zhang holds the caller, who does not wait."""
    await stage.phones.answers_and_holds(ZHANG, ring_ms=1000, hold_after_ms=1500, hold_ms=30_000)
    await stage.call(Customer(stay_ms=5000))
    await stage.over()


@scenario("talk-redirected", stage_plan(hotline(), repair()))
async def talk_redirected(stage: Stage) -> None:
    """A supervisor takes the caller away from Zhang into the repair queue (AMI Redirect); Li answers."""
    await stage.phones.answers(LI, ring_ms=1000)
    await _zhang_talks(stage, stay_ms=7000)
    connect = await stage.main.event("AgentConnect")
    stage.say("the caller's channel is redirected to 601")
    await stage.main.ask(
        "Redirect", Channel=connect["Channel"], Context=contract.PHONES, Exten="601", Priority="1"
    )
    await stage.over()


@scenario("queue-call-picked-up")
async def queue_call_picked_up(stage: Stage) -> None:
    """Zhang's phone rings; Wang, who is not in the queue, takes the call with *8; the caller ends."""
    await stage.phones.never_answers(ZHANG)
    await stage.call(Customer(stay_ms=6000))
    await stage.main.event("AgentCalled")
    await asyncio.sleep(1.5)
    stage.say("Wang dials *8")
    await stage.phones.dial(WANG, "*8")
    await stage.over()


@scenario("supervisor-listens")
async def supervisor_listens(stage: Stage) -> None:
    """While Zhang talks, Wang listens in (AMI Originate of ChanSpy); Wang stops, then the caller ends."""
    await stage.phones.answers(WANG, ring_ms=500, stay_ms=2000)
    zhang = await _zhang_talks(stage, stay_ms=7000)
    stage.say(f"Wang listens to {zhang}")
    await stage.main.ask(
        "Originate",
        ActionID="callserver-spy-1",
        Channel=f"PJSIP/{WANG}",
        Application="ChanSpy",
        Data=f"{zhang},q",
        CallerID=f"<{ZHANG}>",
        Async="true",
        ChannelId="callserver-spy-1",
    )
    await stage.over()

"""Plays that begin inside: agents dial, and the switch is told to dial (AMI Originate).

Flows in: a `Stage`. Flows out: entries of `SCENARIOS`. Must not know: how they are recorded.
"""

from __future__ import annotations

import asyncio

from asterisk_conf import contract
from tests.rig.scenarios import LI, ZHANG, Stage, scenario

OUTSIDE_NUMBER = "02012345678"


async def _originate(stage: Stage, channel: str, exten: str, timeout_ms: int) -> None:
    """Ask as callserver does: over the main connection, asynchronously, with ids of our own."""
    stage.say(f"AMI Originate: {channel}, then {exten}")
    await stage.main.ask(
        "Originate",
        ActionID="callserver-dial-1",
        Channel=channel,
        Context=contract.PHONES,
        Exten=exten,
        Priority="1",
        CallerID=f"<{OUTSIDE_NUMBER}>" if channel.startswith(f"PJSIP/{ZHANG}") else "<4008>",
        Timeout=str(timeout_ms),
        Async="true",
        ChannelId="callserver-dial-1-a",
        OtherChannelId="callserver-dial-1-b",
    )
    await stage.main.event("OriginateResponse", ActionID="callserver-dial-1")
    await stage.over()


async def _agent_first(stage: Stage, timeout_ms: int = 20_000) -> None:
    await _originate(stage, f"PJSIP/{ZHANG}", OUTSIDE_NUMBER, timeout_ms)


async def _customer_first(stage: Stage, timeout_ms: int = 20_000) -> None:
    await _originate(stage, f"PJSIP/{OUTSIDE_NUMBER}@trunk", "600", timeout_ms)


@scenario("outbound-by-agent")
async def outbound_by_agent(stage: Stage) -> None:
    """Zhang dials a number outside, which rings 2 s and answers; Zhang hangs up 2 s later."""
    await stage.phones.outside_answers(ring_ms=2000)
    stage.say(f"Zhang dials {OUTSIDE_NUMBER}")
    await stage.phones.dial(ZHANG, OUTSIDE_NUMBER, stay_ms=2000)
    await stage.over()


@scenario("outbound-by-agent-busy")
async def outbound_by_agent_busy(stage: Stage) -> None:
    """Zhang dials a number outside, which is busy."""
    await stage.phones.outside_rejects(ring_ms=1000, code=486)
    stage.say(f"Zhang dials {OUTSIDE_NUMBER}")
    await stage.phones.dial(ZHANG, OUTSIDE_NUMBER)
    await stage.over()


@scenario("internal-call")
async def internal_call(stage: Stage) -> None:
    """Zhang calls Li, who rings 1 s and answers; Zhang hangs up 2 s later."""
    await stage.phones.answers(LI, ring_ms=1000)
    stage.say("Zhang dials 1002")
    await stage.phones.dial(ZHANG, LI, stay_ms=2000)
    await stage.over()


@scenario("originate-agent-first-answered")
async def originate_agent_first_answered(stage: Stage) -> None:
    """The switch rings Zhang, then the customer, who answers and hangs up after 2 s."""
    await stage.phones.answers(ZHANG, ring_ms=1000)
    await stage.phones.outside_answers(ring_ms=1500, stay_ms=2000)
    await _agent_first(stage)


@scenario("originate-agent-first-busy")
async def originate_agent_first_busy(stage: Stage) -> None:
    """The switch rings Zhang, then the customer, who is busy."""
    await stage.phones.answers(ZHANG, ring_ms=1000)
    await stage.phones.outside_rejects(ring_ms=1000, code=486)
    await _agent_first(stage)


@scenario("originate-agent-first-noanswer")
async def originate_agent_first_noanswer(stage: Stage) -> None:
    """The switch rings Zhang, who does not answer within 3 s: the customer is not dialled."""
    await stage.phones.never_answers(ZHANG)
    await stage.phones.outside_answers()
    await _agent_first(stage, timeout_ms=3000)


@scenario("originate-agent-first-rejected")
async def originate_agent_first_rejected(stage: Stage) -> None:
    """The switch rings Zhang, who refuses: the customer is not dialled."""
    await stage.phones.rejects(ZHANG, ring_ms=1000, code=603)
    await stage.phones.outside_answers()
    await _agent_first(stage)


@scenario("originate-customer-first-answered")
async def originate_customer_first_answered(stage: Stage) -> None:
    """The switch rings the customer, who answers and is put into the hotline; Zhang answers; the customer ends."""
    await stage.phones.outside_answers(ring_ms=1000, stay_ms=4000)
    await stage.phones.answers(ZHANG, ring_ms=1000)
    await _customer_first(stage)


@scenario("originate-customer-first-busy")
async def originate_customer_first_busy(stage: Stage) -> None:
    """The switch rings the customer, who is busy."""
    await stage.phones.outside_rejects(ring_ms=1000, code=486)
    await _customer_first(stage)


@scenario("originate-customer-first-noanswer")
async def originate_customer_first_noanswer(stage: Stage) -> None:
    """The switch rings the customer, who does not answer within 3 s."""
    await stage.phones.outside_never_answers()
    await _customer_first(stage, timeout_ms=3000)


@scenario("originate-customer-first-rejected")
async def originate_customer_first_rejected(stage: Stage) -> None:
    """The switch rings the customer, who refuses."""
    await stage.phones.outside_rejects(ring_ms=1000, code=603)
    await _customer_first(stage)


@scenario("outbound-transferred-blind")
async def outbound_transferred_blind(stage: Stage) -> None:
    """Zhang dials a customer and sends the answered call on to Li, who answers; the customer ends."""
    await stage.phones.outside_answers(ring_ms=1000, stay_ms=5000)
    await stage.phones.answers(LI, ring_ms=1000)
    stage.say(f"Zhang dials {OUTSIDE_NUMBER}")
    await stage.phones.dial(ZHANG, OUTSIDE_NUMBER)
    enter = await stage.main.event("BridgeEnter", Channel=f"PJSIP/{ZHANG}-*")
    await asyncio.sleep(1.5)
    stage.say(f"Zhang's channel transfers blindly to {LI}")
    await stage.director.ask("BlindTransfer", Channel=enter["Channel"], Exten=LI, Context=contract.PHONES)
    await stage.over()


async def _automatic(stage: Stage) -> None:
    stage.say(f"AMI Originate: {OUTSIDE_NUMBER}, then the recording `survey`, answered by 1 to 5")
    asked = {
        contract.PROMISE_VARIABLE: "7",
        contract.PROMPT_VARIABLE: "survey",
        contract.KEYS_VARIABLE: "12345",
        "CALLERID(num)": OUTSIDE_NUMBER,
    }
    await stage.main.ask(
        "Originate",
        ActionID="callserver-dial-1",
        Channel=f"PJSIP/{OUTSIDE_NUMBER}@trunk",
        Context=contract.PROMISE_AUTO,
        Exten="s",
        Priority="1",
        Timeout="20000",
        Async="true",
        ChannelId="callserver-dial-1-a",
        OtherChannelId="callserver-dial-1-b",
        Variable=",".join(f"{name}={value}" for name, value in asked.items()),
    )
    await stage.main.event("OriginateResponse", ActionID="callserver-dial-1")
    await stage.over()


@scenario("originate-automatic-rated")
async def originate_automatic_rated(stage: Stage) -> None:
    """The switch rings the customer, who answers, hears a recording and presses 4."""
    await stage.phones.outside_answers(ring_ms=1000, keys=((900, "4"),))
    await _automatic(stage)

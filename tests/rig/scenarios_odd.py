"""Plays with odd names, with no name, and with a switch that goes away.

Flows in: a `Stage`. Flows out: entries of `SCENARIOS`. Must not know: how they are recorded.
"""

from __future__ import annotations

import asyncio

from tests.rig.phones import OUTSIDE, Customer
from tests.rig.scenarios import ZHANG, Stage, scenario

HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "=1+1",
    "O'Brien; DROP TABLE calls",
    r"say \"hi\" \\ there",
    "Event: Hangup",
    "Variable: QUEUESTATUS",
)


async def _all_answered(stage: Stage, customers: list[Customer]) -> None:
    """Each customer in turn is answered by Zhang and hangs up."""
    await stage.phones.answers(ZHANG, ring_ms=200)
    for count, customer in enumerate(customers, 1):
        await stage.call(customer)
        await stage.over(count)


@scenario("withheld-number")
async def withheld_number(stage: Stage) -> None:
    """Three ways of hiding: 'anonymous' in the From line, no number at all, and the network's Privacy header."""
    asserted = (f"P-Asserted-Identity: <sip:13800138000@{OUTSIDE}>", "Privacy: id")
    anonymous = '"Anonymous" <sip:anonymous@anonymous.invalid>'
    await _all_answered(
        stage,
        [
            Customer(from_line=anonymous, stay_ms=2000),
            Customer(from_line=f"<sip:{OUTSIDE}>", stay_ms=2000),
            Customer(from_line=anonymous, headers=asserted, stay_ms=2000),
        ],
    )


@scenario("caller-claims-extension")
async def caller_claims_extension(stage: Stage) -> None:
    """A customer whose number is 1002, like Li's extension, is answered by Zhang; Li's phone has no part in it."""
    await stage.phones.answers(ZHANG, ring_ms=500)
    await stage.call(Customer(number="1002", display="Not Li", stay_ms=3000))
    await stage.over()


@scenario("chinese-names")
async def chinese_names(stage: Stage) -> None:
    """Callers with Chinese names, one of them with a rare character outside the basic plane."""
    names = ("王小明", "欧阳娜娜(上海)", "𠮷野 家")
    await _all_answered(stage, [Customer(display=name, stay_ms=2000) for name in names])


@scenario("hostile-names")
async def hostile_names(stage: Stage) -> None:
    """Names that are markup, a formula, quotes, backslashes, and lines of AMI."""
    await _all_answered(stage, [Customer(display=name, stay_ms=1500) for name in HOSTILE_NAMES])


@scenario("hostile-numbers")
async def hostile_numbers(stage: Stage) -> None:
    """While Zhang talks, callers whose 'numbers' are lines of AMI: more headers, a forged end of Zhang's call, a
    line of queue_log, and one that is far too long."""
    await stage.phones.answers(ZHANG, ring_ms=500)
    await stage.call(Customer(stay_ms=9000))
    connect = await stage.main.event("AgentConnect")
    forged = f"1%0d%0a%0d%0aEvent%3a Hangup%0d%0aUniqueid%3a {connect['Uniqueid']}".replace(" ", "%20")
    numbers = (
        "138%0d%0aEvent%3a%20Hangup%0d%0aX",
        forged,
        "138%0a%0aEvent%3a%20Shutdown",
        f"1%0a1795000000%7c{connect['Uniqueid']}%7chotline%7cNONE%7cABANDON%7c1%7c1%7c9",
        "1" * 300,
    )
    for count, number in enumerate(numbers, 2):
        await stage.call(Customer(from_line=f"<sip:{number}@{OUTSIDE}>", stay_ms=700))
        await _callers_left(stage, count)

    # Forged ends must not be counted: these two name their channels, which a forger has no room for.
    await stage.main.event("Hangup", Channel=connect["Channel"])
    await stage.main.event("Hangup", Channel=connect["DestChannel"])


async def _callers_left(stage: Stage, count: int) -> None:
    def left() -> int:
        return sum(m.get("Event") == "QueueCallerLeave" for m in stage.main.messages)

    await stage.main.until(lambda: left() >= count, 10, "the caller to leave")


@scenario("asterisk-restarted-graceful")
async def asterisk_restarted_graceful(stage: Stage) -> None:
    """In a call the switch is told to stop now; it is started again; a second call is answered."""
    await _restarted(stage, kill=False)


@scenario("asterisk-restarted-killed")
async def asterisk_restarted_killed(stage: Stage) -> None:
    """In a call the switch is killed; it is started again; a second call is answered."""
    await _restarted(stage, kill=True)


async def _restarted(stage: Stage, *, kill: bool) -> None:
    await stage.phones.answers(ZHANG, ring_ms=500)
    await stage.call(Customer(stay_ms=20_000))
    await stage.main.event("AgentConnect")
    await asyncio.sleep(2)
    await stage.recorder.quiet()
    stage.say("the switch is killed" if kill else "core stop now")
    await (stage.switch.kill() if kill else stage.switch.stop())
    await stage.main.lost.wait()
    await asyncio.sleep(1)
    stage.say("the switch is started again")
    await stage.switch.start()
    await stage.relink()
    await stage.phones.register(ZHANG)
    await stage.call(Customer(number="13900139000", stay_ms=3000))
    await stage.over()

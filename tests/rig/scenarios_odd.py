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


@scenario("chinese-names")
async def chinese_names(stage: Stage) -> None:
    """Callers with Chinese names, one of them with a rare character outside the basic plane."""
    names = ("王小明", "欧阳娜娜(上海)", "𠮷野 家")
    await _all_answered(stage, [Customer(display=name, stay_ms=2000) for name in names])


@scenario("hostile-names")
async def hostile_names(stage: Stage) -> None:
    """Names that are markup, a formula, quotes, backslashes, and lines of AMI."""
    await _all_answered(stage, [Customer(display=name, stay_ms=1500) for name in HOSTILE_NAMES])


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

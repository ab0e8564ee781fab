"""Promises dialled by a process that is killed again and again, over a line that is cut, at a switch that dies too.

`python -m tests.work.promiser URL HOME PROMISES ROUNDS SEED`: each round forks a life, which goes on where the last one
was killed: it follows the switch of `dialled_switch`, dials what is due, and dies by SIGKILL at some moment. In some
rounds the line is cut, or the switch itself dies and comes back without its calls. The last life is left alone until
nothing is under way any more. Prints a line a life: how many attempts the one before had left open.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from select import select as select_ready

import structlog
from sqlalchemy import Connection, select

from callserver.facts import Instant, PbxId
from callserver.node import Duty, Myself, calling_out, telephone
from callserver.node.evidence import evidence_in
from callserver.node.line import link
from callserver.numbers import Plan
from callserver.people import UserId
from callserver.promises.policy import Policy, Retry
from callserver.seats.shift import Seat
from callserver.settings import AsteriskSettings, Secret, TraceSettings
from callserver.store import attempts, engine, policies, promises, tickets
from callserver.store.attempts import Attempt
from callserver.store.desk import promises as table
from callserver.store.engine import Store
from callserver.tickets.changing import Draft
from callserver.tickets.promise import NewPromise, Promise
from callserver.vitals import Vitals, wall_clock
from callserver.web.switchboard import Switchboard
from callserver.work import dialling_following, dialling_verdicts
from callserver.work.dialling import Dialler
from callserver.work.dialling_choosing import Site
from callserver.work.dialling_floor import FreeAgent, OwnerState
from callserver.work.dialling_verdicts import Trace
from tests.rig.asterisk import die_with_parent
from tests.store.of_tickets import ANNA
from tests.work import dialled_switch
from tests.work.lander import ended, say

MAIN = PbxId("main")
DAY = 86_400_000
MOST_STEPS = 8  # of a life: attempts begun, requests over; so that each gets on, on a busy machine too
LONGEST_S = 0.3  # after its last step: into the middle of the next
NOTHING_S = 2.0
AT_ONCE = 6
FAULTS = ("none", "none", "none", "none", "none", "cut", "cut", "switch")
RUNG_OR_NOT = frozenset({"not_sent", "agent_no_answer"})


def hurry() -> None:
    """What is waited for in minutes, because journals take their time, is waited for in moments here: in a life of half
    a second nobody would ever come to an end of it. What is waited for is the same."""
    dialling_verdicts.DOUBT_MS = 3_000  # type: ignore[misc]
    dialling_verdicts.BELIEVED_MS = 1_000  # type: ignore[misc]
    dialling_verdicts.UNSETTLED_MS = 1_500  # type: ignore[misc]
    dialling_following.LOOK_EVERY_MS = 200  # type: ignore[misc]
    for module in (calling_out, telephone):
        module.LOOK_S = 0.2  # type: ignore[attr-defined]


class Everybody:
    """A floor on which as many agents are free as anybody could want; `up`: the line to the switch."""

    def __init__(self, duty: Duty) -> None:
        self._duty = duty

    def switches(self) -> tuple[PbxId, ...]:
        return (MAIN,) if self._duty.owned else ()

    def free(self, pbx: PbxId) -> tuple[FreeAgent, ...]:
        seat = Seat(pbx=pbx, interface="PJSIP/1001", state_interface="PJSIP/1001")
        return (FreeAgent(user=UserId(1), name="a", seat=seat, queues=frozenset({"hotline"}), since=0),)

    def owner(self, user: UserId) -> OwnerState:
        return "free"

    def agent(self, user: UserId) -> FreeAgent | None:
        return self.free(MAIN)[0]

    def waiting(self, pbx: PbxId, queue: str) -> tuple[Instant, ...]:
        return ()

    def past_target(self, pbx: PbxId, queue: str, now: Instant) -> int:
        return 0


# --- a life ----------------------------------------------------------------------------------------------------------


async def live(url: str, home: Path, heard: int, *, last: bool) -> None:
    """`heard`: where to write a byte once the switch is seen. The last life ends when nothing is under way."""
    store = await engine.open(url, synchronous="OFF")
    say(await store.read(lambda c: len(attempts.open_attempts(c))))
    run = f"promiser/{os.getpid()}"
    settings = AsteriskSettings(
        id=MAIN,
        port=int((home / "port").read_text()),
        secret=Secret("right"),
        cel=home / "cel.csv",
        trunks=("PJSIP/trunk",),
        heartbeat_s=0.5,
        deadline_s=1.0,
    )
    vitals, switchboard = Vitals("promiser"), Switchboard(store)
    duty = Duty(
        settings,
        Myself(node="promiser", holder=run),
        store,
        vitals,
        open_line=lambda one: link(one, TraceSettings()),
        on_command_over=lambda outcome: stepped(heard, lambda: switchboard.over(outcome)),
    )
    switchboard.wakes(lambda pbx: duty.wake())
    look = evidence_in(settings)

    async def evidence(pbx: PbxId, channel: str, sent_at: Instant) -> Trace:
        return (await look(channel, sent_at)).kind  # type: ignore[arg-type]

    dialler = Dialler(
        store,
        Everybody(duty),
        Site(plan=Plan()),
        holder=run,
        node="promiser",
        clock=wall_clock,
        wake=lambda pbx: stepped(heard, lambda: switchboard.wake(pbx)),
        evidence=evidence,
        tick_s=0.02,
        per_s=3,
    )
    working = [asyncio.create_task(duty.run()), asyncio.create_task(dialler.run())]
    while vitals.switch(MAIN).link != "up":  # noqa: ASYNC110 (a link tells its state to nobody)
        await asyncio.sleep(0.005)
    os.write(heard, b"!")
    while not last or await store.read(unfinished):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    dialler.stop()
    duty.stop()
    await asyncio.wait(working)
    await store.close()


def stepped(heard: int, work: Callable[[], None]) -> None:
    """Do it, and let whoever kills know that something was done."""
    os.write(heard, b".")
    work()


def unfinished(connection: Connection) -> bool:
    """Whether there is a promise for which a machine has still something to do."""
    at = connection.execute(select(table.c.status)).scalars()
    return any(status not in ("kept", "unknown") for status in at)


async def prepare(url: str, count: int) -> None:
    """So many promises that are due, whose calls may be tried again after a second as often as it takes."""
    store = await engine.open(url, synchronous="OFF")
    shipped = await store.read(lambda c: policies.get(c, "callback"))
    await store.write(lambda c: policies.put(c, _patient(shipped), 0, ANNA, wall_clock()))
    await store.write(lambda c: _owe(c, count))
    await store.close()


def _patient(shipped: Policy) -> Policy:
    again = Retry(delay_ms=1_000, times=None)
    retries = dict.fromkeys(shipped.retries, again)
    return replace(shipped, retries=retries, most_tries=50, at_once=AT_ONCE)


def _owe(connection: Connection, count: int) -> None:
    for number in range(count):
        _owe_one(connection, f"+8613800{number:06d}", wall_clock())


def _owe_one(connection: Connection, caller: str, now: Instant) -> None:
    ticket = tickets.open_ticket(connection, Draft(kind="repair", caller=caller), ANNA, now, rule="a test")
    new = NewPromise(
        kind="callback",
        ticket=ticket.id,
        mode="customer_first",
        queue="hotline",
        place_at=now,
        due_at=now,
        deadline_at=now + DAY,
        number=caller,
    )
    promises.owe(connection, new, now)


# --- the judge -------------------------------------------------------------------------------------------------------


async def judged(store: Store, home: Path) -> list[str]:
    """What is wrong between the INVITEs that customers saw and the attempts on record, a sentence each."""
    rung = Counter(line.split()[0] for line in (home / "rung").read_text().splitlines())
    made, owed = await store.read(_on_record)
    known = {attempt.channel for attempt in made}
    wrong = [f"{channel} rang {count} times" for channel, count in rung.items() if count > 1]
    wrong += [f"{channel} rang and is on no record" for channel in rung if channel not in known]
    for promise in owed:
        mine = sorted((one for one in made if one.promise == promise.id), key=lambda one: one.n)
        wrong += _of_promise(promise, mine, frozenset(rung))
    return wrong


def _on_record(connection: Connection) -> tuple[list[Attempt], list[Promise]]:
    ids = connection.execute(select(table.c.id)).scalars().all()
    owed = [promises.get(connection, id) for id in ids]
    return [one for promise in owed for one in attempts.of_promise(connection, promise.id)], owed


def _of_promise(promise: Promise, mine: list[Attempt], rung: frozenset[str]) -> list[str]:
    wrong = []
    for attempt in mine:
        name, rang = f"promise {promise.id}, attempt {attempt.n}", attempt.channel in rung
        if attempt.outcome in RUNG_OR_NOT and rang:
            wrong.append(f"{name} is on record as {attempt.outcome}, and the customer's phone rang")
        if attempt.outcome in ("talked", "busy", "rejected", "no_answer") and not rang:
            wrong.append(f"{name} is on record as {attempt.outcome}, and nobody's phone rang")
        if attempt.outcome is None:
            wrong.append(f"{name} was forgotten")
        if attempt.outcome in ("unknown", "talked", None) and attempt is not mine[-1]:
            wrong.append(f"{name} was {attempt.outcome}, and another one was made")
    if promise.status not in ("kept", "unknown"):
        wrong.append(f"promise {promise.id} was forgotten: {promise.status}, {promise.held}")
    if not mine:
        wrong.append(f"promise {promise.id} was never tried")
    return wrong


# --- the one who kills -----------------------------------------------------------------------------------------------


def steps(heard: int, count: int) -> None:
    """Until so much was done in a life; one that has nothing to do is not waited for."""
    for _ in range(count):
        if select_ready([heard], [], [], NOTHING_S)[0]:
            os.read(heard, 1)


def begun(url: str, home: Path, *, last: bool = False) -> tuple[int, int]:
    """A life: its process id, and where a byte comes from when it sees the switch."""
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        os._exit(lived(url, home, told, last=last))
    os.close(told)
    return child, heard


def lived(url: str, home: Path, told: int, *, last: bool) -> int:
    """What a child does; its exit code."""
    die_with_parent()
    hurry()
    try:
        asyncio.run(live(url, home, told, last=last))
    except BaseException as error:
        say("failed", repr(error))
        return 1
    return 0


def main(url: str, home: Path, count: int, rounds: int, seed: int) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    chance = random.Random(seed)
    asyncio.run(prepare(url, count))
    switch = dialled_switch.spawn(home, 0)
    port = int((home / "port").read_text())
    for _ in range(rounds):
        child, heard = begun(url, home)
        os.read(heard, 1)
        fault = chance.choice(FAULTS)
        steps(heard, chance.randint(1, MOST_STEPS))
        time.sleep(chance.random() * LONGEST_S)
        if fault == "cut":
            os.kill(switch, signal.SIGUSR1)
        elif fault == "switch":
            os.kill(switch, signal.SIGKILL)
            ended(switch)
            switch = dialled_switch.spawn(home, port)
        if fault != "none":
            time.sleep(chance.random() * LONGEST_S)
        os.kill(child, signal.SIGKILL)
        ended(child)
        os.close(heard)
    child, heard = begun(url, home, last=True)
    code = ended(child)
    os.kill(switch, signal.SIGKILL)
    ended(switch)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6])))

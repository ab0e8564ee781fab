"""One life of a process that dials promises, on a database and at a switch that die; and who judges what came of it.

In: a `Stage`: the database, the folder of the switch of `dialled_switch`, the mode in which promises are dialled. Out:
attempts on record, compared with what the customers' phones saw. Must not know: when it is killed (`crash`).
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from callserver.facts import Instant, PbxId
from callserver.node import Duty, Myself, calling_out, evidence, telephone, understanding
from callserver.node.evidence import evidence_of
from callserver.node.line import link
from callserver.node.reconciling import Reconciler
from callserver.node.understanding import RECONCILE, reconcile_kind
from callserver.numbers import Plan
from callserver.people import UserId
from callserver.promises.hours import ALWAYS
from callserver.promises.policy import Policy, Retry
from callserver.seats.shift import Seat
from callserver.settings import AsteriskSettings, Secret, TraceSettings
from callserver.store import attempts, engine, policies, promises, tickets
from callserver.store.attempts import Attempt
from callserver.store.desk import promises as table
from callserver.store.engine import Store
from callserver.tickets.changing import Draft
from callserver.tickets.promise import Mode, NewPromise, Promise, PromiseKind
from callserver.vitals import Vitals, wall_clock
from callserver.web.switchboard import Switchboard
from callserver.work import dialling, dialling_following, dialling_verdicts
from callserver.work.dialling import Dialler
from callserver.work.dialling_choosing import Site
from callserver.work.dialling_floor import FreeAgent, OwnerState
from callserver.work.worker import Worker
from tests.store.of_tickets import ANNA
from tests.work.forked import say

MAIN = PbxId("main")
DAY = 86_400_000
AT_ONCE = 6
BUSY_S = 0.3  # how long a life waits for somebody else's lock on the file
KINDS: Final[dict[Mode, PromiseKind]] = {
    "customer_first": "callback",
    "agent_first": "callback",
    "automatic": "survey",
}
NEVER_RANG: Final = frozenset({"not_sent", "agent_no_answer"})
RANG: Final = frozenset(
    {"talked", "played", "silent", "busy", "rejected", "no_answer", "no_agent", "machine"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where lives are lived. `home`: the switch's folder."""

    url: str
    home: Path
    mode: Mode


def hurry() -> None:
    """What is waited for in minutes, because journals take their time, is waited for in moments here: in a life of half
    a second nobody would ever come to an end of it. What is waited for is the same."""
    dialling_verdicts.DOUBT_MS = 3_000  # type: ignore[misc]
    dialling_verdicts.BELIEVED_MS = 1_000  # type: ignore[misc]
    dialling_verdicts.UNSETTLED_MS = 20_000  # type: ignore[misc]
    understanding.SETTLE_MS = 300
    dialling_following.LOOK_EVERY_MS = 200  # type: ignore[misc]
    dialling.SHOWN_FIRST_MS = 50  # type: ignore[attr-defined]
    dialling.RETRY_S = 0.2  # type: ignore[misc]
    evidence.BOOT_SLACK_MS = 1_000  # type: ignore[misc]
    for module in (calling_out, telephone):
        module.LOOK_S = 0.2  # type: ignore[attr-defined]


class Everybody:
    """A floor on which as many agents are free as anybody could want; `up`: the line to the switch."""

    def __init__(self, duty: Duty) -> None:
        self._duty = duty

    def switches(self) -> tuple[PbxId, ...]:
        return (MAIN,) if self._duty.owned else ()

    def free(self, pbx: PbxId) -> tuple[FreeAgent, ...]:
        return tuple(map(_agent, range(1, AT_ONCE + 1)))

    def owner(self, user: UserId) -> OwnerState:
        return "free"

    def agent(self, user: UserId) -> FreeAgent | None:
        return _agent(user)

    def waiting(self, pbx: PbxId, queue: str) -> tuple[Instant, ...]:
        return ()

    def past_target(self, pbx: PbxId, queue: str, now: Instant) -> int:
        return 0


def _agent(user: int) -> FreeAgent:
    phone = f"PJSIP/{1000 + user}"
    seat = Seat(pbx=MAIN, interface=phone, state_interface=phone)
    return FreeAgent(user=UserId(user), name=phone, seat=seat, queues=frozenset({"hotline"}), since=0)


# --- a life ----------------------------------------------------------------------------------------------------------


async def live(stage: Stage, heard: int, *, last: bool) -> None:
    """`heard`: where to write a byte once the switch is seen. The last life ends when nothing is under way."""
    store = await engine.open(stage.url, synchronous="OFF", busy_s=BUSY_S)
    say(await store.read(lambda c: len(attempts.open_attempts(c))))
    run = f"promiser/{os.getpid()}"
    vitals, switchboard = Vitals("promiser"), Switchboard(store)
    settings = _settings(stage.home)
    duty = Duty(
        settings,
        Myself(node="promiser", holder=run),
        store,
        vitals,
        open_line=lambda one: link(one, TraceSettings()),
        on_command_over=lambda outcome: stepped(heard, lambda: switchboard.over(outcome)),
    )
    switchboard.wakes(lambda pbx: duty.wake())
    dialler = Dialler(
        store,
        Everybody(duty),
        Site(plan=Plan()),
        holder=run,
        node="promiser",
        clock=wall_clock,
        wake=lambda pbx: stepped(heard, lambda: switchboard.wake(pbx)),
        evidence=evidence_of([settings], store),
        tick_s=0.02,
        per_s=3,
    )
    worker = Worker(
        store,
        run,
        {RECONCILE: Reconciler(store, {MAIN: duty}).job},
        kinds=lambda: [reconcile_kind(MAIN)] if duty.owned else [],
        poll_s=0.1,
        hold_s=2.0,
    )
    working = [asyncio.create_task(one.run()) for one in (duty, dialler, worker)]
    while vitals.switch(MAIN).link != "up":  # noqa: ASYNC110 (a link tells its state to nobody)
        await asyncio.sleep(0.005)
    os.write(heard, b"!")
    while not last or await store.read(unfinished):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    for one in (worker, dialler, duty):
        one.stop()
    await asyncio.wait(working)
    await store.close()


def _settings(home: Path) -> AsteriskSettings:
    return AsteriskSettings(
        id=MAIN,
        port=int((home / "port").read_text()),
        secret=Secret("right"),
        cel=home / "cel.csv",
        trunks=("PJSIP/trunk",),
        heartbeat_s=0.5,
        deadline_s=1.0,
    )


def stepped(heard: int, work: Callable[[], None]) -> None:
    """Do it, and let whoever kills know that something was done."""
    os.write(heard, b".")
    work()


def unfinished(connection: Connection) -> bool:
    """Whether there is a promise for which a machine has still something to do."""
    at = connection.execute(select(table.c.status)).scalars()
    return any(status not in ("kept", "unknown") for status in at)


async def prepare(stage: Stage, count: int) -> None:
    """So many promises that are due, whose calls may be tried again after a second as often as it takes."""
    store = await engine.open(stage.url, synchronous="OFF")
    shipped = await store.read(lambda c: policies.get(c, KINDS[stage.mode]))
    await store.write(lambda c: policies.put(c, _patient(shipped), 0, ANNA, wall_clock()))
    await store.write(lambda c: _owe(c, stage.mode, count))
    await store.close()


def _patient(shipped: Policy) -> Policy:
    again = Retry(delay_ms=1_000, times=None)
    retries = dict.fromkeys(shipped.retries, again)
    return replace(shipped, retries=retries, most_tries=50, at_once=AT_ONCE, hours=ALWAYS)


def _owe(connection: Connection, mode: Mode, count: int) -> None:
    for number in range(count):
        _owe_one(connection, mode, f"+8613800{number:06d}", wall_clock())


def _owe_one(connection: Connection, mode: Mode, caller: str, now: Instant) -> None:
    ticket = tickets.open_ticket(connection, Draft(kind="repair", caller=caller), ANNA, now, rule="a test")
    new = NewPromise(
        kind=KINDS[mode],
        ticket=ticket.id,
        mode=mode,
        queue="" if mode == "automatic" else "hotline",
        place_at=now if mode == "customer_first" else None,
        due_at=now,
        deadline_at=now + DAY,
        number=caller,
    )
    promises.owe(connection, new, now)


# --- the judge -------------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Judgement:
    """What the customers' phones saw beside what is on record. Each list: a sentence for each fault.

    `twice`: called again without evidence that the call before did not ring, or one call that rang more than once, or
    one that rang and is on no record. `forgotten`: owed, and nobody would ever look at it again. `untrue`: an outcome
    that did not happen. `unknown`: attempts that a person has to decide about; no fault.
    """

    promises: int = 0
    kept: int = 0
    attempts: int = 0
    rung: int = 0
    unknown: int = 0
    twice: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """All of them."""
        return [*self.twice, *self.forgotten, *self.untrue]


async def judged(store: Store, home: Path) -> Judgement:
    """Compare the INVITEs that customers saw, and the channels that were asked for, with the attempts on record."""
    placed, rung = (Counter(_channels(home / name)) for name in ("placed", "rung"))
    made, owed = await store.read(_on_record)
    known = {attempt.channel for attempt in made}
    found = Judgement(promises=len(owed), attempts=len(made), rung=rung.total())
    for channel in placed | rung:
        if max(placed[channel], rung[channel]) > 1:
            found.twice.append(f"{channel} was begun {placed[channel]} times and rang {rung[channel]} times")
        if channel not in known:
            found.twice.append(f"{channel} was begun, rang {rung[channel]} times, and is on no record")
    for promise in owed:
        mine = sorted((one for one in made if one.promise == promise.id), key=lambda one: one.n)
        _judge_promise(found, promise, mine)
        for attempt in mine:
            _judge_attempt(found, attempt, attempt.channel in placed, attempt.channel in rung)
    return found


def _channels(file: Path) -> Iterable[str]:
    return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []


def _on_record(connection: Connection) -> tuple[list[Attempt], list[Promise]]:
    ids = connection.execute(select(table.c.id)).scalars().all()
    owed = [promises.get(connection, id) for id in ids]
    return [one for promise in owed for one in attempts.of_promise(connection, promise.id)], owed


def _judge_promise(found: Judgement, promise: Promise, mine: list[Attempt]) -> None:
    found.kept += promise.status == "kept"
    if promise.status not in ("kept", "unknown"):
        found.forgotten.append(f"promise {promise.id} is {promise.status}, held by {promise.held}")
    if not mine:
        found.forgotten.append(f"promise {promise.id} was never tried")
    for attempt in mine[:-1]:
        if attempt.outcome in ("unknown", "talked", "played", None):
            found.twice.append(f"{_name(attempt)} was {attempt.outcome}, and another one was made")


def _judge_attempt(found: Judgement, attempt: Attempt, placed: bool, rang: bool) -> None:
    """`placed`: the switch was asked for the call; `rang`: the customer's phone did."""
    outcome = attempt.outcome
    found.unknown += outcome == "unknown"
    if outcome is None:
        found.forgotten.append(f"{_name(attempt)} is not over")
    if outcome in NEVER_RANG and rang:
        found.twice.append(f"{_name(attempt)} is on record as {outcome}, and the customer's phone rang")
    if outcome == "not_sent" and placed:
        found.untrue.append(f"{_name(attempt)} is on record as not sent, and the switch began it")
    if outcome in RANG and not rang:
        found.untrue.append(f"{_name(attempt)} is on record as {outcome}, and nobody's phone rang")


def _name(attempt: Attempt) -> str:
    return f"promise {attempt.promise}, attempt {attempt.n} ({attempt.channel})"

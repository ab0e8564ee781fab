"""Promises dialled on a real switch: 200 of them due within five minutes, at customers who answer and who are busy.

In: nothing. Out: how late the first attempts were; and that each customer's phone rang once, by what SIPp saw, as the
attempts on record say: else RuntimeError. One Asterisk, one callserver as its operator runs it, nobody touches the
dialler. One in five is dialled agent first, by three agents, the others are automatic.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles

from bench.figures import Figure, Goal, Scale
from callserver.facts import Actor, Instant, PbxId
from callserver.people import Profile
from callserver.promises.hours import ALWAYS
from callserver.seats.shift import Seat
from callserver.store import attempts, engine, policies, promises, shifts, tickets, users
from callserver.store.attempts import Attempt
from callserver.store.engine import Connection, Store
from callserver.tickets.changing import Draft
from callserver.tickets.promise import NewPromise, Promise, PromiseKind
from callserver.tickets.record import PromiseId
from tests.real.test_promises import brief
from tests.rig import provision
from tests.rig.asterisk import Asterisk
from tests.rig.phones import Phones, Sipp
from tests.rig.scenarios import LI, WANG, ZHANG, hotline, repair, stage_plan
from tests.rig.service import Service

BOSS = Actor(name="bench", through="cli")
DUE = 200
WITHIN_S = 300
QUICK_S = 20
BUSY = "78"  # numbers that end so refuse
OVER_S = 60
START_S = 120  # of callserver, on a machine that is busy
AGENTS = {ZHANG: "zhang", LI: "li", WANG: "wang"}
_SETTINGS = "\n[work]\nwrap_up_s = 0\nabsent_s = 3600\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """What came of it: promises, their attempts, how many INVITEs the customers' SIPp saw."""

    owed: tuple[Promise, ...]
    made: tuple[Attempt, ...]
    invites: int


def measure(scale: Scale) -> list[Figure]:
    """About six minutes. Raises RuntimeError where a customer was called twice, or never."""
    found = asyncio.run(_dialled(scale))
    outcomes = ", ".join(f"{n} {what}" for what, n in sorted(_outcomes(found).items()))
    print(f"promises: {found.invites} INVITEs, {len(found.made)} attempts: {outcomes}", file=sys.stderr)
    _must_be_right(found)
    due = {one.id: one.due_at for one in found.owed}
    late = [one.sent_at - due[one.promise] for one in found.made]
    cuts = quantiles(late, n=100)
    name = f"{len(found.owed)} due in {QUICK_S if scale.quick else WITHIN_S} s on Asterisk, {found.invites} INVITEs"
    return [
        Figure(
            name=f"{name}, late by (p50 {cuts[49] / 1000:.2f} s), p99",
            unit="s",
            ours=cuts[98] / 1000,
            beside="a minute",
            theirs=60.0,
            ratio=cuts[98] / 60_000,
            goal=Goal(ratio=1, at_most=True),
        )
    ]


def _outcomes(found: Dialled) -> Counter[str]:
    return Counter(str(one.outcome) for one in found.made)


def _must_be_right(found: Dialled) -> None:
    tried = Counter(one.promise for one in found.made)
    wrong = [f"promise {one.id} was tried {tried[one.id]} times" for one in found.owed if tried[one.id] != 1]
    rang = sum(1 for one in found.made if one.outcome not in ("not_sent", "agent_no_answer"))
    if rang != found.invites:
        wrong.append(f"{found.invites} INVITEs, and {rang} attempts that rang")
    for one in found.owed:
        if one.status != ("to_retry" if _is_busy(one) else "kept"):
            wrong.append(f"promise {one.id} is {one.status}")
    if wrong:
        raise RuntimeError("; ".join(wrong[:10]))


def _is_busy(promise: Promise) -> bool:
    return (promise.number or "")[-1] in BUSY


async def _dialled(scale: Scale) -> Dialled:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        plan = replace(stage_plan(hotline(), repair()), prompts=brief(folder), key_s=2)
        switch = await stack.enter_async_context(Asterisk(plan, software=provision.asterisk()))
        phones = await stack.enter_async_context(Phones(switch))
        service = Service(switch)
        settings = service.settings.read_text(encoding="utf-8")
        service.settings.write_text(settings + _SETTINGS, encoding="utf-8")
        stack.push_async_callback(service.stop)
        await service.start(START_S)
        store = await engine.open(f"sqlite:///{service.database}")
        stack.push_async_callback(store.close)
        outside = await phones.outside_mixed(busy=BUSY, stay_ms=8_000)
        await _at_work(store, phones)
        count = scale.of(DUE)
        ids = await _owe(store, count, QUICK_S if scale.quick else WITHIN_S)
        return await _over(store, ids, outside)


async def _at_work(store: Store, phones: Phones) -> None:
    for phone in AGENTS:
        await phones.answers(phone, ring_ms=100)
    await phones.register(*AGENTS)
    for phone, login in AGENTS.items():
        await store.write(lambda c: _signed_in(c, phone, login))  # noqa: B023


def _signed_in(connection: Connection, phone: str, login: str) -> None:
    wanted = users.Wanted(login=login, name=login, role="agent", queues=(Profile(queue="hotline"),))
    seat = Seat(pbx=PbxId("main"), interface=f"PJSIP/{phone}", state_interface=f"PJSIP/{phone}")
    person = users.add(connection, wanted, BOSS, _now()).person
    shifts.sign_in(connection, person, seat, _now())
    shifts.wish(connection, person.id, "ready", None, _now())


async def _owe(store: Store, count: int, within_s: int) -> tuple[PromiseId, ...]:
    """The first one is due in ten seconds, when the service has seen everything."""
    for kind in ("reminder", "callback"):
        await store.write(lambda c: _unbound(c, kind))  # noqa: B023
    chance = random.Random(20_261_122)
    begin = _now() + 10_000
    due = sorted(begin + round(chance.random() * within_s * 1000) for _ in range(count))
    return await store.write(lambda c: tuple(_owe_one(c, n, at) for n, at in enumerate(due)))


def _unbound(connection: Connection, kind: PromiseKind) -> None:
    shipped = policies.get(connection, kind)
    policies.put(connection, replace(shipped, hours=ALWAYS, at_once=None, per_trunk=None), 0, BOSS, _now())


def _owe_one(connection: Connection, n: int, due_at: Instant) -> PromiseId:
    number = f"+8620123{n:05d}"
    draft = Draft(kind="repair", caller=number)
    ticket = tickets.open_ticket(connection, draft, BOSS, _now(), rule="a measurement")
    agent = n % 5 == 0
    new = NewPromise(
        kind="callback" if agent else "reminder",
        mode="agent_first" if agent else "automatic",
        ticket=ticket.id,
        due_at=due_at,
        deadline_at=due_at + 3_600_000,
        number=number,
    )
    return promises.owe(connection, new, _now()).id


async def _over(store: Store, ids: Sequence[PromiseId], outside: Sipp) -> Dialled:
    """Until each was tried and nothing is under way."""
    deadline = time.monotonic() + WITHIN_S + OVER_S
    while True:
        owed, made = await store.read(lambda c: _on_record(c, ids))
        over = all(one.status in ("kept", "to_retry", "unknown", "broken") for one in owed)
        if over or time.monotonic() > deadline:
            break
        await asyncio.sleep(1)
    await asyncio.sleep(2)  # SIPp writes its statistics once a second
    return Dialled(owed=owed, made=made, invites=outside.counts.placed)


def _on_record(
    connection: Connection, ids: Sequence[PromiseId]
) -> tuple[tuple[Promise, ...], tuple[Attempt, ...]]:
    made = (one for id in ids for one in attempts.of_promise(connection, id))
    return tuple(promises.get(connection, id) for id in ids), tuple(made)


def _now() -> Instant:
    return time.time_ns() // 1_000_000

"""Calls of a real switch find their tickets: nobody is logged in, no screen is open, and the program may be killed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from callserver.customers import checking
from callserver.customers.record import CustomerId
from callserver.facts import MACHINE, CallId
from callserver.numbers import Plan
from callserver.store import call_tickets, customers, engine, migrations, promises, tickets, timeline
from callserver.store.engine import Store
from callserver.tickets.changing import Draft
from callserver.tickets.promise import Promise
from callserver.tickets.record import Ticket
from tests.real.stages import AGENTS, Desk, Stage, desk, relay
from tests.rig import provision
from tests.rig.phones import OUTSIDE, Customer
from tests.rig.scenarios import HOTLINE, REPAIR
from tests.rig.scenarios_odd import HOSTILE_NAMES
from tests.rig.service import Service
from tests.work.lander import judged

pytestmark = [pytest.mark.real, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

WANG, LI = "13800138000", "13900139000"
STRANGER, OWED, FLEETING = "13700137000", "13600136000", "13500135000"
ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'
KILLS = 4


@dataclass(slots=True)
class Hotline:
    """A switch, the callserver beside it, and its database as another process sees it."""

    stage: Stage
    service: Service
    store: Store

    async def landed(self, number: str, calls: int = 1) -> tuple[list[CallId], list[Ticket]]:
        """The calls of this customer, once so many of them are over and told on a timeline; and their tickets."""
        told = f"""select count(*) from timeline join calls using (call_id)
                   where kind = 'call' and caller_number = '{number}'"""
        await self.service.until(
            lambda: self.service.rows(told) == [(calls,)], 60, f"{calls} calls of {number}"
        )
        found = [CallId(one["id"]) for one in self.service.calls(f"caller_number = '{number}'")]
        return found, [await self.ticket_of(call) for call in found]

    async def ticket_of(self, call: CallId) -> Ticket:
        link = await self.store.read(lambda c: call_tickets.explain(c, call))
        assert link is not None, f"{call} is on no ticket"
        return await self.store.read(lambda c: tickets.get(c, link.ticket))

    async def rule(self, call: CallId) -> str:
        link = await self.store.read(lambda c: call_tickets.explain(c, call))
        return "" if link is None else link.rule

    async def told(self, ticket: Ticket) -> list[tuple[str, dict[str, Any]]]:
        """The ticket's timeline, first entry first."""
        page = await self.store.read(lambda c: timeline.page(c, ticket.id, 50))
        return [(entry.kind, entry.body) for entry in reversed(page.entries)]

    async def promises(self, ticket: Ticket) -> tuple[Promise, ...]:
        return await self.store.read(lambda c: promises.of_ticket(c, ticket.id))


async def archive(service: Service) -> Ticket:
    """Two customers, one of whom has an open ticket; nothing else is in the database."""
    url = f"sqlite:///{service.database}"
    await migrations.upgrade(url)
    store = await engine.open(url)
    now = await store.now()

    def fill(connection: engine.Connection) -> Ticket:
        people = [
            customers.create(
                connection, checking.customer({"name": name, "numbers": [number]}, Plan()), MACHINE, now
            )
            for name, number in (("王小明", WANG), ("李秀英", LI))
        ]
        draft = Draft(kind="repair", customer=people[0].id, subject="gas stove does not light")
        return tickets.open_ticket(connection, draft, MACHINE, now - 3 * 86_400_000, rule="the archive")

    ticket = await store.write(fill)
    await store.close()
    return ticket


@dataclass(slots=True)
class AtDesk(Hotline):
    """Three agents who answer, and one who never does."""

    stage: Desk
    ticket: Ticket
    """Wang's, of three days ago."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline(asterisk_22: provision.Switch, sipp: list[str]) -> AsyncIterator[AtDesk]:
    async with desk(asterisk_22) as stage:
        service = Service(stage.switch)
        ticket = await archive(service)
        async with service:
            store = await engine.open(f"sqlite:///{service.database}")
            yield AtDesk(stage, service, store, ticket)
            await store.close()


async def test_a_customer_of_the_archive_is_on_the_right_ticket_with_nobody_logged_in(
    hotline: AtDesk,
) -> None:
    await hotline.stage.phones.call(Customer(number=WANG, stay_ms=1500))
    (call,), (ticket,) = await hotline.landed(WANG)
    assert ticket.id == hotline.ticket.id
    assert await hotline.rule(call) == "in: continues"
    assert [kind for kind, _ in await hotline.told(ticket)] == ["opened", "call"]
    _, body = (await hotline.told(ticket))[-1]
    assert (body["outcome"], body["queues"][0]["queue"], len(body["agents"])) == ("answered", "hotline", 1)


async def test_the_ticket_is_there_while_the_agent_talks(hotline: AtDesk) -> None:
    await hotline.stage.calls(LI)
    link = f"select rule from call_tickets join calls using (call_id) where caller_number = '{LI}' and open"
    await hotline.service.until(
        lambda: bool(hotline.service.rows(link)), 60, "the running call to be on a ticket"
    )
    assert hotline.service.rows(link) == [("in: customer",)]
    await hotline.stage.hang_up(LI)
    (call,), (ticket,) = await hotline.landed(LI)
    assert ticket.customer == CustomerId(2)
    lines = [line for line in hotline.service.log.splitlines() if f"land:{call}:answered" in line]
    assert '"result": "done"' in lines[0] or '"result":"done"' in lines[0]


async def test_a_stranger_who_gives_up_twice_is_owed_one_callback_and_calling_in_first_withdraws_it(
    hotline: AtDesk,
) -> None:
    for count in (1, 2):
        await hotline.stage.calls(STRANGER, stay_ms=1200, dialed=REPAIR)
        _, missed = await hotline.landed(STRANGER, count)
    assert len({ticket.id for ticket in missed}) == 1
    (callback,) = await hotline.promises(missed[0])
    assert (callback.kind, callback.status, callback.number) == ("callback", "planned", f"+86{STRANGER}")
    assert callback.deadline_at - callback.due_at == 115 * 60_000
    await hotline.stage.phones.call(Customer(number=STRANGER, stay_ms=1000))
    calls, found = await hotline.landed(STRANGER, 3)
    assert {ticket.id for ticket in found} == {missed[0].id}
    assert await hotline.rule(calls[-1]) == "in: called first"
    assert [(one.status, one.why) for one in await hotline.promises(missed[0])] == [
        ("withdrawn", "called in first")
    ]


async def test_a_withheld_number_that_gives_up_is_a_ticket_closed_at_once(hotline: AtDesk) -> None:
    await hotline.stage.phones.call(Customer(from_line=ANONYMOUS, dialed=REPAIR, stay_ms=1000))
    closed = "select number, record from tickets where status = 'closed'"
    await hotline.service.until(lambda: bool(hotline.service.rows(closed)), 60, "a ticket to be closed")
    assert len(hotline.service.rows(closed)) == 1
    assert "withheld" in hotline.service.rows(closed)[0][1]


async def test_a_callback_dialed_from_an_agents_phone_keeps_the_promise(hotline: AtDesk) -> None:
    await hotline.stage.calls(OWED, stay_ms=1000, dialed=REPAIR)
    _, (missed,) = await hotline.landed(OWED)
    await hotline.stage.phones.outside_answers(ring_ms=300)
    await hotline.stage.phones.dial(AGENTS[3], OWED, stay_ms=1000)
    kept = f"select count(*) from promises where ticket_id = {missed.id} and status = 'kept'"
    await hotline.service.until(lambda: hotline.service.rows(kept) == [(1,)], 60, "the promise to be kept")
    told = f"select count(*) from timeline where ticket_id = {missed.id} and kind = 'call'"
    await hotline.service.until(lambda: hotline.service.rows(told) == [(2,)], 60, "the callback to be told")


async def test_every_call_so_far_is_on_exactly_one_ticket(hotline: AtDesk) -> None:
    wrong = [one for one in await judged(hotline.store) if "opened by no call" not in one]
    assert wrong == []


async def test_killed_around_the_end_of_calls_each_is_on_exactly_one_ticket(hotline: AtDesk) -> None:
    """kill -9 between the hang-up and the entry, or shortly before, or after: whatever chance gives."""
    chance = random.Random(3)
    before = hotline.service.count()
    over = f"select count(*) from calls where caller_number = '{FLEETING}' and not open"
    for round_ in range(KILLS):
        await hotline.stage.phones.call(Customer(number=FLEETING, stay_ms=600))
        await hotline.stage.calls(FLEETING, stay_ms=700, dialed=REPAIR)
        more = partial(_more, hotline.service, over, 2 * round_)
        await hotline.service.until(more, 60, "the end of a call")
        await asyncio.sleep(chance.random() * 0.1)
        await hotline.service.kill()
        await hotline.service.start()
    await hotline.service.settled()
    await hotline.service.until(
        lambda: not hotline.service.landings_waiting(), 60, "everything to have landed"
    )
    assert hotline.service.count() == before + 2 * KILLS
    wrong = [one for one in await judged(hotline.store) if "opened by no call" not in one]
    assert wrong == []


def _more(service: Service, counted: str, than: int) -> bool:
    return bool(service.rows(counted)[0][0] > than)


async def test_a_transferred_call_is_on_one_ticket(asterisk_22: provision.Switch, sipp: list[str]) -> None:
    async with relay(asterisk_22) as stage, Service(stage.switch) as service:
        store = await engine.open(f"sqlite:///{service.database}")
        handed = Hotline(stage, service, store)
        await stage.phones.call(Customer(number=WANG, dialed=HOTLINE, stay_ms=5_000))
        (call,), (ticket,) = await handed.landed(WANG)
        told = await handed.told(ticket)
        assert [kind for kind, _ in told] == ["opened", "call"]
        assert [one["kind"] for one in told[-1][1]["transfers"]] == ["blind"]
        assert await handed.rule(call) == "in: stranger"
        assert service.rows("select count(*) from tickets") == [(1,)]
        await store.close()


async def test_what_a_caller_calls_himself_is_text_all_the_way(hotline: AtDesk) -> None:
    number = "13300133000"
    talks = f"caller_number = '{number}' and open"
    # one after the other: who gives up unanswered has a ticket apart
    for count, name in enumerate(HOSTILE_NAMES, 1):
        await hotline.stage.phones.call(Customer(number=number, display=name))
        await hotline.service.until(
            lambda: any(one["answered"] for one in hotline.service.calls(talks)), 60, "an agent to answer"
        )
        await hotline.stage.hang_up(number)
        _, landed = await hotline.landed(number, count)
    (ticket,) = {one.id: one for one in landed}.values()
    told = hotline.service.ask(f"tickets/{ticket.id}/timeline")["entries"]
    assert [one["kind"] for one in told].count("call") == len(HOSTILE_NAMES)
    assert ticket.caller == "+8613300133000"
    forged = f"<sip:1%0d%0aAction%3a%20Originate%0d%0aX@{OUTSIDE}>"
    await hotline.stage.phones.call(Customer(from_line=forged, stay_ms=800))
    await hotline.service.until(
        lambda: bool(hotline.service.calls("caller_number like '%Originate%' and not open")), 60, "the forger"
    )
    await hotline.service.until(lambda: not hotline.service.landings_waiting(), 60, "the forger's ticket")
    (call,) = hotline.service.calls("caller_number like '%Originate%'")
    assert (await hotline.ticket_of(CallId(call["id"]))).caller is None

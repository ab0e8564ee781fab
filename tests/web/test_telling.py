"""What happens at the desk reaches the screens: after its commit, and nobody whose matter it is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callserver.customers.record import CustomerId
from callserver.facts import Actor, CallId, iso
from callserver.numbers import Plan
from callserver.people import UserId
from callserver.push.hub import Hub
from callserver.push.views import View
from callserver.store import (
    call_tickets,
    customers,
    dialling,
    drafts,
    privacy,
    promises,
    recording,
    tickets,
    timeline,
    turns,
)
from callserver.store.engine import Store
from callserver.tickets.changing import Changes, Draft
from callserver.tickets.promise import owed
from callserver.tickets.record import Ticket, TicketId
from callserver.web import telling
from callserver.web.popping import Popping
from callserver.web.streaming import beside_desk
from callserver.web.telling import Telling
from tests.push.watching import CALL, PBX, PHONE, Someone, abandoned, arriving, hub_of, looked_up, ringing
from tests.store.test_customers import draft
from tests.web.conftest import BOTH, NOW

READS = frozenset({"tickets:read"})
LI = Actor(name="Li Na", through="screen")
POP = f"{PBX}/{PHONE}|{CALL}"


class Desk:
    """A store, live screens, and what carries news from one to the other; two agents watch."""

    def __init__(self, store: Store) -> None:
        self.store = store
        popping = Popping(store=store, plan=Plan(), clock=lambda: NOW)
        self.hub: Hub = hub_of(details=popping.details)
        self.hub.seat(7, PBX, PHONE)
        self.telling = Telling(store, self.hub, lambda: NOW)
        self.deaf = store.on_told(self.telling.told)
        self.li = Someone(self.hub, View(user=7, queues=frozenset({"repair"}), scopes=READS))
        self.bo = Someone(self.hub, View(user=8, queues=frozenset({"repair"}), scopes=READS))

    async def do(self, work: Any) -> Any:
        return await self.store.write(work)

    async def ticket(self, **values: Any) -> Ticket:
        wanted = Draft(**({"kind": "repair", "caller": "+8613800138000"} | values))
        opened: Ticket = await self.do(lambda c: tickets.open_ticket(c, wanted, LI, NOW, rule="in: stranger"))
        return opened

    async def news(self, one: Someone, kind: str) -> list[dict[str, Any]]:
        await self.hub._directory.flush()
        one.news()
        told, one.heard = [part for message in one.heard for part in message.get("messages", [message])], []
        return [part for part in told if part["type"] == kind]

    async def rings(self) -> None:
        self.hub.feed(PBX, [*arriving(), *ringing()])
        await self.popped()

    async def missed(self) -> None:
        """The caller gave up while the phone rang."""
        await self.rings()
        self.hub.feed(PBX, abandoned())
        self.li.news()
        assert self.li.screen["pops"][POP]["state"] == "missed"

    async def customer(self, number: str) -> CustomerId:
        made = await self.do(lambda c: customers.create(c, draft(name="王芳", numbers=[number]), LI, NOW))
        return CustomerId(made.id)

    async def erase(self, customer: CustomerId) -> None:
        await privacy.erase(self.store, customer, Plan(country="cn"), LI, lambda: NOW)

    async def popped(self) -> None:
        await looked_up(self.hub)
        self.li.news()


@BOTH
async def test_whoever_shows_a_ticket_hears_what_happened_on_it(store: Store) -> None:
    desk = Desk(store)
    opened = await desk.ticket()
    await desk.do(lambda c: tickets.change(c, opened.id, 1, Changes(subject="cold"), LI, NOW))
    await desk.do(lambda c: timeline.note(c, opened.id, "a note", LI, NOW))
    await desk.do(lambda c: tickets.move(c, opened.id, "cancelled", "no", LI, NOW))
    told = [(one["what"], one["version"]) for one in await desk.news(desk.bo, "ticket")]
    assert told == [("opened", 1), ("changed", 2), ("entry", None), ("status", 3)]
    assert (await desk.news(desk.li, "ticket"))[0]["number"] == opened.number


async def test_nobody_without_the_right_hears_of_tickets(store: Store) -> None:
    desk = Desk(store)
    auditor = Someone(desk.hub, View(user=3, scopes=frozenset({"audit:read"})))
    await desk.ticket()
    assert await desk.news(auditor, "ticket") == []


async def test_a_page_beside_the_desk_hears_once_of_all_that_changed_in_what_is_owed(store: Store) -> None:
    desk = Desk(store)
    page = Someone(desk.hub, beside_desk(READS))
    opened = await desk.ticket()
    first = await desk.do(lambda c: promises.owe(c, owed("watch", opened.id, NOW), NOW))
    await desk.do(lambda c: promises.owe(c, owed("callback", opened.id, NOW), NOW))
    await desk.telling.catch_up()
    assert len(await desk.news(page, "owed")) == 1
    await desk.do(lambda c: turns.reserve(c, first.id, UserId(7), NOW))
    await desk.telling.catch_up()
    await desk.do(lambda c: dialling.pause(c, "all", "storm", LI, NOW))
    await desk.telling.catch_up()
    assert len(await desk.news(page, "owed")) == 2
    assert await desk.news(desk.li, "owed") == [], "a desk has its own promises on the stream"
    assert page.screen["agents"] == page.screen["promises"] == {}


async def test_what_was_rolled_back_is_not_told(store: Store) -> None:
    desk = Desk(store)
    opened = await desk.ticket()
    await desk.news(desk.li, "ticket")

    def fails(connection: Any) -> None:
        timeline.note(connection, opened.id, "never", LI, NOW)
        raise LookupError

    await asyncio.gather(desk.do(fails), return_exceptions=True)
    assert await desk.news(desk.li, "ticket") == []


@BOTH
async def test_a_call_that_landed_has_its_ticket_on_the_pop(store: Store) -> None:
    desk = Desk(store)
    await desk.rings()
    assert desk.li.screen["pops"][POP]["ticket"] is None
    opened = await desk.ticket()
    await desk.do(lambda c: call_tickets.put(c, CallId(CALL), opened.id, "in: stranger", NOW))
    desk.li.news()
    assert desk.li.screen["pops"][POP]["ticket"] == {"id": opened.id, "number": opened.number}
    other = await desk.ticket()
    await desk.do(lambda c: call_tickets.move_call(c, CallId(CALL), other.id, LI, NOW))
    desk.li.news()
    assert desk.li.screen["pops"][POP]["ticket"]["id"] == other.id


async def test_a_stranger_who_becomes_a_customer_is_known_on_the_pop(store: Store) -> None:
    desk = Desk(store)
    await desk.rings()
    assert desk.li.screen["pops"][POP]["caller"]["customers"] == []
    await desk.do(lambda c: customers.create(c, draft(name="王芳", numbers=["13800138000"]), LI, NOW))
    await desk.telling.catch_up()
    await desk.popped()
    known = desk.li.screen["pops"][POP]["caller"]["customers"]
    assert [one["customer"]["name"] for one in known] == ["王芳"]


async def test_a_pop_is_looked_up_again_when_its_ticket_changes_and_not_for_anybody_elses(
    store: Store,
) -> None:
    desk = Desk(store)
    mine, other = await desk.ticket(), await desk.ticket(caller="+8613900139000")
    await desk.rings()
    await desk.telling.catch_up()
    await desk.popped()
    await desk.do(lambda c: timeline.note(c, other.id, "not about them", LI, NOW))
    await desk.telling.catch_up()
    assert not desk.hub._details.awaited(CALL)
    await desk.do(lambda c: timeline.note(c, mine.id, "about them", LI, NOW))
    await desk.telling.catch_up()
    await desk.popped()
    contacts = desk.li.screen["pops"][POP]["caller"]["stranger"]["contacts"]
    assert contacts[0]["body"] == {"text": "about them"}


async def test_an_import_does_not_look_every_stranger_up_again(store: Store) -> None:
    desk = Desk(store)
    await desk.rings()

    def many(connection: Any) -> None:
        for number in range(30):
            customers.create(connection, draft(name=f"c{number}", numbers=[f"139001390{number:02}"]), LI, NOW)

    await desk.do(many)
    await desk.telling.catch_up()
    assert not desk.hub._details.awaited(CALL)


@BOTH
async def test_whoever_promised_a_call_is_reminded_and_nobody_else(store: Store) -> None:
    desk = Desk(store)
    opened = await desk.ticket()

    def promise(connection: Any) -> Any:
        made = promises.owe(connection, owed("watch", opened.id, NOW, why="look at it"), NOW, LI)
        recording.own_new(connection, opened.id, UserId(7), NOW)
        return made

    made = await desk.do(promise)
    await desk.telling.catch_up()
    desk.li.news(), desk.bo.news()
    value = desk.li.screen["promises"][str(made.id)]
    assert (value["ticket"], value["due_at"], value["why"]) == (opened.id, iso(made.due_at), "look at it")
    assert desk.bo.screen["promises"] == {}
    await desk.do(lambda c: promises.settle(c, made.id, "kept", "called", NOW, LI))
    await desk.telling.catch_up()
    desk.li.news()
    assert desk.li.screen["promises"] == {}


@BOTH
async def test_a_promise_is_on_the_screen_of_whoever_has_it_in_their_hands_and_on_no_other(
    store: Store,
) -> None:
    desk = Desk(store)
    opened = await desk.ticket()

    def promise(connection: Any) -> Any:
        made = promises.owe(connection, owed("watch", opened.id, NOW), NOW, LI)
        recording.own_new(connection, opened.id, UserId(7), NOW)
        return made

    made = await desk.do(promise)
    await desk.telling.catch_up()
    await desk.do(lambda c: turns.reserve(c, made.id, UserId(8), NOW + 30_000))
    await desk.telling.catch_up()
    desk.li.news(), desk.bo.news()
    assert desk.li.screen["promises"] == {}
    value = desk.bo.screen["promises"][str(made.id)]
    assert (value["status"], value["reserved"], value["mode"]) == ("reserved", True, "agent_first")
    assert set(value["script"]) == {"en", "zh"}
    await desk.do(lambda c: turns.release(c, made.id, NOW))
    await desk.telling.catch_up()
    desk.li.news(), desk.bo.news()
    assert (list(desk.li.screen["promises"]), desk.bo.screen["promises"]) == ([str(made.id)], {})


async def test_what_comes_into_somebodys_hands_is_told_without_a_wait(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "SOON_S", 600.0)  # not by the clock: machines are slow at times
    desk = Desk(store)
    opened = await desk.ticket()
    made = await desk.do(lambda c: promises.owe(c, owed("watch", opened.id, NOW), NOW))
    catch_up, caught_up = desk.telling.catch_up, asyncio.Event()

    async def once() -> None:
        await catch_up()
        caught_up.set()

    monkeypatch.setattr(desk.telling, "catch_up", once)
    running = asyncio.create_task(desk.telling.run())
    await caught_up.wait()  # and now it waits for what else comes with the ticket and the promise
    await desk.do(lambda c: turns.reserve(c, made.id, UserId(7), NOW + 30_000))
    async with asyncio.timeout(60):
        while not desk.li.screen["promises"]:
            await asyncio.sleep(0.005)
            desk.li.news()
    desk.telling.stop()
    await running


async def test_a_draft_of_another_tab_is_told_to_its_writer_only(store: Store) -> None:
    desk = Desk(store)
    await desk.do(lambda c: drafts.save(c, 7, "ticket:1", "he", {}, NOW, tab="a"))
    (told,) = await desk.news(desk.li, "draft")
    assert (told["subject"], told["counter"], told["tab"]) == ("ticket:1", 1, "a")
    assert "text" not in told
    assert await desk.news(desk.bo, "draft") == []


@pytest.mark.parametrize("where", ["here", "elsewhere"])
async def test_whoever_is_erased_has_missed_nobodys_call(store: Store, where: str) -> None:
    desk = Desk(store)
    theirs, others = await desk.customer("+8613800138000"), await desk.customer("+8613900139000")
    await desk.missed()
    if where == "elsewhere":
        desk.deaf()
    await desk.erase(others)
    await desk.telling.catch_up()
    assert desk.li.news() == []
    await desk.erase(theirs)
    await desk.telling.catch_up()
    assert desk.li.news() == ["pop.closed dismissed"]
    assert "王芳" not in str(desk.hub.screen.snapshot())


async def test_a_missed_call_from_before_they_were_known_goes_with_their_number(store: Store) -> None:
    desk = Desk(store)
    await desk.missed()
    await desk.erase(await desk.customer("+8613800138000"))
    assert desk.li.news() == ["pop.closed dismissed"]


async def test_it_listens_until_it_is_stopped(store: Store) -> None:
    hub = hub_of()
    reader = Someone(hub, View(user=7, scopes=READS))
    telling = Telling(store, hub, lambda: NOW)
    running = asyncio.create_task(telling.run())
    await asyncio.sleep(0)
    wanted = Draft(kind="repair")
    await store.write(lambda c: tickets.open_ticket(c, wanted, LI, NOW, rule="x"))
    telling.stop()
    await running
    await store.write(lambda c: timeline.note(c, TicketId(1), "unheard", LI, NOW))
    await hub._directory.flush()
    assert reader.news() == ["ticket"]

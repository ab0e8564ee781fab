"""What an agent sees of a caller before saying hello."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from callserver.facts import Actor, PbxId
from callserver.numbers import tail
from callserver.store import caller_rows, lookup, promises, tickets, timeline
from callserver.store.engine import Store
from callserver.store.lookup import Caller, Dealings
from callserver.store.schema import calls
from callserver.store.timeline import NewEntry
from callserver.tickets.changing import Draft
from callserver.tickets.promise import owed
from callserver.tickets.record import Ticket
from tests.store.conftest import hops
from tests.store.test_customers import LI, NOW, PLAN, created
from tests.store.test_merging import opened
from tests.store.test_products import bought

NUMBER = "13800138000"
DAY = 24 * 60 * 60 * 1000


async def looked_up(store: Store, number: str | None, today: str | None = None) -> Caller:
    return await store.read(lambda c: lookup.look_up(c, PLAN.read(number), NOW, today))


async def noted(store: Store, ticket: Ticket, words: str, at: int) -> None:
    entry = NewEntry(kind="note", body={"text": words}, at=at)
    await store.write(lambda c: timeline.add(c, ticket.id, entry, LI, at))


async def test_a_caller_comes_with_everything_there_is(store: Store) -> None:
    customer = await created(store, numbers=[NUMBER], vip=True)
    product = await bought(store, customer.id, bought_on="2026-01-01")
    ticket = await opened(store, customer.id)
    await noted(store, ticket, "rattles", NOW + 1)
    promise = await store.write(lambda c: promises.owe(c, owed("callback", ticket.id, NOW, why="asked"), NOW))
    caller = await looked_up(store, "0086 138 0013 8000", "2026-11-22")
    (known,) = caller.customers
    assert known.customer == customer
    assert [(one.product, one.warranty) for one in known.products] == [(product, "in")]
    assert [(one.id, one.touched_at) for one in known.dealings.tickets] == [(ticket.id, NOW + 1)]
    assert [entry.kind for entry in known.dealings.contacts] == ["note", "promise"]
    assert (
        tuple(contact.entry() for contact in known.dealings.contacts)
        == (await store.read(lambda c: timeline.of_customer(c, customer.id, 20))).entries
    )
    assert known.dealings.promises == (
        replace(promise, next_at=None),
    )  # what the machinery plans is not told
    assert (caller.stranger, caller.more) == (Dealings(), False)


async def test_a_warranty_is_over_on_the_day_after_its_last(store: Store) -> None:
    customer = await created(store, numbers=[NUMBER])
    await bought(store, customer.id, warranty_until="2026-11-22")
    await bought(store, customer.id)
    for today, states in (("2026-11-22", ["in", "unknown"]), ("2026-11-23", ["out", "unknown"])):
        (known,) = (await looked_up(store, NUMBER, today)).customers
        assert [one.warranty for one in known.products] == states


async def test_all_of_a_household_are_offered_each_with_their_own(store: Store) -> None:
    one, two = (
        await created(store, name="王", numbers=[NUMBER]),
        await created(store, name="李", numbers=[NUMBER]),
    )
    await created(store, name="赵", numbers=["13900139000"])
    first, second = await opened(store, one.id), await opened(store, two.id)
    caller = await looked_up(store, NUMBER)
    assert [(known.customer, known.dealings.tickets[0].id) for known in caller.customers] == [
        (one, first.id),
        (two, second.id),
    ]


async def test_of_a_number_that_half_the_town_has_some_are_offered(store: Store) -> None:
    for _ in range(caller_rows.HOUSEHOLD + 1):
        await created(store, numbers=[NUMBER])
    caller = await looked_up(store, NUMBER)
    assert (len(caller.customers), caller.more) == (caller_rows.HOUSEHOLD, True)


async def test_a_stranger_comes_with_what_was_before(store: Store) -> None:
    draft = Draft(kind="missed_call", caller="+8613800138000")
    ticket = await store.write(lambda c: tickets.open_ticket(c, draft, LI, NOW, rule="test"))
    await store.write(lambda c: promises.owe(c, owed("callback", ticket.id, NOW), NOW))
    await noted(store, ticket, "hung up", NOW)
    caller = await looked_up(store, NUMBER)
    assert caller.customers == ()
    assert [one.id for one in caller.stranger.tickets] == [ticket.id]
    assert {entry.kind for entry in caller.stranger.contacts} == {"note", "promise"}
    assert [promise.number for promise in caller.stranger.promises] == ["+8613800138000"]


async def test_the_newest_twenty_contacts_are_shown_and_closed_tickets_are_not(store: Store) -> None:
    customer = await created(store, numbers=[NUMBER])
    ticket, closed = await opened(store, customer.id), await opened(store, customer.id)
    for at in range(15):
        await noted(store, ticket, f"a{at}", NOW + at)
        await noted(store, closed, f"b{at}", NOW + at)
    await store.write(lambda c: tickets.move(c, closed.id, "cancelled", "a mistake", LI, NOW))
    (known,) = (await looked_up(store, NUMBER)).customers
    assert [one.id for one in known.dealings.tickets] == [ticket.id]
    assert [entry.at - NOW for entry in known.dealings.contacts] == [at // 2 for at in range(29, 9, -1)]


@pytest.mark.parametrize(
    "number", [None, "anonymous", "<unknown>", "801", "110", "\0", "+" * 5_000, "' OR 1=1"]
)
async def test_a_number_that_names_nobody_finds_nobody(store: Store, number: str | None) -> None:
    await created(store, numbers=[NUMBER])
    caller = await looked_up(store, number)
    assert caller == Caller(number=PLAN.read(number))


async def test_calls_of_the_last_seven_days_are_told(store: Store) -> None:
    def call(id: str, at: int, number: str = NUMBER) -> dict[str, Any]:
        return {"pbx": PbxId("main"), "call_id": id, "seq": 1, "started_at": at, "outcome": "abandoned"} | {
            "caller_number": number,
            "gap": False,
            "open": False,
            "record": "{}",
        }

    rows = [call("a", NOW - 6 * DAY), call("b", NOW - 8 * DAY), call("c", NOW - 1), call("d", NOW, "1001")]
    await store.write(lambda c: c.execute(insert(calls), rows))
    caller = await looked_up(store, NUMBER)
    assert [(one.call, one.outcome) for one in caller.calls] == [("c", "abandoned"), ("a", "abandoned")]


async def test_a_pop_is_one_hop(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL is asked without a thread."""
    await created(sqlite_store, numbers=[NUMBER])
    with hops(monkeypatch) as seen:
        await looked_up(sqlite_store, NUMBER)
    assert len(seen) == 1


async def test_a_story_is_one_statement_on_sqlite(sqlite_store: Store) -> None:
    """Before each row the driver lets other threads in, and one that computes keeps it waiting."""
    customer = await created(sqlite_store, numbers=[NUMBER])
    await opened(sqlite_store, customer.id)
    asked: list[str] = []

    def look(connection: Connection) -> caller_rows.Found:
        raw: Any = connection.connection.driver_connection
        raw.set_trace_callback(asked.append)
        try:
            return caller_rows.everything(connection, PLAN.read(NUMBER), NOW)
        finally:
            raw.set_trace_callback(None)

    found = await sqlite_store.read(look)
    assert len(found["customer", 0]) == len(found["ticket", customer.id]) == 1
    assert len(asked) == 1


@pytest.mark.parametrize("words", ['"],["', "\\", "\x1e\n\t", "'--", "\u202e\U0001f600", "]" * 2_000])
async def test_what_people_wrote_comes_as_they_wrote_it(store: Store, words: str) -> None:
    customer = await created(store, numbers=[NUMBER], notes=words)
    ticket = await opened(store, customer.id)
    written = Actor(name=words[:50], through="screen")
    entry = NewEntry(kind="note", body={"text": words}, at=NOW)
    await store.write(lambda c: timeline.add(c, ticket.id, entry, written, NOW))
    (known,) = (await looked_up(store, NUMBER)).customers
    (contact,) = known.dealings.contacts
    assert known.customer.notes == customer.notes
    assert (contact.actor, contact.entry().body) == (written.name, {"text": words})


async def test_a_caller_is_found_by_the_number_that_is_kept(store: Store) -> None:
    customer = await created(store, numbers=["0532-8888 8888 转 801"])
    assert customer.numbers[0].e164 == "+8653288888888"
    assert tail("+8653288888888") == "8888888823568"
    (known,) = (await looked_up(store, "053288888888")).customers
    assert known.customer == customer

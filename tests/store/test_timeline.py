"""The timeline of a ticket: numbered, told once, and never changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import DBAPIError

from callserver.errors import BadValue, NotFound, StoreError
from callserver.facts import MACHINE, CallId, PbxId
from callserver.store import tickets, timeline
from callserver.store.desk import timeline as table
from callserver.store.desk import unsealed
from callserver.store.engine import Store
from callserver.store.timeline import NewEntry
from callserver.tickets.record import Ticket
from tests.store.of_tickets import (
    ANNA,
    BACKWARDS,
    NOON,
    begin,
    customer,
    done,
    entries,
    noted,
    pointers,
    told,
)

PBX = PbxId("main")
CALL = CallId("main:1795289156.0")


def a_call(at: int = NOON, **more: Any) -> NewEntry:
    return NewEntry(kind="call", body={"outcome": "answered"}, at=at, pbx=PBX, call=CALL, **more)


async def test_entries_say_who_when_and_through_what(store: Store) -> None:
    ticket = await begin(store)
    added = await done(store, timeline.note, ticket.id, "the hose is old\r\n\x00", ANNA, NOON + 5)
    assert (added.seq, added.at, added.actor, added.through) == (2, NOON + 5, "anna", "screen")
    assert added.body == {"text": "the hose is old\n\ufffd"}
    assert await entries(store, ticket) == [await done(store, timeline.get, ticket.id, 1), added]
    assert (await done(store, tickets.get, ticket.id)).touched_at == NOON + 5


async def test_what_has_a_key_is_written_once(store: Store) -> None:
    ticket = await begin(store)
    first = await done(store, timeline.add, ticket.id, a_call(), MACHINE, NOON + 1, "call:main:1")
    assert first is not None and (first.seq, first.call) == (2, CALL)
    assert await done(store, timeline.add, ticket.id, a_call(), MACHINE, NOON + 9, "call:main:1") is None
    assert [kind for kind, _ in await told(store, ticket)] == ["opened", "call"]
    assert (await done(store, tickets.get, ticket.id)).touched_at == NOON


async def test_twenty_who_write_at_once_get_twenty_numbers(store: Store) -> None:
    ticket = await begin(store)
    await asyncio.gather(
        *(done(store, timeline.add, ticket.id, a_call(), MACHINE, NOON, f"call:{n % 20}") for n in range(40))
    )
    assert [entry.seq for entry in await entries(store, ticket)] == list(range(1, 22))


async def test_a_correction_is_a_new_entry_and_the_old_one_stays(store: Store) -> None:
    ticket = await begin(store)
    await done(store, timeline.note, ticket.id, "hose of 2 m", ANNA, NOON)
    corrected = await done(store, timeline.correct, ticket.id, 2, "hose of 3 m", ANNA, NOON + 1)
    assert (corrected.kind, corrected.corrects, corrected.body) == ("correction", 2, {"text": "hose of 3 m"})
    assert [entry.body.get("text") for entry in await entries(store, ticket)] == [
        None,
        "hose of 2 m",
        "hose of 3 m",
    ]
    with pytest.raises(NotFound):
        await done(store, timeline.correct, ticket.id, 17, "x", ANNA, NOON)


@pytest.mark.parametrize("words", ["", " \n\x07 ", "x" * 10_001])
async def test_a_note_that_says_nothing_or_too_much_is_refused(store: Store, words: str) -> None:
    ticket = await begin(store)
    with pytest.raises(BadValue) as refused:
        await done(store, timeline.note, ticket.id, words, ANNA, NOON)
    assert refused.value.field == "text"
    assert len(await entries(store, ticket)) == 1


async def test_a_note_to_no_ticket_is_refused(store: Store) -> None:
    for missing in (4711, 0, 10**30):
        with pytest.raises(NotFound):
            await done(store, timeline.note, missing, "x", ANNA, NOON)


async def test_pages_go_back_from_the_newest(store: Store) -> None:
    ticket = await begin(store)
    for n in range(5):
        await done(store, timeline.note, ticket.id, f"note {n}", ANNA, NOON + n)
    first = await done(store, timeline.page, ticket.id, 2)
    assert [entry.seq for entry in first.entries] == [6, 5]
    second = await done(store, timeline.page, ticket.id, 4, first.end)
    assert ([entry.seq for entry in second.entries], second.end) == ([4, 3, 2, 1], None)
    notes = await done(store, timeline.page, ticket.id, 10, None, ["opened"])
    assert [entry.kind for entry in notes.entries] == ["opened"]


async def test_contacts_follow_the_customer_over_all_tickets(store: Store) -> None:
    li = await customer(store, 7)
    first, second = await begin(store), await begin(store, customer=li)
    await done(store, timeline.add, first.id, a_call(NOON + 1), MACHINE, NOON + 1)
    await done(store, timeline.note, second.id, "asked again", ANNA, NOON + 2)
    assert len((await done(store, timeline.of_tail, BACKWARDS, 10)).entries) == 1
    await done(store, tickets.give_customer, first.id, li, "said so", ANNA, NOON + 3)
    assert await pointers(store, first) == {(7, None)}
    page = await done(store, timeline.of_customer, li, 1)
    rest = await done(store, timeline.of_customer, li, 5, page.end)
    assert [entry.kind for entry in (*page.entries, *rest.entries)] == ["note", "call"]
    assert rest.end is None


async def test_a_call_from_another_number_is_that_numbers_contact(store: Store) -> None:
    ticket = await begin(store)
    await done(store, timeline.add, ticket.id, a_call(caller="+4930123456"), MACHINE, NOON)
    assert await pointers(store, ticket) == {(None, BACKWARDS), (None, "6543210394")}


CHANGES = {
    "its words": update(table).values(body="{}"),
    "its time": update(table).values(at=0),
    "who": update(table).values(actor="somebody"),
    "its number": update(table).values(seq=99),
    "its ticket": update(table).values(ticket_id=table.c.ticket_id),
    "itself": delete(table),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_the_database_refuses_to_change_an_entry(store: Store, what: str) -> None:
    ticket = await begin(store)
    before = await entries(store, ticket)
    with pytest.raises((DBAPIError, StoreError), match="entries never change"):
        await store.write(lambda connection: connection.execute(CHANGES[what]))
    assert await entries(store, ticket) == before


async def test_whose_contact_an_entry_was_may_change(store: Store) -> None:
    ticket = await begin(store)
    await store.write(lambda connection: connection.execute(update(table).values(customer_id=7, tail=None)))
    assert await pointers(store, ticket) == {(7, None)}


async def test_only_an_unsealed_tickets_entries_may_go_and_only_inside(store: Store) -> None:
    ticket, other = await begin(store), await begin(store)

    def erase(connection: Connection, victim: Ticket) -> None:
        with timeline.unsealed(connection, [ticket.id]):
            connection.execute(update(table).where(table.c.ticket_id == victim.id).values(body="{}"))
            connection.execute(delete(table).where(table.c.ticket_id == victim.id))

    with pytest.raises((DBAPIError, StoreError), match="entries never change"):
        await done(store, erase, other)
    await done(store, erase, ticket)
    assert (len(await entries(store, ticket)), len(await entries(store, other))) == (0, 1)
    assert await store.read(lambda c: c.execute(select(func.count()).select_from(unsealed)).scalar()) == 0


async def test_an_entry_of_a_person_is_in_the_audit_and_a_machines_is_not(store: Store) -> None:
    ticket = await begin(store)
    await done(store, timeline.add, ticket.id, a_call(), MACHINE, NOON)
    assert await noted(store) == ["ticket.open"]
    await done(store, timeline.note, ticket.id, "x", ANNA, NOON)
    assert await noted(store) == ["ticket.open", "ticket.note"]

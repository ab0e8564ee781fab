"""Tickets: opened, changed, moved, and never closed without what they owe."""

from __future__ import annotations

import pytest

from callserver.errors import BadValue, Conflict, NotFound, Outdated
from callserver.store import promises, tickets
from callserver.store.engine import Store
from callserver.tickets.changing import Changes, Draft
from tests.store.of_tickets import (
    ANNA,
    BACKWARDS,
    CALLER,
    HOUR,
    NOON,
    begin,
    customer,
    done,
    moved,
    noted,
    pointers,
    product,
    told,
)


async def test_a_ticket_has_a_number_to_say_and_is_found_by_it(store: Store) -> None:
    first, second = await begin(store), await begin(store)
    assert (first.number, second.number) == ("1000015", "1000028")
    assert await done(store, tickets.by_number, "No. 100 002-8") == second
    assert await done(store, tickets.get, first.id) == first
    for wrong in ("1000029", "100 003 0", "anna", ""):
        with pytest.raises(NotFound):
            await done(store, tickets.by_number, wrong)


async def test_a_serviced_ticket_owes_its_return_visit_by_itself(store: Store) -> None:
    ticket = await moved(store, await begin(store), "in_service", "serviced")
    assert ticket.status == "owed_visit"
    (visit,) = await done(store, promises.open_of_ticket, ticket.id)
    assert (visit.kind, visit.due_at, visit.deadline_at) == (
        "return_visit",
        NOON + 24 * HOUR,
        NOON + 72 * HOUR,
    )
    assert (visit.number, await done(store, promises.open_of_tail, BACKWARDS)) == (CALLER, (visit,))
    with pytest.raises(BadValue, match="return visit was not kept"):
        await moved(store, ticket, "closed", why=" ")
    await done(store, promises.settle, visit.id, "kept", "", NOON)
    closed = await moved(store, ticket, "closed", why="")
    assert (closed.status, closed.closed_at, closed.closing) == ("closed", NOON, "")

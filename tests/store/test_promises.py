"""Calls that are owed: put down, settled once, told."""

from __future__ import annotations

import asyncio

import pytest

from callserver.errors import BadValue, Conflict, NotFound
from callserver.facts import iso
from callserver.store import promises
from callserver.store.engine import Store
from callserver.tickets.promise import TERMS, NewPromise, Promise, owed
from callserver.tickets.record import PromiseId, Ticket, TicketId
from tests.store.of_tickets import (
    BACKWARDS,
    CALLER,
    HOUR,
    MINUTE,
    NOON,
    begin,
    customer,
    done,
    entries,
    noted,
    told,
)


async def promised(store: Store, ticket: Ticket, at: int = NOON) -> Promise:
    return await done(store, promises.owe, owed("callback", ticket.id, at, why="nobody answered"), at)


async def test_a_callback_is_owed_to_the_tickets_caller(store: Store) -> None:
    ticket = await begin(store)
    promise = await promised(store, ticket)
    assert (promise.status, promise.number, promise.customer) == ("planned", CALLER, None)
    assert (promise.due_at, promise.deadline_at) == (NOON + 5 * MINUTE, NOON + 2 * HOUR)
    assert await done(store, promises.open_of_tail, BACKWARDS) == (promise,)
    kind, body = (await told(store, ticket))[-1]
    assert (kind, body["what"], body["why"]) == ("promise", "owed", "nobody answered")
    assert body["due_at"] == iso(promise.due_at)


async def test_a_promise_may_be_to_another_number(store: Store) -> None:
    ticket = await begin(store, customer=await customer(store, 7))
    new = NewPromise(kind="sale", ticket=ticket.id, due_at=NOON, deadline_at=NOON, number="+4930123456")
    promise = await done(store, promises.owe, new, NOON)
    assert await done(store, promises.open_of_customer, promise.customer) == (promise,)
    assert await done(store, promises.open_of_tail, "6543210394") == (promise,)
    assert await done(store, promises.open_of_tail, BACKWARDS) == ()


async def test_the_most_urgent_comes_first(store: Store) -> None:
    ticket = await begin(store)
    late, early = await promised(store, ticket, NOON + 9), await promised(store, ticket, NOON)
    assert await done(store, promises.open_of_ticket, ticket.id) == (early, late)
    assert await done(store, promises.due, NOON + 5 * MINUTE, 10) == (early,)
    assert await done(store, promises.of_ticket, ticket.id) == (late, early)


@pytest.mark.parametrize("how", ["kept", "withdrawn"])
async def test_a_promise_is_settled_once_and_told(store: Store, how: str) -> None:
    ticket = await begin(store)
    promise = await promised(store, ticket)
    settled = await done(store, promises.settle, promise.id, how, "called in first\n", NOON + 1)
    assert (settled.status, settled.settled_at, settled.why) == (how, NOON + 1, "called in first")
    assert await done(store, promises.settle, promise.id, how, "again", NOON + 2) == settled
    assert [body["what"] for kind, body in await told(store, ticket) if kind == "promise"] == ["owed", how]
    assert await done(store, promises.open_of_ticket, ticket.id) == ()
    assert await noted(store) == ["ticket.open", "promise.owed", f"promise.{how}"]
    other = "withdrawn" if how == "kept" else "kept"
    with pytest.raises(Conflict, match=f"is {how} already"):
        await done(store, promises.settle, promise.id, other, "", NOON + 3)


async def test_five_who_settle_at_once_are_one(store: Store) -> None:
    ticket = await begin(store)
    promise = await promised(store, ticket)
    ways = ("kept", "withdrawn", "kept", "kept", "withdrawn")
    answers = await asyncio.gather(
        *(done(store, promises.settle, promise.id, how, "", NOON) for how in ways), return_exceptions=True
    )
    assert {type(one) for one in answers} == {Promise, Conflict}
    assert len(await entries(store, ticket)) == 3


async def test_a_promise_of_nothing_is_refused(store: Store) -> None:
    with pytest.raises(NotFound):
        await done(store, promises.owe, owed("callback", TicketId(99), NOON), NOON)
    with pytest.raises(NotFound):
        await done(store, promises.settle, PromiseId(10**30), "kept", "", NOON)
    ticket = await begin(store)
    with pytest.raises(BadValue):
        await done(
            store, promises.owe, NewPromise(kind="sale", ticket=ticket.id, due_at=2, deadline_at=1), NOON
        )


def test_every_kind_has_time_between_due_and_too_late() -> None:
    assert all(0 < term.due < term.deadline for term in TERMS.values())

"""What the tests of the desk begin with: a moment, people, a ticket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from callserver.customers.record import CustomerId, ProductId
from callserver.facts import Actor
from callserver.store import tickets
from callserver.store.desk import audit, customers, products, timeline
from callserver.store.engine import Store
from callserver.tickets.changing import Draft
from callserver.tickets.record import Ticket

T = TypeVar("T")

NOON = 1_795_300_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
ANNA = Actor(name="anna", through="screen")
CALLER = "+8613800138000"
BACKWARDS = "0008310083168"


async def customer(store: Store, id: int) -> CustomerId:
    """Somebody whom a ticket may belong to."""
    row = {"id": id, "version": 1, "name_key": "", "initials": "", "vip": False, "findable": True}
    row |= {"updated_at": NOON, "record": "{}"}
    await store.write(lambda connection: connection.execute(customers.insert(), row))
    return CustomerId(id)


async def product(store: Store, id: int, owner: CustomerId) -> ProductId:
    """Something of theirs."""
    row = {"id": id, "version": 1, "customer_id": owner, "category": "gas_stove", "model_key": ""}
    row |= {"updated_at": NOON, "record": "{}"}
    await store.write(lambda connection: connection.execute(products.insert(), row))
    return ProductId(id)


async def begin(store: Store, draft: Draft | None = None, at: int = NOON, **values: Any) -> Ticket:
    """A ticket that the landing opened: of a repair, unless the draft says otherwise."""
    wanted = replace(draft or Draft(kind="repair", caller=CALLER), **values)
    return await store.write(lambda c: tickets.open_ticket(c, wanted, ANNA, at, rule="a row"))


def filled() -> Draft:
    """A repair with all that any of its statuses asks for."""
    window = {"begin": "2026-11-21T01:00:00Z", "end": "2026-11-21T03:00:00Z"}
    fields = {
        "fault": "ignition",
        "place": {"line": "Hongkong Road 12"},
        "appointment": window,
        "outcome": "solved",
    }
    return Draft(kind="repair", caller=CALLER, fields=fields)


async def moved(store: Store, ticket: Ticket, *path: str, why: str = "because", at: int = NOON) -> Ticket:
    """The ticket after these steps."""
    for status in path:
        ticket = await done(store, tickets.move, ticket.id, status, why, ANNA, at)
    return ticket


async def done(store: Store, work: Callable[..., T], *arguments: Any, **more: Any) -> T:
    """Do it in a transaction of its own."""
    return await store.write(lambda connection: work(connection, *arguments, **more))


async def told(store: Store, ticket: Ticket) -> list[tuple[str, dict[str, Any]]]:
    """The ticket's timeline, first entry first: kind and body."""
    return [(entry.kind, entry.body) for entry in await entries(store, ticket)]


async def entries(store: Store, ticket: Ticket) -> list[Any]:
    """The ticket's entries, the first one first."""
    from callserver.store import timeline as lines

    page = await store.read(lambda c: lines.page(c, ticket.id, 1_000))
    return list(reversed(page.entries))


async def noted(store: Store) -> list[str]:
    """What the audit says was done, in order."""

    def ask(connection: Connection) -> list[str]:
        return list(connection.execute(select(audit.c.action).order_by(audit.c.seq)).scalars())

    return await store.read(ask)


async def pointers(store: Store, ticket: Ticket) -> set[tuple[int | None, str | None]]:
    """Whose contacts the ticket's entries are."""
    wanted = select(timeline.c.customer_id, timeline.c.tail).where(timeline.c.ticket_id == ticket.id)
    return {(row[0], row[1]) for row in await store.read(lambda c: c.execute(wanted).all())}

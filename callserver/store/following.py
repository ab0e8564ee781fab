"""Products and tickets go to another customer, with everything that hangs on them.

In: their ids, and whose they are now; inside the transaction of a merge, its undoing, or a split. Out: the ids of those
that went. Must not know: why. The version of each grows, since whoever edits one must hear of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select, update

from callserver.customers.record import CustomerId
from callserver.facts import Actor, Instant
from callserver.store import audit, outbox, products, tickets, timeline
from callserver.store.desk import products as products_table
from callserver.store.desk import promises as promises_table
from callserver.store.desk import tickets as tickets_table
from callserver.store.desk import timeline as timeline_table
from callserver.store.text import dump
from callserver.store.timeline import NewEntry
from callserver.tickets.record import Ticket, TicketId, to_json
from callserver.tickets.telling import ticket_told


def products_go(
    connection: Connection, them: Sequence[int], to: CustomerId, actor: Actor, now: Instant
) -> list[int]:
    """These products are `to`'s now."""
    for one in sorted(them):
        before = products.locked(connection, one)
        after = replace(before, customer=to, version=before.version + 1, updated_at=now)
        products.rewrite(connection, before, after, actor, now)
    return sorted(them)


def tickets_go(
    connection: Connection, them: Sequence[int], to: CustomerId, why: str, actor: Actor, now: Instant
) -> list[int]:
    """These tickets, open and closed, are `to`'s now, with their contacts and what they owe.

    Open ones say so on their timeline. Closed ones only in the audit: nothing happened on them.
    """
    if not them:
        return []
    moved = [_goes(connection, TicketId(one), to) for one in sorted(them)]
    for pointing in (timeline_table, promises_table):
        follow = update(pointing).where(pointing.c.ticket_id.in_(them))
        values = {"customer_id": to} | ({"tail": None} if pointing is timeline_table else {})
        connection.execute(follow.values(values))
    for before, after in moved:
        _tell(connection, before, after, why, actor, now)
    return sorted(them)


def products_of(connection: Connection, customer: int) -> list[int]:
    """Ids, in order."""
    here = products_table.c
    return list(
        connection.execute(select(here.id).where(here.customer_id == customer).order_by(here.id)).scalars()
    )


def tickets_of(connection: Connection, customer: int) -> list[int]:
    """Ids, in order."""
    here = tickets_table.c
    return list(
        connection.execute(select(here.id).where(here.customer_id == customer).order_by(here.id)).scalars()
    )


def products_back(
    connection: Connection, them: Sequence[int], whose: int, to: CustomerId, actor: Actor, now: Instant
) -> list[str]:
    """Those that are still `whose` are `to`'s again; the others are told, a sentence each."""
    still = set(products_of(connection, whose))
    products_go(connection, [one for one in them if one in still], to, actor, now)
    return [f"product {one} belongs to somebody else by now" for one in them if one not in still]


def tickets_back(
    connection: Connection,
    them: Sequence[int],
    whose: int,
    to: CustomerId,
    why: str,
    actor: Actor,
    now: Instant,
) -> list[str]:
    """As `products_back`; `why` as in `tickets_go`."""
    still = set(tickets_of(connection, whose))
    tickets_go(connection, [one for one in them if one in still], to, why, actor, now)
    return [f"ticket {one} belongs to somebody else by now" for one in them if one not in still]


def _goes(connection: Connection, id: TicketId, to: CustomerId) -> tuple[Ticket, Ticket]:
    before = tickets.held(connection, id)
    after = replace(before, customer=to, version=before.version + 1)
    here = update(tickets_table).where(tickets_table.c.id == id)
    connection.execute(
        here.values(customer_id=to, tail=None, version=after.version, record=dump(to_json(after)))
    )
    return before, after


def _tell(
    connection: Connection, before: Ticket, after: Ticket, why: str, actor: Actor, now: Instant
) -> None:
    body = {"before": before.customer, "after": after.customer, "why": why}
    if after.open:
        timeline.add(connection, after.id, NewEntry(kind="customer", body=body), actor, now)
    subject = f"ticket:{after.id}"
    audit.note(connection, actor, "ticket.customer", subject, body | {"version": after.version}, now)
    happened = outbox.Event(
        type="callserver.ticket.changed",
        key=f"{subject}:v{after.version}",
        subject=subject,
        at=now,
        body=ticket_told(after),
    )
    outbox.tell(connection, happened)

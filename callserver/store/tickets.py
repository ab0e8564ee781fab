"""Tickets: opened, changed, moved from status to status, each step on the timeline and told to the world outside.

In: drafts and changes, inside the caller's transaction. Out: tickets. Must not know: which call belongs to which ticket
(landing.py), HTTP. Pages of tickets: `ticket_pages.py`.

Who changes a ticket holds its row until the transaction ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from callserver.customers.record import CustomerId, ProductId
from callserver.errors import BadValue, Conflict, NotFound
from callserver.facts import MACHINE, Actor, Instant
from callserver.store import appointments, audit, ids, kinds, outbox, pledges, promises, timeline
from callserver.store.desk import customers, products
from callserver.store.desk import tickets as table
from callserver.store.desk import timeline as entries
from callserver.store.outbox import Event, EventType
from callserver.store.ticket_rows import by_number, get, held, inserted, tail_of, ticket_of, touched, written
from callserver.store.timeline import NewEntry
from callserver.tickets.changing import Changes, Draft, applied, begun, differences
from callserver.tickets.filling import check
from callserver.tickets.kinds import Kind
from callserver.tickets.record import OVER, Entry, Ticket, TicketId
from callserver.tickets.tables import EVERY_RIGHT, Right, Step, checked, let_go
from callserver.tickets.telling import ticket_told
from callserver.tickets.wording import line

__all__ = [
    "add_entry",
    "by_number",
    "change",
    "get",
    "give_customer",
    "held",
    "move",
    "open_ticket",
    "ticket_of",
    "touch",
]

LONGEST_REASON = 500  # characters


def open_ticket(
    connection: Connection, draft: Draft, actor: Actor, now: Instant, *, rule: str | None = None
) -> Ticket:
    """A new ticket. `rule`: the row of the landing's table that opened it; such a ticket is filled in later.

    Raises BadValue for a field that is wrong or missing, NotFound for a customer or product that is not there, Conflict
    for a kind that is retired.
    """
    kind = _kind(connection, draft.kind)
    _look_at(connection, draft.customer, draft.product)
    ticket = inserted(connection, begun(draft, kind, now, complete=rule is None))
    body = {"rule": rule, "kind": ticket.kind, "caller": ticket.caller}
    timeline.add(connection, ticket.id, NewEntry(kind="opened", body=body), actor, now)
    _tell(connection, "callserver.ticket.opened", ticket, actor, now, "ticket.open", {"rule": rule})
    appointments.follow(connection, None, ticket, actor, now)
    return ticket


def change(
    connection: Connection,
    ticket: TicketId,
    expected: int | None,
    changes: Changes,
    actor: Actor,
    now: Instant,
) -> Ticket:
    """Other values. What is the same changes nothing and makes no version.

    Raises NotFound, BadValue, Outdated, and Conflict for a ticket that is over.
    """
    before = held(connection, ticket, expected)
    _not_over(before)
    kind = _kind(connection, changes.kind) if changes.kind else _kind_of(connection, before)
    after = applied(before, changes, kind)
    if after == before:
        return before
    if after.product != before.product:
        _look_at(connection, after.customer, after.product)
    differing = differences(before, after)
    after = written(connection, replace(after, version=before.version + 1))
    timeline.add(connection, ticket, NewEntry(kind="change", body=differing), actor, now)
    names = {"version": after.version, "fields": sorted(differing)}
    _tell(connection, "callserver.ticket.changed", after, actor, now, "ticket.change", names)
    appointments.follow(connection, before, after, actor, now)
    if after.team != before.team:
        promises.follow_team(connection, ticket, after.team)
    return touched(after, now)


def move(
    connection: Connection,
    ticket: TicketId,
    to_status: str,
    why: str,
    actor: Actor,
    now: Instant,
    *,
    expected: int | None = None,
    rights: frozenset[Right] = EVERY_RIGHT,
) -> Ticket:
    """Into another status, with what follows: calls that are owed or not owed any more, the end, the beginning anew.

    Raises NotFound, Outdated, Conflict where no step leads there, BadValue for a reason or field that is missing,
    Forbidden without the right that it needs (`rights`: those of whoever asks).
    """
    before = held(connection, ticket, expected)
    reason = line(why, LONGEST_REASON)
    step = checked(before.status, to_status, reason, promises.owed_by(connection, ticket), rights)
    kind = _kind_of(connection, before)
    if not kind.may_be(step.to):
        raise Conflict(f"a ticket of the kind {kind.name} is never {step.to}")
    check(kind, {}, step.to, before.fields)
    after = _taken(connection, before, step, reason, actor, now)
    if after.status == "serviced" and kind.return_visit:
        return move(connection, ticket, "owed_visit", "", MACHINE, now)
    return after


def give_customer(
    connection: Connection,
    ticket: TicketId,
    customer: CustomerId | None,
    why: str,
    actor: Actor,
    now: Instant,
    *,
    expected: int | None = None,
) -> Ticket:
    """The ticket's customer is this one after all; its entries and what it owes follow.

    A product of another customer is taken off. Raises NotFound, Outdated, Conflict for a ticket that is over.
    """
    before = held(connection, ticket, expected)
    if before.customer == customer:
        return before
    _not_over(before)
    _look_at(connection, customer, None)
    after = replace(before, customer=customer, product=None, version=before.version + 1)
    after = written(connection, after)
    connection.execute(
        update(entries).where(entries.c.ticket_id == ticket).values(customer_id=customer, tail=tail_of(after))
    )
    promises.follow(connection, ticket, customer)
    body = {"before": before.customer, "after": customer, "why": line(why, LONGEST_REASON)}
    timeline.add(connection, ticket, NewEntry(kind="customer", body=body), actor, now)
    names = {"version": after.version, "fields": ["customer"], "customer": customer}
    _tell(connection, "callserver.ticket.changed", after, actor, now, "ticket.customer", names)
    return touched(after, now)


def add_entry(
    connection: Connection,
    ticket: TicketId,
    entry: NewEntry,
    actor: Actor,
    now: Instant,
    key: str | None = None,
) -> Entry | None:
    """`timeline.add`, for those who hold tickets only: calls, messages, attachments."""
    return timeline.add(connection, ticket, entry, actor, now, key)


def touch(connection: Connection, ticket: TicketId, now: Instant) -> None:
    """Something happened on the ticket that is no entry (yet), such as a call that is going on."""
    connection.execute(_TOUCH, {"_id": ids.known(ticket), "_now": now})


_TOUCH = (
    update(table)
    .where(table.c.id == bindparam("_id"), table.c.touched_at < bindparam("_now"))
    .values(touched_at=bindparam("_now"))
)


def _taken(
    connection: Connection, before: Ticket, step: Step, reason: str, actor: Actor, now: Instant
) -> Ticket:
    over = step.to in OVER
    after = replace(
        before,
        status=step.to,
        version=before.version + 1,
        closed_at=now if over else None,
        closing=reason if over else "",
    )
    after = written(connection, after)
    body = {"from": before.status, "to": step.to, "why": reason}
    timeline.add(connection, before.id, NewEntry(kind="status", body=body), actor, now)
    _withdraw(connection, before, step, reason, actor, now)
    if step.owes is not None:
        owed = pledges.by_policy(connection, step.owes, before.id, now, why=step.name)
        promises.owe(connection, owed, now, actor)
    detail = {"version": after.version, "from": before.status, "to": step.to}
    _tell(connection, "callserver.ticket.status", after, actor, now, "ticket.move", detail)
    return touched(after, now)


def _withdraw(
    connection: Connection, before: Ticket, step: Step, reason: str, actor: Actor, now: Instant
) -> None:
    gone = let_go(before.status, step)
    for one in promises.open_of_ticket(connection, before.id):
        if gone is None or one.kind in gone or appointments.needless(one, step.to):
            promises.settle(connection, one.id, "withdrawn", reason or step.name, now, actor)


def _kind(connection: Connection, name: str) -> Kind:
    found = kinds.find(connection, name)
    if found is None:
        raise BadValue("kind", "is no kind of ticket")
    return found


def _kind_of(connection: Connection, ticket: Ticket) -> Kind:
    """A ticket outlives its kind: then it has no fields of one."""
    return kinds.find(connection, ticket.kind) or Kind(name=ticket.kind, title={}, statuses=(ticket.status,))


def _not_over(ticket: Ticket) -> None:
    if not ticket.open:
        raise Conflict(
            f"ticket {ticket.number} is {ticket.status}: it takes notes only, unless it is reopened"
        )


_FINDABLE = select(customers.c.id).where(customers.c.id == bindparam("id"), customers.c.findable.is_(True))


def _look_at(connection: Connection, customer: CustomerId | None, product: ProductId | None) -> None:
    """Raises NotFound unless they are there, and belong together."""
    if customer is not None and not connection.execute(_FINDABLE, {"id": ids.known(customer)}).first():
        raise NotFound(f"there is no customer with the id {customer}")
    if product is not None:
        owner = connection.execute(
            select(products.c.customer_id).where(products.c.id == ids.known(product))
        ).scalar()
        if owner is None or (customer is not None and owner != customer):
            raise NotFound(f"the customer has no product with the id {product}")


def _tell(
    connection: Connection,
    type_: EventType,
    ticket: Ticket,
    actor: Actor,
    now: Instant,
    action: str,
    detail: dict[str, Any],
) -> None:
    subject = f"ticket:{ticket.id}"
    event = Event(
        type=type_, key=f"{subject}:v{ticket.version}", subject=subject, at=now, body=ticket_told(ticket)
    )
    outbox.tell(connection, event)
    audit.note(connection, actor, action, subject, detail, now)

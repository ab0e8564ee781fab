"""Calls that we owe: put down with the ticket they belong to, settled once, each step on the ticket's timeline.

In: new promises, and what became of them. Out: promises. Must not know: how a call is dialled, or when it may be.
Whoever settles one holds its ticket's row first, then the promise's: everybody in the same order.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from callserver.customers.record import CustomerId
from callserver.errors import BadValue, Conflict, NotFound
from callserver.facts import MACHINE, Actor, Instant, iso
from callserver.numbers import tail
from callserver.store import audit, ids, outbox, text, timeline
from callserver.store.desk import promise_open, tickets
from callserver.store.desk import promises as table
from callserver.store.outbox import Event, EventType
from callserver.store.timeline import NewEntry
from callserver.store.upsert import insert
from callserver.tickets.promise import TERMS, NewPromise, Promise, Settled
from callserver.tickets.record import PromiseId, TicketId
from callserver.tickets.tables import Owed
from callserver.tickets.telling import promise_told
from callserver.tickets.wording import line

LONGEST_REASON = 500  # characters
RESTING: Final[dict[str, Any]] = {
    **dict.fromkeys(("next_at", "turn", "reserved_by", "held", "held_at")),
    "version": table.c.version + 1,
}
"""Nothing is to be done by a machine."""
_TYPES: Final[dict[str, EventType]] = {
    "owed": "callserver.promise.owed",
    "due": "callserver.promise.due",
    "kept": "callserver.promise.kept",
    "withdrawn": "callserver.promise.withdrawn",
    "broken": "callserver.promise.broken",
}
_AS_THEY_ARE: Final = (
    "number status due_at deadline_at created_at settled_at why mode earliest_at next_at team queue tries broken_at "
    "held held_at reserved_by place_at about_at version"
).split()

What = Literal["owed", "due", "kept", "broken", "withdrawn"]
"""What the world outside is told of a promise: `callserver.promise.<what>`."""


def owe(connection: Connection, new: NewPromise, now: Instant, actor: Actor = MACHINE) -> Promise:
    """Promise a call; with a key that a promise has already, it is that one, as it is by now.

    Raises NotFound where there is no such ticket, BadValue for a deadline before it is due.
    """
    if new.deadline_at < new.due_at:
        raise BadValue("deadline_at", "is before the call is due")
    ticket = hold_ticket(connection, new.ticket)
    written = insert(connection, table).values(_row(new, ticket, now)).on_conflict_do_nothing()
    row = connection.execute(written.returning(*table.c)).one_or_none()
    if row is None:
        return _with_key(connection, new.key or "")
    promise = from_row(row)
    tell(connection, promise, "owed", actor, now)
    return promise


def _row(new: NewPromise, ticket: Any, now: Instant) -> dict[str, Any]:
    number = new.number or text.load(ticket.record).get("caller")
    return {
        "kind": new.kind,
        "ticket_id": new.ticket,
        "customer_id": ticket.customer_id,
        "tail": tail(number) if number else None,
        "number": text.optional_key(number),
        "status": "planned",
        "due_at": new.due_at,
        "deadline_at": new.deadline_at,
        "created_at": now,
        "why": line(new.why, LONGEST_REASON),
        "mode": new.mode or TERMS[new.kind].mode,
        "earliest_at": new.earliest_at,
        "next_at": new.due_at,
        "team": text.optional_key(new.team),
        "of_team": text.optional_key(new.team) or ticket.team,
        "queue": text.optional_key(new.queue),
        "place_at": new.place_at,
        "about_at": new.about_at,
        "campaign_id": new.campaign,
        "key": text.optional_key(new.key),
    }


def _with_key(connection: Connection, key: str) -> Promise:
    return from_row(connection.execute(select(table).where(table.c.key == text.key(key))).one())


def settle(
    connection: Connection,
    promise: PromiseId,
    how: Settled,
    why: str,
    now: Instant,
    actor: Actor = MACHINE,
) -> Promise:
    """Close a promise, whatever it is at. Settled the same way already, it stays as it is, and nothing is told again.

    A broken one is not settled: it is owed until it is kept after all, or withdrawn with a reason.

    Raises NotFound; Conflict where it was settled in another way.
    """
    found = get(connection, promise)
    hold_ticket(connection, found.ticket)
    changing = (
        update(table)
        .where(table.c.id == promise, promise_open)
        .values(status=how, settled_at=now, why=line(why, LONGEST_REASON) or found.why, **RESTING)
        .returning(*table.c)
    )
    row = connection.execute(changing).one_or_none()
    if row is None:
        return _settled_before(get(connection, promise), how)
    settled = from_row(row)
    tell(connection, settled, how, actor, now)
    return settled


def get(connection: Connection, promise: PromiseId) -> Promise:
    """One promise. Raises NotFound."""
    row = connection.execute(select(table).where(table.c.id == ids.known(promise))).one_or_none()
    if row is None:
        raise NotFound(f"there is no promise with the id {promise}")
    return from_row(row)


def of_ticket(connection: Connection, ticket: TicketId) -> tuple[Promise, ...]:
    """All promises of a ticket, the first one first."""
    return _promises(connection, table.c.ticket_id == ids.known(ticket), order=table.c.id)


def open_of_ticket(connection: Connection, ticket: TicketId) -> tuple[Promise, ...]:
    """The promises of a ticket that are still owed, the most urgent first."""
    return _promises(connection, table.c.ticket_id == ids.known(ticket), promise_open)


def open_of_tail(connection: Connection, backwards: str) -> tuple[Promise, ...]:
    """What is owed to a number (numbers.tail), the most urgent first."""
    return tuple(from_row(row) for row in connection.execute(_OF_TAIL, {"tail": backwards}))


def open_of_customer(connection: Connection, customer: CustomerId) -> tuple[Promise, ...]:
    """What is owed to a customer, the most urgent first."""
    return tuple(from_row(row) for row in connection.execute(_OF_CUSTOMER, {"customer": ids.known(customer)}))


# Each call asks for both: made once, since making a statement costs more than asking it.
_URGENT = select(table).where(promise_open).order_by(table.c.due_at, table.c.id)
_OF_TAIL = _URGENT.where(table.c.tail == bindparam("tail"))
_OF_CUSTOMER = _URGENT.where(table.c.customer_id == bindparam("customer"))


def due(connection: Connection, until: Instant, limit: int) -> tuple[Promise, ...]:
    """At most `limit` promises that are owed and due until then, the most urgent first."""
    return _promises(connection, table.c.due_at <= until, promise_open, limit=limit)


def owed_by(connection: Connection, ticket: TicketId) -> Owed:
    """What a ticket owes; ask with its row held. A return visit that was given up is still one that was not kept.

    Calls that only remind of an appointment go with it, and stand in nobody's way.
    """
    of = table.c.ticket_id == ticket
    wanted = select(func.count()).where(of, promise_open, table.c.kind != "appointment")
    waiting = connection.execute(wanted).scalar_one()
    visits = (
        select(table.c.status).where(of, table.c.kind == "return_visit").order_by(table.c.id.desc()).limit(1)
    )
    last = connection.execute(visits).scalar()
    return Owed(promises=waiting, visit=last is not None and last != "kept")


def follow(connection: Connection, ticket: TicketId, customer: CustomerId | None) -> None:
    """The ticket has this customer now: so has what it owes."""
    connection.execute(update(table).where(table.c.ticket_id == ticket).values(customer_id=customer))


def follow_team(connection: Connection, ticket: TicketId, team: str | None) -> None:
    """The ticket is this team's now: what it owes is counted as theirs, where no team of its own was named."""
    whose = (table.c.ticket_id == ticket, table.c.team.is_(None))
    connection.execute(update(table).where(*whose).values(of_team=text.optional_key(team)))


def _promises(
    connection: Connection,
    *conditions: ColumnElement[bool],
    order: ColumnElement[Any] = table.c.due_at,
    limit: int | None = None,
) -> tuple[Promise, ...]:
    wanted = select(table).where(*conditions).order_by(order, table.c.id).limit(limit)
    return tuple(from_row(row) for row in connection.execute(wanted))


def hold_ticket(connection: Connection, ticket: TicketId) -> Any:
    """Customer, team and record of a ticket, its row held until the transaction ends. Raises NotFound."""
    wanted = (
        select(tickets.c.customer_id, tickets.c.team, tickets.c.record)
        .where(tickets.c.id == ids.known(ticket))
        .with_for_update()
    )
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(f"there is no ticket with the id {ticket}")
    return row


def _settled_before(promise: Promise, how: Settled) -> Promise:
    if promise.status != how:
        raise Conflict(f"promise {promise.id} is {promise.status} already")
    return promise


def from_row(row: Any) -> Promise:
    """A promise of its row."""
    return Promise(
        id=PromiseId(row.id),
        kind=row.kind,
        ticket=TicketId(row.ticket_id),
        customer=None if row.customer_id is None else CustomerId(row.customer_id),
        campaign=row.campaign_id,
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
    )


def tell(connection: Connection, promise: Promise, what: What, actor: Actor, now: Instant) -> None:
    """On the timeline, in the audit, and to the world outside. Its ticket's row is held."""
    body: dict[str, Any] = {"promise": promise.id, "kind": promise.kind, "what": what, "why": promise.why}
    body |= {"due_at": iso(promise.due_at), "deadline_at": iso(promise.deadline_at), "number": promise.number}
    timeline.add(connection, promise.ticket, NewEntry(kind="promise", body=body), actor, now)
    audit.note(
        connection,
        actor,
        f"promise.{what}",
        f"ticket:{promise.ticket}",
        {"promise": promise.id},
        now,
    )
    tell_outside(connection, promise, what, now)


def tell_outside(connection: Connection, promise: Promise, what: What, now: Instant) -> None:
    """To the world outside only; each of these happens once to a promise, or is told once."""
    subject = f"promise:{promise.id}"
    event = Event(
        type=_TYPES[what], key=f"{subject}:{what}", subject=subject, at=now, body=promise_told(promise)
    )
    outbox.tell(connection, event)

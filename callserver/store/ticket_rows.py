"""The rows of tickets: found, held, written.

In: tickets, ids and numbers. Out: tickets. Must not know: what a change of a ticket brings with it (tickets.py).
`touched_at` is the column's, not the record's: an entry of the timeline moves it without writing the record again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from callserver.errors import NotFound, Outdated
from callserver.facts import Instant
from callserver.numbers import tail
from callserver.store import ids, text
from callserver.store.desk import tickets as table
from callserver.tickets import number as numbering
from callserver.tickets.record import PRIORITIES, Ticket, TicketId, ticket_from_json, to_json


def get(connection: Connection, ticket: TicketId) -> Ticket:
    """One ticket. Raises NotFound."""
    return _one(connection, _BY_ID, ticket, f"there is no ticket with the id {ticket}")


def by_number(connection: Connection, said: str) -> Ticket:
    """The ticket whose number somebody said or typed (tickets.number.heard). Raises NotFound."""
    ticket = numbering.heard(said)
    missing = "there is no ticket with this number"
    if ticket is None:
        raise NotFound(f"{missing}: its last digit does not fit the others")
    return _one(connection, _BY_ID, ticket, missing)


def held(connection: Connection, ticket: TicketId, expected: int | None = None) -> Ticket:
    """The ticket, nobody else's until this transaction ends. Raises NotFound; Outdated for another version."""
    found = _one(connection, _HELD, ticket, f"there is no ticket with the id {ticket}")
    if expected is not None and found.version != expected:
        raise Outdated(f"the ticket is at version {found.version}, not {expected}")
    return found


def ticket_of(row: Any) -> Ticket:
    """A row with `record` and `touched_at` as a ticket."""
    record = text.load(row.record)
    record["touched_at"] = max(record["touched_at"], row.touched_at)
    return ticket_from_json(record)


def inserted(connection: Connection, ticket: Ticket) -> Ticket:
    """Its number is made from its id, so that is asked for first."""
    given = TicketId(ids.reserve(connection, table)[0])
    numbered = replace(ticket, id=given, number=numbering.said(given))
    connection.execute(_NEW, {"id": given, **_row(numbered)})
    return numbered


_NEW = insert(table)


def written(connection: Connection, ticket: Ticket) -> Ticket:
    """The ticket's new values over the old ones; its row has to be held."""
    row = _row(ticket)
    del row["touched_at"], row["opened_at"]
    connection.execute(update(table).where(table.c.id == ticket.id).values(row))
    return ticket


def touched(ticket: Ticket, at: Instant) -> Ticket:
    """Something happened on it then; time never goes back."""
    return replace(ticket, touched_at=max(ticket.touched_at, at))


def tail_of(ticket: Ticket) -> str | None:
    """The caller's number backwards, while no customer is known."""
    return tail(ticket.caller) if ticket.caller and ticket.customer is None else None


def _row(ticket: Ticket) -> dict[str, Any]:
    return {
        "number": ticket.number,
        "version": ticket.version,
        "kind": ticket.kind,
        "status": ticket.status,
        "open": ticket.open,
        "customer_id": ticket.customer,
        "product_id": ticket.product,
        "tail": tail_of(ticket),
        "priority": PRIORITIES.index(ticket.priority),
        "owner": text.optional_key(ticket.owner),
        "team": text.optional_key(ticket.team),
        "opened_at": ticket.opened_at,
        "touched_at": ticket.touched_at,
        "due_at": ticket.due_at,
        "closed_at": ticket.closed_at,
        "record": text.dump(to_json(ticket)),
    }


_BY_ID = select(table.c.record, table.c.touched_at).where(table.c.id == bindparam("id"))
_HELD = _BY_ID.with_for_update()


def _one(connection: Connection, wanted: Select[Any], ticket: TicketId, missing: str) -> Ticket:
    row = connection.execute(wanted, {"id": ids.known(ticket)}).one_or_none()
    if row is None:
        raise NotFound(missing)
    return ticket_of(row)

"""Tickets, listed: what is wanted, in one of four orders, page by page.

In: what to look for, and where the last page ended. Out: tickets and where this page ends. Must not know: HTTP. What
has a column is filtered by the database; words of the subject lie inside the record and are looked at here, at most
`_SCANNED` rows a page, so that no question of a stranger holds a connection for long: a page may be short, or even
empty, and not the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from callserver.customers.record import CustomerId, ProductId
from callserver.facts import Instant
from callserver.store import ids, text
from callserver.store.desk import tickets as table
from callserver.store.paging import Order, Place
from callserver.store.tickets import ticket_of
from callserver.tickets import number as numbering
from callserver.tickets.record import PRIORITIES, Priority, Status, Ticket, TicketId

Sort = Literal[
    "touched",  # the one that something happened on last comes first
    "opened",  # the newest first
    "due",  # the most urgent first: those that are open and have a deadline
    "priority",  # the highest first, then the one touched last: those that are open
]
SORTS: tuple[str, ...] = get_args(Sort)

_SCANNED = 5_000
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for; None: anything.

    `due_before` does not count itself, and is about open tickets only. `words` are all in the subject. `number` is
    what somebody said or typed; a wrong one finds nothing.
    """

    open: bool | None = None
    statuses: Sequence[Status] | None = None
    kinds: Sequence[str] | None = None
    priority: Priority | None = None
    owner: str | None = None
    team: str | None = None
    customer: CustomerId | None = None
    product: ProductId | None = None
    due_before: Instant | None = None
    words: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Tickets; `end` is where to go on, None: there are no more."""

    tickets: tuple[Ticket, ...]
    end: Place | None


_OPEN: ColumnElement[bool] = table.c.open.is_(True)
ORDERS: Final[dict[Sort, Order]] = {
    "touched": Order(columns=(table.c.touched_at, table.c.id), descending=True),
    "opened": Order(columns=(table.c.id,), descending=True),
    "due": Order(
        columns=(table.c.due_at, table.c.id), descending=False, only=(_OPEN, table.c.due_at.is_not(None))
    ),
    "priority": Order(
        columns=(table.c.priority, table.c.touched_at, table.c.id), descending=True, only=(_OPEN,)
    ),
}


def page(
    connection: Connection, wanted: Wanted, limit: int, after: Place | None = None, sort: Sort = "touched"
) -> Page:
    """At most `limit` tickets behind `after`, a place of the same sort. Raises ValueError for a place of another."""
    order = ORDERS[sort]
    words = (wanted.words or "").casefold().split()
    found: list[Ticket] = []
    scanned, size = 0, _PAGE if words else limit + 1
    while scanned < _SCANNED:
        rows = connection.execute(_statement(wanted, order, after, size)).all()
        for row in rows:
            if len(found) == limit:
                return Page(tickets=tuple(found), end=after)
            after = order.place(row)
            if _says(row, words):
                found.append(ticket_of(row))
        if len(rows) < size:
            return Page(tickets=tuple(found), end=None)
        scanned += len(rows)
    return Page(tickets=tuple(found), end=after)


def open_of_customer(connection: Connection, customer: CustomerId, limit: int = 50) -> tuple[Ticket, ...]:
    """A customer's open tickets, the one touched last first."""
    return page(connection, Wanted(open=True, customer=customer), limit).tickets


def open_of_tail(connection: Connection, backwards: str, limit: int = 50) -> tuple[Ticket, ...]:
    """Open tickets of a number (numbers.tail) that no customer is known for, the one touched last first."""
    wanted = select(table.c.record, table.c.touched_at).where(table.c.tail == backwards, _OPEN)
    rows = connection.execute(wanted.order_by(table.c.touched_at.desc(), table.c.id.desc()).limit(limit))
    return tuple(ticket_of(row) for row in rows)


def _says(row: Row[Any], words: Sequence[str]) -> bool:
    """Only the subject is looked at: making tickets of all that are passed over would take most of the time."""
    if not words:
        return True
    subject = str(text.load(row.record).get("subject", "")).casefold()
    return all(word in subject for word in words)


def _statement(wanted: Wanted, order: Order, after: Place | None, size: int) -> Select[Any]:
    names = dict.fromkeys(("record", "touched_at", *(column.name for column in order.columns)))
    statement = select(*(table.c[name] for name in names)).where(*_conditions(wanted))
    return order.behind(statement, after, size)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.open is not None:
        found.append(table.c.open.is_(wanted.open))
    if wanted.due_before is not None:
        found += [_OPEN, table.c.due_at.is_not(None), table.c.due_at < wanted.due_before]
    if wanted.number is not None:
        found.append(table.c.id == (numbering.heard(wanted.number) or TicketId(0)))
    for column, several in ((table.c.status, wanted.statuses), (table.c.kind, wanted.kinds)):
        if several is not None:
            found.append(column.in_([text.storable(one) for one in several]))
    priority = None if wanted.priority is None else PRIORITIES.index(wanted.priority)
    same = {
        table.c.priority: priority,
        table.c.owner: text.optional_key(wanted.owner),
        table.c.team: text.optional_key(wanted.team),
        table.c.customer_id: None if wanted.customer is None else ids.known(wanted.customer),
        table.c.product_id: None if wanted.product is None else ids.known(wanted.product),
    }
    return found + [column == value for column, value in same.items() if value is not None]

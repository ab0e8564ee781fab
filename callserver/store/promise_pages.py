"""Calls that we owe, listed: what is wanted, in one of four orders, page by page, with whose each one is.

In: what to look for, and where the last page ended. Out: promises with their owners, and where this page ends. Must not
know: HTTP, when a call may be made. Instants are milliseconds UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from callserver.customers.record import CustomerId
from callserver.facts import Instant
from callserver.people import UserId
from callserver.store import ids, text
from callserver.store.beside import promise_owners
from callserver.store.desk import customers, promise_open, promise_overlooked
from callserver.store.desk import promises as table
from callserver.store.paging import Order, Place
from callserver.store.people import users
from callserver.store.promises import from_row
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId, TicketId

Sort = Literal[
    "due",  # the most urgent first: those that are owed
    "deadline",  # the one that is too late first: those that are owed and not broken yet
    "settled",  # the one settled last first: those that were kept or withdrawn
    "newest",  # the one promised last first
]
SORTS: tuple[str, ...] = get_args(Sort)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for; None: anything. `owner`: who promised it, or has it now, by their login.

    `team`: their own, or their ticket's. `due_from` counts itself, `due_to` does not. `late`: owed, and due before that
    instant. `broken`: whether its deadline passed before it was kept.
    """

    open: bool | None = None
    statuses: Collection[str] | None = None
    kinds: Collection[str] | None = None
    owner: str | None = None
    team: str | None = None
    queue: str | None = None
    ticket: TicketId | None = None
    customer: CustomerId | None = None
    campaign: int | None = None
    due_from: Instant | None = None
    due_to: Instant | None = None
    late: Instant | None = None
    broken: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A user, as far as lists show them."""

    user: UserId
    login: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A promise; whose it is, on whose screen it lies now, and what the customer is called."""

    promise: Promise
    owner: Somebody | None = None
    reserved: Somebody | None = None
    customer_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Promises; `end` is where to go on, None: there are no more."""

    promises: tuple[Listed, ...]
    end: Place | None


# Each has its index, whose condition is the order's own.
ORDERS: Final[dict[Sort, Order]] = {
    "due": Order(columns=(table.c.due_at, table.c.id), descending=False, only=(promise_open,)),
    "deadline": Order(
        columns=(table.c.deadline_at, table.c.id), descending=False, only=(promise_overlooked,)
    ),
    "settled": Order(
        columns=(table.c.settled_at, table.c.id), descending=True, only=(table.c.settled_at.is_not(None),)
    ),
    "newest": Order(columns=(table.c.id,), descending=True),
}


def page(
    connection: Connection, wanted: Wanted, limit: int, after: Place | None = None, sort: Sort = "due"
) -> Page:
    """At most `limit` promises behind `after`, a place of the same sort. Raises ValueError for a place of another."""
    order = ORDERS[sort]
    rows = connection.execute(_statement(wanted, order, after, limit + 1)).all()
    shown = rows[:limit]
    more = len(rows) > limit and shown
    return Page(promises=with_people(connection, shown), end=order.place(shown[-1]) if more else None)


def one(connection: Connection, promise: Promise) -> Listed:
    """A promise with whose it is."""
    row = connection.execute(select(table).where(table.c.id == promise.id)).one()
    return with_people(connection, [row])[0]


def several(connection: Connection, found: Sequence[Promise]) -> tuple[Listed, ...]:
    """Promises with whose they are, in the order in which they were given."""
    wanted = select(table).where(table.c.id.in_([one.id for one in found]))
    rows = {row.id: row for row in connection.execute(wanted)}
    return with_people(connection, [rows[one.id] for one in found if one.id in rows])


def with_people(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Listed, ...]:
    """Three look-ups for the whole page: owners, whom it is reserved for, customers."""
    owners = _owners(connection, [row.id for row in rows])
    people = _people(connection, {*owners.values(), *(row.reserved_by for row in rows)})
    names = _names(connection, {row.customer_id for row in rows})
    return tuple(
        Listed(
            promise=from_row(row),
            owner=people.get(owners.get(PromiseId(row.id))),
            reserved=people.get(row.reserved_by),
            customer_name=names.get(row.customer_id),
        )
        for row in rows
    )


def _owners(connection: Connection, promises: Sequence[int]) -> dict[PromiseId, UserId]:
    wanted = select(promise_owners).where(promise_owners.c.promise_id.in_(promises))
    return {PromiseId(row.promise_id): UserId(row.user_id) for row in connection.execute(wanted)}


def _people(connection: Connection, wanted: set[Any]) -> dict[Any, Somebody]:
    rows = connection.execute(select(users.c.id, users.c.login, users.c.name).where(users.c.id.in_(wanted)))
    return {row.id: Somebody(user=UserId(row.id), login=row.login, name=row.name) for row in rows}


def _names(connection: Connection, wanted: set[Any]) -> dict[Any, str]:
    rows = connection.execute(select(customers.c.id, customers.c.record).where(customers.c.id.in_(wanted)))
    return {row.id: text.load(row.record).get("name") for row in rows}


def _statement(wanted: Wanted, order: Order, after: Place | None, size: int) -> Select[Any]:
    statement = select(table).where(*_conditions(wanted))
    if wanted.owner is not None:
        theirs = select(promise_owners.c.promise_id).join(users, users.c.id == promise_owners.c.user_id)
        statement = statement.where(table.c.id.in_(theirs.where(users.c.login == text.key(wanted.owner))))
    return order.behind(statement, after, size)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [*_when(wanted)]
    if wanted.open is not None:
        found.append(promise_open if wanted.open else table.c.settled_at.is_not(None))
    if wanted.broken is not None:
        found.append(table.c.broken_at.is_not(None) if wanted.broken else table.c.broken_at.is_(None))
    for column, several in ((table.c.status, wanted.statuses), (table.c.kind, wanted.kinds)):
        if several is not None:
            found.append(column.in_([text.storable(one) for one in several]))
    same = {
        table.c.of_team: text.optional_key(wanted.team),
        table.c.queue: text.optional_key(wanted.queue),
        table.c.ticket_id: None if wanted.ticket is None else ids.known(wanted.ticket),
        table.c.customer_id: None if wanted.customer is None else ids.known(wanted.customer),
        table.c.campaign_id: None if wanted.campaign is None else ids.known(wanted.campaign),
    }
    return found + [column == value for column, value in same.items() if value is not None]


def _when(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.due_from is not None:
        found.append(table.c.due_at >= wanted.due_from)
    if wanted.due_to is not None:
        found.append(table.c.due_at < wanted.due_to)
    if wanted.late is not None:
        found += [promise_open, table.c.due_at < wanted.late]
    return found

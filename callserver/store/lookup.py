"""The pop: from a caller's number to everything the agent should see before saying hello.

In: a number as numbers.Plan read it, and now. Out: who calls (all of a household), what they own, what is open, what
was before, what we owe them, how often they called this week. Must not know: screens, which call it is.

This is what a caller waits for, so it is one hop: on SQLite a few statements on its own thread, on PostgreSQL one round
trip for a caller we know. The statements are built with SQLAlchemy Core once, compiled once, and run on the driver;
each is bounded, so that a customer with a hundred thousand contacts costs what others cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from callserver import numbers
from callserver.customers import warranty
from callserver.customers.record import Customer, Product, customer_from_json, product_from_json
from callserver.facts import Instant
from callserver.numbers import Read
from callserver.store import text
from callserver.store.desk import contact, promise_open, ticket_open
from callserver.store.desk import customer_numbers as numbers_table
from callserver.store.desk import customers as customers_table
from callserver.store.desk import products as products_table
from callserver.store.desk import promises as promises_table
from callserver.store.desk import tickets as tickets_table
from callserver.store.desk import timeline as timeline_table
from callserver.store.schema import calls as calls_table
from callserver.tickets.promise import Promise
from callserver.tickets.record import Entry, Ticket, ticket_from_json

HOUSEHOLD = 10  # customers with one number, products, open tickets, promises: so many are shown
CONTACTS = 20
CALLS = 20
WEEK_MS = 7 * 24 * 60 * 60 * 1000
_PRODUCTS = 30
_TICKETS = 20
_PROMISES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A product, and whether it is under warranty today."""

    product: Product
    warranty: warranty.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealings:
    """Open tickets and last contacts of somebody, the newest first; promises, the most urgent first."""

    tickets: tuple[Ticket, ...] = ()
    contacts: tuple[Entry, ...] = ()
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A customer with this number."""

    customer: Customer
    products: tuple[Owned, ...] = ()
    dealings: Dealings = Dealings()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentCall:
    """A call from this number in the last seven days."""

    call: str
    started_at: Instant
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who may be calling. `stranger`: what there is with the number where no customer has it.

    `more`: the number belongs to more than HOUSEHOLD customers, and some are not here.
    """

    number: Read
    customers: tuple[Known, ...] = ()
    stranger: Dealings = Dealings()
    calls: tuple[RecentCall, ...] = ()
    more: bool = False


def look_up(connection: Connection, number: Read, now: Instant, today: str | None = None) -> Caller:
    """Everything about a caller; nothing for a number that identifies nobody.

    `today` (ISO date) is the site's day, for warranties; None: the day in UTC.
    """
    if number.e164 is None:
        return Caller(number=number)
    given = {
        "tail": numbers.tail(number.e164),
        "number": text.key(number.received),
        "since": now - WEEK_MS,
    }
    rows = _everything(connection, given)
    day = today or datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
    return _caller(number, rows, day)


# --- rows of all kinds -----------------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """One shape for all: which customer it belongs to (0: none), and what it is."""

    whose: int
    what: str
    id: int
    seq: int | None
    at: int | None
    until: int | None
    made: int | None
    kind: str | None
    actor: str | None
    through: str | None
    said: str | None
    body: str | None


def _everything(connection: Connection, given: dict[str, Any]) -> list[_Row]:
    if connection.dialect.name == "postgresql":
        rows = _run(connection, "household", given)
    else:
        rows = _run(connection, "customers", given) + _run(connection, "calls", given)
        for one in [row.id for row in rows if row.what == "customer"][:HOUSEHOLD]:
            rows += _run(connection, "customer", {**given, "customer": one})
    if not any(row.what == "customer" for row in rows):
        rows += _run(connection, "stranger", given)
    return rows


def _caller(number: Read, rows: Iterable[_Row], today: str) -> Caller:
    sorted_: dict[tuple[str, int], list[_Row]] = defaultdict(list)
    for row in rows:
        sorted_[row.what, row.whose].append(row)
    customers = sorted(sorted_["customer", 0], key=lambda row: row.id)
    return Caller(
        number=number,
        customers=tuple(_known(row, sorted_, today) for row in customers[:HOUSEHOLD]),
        stranger=_dealings(0, sorted_),
        calls=tuple(
            RecentCall(call=row.said or "", started_at=row.at or 0, outcome=row.kind)
            for row in sorted_["call", 0]
        ),
        more=len(customers) > HOUSEHOLD,
    )


def _known(row: _Row, sorted_: Mapping[tuple[str, int], Sequence[_Row]], today: str) -> Known:
    products = [product_from_json(text.load(one.body or "")) for one in sorted_["product", row.id]]
    return Known(
        customer=customer_from_json(text.load(row.body or "")),
        products=tuple(
            Owned(product=one, warranty=warranty.state(one.warranty_until, today)) for one in products
        ),
        dealings=_dealings(row.id, sorted_),
    )


def _dealings(whose: int, sorted_: Mapping[tuple[str, int], Sequence[_Row]]) -> Dealings:
    return Dealings(
        tickets=tuple(map(_ticket, sorted_["ticket", whose])),
        contacts=tuple(map(_entry, sorted_["contact", whose])),
        promises=tuple(_promise(row, whose or None) for row in sorted_["promise", whose]),
    )


def _ticket(row: _Row) -> Ticket:
    return ticket_from_json({**text.load(row.body or ""), "touched_at": row.at})


def _entry(row: _Row) -> Entry:
    body = text.load(row.body or "")
    values: Any = {"ticket": row.id, "seq": row.seq, "at": row.at, "kind": row.kind, "actor": row.actor}
    return Entry(
        **values, through=row.through or "", call=row.said, corrects=body.pop("corrects", None), body=body
    )


def _promise(row: _Row, customer: int | None) -> Promise:
    values: Any = {"id": row.id, "ticket": row.seq, "customer": customer, "due_at": row.at, "kind": row.kind}
    values |= {"deadline_at": row.until, "created_at": row.made, "number": row.actor, "why": row.body}
    return Promise(**values)


# --- statements ------------------------------------------------------------------------------------------------------

_NO_NUMBER = cast(null(), BigInteger)
_NO_TEXT = cast(null(), Text)
_NULLS: Mapping[str, ColumnElement[Any]] = {
    **dict.fromkeys(("seq", "at", "until", "made"), _NO_NUMBER),
    **dict.fromkeys(("kind", "actor", "through", "said", "body"), _NO_TEXT),
}


def _row(whose: Any, what: str, id: Any, **columns: Any) -> list[Any]:
    """The columns of _Row; those that this kind of row lacks are NULL."""
    values: dict[str, Any] = {"whose": whose, "what": literal_column(f"'{what}'", Text), "id": id, **columns}
    return [{**_NULLS, **values}[name].label(name) for name in _Row._fields]


_NOBODY = literal_column("0", BigInteger)


def _dealt(whose: Any, tickets: Any, contacts: Any, promises: Any) -> list[Select[Any]]:
    """Open tickets, last contacts and promises, by whatever says whose they are; each in the order of its index."""
    ticket, entry, promise = tickets_table.c, timeline_table.c, promises_table.c
    return [
        select(*_row(whose, "ticket", ticket.id, at=ticket.touched_at, body=ticket.record))
        .where(ticket_open, tickets)
        .order_by(ticket.touched_at.desc())
        .limit(_TICKETS),
        select(
            *_row(
                whose,
                "contact",
                entry.ticket_id,
                seq=entry.seq,
                at=entry.at,
                kind=entry.kind,
                actor=entry.actor,
                through=entry.through,
                said=entry.call_id,
                body=entry.body,
            )
        )
        .where(contact, contacts)
        .order_by(entry.at.desc())
        .limit(CONTACTS),
        select(
            *_row(
                whose,
                "promise",
                promise.id,
                seq=promise.ticket_id,
                at=promise.due_at,
                until=promise.deadline_at,
                made=promise.created_at,
                kind=promise.kind,
                actor=promise.number,
                body=promise.why,
            )
        )
        .where(promise_open, promises)
        .order_by(promise.due_at)
        .limit(_PROMISES),
    ]


def _of_customer(customer: ColumnElement[int]) -> CompoundSelect[Any]:
    product = products_table.c
    owned = (
        select(*_row(customer, "product", product.id, body=product.record))
        .where(product.customer_id == customer)
        .order_by(product.id)
        .limit(_PRODUCTS)
    )
    here = [table.c.customer_id == customer for table in (tickets_table, timeline_table, promises_table)]
    return _together([owned, *_dealt(customer, *here)])


def _of_stranger() -> CompoundSelect[Any]:
    tail = bindparam("tail", type_=Text)
    here = [table.c.tail == tail for table in (tickets_table, timeline_table, promises_table)]
    return _together(_dealt(_NOBODY, *here))


def _together(parts: Iterable[Select[Any]]) -> CompoundSelect[Any]:
    """Each part keeps its own order and limit; SQLite wants them one level down."""
    return union_all(*(select(*part.subquery().c) for part in parts))


def _customers() -> Select[Any]:
    """One more than are shown, to know that there are more."""
    column = numbers_table.c
    whose = (
        select(column.customer_id)
        .where(column.tail == bindparam("tail", type_=Text))
        .order_by(column.customer_id)
        .limit(HOUSEHOLD + 1)
        .subquery("whose")
    )
    customer = customers_table.c
    return select(*_row(_NOBODY, "customer", customer.id, body=customer.record)).join_from(
        whose, customers_table, customer.id == whose.c.customer_id
    )


def _calls() -> Select[Any]:
    call = calls_table.c
    row = _row(_NOBODY, "call", _NOBODY, at=call.started_at, kind=call.outcome, said=call.call_id)
    since = call.started_at >= bindparam("since", type_=BigInteger)
    here = select(*row).where(call.caller_number == bindparam("number", type_=Text), since)
    return here.order_by(call.started_at.desc()).limit(CALLS)


def _household() -> CompoundSelect[Any]:
    """All of it in one statement; LATERAL asks each part for each customer, with its own order and limit."""
    who = _customers().cte("who")
    theirs = _of_customer(literal_column("who.id", BigInteger)).lateral("theirs")
    return union_all(
        select(*who.c),
        select(*theirs.c).select_from(who.join(theirs, true())),
        select(*_calls().subquery().c),
    )


class _Statement(NamedTuple):
    """What the driver is given: the text, the names of the values in their order, and those that never change."""

    sql: str
    names: tuple[str, ...]
    values: Mapping[str, Any]


_DIALECTS: Mapping[str, Any] = {"sqlite": sqlite.dialect, "postgresql": postgresql.asyncpg.dialect}


@cache
def _compiled(dialect: str, name: str) -> _Statement:
    statements = {
        "household": _household,
        "customers": _customers,
        "calls": _calls,
        "customer": lambda: _of_customer(bindparam("customer", type_=BigInteger)),
        "stranger": _of_stranger,
    }
    compiled = statements[name]().compile(dialect=_DIALECTS[dialect]())
    return _Statement(str(compiled), tuple(compiled.positiontup or ()), compiled.params)


def _run(connection: Connection, name: str, given: Mapping[str, Any]) -> list[_Row]:
    statement = _compiled(connection.dialect.name, name)
    known = {**statement.values, **given}
    values = tuple(known[one] for one in statement.names)
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.driver_connection
        return [_Row(*row) for row in raw.execute(statement.sql, values)]
    return [_Row(*row) for row in connection.exec_driver_sql(statement.sql, values)]

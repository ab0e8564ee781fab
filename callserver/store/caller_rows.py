"""What the database has of a caller, as it lies there: one hop, and for a caller we know one statement.

In: a number as numbers.Plan read it, now, the call. Out: rows by kind and customer. Must not know: what they are made
into (`lookup`, `web/popping`).

This is what a caller waits for. On SQLite the answer is one row of JSON, because the driver lets other threads of this
program in before each row, and while a call is being written down it waits for them each time: 35 rows took 9 ms that
take 0.3 alone. The statements are built with SQLAlchemy Core once, compiled once, and run on the driver; each part is
bounded, so that a customer with a hundred thousand contacts costs what others cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from callserver import numbers
from callserver.facts import CallId, Instant
from callserver.numbers import Read
from callserver.store import text
from callserver.store.call_tickets import pbx_of
from callserver.store.desk import call_tickets as call_tickets_table
from callserver.store.desk import contact, promise_open, ticket_open
from callserver.store.desk import customer_numbers as numbers_table
from callserver.store.desk import customers as customers_table
from callserver.store.desk import products as products_table
from callserver.store.desk import promises as promises_table
from callserver.store.desk import tickets as tickets_table
from callserver.store.desk import timeline as timeline_table
from callserver.store.schema import calls as calls_table

HOUSEHOLD = 10  # customers with one number, products, open tickets, promises: so many are shown
CONTACTS = 20
CALLS = 20
WEEK_MS = 7 * 24 * 60 * 60 * 1000
_PRODUCTS = 30
_TICKETS = 20
_PROMISES = 20

# Rows of one kind and of one customer (0: the number's own): a customer's, a product's and a ticket's are id, instant
# and record, the others as their makers below say. Records and bodies are values, fresh ones for each look-up.
Found: TypeAlias = Mapping[tuple[str, int], Sequence[Any]]


def everything(connection: Connection, number: Read, now: Instant, call: CallId | None = None) -> Found:
    """The rows as they lie in the database, by kind (customer, product, ticket, contact, promise, call) and customer;
    and `link`: the ticket that `call` is on.

    For who tells them as they are and need no values in between (store.pop); the number must identify somebody.
    """
    assert number.e164 is not None
    given: dict[str, Any] = {
        "tail": numbers.tail(number.e164),
        "number": text.key(number.received),
        "since": now - WEEK_MS,
        "pbx": "" if call is None else text.key(pbx_of(call)),
        "id_of_call": "" if call is None else text.key(call),
    }
    if connection.dialect.name == "sqlite":
        return _in_one_row(connection.connection.driver_connection, given)
    rows = _at_once(connection, "household", given)
    if not any(row.what == "customer" for row in rows):
        rows += _at_once(connection, "stranger", given)
    found: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for whose, what, *row in rows:
        if what in _WITH_JSON:
            row[_BODY] = text.load(row[_BODY])
        found[what, whose].append(row[: _WIDTHS[what]])
    found["customer", 0].sort(key=itemgetter(0))
    return found


def _at_once(connection: Connection, name: str, given: Mapping[str, Any]) -> list[Any]:
    statement = _compiled("postgresql", name)
    return list(connection.exec_driver_sql(statement.sql, statement.filled(given)))


def _in_one_row(raw: Any, given: Mapping[str, Any]) -> Found:
    """Of each customer their own row and then their parts; a caller whom nobody knows has the parts of their number."""
    statement = _compiled("sqlite", "in one row")
    households, calls, links, nobodys = raw.execute(statement.sql, statement.filled(given)).fetchone()
    found: dict[tuple[str, int], list[Any]] = {("call", 0): text.load(calls), ("link", 0): text.load(links)}
    found["customer", 0] = customers = []
    for row, record, *parts in text.load(households):
        customers.append([*row, record])
        found.update(_parts(_OF_CUSTOMER, row[0], parts))
    if not customers:
        found.update(_parts(_DEALT, 0, text.load(nobodys)))
    return found


def _parts(
    kinds: Sequence[str], whose: int, parts: Iterable[list[Any]]
) -> Iterator[tuple[tuple[str, int], list[Any]]]:
    """Rows with JSON come as two: what they are beside it, and it."""
    for what, rows in zip(kinds, parts, strict=True):
        if what not in _WITH_JSON:
            yield (what, whose), rows
            continue
        for row, body in zip(rows[::2], rows[1::2], strict=True):
            row.insert(_BODY, body)
        yield (what, whose), rows[::2]


# --- statements ------------------------------------------------------------------------------------------------------

# One shape for all rows, with columns of many meanings; of those that a part has none of, the last ones are left out.
_COLUMNS = ("id", "at", "body", "seq", "kind", "actor", "through", "said", "until", "made")
_NO_NUMBER, _NO_TEXT = cast(null(), BigInteger), cast(null(), Text)
_NULLS: Mapping[str, ColumnElement[Any]] = {
    name: _NO_NUMBER if name in ("id", "at", "seq", "until", "made") else _NO_TEXT for name in _COLUMNS
}
_DEALT = ("ticket", "contact", "promise")
_OF_CUSTOMER = ("product", *_DEALT)
_WITH_JSON = frozenset({"customer", "product", "ticket", "contact"})  # in their `body`
_BODY = _COLUMNS.index("body")
_WIDTHS = {"customer": 3, "product": 3, "ticket": 3, "contact": 8, "call": 8, "promise": 10, "link": 1}


class _Part(NamedTuple):
    """One kind of rows: what to select, and how. `order` is also that of the index, so a limit ends the work."""

    columns: dict[str, Any]
    where: tuple[ColumnElement[bool], ...]
    order: ColumnElement[Any]
    limit: int

    def narrow(self) -> Select[Any]:
        """The columns from the first to the last one that there is."""
        last = max(map(_COLUMNS.index, self.columns))
        return self._select([{**_NULLS, **self.columns}[name].label(name) for name in _COLUMNS[: last + 1]])

    def in_one(self, what: str) -> ScalarSelect[Any]:
        """All rows as one JSON text; a limit inside keeps their order."""
        rows = self.narrow().subquery()
        return _array(_row(what, rows.c)).select_from(rows).scalar_subquery()

    def wide(self, what: str, whose: ColumnElement[int]) -> Select[Any]:
        """All columns, so that rows of many kinds can be one answer; each part keeps its own order and limit."""
        all_ = {"whose": whose, "what": literal_column(f"'{what}'", Text), **_NULLS, **self.columns}
        inner = self._select([column.label(name) for name, column in all_.items()])
        return select(*inner.subquery().c)

    def _select(self, columns: list[Any]) -> Select[Any]:
        return select(*columns).where(*self.where).order_by(self.order).limit(self.limit)


_NUMBERS = literal_column("0", BigInteger)
_COMMA = literal_column("','", Text)
_TAIL = bindparam("tail", type_=Text)


def _customers() -> _Part:
    """One more than are shown, to know that there are more."""
    number, customer = numbers_table.c, customers_table.c
    where = (number.tail == _TAIL, customer.id == number.customer_id)
    columns = {"id": customer.id, "body": customer.record}
    return _Part(columns, where, number.customer_id, HOUSEHOLD + 1)


def _calls() -> _Part:
    call = calls_table.c
    where = (
        call.caller_number == bindparam("number", type_=Text),
        call.started_at >= bindparam("since", type_=BigInteger),
    )
    columns = {"id": _NUMBERS, "at": call.started_at, "kind": call.outcome, "said": call.call_id}
    return _Part(columns, where, call.started_at.desc(), CALLS)


def _link() -> _Part:
    """The ticket that the call is on."""
    link = call_tickets_table.c
    where = (
        link.pbx == bindparam("pbx", type_=Text),
        link.call_id == bindparam("id_of_call", type_=Text),
    )
    return _Part({"id": link.ticket_id}, where, link.ticket_id, 1)


def _products(customer: ColumnElement[int]) -> _Part:
    product = products_table.c
    columns = {"id": product.id, "body": product.record}
    return _Part(columns, (product.customer_id == customer,), product.id, _PRODUCTS)


def _dealt(column: str, value: ColumnElement[Any]) -> dict[str, _Part]:
    """Open tickets, last contacts and promises, by whose they are: `customer_id` or `tail` is that value."""
    ticket, entry, promise = tickets_table.c, timeline_table.c, promises_table.c
    tickets = {"id": ticket.id, "at": ticket.touched_at, "body": ticket.record}
    contacts = {
        "id": entry.ticket_id,
        "at": entry.at,
        "body": entry.body,
        "seq": entry.seq,
        "kind": entry.kind,
    }
    contacts |= {"actor": entry.actor, "through": entry.through, "said": entry.call_id}
    promises = {"id": promise.id, "at": promise.due_at, "body": promise.why, "seq": promise.ticket_id}
    promises |= {"kind": promise.kind, "actor": promise.number, "until": promise.deadline_at}
    promises |= {"through": promise.status, "made": promise.created_at}
    return {
        "ticket": _Part(tickets, (ticket_open, ticket[column] == value), ticket.touched_at.desc(), _TICKETS),
        "contact": _Part(contacts, (contact, entry[column] == value), entry.at.desc(), CONTACTS),
        "promise": _Part(promises, (promise_open, promise[column] == value), promise.due_at, _PROMISES),
    }


def _household() -> CompoundSelect[Any]:
    """All of a known caller in one statement; LATERAL asks each part for each customer, with its order and limit."""
    who = _customers().wide("customer", _NUMBERS).cte("who")
    whose = literal_column("who.id", BigInteger)
    parts = {"product": _products(whose), **_dealt("customer_id", whose)}
    theirs = union_all(*(part.wide(what, whose) for what, part in parts.items())).lateral("theirs")
    return union_all(
        select(*who.c),
        select(*theirs.c).select_from(who.join(theirs, true())),
        _calls().wide("call", _NUMBERS),
        _link().wide("link", _NUMBERS),
    )


def _stranger() -> CompoundSelect[Any]:
    return union_all(*(part.wide(what, _NUMBERS) for what, part in _dealt("tail", _TAIL).items()))


def _in_one() -> Select[Any]:
    """The same for SQLite: households, calls, links, and what there is with the number where no customer has it.

    What is JSON already is put beside its row as it is: inside, it would be read once more by SQLite.
    """
    who = _customers().narrow().cte("who")
    whose = literal_column("who.id", BigInteger)
    theirs = {"product": _products(whose), **_dealt("customer_id", whose)}
    parts = [part.in_one(what) for what, part in theirs.items()]
    each = _bracketed(_joined(_row("customer", who.c), *parts))
    households = _array(each).select_from(who).scalar_subquery()
    nobodys = _bracketed(_joined(*(part.in_one(what) for what, part in _dealt("tail", _TAIL).items())))
    return select(
        households,
        _calls().in_one("call"),
        _link().in_one("link"),
        case((~select(literal(1)).select_from(who).exists(), nobodys)),
    )


def _row(what: str, columns: Iterable[Any]) -> ColumnElement[str]:
    """A row as a JSON array, what is JSON behind it."""
    names = {"body"} if what in _WITH_JSON else set()
    inside, apart = ([one for one in columns if (one.name in names) == json] for json in (False, True))
    return _joined(func.json_array(*inside), *apart)


def _joined(first: ColumnElement[Any], *rest: ColumnElement[Any]) -> ColumnElement[str]:
    joined: ColumnElement[str] = type_coerce(first, Text)
    for one in rest:
        joined = joined + _COMMA + type_coerce(one, Text)
    return joined


def _bracketed(cells: ColumnElement[str]) -> ColumnElement[str]:
    return literal_column("'['", Text) + cells + literal_column("']'", Text)


def _array(row: ColumnElement[str]) -> Select[Any]:
    return select(_bracketed(func.coalesce(func.group_concat(row, _COMMA), literal_column("''"), type_=Text)))


class Statement(NamedTuple):
    """What the driver is given: the text, the names of the values in their order, and those that never change."""

    sql: str
    names: tuple[str, ...]
    values: Mapping[str, Any]

    @classmethod
    def of(cls, statement: Select[Any] | CompoundSelect[Any], dialect: str) -> Statement:
        """Compiled; keep it, that takes longer than most look-ups."""
        compiled = statement.compile(dialect=_DIALECTS[dialect]())
        return cls(str(compiled), tuple(compiled.positiontup or ()), compiled.params)

    def filled(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values, in the order of their places."""
        return tuple([given[name] if name in given else self.values[name] for name in self.names])


_DIALECTS: Mapping[str, Any] = {"sqlite": sqlite.dialect, "postgresql": postgresql.asyncpg.dialect}


@cache
def _compiled(dialect: str, name: str) -> Statement:
    whole: Mapping[str, Callable[[], Select[Any] | CompoundSelect[Any]]] = {
        "household": _household,
        "stranger": _stranger,
        "in one row": _in_one,
    }
    return Statement.of(whole[name](), dialect)

"""Customers: put down, looked up by id, changed, listed.

In: drafts that were checked (customers.checking), and who changes what. Out: customers. Must not know: HTTP, files, how
somebody looks for a name (finding.py). Each function works inside its caller's transaction.

A customer's row, its numbers backwards and its words in the full-text index always change together, here; `put` is the
one place that writes new ones, for an import also many at once. Erased and merged ones stay as rows, and are found by
id only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from callserver import numbers
from callserver.customers import names
from callserver.customers.checking import Draft
from callserver.customers.record import Customer, CustomerId, customer_from_json
from callserver.errors import Conflict, NotFound, Outdated
from callserver.facts import Actor, Instant, iso
from callserver.store import audit, history, ids, landing, outbox, words
from callserver.store.desk import customer_numbers as numbers_table
from callserver.store.desk import customers as table
from callserver.store.desk import findable
from callserver.store.text import dump, load

SUBJECT = "customer"
MOST = 200  # customers a page
_DRAFTED = tuple(field.name for field in fields(Draft))


def create(connection: Connection, draft: Draft, actor: Actor, now: Instant) -> Customer:
    """A new customer, with the open tickets that their numbers have by now. Raises Conflict where another one has its
    external id."""
    if draft.external_id is not None:
        _refuse_taken(connection, draft.external_id)
    customer = drafted(draft, reserve(connection, 1)[0], actor, now)
    try:
        put(connection, [customer])
    except IntegrityError as error:
        if draft.external_id is None:
            raise
        raise Conflict(f"external_id: another customer got {draft.external_id!r} at this moment") from error
    told = [name for name in _DRAFTED if getattr(draft, name) != getattr(Draft(), name)]
    audit.note(connection, actor, "customer.create", subject(customer.id), {"fields": told}, now)
    tell(connection, customer, told, now)
    landing.adopt(connection, customer, actor, now)
    return customer


def get(connection: Connection, id: int) -> Customer:
    """A customer, also one that was merged or erased. Raises NotFound."""
    row = connection.execute(_GET, {"id": ids.known(id)}).first()
    if row is None:
        raise NotFound(f"there is no customer {id}")
    return _customer(row.record)


def get_many(connection: Connection, wanted: Sequence[int]) -> dict[CustomerId, Customer]:
    """Those of them that there are."""
    if not wanted:
        return {}
    rows = connection.execute(
        select(table.c.record).where(table.c.id.in_([ids.known(one) for one in wanted]))
    )
    found = [_customer(row.record) for row in rows]
    return {customer.id: customer for customer in found}


def by_external_id(connection: Connection, external_id: str) -> Customer | None:
    """The customer that another system knows by this id."""
    row = connection.execute(select(table.c.record).where(table.c.external_id == external_id)).first()
    return None if row is None else _customer(row.record)


def change(
    connection: Connection, id: int, expected: int | None, draft: Draft, actor: Actor, now: Instant
) -> Customer:
    """What the draft says in place of what was there; the version before goes into the history.

    A draft that changes nothing leaves the version as it is. `expected` None: whatever the version is. Raises NotFound,
    Outdated, and Conflict for a customer that was merged or erased, or an external id that is taken.
    """
    before = locked(connection, id)
    require_version(before, expected)
    changes = {name: new for name in _DRAFTED if (new := getattr(draft, name)) != getattr(before, name)}
    if not changes:
        return before
    if (external_id := changes.get("external_id")) is not None:
        _refuse_taken(connection, external_id)
    after = replace(before, **changes, version=before.version + 1, updated_at=now)
    rewrite(connection, before, after, actor, now)
    audit.note(connection, actor, "customer.change", subject(after.id), {"fields": list(changes)}, now)
    tell(connection, after, list(changes), now)
    if tails(after) - tails(before):
        landing.adopt(connection, after, actor, now)
    return after


def locked(connection: Connection, id: int) -> Customer:
    """A customer, ours until this transaction ends. Raises NotFound; Conflict for one that is gone."""
    row = connection.execute(_GET.with_for_update(), {"id": ids.known(id)}).first()
    if row is None:
        raise NotFound(f"there is no customer {id}")
    customer = _customer(row.record)
    if customer.erased_at is not None:
        raise Conflict(f"customer {id} was erased")
    if customer.merged_into is not None:
        raise Conflict(f"customer {id} was merged into customer {customer.merged_into}")
    return customer


def require_version(thing: Any, expected: int | None) -> None:
    """Raises Outdated where the thing is not of the version that somebody's change was made on."""
    if expected is not None and expected != thing.version:
        raise Outdated(f"this is version {thing.version} by now, the change was made on version {expected}")


def rewrite(connection: Connection, before: Customer, after: Customer, actor: Actor, now: Instant) -> None:
    """Put one version in the place of another, everywhere; the caller holds the lock, tells and notes."""
    history.keep(connection, SUBJECT, before.id, before.version, record(before), actor, now)
    values = row(after)
    del values["mark"]
    try:
        connection.execute(update(table).where(table.c.id == after.id), values)
    except IntegrityError as error:
        if after.external_id == before.external_id:
            raise
        raise Conflict(f"external_id: another customer got {after.external_id!r} at this moment") from error
    if gone := _findable_tails(before) - _findable_tails(after):
        here = numbers_table.c
        connection.execute(delete(numbers_table).where(here.customer_id == after.id, here.tail.in_(gone)))
    _put_tails(connection, [(after.id, _findable_tails(after) - _findable_tails(before))])
    words.change(connection, after.id, _findable_words(before), _findable_words(after))


# --- as rows ---------------------------------------------------------------------------------------------------------


def reserve(connection: Connection, count: int) -> list[CustomerId]:
    """Ids that nobody else gets, in order; for `drafted`."""
    return [CustomerId(id) for id in ids.reserve(connection, table, count)]


def drafted(draft: Draft, id: CustomerId, actor: Actor, now: Instant) -> Customer:
    """The first version of a customer."""
    said = {name: getattr(draft, name) for name in _DRAFTED}
    return Customer(
        id=id,
        version=1,
        created_at=now,
        created_by=actor.name,
        created_through=actor.through,
        updated_at=now,
        **said,
    )


def put(connection: Connection, them: Sequence[Customer], marks: Mapping[int, str] | None = None) -> None:
    """New customers with all that belongs to them, in few statements however many they are; no audit, no events.

    `marks`: what an import knows some of them by. Raises IntegrityError for external ids and marks that are taken.
    """
    marks = marks or {}
    connection.execute(insert(table), [row(one, marks.get(one.id)) for one in them])
    _put_tails(connection, [(one.id, _findable_tails(one)) for one in them])
    words.put(connection, [(one.id, _findable_words(one)) for one in them])


def row(customer: Customer, mark: str | None = None) -> dict[str, Any]:
    """The customer's row of the table."""
    name_key = names.key(customer.name)
    return {
        "id": customer.id,
        "version": customer.version,
        "name_key": name_key,
        "initials": names.initials_of_key(name_key),
        "external_id": customer.external_id,
        "mark": mark,
        "vip": customer.vip,
        "findable": is_findable(customer),
        "merged_into": customer.merged_into,
        "updated_at": customer.updated_at,
        "record": record(customer),
    }


def record(customer: Customer) -> str:
    """The customer's JSON, as it is kept."""
    return dump(customer)


def tails(customer: Customer) -> set[str]:
    """Its numbers backwards."""
    return {numbers.tail(one.e164) for one in customer.numbers if one.e164 is not None}


def words_of(customer: Customer) -> tuple[str, ...]:
    """Its words for the full-text index: of its name and its addresses."""
    name, *there = texts(customer)
    return names.words(name, there)


def texts(customer: Customer) -> list[str]:
    """What full-text search looks through: the name, then what the addresses say."""
    said = (text for one in customer.addresses for text in (one.city, one.area, one.line, one.postcode))
    return [customer.name, *filter(None, said)]


def is_findable(customer: Customer) -> bool:
    """Whether searches find it: not merged, not erased."""
    return customer.merged_into is None and customer.erased_at is None


def subject(id: int) -> str:
    """How the audit and events call a customer."""
    return f"{SUBJECT}:{id}"


def _findable_tails(customer: Customer) -> set[str]:
    return tails(customer) if is_findable(customer) else set()


def _findable_words(customer: Customer) -> tuple[str, ...]:
    return words_of(customer) if is_findable(customer) else ()


def _put_tails(connection: Connection, them: Iterable[tuple[int, set[str]]]) -> None:
    rows = [{"tail": tail, "customer_id": id} for id, tails in them for tail in sorted(tails)]
    if rows:
        connection.execute(insert(numbers_table), rows)


def _customer(record: str) -> Customer:
    return customer_from_json(load(record))


def _refuse_taken(connection: Connection, external_id: str) -> None:
    taken = connection.execute(select(table.c.id).where(table.c.external_id == external_id)).scalar()
    if taken is not None:
        raise Conflict(f"external_id: customer {taken} has {external_id!r} already")


def tell(
    connection: Connection, customer: Customer, changed: Sequence[str], now: Instant, *, occasion: str = ""
) -> None:
    """Others hear which fields changed, not what is in them: they may ask, with rights of their own.

    `occasion`: for what makes no new version of the customer; with it, one version can be told more than once.
    """
    body = {
        "customer": customer.id,
        "version": customer.version,
        "external_id": customer.external_id,
        "fields": list(changed),
        "at": iso(now),
    }
    happened = outbox.Event(
        type="callserver.customer.changed",
        key=":".join(filter(None, (subject(customer.id), f"v{customer.version}", occasion))),
        subject=subject(customer.id),
        at=now,
        body=body,
    )
    outbox.tell(connection, happened)


_GET = select(table.c.record).where(table.c.id == bindparam("id"))

# --- lists -----------------------------------------------------------------------------------------------------------

Order = Literal["updated", "name", "id"]
_ORDERS: dict[Order, Any] = {"updated": table.c.updated_at, "name": table.c.name_key, "id": table.c.id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Behind which customer a page begins: its value in the order of the list, and its id."""

    value: int | str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some customers, and where the next ones begin; None: there are no more."""

    customers: tuple[Customer, ...]
    next: Place | None


def page(
    connection: Connection,
    order: Order = "updated",
    *,
    after: Place | None = None,
    limit: int = 50,
    updated_since: Instant | None = None,
) -> Page:
    """Customers in an order, upwards; those that were merged or erased only in the order `updated`.

    Who follows `updated` sees every change, as long as clocks agree: what a transaction under way will commit may have
    an instant before the last one seen, so begin again a minute before it.
    """
    column = _ORDERS[order]
    limit = min(limit, MOST)
    wanted = (
        select(table.c.record, table.c.id, column.label("value"))
        .order_by(column, table.c.id)
        .limit(limit + 1)
    )
    if order != "updated":
        wanted = wanted.where(findable)
    if updated_since is not None:
        wanted = wanted.where(table.c.updated_at >= updated_since)
    rows = connection.execute(_behind(wanted, column, after)).all()
    shown = rows[:limit]
    more = Place(value=shown[-1].value, id=shown[-1].id) if len(rows) > limit else None
    return Page(customers=tuple(_customer(one.record) for one in shown), next=more)


def _behind(wanted: Select[Any], column: Any, after: Place | None) -> Select[Any]:
    """A row of values, compared as one: both databases walk the index from there."""
    if after is None:
        return wanted
    return wanted.where(tuple_(column, table.c.id) > tuple_(after.value, after.id))


def count(connection: Connection) -> int:
    """How many can be found."""
    return int(connection.execute(select(func.count()).select_from(table).where(findable)).scalar_one())

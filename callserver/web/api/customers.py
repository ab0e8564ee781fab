"""The API of customers: listed, read, put down, changed, and what they were before.

In: what is asked for and given. Out: customers as the asker may see them. Must not know: how they are kept; what makes
a value right (customers.checking).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct

from callserver.customers import checking
from callserver.customers.checking import LENGTHS, MOST
from callserver.customers.record import Customer, NumberKind, customer_from_json
from callserver.store import customers
from callserver.store.customers import SUBJECT, Order, Place, subject
from callserver.store.engine import Connection
from callserver.web.api import showing, versions
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.problems import wrong_query
from callserver.web.api.shapes import (
    LIMIT,
    Cursor,
    Given,
    Moment,
    NextCursor,
    Since,
    at,
    cursor,
    place,
)
from callserver.web.api.versions import Before, HistoryQuery

api = Operations(
    "customers", "Persons and households: their numbers, addresses, and what to know about them."
)

HIDDEN = frozenset({"numbers", "addresses", "notes", "caution"})
"""What is masked without `personal:read`, and so cannot be changed without it."""


def _text(name: str, about: str, *examples: str) -> Meta:
    return Meta(max_length=LENGTHS[name], description=about, examples=list(examples) or None)


Note = Annotated[str, _text("note", "Anything worth knowing about it.")]
Name = Annotated[str, _text("name", "As one would say it.", "王芳")]
Received = Annotated[
    str, Meta(min_length=1, max_length=LENGTHS["received"], description="As somebody wrote it.")
]


# --- what is told ----------------------------------------------------------------------------------------------------


class NumberShown(Struct, frozen=True, kw_only=True):
    """A telephone number. `e164` is null where it is none that can be dialed."""

    received: str
    e164: str | None
    extension: str | None
    kind: NumberKind
    note: str
    do_not_call: bool


class AddressShown(Struct, frozen=True, kw_only=True):
    """Where a customer, or something of theirs, is."""

    line: str
    area: str
    city: str
    postcode: str
    country: str
    note: str


class CustomerShown(Struct, frozen=True, kw_only=True):
    """A person or a household.

    `merged_into`: this is part of that one now. `erased_at`: only that there was somebody is left.
    """

    id: int
    version: int
    name: str
    numbers: list[NumberShown]
    addresses: list[AddressShown]
    language: Annotated[str | None, Meta(description="BCP 47, such as zh-CN.")]
    zone: Annotated[str | None, Meta(description="IANA time zone.")]
    vip: bool
    caution: Annotated[str, Meta(description="Why to be careful; empty for nearly everybody.")]
    external_id: Annotated[str | None, Meta(description="How another system calls them.")]
    notes: str
    do_not_call: bool
    created_at: Moment
    created_by: str
    created_through: str
    updated_at: Moment
    merged_into: int | None
    erased_at: Moment | None


class Customers(Struct, frozen=True, kw_only=True):
    """A page of customers."""

    customers: list[CustomerShown]
    cursor: NextCursor


class CustomerBefore(Before, frozen=True, kw_only=True):
    """An earlier version, and who replaced it when and through what."""

    customer: CustomerShown


class CustomerHistory(Struct, frozen=True, kw_only=True):
    """Earlier versions, newest first."""

    versions: list[CustomerBefore]
    cursor: NextCursor


# --- what is given ---------------------------------------------------------------------------------------------------


class NumberGiven(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number; `e164` and `extension` are ours to find out and are not looked at."""

    received: Received
    kind: NumberKind | None = None
    note: Note | None = None
    do_not_call: bool | None = None
    e164: str | None = None
    extension: str | None = None


class AddressGiven(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address: a line, or at least an area, a city or a postcode."""

    line: Annotated[str, _text("line", "Street, house, door.")] | None = None
    area: Annotated[str, _text("area", "Part of the city.", "崂山区")] | None = None
    city: Annotated[str, _text("city", "Town.", "青岛")] | None = None
    postcode: Annotated[str, _text("postcode", "Postcode.")] | None = None
    country: Annotated[str, _text("country", "Country.")] | None = None
    note: Note | None = None


class CustomerGiven(Struct, frozen=True, kw_only=True):
    """What is said of a customer; null and what is not there are nothing. In the end there is a name or a number."""

    name: Given[Name] = UNSET
    numbers: Given[Annotated[list[NumberGiven], Meta(max_length=MOST)]] = UNSET
    addresses: Given[Annotated[list[AddressGiven], Meta(max_length=MOST)]] = UNSET
    language: Given[Annotated[str, Meta(max_length=35, description="BCP 47.", examples=["zh-CN"])]] = UNSET
    zone: Given[Annotated[str, Meta(max_length=60, description="IANA.", examples=["Asia/Shanghai"])]] = UNSET
    vip: Given[bool] = UNSET
    caution: Given[Annotated[str, _text("caution", "Why to be careful.")]] = UNSET
    external_id: Given[Annotated[str, _text("external_id", "How you call them.", "C-1001")]] = UNSET
    notes: Given[Annotated[str, _text("notes", "Anything.")]] = UNSET
    do_not_call: Given[bool] = UNSET


class CustomersQuery(Struct, frozen=True, kw_only=True):
    external_id: Annotated[str, _text("external_id", "The one that you call so.")] | None = None
    order: Annotated[
        Literal["updated", "name", "id"],
        Meta(description="Upwards. In the order `updated` merged and erased ones are there too."),
    ] = "updated"
    updated_since: Since | None = None
    limit: Annotated[int, Meta(ge=1, le=customers.MOST, description="At most so many on a page.")] = LIMIT
    cursor: Cursor | None = None


# --- operations ------------------------------------------------------------------------------------------------------


@api("GET", "/customers", scope="customers:read", long=True)
def list_customers(connection: Connection, asked: Asked, query: CustomersQuery) -> Done[Customers]:
    """Go through all customers.

    Who follows the changes asks in the order `updated`, remembers the last `updated_at`, and begins again a minute
    before it with `updated_since`.
    """
    if query.external_id is not None:
        found = customers.by_external_id(connection, query.external_id)
        return _page([found] if found else [], None, asked)
    page = customers.page(
        connection,
        query.order,
        after=_place(query),
        limit=query.limit,
        updated_since=at(query.updated_since),
    )
    end = cursor([query.order, page.next.value, page.next.id]) if page.next else None
    return _page(page.customers, end, asked)


@api("POST", "/customers", scope="customers:write", status=201, versioned=True, errors=(409,))
def create_customer(connection: Connection, asked: Asked, body: CustomerGiven) -> Done[CustomerShown]:
    """Put down a new customer."""
    draft = checking.customer(showing.values(body), asked.site.plan)
    return _done(customers.create(connection, draft, asked.actor, asked.now), asked, made=True)


@api("GET", "/customers/{id}", scope="customers:read", versioned=True)
def read_customer(connection: Connection, asked: Asked, id: Id) -> Done[CustomerShown]:
    """One customer by its number; also one that was merged into another, or erased."""
    return _done(customers.get(connection, id), asked)


@api("PATCH", "/customers/{id}", scope="customers:write", versioned=True)
def change_customer(connection: Connection, asked: Asked, id: Id, body: CustomerGiven) -> Done[CustomerShown]:
    """Change some fields of a customer (JSON merge patch); lists are given whole."""
    given = showing.values(body)
    showing.must_see(asked, given, HIDDEN)
    draft = checking.changed(customers.get(connection, id), given, asked.site.plan)
    return _done(customers.change(connection, id, asked.expected, draft, asked.actor, asked.now), asked)


@api("GET", "/customers/{id}/history", scope="customers:read")
def read_customer_history(
    connection: Connection, asked: Asked, id: Id, query: HistoryQuery
) -> Done[CustomerHistory]:
    """What a customer was before each change, newest first."""
    customers.get(connection, id)
    before, end = versions.page(connection, SUBJECT, id, query)
    told = [
        CustomerBefore(**versions.replaced(one), customer=shown(customer_from_json(one.record), asked))
        for one in before
    ]
    return Done(CustomerHistory(versions=told, cursor=end), seen=(subject(id),))


# --- how they are told -----------------------------------------------------------------------------------------------


def shown(customer: Customer, asked: Asked) -> CustomerShown:
    """A customer as this asker may see it."""
    return showing.shown(CustomerShown, "customer", customer, asked)


def _done(customer: Customer, asked: Asked, *, made: bool = False) -> Done[CustomerShown]:
    return Done(
        shown(customer, asked),
        version=customer.version,
        location=f"/customers/{customer.id}" if made else None,
        seen=(subject(customer.id),),
    )


def _page(found: Any, end: str | None, asked: Asked) -> Done[Customers]:
    body = Customers(customers=[shown(one, asked) for one in found], cursor=end)
    return Done(body, seen=tuple(subject(one.id) for one in found))


def _place(query: CustomersQuery) -> Place | None:
    kinds: dict[Order, type[Any]] = {"updated": int, "name": str, "id": int}
    behind = place(query.cursor, str, kinds[query.order], int)
    if behind is None:
        return None
    if behind[0] != query.order:
        raise wrong_query("cursor", "belongs to another order")
    return Place(value=behind[1], id=behind[2])

"""The API of products: the appliances that customers own.

In: what is asked for and given. Out: products as the asker may see them. Must not know: how they are kept, how long a
warranty is.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct

from callserver.customers import checking
from callserver.customers.checking import LENGTHS
from callserver.customers.record import Product, product_from_json
from callserver.store import categories, customers, products
from callserver.store.engine import Connection
from callserver.store.products import SUBJECT, subject
from callserver.web.api import showing, versions
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.shapes import Day, Given, Moment, NextCursor
from callserver.web.api.versions import Before, HistoryQuery

api = Operations("products", "Appliances: what a customer owns, since when, and how long its warranty runs.")

HIDDEN = frozenset({"serial", "notes"})
"""What is masked without `personal:read`, and so cannot be changed without it."""


def _text(name: str, about: str, *examples: str) -> Meta:
    return Meta(max_length=LENGTHS[name], description=about, examples=list(examples) or None)


class ProductShown(Struct, frozen=True, kw_only=True):
    """An appliance.

    `warranty_until`: the last day of the warranty, null where nobody knows. `warranty_said`: somebody said that day;
    else the rule of its category says it, and it follows the rule.
    """

    id: int
    customer: int
    version: int
    category: str
    model: str
    serial: str | None
    bought_on: Day | None
    seller: str
    warranty_until: Day | None
    warranty_said: bool
    notes: str
    created_at: Moment
    updated_at: Moment


class Products(Struct, frozen=True, kw_only=True):
    """All products of a customer, by number."""

    products: list[ProductShown]


class ProductBefore(Before, frozen=True, kw_only=True):
    """An earlier version, and who replaced it when and through what."""

    product: ProductShown


class ProductHistory(Struct, frozen=True, kw_only=True):
    """Earlier versions, newest first."""

    versions: list[ProductBefore]
    cursor: NextCursor


class ProductGiven(Struct, frozen=True, kw_only=True):
    """What is said of a product; null and what is not there are nothing. A category must be there in the end.

    Without a `warranty_until` the rule of its category says it, from `bought_on`.
    """

    category: Given[Annotated[str, _text("category", "What it is.", "washing_machine")]] = UNSET
    model: Given[Annotated[str, _text("model", "As on its plate.", "XQG100-14")]] = UNSET
    serial: Given[Annotated[str, _text("serial", "As on its plate.")]] = UNSET
    bought_on: Given[Day] = UNSET
    seller: Given[Annotated[str, _text("seller", "Where it was bought.")]] = UNSET
    warranty_until: Given[Day] = UNSET
    notes: Given[Annotated[str, _text("notes", "Anything.")]] = UNSET


@api("GET", "/customers/{id}/products", scope="customers:read")
def list_products(connection: Connection, asked: Asked, id: Id) -> Done[Products]:
    """All products of a customer."""
    customers.get(connection, id)
    found = [shown(one, asked) for one in products.of_customers(connection, [id])]
    return Done(Products(products=found), seen=(customers.subject(id),))


@api("POST", "/customers/{id}/products", scope="customers:write", status=201, versioned=True, errors=(409,))
def create_product(connection: Connection, asked: Asked, id: Id, body: ProductGiven) -> Done[ProductShown]:
    """Put down a product of a customer."""
    draft = checking.product(showing.values(body), categories.rules(connection))
    return _done(products.create(connection, id, draft, asked.actor, asked.now), asked, made=True)


@api("GET", "/products/{id}", scope="customers:read", versioned=True)
def read_product(connection: Connection, asked: Asked, id: Id) -> Done[ProductShown]:
    """One product by its number."""
    return _done(products.get(connection, id), asked)


@api("PATCH", "/products/{id}", scope="customers:write", versioned=True)
def change_product(connection: Connection, asked: Asked, id: Id, body: ProductGiven) -> Done[ProductShown]:
    """Change some fields of a product (JSON merge patch)."""
    given = showing.values(body)
    showing.must_see(asked, given, HIDDEN)
    rules = categories.rules(connection)
    draft = checking.product_changed(products.get(connection, id), given, rules)
    return _done(products.change(connection, id, asked.expected, draft, asked.actor, asked.now), asked)


@api("DELETE", "/products/{id}", scope="customers:write", status=204)
def remove_product(connection: Connection, asked: Asked, id: Id) -> Done[None]:
    """Take back a product that was never there; its last version stays in its history."""
    products.remove(connection, id, asked.expected, asked.actor, asked.now)
    return Done(None)


@api("GET", "/products/{id}/history", scope="customers:read")
def read_product_history(
    connection: Connection, asked: Asked, id: Id, query: HistoryQuery
) -> Done[ProductHistory]:
    """What a product was before each change, newest first; also of one that was taken back."""
    before, end = versions.page(connection, SUBJECT, id, query)
    if not before and query.cursor is None:
        products.get(connection, id)  # there is one, or it is not found
    told = [
        ProductBefore(**versions.replaced(one), product=shown(product_from_json(one.record), asked))
        for one in before
    ]
    return Done(ProductHistory(versions=told, cursor=end), seen=(subject(id),))


def shown(product: Product, asked: Asked) -> ProductShown:
    """A product as this asker may see it."""
    return showing.shown(ProductShown, "product", product, asked)


def _done(product: Product, asked: Asked, *, made: bool = False) -> Done[ProductShown]:
    return Done(
        shown(product, asked),
        version=product.version,
        location=f"/products/{product.id}" if made else None,
        seen=(subject(product.id), customers.subject(product.customer)),
    )

"""All customers with their products, page by page, for whoever writes them into a file.

In: which ones are wanted, behind which id. Out: a page. Must not know: files. Each page is a look of its own: no reader
holds a transaction open while a slow disk writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection, exists, select

from callserver.customers import names, warranty
from callserver.customers.record import Customer, Product, customer_from_json
from callserver.facts import Instant
from callserver.store import categories, products
from callserver.store.desk import customers as table
from callserver.store.desk import findable
from callserver.store.desk import products as products_table
from callserver.store.text import load

PAGE = 1_000

Owner: TypeAlias = tuple[Customer, Sequence[Product]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which customers: with an address in this area or city, changed since then, with a product of this category,
    by any of its names.
    """

    area: str | None = None
    updated_since: Instant | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some customers with their products; `next` is the id behind which the next page begins, None at the end.

    `seen`: so many were looked at, wanted or not.
    """

    owners: tuple[Owner, ...]
    seen: int
    next: int | None


def page(connection: Connection, where: Where, after: int = 0) -> Page:
    """The customers above an id that are wanted; those that were merged or erased are not."""
    wanted = select(table.c.id, table.c.record).where(findable, table.c.id > after).order_by(table.c.id)
    if where.updated_since is not None:
        wanted = wanted.where(table.c.updated_at >= where.updated_since)
    if where.category is not None:
        category = warranty.category(where.category, categories.rules(connection))
        of_category = products_table.c.category == category
        wanted = wanted.where(exists().where(products_table.c.customer_id == table.c.id, of_category))
    rows = connection.execute(wanted.limit(PAGE)).all()
    found = [customer_from_json(load(row.record)) for row in rows]
    if where.area is not None:
        found = [customer for customer in found if is_in(customer, where.area)]
    owned: dict[int, list[Product]] = {}
    for product in products.of_customers(connection, [customer.id for customer in found]) if found else ():
        owned.setdefault(product.customer, []).append(product)
    return Page(
        owners=tuple((customer, owned.get(customer.id, [])) for customer in found),
        seen=len(rows),
        next=rows[-1].id if len(rows) == PAGE else None,
    )


def is_in(customer: Customer, area: str) -> bool:
    """Whether one of its addresses is in this area or city."""
    wanted = names.key(area)
    return any(wanted in (names.key(one.area), names.key(one.city)) for one in customer.addresses)

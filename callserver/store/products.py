"""Products of customers: put down, changed, handed on.

In: drafts that were checked (customers.checking), and who changes what. Out: products. Must not know: HTTP, files. Each
function works inside its caller's transaction. A product of a customer that was merged belongs to the one it was
merged into. What is read has the end of its warranty by the rules of this moment, unless somebody said another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from callserver.customers import names, warranty
from callserver.customers.checking import ProductDraft
from callserver.customers.record import CustomerId, Product, ProductId, product_from_json
from callserver.customers.warranty import DEFAULTS
from callserver.errors import NotFound
from callserver.facts import Actor, Instant, iso
from callserver.store import audit, categories, customers, history, ids, outbox
from callserver.store.desk import products as table
from callserver.store.text import dump, load

SUBJECT = "product"
_DRAFTED = tuple(field.name for field in fields(ProductDraft))


def create(connection: Connection, customer: int, draft: ProductDraft, actor: Actor, now: Instant) -> Product:
    """A new product of a customer. Raises NotFound, and Conflict for a customer that was merged or erased."""
    owner = customers.locked(connection, customer)
    product = drafted(draft, reserve(connection, 1)[0], owner.id, now)
    put(connection, [product])
    _told(connection, product, "product.create", _DRAFTED, actor, now)
    return product


def get(connection: Connection, id: int) -> Product:
    """A product. Raises NotFound."""
    found = connection.execute(_GET, {"id": ids.known(id)}).scalar()
    if found is None:
        raise NotFound(f"there is no product {id}")
    return _by_now(connection, found)


def of_customers(connection: Connection, wanted: Sequence[int]) -> list[Product]:
    """Products of these customers, in the order of their ids."""
    here = table.c.customer_id.in_([ids.known(one) for one in wanted])
    rows = connection.execute(select(table.c.record).where(here).order_by(table.c.id))
    found = [product_from_json(load(one)) for one in rows.scalars()]
    rules = categories.rules(connection) if found else DEFAULTS
    return [warranty.ends(one, rules) for one in found]


def change(
    connection: Connection, id: int, expected: int | None, draft: ProductDraft, actor: Actor, now: Instant
) -> Product:
    """What the draft says in place of what was there; see customers.change. Raises NotFound, Outdated, Conflict."""
    before = locked(connection, id)
    customers.require_version(before, expected)
    customers.locked(connection, before.customer)
    changes = {name: new for name in _DRAFTED if (new := getattr(draft, name)) != getattr(before, name)}
    if not changes:
        return before
    after = replace(before, **changes, version=before.version + 1, updated_at=now)
    rewrite(connection, before, after, actor, now)
    _told(connection, after, "product.change", list(changes), actor, now)
    return after


def remove(connection: Connection, id: int, expected: int | None, actor: Actor, now: Instant) -> None:
    """The product was never there: a mistake is taken back; its last version stays in the history.

    Raises NotFound, Outdated.
    """
    before = locked(connection, id)
    customers.require_version(before, expected)
    _keep(connection, before, actor, now)
    connection.execute(delete(table).where(table.c.id == before.id))
    after = replace(before, version=before.version + 1)
    _told(connection, after, "product.remove", (), actor, now)


def locked(connection: Connection, id: int) -> Product:
    """A product, ours until this transaction ends. Raises NotFound."""
    found = connection.execute(_GET.with_for_update(), {"id": ids.known(id)}).scalar()
    if found is None:
        raise NotFound(f"there is no product {id}")
    return _by_now(connection, found)


def rewrite(connection: Connection, before: Product, after: Product, actor: Actor, now: Instant) -> None:
    """Put one version in the place of another; the caller holds the lock, tells and notes."""
    _keep(connection, before, actor, now)
    connection.execute(update(table).where(table.c.id == after.id), row(after))


def _keep(connection: Connection, before: Product, actor: Actor, now: Instant) -> None:
    kept = record(before)
    history.keep(connection, SUBJECT, before.id, before.version, kept, actor, now, customer=before.customer)


def _by_now(connection: Connection, record: str) -> Product:
    """With the end of its warranty by the rules that are in force."""
    return warranty.ends(product_from_json(load(record)), categories.rules(connection))


# --- as rows ---------------------------------------------------------------------------------------------------------


def reserve(connection: Connection, count: int) -> list[ProductId]:
    """Ids that nobody else gets, in order; for `drafted`."""
    return [ProductId(id) for id in ids.reserve(connection, table, count)]


def drafted(draft: ProductDraft, id: ProductId, customer: CustomerId, now: Instant) -> Product:
    """The first version of a product."""
    said = {name: getattr(draft, name) for name in _DRAFTED}
    return Product(id=id, customer=customer, version=1, created_at=now, updated_at=now, **said)


def put(connection: Connection, them: Sequence[Product]) -> None:
    """New products, in one statement however many they are; no audit, no events."""
    if them:
        connection.execute(insert(table), [row(one) for one in them])


def row(product: Product) -> Mapping[str, Any]:
    """The product's row of the table."""
    return {
        "id": product.id,
        "version": product.version,
        "customer_id": product.customer,
        "category": product.category,
        "model_key": names.key(product.model),
        "serial_key": names.serial(product.serial or "") or None,
        "updated_at": product.updated_at,
        "record": record(product),
    }


def record(product: Product) -> str:
    """The product's JSON, as it is kept."""
    return dump(product)


def subject(id: int) -> str:
    """How the audit calls a product."""
    return f"{SUBJECT}:{id}"


def _told(
    connection: Connection,
    product: Product,
    action: str,
    changed: Sequence[str],
    actor: Actor,
    now: Instant,
) -> None:
    """Note it, and let others hear that something of the customer changed."""
    owner = customers.subject(product.customer)
    detail = {"customer": product.customer, "fields": list(changed)}
    audit.note(connection, actor, action, subject(product.id), detail, now)
    happened = outbox.Event(
        type="callserver.customer.changed",
        key=f"{subject(product.id)}:v{product.version}",
        subject=owner,
        at=now,
        body={"customer": product.customer, "product": product.id, "fields": ["products"], "at": iso(now)},
    )
    outbox.tell(connection, happened)


_GET = select(table.c.record).where(table.c.id == bindparam("id"))

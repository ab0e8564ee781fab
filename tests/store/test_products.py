"""Products of customers in the database."""

import pytest

from callserver.customers import checking
from callserver.customers.record import Product
from callserver.errors import Conflict, NotFound, Outdated
from callserver.store import customers, history, merging, products
from callserver.store.engine import Store
from tests.store.test_customers import LI, NOW, created


async def bought(store: Store, customer: int, **values: object) -> Product:
    draft = checking.product({"category": "洗衣机", **values})
    return await store.write(lambda c: products.create(c, customer, draft, LI, NOW))


async def test_a_product_is_its_customers(store: Store) -> None:
    customer = await created(store)
    product = await bought(store, customer.id, serial="AB-12", bought_on="2024-02-29")
    assert (product.category, product.warranty_until) == ("washing_machine", "2027-02-28")
    assert await store.read(lambda c: products.get(c, product.id)) == product
    assert await store.read(lambda c: products.of_customers(c, [customer.id, 99])) == [product]


async def test_a_change_keeps_the_version_before(store: Store) -> None:
    product = await bought(store, (await created(store)).id)
    draft = checking.product_changed(product, {"bought_on": "2026-01-31"})
    changed = await store.write(lambda c: products.change(c, product.id, 1, draft, LI, NOW + 1))
    assert (changed.version, changed.warranty_until) == (2, "2029-01-31")
    (before,) = await store.read(lambda c: history.page(c, "product", product.id))
    assert (before.version, before.record["bought_on"]) == (1, None)


async def test_nobody_overwrites_what_they_have_not_seen(store: Store) -> None:
    product = await bought(store, (await created(store)).id)
    draft = checking.product_changed(product, {"seller": "Suning"})
    await store.write(lambda c: products.change(c, product.id, 1, draft, LI, NOW))
    other = checking.product_changed(product, {"seller": "Gome"})
    with pytest.raises(Outdated, match="version 2 by now"):
        await store.write(lambda c: products.change(c, product.id, 1, other, LI, NOW))
    with pytest.raises(Outdated):
        await store.write(lambda c: products.remove(c, product.id, 1, LI, NOW))


async def test_a_product_put_down_by_mistake_is_removed_and_stays_in_the_history(store: Store) -> None:
    product = await bought(store, (await created(store)).id)
    await store.write(lambda c: products.remove(c, product.id, 1, LI, NOW))
    with pytest.raises(NotFound):
        await store.read(lambda c: products.get(c, product.id))
    (before,) = await store.read(lambda c: history.page(c, "product", product.id))
    assert before.record["category"] == "washing_machine"


async def test_a_customer_that_is_not_there_gets_no_product(store: Store) -> None:
    with pytest.raises(NotFound):
        await bought(store, 4711)


async def test_a_customer_that_was_merged_gets_no_product(store: Store) -> None:
    one, other = await created(store), await created(store)
    await store.write(lambda c: merging.merge(c, one.id, other.id, LI, NOW))
    with pytest.raises(Conflict, match=f"merged into customer {one.id}"):
        await bought(store, other.id)
    assert (await store.read(lambda c: customers.get(c, other.id))).merged_into == one.id

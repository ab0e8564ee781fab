"""Lists that come again: who is there already, and of whom nothing new is said."""

import pytest

from callserver.customers import checking
from callserver.customers.listed import Plain
from callserver.sheets.table import Row
from callserver.store import customers, importing, merging, products, recognised
from callserver.store.importing import Counts
from tests.store.test_importing import AGENT, CLERK, HEADINGS, LIST, PLAN, WANG, land, of_id

LI = {"external_id": "C2", "name": "李娜", "phone": "13900139000"}
NOBODYS = {"name": "周涛", "phone": "13700137000", "category": "冰箱", "model": "BCD"}


def plain(*rows) -> Plain:
    found, others = CLERK.batch(
        [Row(line, [said.get(heading, "") for heading in HEADINGS]) for line, said in enumerate(rows, 2)]
    )
    assert found is not None and not others
    return found


async def put(store, listed: Plain, change="all", now=1_000) -> importing.Landed:
    landed: importing.Landed = await store.write(
        lambda connection: importing.land(connection, (), change, LIST, now, listed)
    )
    return landed


async def unchanged(store, listed: Plain) -> set[int]:
    found: set[int] = await store.read(lambda connection: recognised.unchanged(connection, listed))
    return found


async def test_columns_are_written_as_entries_are(store):
    """But for ids; that entries are written as others write customers is tested in test_importing."""

    def content(connection):
        drafts = [checking.draft_of(one) for one in customers.get_many(connection, range(100)).values()]
        owned = products.of_customers(connection, range(100))
        return drafts, [(one.category, one.model, one.serial, one.warranty_until) for one in owned]

    listed = plain(WANG, LI, NOBODYS)
    assert (await put(store, listed)).counts == Counts(new=3)
    columns = await store.read(content)
    for table in ("products", "customer_numbers", "customers"):
        await store.write(lambda connection, table=table: connection.exec_driver_sql(f"DELETE FROM {table}"))
    assert (await land(store, *listed.entries())).counts == Counts(new=3)
    assert await store.read(content) == columns


async def test_the_same_again_is_seen_at_a_glance(store):
    listed = plain(WANG, LI, NOBODYS)
    assert not await store.read(lambda connection: recognised.anybody(connection, listed))
    await put(store, listed)
    assert await store.read(lambda connection: recognised.anybody(connection, listed))
    assert await unchanged(store, listed) == {0, 1, 2}
    assert (await put(store, listed)).counts == Counts(same=3)


@pytest.mark.parametrize(
    "other",
    [{"name": "王大伟"}, {"notes": "x"}, {"serial": "SN-2"}, {"model": "other"}, {"phone": "13100131000"}],
)
async def test_what_is_new_is_not_taken_for_the_same(store, other):
    await put(store, plain(WANG, LI))
    again = plain({**WANG, **other}, LI)
    assert await unchanged(store, again) == {1}
    assert (await put(store, again, now=2_000)).counts == Counts(changed=1, same=1)


async def test_who_was_merged_is_looked_at_closely(store):
    await put(store, plain(WANG, LI))
    (into, _), (other, _) = await of_id(store, "C1"), await of_id(store, "C2")
    await store.write(lambda connection: merging.merge(connection, into.id, other.id, AGENT, 2_000))
    assert 1 not in await unchanged(store, plain(WANG, LI))


async def test_a_second_product_with_a_number_of_its_own_does_not_matter(store):
    await put(store, plain(WANG))
    customer, [product] = await of_id(store, "C1")
    washer = checking.product({"category": "washer", "serial": "SN-9"})
    await store.write(lambda connection: products.create(connection, customer.id, washer, AGENT, 1_500))
    assert await unchanged(store, plain(WANG)) == {0}
    twin = checking.product({"category": "washer", "serial": product.serial})
    await store.write(lambda connection: products.create(connection, customer.id, twin, AGENT, 1_600))
    assert await unchanged(store, plain(WANG)) == set()


async def test_who_was_there_before_any_list_is_known_by_name_and_number(store):
    draft = checking.customer({"name": "周涛", "numbers": ["+86 137 0013 7000"]}, PLAN)
    await store.write(lambda connection: customers.create(connection, draft, AGENT, 1))
    assert (await put(store, plain(LI, {"name": "周涛", "phone": "13700137000"}))).counts == Counts(
        new=1, same=1
    )

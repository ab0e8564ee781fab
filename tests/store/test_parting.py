"""A customer who is two: what goes to somebody else, who hears of it, and how it comes back."""

from __future__ import annotations

import pytest

from callserver.customers.merging import Going
from callserver.customers.record import Customer
from callserver.errors import BadValue, Conflict, Outdated
from callserver.store import customers, parting, products, tickets
from callserver.store.engine import Store
from callserver.store.parting import Gone, TakenBack
from callserver.store.text import load
from tests.store.test_customers import LI, NOW, created
from tests.store.test_merging import HOUR, opened, owner, who_has
from tests.store.test_outbox import listening, rows
from tests.store.test_products import bought


def numbers(customer: Customer) -> list[str]:
    return [one.received for one in customer.numbers]


async def heard(store: Store) -> list[int]:
    """Of whom webhooks are told that something changed."""
    return [load(row.body)["customer"] for row in await rows(store)]


async def taken_back(store: Store, id: int, gone: Gone, now: int = NOW) -> TakenBack:
    return await store.write(lambda c: parting.take_back(c, id, None, gone, LI, now))


async def test_one_customer_becomes_two(store: Store) -> None:
    one = await created(store, numbers=["13800138000", "13900139000"], addresses=["香港中路1号"])
    product, other = await bought(store, one.id), await bought(store, one.id)
    ticket = await opened(store, one.id)
    going = Going(numbers=(1,), products=(product.id,), tickets=(ticket.id,))
    rest, new = await store.write(lambda c: parting.split(c, one.id, 1, going, "王大明", LI, NOW))
    assert [number.received for number in rest.numbers] == ["13800138000"]
    assert ([number.received for number in new.numbers], new.name) == (["13900139000"], "王大明")
    assert await owner(store, products, product.id) == new.id
    assert await owner(store, products, other.id) == one.id
    assert await owner(store, tickets, ticket.id) == new.id


async def test_only_what_is_the_customers_goes_to_a_new_one(store: Store) -> None:
    one, two = await created(store, numbers=["13800138000"]), await created(store)
    product = await bought(store, two.id)
    for going, field in (
        (Going(numbers=(1,)), r"numbers\[1\]"),
        (Going(addresses=(-1,)), r"addresses\[-1\]"),
        (Going(products=(product.id,)), "products"),
        (Going(tickets=(1,)), "tickets"),
        (Going(), "nothing"),
    ):
        with pytest.raises(BadValue, match=field):
            await store.write(lambda c, going=going: parting.split(c, one.id, 1, going, "Wang", LI, NOW))  # type: ignore[misc]
    with pytest.raises(Outdated):
        await store.write(lambda c: parting.split(c, one.id, 7, Going(numbers=(0,)), "Wang", LI, NOW))


async def test_what_went_to_somebody_we_know_comes_back_as_it_was(store: Store) -> None:
    one = await created(
        store, numbers=["13800138000", "13900139000", "13700137000"], addresses=["香港中路1号"]
    )
    two = await created(store, numbers=["13700137000"])
    product, ticket = await bought(store, one.id), await opened(store, one.id)
    going = Going(numbers=(0, 2), addresses=(0,), products=(product.id,), tickets=(ticket.id,))
    rest, other, gone = await store.write(lambda c: parting.give(c, one.id, 1, going, two.id, LI, NOW))
    assert (numbers(rest), numbers(other)) == (["13900139000"], ["13700137000", "13800138000"])
    back = await taken_back(store, one.id, gone, NOW + 23 * HOUR)
    assert (numbers(back.customer), numbers(back.other)) == (
        numbers(one),
        numbers(two),
    )  # one number is both's
    assert (back.customer.addresses, back.other.addresses, back.stayed) == (one.addresses, (), ())
    assert [await owner(store, products, product.id), await owner(store, tickets, ticket.id)] == [one.id] * 2
    assert await who_has(store, "13800138000") == [one.id]
    with pytest.raises(Conflict, match="any more"):  # a second time there is nothing left
        await taken_back(store, one.id, gone)


async def test_what_was_changed_since_it_went_stays_and_is_told(store: Store) -> None:
    one, two = await created(store, numbers=["13800138000", "13900139000"]), await created(store)
    product = await bought(store, one.id)
    going = Going(numbers=(0, 1), products=(product.id,))
    _, other, gone = await store.write(lambda c: parting.give(c, one.id, 1, going, two.id, LI, NOW))
    keeps = Going(numbers=(0,), products=(product.id,))
    third = (await created(store)).id
    await store.write(lambda c: parting.give(c, two.id, other.version, keeps, third, LI, NOW))
    back = await taken_back(store, one.id, gone)
    assert (numbers(back.customer), numbers(back.other)) == (["13900139000"], [])
    assert back.stayed == (
        "numbers was changed since and stays as it is",
        f"product {product.id} belongs to somebody else by now",
    )


async def test_what_went_is_taken_back_within_a_day_by_who_has_seen_how_it_is(store: Store) -> None:
    one, two = await created(store, numbers=["13800138000"]), await created(store)
    going = Going(numbers=(0,))
    _, _, gone = await store.write(lambda c: parting.give(c, one.id, 1, going, two.id, LI, NOW))
    with pytest.raises(Conflict, match="until 2026-11-"):
        await taken_back(store, one.id, gone, NOW + 24 * HOUR + 1)
    with pytest.raises(Outdated):
        await store.write(lambda c: parting.take_back(c, one.id, 1, gone, LI, NOW))
    with pytest.raises(BadValue, match="no version 9"):
        await taken_back(store, one.id, Gone(to=two.id, was=(9, 1)))
    with pytest.raises(Conflict, match="already"):
        await taken_back(store, one.id, Gone(to=one.id, was=(1, 1)))


async def test_webhooks_hear_of_both_also_where_only_a_product_went_and_came_back(store: Store) -> None:
    one, two = await created(store), await created(store)
    product = await bought(store, one.id)
    await listening(store, "callserver.customer.*")
    going = Going(products=(product.id,))
    rest, other, gone = await store.write(lambda c: parting.give(c, one.id, 1, going, two.id, LI, NOW))
    assert (rest, other) == (one, two)  # nothing that is theirs alone
    await taken_back(store, one.id, gone, NOW + 1)
    told = [one.id, two.id, one.id, two.id]
    assert await heard(store) == told
    _, new = await store.write(lambda c: parting.split(c, one.id, 1, going, "王大明", LI, NOW))
    assert await heard(store) == [*told, new.id, one.id, new.id]
    assert await store.read(lambda c: customers.get(c, one.id)) == one

"""Customers in the database: put down, changed, listed."""

from collections.abc import Callable

import pytest

from callserver.customers import checking
from callserver.customers.checking import Draft
from callserver.customers.record import Customer
from callserver.errors import Conflict, NotFound, Outdated
from callserver.facts import Actor
from callserver.numbers import Plan
from callserver.store import audit, customers, history
from callserver.store.engine import Store

LI = Actor(name="li", through="screen")
IMPORT = Actor(name="hotline", through="import")
NOW = 1_795_000_000_000
PLAN = Plan()


def draft(**values: object) -> Draft:
    return checking.customer({"name": "王小明", **values}, PLAN)


async def created(store: Store, **values: object) -> Customer:
    return await store.write(lambda c: customers.create(c, draft(**values), LI, NOW))


async def test_what_was_put_down_is_what_is_found(store: Store) -> None:
    customer = await created(
        store, numbers=["138 0013 8000"], addresses=["香港中路12号"], vip=True, external_id="K-1"
    )
    assert customer.numbers[0].e164 == "+8613800138000"
    assert (customer.version, customer.created_by, customer.created_through) == (1, "li", "screen")
    assert await store.read(lambda c: customers.get(c, customer.id)) == customer
    assert await store.read(lambda c: customers.by_external_id(c, "K-1")) == customer
    assert await store.read(lambda c: customers.get_many(c, [customer.id, 77])) == {customer.id: customer}


async def test_who_created_it_is_in_the_audit(store: Store) -> None:
    customer = await created(store, notes="tall")
    (line,) = [line async for line in audit.lines(store)]
    assert (line.actor, line.action, line.subject) == ("li", "customer.create", f"customer:{customer.id}")
    assert "tall" not in line.detail


@pytest.mark.parametrize("id", [0, -1, 4711, 10**30])
async def test_a_customer_that_is_not_there_is_not_found(store: Store, id: int) -> None:
    with pytest.raises(NotFound, match=str(id)):
        await store.read(lambda c: customers.get(c, id))

"""Customers in the database: put down, changed, listed."""

import asyncio

import pytest
from sqlalchemy import Connection

from callserver.customers import checking
from callserver.customers.checking import Draft
from callserver.customers.record import Customer
from callserver.errors import Conflict, NotFound
from callserver.facts import Actor
from callserver.numbers import Plan
from callserver.store import audit, customers, history, words
from callserver.store.engine import Store
from tests.store.test_outbox import listening, rows

LI = Actor(name="li", through="screen")
IMPORT = Actor(name="hotline", through="import")
NOW = 1_795_000_000_000
PLAN = Plan()


def draft(**values: object) -> Draft:
    return checking.customer({"name": "王小明", **values}, PLAN)


async def created(store: Store, **values: object) -> Customer:
    return await store.write(lambda c: customers.create(c, draft(**values), LI, NOW))


async def change(
    store: Store, customer: Customer, values: dict[str, object], expected: int | None = None
) -> Customer:
    def doing(connection: Connection) -> Customer:
        now = customers.get(connection, customer.id)
        wanted = checking.changed(now, values, PLAN)
        return customers.change(connection, customer.id, expected, wanted, LI, NOW + 1)

    return await store.write(doing)


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


async def test_a_change_keeps_the_version_before(store: Store) -> None:
    customer = await created(store, notes="tall")
    changed = await change(store, customer, {"notes": "deaf", "vip": True}, expected=1)
    assert (changed.version, changed.notes, changed.updated_at, changed.created_at) == (
        2,
        "deaf",
        NOW + 1,
        NOW,
    )
    assert await store.read(lambda c: customers.get(c, customer.id)) == changed
    (before,) = await store.read(lambda c: history.page(c, "customer", customer.id))
    assert (before.version, before.actor, before.through, before.at) == (1, "li", "screen", NOW + 1)
    assert before.record["notes"] == "tall"


async def test_earlier_versions_are_told_newest_first_page_by_page(store: Store) -> None:
    customer = await created(store)
    for number in range(4):
        await change(store, customer, {"notes": str(number)})
    first = await store.read(lambda c: history.page(c, "customer", customer.id, limit=3))
    rest = await store.read(
        lambda c: history.page(c, "customer", customer.id, limit=3, before=first[-1].version)
    )
    assert [each.version for each in first + rest] == [4, 3, 2, 1]
    with pytest.raises(NotFound):
        await store.read(lambda c: history.get(c, "customer", customer.id, 5))


async def test_a_change_that_changes_nothing_is_no_version(store: Store) -> None:
    customer = await created(store, notes="tall")
    assert await change(store, customer, {"notes": "tall "}) == customer
    assert await store.read(lambda c: history.page(c, "customer", customer.id)) == []


async def test_two_editors_never_overwrite_each_other(store: Store) -> None:
    customer = await created(store)
    changes = [change(store, customer, {"notes": word}, expected=1) for word in ("tall", "deaf")]
    outcomes = await asyncio.gather(*changes, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["Customer", "Outdated"]
    assert (await store.read(lambda c: customers.get(c, customer.id))).version == 2


async def test_an_external_id_belongs_to_one_customer(store: Store) -> None:
    one, two = await created(store, external_id="K-1"), await created(store)
    with pytest.raises(Conflict, match=f"customer {one.id} has 'K-1' already"):
        await created(store, external_id="K-1")
    with pytest.raises(Conflict, match=f"customer {one.id} has"):
        await change(store, two, {"external_id": "K-1"})
    await change(store, one, {"external_id": None})
    assert (await change(store, two, {"external_id": "K-1"})).external_id == "K-1"


async def test_two_who_take_one_external_id_at_once_are_one_too_many(store: Store) -> None:
    outcomes = await asyncio.gather(
        *(created(store, external_id="K-1") for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Conflict", "Conflict", "Customer"]


async def test_who_listens_hears_which_fields_changed_and_not_what_is_in_them(store: Store) -> None:
    await listening(store, "callserver.customer.*")
    customer = await created(store, notes="tall")
    await change(store, customer, {"notes": "deaf"})
    told = await rows(store)
    assert [row.event for row in told] == [f"customer:{customer.id}:v1", f"customer:{customer.id}:v2"]
    assert '"fields":["notes"]' in told[1].body
    assert "deaf" not in told[1].body


@pytest.mark.parametrize("order", ["id", "name", "updated"])
async def test_a_list_goes_through_everybody_once(store: Store, order: customers.Order) -> None:
    made = [await created(store, name=name) for name in ("b", "a", "c", "a", "王")]
    seen: list[Customer] = []
    after = None
    for _ in range(9):
        page = await store.read(lambda c, after=after: customers.page(c, order, after=after, limit=2))  # type: ignore[misc]
        seen += page.customers
        if (after := page.next) is None:
            break
    assert sorted(each.id for each in seen) == [each.id for each in made]
    if order == "name":
        assert [each.name for each in seen] == ["a", "a", "b", "c", "王"]
    assert await store.read(customers.count) == 5


async def test_who_follows_changes_sees_those_since_an_instant(store: Store) -> None:
    one = await created(store)
    await created(store)
    await change(store, one, {"notes": "x"})
    page = await store.read(lambda c: customers.page(c, "updated", updated_since=NOW + 1))
    assert [each.id for each in page.customers] == [one.id]


@pytest.mark.parametrize(
    "name", ["<script>", "'; DROP TABLE customers; --", "=cmd()", "😀", "\u202eabc", "ﷺ" * 200, "x" * 200]
)
async def test_hostile_text_is_kept_as_text(store: Store, name: str) -> None:
    customer = await created(store, name=name, notes=name, addresses=[name])
    assert await store.read(lambda c: customers.get(c, customer.id)) == customer


async def test_an_import_writes_many_at_once(store: Store) -> None:
    def many(connection: Connection) -> list[int]:
        ids = customers.reserve(connection, 500)
        drafts = (draft(name=f"王{id}", numbers=[f"138{id:08d}"]) for id in ids)
        them = [customers.drafted(one, id, IMPORT, NOW) for one, id in zip(drafts, ids, strict=True)]
        customers.put(connection, them, {them[0].id: "mark"})
        return list(ids)

    ids = await store.write(many)
    one = await created(store)
    assert one.id > max(ids)
    assert len(await store.read(lambda c: customers.get_many(c, ids))) == 500
    found = await store.read(lambda c: words.with_all(c, [str(ids[7])], limit=5))
    assert found == words.Found([ids[7]])

"""Two customers become one with all that is theirs, and come apart again."""

import asyncio
from typing import Any

import pytest

from callserver.customers import checking
from callserver.customers.record import CustomerId, Product
from callserver.errors import Conflict, NotFound
from callserver.store import customers, finding, merging, products, promises, tickets, timeline
from callserver.store.engine import Store
from callserver.tickets.changing import Draft
from callserver.tickets.promise import owed
from callserver.tickets.record import Ticket
from tests.store.test_customers import LI, NOW, PLAN, created
from tests.store.test_products import bought

HOUR = 3_600_000


async def opened(store: Store, customer: int) -> Ticket:
    draft = Draft(kind="information", customer=CustomerId(customer), subject="asks")
    return await store.write(lambda c: tickets.open_ticket(c, draft, LI, NOW, rule="test"))


async def owner(store: Store, what: Any, id: int) -> int | None:
    found: Product | Ticket = await store.read(lambda c: what.get(c, id))
    return found.customer


async def who_has(store: Store, number: str) -> list[int]:
    page = await store.read(lambda c: finding.find(c, number, PLAN))
    return [hit.customer.id for hit in page.hits if hit.customer is not None]


async def merged(store: Store, into: int, other: int) -> merging.Merge:
    return await store.write(lambda c: merging.merge(c, into, other, LI, NOW))


async def test_everything_of_the_one_is_the_others_after_a_merge(store: Store) -> None:
    one = await created(store, numbers=["13800138000"], notes="tall")
    two = await created(
        store, numbers=["13900139000", "13800138000"], notes="deaf", external_id="K-2", vip=True
    )
    product, ticket = await bought(store, two.id), await opened(store, two.id)
    promise = await store.write(lambda c: promises.owe(c, owed("callback", ticket.id, NOW, why="asked"), NOW))
    await merged(store, one.id, two.id)
    after = await store.read(lambda c: customers.get(c, one.id))
    assert [number.e164 for number in after.numbers] == ["+8613800138000", "+8613900139000"]
    assert (after.notes, after.external_id, after.vip, after.version) == ("tall\ndeaf", "K-2", True, 2)
    assert await owner(store, products, product.id) == one.id
    assert await owner(store, tickets, ticket.id) == one.id
    assert (await store.read(lambda c: promises.get(c, promise.id))).customer == one.id
    contacts = await store.read(lambda c: timeline.of_customer(c, one.id, 20))
    assert [entry.kind for entry in contacts.entries] == ["promise"]
    entries = (await store.read(lambda c: timeline.page(c, ticket.id, 1))).entries
    assert (entries[0].kind, entries[0].body) == (
        "customer",
        {"before": two.id, "after": one.id, "why": "merged"},
    )


async def test_who_was_merged_is_found_only_by_the_one_who_lives_on(store: Store) -> None:
    one, two = (
        await created(store, name="王小明"),
        await created(store, name="王晓明", numbers=["13900139000"]),
    )
    await merged(store, one.id, two.id)
    assert await who_has(store, "13900139000") == [one.id]
    assert (await store.read(lambda c: finding.find(c, "王晓明", PLAN))).hits == ()
    assert (await store.read(lambda c: merging.living(c, two.id))).id == one.id


async def test_a_merge_taken_back_leaves_both_as_they_were(store: Store) -> None:
    one = await created(store, numbers=["13800138000"], addresses=["香港中路1号"])
    two = await created(store, numbers=["13900139000"], external_id="K-2", notes="deaf")
    product, ticket = await bought(store, two.id), await opened(store, two.id)
    merge = await merged(store, one.id, two.id)
    undone = await store.write(lambda c: merging.undo(c, merge.id, LI, NOW + 23 * HOUR))
    assert undone.stayed == ()
    for before, after in ((one, undone.into), (two, undone.other)):
        assert checking.draft_of(after) == checking.draft_of(before)
        assert await store.read(lambda c, id=before.id: customers.get(c, id)) == after  # type: ignore[misc]
    assert await owner(store, products, product.id) == two.id
    assert await owner(store, tickets, ticket.id) == two.id
    assert await who_has(store, "13900139000") == [two.id]


async def test_what_was_changed_since_the_merge_stays_and_is_told(store: Store) -> None:
    one, two = await created(store, notes=""), await created(store, numbers=["13900139000"], notes="deaf")
    product = await bought(store, two.id)
    merge = await merged(store, one.id, two.id)
    together = await store.read(lambda c: customers.get(c, one.id))
    changes = {"notes": "hears well", "numbers": ["13700137000", "13900139000"]}
    draft = checking.changed(together, changes, PLAN)
    await store.write(lambda c: customers.change(c, one.id, None, draft, LI, NOW))
    await store.write(lambda c: products.remove(c, product.id, None, LI, NOW))
    undone = await store.write(lambda c: merging.undo(c, merge.id, LI, NOW))
    assert undone.into.notes == "hears well"
    assert [number.received for number in undone.into.numbers] == ["13700137000"]
    assert undone.other.notes == "deaf"
    assert undone.stayed == (
        "notes was changed since and stays as it is",
        f"product {product.id} belongs to somebody else by now",
    )


async def test_a_ticket_opened_since_the_merge_stays(store: Store) -> None:
    one, two = await created(store), await created(store)
    merge = await merged(store, one.id, two.id)
    ticket = await opened(store, one.id)
    await store.write(lambda c: merging.undo(c, merge.id, LI, NOW))
    assert await owner(store, tickets, ticket.id) == one.id


async def test_a_merge_is_undone_once_and_within_a_day(store: Store) -> None:
    one, two, three = [await created(store) for _ in range(3)]
    old, new = await merged(store, one.id, two.id), await merged(store, one.id, three.id)
    with pytest.raises(Conflict, match="could be undone until 2026-11-"):
        await store.write(lambda c: merging.undo(c, old.id, LI, NOW + 24 * HOUR + 1))
    await store.write(lambda c: merging.undo(c, new.id, LI, NOW))
    with pytest.raises(Conflict, match="already"):
        await store.write(lambda c: merging.undo(c, new.id, LI, NOW))
    with pytest.raises(NotFound):
        await store.write(lambda c: merging.undo(c, 4711, LI, NOW))
    assert [each.undone_at for each in await store.read(lambda c: merging.of_customer(c, one.id))] == [
        NOW,
        None,
    ]


async def test_merges_never_go_round_in_a_ring(store: Store) -> None:
    one, two, three = [await created(store) for _ in range(3)]
    with pytest.raises(Conflict, match="itself"):
        await merged(store, one.id, one.id)
    first = await merged(store, one.id, two.id)
    with pytest.raises(Conflict, match="was merged into"):
        await merged(store, two.id, one.id)
    await merged(store, three.id, one.id)
    with pytest.raises(Conflict, match="was merged into"):
        await merged(store, two.id, three.id)
    with pytest.raises(Conflict, match=f"customer {one.id} was merged into customer {three.id}"):
        await store.write(lambda c: merging.undo(c, first.id, LI, NOW))
    assert (await store.read(lambda c: merging.living(c, two.id))).id == three.id


async def test_a_merge_that_is_refused_changes_nothing(store: Store) -> None:
    one, two = await created(store), await created(store)
    await merged(store, one.id, two.id)
    before = await store.read(lambda c: customers.get(c, one.id))
    with pytest.raises(Conflict):
        await merged(store, one.id, two.id)
    assert await store.read(lambda c: customers.get(c, one.id)) == before


async def test_two_who_merge_crosswise_at_once_make_one_customer(store: Store) -> None:
    one, two = await created(store), await created(store)
    them = [merged(store, one.id, two.id), merged(store, two.id, one.id)]
    outcomes = await asyncio.gather(*them, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["Conflict", "Merge"]

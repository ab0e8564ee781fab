"""Promises, listed: filtered, in four orders, page by page, with whose each one is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callserver.people import UserId
from callserver.store import promise_pages, promises, turns, users
from callserver.store.beside import promise_owners
from callserver.store.engine import Store
from callserver.store.paging import Place
from callserver.store.promise_pages import SORTS, Sort, Wanted
from callserver.tickets.promise import NewPromise, Promise
from tests.store.of_tickets import ANNA, HOUR, MINUTE, NOON, begin, customer, done

ANY = Wanted()


async def owed(store: Store, **values: Any) -> Promise:
    """A callback due at noon, on a ticket of its own."""
    ticket = values.pop("ticket", None) or (await begin(store)).id
    given: dict[str, Any] = {"kind": "callback", "due_at": NOON, "deadline_at": NOON + HOUR} | values
    return await done(store, promises.owe, NewPromise(ticket=ticket, **given), NOON - HOUR)


async def listed(store: Store, wanted: Wanted = ANY, sort: Sort = "due", limit: int = 2) -> list[int]:
    """All pages together; a promise that is shown twice or a page too long fails here."""
    found: list[int] = []
    after: Place | None = None
    while True:
        page = await done(store, promise_pages.page, wanted, limit, after, sort)
        assert len(page.promises) <= limit
        found += [one.promise.id for one in page.promises]
        if page.end is None:
            break
        after = page.end
    assert len(set(found)) == len(found)
    return found


async def test_each_order_has_what_it_is_about(store: Store) -> None:
    later = await owed(store, due_at=NOON + MINUTE, deadline_at=NOON + 3 * HOUR)
    sooner = await owed(store)
    kept = await owed(store, due_at=NOON - MINUTE)
    await done(store, promises.settle, kept.id, "kept", "they called", NOON)
    assert await listed(store) == [sooner.id, later.id]
    assert await listed(store, sort="settled") == [kept.id]
    assert await listed(store, sort="newest") == [kept.id, sooner.id, later.id]
    await done(store, turns.break_late, NOON + HOUR + 1)
    assert await listed(store, sort="deadline") == [later.id], "what is broken already is not overlooked"


@pytest.mark.parametrize("sort", SORTS)
async def test_promises_of_one_moment_are_each_on_one_page(store: Store, sort: Sort) -> None:
    made = [await owed(store) for _ in range(7)]
    if sort == "settled":
        for one in made:
            await done(store, promises.settle, one.id, "withdrawn", "called in", NOON)
    assert sorted(await listed(store, sort=sort, limit=3)) == [one.id for one in made]


async def test_a_page_of_another_order_is_refused(store: Store) -> None:
    for _ in range(3):
        await owed(store)
    page = await done(store, promise_pages.page, Wanted(), 2, None, "due")
    assert page.end is not None
    with pytest.raises(ValueError):
        await done(store, promise_pages.page, Wanted(), 2, page.end, "newest")


async def test_each_filter_leaves_the_others_out(store: Store) -> None:
    li = await customer(store, 7)
    plain = await owed(store)
    special = await owed(
        store, kind="return_visit", team="north", queue="repair", campaign=3, due_at=NOON + 10 * MINUTE
    )
    broken = await owed(store, deadline_at=NOON + MINUTE)
    await done(store, turns.break_late, NOON + 2 * MINUTE)
    kept = await owed(store)
    await done(store, promises.settle, kept.id, "kept", "they called", NOON)
    expected = {
        Wanted(open=False): [kept.id],
        Wanted(statuses=("broken",)): [broken.id],
        Wanted(kinds=("return_visit",)): [special.id],
        Wanted(team="north"): [special.id],
        Wanted(queue="repair"): [special.id],
        Wanted(campaign=3): [special.id],
        Wanted(ticket=plain.ticket): [plain.id],
        Wanted(customer=li): [],
        Wanted(due_from=NOON + 10 * MINUTE): [special.id],
        Wanted(due_to=NOON + 10 * MINUTE, open=True): sorted([plain.id, broken.id]),
        Wanted(late=NOON + MINUTE): sorted([plain.id, broken.id]),
        Wanted(broken=True): [broken.id],
        Wanted(owner="nobody"): [],
        Wanted(kinds=("'; drop table promises",)): [],
    }
    for wanted, ids in expected.items():
        assert sorted(await listed(store, wanted, "newest")) == ids, wanted


async def test_whose_it_is_and_on_whose_screen_it_lies(store: Store) -> None:
    one, other = await owed(store), await owed(store)
    names = {}
    for login in ("li", "wang"):
        wanted = users.Wanted(login=login, name=login.title(), role="agent")
        names[login] = (await done(store, users.add, wanted, ANNA, NOON)).person.id
    row = {"promise_id": one.id, "ticket_id": one.ticket, "user_id": names["li"]}
    await store.write(lambda c: c.execute(promise_owners.insert(), row))
    await done(store, turns.reserve, other.id, UserId(names["wang"]), NOON + MINUTE)
    page = await done(store, promise_pages.page, Wanted(), 10)
    found = {each.promise.id: (each.owner, each.reserved) for each in page.promises}
    owner, nobody = found[one.id]
    assert owner is not None and (owner.login, owner.name, nobody) == ("li", "Li", None)
    nobody, reserved = found[other.id]
    assert reserved is not None and (nobody, reserved.login) == (None, "wang")
    assert await listed(store, Wanted(owner="li")) == [one.id]
    shown = await done(store, promise_pages.one, await done(store, promises.get, one.id))
    assert shown == replace(page.promises[0], promise=shown.promise)
    both = [await done(store, promises.get, id) for id in (other.id, one.id)]
    assert [each.promise.id for each in await done(store, promise_pages.several, both)] == [other.id, one.id]

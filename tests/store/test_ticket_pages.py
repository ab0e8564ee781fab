"""Tickets, listed: filtered, in four orders, page by page."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, event

from callserver.customers.record import CustomerId, ProductId
from callserver.store import ticket_pages, tickets, timeline
from callserver.store.engine import Store
from callserver.store.paging import Place
from callserver.store.ticket_pages import SORTS, Sort, Wanted
from callserver.tickets.changing import Draft
from callserver.tickets.record import Ticket
from tests.store.of_tickets import ANNA, BACKWARDS, HOUR, NOON, begin, customer, done, moved, product


async def numbers(store: Store, wanted: Wanted, sort: Sort = "touched", limit: int = 2) -> list[str]:
    """All pages together; a ticket that is shown twice or a page too long fails here."""
    found: list[Ticket] = []
    after: Place | None = None
    while True:
        page = await done(store, ticket_pages.page, wanted, limit, after, sort)
        assert len(page.tickets) <= limit
        found += page.tickets
        if page.end is None:
            break
        after = page.end
    assert len({one.id for one in found}) == len(found)
    return [one.number for one in found]


@pytest.fixture
def draft() -> Draft:
    return Draft(kind="information", caller="+8613800138000")


async def test_tickets_are_listed_in_four_orders(store: Store, draft: Draft) -> None:
    a = await begin(store, draft, at=NOON, priority="urgent")
    b = await begin(store, draft, at=NOON + 1, due_at=NOON + 5)
    c = await begin(store, draft, at=NOON + 2, due_at=NOON + 4)
    d = await moved(store, await begin(store, draft, at=NOON + 3, priority="urgent"), "closed", at=NOON + 3)
    await done(store, tickets.touch, a.id, NOON + 9)
    n = {"a": a.number, "b": b.number, "c": c.number, "d": d.number}
    assert await numbers(store, Wanted()) == [n["a"], n["d"], n["c"], n["b"]]
    assert await numbers(store, Wanted(), "opened") == [n["d"], n["c"], n["b"], n["a"]]
    assert await numbers(store, Wanted(), "due") == [n["c"], n["b"], n["a"]]
    assert await numbers(store, Wanted(), "priority") == [n["a"], n["c"], n["b"]]


@pytest.mark.parametrize("sort", SORTS)
async def test_tickets_of_one_moment_are_each_on_one_page(store: Store, draft: Draft, sort: Sort) -> None:
    made = {(await begin(store, draft)).number for _ in range(7)}
    assert set(await numbers(store, Wanted(), sort, limit=3)) == made


async def test_each_filter_leaves_the_others_out(store: Store) -> None:
    li = await customer(store, 7)
    stove = await product(store, 3, li)
    plain = await begin(store, Draft(kind="repair", caller="+8613800138000"))
    theirs = await begin(
        store,
        Draft(
            kind="complaint",
            customer=li,
            product=stove,
            owner="anna",
            team="north",
            subject="Gas stove, 打不着火",
        ),
    )
    closed = await moved(store, await begin(store, Draft(kind="information")), "closed")
    for wanted in (
        Wanted(kinds=["complaint", "sale"]),
        Wanted(priority="high"),
        Wanted(owner="anna"),
        Wanted(team="north"),
        Wanted(customer=li),
        Wanted(product=stove),
        Wanted(words="STOVE 打不着"),
        Wanted(number=theirs.number),
        Wanted(number=f"No. {theirs.number}", open=True, statuses=["open"], due_before=NOON + 25 * HOUR),
    ):
        assert await numbers(store, wanted) == [theirs.number], wanted
    assert (
        await numbers(store, Wanted(open=False))
        == await numbers(store, Wanted(statuses=["closed"]))
        == [closed.number]
    )
    for nothing in (
        Wanted(owner="\x00"),
        Wanted(number="1000016"),
        Wanted(words="water"),
        Wanted(kinds=[]),
        Wanted(customer=CustomerId(10**30)),
        Wanted(due_before=NOON + 24 * HOUR),
    ):
        assert await numbers(store, nothing) == []
    assert await done(store, ticket_pages.open_of_customer, li) == (theirs,)
    assert await done(store, ticket_pages.open_of_tail, BACKWARDS) == (plain,)


async def test_words_are_looked_for_in_bounded_work(
    store: Store, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticket_pages, "_PAGE", 2)
    monkeypatch.setattr(ticket_pages, "_SCANNED", 4)
    first = await begin(store, draft, subject="stove")
    for _ in range(5):
        await begin(store, draft)
    page = await done(store, ticket_pages.page, Wanted(words="stove"), 3)
    assert (page.tickets, page.end is None) == ((), False)
    assert await numbers(store, Wanted(words="stove")) == [first.number]


async def test_a_place_of_another_order_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="another order"):
        await done(store, ticket_pages.page, Wanted(), 3, Place(values=(1,)), "touched")


async def test_a_page_says_when_a_ticket_was_touched_by_an_entry(store: Store, draft: Draft) -> None:
    ticket = await begin(store, draft)
    await done(store, timeline.note, ticket.id, "called back", ANNA, NOON + 7)
    (listed,) = (await done(store, ticket_pages.page, Wanted(), 3)).tickets
    assert (listed.touched_at, listed.version) == (NOON + 7, 1)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(kinds=["repair"]),
        Wanted(statuses=["appointed"]),
        Wanted(statuses=["appointed"], open=True),
        Wanted(owner="nobody"),
        Wanted(team="nobody", open=True),
        Wanted(customer=CustomerId(1)),
        Wanted(product=ProductId(1)),
        Wanted(due_before=1),
        Wanted(number="1000015"),
    ],
    ids=str,
)
async def test_a_list_that_finds_nothing_does_not_look_at_every_ticket(
    sqlite_store: Store, wanted: Wanted
) -> None:
    seen: list[tuple[str, object]] = []

    def explained(connection: Connection) -> str:
        event.listen(
            connection, "before_cursor_execute", lambda c, cu, sql, values, *_: seen.append((sql, values))
        )
        ticket_pages.page(connection, wanted, 50)
        ((sql, values),) = seen
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)  # type: ignore[arg-type]
        return "; ".join(row[3] for row in plan)

    assert "SEARCH tickets USING" in await sqlite_store.read(explained)

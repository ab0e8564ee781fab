"""Customers found by whatever somebody knows of them."""

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callserver.customers import checking
from callserver.errors import BadValue
from callserver.store import customers, finding, tickets, words
from callserver.store.engine import Store
from callserver.store.finding import Page, Place, Way
from callserver.store.ways import asked as typed
from callserver.tickets.changing import Draft
from tests.store.of_tickets import ANNA, NOON, begin
from tests.store.test_customers import LI, NOW, PLAN, created
from tests.store.test_merging import opened
from tests.store.test_products import bought


@pytest.fixture(autouse=True)
def somebody_who_has_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found does not depend on how busy this machine is."""
    monkeypatch.setattr(finding, "WAIT_S", 3600.0)


async def asked(store: Store, text: str, **more: object) -> Page:
    return await store.read(lambda c: finding.find(c, text, PLAN, **more))  # type: ignore[arg-type]


async def ways(store: Store, text: str, **more: object) -> list[tuple[str, Way]]:
    """Name of the customer and way, of each hit."""
    page = await asked(store, text, **more)
    return [(hit.customer.name if hit.customer else "", hit.way) for hit in page.hits]


async def test_a_name_is_found_by_its_beginning_or_any_two_characters(store: Store) -> None:
    await created(store, name="王小明")
    await created(store, name="欧阳修")
    assert await ways(store, "王") == await ways(store, "王小") == [("王小明", "name")]
    assert await ways(store, "小明") == await ways(store, "明") == [("王小明", "words")]
    assert await ways(store, "阳修") == [("欧阳修", "words")]
    assert await ways(store, "王　小明") == [("王小明", "name")]
    assert await ways(store, "王明") == []


async def test_a_name_is_found_by_its_initials(store: Store) -> None:
    await created(store, name="单雄信")
    await created(store, name="John Smith")
    assert await ways(store, "sxx") == await ways(store, "SX") == [("单雄信", "initials")]
    assert await ways(store, "js") == [("John Smith", "initials")]


async def test_a_latin_name_is_found_by_each_of_its_words_and_without_accents(store: Store) -> None:
    await created(store, name="Jürgen Müller-Lüdenscheidt")
    await created(store, name="Ana Jürgen")
    assert await ways(store, "jürgen") == [("Jürgen Müller-Lüdenscheidt", "name"), ("Ana Jürgen", "words")]
    assert await ways(store, "Muller") == [("Jürgen Müller-Lüdenscheidt", "words")]
    assert await ways(store, "ludenscheidt JURGEN") == [("Jürgen Müller-Lüdenscheidt", "words")]


@pytest.mark.parametrize(
    "written", ["13800138000", "+86 138 0013 8000", "0086-138-0013-8000", "013800138000"]
)
async def test_a_number_is_found_in_any_writing(store: Store, written: str) -> None:
    await created(store, name="王", numbers=["138 0013 8000"])
    await created(store, name="李", numbers=["13800138000"])
    assert await ways(store, written) == [("王", "number"), ("李", "number")]


async def test_a_number_is_found_by_its_last_digits_four_or_more(store: Store) -> None:
    await created(store, name="王", numbers=["13800138000"])
    await created(store, name="李", numbers=["0532-88888000"])
    assert await ways(store, "8000") == [("王", "digits"), ("李", "digits")]
    assert await ways(store, "138000") == [("王", "digits")]
    assert await ways(store, "000") == []
    assert await ways(store, "1380") == []


async def test_an_address_is_found_by_what_stands_in_it(store: Store) -> None:
    await created(store, name="王", addresses=[{"line": "香港中路12号3单元501室", "city": "青岛市"}])
    await created(store, name="李", addresses=[{"line": "中路香港花园", "city": "青岛市"}])
    assert await ways(store, "香港中路") == [("王", "words")]
    assert await ways(store, "青岛 香港") == [("王", "words"), ("李", "words")]
    assert await ways(store, "香港中路12号 501") == [("王", "words")]
    assert await ways(store, "王 香港") == [("王", "words")]


async def test_a_serial_number_is_found_however_it_is_written(store: Store) -> None:
    customer = await created(store, name="王")
    product = await bought(store, customer.id, serial="HR-2024/555")
    for text in ("hr2024555", "HR 2024 555", "HR20"):
        (hit,) = (await asked(store, text)).hits
        assert (hit.way, hit.product, hit.customer) == ("serial", product.id, customer)


async def test_an_external_id_and_a_ticket_number_lead_to_the_customer(store: Store) -> None:
    customer = await created(store, name="王", external_id="K-1/ä")
    ticket = await opened(store, customer.id)
    assert await ways(store, " K-1/ä ") == [("王", "external_id")]
    (hit,) = (await asked(store, ticket.number)).hits
    assert (hit.way, hit.ticket, hit.customer) == ("ticket", ticket.id, customer)


async def test_a_ticket_without_a_customer_is_found_too(store: Store) -> None:
    draft = Draft(kind="missed_call", caller="+8613800138000")
    ticket = await store.write(lambda c: tickets.open_ticket(c, draft, LI, NOW, rule="test"))
    (hit,) = (await asked(store, ticket.number)).hits
    assert (hit.ticket, hit.customer) == (ticket.id, None)


async def test_nobody_is_shown_twice_on_one_page_or_on_two(store: Store) -> None:
    for number in range(7):
        await created(store, name="王小明", addresses=[f"王小明街{number}号"], external_id=f"王小明{number}")
    await created(store, name="李王小明")
    seen: list[str] = []
    after: Place | None = None
    for _ in range(20):
        page = await asked(store, "王小明", limit=2, after=after)
        seen += [hit.customer.external_id or "李" for hit in page.hits if hit.customer]
        if (after := page.next) is None:
            break
        assert len(page.hits) == 2
    assert seen == [*(f"王小明{number}" for number in range(7)), "李"]


async def test_one_field_is_searched_alone(store: Store) -> None:
    await created(store, name="li", numbers=["13800138000"], addresses=["li"])
    await created(store, name="Lena Igel")
    assert await ways(store, "li") == [("li", "name"), ("Lena Igel", "initials")]
    assert await ways(store, "li", ways=("initials",)) == [("Lena Igel", "initials")]
    assert await ways(store, "li", ways=("words",)) == [("li", "words")]


async def test_a_place_of_another_search_is_refused(store: Store) -> None:
    with pytest.raises(BadValue, match="after"):
        await asked(store, "li", ways=("name",), after=Place(way="words", value="", id=1))


async def test_what_a_customer_was_called_before_finds_nobody(store: Store) -> None:
    customer = await created(
        store, name="王小明", numbers=["13800138000"], addresses=["香港路"], external_id="K-1"
    )
    values = {"name": "李大海", "numbers": ["13900139000"], "addresses": ["北京路"], "external_id": None}
    draft = checking.changed(customer, values, PLAN)
    await store.write(lambda c: customers.change(c, customer.id, 1, draft, LI, NOW))
    for text in ("王小明", "小明", "wxm", "13800138000", "8000", "香港", "K-1"):
        assert await ways(store, text) == [], text
    for text in ("李大海", "大海", "ldh", "13900139000", "9000", "北京"):
        assert len(await ways(store, text)) == 1, text


async def test_a_search_for_what_is_everywhere_ends_soon_and_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_LOOKED", 5)
    for number in range(9):
        await created(store, name=f"客户{number}", addresses=["香港中心 港中路"])
    await created(store, name="客户9", addresses=["香港中路"])
    page = await asked(store, "香港中路")
    assert (page.hits, page.more) == ((), True)
    rest = await asked(store, "香港中路", after=page.next)
    assert [hit.customer.name for hit in rest.hits if hit.customer] == ["客户9"]


async def test_a_search_that_takes_long_gives_what_it_has_and_goes_on_from_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        await created(store, name=f"客户{number}", addresses=["香港中心 港中路"])
    await created(store, name="客户9", addresses=["香港中路"])
    monkeypatch.setattr(finding, "WAIT_S", 0.0)
    page = await asked(store, "香港中路", limit=2)
    assert (page.hits, page.more) == ((), True)
    rest = await asked(store, "香港中路", after=page.next)
    assert [hit.customer.name for hit in rest.hits if hit.customer] == ["客户9"]


HOSTILE = [
    "'; DROP TABLE customers",
    '"',
    "*",
    "AND",
    "NEAR(a b)",
    "-x",
    "a:b",
    "\0",
    "\ud800",
    "(",
    "&",
    "!",
    "\\",
]


@pytest.mark.parametrize(
    "text", [*HOSTILE, "", "  ", "x" * 10_000, "9" * 10_000, "王" * 10_000, "\u202e王", "😀"]
)
async def test_no_text_breaks_a_search(store: Store, text: str) -> None:
    await created(store, name="王小明", addresses=["香港路"])
    page = await asked(store, text)
    assert all(hit.customer is not None for hit in page.hits)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40), name=st.text(min_size=1, max_size=40))
async def test_any_name_that_is_kept_is_found(store: Store, text: str, name: str) -> None:
    try:
        customer = await created(store, name=name)
    except BadValue:
        return
    found = (await asked(store, text)).hits
    assert len({hit.customer.id for hit in found if hit.customer}) == len(found)
    by_name = await asked(store, name, ways=("name",), limit=100)
    assert customer in [hit.customer for hit in by_name.hits] or not typed(name, PLAN).name


async def test_the_full_text_index_takes_words_as_they_are(store: Store) -> None:
    await store.write(lambda c: words.put(c, [(1, ("a1", "王", "ß", "ñ")), (2, ("a1",))]))
    assert (await store.read(lambda c: words.with_all(c, ["a1"], limit=5))).ids == [1, 2]
    assert (await store.read(lambda c: words.with_all(c, ["a1", "王", "ß"], limit=5))).ids == [1]
    assert (await store.read(lambda c: words.with_all(c, ["a1", "王", "ß", "ñ"], limit=5))).ids == [1]
    assert (await store.read(lambda c: words.with_all(c, ["a1", "王", "ß", "x"], limit=5))).ids == []
    assert (await store.read(lambda c: words.with_all(c, ["a1"], after=1, limit=5))).ids == [2]
    await store.write(lambda c: words.change(c, 1, ("a1", "王", "ß", "ñ"), ("王",)))
    assert (await store.read(lambda c: words.with_all(c, ["a1"], limit=5))).ids == [2]
    assert (await store.read(lambda c: words.with_all(c, ["王"], limit=5))).ids == [1]
    await store.write(lambda c: words.change(c, 1, ("王",), ()))
    assert (await store.read(lambda c: words.with_all(c, ["王"], limit=5))).ids == []


@pytest.mark.parametrize("walked", [1, 2, 4, 9])
async def test_however_many_customers_are_walked_before_the_list_is_asked_the_same_are_found(
    store: Store, walked: int
) -> None:
    """PostgreSQL walks; SQLite has no need to."""
    having = [1, 2, 4, 5, 7, 8]
    them = [(id, ("a1", "b2") if id in having else ("b2",)) for id in range(1, 10)]
    await store.write(lambda c: words.put(c, them))
    for after in range(10):
        for limit in (1, 2, 3, 9):
            found = await store.read(
                lambda c, after=after, limit=limit: words.with_all(  # type: ignore[misc]
                    c, ["a1", "b2"], after=after, limit=limit, walked=walked
                )
            )
            assert found.ids == [id for id in having if id > after][:limit]


async def test_two_long_lists_that_never_meet_are_read_a_span_at_a_time(sqlite_store: Store) -> None:
    """On SQLite only: PostgreSQL makes a list of so many entries and no more."""
    store = sqlite_store
    for name, town in (("王", "青岛市"), ("李", "济南市")) * 3:
        await created(store, name=name, addresses=[{"line": town}])
    both = ("青岛", "济南")

    async def read(after: int) -> words.Found:
        return await store.read(
            lambda c: words.with_all(c, both, after=after, limit=5, rare=1, span=2, wait_s=0)
        )

    assert [await read(after) for after in (0, 2, 4)] == [([], 2), ([], 4), ([], None)]


async def test_a_search_that_was_broken_off_says_where_to_go_on(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite only: PostgreSQL makes a list of so many entries and no more."""
    store = sqlite_store
    for town in ("青岛市", "青岛市", "济南市", "青岛市"):
        await created(store, name="王", addresses=[{"line": town}])
    found = words.with_all
    monkeypatch.setattr(words, "with_all", partial(found, rare=1, span=1, wait_s=0))
    pages = [await asked(store, "青岛 王")]
    while pages[-1].next is not None:
        pages.append(await asked(store, "青岛 王", after=pages[-1].next))
    assert [page.more for page in pages] == [True, True, True, False]
    assert [[hit.customer.id for hit in page.hits if hit.customer] for page in pages] == [[1], [2], [], [4]]


async def test_the_number_of_a_stranger_leads_to_their_open_tickets(store: Store) -> None:
    opened = await begin(store)
    await begin(store, caller="+8613900139000")
    over = await begin(store)
    await store.write(lambda c: tickets.move(c, over.id, "cancelled", "no", ANNA, NOON))
    page = await asked(store, "138 0013 8000")
    assert [(hit.way, hit.ticket, hit.customer) for hit in page.hits] == [("caller", opened.id, None)]

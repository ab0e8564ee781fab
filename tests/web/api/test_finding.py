"""The API of search: one box."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import pytest

from tests.web.conftest import Site


async def people(site: Site) -> None:
    for name, number in (("王芳", "13800138000"), ("王明", "13900138000"), ("Anna Müller", "+49 30 123456")):
        made = await site.ask("POST", "customers", {"name": name, "numbers": [{"received": number}]})
        assert made.status == 201


@pytest.mark.parametrize(
    ("q", "names", "by"),
    [
        ("王芳", ["王芳"], "name"),
        ("王", ["王明", "王芳"], "name"),
        ("wf", ["王芳"], "initials"),
        ("+86 138 0013 8000", ["王芳"], "number"),
        ("138000", ["王明", "王芳"], "digits"),
        ("ANNA", ["Anna Müller"], "name"),
        ("nobody", [], None),
        ("<script>'; DROP TABLE customers;--", [], None),
        ("\U0001f4de" * 50, [], None),
    ],
)
async def test_somebody_is_found_by_what_is_known(
    site: Site, q: str, names: list[str], by: str | None
) -> None:
    await people(site)
    found = await site.api(f"search?q={quote(q)}")
    assert sorted(hit["customer"]["name"] for hit in found["hits"]) == sorted(names)
    assert all(hit["by"] == by for hit in found["hits"])


async def test_hits_come_page_after_page_each_once(site: Site) -> None:
    for number in range(7):
        await site.ask("POST", "customers", {"name": f"王 {number}"})
    seen, query = [], "q=王&limit=3"
    while True:
        page = await site.api(f"search?{query}")
        seen += [hit["customer"]["name"] for hit in page["hits"]]
        if page["cursor"] is None:
            break
        query = f"q=王&limit=3&cursor={page['cursor']}"
    assert seen == [f"王 {number}" for number in range(7)]


async def test_a_search_on_one_way_only_finds_on_that_way(site: Site) -> None:
    await people(site)
    assert (await site.api("search?q=138000&by=name"))["hits"] == []
    assert len((await site.api("search?q=138000&by=digits"))["hits"]) == 2


async def test_a_place_of_another_search_is_refused(site: Site) -> None:
    for number in range(2):
        await site.ask("POST", "customers", {"name": f"王 {number}"})
    cursor = (await site.api("search?q=王&limit=1"))["cursor"]
    for query in (f"q=x&by=digits&cursor={cursor}", "q=x&cursor=WyJub3doZXJlIiwiIiwwXQ"):
        said = await site.ask("GET", f"search?{query}")
        assert (said.status, said.fields) == (400, ["cursor"]), query


async def test_no_search_tells_what_is_masked(site: Site) -> None:
    await people(site)
    given = {"addresses": [{"line": "人民路5号"}], "name": "李娜"}
    customer = (await site.ask("POST", "customers", given)).body["id"]
    await site.ask("POST", f"customers/{customer}/products", {"category": "fridge", "serial": "ABCD1234"})
    masked = await site.token("customers:read")
    for q in ("08000", "138000", "人民路", "ABCD12"):  # each a step towards the whole
        assert (await site.ask("GET", f"search?q={q}", token=masked)).body["hits"] == [], q
    for by in ("serial", "words"):
        assert (await site.ask("GET", f"search?q=ABCD&by={by}", token=masked)).fields == ["by"]
    seen = (await site.ask("GET", "search?q=8000&limit=1", token=masked)).body
    assert (len(seen["hits"]), seen["cursor"], seen["more"]) == (1, None, True)
    whole = (await site.ask("GET", "search?q=8000&limit=1")).body["cursor"]  # it holds a number
    assert (await site.ask("GET", f"search?q=8000&cursor={whole}", token=masked)).fields == ["cursor"]


async def test_who_sees_numbers_masked_cannot_try_them_all(site: Site) -> None:
    await people(site)
    masked = await site.token("customers:read", "calls:read")
    ways = ("lookup?number=", "search?q=", "calls?number=")
    misses = [f"{ways[n % 3]}138{n:04d}7777" for n in range(100)]
    answers = await asyncio.gather(*(site.ask("GET", one, token=masked) for one in misses))
    assert {one.status for one in answers} == {200}
    for way in ways:
        found = await site.ask("GET", f"{way}13800138000", token=masked)
        assert (found.status, found.headers["Retry-After"]) == (429, "60"), way
        assert (await site.ask("GET", f"{way}13800017777")).status == 200
    site.now += 60_000
    assert (await site.ask("GET", "lookup?number=13800138000", token=masked)).body["customers"] != []


async def test_nothing_is_no_question(site: Site) -> None:
    assert (await site.ask("GET", "search")).fields == ["q"]
    assert (await site.ask("GET", "search?q=")).fields == ["q"]
    assert (await site.ask("GET", f"search?q={'x' * 201}")).fields == ["q"]

"""Numbers of days that are over, and the calls behind them, on the screens of those who answer for them."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Route, expect

from callserver.facts import iso
from tests.browser import ledger
from tests.browser.ledger import Ledger
from tests.browser.looking import complaints
from tests.rig import provision
from tests.rig.browser import Window, chrome
from tests.store.conftest import prepared_file

__all__ = ["prepared_file"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]


def queue(call: dict[str, Any]) -> str:
    return str(call["queue_visits"][0]["queue"])


def began(call: dict[str, Any]) -> tuple[str, str]:
    """The order of lists."""
    return call["started_at"], call["id"]


FORTNIGHT = "from=2026-11-02&to=2026-11-15"
CALLS: list[dict[str, Any]] = [*ledger.fortnight()]
MINE = [one for one in CALLS if queue(one) != "sales"]
"""What the supervisor answers for."""


def on(day: int) -> list[dict[str, Any]]:
    """What began on a day of the fortnight, by the site's calendar."""
    begin, end = iso(ledger.at(day)) or "", iso(ledger.at(day + 1)) or ""
    return [one for one in MINE if begin <= one["started_at"] < end]


MONDAY = on(0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(
    chromium: provision.Browser, prepared_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ledger]:
    file = tmp_path_factory.mktemp("ledger") / "calls.db"
    shutil.copy(prepared_file, file)
    async with chrome(chromium) as browser, ledger.opened(file, browser, iter(CALLS)) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="module")
async def site(whole: Ledger) -> AsyncIterator[Ledger]:
    yield whole
    await whole.clear()


async def in_order(window: Window) -> None:
    """Everything is inside the window, and axe-core has nothing to say."""
    await expect(window.page.locator("[aria-busy=true]")).to_have_count(0)
    assert await window.sticks_out() == []
    assert await complaints(window.page) == []


def n(calls: list[dict[str, Any]]) -> str:
    return f"{len(calls):,}"


def answered(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in calls if one["answered"]]


def card(window: Window, metric: str) -> Locator:
    return window.page.locator(f".card[data-metric={metric}]")


def row(window: Window, name: str) -> Locator:
    return window.page.locator(".report-table tr").filter(has=window.page.locator("th", has_text=name))


# --- reports ---------------------------------------------------------------------------------------------------------


async def test_a_number_is_as_many_calls_as_its_link_lists(site: Ledger) -> None:
    boss = await site.screen("boss", f"/reports?{FORTNIGHT}")
    await expect(card(boss, "offered").locator(".large a")).to_have_text(n(MINE))
    await in_order(boss)
    number = row(boss, "Mon, Nov 2").locator("a").nth(1)
    await expect(number).to_have_text(n(answered(MONDAY)))
    await number.click()
    await expect(boss.page.locator(".counted")).to_contain_text("Answered")
    await expect(boss.page.locator(".counted")).to_contain_text("Nov 2, 2026")
    await expect(boss.page.locator(".total")).to_have_text(f"{n(answered(MONDAY))} in all")
    await expect(boss.page.locator(".call-table tbody tr").first).to_contain_text("王小明")
    await boss.page.locator("[data-action=report]").click()
    await expect(card(boss, "offered").locator(".large a")).to_have_text(n(MINE))


async def test_what_a_supervisor_does_not_answer_for_changes_no_number(site: Ledger) -> None:
    boss = await site.screen("boss", f"/reports?{FORTNIGHT}&split=queue")
    await expect(row(boss, "all together").locator("a").first).to_have_text(n(MINE))
    await expect(boss.page.locator(".report-table .keys")).not_to_contain_text("Sales")
    await boss.go(f"/reports?{FORTNIGHT}&queue=sales")
    await expect(boss.page.locator(".cards")).to_contain_text("nothing to compare")
    await expect(card(boss, "offered").locator(".large")).to_have_text("0")
    root = await site.screen("root", f"/reports?{FORTNIGHT}&split=queue&metric=sl_offered", scheme="dark")
    await expect(row(root, "合计").locator("a").first).to_have_text(n(CALLS))
    await expect(root.page.locator(".report-table .keys")).to_contain_text("Sales <script>")
    await in_order(root)


async def test_a_change_is_said_by_shape_and_word(site: Ledger) -> None:
    boss = await site.screen("boss", "/reports?from=2026-11-06&to=2026-11-06")
    thursday, friday = on(3), on(4)
    assert (len(thursday), len(answered(thursday))) == (len(friday), len(answered(friday)) + 1)
    worse = f"▲ +{100 / len(friday):.1f} points worse"
    await expect(card(boss, "abandon_rate").locator(".change")).to_contain_text(worse)
    await expect(card(boss, "offered").locator(".change")).to_contain_text("= as before")


async def test_the_chart_is_read_by_keys(site: Ledger) -> None:
    boss = await site.screen("boss", f"/reports?{FORTNIGHT}&metric=answered")
    chart = boss.page.locator(".plot")
    await chart.focus()
    await chart.press("ArrowRight")
    said = f"Mon, Nov 2: {n(answered(MONDAY))} ◇ touches a gap"
    await expect(chart).to_have_attribute("aria-valuetext", said)
    await expect(boss.page.locator(".reading")).to_have_text(said)
    await chart.press("End")
    await expect(chart).to_have_attribute("aria-valuenow", "13")
    await chart.press("Home")
    await chart.press("Enter")
    await expect(boss.page.locator(".total")).to_have_text(f"{n(answered(MONDAY))} in all")


async def test_every_number_says_what_it_means(site: Ledger) -> None:
    root = await site.screen("root", f"/reports?{FORTNIGHT}&split=outcome")
    await expect(root.page.locator(".report-table .keys th").first).to_have_text("已接听")
    await expect(root.page.locator(".report-table .keys a").first).to_have_text(n(answered(CALLS)))
    await root.page.locator(".report-table [data-key=answered]").click()
    await expect(card(root, "offered").locator(".large a")).to_have_text(n(answered(CALLS)))
    await expect(root.page.locator("[data-only=outcome]")).to_contain_text("已接听")
    await root.page.locator("[data-only=outcome]").click()
    await expect(card(root, "offered").locator(".large a")).to_have_text(n(CALLS))
    await root.page.keyboard.press("d")
    await expect(root.page.locator("dialog .meanings")).to_contain_text("服务水平")
    await in_order(root)
    await root.page.keyboard.press("Escape")
    await card(root, "sl_offered").locator(".mean").click()
    await expect(root.page.locator("dialog")).to_contain_text("sl_offered")


async def test_a_report_is_taken_away_as_a_file_and_on_paper(site: Ledger) -> None:
    boss = await site.screen("boss", f"/reports?{FORTNIGHT}&split=queue", scheme="dark")
    await expect(row(boss, "all together").locator("a").first).to_have_text(n(MINE))
    async with boss.page.expect_download() as taken:
        await boss.page.locator("[data-action=csv]").click()
    text = await asyncio.to_thread(Path(await (await taken.value).path()).read_text, "utf-8-sig")
    assert "Hotline 热线" in text
    assert "Sales" not in text
    await boss.page.emulate_media(media="print")
    await expect(boss.page.locator(".bar")).to_be_hidden()
    await expect(boss.page.locator(".on-paper")).to_contain_text("Nov 2 – 15, 2026")
    await expect(boss.page.locator("body")).to_have_css("color", "rgb(0, 0, 0)")
    last = row(boss, "Repair").last
    whole = "(row) => row.getBoundingClientRect().bottom <= document.body.scrollHeight"
    assert await last.evaluate(whole), "what scrolls on a screen is whole on paper"


async def test_what_is_too_much_is_refused_in_words(site: Ledger) -> None:
    root = await site.screen("root", f"/reports?{FORTNIGHT}")
    await expect(card(root, "offered").locator(".large")).to_contain_text(n(CALLS))
    await root.page.locator("#report-from").fill("2026-01-01")
    await root.page.locator("[data-filter=by]").select_option("hour")
    await expect(root.page.locator(".notices")).to_contain_text("62")
    await expect(root.page.locator(".notices")).not_to_contain_text("at most")
    await expect(card(root, "offered").locator(".large")).to_contain_text(n(CALLS))


async def test_an_agent_sees_no_reports(site: Ledger) -> None:
    li = await site.screen("li", "/reports")
    await expect(li.page.locator(".notices")).to_contain_text("Not allowed")
    await expect(li.page.locator(".ways")).not_to_contain_text("Reports")


# --- calls -----------------------------------------------------------------------------------------------------------


async def test_a_call_is_found_by_its_number_and_shows_the_way_it_took(site: Ledger) -> None:
    boss = await site.screen("boss", "/calls")
    await expect(boss.page.locator(".call-table tbody tr")).to_have_count(50)
    await boss.page.keyboard.press("/")
    await boss.page.keyboard.type("13800130001")
    await boss.page.keyboard.press("Enter")
    await expect(boss.page.locator(".call-table tbody tr")).to_have_count(1)
    await boss.page.locator(".call-table tbody td").first.click()
    way = boss.page.locator(".one .way")
    await expect(way).to_contain_text("Queue Hotline 热线")
    await expect(way).to_contain_text("Li Na answered")
    await expect(way).to_contain_text("Over after 1:09")
    await expect(boss.page.locator(".one [data-action=ticket]")).to_have_attribute("href", "/desk#ticket=1")
    await expect(boss.page.locator(".one .whom a")).to_have_attribute("href", "/desk#customer=1")
    await in_order(boss)


async def test_a_call_that_is_opened_by_its_link_has_its_callers_name_however_late_the_list_comes(
    site: Ledger,
) -> None:
    boss = await site.screen("boss", "/calls")
    await boss.page.locator("#call-number").fill("13800130001")
    await boss.page.keyboard.press("Enter")
    await expect(boss.page.locator(".call-table tbody tr")).to_have_count(1)
    await boss.page.locator(".call-table tbody td").first.click()
    await expect(boss.page.locator(".one h2")).to_have_text("王小明")

    async def after_the_list(route: Route) -> None:
        await expect(boss.page.locator(".call-table tbody tr")).to_have_count(1)
        await route.continue_()

    await boss.page.route(re.compile(r"/api/v1/calls/[^/?]+$"), after_the_list)
    await boss.page.reload()
    await expect(boss.page.locator(".one h2")).to_have_text("王小明")
    await boss.page.unroute_all(behavior="wait")


async def test_what_is_being_typed_outlives_what_comes_meanwhile(site: Ledger) -> None:
    boss = await site.screen("boss", "/calls")
    let_go = asyncio.Event()

    async def late(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await boss.page.route(re.compile(r"/api/v1/queues$"), late)
    await boss.page.reload()
    await boss.page.locator("#call-number").fill("13800130001")
    let_go.set()
    await expect(boss.page.locator("[data-filter=queue] option[value=hotline]")).to_have_count(1)
    await boss.page.keyboard.press("Enter")
    await expect(boss.page.locator(".call-table tbody tr")).to_have_count(1)
    await expect(boss.page.locator("#call-number")).to_have_value("13800130001")
    await boss.page.unroute_all(behavior="wait")


async def test_calls_are_filtered_turned_and_walked_by_keys(site: Ledger) -> None:
    root = await site.screen("root", f"/calls?{FORTNIGHT}&sort=oldest", scheme="dark")
    rows = root.page.locator(".call-table tbody tr")
    await root.page.locator("[data-filter=outcome]").select_option("abandoned")
    lost = sorted((one for one in CALLS if not one["answered"]), key=began)
    await expect(rows.first).to_contain_text(lost[0]["caller_number"])
    await expect(root.page.locator(".call-table")).not_to_contain_text("已接听")
    await root.page.locator("[data-filter=queue]").select_option("hotline")
    lost = [one for one in lost if queue(one) == "hotline"]
    await expect(rows.first).to_contain_text(lost[0]["caller_number"])
    await root.page.locator("[data-action=sort]").click()
    await expect(rows.first).to_contain_text(lost[-1]["caller_number"])
    await root.page.locator("h1").click()
    await root.page.keyboard.press("PageDown")
    await expect(root.page.locator(".pages")).to_contain_text("2")
    await expect(rows.first).not_to_contain_text(lost[-1]["caller_number"])
    await root.page.keyboard.press("ArrowDown")
    await expect(root.page.locator("tr.chosen")).to_have_count(1)
    await expect(root.page.locator(".one .way")).to_contain_text("已放弃")
    await in_order(root)


async def test_who_may_not_see_a_queue_finds_none_of_its_calls(site: Ledger) -> None:
    boss = await site.screen("boss", f"/calls?{FORTNIGHT}&queue=sales")
    await expect(boss.page.locator(".list .empty")).to_be_visible()
    theirs = next(one for one in CALLS if queue(one) == "sales")
    await boss.go(f"/calls?call={theirs['id']}")
    await expect(boss.page.locator(".notices")).to_contain_text("There is no such thing")

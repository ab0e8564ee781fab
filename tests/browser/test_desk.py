"""An agent's day in a real browser beside a real switch: what they see, and when."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.stage import PASSWORD, Desk, Stage
from tests.rig.scenarios import LI, REPAIR, ZHANG

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]
KNOWN = "13800138000"
STRANGER = "13912345678"


async def test_who_calls_is_on_the_screen_before_the_phone_is_answered(stage: Stage) -> None:
    desk = await stage.working("zhang")
    await stage.calls(number=KNOWN)
    await desk.is_("ringing")
    await desk.shows("王小明", "138 0013 8000", "青岛")
    await expect(desk.page.locator(".own")).to_contain_text("gas stove JZT-Q23")
    await expect(desk.page.locator("#called")).to_contain_text("王小明")
    assert not stage.service.rows("select 1 from calls where open and answered_at is not null")
    await desk.is_("talking")
    await expect(desk.page.locator(".ticket")).to_contain_text(re.compile(r"\d{3} \d{3} \d"))


async def test_saving_the_record_ends_the_wrap_up(stage: Stage) -> None:
    desk = await stage.working("zhang")
    await stage.calls(number=KNOWN)
    await desk.is_("talking")
    await desk.writes("炉头不点火，已指导更换电池")
    await stage.hangs_up(KNOWN)
    await desk.is_("wrap_up")
    await desk.shows("王小明")
    await desk.saves()
    await desk.is_("ready")
    bodies = stage.service.rows("select body from timeline where kind = 'note' order by ticket_id desc")
    assert "炉头不点火" in bodies[0][0]


async def test_the_wrap_up_ends_by_itself_and_what_was_written_stays(stage: Stage) -> None:
    desk = await stage.working("li")
    await stage.calls(number=STRANGER)
    await desk.is_("talking")
    await desk.writes("half a senten")
    await stage.switch.rx("channel request hangup all")
    await desk.is_("wrap_up")
    await desk.is_("ready")
    await expect(desk.page.locator("#note")).to_have_value("half a senten")


async def test_a_stranger_becomes_a_customer_with_two_fields(stage: Stage) -> None:
    desk = await stage.working("li")
    await stage.calls(number="13912340000")
    await desk.is_("ringing")
    await desk.shows("139 1234 0000")
    await desk.page.keyboard.press("Alt+a")
    await desk.page.keyboard.type("Ada Lovelace")
    await desk.page.keyboard.press("Enter")
    await desk.shows("Ada Lovelace")
    assert stage.service.rows("select 1 from customers where record like '%Ada Lovelace%'")


async def test_who_gave_up_stays_to_be_seen(stage: Stage) -> None:
    await stage.stands(ZHANG, "never_answers")
    desk = await stage.working("zhang")
    await stage.calls(number=KNOWN)
    await desk.is_("ringing")
    await stage.hangs_up(KNOWN)
    await desk.shows("未接", "王小明", "回拨")
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator(".missed-list .row")).to_contain_text("王小明")
    await expect(desk.page.locator("#called")).to_have_text("")


async def test_of_two_who_ring_the_slower_one_loses_the_pop(stage: Stage) -> None:
    await stage.stands(LI, "never_answers")
    slow, quick = await stage.working("li"), await stage.working("zhang")
    await stage.calls(number=KNOWN, dialed=REPAIR)
    for desk in (slow, quick):
        await desk.is_("ringing")
        await desk.shows("王小明")
    await quick.is_("talking")
    await slow.is_("ready")
    await expect(slow.page.locator(".strip")).to_have_count(0)
    await expect(slow.page.locator(".notices")).to_contain_text("answered")
    await quick.shows("王小明")


async def test_a_call_is_passed_on_with_its_ticket_and_a_word(stage: Stage) -> None:
    first, second = await stage.working("zhang"), await stage.desk("li")
    await second.sits_down()
    await second.page.keyboard.press("Alt+p")
    await expect(second.page.locator("dialog button", has_text="Meal")).to_be_visible()
    await second.page.keyboard.press("2")
    await expect(second.state).to_contain_text("Meal")
    await stage.calls(number=KNOWN)
    await first.is_("talking")
    ticket = first.page.locator(".ticket header")
    await expect(ticket).to_contain_text(re.compile(r"\d{3} \d{3} \d"))
    number = re.search(r"\d{3} \d{3} \d", await ticket.inner_text())
    assert number is not None
    await first.page.keyboard.press("Alt+t")
    await first.page.locator("dialog input").nth(0).fill("Li")
    await first.page.locator("dialog input").nth(1).fill("wants the fitter <b>today</b>")
    await first.page.locator("dialog input").nth(1).press("Enter")
    await expect(second.page.locator(".passed")).to_contain_text("wants the fitter <b>today</b>")
    await second.shows("王小明")
    await expect(second.page.locator(".ticket header")).to_contain_text(number[0])


async def test_a_broken_line_to_the_server_is_taken_up_again_in_a_call(stage: Stage) -> None:
    desk = await stage.working("zhang")
    await stage.calls(number=KNOWN)
    await desk.is_("talking")
    await desk.writes("before the cut")
    await desk.window.context.set_offline(True)
    await desk.page.evaluate("window.dispatchEvent(new Event('offline'))")
    await desk.writes("before the cut and during it")
    await desk.window.context.set_offline(False)
    await desk.is_("talking")
    await stage.service.kill()
    await expect(desk.page.locator(".connection.bad")).to_be_visible(timeout=20_000)
    await stage.service.start()
    await desk.is_("talking")
    await desk.shows("王小明")
    await expect(desk.page.locator("#note")).to_have_value("before the cut and during it")
    desk.window.wrong.clear()  # a server that is not there is an error in the console, and nothing else


async def test_a_page_that_is_loaded_anew_has_the_call_and_the_note(stage: Stage) -> None:
    desk = await stage.working("zhang")
    await stage.calls(number=KNOWN)
    await desk.is_("talking")
    await desk.writes("typed a second ago")
    await expect(desk.page.locator(".note label")).to_contain_text(re.compile("saved|已"))
    await desk.page.reload()
    await desk.is_("talking")
    await expect(desk.page.locator("#note")).to_have_value("typed a second ago")


async def test_a_second_page_of_the_same_person_shows_the_same(stage: Stage) -> None:
    desk = await stage.working("zhang")
    other = await desk.window.context.new_page()
    await other.goto(f"{stage.base}/desk")
    await stage.calls(number=KNOWN)
    for page in (desk.page, other):
        await expect(page.locator("section.head")).to_contain_text("王小明")
        await expect(page.locator("section.me")).to_have_class("me state-talking")


async def test_a_seat_taken_over_is_told_to_whom_it_was_taken_from(stage: Stage) -> None:
    first, second = await stage.working("zhang"), await stage.desk("li")
    await second.page.locator("#seat").fill(f"main/PJSIP/{ZHANG}")
    await second.page.locator("form.seats button").click()
    await expect(first.page.locator(".notices")).to_contain_text("Li Na")
    await first.is_("gone")


async def test_a_phone_that_is_gone_is_explained(stage: Stage) -> None:
    desk = await stage.working("li")
    await stage.phones.register(LI, expires_s=0)
    await expect(desk.page.locator(".problems")).to_contain_text("not registered")
    await desk.page.keyboard.press("Alt+w")
    await expect(desk.page.locator("dialog .problems")).to_contain_text(f"{LI}")
    await stage.phones.register(LI)


async def test_what_a_caller_calls_himself_runs_nowhere(stage: Stage) -> None:
    name = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    desk = await stage.working("li")
    await stage.calls(number="13611112222", display=name.replace('"', ""))
    await desk.is_("talking")
    await expect(desk.head).to_contain_text("<img src=x")
    await desk.writes("<script>alert(3)</script>")
    await desk.page.locator("#subject").fill("=cmd()|' /C calc'!A0 <b>x</b>")
    await desk.saves()
    await desk.page.reload()
    await desk.is_("talking")
    assert await desk.page.evaluate("document.querySelectorAll('img, b').length") == 0


async def test_from_signing_in_to_a_saved_ticket_without_a_mouse(stage: Stage) -> None:
    window = await stage.chrome.window(stage.base)
    desk = Desk(window, "keys alone")
    stage.desks.append(desk)
    await window.go("/")
    await expect(desk.page.locator("#login")).to_be_focused()
    keys = desk.page.keyboard
    await keys.type("zhang")
    await keys.press("Tab")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await desk.page.wait_for_url("**/desk")
    await expect(desk.page.locator("#seat")).not_to_have_value("")
    for _ in range(40):
        if await desk.page.evaluate("document.activeElement.id") == "seat":
            break
        await keys.press("Tab")
    await keys.press("Enter")
    await expect(desk.page.locator("#seat")).to_have_count(0)
    await desk.ready()
    await stage.calls(number=KNOWN)
    await desk.is_("talking")
    await keys.press("Alt+n")
    await keys.type("keys alone")
    await keys.press("Alt+7")
    await keys.press("Control+Enter")
    await expect(desk.page.locator(".notices")).to_contain_text(re.compile(r"\d{3} \d{3} \d"))
    notes = stage.service.rows("select body from timeline where kind = 'note' and body like '%keys alone%'")
    assert len(notes) == 1
    assert stage.service.rows("select 1 from promises where kind = 'watch' and status = 'planned'")


async def test_whoever_was_disabled_is_shown_the_door(stage: Stage) -> None:
    desk = await stage.working("li")
    await stage.service.must("user", "disable", "li")
    await desk.page.wait_for_url("**/sign-in**")
    await stage.service.must("user", "enable", "li")

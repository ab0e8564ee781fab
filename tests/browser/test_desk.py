"""An agent's day in a real browser beside a real switch: what they see, and when."""

from __future__ import annotations

import asyncio
import re
from typing import Final

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from tests.browser import site
from tests.browser.looking import complaints, held_back, out_of_reach
from tests.browser.office import Api
from tests.browser.site import PASSWORD
from tests.browser.stage import Desk, Stage
from tests.rig.scenarios import LI, REPAIR, ZHANG

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]
KNOWN = "13800138000"
STRANGER = "13912345678"
EMMA, LIU = "13800138004", "13800138007"

PICTURE: Final[FilePayload] = {
    "name": "E4 故障.png",
    "mimeType": "image/png",
    "buffer": b"\x89PNG\r\n\x1a\n" + bytes(99),
}
PAGE: Final[FilePayload] = {"name": "page.png", "mimeType": "image/png", "buffer": b"<script>1</script>"}
"""What it is called does not count."""


async def never_answered_first(page: Page, asked: re.Pattern[str]) -> asyncio.Event:
    """The first such request stays unanswered; those after it are answered as ever. Set: it was made."""
    held = asyncio.Event()

    async def meet(route: Route) -> None:
        if held.is_set():
            await route.continue_()
        held.set()

    await page.route(asked, meet)
    return held


async def unheard_outside(page: Page) -> asyncio.Event:
    """Other systems have not heard of any ticket for a long time. Set: they have."""
    heard = asyncio.Event()

    async def meet(route: Route) -> None:
        answer = await route.fetch()
        told = await answer.json()
        if not heard.is_set():
            told["outside"] = {"unsent": 2, "since": "2026-01-01T00:00:00.000Z", "dead": 0}
        await route.fulfill(response=answer, json=told)

    await page.route(re.compile(r"/api/v1/tickets/\d+$"), meet)
    return heard


async def test_who_calls_is_on_the_screen_before_the_phone_is_answered(stage: Stage) -> None:
    await stage.stands(ZHANG, "answers_when_told")
    desk = await stage.working("zhang")
    await stage.calls(number=KNOWN)
    await desk.is_("ringing")
    await desk.shows("王小明", "138 0013 8000", "青岛")
    await expect(desk.page.locator(".own")).to_contain_text("gas stove JZT-Q23")
    await expect(desk.page.locator("#called")).to_contain_text("王小明")
    assert not stage.service.rows("select 1 from calls where open and answered_at is not null")
    stage.phones.picks_up(ZHANG)
    await desk.is_("talking")
    await expect(desk.page.locator(".ticket")).to_contain_text(re.compile(r"\d{3} \d{3} \d"))


async def test_saving_the_record_ends_the_wrap_up(stage: Stage) -> None:
    desk = await stage.working("zhang")
    await stage.calls(number=KNOWN)
    await desk.is_("talking")
    await desk.page.locator(".filters button", has_text="记录").click()
    await expect(desk.page.locator(".entry:not(.note)")).to_have_count(0)
    await desk.writes("炉头不点火，已指导更换电池")
    await stage.hangs_up(KNOWN)
    await desk.is_("wrap_up")
    await desk.shows("王小明")
    await desk.saves()
    await expect(desk.page.locator(".notices")).to_contain_text(re.compile(r"\d{3} \d{3} \d"))
    await desk.is_("ready")
    bodies = stage.service.rows("select body from timeline where kind = 'note' order by ticket_id desc")
    assert "炉头不点火" in bodies[0][0]


async def test_the_wrap_up_ends_by_itself_and_what_was_written_stays(stage: Stage) -> None:
    await stage.stands(LI, "answers_and_holds", ring_ms=300, hold_after_ms=500, hold_ms=600_000)
    desk = await stage.working("li")
    await stage.calls(number=STRANGER)
    await desk.is_("held")
    await desk.writes("half a senten")
    await stage.switch.rx("channel request hangup all")
    await desk.is_("wrap_up")
    await desk.is_("ready")
    await expect(desk.page.locator("#note")).to_have_value("half a senten")


async def test_a_stranger_becomes_a_customer_with_two_fields(stage: Stage) -> None:
    await stage.stands(LI, "never_answers")
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
    await stage.stands(ZHANG, "answers_when_told")
    slow, quick = await stage.working("li"), await stage.working("zhang")
    await stage.calls(number=KNOWN, dialed=REPAIR)
    for desk in (slow, quick):
        await desk.is_("ringing")
        await desk.shows("王小明")
    stage.phones.picks_up(ZHANG)
    await expect(slow.page.locator(".notices")).to_contain_text("answered")  # first: it goes away by itself
    await quick.is_("talking")
    await slow.is_("ready")
    await expect(slow.page.locator(".strip")).to_have_count(0)
    await quick.shows("王小明")


async def at_once(stage: Stage, *phones: str) -> None:
    """These phones answer before anybody has looked: what comes after is what the test is about."""
    for phone in phones:
        await stage.stands(phone, "answers", ring_ms=200)


async def eating(stage: Stage, login: str) -> Desk:
    """At the phone, and no call of a queue comes."""
    desk = await stage.desk(login)
    await desk.sits_down()
    await desk.may("pause")
    await desk.page.keyboard.press("Alt+p")
    await expect(desk.page.locator("dialog button", has_text="Meal")).to_be_visible()
    await desk.page.keyboard.press("2")
    await expect(desk.state).to_contain_text("Meal")
    return desk


async def ticket_of(desk: Desk) -> str:
    """The number on the right, as it is spoken."""
    header = desk.page.locator(".ticket header")
    await expect(header).to_contain_text(re.compile(r"\d{3} \d{3} \d"))
    number = re.search(r"\d{3} \d{3} \d", await header.inner_text())
    assert number is not None
    return number[0]


async def passes_on(desk: Desk, to: str, note: str, *, asking: bool = False) -> None:
    await desk.may("transfer")
    await desk.page.keyboard.press("Alt+t")
    await desk.page.locator("dialog input").nth(0).fill(to)
    await expect(desk.page.locator("#target-0")).to_contain_text(to)
    await desk.page.locator("dialog input").nth(1).fill(note)
    if asking:
        await desk.page.locator("dialog input[type=checkbox]").check()
    await desk.page.locator("dialog input").nth(1).press("Enter")


async def test_a_call_is_passed_on_with_its_ticket_and_a_word(stage: Stage) -> None:
    first, second = await stage.working("zhang"), await eating(stage, "li")
    await stage.calls(number=KNOWN)
    await first.is_("talking")
    ticket = await ticket_of(first)
    office = Api(first.window.context.request, stage)
    await office.customer(EMMA, do_not_call=True)
    await passes_on(first, EMMA, "her husband is on the line")
    await expect(first.page.locator("dialog h2")).to_have_text("该客户要求勿拨打")
    await first.page.keyboard.press("Escape")
    await office.customer(EMMA, do_not_call=False)
    await passes_on(first, "Li", "wants the fitter <b>today</b>")
    await expect(second.page.locator(".passed")).to_contain_text("wants the fitter <b>today</b>")
    await second.shows("王小明")
    await expect(second.page.locator(".ticket header")).to_contain_text(ticket)
    await second.is_("talking")
    await passes_on(second, "hotline", "nobody is there today")
    await expect(second.page.locator(".notices")).to_contain_text("Passed on to hotline")


async def test_a_colleague_who_is_asked_first_gets_the_call_with_its_ticket(stage: Stage) -> None:
    await at_once(stage, ZHANG, LI)
    first, second = await stage.working("zhang"), await eating(stage, "li")
    await stage.calls(number=KNOWN)
    await first.is_("talking")
    ticket = await ticket_of(first)
    await passes_on(first, "Li", "is it under warranty?", asking=True)
    await second.is_("talking")
    await expect(second.page.locator(".passed")).to_contain_text("is it under warranty?")
    await first.page.reload()
    await expect(first.page.locator(".consult")).to_contain_text("Li Na")
    await first.may("unask")
    await first.page.keyboard.press("Alt+6")
    await first.is_("talking")
    await expect(first.page.locator(".consult")).to_have_count(0)
    await passes_on(first, "Li", "he has the receipt", asking=True)
    await first.may("join")
    await first.page.keyboard.press("Alt+5")
    await first.is_("wrap_up")
    await second.shows("王小明")
    await expect(second.page.locator(".ticket header")).to_contain_text(ticket)
    assert stage.service.open_calls() == 1
    await second.page.keyboard.press("Alt+h")
    await expect(second.state).not_to_have_class("me state-talking")


async def test_a_phone_that_is_not_free_is_rung_all_the_same_only_when_that_is_wished(stage: Stage) -> None:
    await at_once(stage, ZHANG)
    await stage.stands(LI, "never_answers")
    first, second = await stage.working("zhang"), await stage.working("li")
    await stage.calls(number=STRANGER, dialed=REPAIR)
    await first.is_("talking")
    await stage.calls(number="13800138001")
    await second.shows("138 0013 8001")  # the first call may have rung here, too, for a moment
    await second.is_("ringing")
    await passes_on(first, "Li", "insists on her")
    await expect(first.page.locator(".notices")).to_contain_text("交换机没有执行：忙")
    button = first.page.locator("dialog button.main")
    await expect(button).to_have_text("仍然转接")
    await button.click()
    await expect(second.page.locator(".strip")).to_have_count(2)
    await expect(first.page.locator("dialog")).to_have_count(0)
    notes = stage.service.rows(
        "select body from timeline where kind = 'note' and body like '%insists on her%'"
    )
    assert len(notes) == 1


async def test_of_several_customers_one_is_chosen_by_a_key_and_kept_however_late_the_ticket_comes(
    stage: Stage,
) -> None:
    await stage.stands(ZHANG, "answers_when_told")
    desk = await stage.working("zhang")
    held = await never_answered_first(desk.page, re.compile(r"/tickets/\d+$"))
    office = Api(desk.window.context.request, stage)
    await office.ask("POST", "customers", {"name": "陈静的母亲", "numbers": [{"received": "13800138005"}]})
    await stage.calls(number="13800138005")
    await desk.is_("ringing")
    choices = desk.page.locator(".chooser button")
    await expect(choices).to_have_count(3)
    name = await choices.nth(1).locator("strong").inner_text()
    await desk.page.keyboard.press("2")
    await expect(choices).to_have_count(0)
    await desk.shows(name)
    stage.phones.picks_up(ZHANG)
    await desk.is_("talking")
    async with asyncio.timeout(60):
        await held.wait()
    await desk.writes("one of two")
    await desk.saves()
    await expect(desk.page.locator(".notices")).to_contain_text(re.compile(r"\d{3} \d{3} \d"))
    ((ticket,),) = stage.service.rows("select ticket_id from timeline where body like '%one of two%'")
    found = await office.ask("GET", f"tickets/{ticket}")
    customer = await office.ask("GET", f"customers/{found['customer']}")
    assert customer["name"] == name


async def test_a_second_call_does_not_take_the_screen_from_the_first(stage: Stage) -> None:
    await at_once(stage, LI)
    desk, colleague = await stage.working("zhang"), await eating(stage, "li")
    await stage.calls(number=KNOWN)
    await desk.is_("talking")
    await desk.writes("in the middle of")
    await colleague.page.locator("#dial").fill(ZHANG)
    await colleague.page.locator("#dial").press("Enter")
    await expect(desk.page.locator(".strip")).to_have_count(2)
    await expect(desk.page.locator(".strip").nth(0)).to_have_attribute("aria-selected", "true")
    await desk.shows("王小明")
    await expect(desk.page.locator("#note")).to_have_value("in the middle of")
    await desk.page.keyboard.press("Alt+2")
    await expect(desk.head).not_to_contain_text("王小明")


SPY = """
  window.peals = []; window.told = []; window.gone = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...at) { peals.push(this.frequency.value); return start.apply(this, at); };
  window.Notification = class extends Notification {
    constructor(words, more) {
      super(words, more);
      this.addEventListener("show", () => told.push(words));
    }
    close() {
      gone += 1;
      super.close();
    }
  };
  localStorage.setItem("callserver.notify", "yes");
  document.hasFocus = () => false;
"""


async def test_a_ringing_call_is_heard_and_told_on_the_desktop_until_it_is_answered(stage: Stage) -> None:
    await stage.stands(ZHANG, "answers_when_told")
    desk = await stage.working("zhang", script=SPY)
    await desk.window.context.grant_permissions(["notifications"])
    await desk.page.keyboard.press("Alt+s")
    await desk.page.get_by_label("低音").click()
    await desk.page.keyboard.press("Escape")
    await stage.calls(number=KNOWN)
    await desk.is_("ringing")
    await desk.page.wait_for_function("peals.length >= 4 && told.length >= 1")
    assert set(await desk.page.evaluate("peals")) == {330, 262}
    assert "王小明" in (await desk.page.evaluate("told[0]"))
    assert (await desk.page.title()).startswith("☎")
    stage.phones.picks_up(ZHANG)
    await desk.is_("talking")
    await desk.page.wait_for_function("gone === told.length")
    heard = await desk.page.evaluate("peals.length")
    assert not (await desk.page.title()).startswith("☎")
    await desk.saves()
    assert await desk.page.evaluate("peals.length") == heard


async def test_a_supervisor_sees_who_talks_and_who_waits_and_no_call_of_others_as_their_own(
    stage: Stage,
) -> None:
    await at_once(stage, ZHANG)
    boss, desk = await stage.desk("boss"), await stage.working("zhang")
    colleagues = boss.page.locator(".colleagues")
    await stage.calls(number=KNOWN)
    await desk.is_("talking")
    await expect(colleagues.locator(".state-talking")).to_contain_text("Zhang Wei")
    await stage.calls(number=STRANGER)
    await expect(boss.page.locator(".queues tr.busy")).to_have_count(1)
    await expect(boss.page.locator(".strip")).to_have_count(0)
    await expect(boss.head).to_contain_text("Nobody on the line")
    await expect(boss.page.locator("#called")).to_have_text("")


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
    await expect(desk.page.locator(".connection.bad")).to_be_visible()
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
    async with held_back(desk.page, "/me/drafts$"):
        await desk.page.reload()
        await desk.is_("talking")
        await desk.writes("and before it was there again")
    both = "typed a second ago\nand before it was there again"
    await expect(desk.page.locator("#note")).to_have_value(both)
    await expect(desk.page.locator(".note label")).to_contain_text(re.compile("saved|已"))


async def test_a_second_page_of_the_same_person_shows_the_same(stage: Stage) -> None:
    desk = await stage.working("zhang")
    other = await desk.window.context.new_page()
    await other.goto(f"{stage.base}/desk")
    await stage.calls(number=KNOWN)
    for page in (desk.page, other):
        await expect(page.locator("section.head")).to_contain_text("王小明")
        await expect(page.locator("section.me")).to_have_class("me state-talking")


async def test_a_seat_taken_over_is_told_to_whom_it_was_taken_from(stage: Stage) -> None:
    second = await stage.desk("li")
    await expect(second.page.locator("#seat")).not_to_have_value("")
    first = await stage.working("zhang")  # whom the other page has not seen there
    await second.page.locator("#seat").fill(f"main/PJSIP/{ZHANG}")
    begin = second.page.locator("form.seats button")
    await begin.click()
    await expect(begin).to_have_text("Take the seat over")
    await begin.click()
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
    async with held_back(desk.page, r"/record$", "POST"):
        await desk.saves()
        await desk.page.locator("#note").press_sequentially(" and more")
    await expect(desk.page.locator("#note")).to_have_value("and more")
    await desk.page.reload()
    await desk.is_("talking")
    await expect(desk.page.locator("#note")).to_have_value("and more")
    assert await desk.page.evaluate("document.querySelectorAll('img, b').length") == 0


async def test_from_signing_in_to_a_saved_ticket_without_a_mouse(stage: Stage) -> None:
    window = await stage.chrome.window(stage.base)
    desk = Desk(window, "keys alone")
    stage.desks.append(desk)
    script = asyncio.Event()

    async def late(route: Route) -> None:
        await script.wait()
        await route.continue_()

    await desk.page.route(re.compile(r"/texts\.[^/]*json$"), late)
    await window.go("/")
    await expect(desk.page.locator("#login")).to_be_focused()
    keys = desk.page.keyboard
    await keys.type("zhang")
    await keys.press("Tab")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    script.set()
    await expect(desk.page).to_have_url(re.compile("/desk$"))
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
    await expect(desk.page.locator(".own")).to_be_visible()
    assert await out_of_reach(desk.page) == []
    await keys.press("Alt+n")
    await keys.type("keys alone")
    await keys.press("Alt+7")
    await keys.press("Control+Enter")
    await expect(desk.page.locator(".notices")).to_contain_text(re.compile(r"\d{3} \d{3} \d"))
    notes = stage.service.rows("select body from timeline where kind = 'note' and body like '%keys alone%'")
    assert len(notes) == 1
    assert stage.service.rows("select 1 from promises where kind = 'watch' and status = 'planned'")


async def test_a_product_a_file_and_two_who_were_one_are_put_right_without_a_call(whole_day: Stage) -> None:
    desk = await whole_day.desk("zhang", scheme="dark")
    office = Api(desk.window.context.request, whole_day)
    liu = await office.customer(LIU, numbers=[{"received": LIU}, {"received": STRANGER}])
    await office.ticket(liu, LIU, "repair", "灶具打不着火")
    page, keys, dialog = desk.page, desk.page.keyboard, desk.page.locator("dialog")
    await page.locator("body").press("/")
    await keys.type("138007")
    await expect(page.locator("#hits li").first).to_contain_text("刘洋")
    await keys.press("Enter")
    heard = await unheard_outside(page)
    await page.locator(".tickets .row", has_text="灶具打不着火").click()
    await expect(page.locator("#subject")).to_have_value("灶具打不着火")
    await expect(page.locator(".ticket .inside")).to_contain_text("已存本系统，外部未收到")
    heard.set()

    await page.locator("body").press("Alt+y")
    await expect(page.locator("#product-category")).to_be_focused()
    await keys.type("洗衣机")
    await expect(page.locator("#by-rule")).to_contain_text("36 个月")
    await page.locator("#product-model").fill("XQG90")
    await page.locator("#product-bought_on").fill("2024-05-03")
    assert await complaints(page) == []
    await keys.press("Enter")
    await expect(page.locator(".notices")).to_contain_text("保修至 2027年5月3日")
    await expect(page.locator(".products [aria-pressed=true]")).to_contain_text("洗衣机 XQG90")
    await page.locator(".products li", has_text="XQG90").locator("button.bare").click()
    await expect(page.locator("#product-model")).to_have_value("XQG90")
    await page.locator("#product-model").fill("XQG100")
    await keys.press("Enter")
    await expect(page.locator(".products")).to_contain_text("洗衣机 XQG100")

    await page.locator("body").press("Alt+j")
    await page.locator("dialog [type=file]").set_input_files([PICTURE, PAGE])
    await expect(dialog.locator(".wrong-one")).to_contain_text("不是可接收的图片")
    async with page.expect_download() as saved:
        await dialog.locator("a").click()
    assert (await saved.value).suggested_filename == PICTURE["name"]
    assert await complaints(page) == []
    await keys.press("Escape")
    await expect(desk.button("files")).to_have_text("1")
    await expect(page.locator(".ticket .inside")).not_to_contain_text("外部未收到", timeout=60_000)
    await page.unroute_all(behavior="wait")

    await page.locator("body").press("Alt+z")
    await dialog.locator("label", has_text=STRANGER).locator("input").check()
    await dialog.locator("label", has_text="XQG100").locator("input").check()
    await expect(dialog.locator("[type=submit]")).to_be_enabled()
    await dialog.get_by_label("姓名").fill("刘海")
    await expect(dialog.locator(".parted")).to_contain_text(f"刘海 得到：{STRANGER}, 洗衣机 XQG100, 0 张工单")
    assert await complaints(page) == []
    await keys.press("Enter")
    await expect(page.locator(".notices")).to_contain_text("刘海 已成为单独的客户")
    await expect(page.locator(".products")).not_to_contain_text("XQG100")
    assert await office.customer(STRANGER) != liu

    await page.locator("body").press("Alt+z")
    await dialog.locator("label", has_text=LIU).locator("input").check()
    await dialog.get_by_label("已有的客户").check()
    await dialog.get_by_label("搜索").fill("刘海")
    await dialog.locator(".found button", has_text="刘海").click()
    await dialog.locator("[type=submit]").click()
    await page.locator(".notice", has_text="已归 刘海").get_by_role("button", name="撤回").click()
    await expect(page.locator(".notices")).to_contain_text("已收回")
    assert await office.customer(LIU) == liu

    await page.goto(f"{whole_day.base}/desk#customer={liu}")
    await page.reload()
    await expect(page.locator(".products")).not_to_contain_text("XQG100")
    await desk.shows("刘洋")
    await page.locator("body").press("Alt+m")
    await dialog.get_by_label("搜索").fill("刘海")
    await dialog.locator(".found button", has_text="刘海").click()
    await expect(page.locator(".notices")).to_contain_text("刘海 已并入当前客户")
    await expect(page.locator(".products")).to_contain_text("XQG100")
    assert await office.customer(STRANGER) == liu
    await whole_day.clear()


async def test_whoever_was_disabled_is_shown_the_door(stage: Stage) -> None:
    desk = await stage.working("li")
    await site.changes(stage.service.database, "li", disabled=True)
    try:
        await expect(desk.page).to_have_url(re.compile("/sign-in"))
    finally:
        await site.changes(stage.service.database, "li", disabled=False)

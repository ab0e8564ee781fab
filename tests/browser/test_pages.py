"""What every page keeps, whatever is on it: readable by everybody, in its place, small, and nobody else's words run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from playwright.async_api import expect

from tests.browser.looking import Meter, complaints
from tests.browser.office import Api
from tests.browser.site import PASSWORD
from tests.browser.stage import Desk, Stage
from tests.rig.scenarios import LI, ZHANG

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]
KNOWN = "13800138000"
WITHHELD = '"Anonymous" <sip:anonymous@anonymous.invalid>'
FIRST_SCREEN_BYTES = 150_000
NOT_SEEN = 0.0005
"""Of a page: a count in its cell that becomes "1 0:05". People are said to mind from 0.1 on."""
DIALOGS = {"?": "keys", "Alt+s": "settings", "Alt+w": "why", "Alt+p": "pause"}
IN_A_CALL = {"Alt+t": "transfer", "Alt+9": "promise"}
EVIL = """<img src=x onerror="window.owned=1"><script>owned=1</script>'"&amp;{{7*7}}${owned=1}"""
OF_A_STRANGER = "img, iframe, script:not([src]), [onerror], [onload], [onclick], [style*=expression]"
Scheme = Literal["light", "dark"]


async def in_order(desk: Desk, when: str) -> None:
    """Everything is inside the window, and axe-core has nothing to say."""
    assert await desk.window.sticks_out() == [], when
    assert await complaints(desk.page) == [], when


async def dialogs_in_order(desk: Desk, dialogs: dict[str, str]) -> None:
    for key, name in dialogs.items():
        await desk.page.locator("body").press(key)
        await expect(desk.page.locator("dialog[open] h2")).to_be_visible()
        await expect(desk.page.locator("dialog [aria-busy=true]")).to_have_count(0)
        await in_order(desk, name)
        await desk.page.keyboard.press("Escape")
        await expect(desk.page.locator("dialog")).to_have_count(0)


@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("zh-CN", "light")])
@pytest.mark.parametrize("path", ["/sign-in", "/first-run"])
async def test_the_pages_before_anybody_is_in_are_in_order(
    stage: Stage, path: str, language: str, scheme: Scheme
) -> None:
    window = await stage.chrome.window(stage.base, language=language, scheme=scheme)
    desk = Desk(window, path)
    stage.desks.append(desk)
    await window.go(path)
    await expect(window.page.locator("html")).to_have_attribute("lang", language)
    await in_order(desk, path)


@pytest.mark.parametrize(("login", "scheme"), [("zhang", "dark"), ("li", "light")])
async def test_the_desk_is_in_order_all_day_and_nothing_jumps(
    stage: Stage, login: str, scheme: Scheme
) -> None:
    phone = {"zhang": ZHANG, "li": LI}[login]
    await stage.stands(phone, "answers_when_told")
    desk = await stage.desk(login, scheme=scheme)
    await expect(desk.page.locator("#seat")).to_be_visible()
    await in_order(desk, "before work")
    await desk.sits_down()
    await desk.ready()
    await dialogs_in_order(desk, DIALOGS)
    before = await desk.window.jumps()
    await stage.calls(number=KNOWN)
    await desk.is_("ringing")
    await desk.shows("王小明")
    await in_order(desk, "while it rings")
    stage.phones.picks_up(phone)
    await desk.is_("talking")
    await in_order(desk, "in the call")
    moved = (await desk.window.jumps())[len(before) :]
    assert sum(one["value"] for one in moved) < NOT_SEEN, moved
    await dialogs_in_order(desk, IN_A_CALL)
    await stage.hangs_up(KNOWN)
    await desk.is_("wrap_up")
    await in_order(desk, "after the call")


async def test_the_first_screen_is_small_and_stays_where_it_is(stage: Stage) -> None:
    window = await stage.chrome.window(stage.base)
    stage.desks.append(Desk(window, "a new browser"))
    await window.sign_in("zhang", PASSWORD)
    await expect(window.page.locator("#seat")).to_be_visible()
    await window.page.wait_for_load_state("networkidle")  # nothing of this first visit is counted
    await window.forgets_files()
    meter = Meter(window.page)
    await window.go("/desk")
    await expect(window.page.locator("#seat")).to_be_visible()
    await window.page.wait_for_load_state("networkidle")
    assert sum((await meter.sizes()).values()) < FIRST_SCREEN_BYTES, await meter.sizes()
    jumps = await window.jumps()
    assert sum(one["value"] for one in jumps) < NOT_SEEN, jumps


async def test_at_two_hundred_percent_everything_can_be_reached(stage: Stage) -> None:
    """1366x768 at 200 % is 683x384: one column, which scrolls only downwards."""
    desk = await stage.working("li", size={"width": 683, "height": 384})
    await stage.calls(number=KNOWN)
    await desk.is_("talking")
    assert await desk.page.evaluate("document.scrollingElement.scrollWidth") <= 683
    for what in ("#note", "#kind", "[data-action=save]", "[data-action=hangup]", ".head h1", "#search"):
        await desk.page.locator(what).scroll_into_view_if_needed()
        await expect(desk.page.locator(what)).to_be_in_viewport()
    await desk.page.locator("#note").click(trial=True)
    assert await complaints(desk.page) == []
    for path in ("/promises", "/calls"):
        await desk.window.go(path)
        await expect(desk.page.locator("main .pages, main .list").first).to_be_visible()
        assert await desk.page.evaluate("document.scrollingElement.scrollWidth") <= 683, path
        assert await complaints(desk.page) == [], path
    await an_upgrade(desk)
    await desk.page.get_by_role("button", name="Reload").click()
    await expect(desk.page.locator(".notices button")).to_have_count(0)


async def test_who_withholds_the_number_can_be_searched_for_at_once(stage: Stage) -> None:
    await stage.stands(LI, "answers_when_told")
    desk = await stage.working("li")
    await stage.calls(from_line=WITHHELD)
    await desk.is_("ringing")
    await expect(desk.page.locator(".who-is")).to_contain_text("withheld")
    stage.phones.picks_up(LI)
    await desk.is_("talking")
    await desk.page.locator("body").press("/")
    await desk.page.keyboard.type("wxm")
    await expect(desk.page.locator("#hits li").first).to_contain_text("王小明")
    assert await complaints(desk.page) == []
    await desk.page.keyboard.press("Enter")
    await desk.shows("王小明")
    await stage.all_hang_up()


async def test_a_language_chosen_on_the_screen_is_the_persons_from_then_on(stage: Stage) -> None:
    desk = await stage.desk("boss")
    for name, language, title in (("简体中文", "zh-CN", "坐席工作台"), ("English", "en", "Desk")):
        await expect(desk.page.locator("#seat")).to_be_visible()
        await desk.page.locator("body").press("Alt+s")
        await desk.page.get_by_label(
            name
        ).click()  # whether it is checked can be asked only until the page goes
        await expect(desk.page.locator("html")).to_have_attribute("lang", language)
        await expect(desk.page).to_have_title(title)


@pytest.mark.parametrize(
    "clock", [timedelta(days=-9000), timedelta(hours=7)], ids=["of 25 years ago", "seven hours ahead"]
)
async def test_a_wrong_clock_spoils_no_time_on_the_screen(stage: Stage, clock: timedelta) -> None:
    desk = await stage.desk("li", clock=datetime.now(UTC) + clock)
    await desk.sits_down()
    await desk.ready()
    await stage.calls(number=KNOWN)
    await desk.is_("talking")
    for timer in await desk.page.locator("[role=timer]").all_inner_texts():
        assert timer.startswith("0:"), timer
    await desk.page.locator("body").press("Alt+9")
    await expect(desk.page.locator("dialog [type=submit]")).to_be_enabled()
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".ticket")).to_contain_text("✕")
    await desk.page.locator("body").press("Alt+s")
    await expect(desk.page.locator("dialog .wrong")).to_contain_text("clock of this computer is wrong")


async def test_a_page_left_open_for_a_week_still_shows_the_next_call(stage: Stage) -> None:
    """A laptop that slept: all timers are a week late at once."""
    await stage.stands(LI, "never_answers")
    desk = await stage.desk("li", clock=datetime.now(UTC))
    await desk.sits_down()
    await desk.ready()
    await desk.page.clock.fast_forward(7 * 86_400_000)
    await stage.calls(number=KNOWN)
    await desk.is_("ringing")
    await desk.shows("王小明")
    await an_upgrade(desk)
    await expect(desk.page.locator(".notices")).to_contain_text("new version")
    await stage.hangs_up(KNOWN)
    await desk.shows("Missed")
    await desk.page.keyboard.press("Escape")  # and nothing is lost any more
    await expect(desk.head).not_to_contain_text("Missed")
    await expect(desk.page.locator(".notices")).not_to_contain_text(
        "new version"
    )  # else it stays until it is read
    await desk.is_("ready")
    await expect(desk.page.locator(".missed-list .row")).to_contain_text("王小明")


async def an_upgrade(desk: Desk) -> None:
    """There is another version of all pages, as the page learns when it is looked at again."""
    await desk.page.route("**/static/version", lambda route: route.fulfill(body="another"), times=1)
    await desk.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


async def test_a_call_from_the_screen_says_what_the_switch_did(stage: Stage) -> None:
    desk = await stage.working("zhang")
    await stage.outside_answers(ring_ms=1_500)
    await stage.stands(ZHANG, "rejects")
    await dials(desk, "013800138001")
    await expect(desk.page.locator(".notices")).to_contain_text("交换机没有执行")
    await stage.stands(ZHANG, "answers", ring_ms=200)
    await dials(desk, "013800138001")
    await desk.is_("talking")
    await desk.shows("李秀英")
    await expect(desk.head).not_to_contain_text("呼叫中")  # only who has answered can be passed on
    await desk.page.locator("body").press("Alt+t")
    await desk.page.keyboard.type("013800138007")
    await expect(desk.page.locator("#target-0")).to_contain_text("013800138007")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".notices")).to_contain_text("已转接给 013800138007")
    await desk.is_("wrap_up")


async def dials(desk: Desk, number: str) -> None:
    await desk.page.locator("body").press("Alt+c")
    await desk.page.keyboard.type(number)
    await desk.page.keyboard.press("Enter")


async def test_words_of_strangers_are_words_wherever_they_are_shown(stage: Stage) -> None:
    """Name, address, notes, caution, product, ticket, note, promise; in the call, the search and what was missed."""
    await stage.stands(LI, "never_answers")
    desk = await stage.working("li", clock=datetime.now(UTC) + timedelta(hours=7))
    office = Api(desk.window.context.request, stage)
    evil = await office.customer(
        "13800138006", name=EVIL, notes=EVIL, caution=EVIL, addresses=[{"line": EVIL, "city": EVIL}]
    )
    await office.ask("POST", f"customers/{evil}/products", {"category": EVIL[:60], "model": EVIL})
    ticket = await office.ticket(evil, "13800138006", "repair", EVIL, EVIL)
    await office.owed(ticket, "callback", EVIL, timedelta(hours=1))
    await stage.calls(number="13800138006", display="<b onclick=owned()>")
    await desk.is_("ringing")
    await desk.shows("<img src=x", "<script>")
    await expect(desk.page.locator(".own")).to_contain_text("{{7*7}}")
    await expect(desk.page.locator("main")).to_contain_text("${owned=1}")
    assert await ran_or_stands(desk) == (False, 0)
    await stage.hangs_up("13800138006")
    await desk.shows("Missed")
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator(".missed-list")).to_contain_text("<img src=x")
    await desk.page.locator("body").press("/")
    await desk.page.keyboard.type("138006")
    await expect(desk.page.locator("#hits")).to_contain_text("<img src=x")
    assert await ran_or_stands(desk) == (False, 0)
    assert await desk.page.title() == "Desk"


async def ran_or_stands(desk: Desk) -> tuple[bool, int]:
    """Whether words of a stranger ran, and how many of their elements stand in the page."""
    ran = await desk.page.evaluate("'owned' in window")
    return bool(ran), await desk.page.locator(OF_A_STRANGER).count()

"""The wall while twelve agents take bursts of callers, and what it says at the end beside the switch's own log."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.browser import crew
from tests.browser.crew import SEATS
from tests.browser.looking import complaints
from tests.browser.office import Api
from tests.browser.site import PASSWORD
from tests.browser.stage import Desk, Stage
from tests.calls.queue_log import LoggedVisit, visits
from tests.rig import provision
from tests.rig.scenarios import LI, ZHANG

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]
BURST, PATIENT = 18, 3
WANG = "13800138000"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def floor(
    asterisk_22: provision.Switch, sipp: list[str], chromium: provision.Browser
) -> AsyncIterator[Stage]:
    """A switch with twelve phones that answer, and callserver; nobody has signed in."""
    async with crew.opened(asterisk_22, chromium) as stage:
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wall(floor: Stage) -> AsyncIterator[Desk]:
    """The supervisor looks at the wall; twelve agents sit down."""
    boss = await floor.desk("boss", at="/wall")
    await crew.all_sit(floor)
    yield boss
    assert boss.window.wrong == []


def agents(page: Page, state: str) -> Locator:
    return page.locator(f"tr[data-agent][data-state={state}]")


def queue(page: Page, name: str, what: str) -> Locator:
    return page.locator(f'tr[data-queue="main/{name}"] [data-n={what}]')


def total(page: Page, what: str) -> Locator:
    return page.locator(f"[data-total={what}] dd")


async def test_everybody_who_sits_down_is_on_the_wall(wall: Desk) -> None:
    await expect(agents(wall.page, "ready")).to_have_count(len(SEATS))
    await expect(total(wall.page, "ready")).to_have_text(str(len(SEATS)))
    await expect(queue(wall.page, "hotline", "ready")).to_have_text(str(len(SEATS)))
    assert await wall.window.sticks_out() == []
    assert await complaints(wall.page) == []


async def test_a_burst_of_callers_comes_and_goes(floor: Stage, wall: Desk) -> None:
    page = wall.page
    waiting = [await floor.calls(number=f"1390000000{number}", dialed="4009") for number in range(PATIENT)]
    await expect(queue(page, "repair", "waiting")).to_have_text(str(PATIENT))
    await expect(page.locator("tr[data-call][data-state=queued]")).to_have_count(PATIENT)
    way = expect(page.locator("tr[data-call] .way", has_text="Agent 11").first).to_be_visible()
    seen = asyncio.create_task(way)  # looked for from now on: it is there for seconds
    burst = await floor.phones.crowd([(WANG, "Wang")], dialed="4008", calls=BURST, rate_per_s=9)
    await expect(total(page, "offered")).to_have_text(str(PATIENT + BURST))
    await seen
    await burst.finished(60)
    for number in range(PATIENT):
        await floor.gives_up(f"1390000000{number}")
    await asyncio.gather(*(one.kill() for one in waiting))
    await expect(page.locator("tr[data-call]")).to_have_count(0)
    await expect(agents(page, "ready")).to_have_count(len(SEATS))


def _logged(floor: Stage) -> list[LoggedVisit]:
    lines = [line.split("|") for line in floor.switch.queue_log.read_text("utf-8").splitlines()]
    return visits(lines)


async def test_at_the_end_it_says_what_the_switchs_own_log_does(floor: Stage, wall: Desk) -> None:
    page, theirs = wall.page, _logged(floor)
    answered = [one for one in theirs if one.end == "answered"]
    abandoned = [one for one in theirs if one.end == "abandoned"]
    assert (len(answered), len(abandoned)) == (BURST, PATIENT)
    await expect(total(page, "offered")).to_have_text(str(len(theirs)))
    await expect(total(page, "abandoned")).to_contain_text(str(len(abandoned)))
    for name in ("hotline", "repair"):
        gave_up = sum(one.queue == name for one in abandoned)
        await expect(queue(page, name, "abandoned")).to_contain_text(str(gave_up))
    in_time = sum((one.wait_s or 0) <= 20 for one in answered)
    of_answered = f"{round(100 * in_time / len(answered))} %"
    await expect(queue(page, "hotline", "sl")).to_contain_text(of_answered)
    handled = Counter(one.agent for one in answered)
    for seat in SEATS:
        row = page.locator(f'tr[data-agent="main/PJSIP/{seat}"]')
        await expect(row.locator("[data-n=handled]")).to_have_text(str(handled[f"Agent {seat}"]))


async def test_sorted_filtered_and_grouped_by_key(wall: Desk) -> None:
    page = wall.page
    await page.locator("body").press("/")
    await page.keyboard.type("1105")
    await expect(page.locator("tr[data-agent]")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(page.locator("tr[data-agent]")).to_have_count(len(SEATS))
    await page.locator("body").press("g")
    await page.locator("body").press("g")
    await expect(page.locator(".agents-table tr.group")).to_have_count(1)
    await page.locator(".agents-table").get_by_role("button", name="Agent", exact=True).click()
    names = page.locator("tr[data-agent] th")
    await expect(names.first).to_contain_text("1101")
    await page.locator(".agents-table").get_by_role("button", name="Agent", exact=True).click()
    await expect(names.first).to_contain_text("1112")


async def test_the_large_screen_has_the_same_without_scrolling(wall: Desk) -> None:
    page = wall.page
    await page.locator("body").press("t")
    await expect(page.locator(".tv-card")).to_have_count(2)
    await expect(page.locator('.tv-card[data-queue="main/hotline"]')).to_contain_text("12")
    await expect(total(page, "offered")).to_have_text(str(PATIENT + BURST))
    assert await wall.window.sticks_out() == []
    assert await complaints(page) == []
    await page.locator("body").press("Escape")
    await expect(page.locator(".queues-table")).to_be_visible()


async def helps(page: Page, row: Locator, key: str, why: str = "") -> None:
    """Opens the help of a row and presses a key of it."""
    await row.locator("[data-help]").click()
    await expect(page.locator("dialog")).to_be_visible()
    if why:
        await page.locator("#help-why").fill(why)
    await page.locator(f"dialog [data-key='{key}']").click()


async def test_callers_and_agents_are_helped_from_the_wall(floor: Stage, wall: Desk) -> None:
    """First in line, another queue for an agent, a pause with its reason, a message, and an ear in the call."""
    page, notices = wall.page, wall.page.locator(".notices")
    for phone in (ZHANG, LI):
        await floor.stands(phone, "answers", ring_ms=300)
    zhang = {"login": f"agent{ZHANG}", "name": f"Agent {ZHANG}", "role": "agent", "password": PASSWORD}
    office = Api(wall.window.context.request, floor)
    await office.ask("POST", "users", {**zhang, "teams": ["line"], "queues": [{"queue": "hotline"}]})
    await crew.sits(floor, ZHANG)
    await sits_down(floor, wall)
    agent = page.locator(f'tr[data-agent="main/PJSIP/{ZHANG}"]')
    await expect(agent).to_have_attribute("data-state", "ready")
    other = page.locator(f'tr[data-agent="main/PJSIP/{SEATS[0]}"]')
    await helps(page, other, "m")
    await page.locator("dialog textarea").fill("Take your time <b>")
    await page.locator("dialog button[type=submit]").click()
    await expect(notices).to_contain_text("one person")
    await helps(page, other, "1", "the heater is repaired")
    await expect(other).to_have_attribute("data-state", "paused")
    callers = [
        await floor.calls(number=f"138000000{n}", display=name, dialed="4009")
        for n, name in ((71, "Patient"), (72, "Hurry"))
    ]
    hurry = page.locator("tr[data-call]", has_text="Hurry")
    await expect(page.locator("tr[data-call][data-state=queued]")).to_have_count(2)
    await helps(page, hurry, "f", "it burns")
    await expect(notices).to_contain_text("They are first now")
    await agent.locator("[data-help]").click()
    await page.locator("dialog .chip", has_text="repair").click()
    await expect(hurry).to_have_attribute("data-state", "talking")
    await helps(page, hurry, "l")
    await expect(page.locator(".line-in[data-mode=listen]")).to_contain_text(f"Agent {ZHANG}")
    await asyncio.gather(*(one.kill() for one in callers))
    await floor.all_hang_up()
    await expect(page.locator(".line-in")).to_have_count(0)


async def sits_down(floor: Stage, boss: Desk) -> None:
    """The supervisor has a phone: to listen with."""
    said = {"X-Callserver": "1", "Origin": floor.base, "If-Match": "*"}
    body = {"pbx": "main", "interface": f"PJSIP/{LI}"}
    answer = await boss.window.context.request.put("/api/v1/me/seat", data=body, headers=said)
    assert answer.ok, await answer.text()


async def test_when_the_switch_is_gone_the_wall_says_so_and_marks_its_numbers(
    floor: Stage, wall: Desk
) -> None:
    await expect(wall.page.locator(".queues-table")).to_be_visible()
    await floor.switch.kill()
    await expect(wall.page.locator(".blind-strip")).to_contain_text("main")
    await expect(wall.page.locator("tr.blind")).to_have_count(2)
    await expect(wall.page.locator(".queues-table .touched")).to_have_count(2)
    assert await complaints(wall.page) == []

"""The wall while twelve agents take bursts of callers, and what it says at the end beside the switch's own log."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from asterisk_conf.plan import Phone
from tests.browser.looking import complaints
from tests.browser.office import Api
from tests.browser.stage import PASSWORD, PEOPLE, Desk, Stage
from tests.calls.queue_log import LoggedVisit, visits
from tests.rig import provision
from tests.rig.asterisk import SECRET, Asterisk
from tests.rig.browser import chrome
from tests.rig.phones import Phones
from tests.rig.scenarios import hotline, repair, stage_plan
from tests.rig.service import Service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]
SEATS = [str(1101 + number) for number in range(12)]
SETTINGS = """
[work]
wrap_up_s = 1
absent_s = 3600
"""
BURST, PATIENT = 18, 3
WANG = "13800138000"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def floor(
    asterisk_22: provision.Switch, sipp: list[str], chromium: provision.Browser
) -> AsyncIterator[Stage]:
    """A switch with twelve phones that answer, and callserver; nobody has signed in."""
    plan = stage_plan(
        hotline(members=(), strategy="rrmemory", ring_s=20, wrapup_s=0), repair(members=(), wrapup_s=0)
    )
    phones = tuple(Phone(endpoint=seat, secret=SECRET, name=f"Agent {seat}") for seat in SEATS)
    switch = Asterisk(replace(plan, phones=(*plan.phones, *phones)), software=asterisk_22)
    try:
        await switch.start()
        service = Service(switch)
        with service.settings.open("a") as settings:
            settings.write(SETTINGS)
        await service.must("team", "add", "line", "-q", "hotline", "-q", "repair")
        name, role, language, _ = PEOPLE["boss"]
        said = ("--name", name, "--role", role, "--language", language, "--team", "line")
        await service.must("user", "add", "boss", *said, typed=f"{PASSWORD}\n")
        async with Phones(switch, sound=False) as on_stage, service, chrome(chromium) as found:
            await on_stage.answer_together(*SEATS, ring_ms=600, stay_ms=1_500)
            yield Stage(switch, on_stage, service, found)
    finally:
        await switch.close()


async def _sits(floor: Stage, office: Api, seat: str) -> None:
    """Somebody is hired for the hotline, signs in and is ready, as their page would do it."""
    login = f"agent{seat}"
    made = {"login": login, "name": f"Agent {seat}", "role": "agent", "password": PASSWORD, "teams": ["line"]}
    await office.ask("POST", "users", {**made, "queues": [{"queue": "hotline"}]})
    context = await floor.chrome.browser.new_context(base_url=floor.base)
    headers = {"X-Callserver": "1", "Origin": floor.base, "If-Match": "*"}
    for method, path, body in (
        ("POST", "session", {"login": login, "password": PASSWORD}),
        ("PUT", "me/seat", {"pbx": "main", "interface": f"PJSIP/{seat}"}),
        ("PUT", "me/state", {"state": "ready"}),
    ):
        answer = await context.request.fetch(f"/api/v1/{path}", method=method, data=body, headers=headers)
        assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wall(floor: Stage) -> AsyncIterator[Desk]:
    """The supervisor looks at the wall; twelve agents sit down."""
    boss = await floor.desk("boss")
    office = Api(boss.window.context.request, floor)
    await boss.window.go("/wall")
    for at in range(0, len(SEATS), 3):  # all at once, their passwords take longer than a request may
        await asyncio.gather(*(_sits(floor, office, seat) for seat in SEATS[at : at + 3]))
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
    burst = await floor.phones.crowd([(WANG, "Wang")], dialed="4008", calls=BURST, rate_per_s=9)
    await expect(total(page, "offered")).to_have_text(str(PATIENT + BURST))
    await expect(page.locator("tr[data-call] .way", has_text="Agent 11").first).to_be_visible()
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


async def test_when_the_switch_is_gone_the_wall_says_so_and_marks_its_numbers(
    floor: Stage, wall: Desk
) -> None:
    await expect(wall.page.locator(".queues-table")).to_be_visible()
    await floor.switch.kill()
    await expect(wall.page.locator(".blind-strip")).to_contain_text("main")
    await expect(wall.page.locator("tr.blind")).to_have_count(2)
    await expect(wall.page.locator(".queues-table .touched")).to_have_count(2)
    assert await complaints(wall.page) == []

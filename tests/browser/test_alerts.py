"""Alerts in a browser, without a switch: on the wall, taken by a key; their page; an administrator writes a rule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import expect

from callserver.alerts.defaults import DEFAULTS
from callserver.alerts.judging import Raised
from callserver.alerts.rule import RuleId, Subject
from callserver.facts import AgentJoinedQueue, PbxId
from callserver.push.hub import Hub
from callserver.settings import WebSettings
from callserver.store import alert_rules, alerting, engine, migrations, users
from callserver.store.engine import Store
from callserver.store.users import Wanted
from callserver.vitals import Vitals
from callserver.web.passwords import Passwords
from callserver.web.server import application, clock
from callserver.web.warning import Alerting
from tests.browser.looking import complaints, held_back
from tests.rig import provision
from tests.rig.browser import Window, chrome
from tests.web.conftest import CHEAP
from tests.web.people import BOSS, PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
PBX = PbxId("main")
REPAIR = Subject("queue", "main", "repair")
EVIL = "<img src=x onerror=owned()>"


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite:///{tmp_path}/calls.db"
    await migrations.upgrade(url)
    opened = await engine.open(url, synchronous="OFF")
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def window(store: Store, chromium: provision.Browser) -> AsyncIterator[Window]:
    """An administrator at a site with one queue; alerts of this process are shown at once."""
    passwords = Passwords(CHEAP)
    wanted = Wanted(
        login="admin", name="Chen", role="administrator", teams=[], password=await passwords.hashed(PASSWORD)
    )
    await store.write(lambda c: users.add(c, wanted, BOSS, clock()))
    hub = Hub("node")
    app = application(WebSettings(), store, Vitals("node"), hub=hub, passwords=passwords)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.begin(PBX)
    joined = AgentJoinedQueue(pbx=PBX, at=clock(), queue="repair", interface="PJSIP/1001", agent="Li Na")
    hub.feed(PBX, [joined])
    showing = Alerting(store, hub)
    running = asyncio.create_task(showing.run())
    async with chrome(chromium) as browser:
        opened = await browser.window(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await opened.comes_in("admin", PASSWORD)
        yield opened
        assert opened.wrong == []
        await opened.close()
    showing.stop()
    await running
    await runner.cleanup()


async def raised(store: Store, rule: str, value: float, subject: Subject = REPAIR) -> None:
    event = Raised(rule=DEFAULTS[RuleId(rule)], subject=subject, value=value, at=clock())
    await store.write(lambda c: alerting.raised(c, event, UTC))


async def in_order(window: Window) -> None:
    """Everything is inside the window, and axe-core has nothing to say."""
    assert await window.sticks_out() == [], window.page.url
    assert await complaints(window.page) == [], window.page.url


async def test_an_alert_is_on_the_wall_at_once_and_taken_by_a_key_at_the_desk(
    store: Store, window: Window
) -> None:
    page = window.page
    await window.go("/wall")
    await expect(page.locator(".wall-page")).to_be_visible()
    await expect(page.locator(".alert-line")).to_have_count(0)
    await raised(store, "long_wait", 77.79)
    await raised(store, "nobody_ready", 3)
    await expect(page.locator(".alert-line")).to_have_count(2)
    first = page.locator(".alert-line").first
    await expect(first).to_contain_text("critical")  # the gravest first
    await expect(first).to_contain_text("repair")
    await expect(page.locator(".alert-line").last).to_contain_text("78 s (above 60 s)")
    await in_order(window)
    await window.go("/desk")
    await expect(page.locator(".alert-line")).to_contain_text("critical")  # the gravest alone
    await expect(page.locator(".alerts-strip")).to_contain_text("and one more alert")
    await in_order(window)
    await page.keyboard.press("a")
    await expect(page.locator(".alert-line")).to_contain_text("warning")  # what is still loud
    await window.go("/wall")
    await expect(page.locator(".alert-line.taken")).to_contain_text("Chen takes care")
    async with held_back(page, r"/alerts/\d+$"):  # of the one that the page looks at by itself
        await window.go("/alerts")
        await expect(page.locator(".alert-row")).to_have_count(2)
        await page.locator(".alert-row.taken").click()
        await expect(page.locator(".alert-one")).to_contain_text("Taken by")
    await expect(page.locator(".alert-one")).to_contain_text("Taken by")
    await in_order(window)
    await page.locator("[data-action=reset]").click()
    await expect(page.locator("[data-action=alert-ack]")).to_be_visible()
    await page.keyboard.press("s")
    await page.locator("dialog input[name=why]").fill(EVIL)
    await in_order(window)
    await page.locator("dialog button.main").click()
    await expect(page.locator(".alert-one q")).to_have_text(EVIL)
    await what_was_shown_stays(store, window)


async def what_was_shown_stays(store: Store, window: Window) -> None:
    """The list is read again all the time, and is not cut to its first page by that."""
    page, rows = window.page, window.page.locator(".alert-row")
    rule = DEFAULTS[RuleId("many_waiting")]
    them = [
        Raised(rule=rule, subject=Subject("queue", "main", f"q{n}"), value=11, at=clock()) for n in range(99)
    ]
    await store.write(lambda c: [alerting.raised(c, one, UTC) for one in them])
    await window.go("/alerts")
    await expect(rows).to_have_count(100)
    await page.get_by_role("button", name="Show more").click()
    await expect(rows).to_have_count(101)
    async with page.expect_response(lambda answer: "cursor=" in answer.url) as second:
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # it looks again
    await (await second.value).finished()
    await page.evaluate("new Promise((drawn) => setTimeout(drawn))")
    await expect(rows).to_have_count(101)


async def test_a_rule_is_written_and_tried(store: Store, window: Window) -> None:
    page = window.page
    await window.go("/admin/alerts?id=new")
    await expect(page.locator(".pick-list .row")).to_have_count(len(DEFAULTS))
    await page.locator("#field-metric").select_option("sl_offered_30m")
    await page.locator("#field-side").select_option("below")
    await page.locator("#field-title_en").fill(EVIL)
    await page.locator("#field-quiet").fill("night")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#field-threshold")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#field-quiet-wrong")).to_contain_text("night")
    await in_order(window)
    await page.locator("#field-threshold").fill("80")
    await expect(page.locator("#field-call-help")).to_contain_text("call_to")  # nobody is named
    await page.locator("#field-call").select_option("yes")
    await page.locator("#field-mail").fill("night@example.com, nobody")
    await page.locator("#field-quiet").fill("Mon-Fri 22:00-06:00")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#field-mail-wrong")).to_contain_text("no e-mail address")
    await page.locator("#field-mail").fill("night@example.com")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".pick-list .row[aria-current=true]")).to_contain_text(EVIL)
    rule = await store.read(lambda c: alert_rules.get(c, "rule-1"))
    assert (rule.metric, rule.side, rule.threshold, rule.clear) == ("sl_offered_30m", "below", 0.8, 0.8)
    assert rule.call
    assert [(one.days, one.begin, one.end) for one in rule.quiet] == [((0, 1, 2, 3, 4), 1320, 1800)]
    await page.locator("[data-action=test]").click()
    await expect(page.locator(".notice").filter(has_text="A test is on its way")).to_be_visible()
    (alert,) = await store.read(alerting.open_alerts)
    assert alert.test and alert.rule == "rule-1"
    await in_order(window)

"""`make demo` as a newcomer meets it: an address, a login, and within a minute a ticket that they wrote."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.stage import Desk
from tests.real.running_demo import demo
from tests.rig import provision
from tests.rig.browser import chrome

pytestmark = [pytest.mark.browser, pytest.mark.real, pytest.mark.timeout(400)]
A_MINUTE_MS = 60_000
DOOR = re.compile(r"  YOUR DESK +(\S+)/ +login (\S+) +password (\S+)")


async def test_a_newcomer_has_written_a_ticket_within_a_minute(
    asterisk_22: provision.Switch, sipp: list[str], chromium: provision.Browser
) -> None:
    async with demo() as running, chrome(chromium) as browser:
        door = DOOR.match(await running.says(DOOR.match))
        assert door is not None
        url, login, password = door.groups()
        desk = Desk(await browser.window(url), login)
        await desk.window.sign_in(login, password)
        await desk.sits_down()
        await desk.ready()
        await expect(desk.state).to_have_class("me state-talking", timeout=A_MINUTE_MS)
        await expect(desk.head.locator("h1")).not_to_be_empty()
        await desk.writes("my first call")
        await desk.saves()
        await expect(desk.page.locator(".notices")).to_contain_text(re.compile(r"\d{3} \d{3} \d"))
        assert desk.window.wrong == []

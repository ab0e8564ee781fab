"""What an agent's day needs: a switch, phones that behave, callserver, a browser, and people who sign in.

Flows in: a switch and a browser. Flows out: desks on which tests look and type. Must not know: what a test wants
to see.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser import site
from tests.browser.site import PASSWORD, Hired
from tests.rig import provision
from tests.rig.asterisk import Asterisk
from tests.rig.browser import Chrome, Window, chrome
from tests.rig.phones import Customer, Phones, Sipp
from tests.rig.scenarios import LI, ZHANG, hotline, repair, stage_plan
from tests.rig.service import Service

expect.set_options(timeout=30_000)  # more than any of it takes; machines are slow at times
RING_MS = 2_500
"""A phone answers after so long: a pop has to be there before."""
WRAP_UP_S = 6
SETTINGS = f"""
[work]
wrap_up_s = {WRAP_UP_S}
absent_s = 5
"""
PEOPLE = {
    "zhang": Hired(name="Zhang Wei 张伟", role="agent", language="zh-CN", phone=ZHANG),
    "li": Hired(name="Li Na", role="agent", phone=LI),
    "boss": Hired(name="Chen Jie 陈杰", role="supervisor"),
    "root": Hired(name="Wu Min 吴敏", role="administrator", language="zh-CN"),
}


@dataclass(slots=True)
class Desk:
    """One person's screen."""

    window: Window
    name: str

    @property
    def page(self) -> Page:
        return self.window.page

    @property
    def head(self) -> Locator:
        return self.page.locator("section.head")

    @property
    def state(self) -> Locator:
        return self.page.locator("section.me")

    def button(self, id: str) -> Locator:
        return self.page.locator(f"[data-action={id}]")

    async def may(self, id: str) -> None:
        """The page has heard what this action needs: before, its key does nothing."""
        await expect(self.button(id)).to_be_enabled()

    async def shows(self, *words: str) -> None:
        """The head of the desk says so."""
        for word in words:
            await expect(self.head).to_contain_text(word)

    async def is_(self, state: str) -> None:
        """What the screen says about the agent."""
        await expect(self.state).to_have_class(f"me state-{state}")

    async def sits_down(self) -> None:
        """At the phone that is proposed; nothing is chosen yet."""
        await expect(self.page.locator("#seat")).not_to_have_value("")
        await self.page.locator("#seat").press("Enter")
        await expect(self.page.locator("#seat")).to_have_count(0)

    async def ready(self) -> None:
        await self.may("ready")
        await self.page.keyboard.press("Alt+r")
        await self.is_("ready")

    async def writes(self, note: str) -> None:
        await self.page.locator("#note").fill(note)

    async def saves(self) -> None:
        await self.page.keyboard.press("Control+Enter")


@dataclass(slots=True)
class Stage:
    """Everything, for one module of tests."""

    switch: Asterisk
    phones: Phones
    service: Service
    chrome: Chrome
    desks: list[Desk] = field(default_factory=list)
    standing: dict[str, Sipp] = field(default_factory=dict)
    outside: Sipp | None = None
    keys: dict[str, Any] = field(default_factory=dict)
    """What people's browsers keep: whoever was here before is known, and no password is weighed again."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.service.web}"

    async def desk(self, login: str, at: str = "/desk", **how: Any) -> Desk:
        """Somebody with a browser of their own, signed in, looks at a page."""
        kept = self.keys.get(login)
        window = await self.chrome.window(self.base, cookies=kept, **how)
        desk = Desk(window, PEOPLE[login].name)
        self.desks.append(desk)
        if kept is None or not (await window.context.request.get("/api/v1/me")).ok:
            await window.comes_in(login, PASSWORD)
            self.keys[login] = await window.context.storage_state()
        await window.go(at)
        return desk

    async def working(self, login: str, **how: Any) -> Desk:
        """Signed in, at the phone, ready for calls."""
        desk = await self.desk(login, **how)
        await desk.sits_down()
        await desk.ready()
        return desk

    async def stands(self, endpoint: str, how: str, **more: Any) -> None:
        """A phone behaves so from now on."""
        if endpoint in self.standing:
            await self.standing[endpoint].kill()
        self.standing[endpoint] = await getattr(self.phones, how)(endpoint, **more)
        await self.phones.register(endpoint)

    async def outside_answers(self, **how: Any) -> None:
        """Every number outside answers so, until the end of the test."""
        self.outside = await self.phones.outside_answers(**how)

    async def calls(self, **customer: Any) -> Sipp:
        return await self.phones.call(Customer(**customer))

    async def gives_up(self, number: str) -> None:
        """The customer with this number hangs up."""
        rows = [line.split("!") for line in (await self.switch.rx("core show channels concise")).splitlines()]
        ends = [
            row[0] for row in rows if len(row) > 7 and row[7] == number and row[0].startswith("PJSIP/trunk")
        ]
        assert ends, f"{number} is not on the line"
        for channel in ends:
            await self.switch.rx(f"channel request hangup {channel}")

    async def hangs_up(self, number: str) -> None:
        """The customer with this number puts the receiver down."""
        rows = [line.split("!") for line in (await self.switch.rx("core show channels concise")).splitlines()]
        theirs = [row[0] for row in rows if len(row) > 7 and row[7] == number and "/trunk-" in row[0]]
        assert theirs, f"{number} is not on the line"
        for channel in theirs:
            await self.switch.rx(f"channel request hangup {channel}")

    async def all_hang_up(self) -> None:
        await self.switch.rx("channel request hangup all")

    async def clear(self) -> None:
        """Everybody goes home, all lines are free; nothing went wrong on any screen."""
        desks, self.desks = self.desks, []
        outside, self.outside = self.outside, None
        wrong = [f"{desk.name}: {what}" for desk in desks for what in desk.window.wrong]
        await self.all_hang_up()
        for desk in desks:
            await self._goes_home(desk)
        if outside is not None:
            await outside.kill()
        await self.service.until(lambda: self.service.open_calls() == 0, 60, "all lines to be free")
        assert not wrong, wrong

    async def _goes_home(self, desk: Desk) -> None:
        """Out of the seat, by the door that everybody uses; whoever may not in any more has no seat."""
        said = {"X-Callserver": "1", "Origin": self.base, "If-Match": "*"}
        left = await desk.window.context.request.delete("/api/v1/me/seat", headers=said)
        assert left.status in (200, 204, 401, 404), (
            f"{desk.name} cannot leave: {left.status} {await left.text()}"
        )
        await desk.window.close()


@asynccontextmanager
async def opened(
    software: provision.Switch, browser: provision.Browser, *, dials: bool = True
) -> AsyncIterator[Stage]:
    """All of it, running. dials: promises are kept by the dialler, too."""
    plan = stage_plan(
        hotline(members=(), ring_s=20, wrapup_s=2), repair(members=(), strategy="ringall", wrapup_s=2)
    )
    switch = Asterisk(plan, software=software)
    try:
        await switch.start()
        service = Service(switch)
        with service.settings.open("a") as settings:
            settings.write(SETTINGS)
        await site.written(service.database, PEOPLE, dials=dials)
        async with Phones(switch, sound=False) as phones, service, chrome(browser) as found:
            yield Stage(switch, phones, service, found)
    finally:
        await switch.close()

"""A real browser: Chromium without a window, and what went wrong in it.

Flows in: where a server listens. Flows out: pages, and for each what no page of ours may do: an error, a refused
script, a dialog, a word to another machine. Must not know: what is on the pages.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from tests.rig import provision

ARGUMENTS = (
    "--no-sandbox",  # refused to root otherwise; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
WATCH_JUMPS = """
const where = (node) => {
  const one = node?.closest ? node : node?.parentElement;
  return `${one?.tagName}.${one?.className}`;
};
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput)
    (window.jumps ??= []).push({ value: one.value, what: one.sources.map((each) => `${where(each.node)}: `
      + `${Math.round(each.previousRect.x)},${Math.round(each.previousRect.y)} -> `
      + `${Math.round(each.currentRect.x)},${Math.round(each.currentRect.y)}`) });
}).observe({ type: "layout-shift", buffered: true });
"""
STICKS_OUT = """() => {
  const page = document.scrollingElement, far = [];
  if (page.scrollWidth > innerWidth) far.push(`the page is ${page.scrollWidth} wide`);
  if (page.scrollHeight > innerHeight) far.push(`the page is ${page.scrollHeight} high`);
  for (const one of document.querySelectorAll("button, input, select, textarea, h1, h2, section")) {
    const box = one.getBoundingClientRect();
    if (!box.width || !box.height || one.closest(".unseen, [hidden]")) continue;
    const inside = one.closest("ul, .inside, table, .tall") === null;
    if (inside && (box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1 || box.top < -1))
      far.push(`${one.tagName} ${one.className} ${one.id} at ${Math.round(box.left)},${Math.round(box.top)}`);
  }
  return far;
}"""
SIZE: ViewportSize = {"width": 1366, "height": 768}
WITHIN_MS = 30_000


@dataclass(slots=True)
class Window:
    """One page in a profile of its own, and what went wrong there."""

    page: Page
    context: BrowserContext
    base: str
    wrong: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note what should not happen. A refused request is an answer, and the page's own to deal with."""
        page, wrong = self.page, self.wrong
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        page.on("console", lambda said: wrong.append(said.text) if _grave(said.type, said.text) else None)
        page.on(
            "request", lambda asked: wrong.append(f"to {asked.url}") if self._foreign(asked.url) else None
        )
        page.on(
            "response", lambda got: wrong.append(f"{got.status} {got.url}") if got.status >= 500 else None
        )

    def _foreign(self, url: str) -> bool:
        ours = (self.base, self.base.replace("http", "ws", 1), "data:", "blob:", "about:")
        return not url.startswith(ours)

    async def go(self, path: str) -> None:
        await self.page.goto(self.base + path)

    async def forgets_files(self) -> None:
        """As in a browser that was never here; whoever is signed in stays so."""
        wire = await self.context.new_cdp_session(self.page)
        await wire.send("Network.clearBrowserCache")

    async def jumps(self) -> list[dict[str, Any]]:
        """What moved without anybody's doing since the page came, and how much of the page it is (0 to 1)."""
        return list(await self.page.evaluate("window.jumps ?? []"))

    async def sticks_out(self) -> list[str]:
        """Whether the page is larger than its window, and what of it lies outside."""
        return list(await self.page.evaluate(STICKS_OUT))

    async def sign_in(self, login: str, password: str) -> None:
        """By hand, as people do; the desk is there afterwards."""
        await self.go("/sign-in")
        await self.page.locator("#login").fill(login)
        await self.page.locator("#password").fill(password)
        await self.page.locator("#password").press("Enter")
        await self.page.wait_for_url("**/desk")

    async def comes_in(self, login: str, password: str) -> None:
        """Signed in as the page at the door would do it, where that page is not what is looked at."""
        said = {"X-Callserver": "1", "Origin": self.base}
        door = await self.context.request.post(
            "/api/v1/session", data={"login": login, "password": password}, headers=said
        )
        assert door.ok, f"{login} cannot come in: {door.status} {await door.text()}"

    async def close(self) -> None:
        await self.context.close()


def _grave(kind: str, text: str) -> bool:
    return "Content Security Policy" in text or (kind == "error" and "Failed to load resource" not in text)


@dataclass(frozen=True, slots=True)
class Chrome:
    """The browser; each window has its own cookies."""

    browser: Browser

    async def window(
        self,
        base: str,
        *,
        language: str = "en",
        scheme: Literal["light", "dark"] = "light",
        size: ViewportSize | None = None,
        clock: datetime | None = None,
        script: str = "",
        cookies: Any = None,
    ) -> Window:
        """clock: what this computer believes the time to be; it goes on from there. script: runs before the page's own,
        as an extension of the browser may; the page's policy does not reach it. cookies: what another window's context
        told of itself (`storage_state`).
        """
        context = await self.browser.new_context(
            base_url=base,
            locale=language,
            color_scheme=scheme,
            viewport=size or SIZE,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            storage_state=cookies,
        )
        context.set_default_timeout(WITHIN_MS)
        await context.add_init_script(WATCH_JUMPS + script)
        window = Window(await context.new_page(), context, base)
        if clock is not None:
            await window.page.clock.install(time=clock)
        window.listen()
        return window


@asynccontextmanager
async def chrome(found: provision.Browser) -> AsyncIterator[Chrome]:
    """One browser; its profile and its fonts' cache are gone with it."""
    with tempfile.TemporaryDirectory(prefix="callserver-browser-") as home:
        environment = {**os.environ, **found.environment, "HOME": home, "XDG_CACHE_HOME": home}
        async with async_playwright() as play:
            browser = await play.chromium.launch(
                executable_path=str(found.program),
                args=list(ARGUMENTS),
                env=dict(environment),
            )
            try:
                yield Chrome(browser)
            finally:
                await browser.close()

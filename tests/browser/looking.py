"""What a machine can say of a page: axe-core's rules, and how much of it came over the wire.

Flows in: windows. Flows out: complaints as lines, bytes, answers that come when it suits. Must not know: what the pages
are for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, Request, Response, Route

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "selectors": False,
}
ASK = """async (rules) => (await axe.run(document, rules)).violations.flatMap(({ id, nodes }) => nodes.map(
  (node) => `${id}: ${node.html.slice(0, 160)} (${(node.failureSummary ?? "").slice(0, 200)})`))"""
"""Only what is wrong leaves the page: to hand over all that is right takes three times as long as to look."""


async def complaints(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now, one line an element; whole before it is asked."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    return [str(line) for line in await page.evaluate(ASK, RULES)]


OPERABLE = (
    "button:not(:disabled), a[href], input:not(:disabled), select:not(:disabled), textarea:not(:disabled)"
)
MISSED = """(what) => [...document.querySelectorAll(what)].filter((one) => one.checkVisibility() && !one.dataset.passed)
  .map((one) => `${one.tagName} ${one.id} ${one.textContent.trim().slice(0, 40)}`)"""
PASSED = """() => { const one = document.activeElement, box = one.getBoundingClientRect();
  const inside = box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
  if (inside && getComputedStyle(one).outlineStyle !== "none") one.dataset.passed = "yes"; }"""


async def out_of_reach(page: Page) -> list[str]:
    """What can be operated and is not come by with the Tab key, or does not show there that it has the focus."""
    left: list[str] = await page.evaluate(MISSED, OPERABLE)
    for _ in range(3 * len(left)):  # what is drawn anew meanwhile is come by once more
        await page.keyboard.press("Tab")
        await page.evaluate(PASSED)
        if not (left := await page.evaluate(MISSED, OPERABLE)):
            break
    return left


@asynccontextmanager
async def held_back(page: Page, asked: str, method: str = "GET") -> AsyncIterator[None]:
    """The first such request is done by the server at once, and the page has its answer at the end of the block.

    asked: a regular expression in its address. Others like it are answered as ever, and overtake it.
    """
    request: asyncio.Future[Request] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def meet(route: Route) -> None:
        if request.done() or route.request.method != method:
            await route.fallback()
            return
        request.set_result(route.request)
        answer = await route.fetch()
        await over.wait()
        await route.fulfill(response=answer)

    place = re.compile(asked)
    await page.route(place, meet)
    try:
        yield
        first = await asyncio.wait_for(request, 30)
    finally:
        over.set()
    if (answered := await first.response()) is not None:
        await answered.finished()
    await page.evaluate("new Promise((drawn) => setTimeout(drawn))")
    await page.unroute(place, meet)


class Meter:
    """Counts what a page transfers, heads and bodies, from the moment it is put on."""

    def __init__(self, page: Page) -> None:
        self._got: list[Response] = []
        page.on("response", self._note)

    def _note(self, response: Response) -> None:
        self._got.append(response)

    async def sizes(self) -> dict[str, int]:
        """Bytes by address."""
        found: dict[str, int] = {}
        for response in self._got:
            await response.finished()
            sizes = await response.request.sizes()
            found[response.url] = sizes["responseHeadersSize"] + sizes["responseBodySize"]
        return found

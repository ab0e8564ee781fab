"""What a machine can say of a page: axe-core's rules, and how much of it came over the wire.

Flows in: windows. Flows out: complaints as lines, bytes. Must not know: what the pages are for.
"""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, Response

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

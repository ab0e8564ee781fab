"""What a machine can say of a page: axe-core's rules, and how much of it came over the wire.

Flows in: windows. Flows out: complaints as lines, bytes. Must not know: what the pages are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.async_api import Page, Response

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def complaints(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now, one line an element; whole before it is asked."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    return list(_lines(await page.evaluate("(rules) => axe.run(document, rules)", RULES)))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for violation in found["violations"]:
        for node in violation["nodes"]:
            yield f"{violation['id']}: {node['html'][:160]} ({node.get('failureSummary', '')[:200]})"


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

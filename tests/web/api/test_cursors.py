"""Cursors that somebody made up: refused, or the place that they name, and never a mistake of ours."""

from __future__ import annotations

import pytest

from callserver.web.api.shapes import cursor
from tests.web.conftest import BOTH, Site

pytestmark = BOTH
LARGE = 2**63 - 1

PLACES: dict[str, tuple[list[str | int], ...]] = {
    "tickets/1/timeline": ([LARGE], [-LARGE], [0]),
    "customers/1/timeline": ([LARGE, LARGE, LARGE], [-1, -1, -1], [0, 1, LARGE]),
    "audit": ([LARGE], [-LARGE], [0]),
    "dead-letters": ([LARGE], [-LARGE]),
    "tickets": (["touched", LARGE, LARGE], ["touched", -1, -1]),
    "customers": (["updated", LARGE, LARGE], ["updated", -LARGE, 0]),
}


@pytest.mark.parametrize("path", PLACES)
async def test_a_place_beyond_the_ends_is_a_page(site: Site, path: str) -> None:
    customer = (await site.ask("POST", "customers", {"name": "王芳"})).body["id"]
    await site.ask("POST", "tickets", {"kind": "information", "customer": customer})
    for place in PLACES[path]:
        said = await site.ask("GET", f"{path}?cursor={cursor(place)}")
        assert said.status == 200, (place, said)


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("wrong", [[2**63], ["x"], [None], [1.5], [True], [], [[1]], [1] * 9, ["a\0", 1, 1]])
async def test_what_is_no_place_is_refused(site: Site, path: str, wrong: list[object]) -> None:
    await site.ask("POST", "customers", {"name": "王芳"})
    await site.ask("POST", "tickets", {"kind": "information", "customer": 1})
    said = await site.ask("GET", f"{path}?cursor={cursor(wrong)}")  # type: ignore[arg-type]
    assert (said.status, said.fields) == (400, ["cursor"])

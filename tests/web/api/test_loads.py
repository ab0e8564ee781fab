"""How it stands with what is owed, and when it comes due: what supervisors look at all day."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.facts import iso
from tests.web.api.test_promises import MINUTE, promised
from tests.web.conftest import BOTH, NOW, Site

HOUR = 60 * MINUTE


async def rows(site: Site, query: str = "") -> list[dict[str, Any]]:
    return list((await site.api(f"promises/counts?{query}"))["rows"])


@BOTH
async def test_what_is_owed_late_and_withdrawn_is_counted_by_kind(site: Site) -> None:
    await promised(site, minutes=1)
    await promised(site, minutes=90)
    gone = await promised(site, "watch", 30)
    await site.ask("POST", f"promises/{gone}/withdraw", {"why": "rang again"})
    site.now = NOW + 2 * MINUTE
    callback, watch = await rows(site)
    assert (callback["kind"], callback["due"], callback["late"], callback["broken"]) == ("callback", 2, 1, 0)
    assert (watch["due"], watch["withdrawn"], watch["kept"]) == (0, 1, 0)
    assert (await rows(site, f"from={iso(NOW - HOUR)}&to={iso(NOW)}"))[-1]["kind"] == "callback"


@BOTH
async def test_the_calendar_has_each_hour_with_its_calls(site: Site) -> None:
    begin = NOW - NOW % HOUR
    await promised(site, minutes=1)
    await promised(site, "survey", 1)
    await promised(site, minutes=125)
    said = await site.api("promises/calendar")
    first, later = said["hours"]
    assert (first["at"], first["owed"], first["automatic"]) == (iso(begin), 2, 1)
    assert first["kinds"] == {"callback": 1, "survey": 1}
    assert first["capacity"] is None  # nobody is at work
    assert later["owed"] == 1
    shifted = await site.api(f"promises/calendar?from={iso(begin - HOUR // 2)}&to={iso(begin + HOUR // 2)}")
    assert [one["at"] for one in shifted["hours"]] == [iso(begin - HOUR // 2)]


@pytest.mark.parametrize("path", ["counts", "calendar"])
async def test_a_span_that_ends_before_it_begins_is_refused(site: Site, path: str) -> None:
    said = await site.ask("GET", f"promises/{path}?from={iso(NOW)}&to={iso(NOW - 1)}")
    assert (said.status, said.fields) == (400, ["to"])

"""The verdicts on calls, as data that an administrator changes."""

from __future__ import annotations

from typing import Any

from callserver.tickets.dispositions import DEFAULTS
from tests.web.conftest import BOTH, Site

NEW = {
    "name": "gas_off",
    "title": {"en": "Gas turned off", "zh": "已关气"},
    "kinds": ["repair"],
    "note": True,
}


async def names(site: Site) -> list[str]:
    return [one["name"] for one in (await site.api("dispositions"))["dispositions"]]


async def test_a_good_set_is_shipped_in_two_languages(site: Site) -> None:
    told = await site.api("dispositions")
    assert await names(site) == list(DEFAULTS)
    assert all({"en", "zh"} <= one["title"].keys() for one in told["dispositions"] + told["presets"])
    assert [(one["name"], one["kind"], one["named"]) for one in told["presets"]] == [
        ("30m", "watch", False),
        ("72h", "return_visit", False),
        ("at", "requested", True),
    ]


@BOTH
async def test_one_is_added_changed_and_retired(site: Site) -> None:
    made = await site.ask("POST", "dispositions", NEW)
    assert (made.status, made.headers["ETag"]) == (201, '"1"')
    assert (await site.ask("POST", "dispositions", NEW)).status == 409
    retired = await site.ask("PATCH", "dispositions/gas_off", {"retired": True}, If_Match='"1"')
    assert (retired.body["retired"], retired.body["title"], retired.body["version"]) == (
        True,
        NEW["title"],
        2,
    )
    assert (await site.ask("PATCH", "dispositions/gas_off", {"note": False}, If_Match='"1"')).status == 412
    assert (await names(site))[-1] == "gas_off"


@BOTH
async def test_a_shipped_one_is_changed_in_its_place(site: Site) -> None:
    changed = await site.ask("PATCH", "dispositions/solved", {"note": True}, If_Match='"0"')
    assert (changed.body["note"], changed.body["version"]) == (True, 1)
    assert await names(site) == list(DEFAULTS)
    lines = (await site.api("audit?subject=disposition:solved"))["lines"]
    assert [one["action"] for one in lines] == ["disposition.change"]


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"title": {"en": "Gas"}}, ["title.zh"]),
    ({"title": {"en": "a\u0007", "zh": "x" * 61}}, ["title.en", "title.zh"]),
    ({"kinds": ["repair", "no_such"]}, ["kinds[1]"]),
    ({"name": "Gas Off"}, ["name"]),
]


async def test_all_that_is_wrong_is_told_together(site: Site) -> None:
    for given, fields in WRONG:
        told = await site.ask("POST", "dispositions", {**NEW, **given})
        assert told.fields == fields, given

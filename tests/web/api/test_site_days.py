"""The house's own days over HTTP, beside the calendar of its country."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import BOTH, Site

CLOSED = {"begin_on": "2026-12-31", "end_on": "2027-01-01", "kind": "closed", "title": "盘点"}


@BOTH
async def test_days_are_set_shown_and_taken_back(site: Site) -> None:
    made = await site.ask("POST", "site-days", CLOSED)
    assert (made.status, [one["day"] for one in made.body["days"]]) == (201, ["2026-12-31", "2027-01-01"])
    shown = await site.api("site-days?year=2026")
    assert [(one["day"], one["kind"], one["title"]) for one in shown["days"]] == [
        ("2026-12-31", "closed", "盘点"),
        ("2027-01-01", "closed", "盘点"),
    ]
    known = {one["day"]: one["sort"] for one in shown["calendar"]}
    assert (shown["country"], known["2026-10-01"]) == ("CN", "holiday")
    assert (await site.ask("DELETE", "site-days/2026-12-31")).status == 204
    assert (await site.ask("DELETE", "site-days/2026-12-31")).status == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"end_on": "2026-12-30"}, "end_on"),
        ({"end_on": "2027-12-30"}, "end_on"),
        ({"begin_on": "2026-02-30"}, "begin_on"),
        ({"begin_on": "tomorrow"}, "begin_on"),
        ({"kind": "half"}, "kind"),
    ],
)
async def test_what_is_no_span_of_days_is_named(site: Site, wrong: dict[str, Any], field: str) -> None:
    said = await site.ask("POST", "site-days", {**CLOSED, **wrong})
    assert (said.status, said.fields) == (422, [field]), said.body
    assert (await site.api("site-days"))["days"] == []

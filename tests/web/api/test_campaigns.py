"""Campaigns over HTTP: made as drafts, started, carried out, ended; what is wrong is named."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.store import campaigns
from tests.web.conftest import BOTH, Site

LIST = {
    "kind": "survey",
    "title": "How is the washer?",
    "source": "list",
    "begin_on": "2026-11-18",
    "end_on": "2026-11-30",
}


async def made(site: Site, **values: Any) -> dict[str, Any]:
    customer = await site.ask("POST", "customers", {"name": "王芳", "numbers": [{"received": "13800138000"}]})
    said = await site.ask("POST", "campaigns", {**LIST, "customers": [customer.body["id"]], **values})
    assert said.status == 201, said.body
    return dict(said.body)


@BOTH
async def test_a_campaign_calls_nobody_until_it_is_started(site: Site) -> None:
    one = await made(site)
    assert (one["state"], one["named"], one["made"], one["version"]) == ("draft", 1, 0, 1)
    await site.store.write(lambda c: campaigns.step(c, one["id"], site.now))
    assert (await site.api("promises?sort=newest"))["promises"] == []
    started = await site.ask("PUT", f"campaigns/{one['id']}/state", {"to": "running"}, If_Match='"1"')
    assert (started.status, started.body["state"]) == (200, "running")
    await site.store.write(lambda c: campaigns.step(c, one["id"], site.now))
    (owed,) = (await site.api(f"promises?campaign={one['id']}"))["promises"]
    assert (owed["kind"], owed["mode"], owed["customer_name"]) == ("survey", "automatic", "王芳")
    assert (await site.api(f"campaigns/{one['id']}"))["made"] == 1
    assert [found["id"] for found in (await site.api("campaigns"))["campaigns"]] == [one["id"]]


async def test_it_is_changed_on_the_version_that_was_seen_and_not_when_it_is_over(site: Site) -> None:
    one = await made(site)
    path = f"campaigns/{one['id']}"
    changed = await site.ask("PUT", path, {**LIST, "customers": [1], "title": "Other"}, If_Match='"1"')
    assert (changed.body["title"], changed.body["version"]) == ("Other", 2)
    assert (await site.ask("PUT", path, {**LIST, "customers": [1]}, If_Match='"1"')).status == 412
    assert (await site.ask("PUT", f"{path}/state", {"to": "over"}, If_Match='"2"')).status == 200
    assert (await site.ask("PUT", path, {**LIST, "customers": [1]}, If_Match="*")).status == 409
    assert (await site.ask("PUT", f"{path}/state", {"to": "running"}, If_Match="*")).status == 409


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "watch"}, "kind"),
        ({"customers": []}, "customers"),
        ({"end_on": "2026-11-01"}, "end_on"),
        ({"begin_on": "2026-02-30"}, "begin_on"),
        ({"ticket_kind": "<script>"}, "ticket_kind"),
        ({"title": " "}, "title"),
        ({"source": "purchase", "days": 4000}, "days"),
    ],
)
async def test_what_is_wrong_is_named(site: Site, wrong: dict[str, Any], field: str) -> None:
    said = await site.ask("POST", "campaigns", {**LIST, "customers": [1], **wrong})
    assert (said.status, said.fields) == (422, [field]), said.body

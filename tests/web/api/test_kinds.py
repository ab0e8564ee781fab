"""The API of kinds: shipped ones, changed ones, added ones, and what is wrong with a definition."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Site

RECALL = {
    "name": "recall",
    "title": {"en": "Recall", "zh": "召回"},
    "fields": [
        {
            "name": "batch",
            "title": {"en": "Batch"},
            "type": "choice",
            "choices": [{"value": "A1", "title": {"en": "A1"}}],
            "required_when": ["serviced"],
        }
    ],
    "statuses": ["open", "serviced"],
    "due_in_s": 3600,
}


async def test_the_shipped_kinds_are_there_as_version_0(site: Site) -> None:
    kinds = (await site.api("kinds"))["kinds"]
    assert {"repair", "complaint"} <= {one["name"] for one in kinds}
    repair = await site.ask("GET", "kinds/repair")
    assert (repair.body["version"], repair.headers["ETag"]) == (0, '"0"')
    assert set(repair.body["title"]) == {"en", "zh"}


async def test_a_kind_is_added_and_tickets_of_it_are_opened(site: Site) -> None:
    made = await site.ask("POST", "kinds", RECALL)
    assert (made.status, made.headers["Location"]) == (201, "/api/v1/kinds/recall")
    assert made.body.items() >= {"version": 1, "name": "recall", "statuses": ["open", "serviced"]}.items()
    opened = await site.ask("POST", "tickets", {"kind": "recall", "fields": {"batch": "A1"}})
    assert opened.body["fields"] == {"batch": "A1"}
    assert (await site.ask("POST", "kinds", RECALL)).status == 409
    assert (await site.ask("DELETE", "kinds/recall", If_Match='"1"')).status == 409


async def test_a_shipped_kind_is_changed_and_made_as_it_was(site: Site) -> None:
    repair = (await site.api("kinds/repair")) | {"title": {"en": "Mending"}}
    version = repair.pop("version")
    assert (await site.ask("PUT", "kinds/repair", repair)).status == 428
    changed = await site.ask("PUT", "kinds/repair", repair, If_Match=f'"{version}"')
    assert (changed.body["title"], changed.headers["ETag"]) == ({"en": "Mending"}, '"1"')
    assert (await site.ask("PUT", "kinds/repair", repair, If_Match='"0"')).status == 412
    assert (await site.ask("PUT", "kinds/repair", repair, If_Match="*")).body["version"] == 2
    assert (await site.ask("DELETE", "kinds/repair", If_Match='"1"')).status == 412
    assert (await site.ask("DELETE", "kinds/repair", If_Match='"2"')).status == 204
    assert (await site.api("kinds/repair"))["version"] == 0
    assert (await site.ask("DELETE", "kinds/repair", If_Match="*")).status == 404


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"name": "A b"}, ["name"]),
        ({"name": "x'; DROP TABLE ticket_kinds; --"}, ["name"]),
        ({"title": {}}, ["title"]),
        ({"title": {"en": "x" * 10_000}}, ["title.en"]),
        ({"title": {"<b>": "x"}}, ["title"]),
        ({"priority": "now"}, ["priority"]),
        ({"statuses": ["lost"]}, ["statuses[0]"]),
        ({"due_in_s": 1}, ["due_in_s"]),
        ({"fields": [{"name": "b", "title": {"en": "B"}, "type": "choice"}]}, ["fields[0].choices"]),
        ({"fields": [{"name": "b", "title": {"en": "B"}, "type": "sql"}]}, ["fields[0].type"]),
        ({"fields": [{"name": "b", "title": {"en": "\0"}, "type": "text"}] * 2}, None),
        ({"color": "red"}, ["color"]),
    ],
)
async def test_what_is_wrong_with_a_definition_is_named(
    site: Site, wrong: dict[str, Any], fields: list[str] | None
) -> None:
    said = await site.ask("POST", "kinds", {**RECALL, **wrong})
    assert said.status == 422
    assert fields is None or said.fields == fields


async def test_a_kind_is_not_renamed(site: Site) -> None:
    said = await site.ask("PUT", "kinds/repair", RECALL, If_Match='"0"')
    assert (said.status, said.fields) == (422, ["name"])
    assert (await site.ask("PUT", "kinds/recall", RECALL, If_Match="*")).status == 404
    assert (await site.ask("GET", "kinds/Not%20A%20Name")).status == 404


async def test_only_who_may_change_kinds_does(site: Site) -> None:
    token = await site.token("tickets:read", "tickets:write")
    assert (await site.ask("GET", "kinds", token=token)).status == 200
    assert (await site.ask("POST", "kinds", RECALL, token=token)).status == 403

"""Categories of products: their names and warranties, as an administrator sets them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import BOTH, Site

pytestmark = BOTH

ROBOT = {"category": "robot_vacuum", "title": {"en": "Robot vacuum", "zh": "扫地机器人"}, "months": 24}


async def owner(site: Site) -> int:
    made = await site.ask("POST", "customers", {"name": "王芳", "numbers": [{"received": "13800138000"}]})
    return int(made.body["id"])


async def bought(site: Site, customer: int, **values: Any) -> dict[str, Any]:
    said = {"category": "洗衣机", "bought_on": "2024-02-29", **values}
    made = await site.ask("POST", f"customers/{customer}/products", said)
    assert made.status == 201, made
    return dict(made.body)


async def months(site: Site, months: int | None, version: int = 0) -> None:
    known = await site.api("categories/washing_machine")
    said = {name: known[name] for name in ("category", "title", "also")} | {"months": months}
    changed = await site.ask("PUT", "categories/washing_machine", said, If_Match=f'"{version}"')
    assert (changed.status, changed.headers["ETag"]) == (200, f'"{version + 1}"')


async def test_what_is_shown_follows_the_rule_unless_the_end_was_said(site: Site) -> None:
    customer = await owner(site)
    by_rule = await bought(site, customer)
    said = await bought(
        site, customer, warranty_until="2027-02-28", serial="X1"
    )  # the same day, by its papers
    assert [one["warranty_until"] for one in (by_rule, said)] == ["2027-02-28", "2027-02-28"]
    await months(site, 60)
    shown = (await site.api(f"customers/{customer}/products"))["products"]
    assert [(one["warranty_until"], one["warranty_said"]) for one in shown] == [
        ("2029-02-28", False),
        ("2027-02-28", True),
    ]
    looked_up = await site.api("lookup?number=13800138000")
    assert [one["warranty"] for one in looked_up["customers"][0]["products"]] == ["in", "in"]
    back = {"warranty_until": "2029-02-28", "model": "XQG"}  # as it was read, with a change beside it
    kept = await site.ask("PATCH", f"products/{by_rule['id']}", back, If_Match='"1"')
    assert (kept.body["model"], kept.body["warranty_said"]) == ("XQG", False)
    await months(site, None, 1)
    assert (await site.api(f"products/{by_rule['id']}"))["warranty_until"] is None
    assert (await site.ask("DELETE", "categories/washing_machine", If_Match='"2"')).status == 204
    assert (await site.api(f"products/{by_rule['id']}"))["warranty_until"] == "2027-02-28"
    lines = (await site.api("audit?limit=50"))["lines"]
    told = next(one for one in lines if one["action"] == "category.change")
    assert told["detail"]["changed"] == {"months": [60, None]}


async def test_a_category_is_added_used_by_any_of_its_names_and_forgotten(site: Site) -> None:
    made = await site.ask("POST", "categories", ROBOT)
    assert (made.status, made.headers["Location"]) == (201, "/api/v1/categories/robot_vacuum")
    assert (await site.ask("POST", "categories", ROBOT)).status == 409
    product = await bought(site, await owner(site), category="扫地机器人")
    assert (product["category"], product["warranty_until"]) == ("robot_vacuum", "2026-02-28")
    assert (await site.ask("PUT", "categories/robot_vacuum", ROBOT)).status == 428
    assert (await site.ask("PUT", "categories/robot_vacuum", ROBOT, If_Match='"7"')).status == 412
    assert (await site.ask("DELETE", "categories/robot_vacuum", If_Match='"1"')).status == 204
    assert (await site.ask("GET", "categories/robot_vacuum")).status == 404
    assert (await site.api(f"products/{product['id']}"))["category"] == "robot_vacuum"
    again = await site.ask("POST", "categories", ROBOT)
    assert (again.status, again.headers["ETag"]) == (201, '"3"')  # no version is ever given twice


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"months": 0}, ["months"]),
        ({"months": 601}, ["months"]),
        ({"title": {"en": "Fridge", "zh": "扫地机器人"}}, ["title.en"]),  # is the refrigerator's
        ({"title": {"en": "Robot\nvacuum", "zh": "x"}}, ["title.en"]),
        ({"title": {"en": "Robot", "zh": " "}}, ["title.zh"]),
        ({"title": {"en": "Robot", "zh": "x\0"}}, ["title.zh"]),
        ({"also": ["hoover", "洗衣机"]}, ["also[1]"]),
        ({"also": ["x"] * 31}, ["also"]),
        ({"category": "Robot Vacuum"}, ["category"]),
    ],
    ids=str,
)
async def test_what_cannot_stand_is_refused_with_its_field(
    site: Site, change: dict[str, Any], fields: list[str]
) -> None:
    refused = await site.ask("POST", "categories", ROBOT | change)
    assert (refused.status, refused.fields) == (422, fields)

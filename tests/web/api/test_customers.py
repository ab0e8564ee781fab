"""The API of customers: put down, changed by two editors, masked, followed."""

from __future__ import annotations

from typing import Any

from callserver.store.desk import audit as audited
from callserver.store.engine import Connection
from tests.web.conftest import BOTH, Said, Site

pytestmark = BOTH

WANG = {
    "name": "王芳",
    "numbers": ["13800138000"],
    "addresses": [{"line": "香港中路 10 号", "city": "青岛", "area": "市南区"}],
    "external_id": "C-1",
    "notes": "rings in the evening",
}


async def wang(site: Site, **other: Any) -> Said:
    made = await site.ask("POST", "customers", {**WANG, "numbers": [{"received": "13800138000"}], **other})
    assert made.status == 201, made
    return made


async def test_a_customer_is_put_down_and_read_again(site: Site) -> None:
    made = await wang(site)
    assert made.headers["ETag"] == '"1"'
    assert made.headers["Location"] == f"/api/v1/customers/{made.body['id']}"
    read = await site.ask("GET", f"customers/{made.body['id']}")
    assert read.body == made.body
    assert read.body["numbers"][0] == {
        "received": "13800138000",
        "e164": "+8613800138000",
        "extension": None,
        "kind": "mobile",
        "note": "",
        "do_not_call": False,
    }
    assert read.body["created_at"] == "2026-11-18T11:06:40.000Z"
    assert read.body["created_through"] == "api"


async def test_who_has_the_present_version_is_not_told_it_again(site: Site) -> None:
    made = await wang(site)
    again = await site.ask("GET", f"customers/{made.body['id']}", If_None_Match='W/"9", "1"')
    assert (again.status, again.body, again.headers["ETag"]) == (304, None, '"1"')
    assert (await site.ask("GET", f"customers/{made.body['id']}", If_None_Match='"2"')).status == 200


async def test_of_two_editors_the_second_is_told(site: Site) -> None:
    path = f"customers/{(await wang(site)).body['id']}"
    first = await site.ask("PATCH", path, {"vip": True}, If_Match='"1"')
    assert (first.status, first.headers["ETag"], first.body["vip"]) == (200, '"2"', True)
    second = await site.ask("PATCH", path, {"vip": False}, If_Match='"1"')
    assert (second.status, second.body["title"]) == (412, "Changed meanwhile")
    assert (await site.ask("GET", path)).body["vip"] is True
    assert (await site.ask("PATCH", path, {"vip": False}, If_Match="*")).status == 200


async def test_a_change_says_on_which_version_it_was_made(site: Site) -> None:
    path = f"customers/{(await wang(site)).body['id']}"
    assert (await site.ask("PATCH", path, {"vip": True})).status == 428
    assert (await site.ask("PATCH", path, {"vip": True}, If_Match='W/"1"')).status == 412
    for wrong in ("1", '"1', '"01"', '"x"', '"1", "2"', '"99999999999999999999"'):
        assert (await site.ask("PATCH", path, {"vip": True}, If_Match=wrong)).status == 400, wrong


async def test_a_patch_leaves_what_it_does_not_name_and_empties_what_is_null(site: Site) -> None:
    path = f"customers/{(await wang(site)).body['id']}"
    await site.ask("PATCH", path, {"notes": None, "zone": "Asia/Shanghai"}, If_Match='"1"')
    body = (await site.ask("GET", path)).body
    assert (body["notes"], body["zone"], body["name"], body["external_id"]) == (
        "",
        "Asia/Shanghai",
        "王芳",
        "C-1",
    )


async def test_every_wrong_field_is_named_at_once(site: Site) -> None:
    said = await site.ask(
        "POST",
        "customers",
        {"name": 7, "numbers": [{"received": "13800138000"}, {"received": 5}], "vip": "yes", "colour": "red"},
    )
    assert said.status == 422
    assert sorted(said.fields) == ["colour", "name", "numbers[1].received", "vip"]
    assert said.headers["Content-Type"] == "application/problem+json"


async def test_values_that_cannot_be_are_refused_by_name(site: Site) -> None:
    said = await site.ask(
        "POST", "customers", {"name": "a\0b", "zone": "Asia/Nowhere", "numbers": [{"received": "hello"}]}
    )
    assert said.status == 422
    assert sorted(said.fields) == ["name", "numbers[0].received", "zone"]


async def test_a_taken_external_id_is_a_conflict_that_names_its_owner(site: Site) -> None:
    made = await wang(site)
    said = await site.ask("POST", "customers", {"name": "Li", "external_id": "C-1"})
    assert said.status == 409
    assert f"customer {made.body['id']}" in said.body["detail"]


async def test_sql_html_and_formulas_stay_text(site: Site) -> None:
    hostile = "'); DROP TABLE customers;-- <script>alert(1)</script> =cmd()|'/c calc'!A1 \u202egnp.exe 🙂"
    made = await wang(site, name=hostile)
    assert (await site.ask("GET", f"customers/{made.body['id']}")).body["name"] == hostile


async def test_without_the_right_to_personal_data_it_comes_masked_and_cannot_be_overwritten(
    site: Site,
) -> None:
    made = await wang(site)
    path = f"customers/{made.body['id']}"
    token = await site.token("customers:read", "customers:write")
    masked = (await site.ask("GET", path, token=token)).body
    assert masked["numbers"][0]["received"] == "138****8000"
    assert (masked["notes"], masked["addresses"][0]["line"], masked["addresses"][0]["city"]) == (
        "***",
        "***",
        "青岛",
    )
    said = await site.ask("PATCH", path, {"notes": masked["notes"]}, token=token, If_Match='"1"')
    assert said.status == 403
    assert (await site.ask("PATCH", path, {"vip": True}, token=token, If_Match='"1"')).status == 200
    assert (await site.ask("GET", path)).body["notes"] == WANG["notes"]


async def test_all_customers_come_page_after_page(site: Site) -> None:
    made = [(await site.ask("POST", "customers", {"name": f"Customer {n}"})).body["id"] for n in range(7)]
    seen, query = [], "limit=3&order=id"
    while True:
        page = await site.api(f"customers?{query}")
        seen += [one["id"] for one in page["customers"]]
        if page["cursor"] is None:
            break
        query = f"limit=3&order=id&cursor={page['cursor']}"
    assert seen == made
    other = await site.ask(
        "GET", f"customers?order=name&cursor={(await site.api('customers?limit=1'))['cursor']}"
    )
    assert (other.status, other.fields) == (400, ["cursor"])


async def test_one_is_found_by_the_id_of_another_system(site: Site) -> None:
    made = await wang(site)
    found = await site.api("customers?external_id=C-1")
    assert [one["id"] for one in found["customers"]] == [made.body["id"]]
    assert (await site.api("customers?external_id=C-2"))["customers"] == []


async def test_changes_are_followed_by_the_time_of_the_last_one(site: Site) -> None:
    first = await wang(site)
    site.now += 60_000
    await site.ask("POST", "customers", {"name": "Li"})
    page = await site.api("customers?updated_since=2026-11-18T11:07:00Z")
    assert [one["name"] for one in page["customers"]] == ["Li"]
    site.now += 60_000
    await site.ask("PATCH", f"customers/{first.body['id']}", {"vip": True}, If_Match='"1"')
    page = await site.api("customers?updated_since=2026-11-18T11:08:00Z")
    assert [one["name"] for one in page["customers"]] == ["王芳"]


async def test_the_history_has_every_earlier_version_and_who_replaced_it(site: Site) -> None:
    path = f"customers/{(await wang(site)).body['id']}"
    for version in range(1, 4):
        await site.ask("PATCH", path, {"caution": f"no. {version}"}, If_Match=f'"{version}"')
    page = await site.api(f"{path}/history?limit=2")
    assert [(one["version"], one["replaced_by"]) for one in page["versions"]] == [
        (3, "operator"),
        (2, "operator"),
    ]
    assert page["versions"][1]["customer"]["caution"] == "no. 1"
    last = await site.api(f"{path}/history?limit=2&cursor={page['cursor']}")
    assert [one["version"] for one in last["versions"]] == [1]
    assert last["cursor"] is None


async def test_who_read_and_who_changed_is_in_the_audit_before_they_know(site: Site) -> None:
    made = await wang(site)
    path = f"customers/{made.body['id']}"
    await site.ask("GET", path)
    await site.ask("PATCH", path, {"vip": True}, If_Match='"1"')

    def noted(connection: Connection) -> list[tuple[str, str, str]]:
        rows = connection.execute(audited.select().order_by(audited.c.seq))
        return [(row.actor, row.action, row.subject) for row in rows]

    subject = f"customer:{made.body['id']}"
    assert await site.store.read(noted) == [
        ("operator", "customer.create", subject),
        ("operator", "customer.read", subject),
        ("operator", "customer.change", subject),
    ]


async def test_what_does_not_exist_is_not_found(site: Site) -> None:
    for path in (
        "customers/1",
        "customers/0",
        "customers/-1",
        "customers/x",
        f"customers/{2**63}",
        "customers/1e3",
    ):
        said = await site.ask("GET", path)
        assert (said.status, said.headers["Content-Type"]) == (404, "application/problem+json"), path

"""The API of tickets: opened, read by what people say, changed by two editors, taken from status to status."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from callserver.store import webhooks
from callserver.store.desk import audit
from callserver.store.webhook import Subscription
from tests.web.conftest import ADMIN, NOW, Said, Site

HOSTILE = "Robert'); DROP TABLE tickets;-- <script>alert(1)</script> =cmd|' /C calc'!A0 \u202e😀 مرحبا"


async def opened(site: Site, **values: Any) -> Said:
    said = await site.ask("POST", "tickets", {"kind": "information", **values})
    assert said.status == 201, said
    return said


async def customer(site: Site, name: str = "王芳") -> int:
    said = await site.ask("POST", "customers", {"name": name, "numbers": [{"received": "13800138000"}]})
    return int(said.body["id"])


async def test_a_ticket_is_opened_and_read_again(site: Site) -> None:
    wang = await customer(site)
    said = await opened(site, subject="Oven stays cold", customer=wang, caller="138 0013 8000", team="north")
    id = said.body["id"]
    assert (said.headers["ETag"], said.headers["Location"]) == ('"1"', f"/api/v1/tickets/{id}")
    assert (
        said.body.items()
        >= {
            "version": 1,
            "kind": "information",
            "status": "open",
            "open": True,
            "subject": "Oven stays cold",
            "customer": wang,
            "customer_name": "王芳",
            "caller": "+8613800138000",
            "team": "north",
            "opened_at": "2026-11-18T11:06:40.000Z",
            "closed_at": None,
            "promises": [],
            "outside": {"unsent": 0, "since": None, "dead": 0},
        }.items()
    )
    read = await site.ask("GET", f"tickets/{id}")
    assert (read.body, read.headers["ETag"]) == (said.body, '"1"')


async def test_a_ticket_is_found_by_the_number_that_somebody_says(site: Site) -> None:
    said = await opened(site)
    number, spoken = said.body["number"], said.body["spoken"]
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    for typed in (number, spoken, f" {spoken} ", spoken.replace(" ", "-"), full_width):
        assert (await site.ask("GET", f"tickets/number/{quote(typed)}")).body == said.body, typed
    wrong = str((int(number[0]) % 9) + 1) + number[1:]
    for typed in (wrong, "1", "x", "%00", "9" * 10_00):
        assert (await site.ask("GET", f"tickets/number/{typed}")).status in (404, 422), typed


async def test_hostile_text_is_only_text(site: Site) -> None:
    said = await opened(site, subject=HOSTILE, owner=HOSTILE[:60], team="<b>")
    assert (said.body["subject"], said.body["team"]) == (HOSTILE, "<b>")
    found = await site.api(f"tickets?words={quote('DROP TABLE')}")
    assert [one["id"] for one in found["tickets"]] == [said.body["id"]]
    assert (await site.api(f"tickets?owner={quote(HOSTILE[:60])}"))["tickets"][0]["subject"] == HOSTILE


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"kind": "nothing"}, ["kind"]),
        ({"kind": None}, ["kind"]),
        ({"subject": "x" * 10_000}, ["subject"]),
        ({"customer": "1 OR 1=1"}, ["customer"]),
        ({"customer": 2**63}, ["customer"]),
        ({"caller": "anonymous"}, ["caller"]),
        ({"priority": "now"}, ["priority"]),
        ({"fields": {"nothing": 1}}, ["fields.nothing"]),
        ({"fields": []}, ["fields"]),
        ({"due_at": "2026-02-30T00:00:00Z"}, ["due_at"]),
        ({"due_at": "2026-02-20T00:00:00"}, ["due_at"]),
        ({"status": "closed"}, ["status"]),
    ],
)
async def test_what_is_wrong_is_named(site: Site, wrong: dict[str, Any], fields: list[str]) -> None:
    said = await site.ask("POST", "tickets", {"kind": "information", **wrong})
    assert (said.status, said.fields) == (422, fields)


async def test_a_ticket_of_nobody_who_is_there_is_not_opened(site: Site) -> None:
    assert (await site.ask("POST", "tickets", {"kind": "information", "customer": 99})).status == 404
    wang = await customer(site)
    other = (await site.ask("POST", f"customers/{wang}/products", {"category": "oven"})).body["id"]
    li = await customer(site, "李娜")
    said = await site.ask("POST", "tickets", {"kind": "information", "customer": li, "product": other})
    assert said.status == 404


async def test_of_two_editors_the_second_is_told(site: Site) -> None:
    path = f"tickets/{(await opened(site)).body['id']}"
    assert (await site.ask("PATCH", path, {"subject": "a"})).status == 428
    first = await site.ask("PATCH", path, {"subject": "a", "priority": "high"}, If_Match='"1"')
    assert (first.body["subject"], first.body["priority"], first.headers["ETag"]) == ("a", "high", '"2"')
    assert (await site.ask("PATCH", path, {"subject": "b"}, If_Match='"1"')).status == 412
    assert (await site.api(path))["subject"] == "a"


async def test_a_patch_leaves_what_it_does_not_name_and_takes_away_what_is_null(site: Site) -> None:
    said = await opened(site, owner="anna", team="north", due_at="2026-11-20T00:00:00Z")
    path = f"tickets/{said.body['id']}"
    changed = (await site.ask("PATCH", path, {"owner": None}, If_Match='"1"')).body
    assert (changed["owner"], changed["team"], changed["due_at"]) == (
        None,
        "north",
        "2026-11-20T00:00:00.000Z",
    )
    for wrong in ({"subject": None}, {"kind": None}, {"status": "closed"}, {"customer": 1}):
        said = await site.ask("PATCH", path, wrong, If_Match="*")
        assert (said.status, said.fields) == (422, list(wrong))


async def test_a_ticket_says_where_it_can_go_and_goes_there(site: Site) -> None:
    said = await opened(site)
    path = f"tickets/{said.body['id']}"
    assert set(said.body["next"]) == {"closed", "cancelled"}
    no = await site.ask("POST", f"{path}/status", {"to": "dispatched"})
    assert no.status in (409, 422)
    assert (await site.ask("POST", f"{path}/status", {"to": "cancelled"})).fields == ["why"]
    closed = await site.ask("POST", f"{path}/status", {"to": "closed"})
    assert (closed.body["status"], closed.body["open"], closed.body["next"]) == (
        "closed",
        False,
        ["reopened"],
    )
    assert closed.headers["ETag"] == '"2"'
    assert (await site.ask("PATCH", path, {"subject": "x"}, If_Match='"2"')).status == 409


async def test_what_was_serviced_owes_its_return_visit_and_closes_with_a_reason_only(site: Site) -> None:
    fields = {"fault": "ignition", "place": {"line": "Hongkong Road 12"}, "outcome": "solved"}
    said = await opened(site, kind="repair", caller="13800138000", fields=fields)
    path = f"tickets/{said.body['id']}"
    served = await site.ask("POST", f"{path}/status", {"to": "serviced"})
    assert (served.status, served.body["status"]) == (200, "owed_visit")
    assert [one["kind"] for one in served.body["promises"]] == ["return_visit"]
    refused = await site.ask("POST", f"{path}/status", {"to": "closed"})
    assert (refused.status, refused.fields) == (422, ["why"])
    closed = await site.ask("POST", f"{path}/status", {"to": "closed", "why": "she moved abroad"})
    assert (closed.body["closing"], closed.body["promises"][0]["status"]) == ("she moved abroad", "withdrawn")


async def test_a_ticket_is_given_to_another_customer(site: Site) -> None:
    wang = await customer(site)
    path = f"tickets/{(await opened(site)).body['id']}"
    assert (await site.ask("PUT", f"{path}/customer", {"customer": wang})).status == 428
    given = await site.ask(
        "PUT", f"{path}/customer", {"customer": wang, "why": "she said so"}, If_Match='"1"'
    )
    assert (given.status, given.body["customer"], given.body["customer_name"]) == (200, wang, "王芳")
    assert (await site.ask("PUT", f"{path}/customer", {"customer": 99}, If_Match="*")).status == 404
    nobody = await site.ask("PUT", f"{path}/customer", {"customer": None}, If_Match="*")
    assert nobody.body["customer"] is None


@pytest.mark.parametrize("sort", ["touched", "opened"])
async def test_tickets_are_listed_page_by_page(site: Site, sort: str) -> None:
    ids = []
    for number in range(5):
        site.now += 1
        ids.append((await opened(site, subject=f"{number}")).body["id"])
    found, query = [], f"sort={sort}&limit=2"
    while True:
        page = await site.api(f"tickets?{query}")
        found += [one["id"] for one in page["tickets"]]
        if page["cursor"] is None:
            break
        query = f"sort={sort}&limit=2&cursor={page['cursor']}"
    assert found == ids[::-1]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("open=true", 2),
        ("open=false", 1),
        ("status=open,closed", 3),
        ("status=cancelled", 0),
        ("kind=information", 2),
        ("kind=complaint,%20information", 3),
        ("priority=urgent", 1),
        ("owner=anna", 1),
        ("team=north", 1),
        ("customer=1", 1),
        ("due_before=2026-11-19T00:00:00Z&sort=due", 1),
        ("words=oven%20COLD", 1),
        ("words=%25", 0),
        ("status=x'%20OR%20'1'='1", 0),
    ],
)
async def test_tickets_are_found_by_what_is_asked(site: Site, query: str, count: int) -> None:
    due = "2026-11-18T12:00:00Z"
    await opened(site, customer=await customer(site), subject="Cold oven", owner="anna", due_at=due)
    await opened(site, kind="complaint", priority="urgent", team="north", due_at="2026-11-30T00:00:00Z")
    closed = await opened(site)
    await site.ask("POST", f"tickets/{closed.body['id']}/status", {"to": "closed"})
    assert len((await site.api(f"tickets?{query}"))["tickets"]) == count


async def test_a_place_in_one_order_is_none_in_another(site: Site) -> None:
    await opened(site)
    await opened(site)
    page = await site.api("tickets?limit=1&sort=touched")
    said = await site.ask("GET", f"tickets?limit=1&sort=due&cursor={page['cursor']}")
    assert (said.status, said.fields) == (400, ["cursor"])


async def test_what_the_other_side_has_not_heard_yet_is_said(site: Site) -> None:
    asked = Subscription(name="down", url="https://down.example.com/")
    await site.store.write(lambda c: webhooks.create(c, asked, ADMIN, NOW))
    outside = (await opened(site)).body["outside"]
    assert (outside["unsent"], outside["dead"]) == (1, 0)
    assert outside["since"] is not None


async def test_personal_things_are_masked_and_cannot_be_changed_unseen(site: Site) -> None:
    said = await opened(site, subject="ring 13800138000", caller="13800138000")
    path = f"tickets/{said.body['id']}"
    token = await site.token("tickets:read", "tickets:write")
    masked = (await site.ask("GET", path, token=token)).body
    assert (masked["caller"], masked["subject"]) == ("138****8000", "ring ****")
    assert (await site.ask("PATCH", path, {"subject": "x"}, token=token, If_Match="*")).status == 403
    assert (await site.ask("PATCH", path, {"owner": "li"}, token=token, If_Match="*")).status == 200
    said = await site.ask("GET", "tickets?words=1380", token=token)
    assert (said.status, said.fields) == (400, ["words"])


async def test_who_read_a_ticket_is_in_the_audit(site: Site) -> None:
    id = (await opened(site)).body["id"]
    await site.api(f"tickets/{id}")
    await site.api("tickets")
    wanted = select(audit.c.detail).where(audit.c.subject == f"ticket:{id}", audit.c.action == "ticket.read")
    rows = await site.store.read(lambda c: c.execute(wanted.order_by(audit.c.seq)).scalars().all())
    assert rows == ['{"operation":"read_ticket"}', '{"operation":"list_tickets"}']


async def test_the_same_ticket_asked_for_twice_is_one(site: Site) -> None:
    body = {"kind": "information"}
    first = await site.ask("POST", "tickets", body, Idempotency_Key="once")
    again = await site.ask("POST", "tickets", body, Idempotency_Key="once")
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")
    assert len((await site.api("tickets"))["tickets"]) == 1
    other = await site.ask("POST", "tickets", {"kind": "complaint"}, Idempotency_Key="once")
    assert other.status == 422

"""The API of timelines: read page by page, written on, never changed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from callserver.store.desk import audit
from tests.web.conftest import BOTH, Site

pytestmark = BOTH

WORDS = "SQL'; DROP TABLE tickets; -- <script>alert(1)</script> =cmd() \u202e 😀 مرحبا"


async def ticket(site: Site, **values: Any) -> int:
    made = await site.ask("POST", "tickets", {"kind": "information", "subject": "Oven", **values})
    assert made.status == 201, made
    return int(made.body["id"])


async def customer(site: Site) -> int:
    said = await site.ask("POST", "customers", {"name": "王芳", "numbers": [{"received": "13800138000"}]})
    return int(said.body["id"])


async def test_a_note_is_written_and_stays_as_it_is(site: Site) -> None:
    id = await ticket(site)
    said = await site.ask("POST", f"tickets/{id}/notes", {"text": f"{WORDS}\r\nsecond line\n"})
    assert said.status == 201
    assert said.body == {
        "ticket": id,
        "seq": 2,
        "at": "2026-11-18T11:06:40.000Z",
        "kind": "note",
        "actor": "operator",
        "through": "api",
        "call": None,
        "corrects": None,
        "body": {"text": f"{WORDS}\nsecond line"},
    }
    path = said.headers["Location"].removeprefix("/api/v1/")
    assert await site.api(path) == said.body


async def test_what_was_wrong_is_corrected_by_a_new_entry(site: Site) -> None:
    path = f"tickets/{await ticket(site)}"
    await site.ask("POST", f"{path}/notes", {"text": "bought in 2024"})
    said = await site.ask("POST", f"{path}/corrections", {"corrects": 2, "text": "bought in 2023"})
    assert (said.body["seq"], said.body["corrects"], said.body["kind"]) == (3, 2, "correction")
    assert [one["body"].get("text") for one in (await site.api(f"{path}/timeline"))["entries"]][:2] == [
        "bought in 2023",
        "bought in 2024",
    ]
    missing = await site.ask("POST", f"{path}/corrections", {"corrects": 9, "text": "x"})
    assert missing.status == 404


async def test_a_message_is_put_down_as_it_went(site: Site) -> None:
    path = f"tickets/{await ticket(site)}"
    message = {"way": "sms", "direction": "out", "text": "We come at nine."}
    assert (await site.ask("POST", f"{path}/messages", message)).body["body"] == message
    said = await site.ask("POST", f"{path}/messages", {**message, "way": "<b>", "direction": "up"})
    assert (said.status, sorted(said.fields)) == (422, ["direction", "way"])


async def test_the_timeline_is_read_page_by_page_and_by_kind(site: Site) -> None:
    path = f"tickets/{await ticket(site)}"
    for number in range(3):
        await site.ask("POST", f"{path}/notes", {"text": f"note {number}"})
    first = await site.api(f"{path}/timeline?limit=2")
    assert [one["seq"] for one in first["entries"]] == [4, 3]
    second = await site.api(f"{path}/timeline?limit=2&cursor={first['cursor']}")
    assert ([one["seq"] for one in second["entries"]], second["cursor"]) == ([2, 1], None)
    opened = await site.api(f"{path}/timeline?kinds=opened,%20status")
    assert [one["kind"] for one in opened["entries"]] == ["opened"]
    said = await site.ask("GET", f"{path}/timeline?kinds=note,nothing")
    assert (said.status, said.fields) == (400, ["kinds"])


async def test_a_customer_has_the_contacts_of_all_their_tickets(site: Site) -> None:
    wang = await customer(site)
    one, two = await ticket(site, customer=wang), await ticket(site, customer=wang)
    await site.ask("POST", f"tickets/{one}/notes", {"text": "first"})
    site.now += 1
    await site.ask("POST", f"tickets/{two}/messages", {"way": "sms", "direction": "in", "text": "second"})
    await site.ask("POST", f"tickets/{await ticket(site)}/notes", {"text": "of nobody"})
    page = await site.api(f"customers/{wang}/timeline?limit=1")
    assert [(entry["ticket"], entry["body"]["text"]) for entry in page["entries"]] == [(two, "second")]
    rest = await site.api(f"customers/{wang}/timeline?limit=1&cursor={page['cursor']}")
    assert ([entry["body"]["text"] for entry in rest["entries"]], rest["cursor"]) == (["first"], None)
    assert len((await site.api(f"customers/{wang}/timeline?kinds=message"))["entries"]) == 1
    assert (await site.ask("GET", f"customers/{wang}/timeline?kinds=opened")).status == 400


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_001, None, 7])
async def test_what_is_no_note_is_refused_by_name(site: Site, text: Any) -> None:
    said = await site.ask("POST", f"tickets/{await ticket(site)}/notes", {"text": text})
    assert (said.status, said.fields) == (422, ["text"])


async def test_the_same_note_sent_twice_is_one(site: Site) -> None:
    path = f"tickets/{await ticket(site)}"
    first = await site.ask("POST", f"{path}/notes", {"text": "once"}, Idempotency_Key="a")
    again = await site.ask("POST", f"{path}/notes", {"text": "once"}, Idempotency_Key="a")
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")
    assert len((await site.api(f"{path}/timeline?kinds=note"))["entries"]) == 1


async def test_what_people_wrote_is_masked_without_the_right_to_it(site: Site) -> None:
    path = f"tickets/{await ticket(site)}"
    await site.ask("POST", f"{path}/notes", {"text": "his daughter has 13800138000"})
    token = await site.token("tickets:read")
    entry = (await site.ask("GET", f"{path}/timeline", token=token)).body["entries"][0]
    assert entry["body"] == {"text": "***"}


async def test_who_read_a_timeline_is_in_the_audit(site: Site) -> None:
    id = await ticket(site)
    await site.api(f"tickets/{id}/timeline")
    wanted = select(audit.c.subject, audit.c.detail).where(audit.c.action == "ticket.read")
    rows = await site.store.read(lambda c: c.execute(wanted).all())
    assert [tuple(row) for row in rows] == [(f"ticket:{id}", '{"operation":"read_ticket_timeline"}')]


@pytest.mark.parametrize("path", ["tickets/99/timeline", "tickets/1/timeline/1", "customers/99/timeline"])
async def test_of_what_is_not_there_nothing_is_told(site: Site, path: str) -> None:
    assert (await site.ask("GET", path)).status == 404

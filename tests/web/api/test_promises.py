"""The API of promises: calls that are owed, and are not owed any more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Site


async def ticket(site: Site, **values: Any) -> int:
    said = await site.ask("POST", "tickets", {"kind": "information", "caller": "13800138000", **values})
    assert said.status == 201, said
    return int(said.body["id"])


async def test_a_call_is_promised_with_the_terms_of_its_kind(site: Site) -> None:
    id = await ticket(site)
    said = await site.ask("POST", f"tickets/{id}/promises", {"kind": "watch", "why": "see how it does"})
    assert (said.status, said.headers["Location"]) == (201, f"/api/v1/promises/{said.body['id']}")
    assert (
        said.body.items()
        >= {
            "ticket": id,
            "status": "planned",
            "number": "+8613800138000",
            "due_at": "2026-11-18T11:36:40.000Z",
            "deadline_at": "2026-11-18T12:06:40.000Z",
        }.items()
    )
    assert (await site.api(f"tickets/{id}/promises"))["promises"] == [said.body]
    assert (await site.api(f"tickets/{id}"))["promises"] == [said.body]
    assert await site.api(f"promises/{said.body['id']}") == said.body


async def test_the_asker_may_say_when_and_on_which_number(site: Site) -> None:
    wanted = {"kind": "callback", "due_at": "2026-11-19T09:00:00+08:00", "number": "0532 8888 9999"}
    said = await site.ask("POST", f"tickets/{await ticket(site)}/promises", wanted)
    assert (said.body["due_at"], said.body["number"]) == ("2026-11-19T01:00:00.000Z", "+8653288889999")
    assert said.body["deadline_at"] == "2026-11-19T02:55:00.000Z"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "nothing"}, "kind"),
        ({"number": "anonymous"}, "number"),
        ({"due_at": "2026-11-19T09:00:00"}, "due_at"),
        ({"deadline_at": "2026-11-18T11:00:00Z"}, "deadline_at"),
        ({"why": "x" * 10_000}, "why"),
    ],
)
async def test_what_is_wrong_is_named(site: Site, wrong: dict[str, Any], field: str) -> None:
    path = f"tickets/{await ticket(site)}/promises"
    said = await site.ask("POST", path, {"kind": "callback", **wrong})
    assert (said.status, said.fields) == (422, [field])


async def test_where_nobody_can_be_called_a_number_is_asked_for(site: Site) -> None:
    path = f"tickets/{await ticket(site, caller=None)}/promises"
    assert (await site.ask("POST", path, {"kind": "callback"})).fields == ["number"]


async def test_nothing_more_is_promised_on_a_ticket_that_is_over(site: Site) -> None:
    id = await ticket(site)
    closed = await site.ask(
        "POST", f"tickets/{id}/status", {"to": "cancelled", "why": "by mistake"}, If_Match="*"
    )
    assert closed.status == 200, closed
    assert (await site.ask("POST", f"tickets/{id}/promises", {"kind": "callback"})).status == 409
    assert (await site.ask("POST", "tickets/99/promises", {"kind": "callback"})).status == 404


async def test_withdrawing_needs_a_reason_and_is_on_the_timeline(site: Site) -> None:
    id = await ticket(site)
    path = f"promises/{(await site.ask('POST', f'tickets/{id}/promises', {'kind': 'callback'})).body['id']}"
    for why in ("", " ", None):
        assert (await site.ask("POST", f"{path}/withdraw", {"why": why})).fields == ["why"]
    said = await site.ask("POST", f"{path}/withdraw", {"why": "rang again"})
    assert (said.body["status"], said.body["why"]) == ("withdrawn", "rang again")
    again = await site.ask("POST", f"{path}/withdraw", {"why": "rang again"})
    assert (again.status, again.body) == (200, said.body)
    told = [
        one["body"]["what"] for one in (await site.api(f"tickets/{id}/timeline?kinds=promise"))["entries"]
    ]
    assert told == ["withdrawn", "owed"]
    assert (await site.ask("POST", "promises/99/withdraw", {"why": "x"})).status == 404


async def test_numbers_are_masked_without_the_right_to_them(site: Site) -> None:
    id = await ticket(site)
    said = await site.ask("POST", f"tickets/{id}/promises", {"kind": "callback"})
    token = await site.token("tickets:read")
    one = (await site.ask("GET", f"promises/{said.body['id']}", token=token)).body
    assert one["number"] == "138****8000"

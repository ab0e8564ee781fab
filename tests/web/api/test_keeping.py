"""What people do with a call that is owed: keep it, give it up, each with its reason on the timeline."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.facts import CallId
from callserver.store import call_tickets
from callserver.tickets.record import TicketId
from tests.web.api.test_calls import call, write
from tests.web.api.test_promises import ticket
from tests.web.conftest import BOTH, NOW, Site
from tests.web.people import team, user

CALL = "main:1.0"


async def owed(site: Site, kind: str = "callback") -> tuple[int, str]:
    """A ticket, and the path of a promise of it."""
    id = await ticket(site)
    said = await site.ask("POST", f"tickets/{id}/promises", {"kind": kind})
    return id, f"promises/{said.body['id']}"


async def steps(site: Site, id: int) -> list[str]:
    entries = (await site.api(f"tickets/{id}/timeline?kinds=promise"))["entries"]
    return [one["body"]["what"] for one in entries]


async def test_withdrawing_needs_a_reason_and_is_on_the_timeline(site: Site) -> None:
    id, path = await owed(site)
    for why in ("", " ", None):
        assert (await site.ask("POST", f"{path}/withdraw", {"why": why})).fields == ["why"]
    said = await site.ask("POST", f"{path}/withdraw", {"why": "rang again"})
    assert (said.body["status"], said.body["why"], said.body["open"]) == ("withdrawn", "rang again", False)
    again = await site.ask("POST", f"{path}/withdraw", {"why": "rang again"})
    assert (again.status, again.body) == (200, said.body)
    assert await steps(site, id) == ["withdrawn", "owed"]
    assert (await site.ask("POST", "promises/99/withdraw", {"why": "x"})).status == 404
    assert (await site.ask("POST", f"{path}/keep", {"call": CALL})).status == 404


@pytest.mark.parametrize(
    "record",
    [{"direction": "inbound"}, {"direction": "outbound", "caller_number": "1001", "dialed": "13800138000"}],
)
async def test_a_call_with_the_customer_keeps_it(site: Site, record: dict[str, Any]) -> None:
    id, path = await owed(site)
    await write(site.store, call(1, answered=True, open=True, **record))
    said = await site.ask("POST", f"{path}/keep", {"call": CALL})
    assert (said.status, said.body["status"], said.body["why"]) == (200, "kept", f"kept in call {CALL}")
    assert (await site.ask("POST", f"{path}/keep", {"call": CALL})).body == said.body
    assert await steps(site, id) == ["kept", "owed"]
    assert (await site.ask("POST", f"{path}/withdraw", {"why": "late"})).status == 409


async def test_a_call_on_its_ticket_keeps_it_whatever_the_number(site: Site) -> None:
    id, path = await owed(site)
    await write(site.store, call(1, answered=True, direction="inbound", caller_number="anonymous"))
    assert (await site.ask("POST", f"{path}/keep", {"call": CALL})).status == 409
    await site.store.write(lambda c: call_tickets.put(c, CallId(CALL), TicketId(id), "in: stranger", NOW))
    assert (await site.ask("POST", f"{path}/keep", {"call": CALL, "why": "told her"})).body[
        "why"
    ] == "told her"


async def test_a_call_in_which_nobody_spoke_keeps_nothing(site: Site) -> None:
    id, path = await owed(site)
    await write(site.store, call(1, answered=False, direction="inbound"))
    said = await site.ask("POST", f"{path}/keep", {"call": CALL})
    assert (said.status, await steps(site, id)) == (409, ["owed"])


# --- another time, another owner -------------------------------------------------------------------------------------


@BOTH
async def test_a_call_is_given_another_time_and_its_timeline_says_so(site: Site) -> None:
    id, path = await owed(site)
    at = "2026-11-19T10:00:00+08:00"
    said = await site.ask("POST", f"{path}/move", {"due_at": at, "why": "she is away"})
    assert (said.status, said.body["due_at"]) == (200, "2026-11-19T02:00:00.000Z")
    assert said.body["deadline_at"] > said.body["due_at"]
    assert await steps(site, id) == ["moved", "owed"]
    assert (await site.ask("POST", f"{path}/move", {"due_at": "2026-11-01T00:00:00Z"})).fields == ["due_at"]
    both = {"due_at": at, "deadline_at": "2026-11-19T01:00:00Z"}
    assert (await site.ask("POST", f"{path}/move", both)).fields == ["deadline_at"]
    assert (await site.ask("POST", f"{path}/move", {"due_at": at, "version": 1})).status == 412


@BOTH
async def test_a_call_is_given_to_a_person_or_to_a_team(site: Site) -> None:
    id, path = await owed(site)
    await user(site, name="Li Na")
    await team(site, "night", "repair")
    said = await site.ask("POST", f"{path}/reassign", {"user": "li.na", "why": "knows her"})
    assert (said.status, said.body["owner"]["name"]) == (200, "Li Na")
    assert [one["id"] for one in (await site.api("promises?owner=li.na"))["promises"]] == [said.body["id"]]
    said = await site.ask("POST", f"{path}/reassign", {"team": "night"})
    assert (said.body["owner"], said.body["team"]) == (None, "night")
    assert await steps(site, id) == ["reassigned", "reassigned", "owed"]


@pytest.mark.parametrize(
    ("whom", "field"), [({}, "user"), ({"user": "nobody"}, "user"), ({"team": "<script>"}, "team")]
)
async def test_a_call_is_given_to_nobody_else(site: Site, whom: dict[str, str], field: str) -> None:
    _, path = await owed(site)
    assert (await site.ask("POST", f"{path}/reassign", whom)).fields == [field]


async def test_what_is_over_is_neither_moved_nor_given_away(site: Site) -> None:
    _, path = await owed(site)
    await user(site)
    await site.ask("POST", f"{path}/withdraw", {"why": "rang again"})
    moved = await site.ask("POST", f"{path}/move", {"due_at": "2026-11-19T10:00:00Z"})
    given = await site.ask("POST", f"{path}/reassign", {"user": "li.na"})
    assert (moved.status, given.status) == (409, 409)

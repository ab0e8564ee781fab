"""The API of promises: calls that are owed, and are not owed any more."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.facts import iso
from callserver.people import UserId
from callserver.store import recording
from callserver.tickets.record import TicketId
from tests.web.conftest import BOTH, NOW, Site
from tests.web.people import Browser, user

MINUTE = 60_000


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
    (short,) = (await site.api(f"tickets/{id}"))["promises"]
    assert short.items() <= said.body.items()
    assert await site.api(f"promises/{said.body['id']}") == said.body


async def test_the_asker_may_say_when_and_on_which_number(site: Site) -> None:
    wanted = {"kind": "callback", "due_at": "2026-11-19T09:00:00+08:00", "number": "0532 8888 9999"}
    said = await site.ask("POST", f"tickets/{await ticket(site)}/promises", wanted)
    assert (said.body["due_at"], said.body["number"]) == ("2026-11-19T01:00:00.000Z", "+8653288889999")
    assert said.body["deadline_at"] == "2026-11-19T02:55:00.000Z"


async def test_one_call_may_be_made_otherwise_than_its_kind_if_it_has_something_to_say(site: Site) -> None:
    path = f"tickets/{await ticket(site)}/promises"
    spoken = await site.ask("POST", path, {"kind": "return_visit", "mode": "automatic"})
    assert (spoken.status, spoken.body["mode"]) == (201, "automatic")
    silent = await site.ask("POST", path, {"kind": "callback", "mode": "automatic"})
    assert (silent.status, silent.fields) == (422, ["mode"])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "nothing"}, "kind"),
        ({"mode": "shouting"}, "mode"),
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


async def test_numbers_are_masked_without_the_right_to_them(site: Site) -> None:
    id = await ticket(site)
    said = await site.ask("POST", f"tickets/{id}/promises", {"kind": "callback"})
    token = await site.token("tickets:read")
    one = (await site.ask("GET", f"promises/{said.body['id']}", token=token)).body
    assert one["number"] == "138****8000"


# --- listed ----------------------------------------------------------------------------------------------------------


async def promised(site: Site, kind: str = "callback", minutes: int = 5, **values: Any) -> int:
    """A promise that is due after so many minutes."""
    due = iso(NOW + minutes * MINUTE)
    said = await site.ask(
        "POST", f"tickets/{await ticket(site)}/promises", {"kind": kind, "due_at": due, **values}
    )
    assert said.status == 201, said.body
    return int(said.body["id"])


async def listed(site: Site, query: str = "") -> list[int]:
    return [one["id"] for one in (await site.api(f"promises?{query}"))["promises"]]


@BOTH
async def test_the_most_urgent_comes_first_and_what_is_settled_is_listed_apart(site: Site) -> None:
    later, sooner = await promised(site, minutes=9), await promised(site, minutes=4)
    over = await promised(site, minutes=1)
    assert (await site.ask("POST", f"promises/{over}/withdraw", {"why": "rang again"})).status == 200
    assert await listed(site) == await listed(site, "open=true") == [sooner, later]
    assert await listed(site, "sort=settled") == [over]
    assert await listed(site, "sort=newest") == [over, sooner, later]
    assert await listed(site, "sort=newest&status=withdrawn,kept") == [over]
    assert await listed(site, "sort=newest&open=false") == [over]


@BOTH
async def test_pages_follow_each_other_in_every_order(site: Site) -> None:
    for minutes in (3, 1, 2):
        await promised(site, minutes=minutes)
    for sort in ("due", "deadline", "newest"):
        whole = await listed(site, f"sort={sort}")
        first = await site.api(f"promises?sort={sort}&limit=2")
        second = await site.api(f"promises?sort={sort}&limit=2&cursor={first['cursor']}")
        assert [one["id"] for one in first["promises"] + second["promises"]] == whole
        assert second["cursor"] is None
        other = "newest" if sort == "due" else "due"
        assert (
            await site.get(f"/api/v1/promises?sort={other}&cursor={first['cursor']}", "tok3n")
        ).status == 400


@BOTH
async def test_each_filter_finds_its_own(site: Site) -> None:
    watch = await promised(site, "watch", 30)
    call = await promised(site, minutes=2)
    assert await listed(site, "kind=watch") == [watch]
    assert await listed(site, f"ticket={(await site.api(f'promises/{call}'))['ticket']}") == [call]
    assert await listed(site, f"due_from={iso(NOW + 10 * MINUTE)}") == [watch]
    assert await listed(site, f"due_to={iso(NOW + 30 * MINUTE)}") == [call]
    assert await listed(site, "broken=true") == await listed(site, "late=true") == []
    assert await listed(site, "customer=1") == await listed(site, "team=repair") == []
    site.now = NOW + 3 * MINUTE
    assert await listed(site, "late=true") == [call]
    assert (await site.api(f"promises/{call}"))["late"] is True


@pytest.mark.parametrize("query", ["status=lost", "kind=<script>", "sort=who", "mine=true", "due_from=today"])
async def test_what_cannot_be_asked_for_is_named(site: Site, query: str) -> None:
    told = await site.ask("GET", f"promises?{query}")
    assert (told.status, told.fields) == (400, [query.partition("=")[0]])


async def test_everybody_finds_their_own(site: Site) -> None:
    li = await user(site, name="Li Na")
    mine, _ = await promised(site), await promised(site)
    of = TicketId((await site.api(f"promises/{mine}"))["ticket"])
    await site.store.write(lambda c: recording.own_new(c, of, UserId(li.person.id), NOW))
    browser = Browser(site)
    await browser.sign_in()
    (found,) = (await browser.ask("GET", "promises?mine=true")).body["promises"]
    assert (found["id"], found["owner"]) == (mine, {"id": li.person.id, "login": "li.na", "name": "Li Na"})
    assert await listed(site, "owner=li.na") == [mine]
    assert await listed(site, "owner=nobody") == []


async def test_a_customer_is_named_for_who_may_know(site: Site) -> None:
    made = await site.ask("POST", "customers", {"name": "王芳", "numbers": [{"received": "13800138000"}]})
    id = await ticket(site, customer=made.body["id"])
    await site.ask("POST", f"tickets/{id}/promises", {"kind": "callback"})
    whole = (await site.api(f"promises?customer={made.body['id']}"))["promises"][0]
    assert (whole["customer_name"], whole["number"]) == ("王芳", "+8613800138000")
    token = await site.token("tickets:read")
    (masked,) = (await site.ask("GET", "promises", token=token)).body["promises"]
    assert (masked["customer_name"], masked["number"]) == ("王芳", "138****8000")

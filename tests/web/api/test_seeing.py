"""Whoever is signed in sees what is theirs: their phone's and queues' calls, a supervisor the teams'."""

from __future__ import annotations

import pytest

from callserver.people import Place, Role
from callserver.settings import QueueSettings
from callserver.store import users
from callserver.store.users import Changes
from callserver.tickets.landing import ROWS
from callserver.web.api import queues
from tests.web.api.test_calls import call, on_a_ticket, write
from tests.web.conftest import Site
from tests.web.people import BOSS, Browser, team, user

REPAIR, SALES, OUT, OWN = "main:1.0", "main:2.0", "main:3.0", "main:4.0"


async def some_calls(site: Site) -> None:
    """One in each of two queues, one in none, and one in none at phone 1001."""
    await write(
        site.store,
        call(1, queue_visits=[{"queue": "repair"}]),
        call(2, queue_visits=[{"queue": "sales"}]),
        call(3, queue_visits=[]),
        call(4, queue_visits=[], legs=[{"leg": "4.0", "interface": "PJSIP/1001"}]),
    )


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("agent", [OWN, REPAIR]),
        ("supervisor", [OWN, OUT, REPAIR]),
        ("auditor", [OWN, OUT, SALES, REPAIR]),
        ("administrator", [OWN, OUT, SALES, REPAIR]),
    ],
)
async def test_who_sees_which_calls(site: Site, role: Role, seen: list[str]) -> None:
    await some_calls(site)
    await team(site, "repair")
    made = await user(site, "li.na", role, teams=["repair"])
    seat = Changes(seat=Place(pbx="main", interface="PJSIP/1001"))
    await site.store.write(lambda c: users.change(c, made.person.id, seat, BOSS, site.now))
    browser = Browser(site)
    await browser.sign_in()
    listed = (await browser.ask("GET", "calls")).body["calls"]
    assert [one["id"] for one in listed] == seen
    for one in (REPAIR, SALES, OUT, OWN):
        assert (await browser.ask("GET", f"calls/{one}")).status == (200 if one in seen else 404), one


async def test_a_call_on_a_ticket_is_the_desks(site: Site) -> None:
    await some_calls(site)
    await user(site)
    browser = Browser(site)
    await browser.sign_in()
    assert (await browser.ask("GET", f"calls/{REPAIR}")).status == 404
    ticket = await on_a_ticket(site, ROWS[0].name)  # the first call
    assert (await browser.ask("GET", f"calls/{REPAIR}")).body["ticket"]["id"] == ticket
    assert (await browser.ask("PUT", f"calls/{SALES}/ticket", {"ticket": ticket})).status == 404
    assert (await browser.ask("GET", "calls")).body["calls"] == []


async def test_queues_of_others_are_not_shown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {name: QueueSettings() for name in ("repair", "sales")}
    listed = queues.listed
    monkeypatch.setattr(queues, "listed", lambda pbx, members, _, *whose: listed(pbx, members, named, *whose))
    site.vitals.switch("main")
    await team(site, "repair")
    await user(site, teams=["repair"])
    browser = Browser(site)
    await browser.sign_in()
    assert [one["queue"] for one in (await browser.ask("GET", "queues")).body["queues"]] == ["repair"]
    assert [one["queue"] for one in (await site.api("queues"))["queues"]] == ["repair", "sales"]

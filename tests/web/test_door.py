"""Signing in: who comes in, who does not, and what either can learn from it."""

from __future__ import annotations

from tests.web.conftest import Site
from tests.web.people import Browser, team, user


async def test_who_signs_in_is_who_they_are(site: Site) -> None:
    await team(site, "repair", "repair", "complaints")
    await user(site, teams=["repair"])
    browser = Browser(site)
    said = await browser.sign_in()
    assert (said.status, said.body) == (204, None)
    me = await browser.ask("GET", "me")
    assert me.body["user"]["login"] == "li.na"
    assert [one["queue"] for one in me.body["user"]["queues"]] == ["repair", "complaints"]
    assert me.body["through"] == "screen"

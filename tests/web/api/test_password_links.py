"""Links under which people choose a password of their own."""

from __future__ import annotations

import asyncio

import pytest

from callserver.store import password_links
from callserver.web import sessions
from tests.web.conftest import Said, Site
from tests.web.people import PASSWORD, Browser, user

NEW = "a lake behind the station"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second and a half between two looks is over, whenever anybody asks."""
    monkeypatch.setattr(sessions, "FRESH_S", 0.0)


async def link(site: Site, of: int) -> str:
    """The key of a new link."""
    made = await site.ask("POST", f"users/{of}/password-link")
    assert made.status == 200, made.body
    path, _, key = made.body["path"].partition("#")
    assert path == "/new-password"
    return str(key)


async def choose(browser: Browser, key: str, password: str = NEW) -> Said:
    return await browser.ask("POST", "new-password", {"key": key, "password": password})


async def test_whoever_has_the_link_chooses_a_password_once_and_is_in(site: Site) -> None:
    li = await user(site)
    before, fresh = Browser(site), Browser(site)
    await before.sign_in()
    key = await link(site, li.person.id)
    assert (await before.ask("GET", "me")).status == 200, "the present password holds until then"
    assert (await choose(fresh, key)).status == 204
    assert (await fresh.ask("GET", "me")).body["user"]["login"] == "li.na"
    assert (await before.ask("GET", "me")).status == 401
    assert (await choose(Browser(site), key)).status == 403
    assert (await Browser(site).sign_in(password=PASSWORD)).status == 401
    assert (await Browser(site).sign_in(password=NEW)).status == 204


async def test_of_two_who_open_it_at_once_one_is_in(site: Site) -> None:
    li = await user(site)
    key = await link(site, li.person.id)
    said = await asyncio.gather(*(choose(Browser(site), key) for _ in range(2)))
    assert sorted(one.status for one in said) == [204, 403]


async def test_a_password_that_anybody_would_guess_leaves_the_link_good(site: Site) -> None:
    li = await user(site)
    key = await link(site, li.person.id)
    refused = await choose(Browser(site), key, "short")
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "password")
    assert (await choose(Browser(site), key)).status == 204


async def test_a_link_is_worthless_after_a_day_a_newer_one_or_their_end(site: Site) -> None:
    li = await user(site)
    first, second = await link(site, li.person.id), await link(site, li.person.id)
    assert (await choose(Browser(site), first)).status == 403
    await site.ask("PATCH", f"users/{li.person.id}", {"disabled": True}, If_Match="*")
    assert (await choose(Browser(site), second)).status == 403
    assert (await site.ask("POST", f"users/{li.person.id}/password-link")).status == 409
    await site.ask("PATCH", f"users/{li.person.id}", {"disabled": False}, If_Match="*")
    third = await link(site, li.person.id)
    site.now += password_links.GOOD_MS
    assert (await choose(Browser(site), third)).status == 403
    assert (await choose(Browser(site), "\x00no key at all")).status in (403, 422, 429)


async def test_nobody_gives_a_link_for_somebody_who_may_do_more(site: Site) -> None:
    boss = await user(site, "boss", "administrator")
    token = await site.token("users:manage")
    refused = await site.ask("POST", f"users/{boss.person.id}/password-link", token=token)
    assert refused.status == 403

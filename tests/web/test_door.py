"""Signing in: who comes in, who does not, and what either can learn from it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callserver.people import lockout
from callserver.store import sessions, set_up, users
from callserver.store.users import Changes
from callserver.web.passwords import Cost, Crowded, Passwords, _Lane
from tests.web.conftest import Site
from tests.web.people import BOSS, PASSWORD, Browser, team, user

HOSTILE = [
    "\x00",
    "x" * 10_000,
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "\u202eanil",
    "李娜😀",
    "=cmd()",
    "a\r\nb: c",
]


async def test_who_signs_in_is_who_they_are(site: Site) -> None:
    await team(site, "repair", "repair", "complaints")
    await user(site, name="李娜", teams=["repair"])
    browser = Browser(site)
    said = await browser.sign_in(" Li.NA ")
    assert (said.status, said.body) == (204, None)
    me = (await browser.ask("GET", "me")).body
    assert (me["name"], me["through"], me["user"]["login"]) == ("李娜", "screen", "li.na")
    assert [one["queue"] for one in me["user"]["queues"]] == ["repair", "complaints"]
    assert "phone:use" in me["scopes"]


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    await user(site)
    said = await Browser(site).sign_in()
    session, device = said.headers.getall("Set-Cookie")  # type: ignore[attr-defined]
    assert session.startswith("callserver=")
    assert session.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert device.startswith("callserver-device=")
    assert "Max-Age=15552000" in device


async def test_whoever_may_not_come_in_hears_the_same(site: Site) -> None:
    await user(site)
    gone = await user(site, "off")
    await site.store.write(lambda c: users.change(c, gone.person.id, Changes(disabled=True), BOSS, site.now))
    await site.store.write(
        lambda c: users.add(c, users.Wanted(login="new", name="new", role="agent"), BOSS, site.now)
    )
    for login, password in (
        ("li.na", PASSWORD + "!"),
        ("li.na", ""),
        ("nobody", PASSWORD),
        ("off", PASSWORD),
        ("new", ""),
    ):
        said = await Browser(site).sign_in(login, password)
        assert (said.status, said.body["detail"]) == (401, "login or password is wrong"), login
        assert "Set-Cookie" not in said.headers


async def test_a_login_that_there_is_not_costs_the_same_work(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await user(site)
    done: list[str | None] = []
    fits = Passwords._fits

    def counted(self: Any, kept: str | None, password: str) -> Any:
        done.append(kept)
        return fits(self, kept, password)

    monkeypatch.setattr(Passwords, "_fits", counted)
    await Browser(site).sign_in("nobody", PASSWORD)
    await Browser(site).sign_in("li.na", "wrong password")
    assert len(done) == 2


async def test_hostile_logins_and_passwords_are_only_wrong(site: Site) -> None:
    await user(site)
    for text in HOSTILE:
        for body in ({"login": text, "password": PASSWORD}, {"login": text, "password": text}):
            assert (await Browser(site).ask("POST", "session", body)).status in (401, 422), text
    assert (await Browser(site).sign_in()).status == 204


async def test_too_many_wrong_tries_have_to_wait_and_the_right_one_too(site: Site) -> None:
    await user(site)
    stranger = Browser(site)
    for _ in range(5):
        assert (await stranger.sign_in(password="wrong password")).status == 401
    said = await stranger.sign_in()
    assert (said.status, int(said.headers["Retry-After"]) > 0) == (429, True)
    nobody = [(await stranger.sign_in("nobody", "wrong password")).status for _ in range(6)]
    assert nobody == [401] * 5 + [429]  # counted alike


async def test_nobody_is_kept_out_of_their_own_browser(site: Site) -> None:
    await user(site)
    owner, stranger = Browser(site), Browser(site)
    await owner.sign_in()
    for _ in range(20):
        await stranger.sign_in(password="wrong password")
    assert (await stranger.sign_in()).status == 429
    assert (await owner.sign_in()).status == 204


async def test_a_browser_prepared_for_somebody_is_not_known_to_who_prepared_it(site: Site) -> None:
    await user(site)
    await user(site, "thief")
    thief, victim = Browser(site), Browser(site)
    await thief.sign_in("thief")
    planted = thief.cookie("callserver-device")
    victim.jar.update_cookies({"callserver-device": planted}, site.client.make_url("/"))
    await victim.sign_in()
    now = victim.cookie("callserver-device")
    assert now != planted
    person = (await victim.ask("GET", "me")).body["user"]["id"]
    known = [
        await site.store.read(lambda c, text=text: sessions.knows(c, person, text, site.now))  # type: ignore[misc]
        for text in (planted, now)
    ]
    assert known == [False, True]


async def test_a_session_that_was_planted_is_not_the_one_that_opens(site: Site) -> None:
    await user(site)
    planted = sessions.new_text()
    browser = Browser(site)
    browser.jar.update_cookies({"callserver": planted}, site.client.make_url("/"))
    await browser.sign_in()
    assert browser.cookie() != planted
    first = browser.cookie()
    await browser.sign_in()
    assert browser.cookie() != first
    stolen = Browser(site)
    stolen.jar.update_cookies({"callserver": first}, site.client.make_url("/"))
    assert (await stolen.ask("GET", "me")).status == 401


async def test_a_password_is_hashed_anew_where_its_cost_is_of_yesterday(site: Site) -> None:
    made = await user(site)
    dear = Passwords(Cost(memory_kib=16, passes=1))
    secret = await dear.hashed(PASSWORD)
    await site.store.write(lambda c: users.set_password(c, made.person.id, secret, BOSS, site.now))
    assert (await Browser(site).sign_in()).status == 204
    kept = await site.store.read(lambda c: users.credentials(c, "li.na"))
    assert kept is not None
    assert kept.password not in (None, secret)
    assert (await Browser(site).sign_in()).status == 204


async def test_a_crowd_is_asked_to_come_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await user(site)
    monkeypatch.setattr(_Lane, "do", crowded)
    said = await Browser(site).sign_in()
    assert (said.status, said.headers["Retry-After"]) == (503, "5")
    monkeypatch.undo()
    assert [(await Browser(site).sign_in()).status for _ in range(6)] == [204] * 6  # nothing was counted


async def crowded(*_: object) -> None:
    raise Crowded


# --- the first administrator -----------------------------------------------------------------------------------------


async def first_run(site: Site, key: str | None, **other: str) -> int:
    body = {"key": key, "login": "boss", "name": "The Boss", "password": PASSWORD, **other}
    return (await Browser(site).ask("POST", "first-run", body)).status


async def test_the_first_administrator_is_made_with_a_link_once(site: Site) -> None:
    key = await site.store.write(lambda c: set_up.offer(c, site.now))
    browser = Browser(site)
    body = {"key": key, "login": "boss", "name": "The Boss", "password": PASSWORD, "language": "zh-CN"}
    assert (await browser.ask("POST", "first-run", body)).status == 204
    me = (await browser.ask("GET", "me")).body["user"]
    assert (me["role"], me["language"]) == ("administrator", "zh-CN")
    assert await first_run(site, key, login="thief", name="Thief") == 403
    assert await site.store.write(lambda c: set_up.offer(c, site.now)) is None


async def test_two_who_have_the_link_make_one_administrator(site: Site) -> None:
    keys = [await site.store.write(lambda c: set_up.offer(c, site.now)) for _ in range(2)]
    names = ["one", "two", "three", "four"]
    tried = await asyncio.gather(
        *(first_run(site, keys[at % 2], login=name, name=name) for at, name in enumerate(names))
    )
    assert sorted(tried) == [204, 403, 403, 403]
    assert len(await site.store.read(users.every)) == 1


async def test_a_link_of_an_hour_ago_opens_nothing(site: Site) -> None:
    key = await site.store.write(lambda c: set_up.offer(c, site.now))
    site.now += set_up.GOOD_MS
    assert await first_run(site, key) == 403
    assert await first_run(site, sessions.new_text()) == 403
    assert await first_run(site, "<script>") == 403


async def test_what_is_wrong_with_the_first_administrator_uses_no_link_up(site: Site) -> None:
    key = await site.store.write(lambda c: set_up.offer(c, site.now))
    assert await first_run(site, key, password="short") == 422
    assert await first_run(site, key, login="the boss") == 422
    assert await first_run(site, key) == 204


# --- another password ------------------------------------------------------------------------------------------------


async def test_another_password_ends_every_other_session(site: Site) -> None:
    await user(site)
    here, there = Browser(site), Browser(site)
    await here.sign_in()
    await there.sign_in()
    before = here.cookie()
    new = "a completely other pony"
    assert (await here.ask("PUT", "me/password", {"old": PASSWORD, "new": new})).status == 204
    assert here.cookie() != before
    assert (await here.ask("GET", "me")).status == 200
    assert (await there.ask("GET", "me")).status == 401
    assert (await there.sign_in()).status == 401
    assert (await there.sign_in(password=new)).status == 204


async def test_another_password_needs_the_present_one_and_has_to_be_good(site: Site) -> None:
    await user(site)
    browser = Browser(site)
    await browser.sign_in()
    wrong = await browser.ask("PUT", "me/password", {"old": "not this one", "new": "a completely other pony"})
    assert (wrong.status, wrong.fields) == (422, ["old"])
    hopeless = await browser.ask("PUT", "me/password", {"old": PASSWORD, "new": "li.na12345"})
    assert (hopeless.status, hopeless.fields) == (422, ["new"])
    for _ in range(lockout.PATIENCE["login in browser"].free):
        await browser.ask("PUT", "me/password", {"old": "not this one", "new": "a completely other pony"})
    guessed = await browser.ask("PUT", "me/password", {"old": PASSWORD, "new": "a completely other pony"})
    assert guessed.status == 429
    assert (await Browser(site).sign_in()).status == 204  # the owner elsewhere does not wait

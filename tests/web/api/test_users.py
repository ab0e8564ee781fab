"""The API of users, teams and oneself."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.web import sessions
from callserver.web.api import keyring
from tests.web.conftest import Said, Site
from tests.web.people import PASSWORD, Browser, team, user


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second and a half between two looks is over, whenever anybody asks."""
    monkeypatch.setattr(sessions, "FRESH_S", 0.0)


async def make(site: Site, **other: Any) -> Said:
    body = {"login": "wang.fang", "name": "王芳", "role": "agent", "password": PASSWORD, **other}
    return await site.ask("POST", "users", body)


async def test_a_user_is_made_and_signs_in(site: Site) -> None:
    await team(site, "repair", "repair", "parts")
    made = await make(
        site, teams=["repair"], language="zh-CN", seat={"pbx": "main", "interface": "PJSIP/1001"}
    )
    assert made.status == 201
    assert made.headers["Location"] == f"/api/v1/users/{made.body['id']}"
    assert (made.body["own_queues"], [one["queue"] for one in made.body["queues"]]) == (
        None,
        ["repair", "parts"],
    )
    assert "password" not in made.body
    assert "argon2" not in str(made.body)
    browser = Browser(site)
    assert (await browser.sign_in("wang.fang")).status == 204
    me = (await browser.ask("GET", "me")).body["user"]
    assert (me["seat"], me["language"]) == ({"pbx": "main", "interface": "PJSIP/1001"}, "zh-CN")
    assert [one["login"] for one in (await site.api("users"))["users"]] == ["wang.fang"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"password": "short"}, 422, "password"),
        ({"password": "wang.fang88"}, 422, "password"),
        ({"login": "王芳"}, 422, "login"),
        ({"name": "\u202e"}, 422, "name"),
        ({"teams": ["sales"]}, 422, "teams"),
        ({"queues": [{"queue": "a,b"}]}, 422, "queues[0].queue"),
        ({"queues": [{"queue": "a"}, {"queue": "a"}]}, 422, "queues[1].queue"),
        ({"role": "king"}, 422, "role"),
        ({"seat": {"pbx": "main"}}, 422, "seat"),
    ],
)
async def test_a_user_that_cannot_be_is_refused_by_field(
    site: Site, body: Any, status: int, field: str
) -> None:
    said = await make(site, **body)
    assert (said.status, said.fields) == (status, [field])


async def test_a_user_is_changed_on_the_version_that_was_read(site: Site) -> None:
    made = (await make(site)).body
    path = f"users/{made['id']}"
    assert (await site.ask("PATCH", path, {"name": "王芳 2"})).status == 428
    changed = await site.ask(
        "PATCH", path, {"name": "王芳 2", "queues": [{"queue": "sales"}]}, If_Match='"1"'
    )
    assert (changed.body["version"], changed.body["own_queues"]) == (2, [{"queue": "sales", "penalty": 0}])
    assert (await site.ask("PATCH", path, {"role": "auditor"}, If_Match='"1"')).status == 412
    back = await site.ask("PATCH", path, {"queues": None}, If_Match='"2"')
    assert back.body["own_queues"] is None
    assert (await make(site)).status == 409


async def test_whoever_is_disabled_is_out_at_once(site: Site) -> None:
    made = await user(site)
    browser = Browser(site)
    await browser.sign_in()
    said = await site.ask("PATCH", f"users/{made.person.id}", {"disabled": True}, If_Match="*")
    assert said.body["disabled_at"] is not None
    assert (await browser.ask("GET", "me")).status == 401
    assert (await browser.sign_in()).status == 401
    await site.ask("PATCH", f"users/{made.person.id}", {"disabled": False}, If_Match="*")
    assert (await browser.sign_in()).status == 204


async def test_the_last_administrator_stays(site: Site) -> None:
    boss = await user(site, "boss", "administrator")
    for change in ({"disabled": True}, {"role": "agent"}):
        said = await site.ask("PATCH", f"users/{boss.person.id}", change, If_Match="*")
        assert (said.status, "last administrator" in said.body["detail"]) == (409, True)


async def test_nobody_makes_or_takes_over_somebody_who_may_do_more(site: Site) -> None:
    boss = await user(site, "boss", "administrator")
    less = await site.token("users:manage", "calls:read")
    path = f"users/{boss.person.id}"
    body = {"login": "x", "name": "x", "role": "administrator", "password": PASSWORD}
    for said in (
        await site.ask("POST", "users", body, token=less),
        await site.ask("PUT", f"{path}/password", {"password": PASSWORD + "!"}, token=less),
        await site.ask("PATCH", path, {"name": "y"}, token=less, If_Match="*"),
    ):
        assert (said.status, "rights that you do not have" in said.body["detail"]) == (403, True)
    assert (await Browser(site).sign_in("boss")).status == 204


async def test_a_password_that_was_given_signs_out_everywhere(site: Site) -> None:
    made = await user(site)
    browser = Browser(site)
    await browser.sign_in()
    new = "a completely other pony"
    path = f"users/{made.person.id}"
    assert (await site.ask("PUT", f"{path}/password", {"password": new})).status == 204
    assert (await browser.ask("GET", "me")).status == 401
    assert (await browser.sign_in(password=new)).status == 204
    assert len((await site.api(f"{path}/sessions"))["sessions"]) == 1
    assert (await site.ask("DELETE", f"{path}/sessions")).status == 204
    assert (await browser.ask("GET", "me")).status == 401


async def test_a_team_gives_its_people_their_queues(site: Site) -> None:
    made = await site.ask("POST", "teams", {"name": "repair", "queues": ["repair"]})
    assert made.status == 201
    await user(site, teams=["repair"])
    browser = Browser(site)
    await browser.sign_in()
    path = f"teams/{made.body['id']}"
    changed = await site.ask("PATCH", path, {"queues": ["repair", "parts"]}, If_Match='"1"')
    assert (changed.body["queues"], changed.body["members"]) == (["repair", "parts"], [1])
    me = (await browser.ask("GET", "me")).body["user"]
    assert [one["queue"] for one in me["queues"]] == ["repair", "parts"]
    assert (await site.ask("PATCH", path, {"name": "x"}, If_Match='"1"')).status == 412
    assert (await site.ask("POST", "teams", {"name": "Repair"})).status == 409
    assert [one["name"] for one in (await site.api("teams"))["teams"]] == ["repair"]
    assert "li.na" in await _kept(site, path, 2)
    await site.ask("PATCH", "users/1", {"teams": []}, If_Match='"1"')
    assert "repair, parts" in await _kept(site, path, 2)
    await site.ask("PATCH", path, {"queues": []}, If_Match='"2"')
    await site.ask("POST", "tickets", {"kind": "repair", "subject": "drips", "team": "repair"})
    assert "open tickets that are with it: 1" in await _kept(site, path, 3)
    await site.ask("POST", "tickets/1/status", {"to": "cancelled", "why": "it stopped"})
    assert (await site.ask("DELETE", path, If_Match='"2"')).status == 412
    assert (await site.ask("DELETE", path, If_Match='"3"')).status == 204
    assert (await site.api("teams"))["teams"] == []
    assert (await site.ask("POST", "teams", {"name": "repair"})).status == 201  # undone


async def _kept(site: Site, path: str, version: int) -> str:
    """Why this team cannot be removed."""
    refused = await site.ask("DELETE", path, If_Match=f'"{version}"')
    assert refused.status == 409
    return str(refused.body["detail"])


async def test_everybody_sets_their_own_screen(site: Site) -> None:
    await user(site)
    browser = Browser(site)
    await browser.sign_in()
    wanted = {"language": "zh-CN", "theme": "dark", "sound": "bell", "volume": 0}
    me = (await browser.ask("PATCH", "me", wanted)).body["user"]
    assert {name: me[name] for name in wanted} == wanted
    for wrong in ({"theme": "pink"}, {"volume": 101}, {"sound": "../x"}, {"role": "administrator"}):
        assert (await browser.ask("PATCH", "me", wrong)).status == 422
    page = await site.client.get("/sign-in", headers={"Cookie": f"callserver={browser.cookie()}"})
    assert str(page.url).endswith("/desk")


async def test_somebody_sees_and_ends_their_sessions(site: Site) -> None:
    await user(site)
    here, there = Browser(site), Browser(site)
    here.headers["User-Agent"] = "<script>alert(1)</script>"
    await there.sign_in()
    await here.sign_in()
    found = (await here.ask("GET", "me/sessions")).body["sessions"]
    assert [(one["this"], one["browser"][:8]) for one in found] == [
        (True, "<script>"),
        (False, found[1]["browser"][:8]),
    ]
    assert (await here.ask("DELETE", f"me/sessions/{found[1]['id']}")).status == 204
    assert (await here.ask("DELETE", f"me/sessions/{found[1]['id']}")).status == 404
    assert [(await one.ask("GET", "me")).status for one in (here, there)] == [200, 401]
    await there.sign_in()
    assert (await there.ask("DELETE", "session")).status == 204
    assert [(await one.ask("GET", "me")).status for one in (here, there)] == [200, 401]
    await there.sign_in()
    assert (await here.ask("DELETE", "me/sessions")).status == 204
    assert [(await one.ask("GET", "me")).status for one in (here, there)] == [401, 401]


async def test_a_token_has_nobody_behind_it(site: Site) -> None:
    me = await site.api("me")
    assert (me["user"], me["name"], me["session"]) == (None, "operator", None)
    for method, path, body in (
        ("PATCH", "me", {"theme": "dark"}),
        ("GET", "me/sessions", None),
        ("DELETE", "session", None),
        ("PUT", "me/password", {"old": PASSWORD, "new": PASSWORD + "!"}),
    ):
        assert (await site.ask(method, path, body)).status == 409, path


async def test_a_token_that_a_user_makes_is_theirs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await user(site, "it", "integrator")
    browser = Browser(site)
    await browser.sign_in("it")
    given = await browser.ask("POST", "tokens", {"name": "crm", "scopes": ["calls:read", "tokens:manage"]})
    assert given.body["user"] == made.person.id
    text = given.body["token"]
    child = await site.ask("POST", "tokens", {"name": "child", "scopes": ["calls:read"]}, token=text)
    assert child.body["user"] == made.person.id  # and so on
    refused = await browser.ask("POST", "tokens", {"name": "x", "scopes": ["users:manage"]})
    assert refused.status == 403
    await site.ask("PATCH", f"users/{made.person.id}", {"disabled": True}, If_Match="*")
    monkeypatch.setattr(keyring, "FRESH_S", 0.0)  # those two seconds are over
    for one in (text, child.body["token"]):
        assert (await site.ask("GET", "calls", token=one)).status == 401

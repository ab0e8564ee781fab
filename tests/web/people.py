"""People who sign in, in a browser of their own each: cookies are kept, and what pages send is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import CookieJar

from callserver.facts import Actor
from callserver.people import Profile, Role
from callserver.store import teams, users
from callserver.store.users import User, Wanted
from callserver.web.passwords import Passwords
from tests.web.conftest import CHEAP, Said, Site

_PASSWORDS = Passwords(CHEAP)
PASSWORD = "correct pony battery"
BOSS = Actor(name="boss", through="cli")


async def team(site: Site, name: str = "repair", *queues: str) -> None:
    """A team with these queues, by default one of its own name."""
    await site.store.write(lambda c: teams.add(c, name, queues or (name,), BOSS, site.now))


async def user(
    site: Site,
    login: str = "li.na",
    role: Role = "agent",
    *,
    name: str | None = None,
    teams: Sequence[str] = (),
    queues: Sequence[Profile] | None = None,
    password: str = PASSWORD,
) -> User:
    """A user who may sign in."""
    wanted = Wanted(
        login=login,
        name=name or login,
        role=role,
        teams=teams,
        queues=queues,
        password=await _PASSWORDS.hashed(password),
    )
    return await site.store.write(lambda c: users.add(c, wanted, BOSS, site.now))


class Browser:
    """One browser: its cookies, and the headers that a page of ours sends."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.jar = CookieJar(unsafe=True)
        self.headers = {"X-Callserver": "1", "Origin": str(site.client.make_url("/")).rstrip("/")}

    async def ask(self, method: str, path: str, body: Any = None, **headers: str | None) -> Said:
        """Any request; underscores in the names of headers stand for hyphens, a header that is None is left out."""
        return await self.ask_as(method, path, body, headers)

    async def ask_as(self, method: str, path: str, body: Any, headers: Mapping[str, str | None]) -> Said:
        """The same, with headers as values."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in {**self.headers, **more}.items() if value is not None}
        url = self.site.client.make_url(f"/api/v1/{path}")
        cookies = {name: one.value for name, one in self.jar.filter_cookies(url).items()}
        response = await self.site.client.session.request(
            method, url, json=body, headers=sent, cookies=cookies
        )
        self.jar.update_cookies(response.cookies, url)
        self.site.client.session.cookie_jar.clear()
        text = await response.text()
        parsed = await response.json(content_type=None) if text else None
        return Said(response.status, parsed, response.headers)

    async def sign_in(self, login: str = "li.na", password: str = PASSWORD) -> Said:
        """As the page does it."""
        return await self.ask("POST", "session", {"login": login, "password": password})

    def cookie(self, name: str = "callserver") -> str:
        return next(one.value for one in self.jar if one.key == name)

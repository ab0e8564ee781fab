"""A server without a switch behind it, and a browser: for pages that need no call.

Flows in: a browser, an empty database. Flows out: a window in which an administrator is signed in, the API. Must not
know: what a test wants to see.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from callserver.facts import Actor
from callserver.numbers import Plan
from callserver.settings import QueueBook, QueueSettings, Secret, WebSettings
from callserver.store import engine, migrations, teams, users
from callserver.store.users import Wanted
from callserver.vitals import Vitals
from callserver.web.passwords import Cost, Passwords
from callserver.web.server import application, clock
from tests.rig import provision
from tests.rig.browser import Chrome, Window, chrome

expect.set_options(timeout=20_000)  # more than any of it takes; machines are slow at times
PASSWORD = "correct pony battery"
TOKEN = "tok3n"
BOSS = Actor(name="boss", through="cli")
QUEUES = {"hotline": QueueSettings(target_s=20), "mend": QueueSettings(title="Mending")}


@dataclass(slots=True)
class House:
    """What a test of a page needs."""

    base: str
    chrome: Chrome

    async def window(self, login: str = "root", **how: Any) -> Window:
        """Somebody signs in with a browser of their own."""
        window = await self.chrome.window(self.base, **how)
        await window.sign_in(login, PASSWORD)
        return window


@asynccontextmanager
async def opened(browser: provision.Browser, home: Path) -> AsyncIterator[House]:
    """It serves; the settings name two queues, of which the switch has one, and another one."""
    url = f"sqlite:///{home}/calls.db"
    await migrations.upgrade(url)
    store = await engine.open(url, synchronous="OFF")
    passwords = Passwords(Cost(memory_kib=8, passes=1))
    root = Wanted(
        login="root",
        name="Wu Min 吴敏",
        role="administrator",
        password=await passwords.hashed(PASSWORD),
    )
    await store.write(lambda c: users.add(c, root, BOSS, clock()))
    await store.write(lambda c: teams.add(c, "Kitchen", ["hotline", "mend"], BOSS, clock()))
    vitals = Vitals("house")
    vitals.switch("main", "127.0.0.1:5038").queues = frozenset({"hotline", "repair"})
    app = application(
        WebSettings(token=Secret(TOKEN), requests_per_minute=1_000_000),
        store,
        vitals,
        QueueBook(QUEUES),
        Plan(area_code="0532"),
        passwords=passwords,
    )
    try:
        async with TestServer(app) as server, chrome(browser) as found:
            yield House(str(server.make_url("/")).rstrip("/"), found)
    finally:
        await store.close()

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

from callserver import facts
from callserver.ami.answers import Finding
from callserver.facts import iso
from callserver.numbers import Plan
from callserver.push.hub import Hub
from callserver.seats.shift import Seat
from callserver.settings import QueueBook, QueueSettings, Secret, WebSettings
from callserver.store import engine, leases, migrations, shifts, teams, users
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from callserver.store.users import Wanted
from callserver.vitals import Vitals
from callserver.web.passwords import Cost, Passwords
from callserver.web.server import application, clock
from tests.browser.site import BOSS, PASSWORD
from tests.push.watching import CALL, PBX, PHONE, joined
from tests.rig import provision
from tests.rig.browser import Chrome, Window, chrome

expect.set_options(timeout=30_000)  # more than any of it takes; machines are slow at times
TOKEN = "tok3n"
QUEUES = {"hotline": QueueSettings(target_s=20), "mend": QueueSettings(title="Mending")}


@dataclass(slots=True)
class House:
    """What a test of a page needs."""

    base: str
    chrome: Chrome
    store: Store
    vitals: Vitals
    hub: Hub
    findings: list[Finding]

    def is_connected(self) -> None:
        """The switch is there from now on, with its two phones."""
        self.vitals.switch("main").change("up")
        self.hub.feed(PBX, [joined(PHONE, "hotline"), facts.LinkRestored(pbx=PBX, at=clock())])

    async def sits_down(self, login: str) -> None:
        """Somebody takes the first phone and is ready, as the switch and the shifts have it."""
        user = (await self.store.read(lambda c: users.by_login(c, login))).person
        seat = Seat(pbx=PBX, interface=PHONE, state_interface=PHONE)
        await self.store.write(lambda c: shifts.sign_in(c, user, seat, clock()))
        self.hub.seat(user.id, PBX, PHONE, login=login, name=user.name, state_interface=PHONE)
        self.hub.feed(PBX, [facts.DeviceChanged(pbx=PBX, at=clock(), interface=PHONE, device="free")])

    async def was_answered(self, number: str) -> None:
        """A call is over, and was answered."""
        lease = await leases.acquire(self.store, leases.lease_of(PBX), "house/1", 600)
        assert lease is not None
        journal = Journal(self.store, PBX, holder=lease.holder, epoch=lease.epoch)
        begun = iso(clock())
        record = {
            "id": str(CALL),
            "pbx": "main",
            "started_at": begun,
            "answered_at": begun,
            "ended_at": begun,
        }
        record |= {"outcome": "answered", "direction": "inbound", "caller_number": number, "dialed": "4008"}
        more = {"open": False, "gap": False, "queue_visits": [{"queue": "hotline"}], "legs": []}
        await journal.append(Batch(records=[{**record, **more}]))
        await journal.close()
        self.hub.feed(PBX, [facts.CallEnded(pbx=PBX, at=clock(), call=CALL, outcome="answered")])

    async def window(self, login: str = "root", **how: Any) -> Window:
        """Somebody with a browser of their own, signed in; no page is open yet."""
        window = await self.chrome.window(self.base, **how)
        await window.comes_in(login, PASSWORD)
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
    hub = Hub("house")
    hub.begin(PBX)

    async def look(pbx: str) -> list[Finding]:
        return list(findings)

    app = application(
        WebSettings(token=Secret(TOKEN), requests_per_minute=1_000_000),
        store,
        vitals,
        QueueBook(QUEUES),
        Plan(area_code="0532"),
        passwords=passwords,
        hub=hub,
        check_switch=look,
    )
    findings = [Finding(severity="error", what="may not originate", fix="write = originate")]
    try:
        async with TestServer(app) as server, chrome(browser) as found:
            yield House(str(server.make_url("/")).rstrip("/"), found, store, vitals, hub, findings)
    finally:
        await store.close()

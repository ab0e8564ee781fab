"""How each Asterisk is connected, and what is wrong there, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp.test_utils import TestClient, TestServer

from callserver.ami.answers import Finding
from callserver.settings import Secret, WebSettings
from callserver.store.engine import Store
from callserver.vitals import Vitals
from callserver.web.server import application
from tests.web.conftest import TOKEN, Site

NO_RIGHT = Finding(
    severity="error", what="may not send Originate", why="calls out fail", fix="write = originate"
)


async def test_each_switch_says_how_it_is_connected(site: Site) -> None:
    assert (await site.api("switches")) == {"switches": []}
    switch = site.vitals.switch("main", "127.0.0.1:5038")
    switch.change("down", "connection refused")
    (shown,) = (await site.api("switches"))["switches"]
    assert (shown["pbx"], shown["address"], shown["link"]) == ("main", "127.0.0.1:5038", "down")
    assert (shown["problem"], shown["queues"]) == ("link down: connection refused", None)
    switch.change("up")
    switch.queues = frozenset({"sales", "repair"})
    (shown,) = (await site.api("switches"))["switches"]
    assert (shown["problem"], shown["queues"]) == ("", ["repair", "sales"])


async def test_a_switch_is_looked_over_when_somebody_asks(store: Store) -> None:
    async def look(pbx: str) -> Sequence[Finding]:
        assert pbx == "main"
        return [NO_RIGHT, Finding(severity="ok", what="Asterisk 22")]

    vitals = Vitals("n")
    vitals.switch("main", "127.0.0.1:5038")
    app = application(WebSettings(token=Secret(TOKEN)), store, vitals, check_switch=look)
    async with TestClient(TestServer(app)) as client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        found = await client.post("/api/v1/switches/main/check", headers=headers)
        first, second = (await found.json())["findings"]
        assert (first["severity"], first["fix"]) == ("error", "write = originate")
        assert second == {"severity": "ok", "what": "Asterisk 22", "why": "", "fix": ""}
        assert (await client.post("/api/v1/switches/north/check", headers=headers)).status == 404


async def test_a_process_that_follows_no_switch_says_so(site: Site) -> None:
    site.vitals.switch("main", "127.0.0.1:5038")
    assert (await site.ask("POST", "switches/main/check")).status == 409

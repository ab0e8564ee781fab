"""The stream over a real port, read by an independent implementation of websockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket as sockets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from callserver.numbers import Plan
from callserver.people import Profile, Role, UserId
from callserver.push import wire
from callserver.push.clients import MOST_OF_ONE
from callserver.push.hub import Hub
from callserver.push.screen import apply, empty
from callserver.push.views import Everyone, Queues, User
from callserver.settings import Secret, WebSettings
from callserver.store import tokens, users
from callserver.store.engine import Store
from callserver.web.passwords import Passwords
from callserver.web.server import application
from callserver.web.telling import LISTS
from tests.push.watching import CALL, PBX, PHONE, arriving, hub_of, joined, looked_up, ringing
from tests.web.conftest import CHEAP, TOKEN, Site
from tests.web.people import BOSS, Browser, user

V1 = [Subprotocol(wire.PROTOCOL)]


class Streamed(Site):
    """A site with live screens."""

    hub: Hub

    @property
    def url(self) -> str:
        return str(self.client.make_url("/api/v1/stream")).replace("http", "ws", 1)

    async def browser(self, login: str = "wei", role: Role = "agent") -> tuple[Browser, UserId]:
        """Somebody who works in the queue `repair` has signed in."""
        made = await user(self, login, role, queues=[Profile(queue="repair")])
        browser = Browser(self)
        assert (await browser.sign_in(login)).status == 204
        return browser, made.person.id


@pytest_asyncio.fixture
async def site(store: Store) -> AsyncIterator[Streamed]:
    site = Streamed(store)
    site.hub = hub_of(gauges=site.vitals.stream)
    settings = WebSettings(token=Secret(TOKEN), requests_per_minute=1_000_000)
    app = application(
        settings, store, site.vitals, plan=Plan(), clock=site.tick, passwords=Passwords(CHEAP), hub=site.hub
    )
    async with TestClient(TestServer(app)) as site.client:
        yield site


class Watching:
    """A reader that keeps a picture, as a screen does."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.screen = empty()
        self.seq = 0

    async def next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.connection.recv(), 60))
        if "seq" in message:
            assert message["type"] == "snapshot" or message["seq"] == self.seq + 1, "no number is missing"
            self.seq = message["seq"]
            self.screen = apply(self.screen, message)
        return message

    async def until(self, type: str) -> dict[str, Any]:
        """The next message of this type, alone or among several."""
        while True:
            message = await self.next()
            for one in message.get("messages", [message]):
                if one["type"] == type:
                    return dict(one)

    async def say(self, **word: Any) -> None:
        await self.connection.send(json.dumps(word))

    async def closed(self) -> tuple[int, str]:
        """Read to the end: the code and the words that it was closed with."""
        with pytest.raises(ConnectionClosed) as ended:
            while True:
                await asyncio.wait_for(self.connection.recv(), 60)
        received = ended.value.rcvd
        return (received.code, received.reason) if received is not None else (1006, "")


async def by_token(site: Streamed, token: str = TOKEN, path: str = "", **more: Any) -> Watching:
    headers = {"Authorization": f"Bearer {token}"}
    more.setdefault("subprotocols", V1)
    return Watching(await connect(site.url + path, additional_headers=headers, **more))


async def by_cookie(site: Streamed, browser: Browser, origin: str | None = "", path: str = "") -> Watching:
    headers = {"Cookie": f"callserver={browser.cookie()}"}
    ours = browser.headers["Origin"] if origin == "" else origin
    if ours is not None:
        headers["Origin"] = ours
    return Watching(await connect(site.url + path, additional_headers=headers, subprotocols=V1))


async def refused(opening: Any) -> int:
    with pytest.raises(InvalidStatus) as answer:
        await opening
    return answer.value.response.status_code


async def test_hello_then_a_snapshot_then_what_happens(site: Streamed):
    browser, id = await site.browser()
    site.hub.seat(id, PBX, PHONE)
    mine = await by_cookie(site, browser)
    hello = await mine.next()
    assert hello["user"] == {"id": id, "login": "wei", "name": "wei", "role": "agent", "language": "en"}
    assert (hello["v"], hello["node"], hello["resumed"]) == (1, "node-a", False)
    assert mine.connection.subprotocol == wire.PROTOCOL
    assert (await mine.next())["type"] == "snapshot"
    assert set(mine.screen["agents"]) == {"main/PJSIP/1001", "main/PJSIP/1002"}
    site.hub.feed(PBX, arriving() + ringing())
    pop = await mine.until("pop")
    assert pop["key"] == f"main/{PHONE}|{CALL}"
    assert pop["value"]["number"]["received"] == "13800138000"
    await mine.say(type="ping", at="now")
    assert (await mine.until("pong"))["at"] == "now"
    await mine.connection.close()


async def test_agents_and_queues_of_others_follow_within_a_moment(site: Streamed):
    reader = await by_token(site)
    await reader.until("snapshot")
    site.hub.feed(PBX, [joined("PJSIP/1005")])
    while "main/PJSIP/1005" not in reader.screen["agents"]:
        assert (await reader.next())["type"] == "several"
    assert reader.screen == site.hub.screen.snapshot()
    await reader.connection.close()


async def test_after_a_broken_connection_the_stream_goes_on(site: Streamed):
    browser, id = await site.browser()
    mine = await by_cookie(site, browser)
    hello = await mine.next()
    await mine.next()
    mine.connection.transport.abort()
    site.hub.put("shift", str(id), {"wish": "ready"}, User(id))
    back = await by_cookie(site, browser, path=f"?stream={hello['stream']}&seq=1")
    back.seq = 1
    assert (await back.next())["resumed"] is True
    assert (await back.until("shift"))["value"] == {"wish": "ready"}
    await back.connection.close()


async def test_a_place_that_is_gone_or_nonsense_means_a_fresh_snapshot(site: Streamed):
    for place in ("?stream=x&seq=0", "?stream=&seq=", "?stream=%00&seq=-1", "?seq=" + "9" * 400):
        reader = await by_token(site, path=place)
        assert (await reader.next())["resumed"] is False
        assert (await reader.next())["type"] == "snapshot"
        await reader.connection.close()


@pytest.fixture
def deaf(site: Streamed) -> Iterator[sockets.socket]:
    """Somebody who opens the stream and reads nothing."""
    with sockets.socket() as deaf:
        deaf.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2048)
        deaf.connect(("127.0.0.1", site.client.port or 0))
        deaf.sendall(
            b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n"
        )
        yield deaf


async def test_who_does_not_read_is_cut_and_fifty_others_get_everything(
    site: Streamed, deaf: sockets.socket, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("callserver.push.client.OUTBOX", 200_000)
    token = await site.token("floor:read")
    monkeypatch.setattr("callserver.push.clients.MOST_OF_ONE", 50)
    readers = [await by_token(site, token) for _ in range(50)]
    reading = [asyncio.create_task(reader.until("enough")) for reader in readers]
    for number in range(100):
        site.hub.put("notice", str(number), {"text": "x" * 20_000}, Everyone())
        await asyncio.sleep(0.002)
    site.hub.event("enough", {}, Everyone())
    await asyncio.gather(*reading)
    assert all(len(reader.screen["notices"]) == 100 for reader in readers)
    assert "operator" not in {client.owner for client in site.hub.clients.everybody()}
    assert b'callserver_stream_cut_total{why="behind"} 1.0' in await (await site.get("/metrics")).read()
    for reader in readers:
        reader.connection.transport.abort()
    await asyncio.gather(*[reader.connection.wait_closed() for reader in readers])


HOSTILE: dict[str, tuple[str | bytes, int]] = {
    "empty": ("{}", wire.MALFORMED),
    "no json": ("nonsense", wire.MALFORMED),
    "an impossible number": ('{"type":"ack","seq":99}', wire.MALFORMED),
    "binary": (b'{"type":"ping"}', wire.MALFORMED),
    "huge": ('{"type":"ping","at":"' + "x" * wire.MOST_IN + '"}', 1009),
}


async def test_hostile_words_close_the_stream_of_who_says_them_and_no_other(site: Streamed):
    other = await by_token(site)
    await other.until("snapshot")
    for name, (said, code) in HOSTILE.items():
        hostile = await by_token(site)
        await hostile.until("snapshot")
        await hostile.connection.send(said)
        assert (await hostile.closed())[0] == code, name
    site.hub.event("ticket", {"id": 1}, Queues(frozenset({"repair"})))
    assert (await other.until("ticket"))["id"] == 1
    await other.connection.close()


async def test_too_many_words_close_the_stream_with_a_reason(site: Streamed):
    hostile = await by_token(site)
    await hostile.until("snapshot")
    with contextlib.suppress(ConnectionClosed):  # it may be enough before all is said
        for _ in range(400):
            await hostile.say(type="ping")
    code, why = await hostile.closed()
    assert code == wire.TOO_MANY
    assert "a second" in why


async def test_a_forged_origin_opens_no_stream_with_somebodys_cookie(site: Streamed):
    browser, _ = await site.browser()
    assert await refused(by_cookie(site, browser, "https://evil.example")) == 403
    assert await refused(by_cookie(site, browser, "null")) == 403
    assert await refused(by_cookie(site, browser, None)) == 403
    token = await by_token(site, origin="https://crm.example")
    assert (await token.next())["type"] == "hello"
    await token.connection.close()


async def test_who_may_not_see_the_floor_gets_no_stream(site: Streamed):
    assert await refused(connect(site.url, subprotocols=V1)) == 401
    assert await refused(by_token(site, "cs_forged")) == 401
    assert await refused(by_token(site, await site.token("calls:read"))) == 403
    assert await refused(by_token(site, subprotocols=[Subprotocol("callserver.v9")])) == 422
    plain = await site.get("/api/v1/stream", TOKEN)
    assert plain.status == 426


async def test_a_token_sees_calls_only_with_the_rights_to_see_people_in_full(site: Streamed):
    site.hub.feed(PBX, arriving() + ringing())
    await looked_up(site.hub)
    for scopes, calls, pops in (
        (["floor:read"], 0, 0),
        (["floor:read", "calls:read"], 0, 0),
        (["floor:read", "calls:read", "personal:read"], 1, 0),
        (["floor:read", "calls:read", "personal:read", "customers:read", "tickets:read"], 1, 1),
    ):
        reader = await by_token(site, await site.token(*scopes))
        await reader.until("snapshot")
        assert (len(reader.screen["calls"]), len(reader.screen["pops"])) == (calls, pops)
        await reader.connection.close()


async def test_a_supervisor_sees_the_calls_of_their_queues_and_no_others(site: Streamed):
    browser, _ = await site.browser("boss", "supervisor")
    site.hub.feed(PBX, [*arriving(), joined("PJSIP/1009", "sales")])
    mine = await by_cookie(site, browser)
    await mine.until("snapshot")
    assert list(mine.screen["calls"]) == [CALL]
    assert list(mine.screen["queues"]) == ["main/repair"]
    assert "main/PJSIP/1009" not in mine.screen["agents"]
    await mine.connection.close()


async def test_the_stream_of_a_disabled_user_ends_within_moments(site: Streamed):
    browser, id = await site.browser()
    mine = await by_cookie(site, browser)
    await mine.until("snapshot")
    await site.store.write(lambda c: users.change(c, id, users.Changes(disabled=True), BOSS, site.now))
    assert await mine.closed() == (wire.UNAUTHORISED, "signed out")
    assert await refused(by_cookie(site, browser)) == 401


async def test_the_stream_of_a_revoked_token_ends_within_moments(
    site: Streamed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("callserver.web.streaming.LOOK_S", 0.05)
    monkeypatch.setattr("callserver.web.api.keyring.FRESH_S", 0.05)
    reader = await by_token(site, await site.token("floor:read"))
    await reader.until("snapshot")
    await site.store.write(lambda c: tokens.revoke(c, 1, site.now))
    assert (await reader.closed())[0] == wire.UNAUTHORISED


@pytest.mark.parametrize(("role", "end"), [("supervisor", "main/sales"), ("agent", wire.FORBIDDEN)])
async def test_a_tokens_stream_sees_no_more_than_its_maker_does_by_now(
    site: Streamed, monkeypatch: pytest.MonkeyPatch, role: Role, end: Any
):
    monkeypatch.setattr("callserver.web.streaming.LOOK_S", 0.05)
    monkeypatch.setattr("callserver.web.api.keyring.FRESH_S", 0.05)
    browser, id = await site.browser("boss", "administrator")
    made = await browser.ask("POST", "tokens", {"name": "wallboard", "scopes": ["floor:read"]})
    site.hub.feed(PBX, [joined("PJSIP/1001", "repair"), joined("PJSIP/1009", "sales")])
    await user(site, "other", "administrator")  # one has to stay
    reader = await by_token(site, made.body["token"])
    await reader.until("snapshot")
    assert len(reader.screen["queues"]) == 2
    change = users.Changes(role=role, own_queues=[Profile(queue="sales")])
    await site.store.write(lambda c: users.change(c, id, change, BOSS, site.now))
    if role == "agent":
        assert (await reader.closed())[0] == end
        return
    await reader.until("snapshot")
    assert list(reader.screen["queues"]) == [end]
    await reader.connection.close()


async def test_other_rights_show_another_picture_at_once(site: Streamed):
    browser, id = await site.browser()
    site.hub.feed(PBX, [joined("PJSIP/1009", "sales")])
    mine = await by_cookie(site, browser)
    await mine.until("snapshot")
    change = users.Changes(own_queues=[Profile(queue="sales")])
    await site.store.write(lambda c: users.change(c, id, change, BOSS, site.now))
    await mine.until("snapshot")
    assert list(mine.screen["queues"]) == ["main/sales"]
    await mine.connection.close()


async def test_a_page_beside_the_desk_is_nobodys_screen_and_stays_so_when_rights_change(site: Streamed):
    browser, id = await site.browser()
    mine = await by_cookie(site, browser, path="?beside=true")
    await mine.until("snapshot")
    assert site.hub.clients.watching(id) == 0
    assert (mine.screen["agents"], mine.screen["queues"]) == ({}, {})
    await site.store.write(lambda c: users.change(c, id, users.Changes(role="supervisor"), BOSS, site.now))
    site.hub.feed(PBX, arriving() + ringing())
    site.hub.event("owed", {}, LISTS)
    told = await mine.until("owed")
    assert (set(told) - {"seq"}, mine.screen["calls"], mine.screen["agents"]) == ({"type"}, {}, {})
    await mine.connection.close()


async def test_one_may_have_some_streams_open_and_not_any_number(site: Streamed):
    open = [await by_token(site) for _ in range(MOST_OF_ONE)]
    assert await refused(by_token(site)) == 429
    for reader in open:
        await reader.connection.close()


async def test_the_time_to_the_acknowledgement_is_in_the_metrics(site: Streamed):
    browser, id = await site.browser()
    site.hub.seat(id, PBX, PHONE)
    mine = await by_cookie(site, browser)
    await mine.until("snapshot")
    site.hub.feed(PBX, arriving() + ringing(), site.hub._monotonic())
    pop = await mine.until("pop")
    await mine.say(type="ack", seq=pop["seq"])
    await mine.say(type="ping")
    await mine.until("pong")
    metrics = await (await site.get("/metrics")).text()
    assert "callserver_stream_acknowledged_seconds_count 1.0" in metrics
    assert 'callserver_stream_acknowledged_quantile_seconds{quantile="0.99"}' in metrics
    await mine.connection.close()


async def test_a_stopping_server_says_so(site: Streamed):
    reader = await by_token(site)
    await reader.until("snapshot")
    await asyncio.gather(site.client.close(), told := asyncio.ensure_future(reader.closed()))
    assert told.result() == (wire.GOING, "the server is stopping")

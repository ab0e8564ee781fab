"""The client against the real server: the stream, tickets, and a server that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from callserver.client import (
    Client,
    Hello,
    Lost,
    Misread,
    PopTold,
    Refused,
    SignedOut,
    Snapshot,
    TicketTold,
    Unreachable,
)
from callserver.client.messages import AgentTold, Message
from callserver.numbers import Plan
from callserver.push.hub import Hub
from callserver.push.views import Everyone
from callserver.settings import Secret, WebSettings
from callserver.store.engine import Store
from callserver.web.passwords import Passwords
from callserver.web.server import application
from tests.push.watching import CALL, PBX, PHONE, arriving, hub_of, joined, ringing
from tests.web.conftest import CHEAP, TOKEN, Site, prepared_file, store

__all__ = ["prepared_file", "store"]


class Live(Site):
    """A site with live screens."""

    hub: Hub

    @property
    def url(self) -> str:
        return str(self.client.make_url("/"))


@pytest_asyncio.fixture
async def site(store: Store) -> AsyncIterator[Live]:
    site = Live(store)
    site.hub = hub_of(gauges=site.vitals.stream)
    settings = WebSettings(token=Secret(TOKEN), requests_per_minute=1_000_000)
    app = application(
        settings, store, site.vitals, plan=Plan(area_code="0532"), clock=site.tick, passwords=Passwords(CHEAP),
        hub=site.hub,
    )  # fmt: skip
    async with TestClient(TestServer(app)) as site.client:
        yield site


async def until(stream: AsyncIterator[Message], kind: type[Message]) -> Message:
    async with asyncio.timeout(60):
        async for message in stream:
            if isinstance(message, kind):
                return message
    raise AssertionError("the stream ended")


async def test_a_program_sees_who_calls_whom(site: Live) -> None:
    async with Client(site.url, TOKEN) as client:
        stream = client.stream()
        hello = await until(stream, Hello)
        assert isinstance(hello, Hello)
        assert (hello.node, hello.user) == ("node-a", None)
        await until(stream, Snapshot)
        assert set(client.screen.agents) == {"main/PJSIP/1001", "main/PJSIP/1002"}
        site.hub.feed(PBX, arriving() + ringing())
        pop = await until(stream, PopTold)
        assert isinstance(pop, PopTold)
        assert (pop.key, pop.value.number.received) == (f"main/{PHONE}|{CALL}", "13800138000")
        assert client.screen.pops[pop.key] == pop.value
        site.hub.feed(PBX, [joined("PJSIP/1005")])
        await until(stream, AgentTold)
        assert client.screen.calls[CALL].state == "ringing"


async def test_a_broken_connection_is_made_again_and_nothing_is_missing(site: Live) -> None:
    async with Client(site.url, TOKEN) as client:
        stream = client.stream()
        await until(stream, Snapshot)
        for reader in site.hub.clients.everybody():
            assert reader.transport is not None
            reader.transport.abort()
        lost = await until(stream, Lost)
        assert isinstance(lost, Lost) and lost.again_s < 1
        site.hub.event(
            "ticket", {"id": 17, "number": "1", "version": 1, "what": "entry", "call": None}, Everyone()
        )
        back = await until(stream, Hello)
        assert isinstance(back, Hello) and back.resumed
        ticket = await until(stream, TicketTold)
        assert isinstance(ticket, TicketTold) and ticket.id == 17


async def test_a_ticket_is_opened_written_on_and_promised_about(site: Live) -> None:
    async with Client(site.url, TOKEN) as client:
        ticket = await client.open_ticket("repair", "灶不着火 <script>", caller="13800138000")
        assert (ticket.status, ticket.caller, ticket.subject) == (
            "open",
            "+8613800138000",
            "灶不着火 <script>",
        )
        entry = await client.note(ticket.id, "call after six")
        assert (entry.ticket, entry.kind, entry.body["text"]) == (ticket.id, "note", "call after six")
        due = datetime.fromtimestamp(site.now / 1000, UTC) + timedelta(hours=1)
        promised = await client.promise(ticket.id, "watch", due_at=due, why="asked for it")
        assert (promised.ticket, promised.due_at, promised.status) == (ticket.id, due, "planned")
        found = await client.look_up("138 0013 8000")
        assert [one["id"] for one in found["stranger"]["tickets"]] == [ticket.id]
        assert (await client.ticket(ticket.spoken)).id == ticket.id


async def test_the_same_key_opens_no_second_ticket(site: Live) -> None:
    async with Client(site.url, TOKEN) as client:
        first = await client.open_ticket("repair", "once", key="order-17")
        assert await client.open_ticket("repair", "once", key="order-17") == first


async def test_what_is_wrong_is_named(site: Live) -> None:
    async with Client(site.url, TOKEN) as client:
        with pytest.raises(Refused) as refused:
            await client.open_ticket("nonsense")
        assert (refused.value.status, list(refused.value.fields)) == (422, ["kind"])
        with pytest.raises(Refused, match="404"):
            await client.ticket("../../users")
        with pytest.raises(Misread):
            await client.ask("GET", "/me", int)


async def test_a_token_that_opens_nothing_is_said(site: Live) -> None:
    async with Client(site.url, "cs_forged") as client:
        with pytest.raises(SignedOut):
            await client.look_up("13800138000")
        with pytest.raises(SignedOut):
            await until(client.stream(), Hello)
    async with Client(site.url, await site.token("calls:read")) as client:
        with pytest.raises(Refused, match="floor:read"):
            await until(client.stream(), Hello)


async def test_a_server_that_is_gone_is_said(site: Live) -> None:
    async with Client(site.url, TOKEN) as client:
        await site.client.close()
        with pytest.raises(Unreachable):
            await client.note(1, "x")


@pytest.mark.parametrize("url", ["", "calls.example.org", "ftp://x", "http://", "http://x/?a=1", "ws://x"])
def test_an_address_that_is_none_is_said_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        Client(url, TOKEN)


def test_the_token_is_in_no_text_of_the_client() -> None:
    assert TOKEN not in repr(Client("https://calls.example.org/desk/", TOKEN))


async def test_the_stream_is_described_for_whoever_asks(site: Live) -> None:
    described = await (await site.get("/api/v1/asyncapi.json")).json()
    assert (described["asyncapi"], described["channels"]["stream"]["address"]) == ("3.0.0", "/api/v1/stream")
    page = await (await site.get("/api/docs")).text()
    assert "<code>pop.closed</code>" in page

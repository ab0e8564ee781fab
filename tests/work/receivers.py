"""Receivers of webhooks on loopback: one that is well built and does what it is told, one that knows no manners."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from callserver.facts import MACHINE
from callserver.store import outbox, webhooks
from callserver.store.engine import Store
from callserver.store.outbox import Event
from callserver.store.webhook import Subscription, Webhook

AT = 1_795_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request that came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass
class Receiver:
    """Keeps what it heard; answers with a status, or as `behave` says."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    behave: Callable[[Heard], Awaitable[web.StreamResponse]] | None = None
    heard: list[Heard] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    url: str = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            heard = Heard(headers=dict(request.headers), body=await request.read())
            self.heard.append(heard)
            if self.behave is not None:
                return await self.behave(heard)
            text = None if self.status == 204 else self.text
            return web.Response(status=self.status, headers=self.headers, text=text)
        finally:
            self.at_once -= 1

    @property
    def numbers(self) -> list[int]:
        """The `n` of every event, in the order in which they came."""
        return [heard.event["data"]["n"] for heard in self.heard]

    def has_heard(self, count: int) -> bool:
        """Whether it heard so many by now, no more."""
        return len(self.heard) == count

    def times(self) -> Counter[int]:
        return Counter(self.numbers)


@asynccontextmanager
async def receiver(port: int = 0, **doing: Any) -> AsyncIterator[Receiver]:
    made = Receiver(**doing)
    runner = web.ServerRunner(web.Server(made.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


@asynccontextmanager
async def unmannered(
    *answers: bytes, pause_s: float = 0.0, stay: bool = False, once: bool = False
) -> AsyncIterator[str]:
    """The URL of a server that reads a request, writes these bytes one after another, and hangs up (or stays).

    `once`: only on its first connection; on all others it hangs up at once.
    """
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if once and connections > 1:
            return
        await _request(reader)
        for answer in answers:
            writer.write(answer)
            await writer.drain()
            await asyncio.sleep(pause_s)
        if stay:
            await reader.read()

    async with _served(serve) as port:
        yield f"http://127.0.0.1:{port}/hook"


@asynccontextmanager
async def tls(context: ssl.SSLContext) -> AsyncIterator[str]:
    """The URL of a server that answers 200 to anybody who trusts its certificate."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with _served(serve, context) as port:
        yield f"https://127.0.0.1:{port}/hook"


async def _request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    await reader.readexactly(next(int(line[15:]) for line in lines if line.startswith(b"content-length:")))


@asynccontextmanager
async def _served(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """The port of a server; whoever it still serves at the end is let go."""
    serving: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving[task] = writer
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in serving.values():
        writer.transport.abort()
    await asyncio.gather(*serving)


def signed_by(key: str, heard: Heard) -> bool:
    """Whether one of the signatures is this key's: the scheme of standard-webhooks.com, once more by hand."""
    secret = base64.b64decode(key.split("_", 1)[1])
    content = f"{heard.headers['Webhook-Id']}.{heard.headers['Webhook-Timestamp']}.".encode() + heard.body
    expected = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in heard.headers["Webhook-Signature"].split(" ")


async def subscribed(store: Store, url: str, **asked: Any) -> Webhook:
    """A new webhook."""
    wanted = Subscription(**{"name": "crm", "url": url, **asked})
    return await store.write(lambda c: webhooks.create(c, wanted, MACHINE, AT))


async def told(store: Store, *numbers: int, subject: str = "ticket:17", now: int | None = None) -> None:
    """An event for each number, in one transaction."""
    events = [
        Event(
            type="callserver.ticket.entry", key=f"{subject}:e{n}", subject=subject, at=AT + n, body={"n": n}
        )
        for n in numbers
    ]

    def tell(connection: Connection) -> None:
        for event in events:
            outbox.tell(connection, event, now=now)

    await store.write(tell)

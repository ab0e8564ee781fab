"""What is no HTTP, and who says nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from callserver.web import guard
from callserver.web.listening import Runner


async def _said(request: web.Request) -> web.Response:
    return web.Response(text="hello", headers=guard.HEADERS)


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """A port of its own on which nobody is waited for longer than a tenth of a second."""
    app = web.Application()
    app.router.add_get("/", _said)
    runner = Runner(app, idle_s=0.1, shutdown_s=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def told(port: int, request: bytes) -> bytes:
    """All that is answered until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\xfc nobody speaks TLS here\r\n\r\n",
        b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-<script>: \x00\r\n\r\n",
    ],
    ids=["tls", "long", "two lengths", "nul"],
)
async def test_what_is_no_http_is_answered_like_everything_else(port: int, request_: bytes) -> None:
    head, _, body = (await told(port, request_)).partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    headers: dict[str, Any] = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert headers["Content-Type"] == "application/problem+json"
    assert {name: headers.get(name) for name in guard.HEADERS} == guard.HEADERS
    assert b"script" not in body and b"aiohttp" not in head + body


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: ", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
async def test_who_says_nothing_more_is_not_waited_for(port: int, begun: bytes) -> None:
    await told(port, begun)

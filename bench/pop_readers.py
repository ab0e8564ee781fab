"""350 browsers in a process of their own, and the floor: a server that does no more than pass a pop on.

In: where to connect, with which cookies; commands over a pipe. Out: when each pop arrived, by the call and the phone.
Must not know: which of the two servers it speaks to.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import select
import socket as sockets
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from callserver.client.stream import CALM_ACK_S, CALM_ACKS

Received = dict[tuple[str, str], int]
"""(uniqueid of the caller, interface) -> monotonic nanoseconds when the pop was there."""
_POP = re.compile(rb'^\{"seq":(\d+),"type":"pop","key":"main/([^|]+)\|main:([\d.]+)"')
_SEQ = re.compile(rb'^\{"seq":(\d+),')
_TEXT: Final = 1
_CLOSE: Final = 8
_PING: Final = 9
_PONG: Final = 10
_CALLED = re.compile(rb"Event: AgentCalled\r\n.*?\r\nUniqueid: ([\d.]+)\r\n.*?\r\nInterface: ([^\r]+)", re.S)


def read(pipe: Connection, url: str, origin: str, cookies: Sequence[str]) -> None:
    """Run the readers until told to end; each message on the pipe is answered with what came since the last one.

    All in one thread around epoll, without asyncio: every agent has a browser of her own, so these 350 must not wait
    for each other longer than it takes to read a socket.
    """
    received: Received = {}
    with select.epoll() as poll:
        browsers: dict[int, Browser] = {}
        for cookie in cookies:
            browser = Browser.opened(url, origin, cookie)
            browsers[browser.socket.fileno()] = browser
            poll.register(browser.socket, select.EPOLLIN)
            _hear(poll, 0, browsers, received)
        settled_at = time.monotonic() + 1
        while (left := settled_at - time.monotonic()) > 0:
            _hear(poll, left, browsers, received)
        poll.register(pipe.fileno(), select.EPOLLIN)
        pipe.send("there")
        while True:
            if _hear(poll, None, browsers, received):
                if pipe.recv() == "end":
                    break
                pipe.send((dict(received), len(cookies) - len(browsers)))
                received.clear()
    for browser in browsers.values():
        browser.socket.close()


def _hear(
    poll: select.epoll, timeout_s: float | None, browsers: dict[int, Browser], received: Received
) -> bool:
    """Read whatever has come; whether something came that is for no browser."""
    others = False
    for number, _ in poll.poll(timeout_s):
        browser = browsers.get(number)
        if browser is None:
            others = True
        elif not browser.hear(received):
            poll.unregister(number)
            browsers.pop(number).socket.close()
    return others


class Browser:
    """One websocket, read as a browser does, but for painting: a pop is acknowledged at once, everything else once a
    second.
    """

    def __init__(self, socket: sockets.socket, rest: bytes) -> None:
        self.socket = socket
        self._rest = rest
        self._said, self._calm_at = 0, time.monotonic()

    @classmethod
    def opened(cls, url: str, origin: str, cookie: str) -> Browser:
        """Raises ConnectionError where the server does not want it."""
        at = urlsplit(url)
        socket = sockets.create_connection((at.hostname, at.port))
        socket.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        socket.sendall(
            f"GET {at.path} HTTP/1.1\r\nHost: {at.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: callserver.v1\r\n"
            f"Origin: {origin}\r\nCookie: callserver={cookie}\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            more = socket.recv(1 << 16)
            if not more:
                break
            answer += more
        head, _, rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ConnectionError(head.partition(b"\r\n")[0].decode("latin-1"))
        return cls(socket, rest)

    def hear(self, received: Received) -> bool:
        """Read once, and note the pops of it; False: the connection is over."""
        data = self.socket.recv(1 << 18)
        now = time.monotonic_ns()
        messages, self._rest = cut(self._rest + data)
        for kind, body in messages:
            if kind == _CLOSE:
                return False
            if kind == _PING:
                self._say(_PONG, body)
            elif kind == _TEXT:
                self._read(body, now, received)
        return bool(data)

    def _read(self, text: bytes, now: int, received: Received) -> None:
        pop = _POP.match(text)
        if pop is not None:
            received[pop[3].decode(), pop[2].decode()] = now
        if (seq := pop or _SEQ.match(text)) is None:
            return
        if pop is not None or int(seq[1]) - self._said >= CALM_ACKS or time.monotonic() >= self._calm_at:
            self._said, self._calm_at = int(seq[1]), time.monotonic() + CALM_ACK_S
            self._say(_TEXT, b'{"type":"ack","seq":%d}' % self._said)

    def _say(self, kind: int, body: bytes) -> None:
        """A short frame, masked by nought."""
        self.socket.sendall(bytes((0x80 | kind, 0x80 | len(body))) + bytes(4) + body)


def cut(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Whole frames of a server (RFC 6455, section 5.2: not masked, here never in parts), and what is left."""
    found, begin = [], 0
    while len(data) - begin >= 2:
        length, body = data[begin + 1] & 0x7F, begin + 2
        if length >= 126:
            body += 2 if length == 126 else 8
            length = int.from_bytes(data[begin + 2 : body])
        if len(data) < body + length:
            break
        found.append((data[begin] & 0x0F, data[body : body + length]))
        begin = body + length
    return found, data[begin:]


def floor(pipe: Connection, ami_port: int, payload: int) -> None:
    """The floor: bytes of a TCP connection cut at their blank lines, a text of `payload` characters to one websocket
    for each phone that begins to ring. The path of a websocket is its interface. The port is told over the pipe.
    """
    asyncio.run(_floor(pipe, ami_port, payload))


async def _floor(pipe: Connection, ami_port: int, payload: int) -> None:
    sockets: dict[str, web.WebSocketResponse] = {}

    async def stream(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse(compress=False, protocols=("callserver.v1",))
        await response.prepare(request)
        sockets[request.headers["Cookie"].partition("=")[2]] = response
        async for _ in response:
            pass
        return response

    app = web.Application()
    app.add_routes([web.get("/", stream)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(runner.addresses[0][1])
    reader, _ = await asyncio.open_connection("127.0.0.1", ami_port, limit=1 << 24)
    rest, filling = b"", "x" * payload
    while data := await reader.read(1 << 16):
        *messages, rest = (rest + data).split(b"\r\n\r\n")
        for message in messages:
            called = _CALLED.match(message)
            if called is not None and (socket := sockets.get(called[2].decode())) is not None:
                key = f"main/{called[2].decode()}|main:{called[1].decode()}"
                await socket.send_str(f'{{"seq":1,"type":"pop","key":"{key}","value":"{filling}"}}')

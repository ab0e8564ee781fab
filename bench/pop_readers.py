"""350 browsers in a process of their own, and the floor: a server that does no more than pass a pop on.

In: where to connect, with which cookies; commands over a pipe. Out: when each pop arrived, by the call and the phone.
Must not know: which of the two servers it speaks to.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

import aiohttp
from aiohttp import WSMsgType, web

from callserver.client.stream import CALM_ACK_S, CALM_ACKS

Received = dict[tuple[str, str], int]
"""(uniqueid of the caller, interface) -> monotonic nanoseconds when the pop was there."""
_POP = re.compile(r'^\{"seq":(\d+),"type":"pop","key":"main/([^|]+)\|main:([\d.]+)"')
_SEQ = re.compile(r'^\{"seq":(\d+),')
_CALLED = re.compile(rb"Event: AgentCalled\r\n.*?\r\nUniqueid: ([\d.]+)\r\n.*?\r\nInterface: ([^\r]+)", re.S)


def read(pipe: Connection, url: str, origin: str, cookies: Sequence[str]) -> None:
    """Run the readers until told to end; each message on the pipe is answered with what came since the last one."""
    asyncio.run(_read(pipe, url, origin, cookies))


async def _read(pipe: Connection, url: str, origin: str, cookies: Sequence[str]) -> None:
    received: Received = {}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        sockets = [await _open(session, url, origin, cookie) for cookie in cookies]
        reading = [asyncio.create_task(_hear(one, received)) for one in sockets]
        await asyncio.sleep(1)
        pipe.send("there")
        while await asyncio.to_thread(pipe.recv) != "end":
            pipe.send((dict(received), sum(task.done() for task in reading)))
            received.clear()
        for one in sockets:
            await one.close()


async def _open(
    session: aiohttp.ClientSession, url: str, origin: str, cookie: str
) -> aiohttp.ClientWebSocketResponse:
    headers = {"Cookie": f"callserver={cookie}", "Origin": origin}
    return await session.ws_connect(url, headers=headers, protocols=("callserver.v1",), max_msg_size=0)


async def _hear(socket: aiohttp.ClientWebSocketResponse, received: Received) -> None:
    """As a browser does, but for painting: a pop is acknowledged at once, everything else once a second."""
    said, calm_at = 0, time.monotonic()
    async for message in socket:
        if message.type != WSMsgType.TEXT:
            return
        text: str = message.data
        pop = _POP.match(text)
        if pop is not None:
            received[pop[3], pop[2]] = time.monotonic_ns()
        if (seq := pop or _SEQ.match(text)) is None:
            continue
        if pop is not None or int(seq[1]) - said >= CALM_ACKS or time.monotonic() >= calm_at:
            said, calm_at = int(seq[1]), time.monotonic() + CALM_ACK_S
            await socket.send_str(f'{{"type":"ack","seq":{said}}}')


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

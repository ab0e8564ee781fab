"""A switch that answers as Asterisk 22 does, and misbehaves on request: faults that a real one cannot be asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

Headers = dict[str, str]

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def message(*lines: str) -> bytes:
    return "".join(line + "\r\n" for line in lines).encode() + b"\r\n"


def newchannel(uniqueid: str, name: str = "<unknown>", at: str | None = "1795296506.975580") -> bytes:
    stamp = [f"Timestamp: {at}"] if at else []
    return message("Event: Newchannel", *stamp, f"Uniqueid: {uniqueid}", f"CallerIDName: {name}")


class FakeSwitch:
    """One listening switch. `received` is every action that came, over all connections."""

    def __init__(self, secret: str = "right") -> None:
        self.secret = secret
        self.received: list[Headers] = []
        self.mute: set[str] = set()  # actions that are heard and never answered
        self.deaf = False  # half-open: the peer is gone and nobody said so
        self.refuses: dict[str, str] = {}  # action -> the message of the error
        self.channels: list[str] = []  # uniqueids that CoreShowChannels shows
        self.between: bytes = b""  # said in the middle of CoreShowChannels
        self.after_login: bytes = b""
        self.booted = True
        self.greets = True
        self.clock: Callable[[], float] = time.time
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Condition()

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port or self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """As a crash would: nobody listens and every connection is cut."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.sleep(0)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def say(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    def names(self) -> list[str]:
        return [action.get("Action", "") for action in self.received]

    async def until(self, condition: Callable[[], bool], within_s: float = 60) -> None:
        """Wait for something that an action or a connection brings about."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(condition)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        await self._tell()
        if self.greets:
            writer.write(BANNER)
        with suppress(OSError, asyncio.IncompleteReadError):
            async for action in _actions(reader):
                if self.deaf:
                    continue
                self.received.append(action)
                await self._tell()
                if action.get("Action") not in self.mute:
                    writer.write(self._answer(action))
                if action.get("Action") == "Login" and action.get("Secret") != self.secret:
                    break  # as Asterisk does: one wrong login ends the session
        self._writers.discard(writer)
        writer.close()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _answer(self, action: Headers) -> bytes:
        name, this = action.get("Action", ""), f"ActionID: {action.get('ActionID', '')}"
        if name in self.refuses:
            return message("Response: Error", this, f"Message: {self.refuses[name]}")
        match name:
            case "Login" if action.get("Secret") != self.secret:
                return message("Response: Error", this, "Message: Authentication failed")
            case "Login":
                booted = (
                    message("Event: FullyBooted", "Uptime: 3600", "Status: Fully Booted")
                    if self.booted
                    else b""
                )
                return (
                    message("Response: Success", this, "Message: Authentication accepted")
                    + booted
                    + self.after_login
                )
            case "Ping":
                return message("Response: Success", this, "Ping: Pong", f"Timestamp: {self.clock():.6f}")
            case "CoreShowChannels":
                items = [("CoreShowChannel", f"Uniqueid: {uniqueid}") for uniqueid in self.channels]
                return self._list(this, "CoreShowChannels", items)
            case "QueueStatus" | "BridgeList" | "ShowDialPlan":
                return self._list(this, name, [])
            case "Originate":
                return message("Response: Success", this, "Message: Originate successfully queued")
            case "QueueAdd":
                return message("Response: Success", this, "Message: Added interface to queue")
            case "Logoff":
                return message("Response: Goodbye", this, "Message: Thanks for all the fish.")
        return message("Response: Success", this)

    def _list(self, this: str, name: str, items: list[tuple[str, str]]) -> bytes:
        said = [message("Response: Success", this, "EventList: start", "Message: will follow"), self.between]
        said += [message(f"Event: {event}", this, line) for event, line in items]
        return b"".join([*said, message(f"Event: {name}Complete", this, "EventList: Complete")])


async def _actions(reader: asyncio.StreamReader) -> AsyncIterator[Headers]:
    """Read as Asterisk does: a bare LF ends a header as well as CRLF."""
    action: Headers = {}
    while line := await reader.readline():
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            action.setdefault(name, value.strip())
        elif action:
            yield action
            action = {}


@asynccontextmanager
async def fake_switch(secret: str = "right") -> AsyncIterator[FakeSwitch]:
    switch = FakeSwitch(secret)
    await switch.start()
    try:
        yield switch
    finally:
        await switch.stop()


async def eventually(condition: Callable[[], bool], within_s: float = 60) -> None:
    """Wait for something that no event of ours announces; the deadline is for what never comes."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)

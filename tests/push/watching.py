"""Somebody at a browser: a hub, a transport that keeps what is written, and a call that comes in."""

from __future__ import annotations

import asyncio
from typing import Any

from callserver import facts
from callserver.facts import CallId, Fact, LegId, PbxId
from callserver.push.client import Client
from callserver.push.hub import Hub
from callserver.push.screen import apply, empty
from callserver.push.views import View
from tests.push.frames import messages

PBX = PbxId("main")
PHONE, COLLEAGUE = "PJSIP/1001", "PJSIP/1002"
AGENT = View(user=7, queues=frozenset({"repair"}))
SUPERVISOR = View(user=9, queues=frozenset({"repair"}), callers=True, scopes=frozenset({"floor:read"}))
CALL = CallId("main:1.1")
AT = 1_795_000_000_000


class Socket:
    """A transport that keeps what is written; `reads` False: it takes nothing."""

    def __init__(self) -> None:
        self.data = b""
        self.stuck = 0
        self.aborted = False
        self.reads = True
        self.written = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.written.set()
        if self.reads:
            self.data += data
        else:
            self.stuck += len(data)

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_write_buffer_size(self) -> int:
        return self.stuck

    def take(self) -> list[dict[str, Any]]:
        data, self.data = self.data, b""
        return messages(data)


class Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


class Someone:
    """One browser."""

    def __init__(self, hub: Hub, view: View, owner: str | None = None, **more: Any) -> None:
        self.socket = Socket()
        self.closed: tuple[int, str] | None = None
        self.client: Client = hub.clients.join(
            view, owner or f"user:{view.user}", self.socket, self.close, **more
        )
        self.hello, *rest = self.socket.take()
        self.screen = empty()
        self.heard: list[dict[str, Any]] = []
        self.hear(rest)

    def close(self, code: int, why: str) -> None:
        self.closed = (code, why)

    def hear(self, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for message in told:
            self.screen = apply(self.screen, message)
        self.heard += told
        return told

    def news(self) -> list[str]:
        """What came since last asked, as `pop offered`."""
        return [_word(message) for message in self.hear(self.socket.take())]

    async def until(self, word: str) -> None:
        """Wait for this news."""
        async with asyncio.timeout(60):
            while word not in self.news():
                self.socket.written.clear()
                await self.socket.written.wait()


def _word(message: dict[str, Any]) -> str:
    value = message.get("value") or {}
    return " ".join(filter(None, [message["type"], message.get("why") or value.get("state")]))


def hub_of(clock: Clock | None = None, **more: Any) -> Hub:
    hub = Hub("node-a", titles={"repair": "Repairs"}, monotonic=clock or Clock(), clock=lambda: AT, **more)
    hub.begin(PBX)
    hub.feed(PBX, [joined(PHONE), joined(COLLEAGUE), facts.LinkRestored(pbx=PBX, at=AT)])
    return hub


def joined(interface: str, queue: str = "repair") -> Fact:
    return facts.AgentJoinedQueue(
        pbx=PBX, at=AT, queue=queue, interface=interface, agent=interface[-4:], state_interface=interface
    )


def arriving(number: str = "13800138000") -> list[Fact]:
    return [
        facts.CallStarted(pbx=PBX, at=AT, call=CALL, direction="inbound", caller_number=number),
        facts.LegStarted(
            pbx=PBX, at=AT, call=CALL, leg=LegId("1.1"), channel="PJSIP/t-1", interface="PJSIP/t", caller=True
        ),
        facts.CallQueued(pbx=PBX, at=AT, call=CALL, visit=0, queue="repair", leg=LegId("1.1")),
    ]  # fmt: skip


def ringing(interface: str = PHONE, leg: str = "1.2") -> list[Fact]:
    return [
        facts.LegStarted(pbx=PBX, at=AT + 5000, call=CALL, leg=LegId(leg), channel=interface, interface=interface),
        facts.AgentRang(
            pbx=PBX, at=AT + 5000, call=CALL, visit=0, queue="repair", interface=interface, agent=None, leg=LegId(leg)
        ),
    ]  # fmt: skip


def abandoned() -> list[Fact]:
    return [
        facts.RingEnded(pbx=PBX, at=AT + 9000, call=CALL, visit=0, leg=LegId("1.2"), result="canceled"),
        facts.CallLeftQueue(pbx=PBX, at=AT + 9000, call=CALL, visit=0, end="abandoned"),
        facts.CallEnded(pbx=PBX, at=AT + 9000, call=CALL, outcome="abandoned"),
    ]


async def looked_up(hub: Hub) -> None:
    """Every look-up that was begun has come to its end."""
    await asyncio.gather(*hub._details._running.values())

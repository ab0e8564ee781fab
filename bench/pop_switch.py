"""A switch whose callers ring 350 agents: one recorded call, begun at random moments, again and again.

In: how many events a second. Out: AMI bytes to whoever listens, each stamped as it is written; when each phone began to
ring. Must not know: who listens, and what they do with it.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from bench import archive
from bench.stream import TRACES, holed, ids
from tests.ami.fake_switch import FakeSwitch, message

AGENTS = 350
QUEUE = "hotline"
_SCENARIO = "answered-caller-ends.ami"
_STAMP = re.compile(rb"\r\nTimestamp: (\d+\.\d+)")
_LEFT_OUT = (b"Asterisk", b"Event: FullyBooted", b"Event: DeviceStateChange")
Sent = dict[tuple[str, str], int]
"""(uniqueid of the caller, interface) -> monotonic nanoseconds when AgentCalled was written."""


def interface_of(agent: int) -> str:
    """The phone of an agent (0, 1, 2 ...)."""
    return f"PJSIP/{4000 + agent}"


def name_of(agent: int) -> str:
    """What the agent is called, by the switch as by us: the queue has them as their shifts want it."""
    return f"agent {4000 + agent}"


class Exchange(FakeSwitch):
    """The fake switch of the tests, with a queue full of agents."""

    def _list(self, this: str, name: str, items: list[tuple[str, str]]) -> bytes:
        if name != "QueueStatus":
            return super()._list(this, name, items)
        said = [message("Response: Success", this, "EventList: start", "Message: will follow")]
        said.append(message("Event: QueueParams", this, f"Queue: {QUEUE}", "Max: 0", "Strategy: rrmemory"))
        said += [_member(this, interface_of(agent)) for agent in range(AGENTS)]
        return b"".join([*said, message("Event: QueueStatusComplete", this, "EventList: Complete")])


def _member(this: str, interface: str) -> bytes:
    return message(
        "Event: QueueMember", this, f"Queue: {QUEUE}", f"Name: agent {interface[-4:]}", f"Location: {interface}",
        f"StateInterface: {interface}", "Membership: dynamic", "Penalty: 0", "CallsTaken: 0", "LastCall: 0",
        "LastPause: 0", "LoginTime: 0", "InCall: 0", "Status: 1", "Paused: 0", "PausedReason: ", "Wrapuptime: 0",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    after_s: float
    text: bytes


class Callers:
    """Calls without end, each to the agent who was rung longest ago, from a customer of the archive."""

    def __init__(
        self,
        customers: int,
        seed: int = 20_261_122,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sleep = sleep
        self._chance = random.Random(seed)
        self._customers = customers
        self._number = 0
        self._holes: set[bytes] = set()
        self._lines = self._read()
        self.sent: Sent = {}
        self.events = 0

    def _read(self) -> list[_Line]:
        lines: list[_Line] = []
        first = 0.0
        for said in (TRACES / _SCENARIO).read_bytes().split(b"\r\n\r\n"):
            stamp = _STAMP.search(said)
            if said.startswith(_LEFT_OUT) or stamp is None:
                continue
            first = first or float(stamp[1])
            bare = holed(_STAMP.sub(b"", said, count=1), self._holes)
            lines.append(_Line(float(stamp[1]) - first, bare))
        return lines

    async def ring(self, per_s: float, lasting_s: float, say: Callable[[bytes], None]) -> None:
        """Begin calls for so long, at random moments, so many that there are `per_s` events a second in the middle."""
        begun = time.monotonic()
        coming: list[tuple[float, int, bytes, str, str]] = []
        calls = self._starts(per_s / len(self._lines), lasting_s)
        next_s = next(calls, None)
        while coming or next_s is not None:
            while next_s is not None and (not coming or next_s <= coming[0][0]):
                for line in self._call(next_s):
                    heapq.heappush(coming, line)
                next_s = next(calls, None)
            at, _, text, caller, interface = heapq.heappop(coming)
            if (wait := begun + at - time.monotonic()) > 0:
                await self._sleep(wait)
            self._write(text, caller, interface, say)

    def _starts(self, rate: float, lasting_s: float) -> Iterator[float]:
        at = self._chance.expovariate(rate)
        while at < lasting_s:
            yield at
            at += self._chance.expovariate(rate)

    def _call(self, begins: float) -> Iterator[tuple[float, int, bytes, str, str]]:
        self._number += 1
        interface = interface_of(self._number * 7 % AGENTS)
        number = archive.number_of(self._chance.randint(1, self._customers))[3:].encode()
        filling = ids(self._holes, self._number, time.time())
        caller = next(filling[hole].decode() for hole in sorted(self._holes) if hole.startswith(b"unique:"))
        for order, line in enumerate(self._lines):
            text = (line.text % filling).replace(b"PJSIP/1001", interface.encode())
            text = text.replace(b"13800138000", number).replace(
                b"Zhang Wei", b"agent " + interface[-4:].encode()
            )
            yield begins + line.after_s, self._number * 1000 + order, text, caller, interface

    def _write(self, text: bytes, caller: str, interface: str, say: Callable[[bytes], None]) -> None:
        head, _, rest = text.partition(b"\r\n")
        stamped = b"%b\r\nTimestamp: %.6f\r\n%b\r\n\r\n" % (head, time.time(), rest)
        self.events += 1
        if head == b"Event: AgentCalled":
            self.sent[caller, interface] = time.monotonic_ns()
        say(stamped)

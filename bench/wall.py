"""From an event to the wall of 50 supervisors, with 350 agents and 60 queues in the busy hour.

In: facts of `wall_floor`, as the follower of a switch tells them. Out: p50 and p99 from the fact to the frame in the
supervisor's process, beside a bare server that gathers as long and writes a ready frame of the same size to as many
connections; bytes a second of one client; what counting costs per event early and late in a day. The readers are a
process of their own and note when each mark came: an agent's pause whose reason is a number.
"""

from __future__ import annotations

import asyncio
import random
import re
import selectors
import socket
import time
from collections.abc import Awaitable, Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from bench import wall_floor
from bench.figures import Figure, Goal, Scale
from bench.wall_floor import PBX, Hour
from callserver import facts
from callserver.metrics.live import Live
from callserver.metrics.slots import Span
from callserver.push import wire
from callserver.push.directory import EVERY_S, SOON_S
from callserver.push.hub import Hub
from callserver.push.views import View
from callserver.store import engine, migrations
from callserver.web.tallying import Tallying

WALLS = 50
PER_S = 1.3  # callers; 350 agents are busy with them
MARK_S = 0.37
LASTING_S, WARM_S = 20.0, 900.0
MOST_BYTES = 20_000.0
_BEGIN = 2  # frames with which a stream begins: hello and the whole picture
_OTHERS_S = 0.12  # between two changes that nobody waits for, as the busy hour has them
_VIEW = View(user=1, queues=None, callers=True, scopes=frozenset({"floor:read"}))
_MARK = re.compile(rb'"mark-(\d+)"')
_DAY = 86_400_000
Marks = dict[int, list[int]]
"""Mark -> monotonic nanoseconds at which each client had it."""


def measure(scale: Scale) -> list[Figure]:
    """In turns, ours and the floor; then the counting alone."""
    lasting_s = 3.0 if scale.quick else LASTING_S
    ours: list[Round] = []
    floor: list[Round] = []
    for _ in range(min(scale.repetitions, 3)):
        ours.append(asyncio.run(_round(_ours, lasting_s)))
        size = round(ours[-1].bytes_s / max(ours[-1].frames_s, 0.1))
        floor.append(asyncio.run(_round(lambda walls, s, size=size: _floor(walls, s, size), lasting_s)))  # type: ignore[misc]
    return [*_ways(ours, floor), _bytes(ours), _early_and_late(scale)]


class Round:
    """What one stretch of time gave."""

    def __init__(self, sent: dict[int, int], got: Marks, frames: int, size: int, took_s: float) -> None:
        self.ms = [(at - sent[mark]) / 1e6 for mark, ats in got.items() if mark in sent for at in ats]
        self.bytes_s = size / WALLS / took_s
        self.frames_s = frames / WALLS / took_s

    def at(self, share: int) -> float:
        return quantiles(self.ms, n=100)[share - 1]


def _ways(ours: list[Round], floor: list[Round]) -> list[Figure]:
    return [
        Figure(
            name=f"event to {WALLS} walls, p{share}",
            unit="ms",
            ours=median(one.at(share) for one in ours),
            beside="floor that gathers as long",
            theirs=median(one.at(share) for one in floor),
            ratio=median(one.at(share) / other.at(share) for one, other in zip(ours, floor, strict=True)),
            goal=Goal(ratio=3, at_most=True),
        )
        for share in (50, 99)
    ]


def _bytes(ours: list[Round]) -> Figure:
    size = median(one.bytes_s for one in ours)
    return Figure(
        name="bytes to one wall",
        unit="B/s",
        ours=size,
        beside="goal",
        theirs=MOST_BYTES,
        ratio=size / MOST_BYTES,
        goal=Goal(ratio=1, at_most=True),
    )


# --- the readers -----------------------------------------------------------------------------------------------------


def read(pipe: Connection, port: int) -> None:
    """50 connections; what came is told at the end."""
    selector = selectors.DefaultSelector()
    for _ in range(WALLS):
        one = socket.create_connection(("127.0.0.1", port))
        selector.register(one, selectors.EVENT_READ, bytearray())
    pipe.send("there")
    got: Marks = {}
    seen: dict[int, int] = {}
    frames = size = 0
    while not pipe.poll():
        for key, _ in selector.select(0.05):
            came = key.fileobj.recv(1 << 18)  # type: ignore[union-attr]
            at = time.monotonic_ns()
            rest: bytearray = key.data
            rest += came
            while (end := _whole(rest)) is not None:
                seen[key.fd] = seen.get(key.fd, 0) + 1
                frames, size = (frames + 1, size + end) if seen[key.fd] > _BEGIN else (frames, size)
                for mark in set(_MARK.findall(bytes(rest[:end]))):
                    got.setdefault(int(mark), []).append(at)
                del rest[:end]
    pipe.recv()
    pipe.send((got, frames, size))


def _whole(data: bytearray) -> int | None:
    """Where the first frame ends; None where it has not come whole."""
    if len(data) < 2:
        return None
    kind = data[1] & 127
    head, wide = {126: (4, 2), 127: (10, 8)}.get(kind, (2, 0))
    if len(data) < head:
        return None
    end = head + (int.from_bytes(data[2 : 2 + wide], "big") if wide else kind)
    return end if len(data) >= end else None


# --- one round -------------------------------------------------------------------------------------------------------

Walls = list[asyncio.WriteTransport]


async def _round(serve: Callable[[Walls, float], Awaitable[dict[int, int]]], lasting_s: float) -> Round:
    walls: Walls = []
    server = await asyncio.get_running_loop().create_server(lambda: _Wall(walls), "127.0.0.1", 0)
    here, there = get_context("spawn").Pipe()
    port = server.sockets[0].getsockname()[1]
    readers = get_context("spawn").Process(target=read, args=(there, port), daemon=True)
    readers.start()
    try:
        await asyncio.to_thread(here.recv)
        await asyncio.sleep(0.5)  # for the last of them to be accepted
        assert len(walls) == WALLS
        begun = time.monotonic()
        sent = await serve(walls, lasting_s)
        took_s = time.monotonic() - begun
        here.send("end")
        got, frames, size = await asyncio.to_thread(here.recv)
        return Round(sent, got, frames, size, took_s)
    finally:
        readers.join(5)
        readers.kill()
        for wall in walls:
            wall.abort()
        server.close()


class _Wall(asyncio.Protocol):
    def __init__(self, walls: Walls) -> None:
        self._walls = walls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._walls.append(transport)  # type: ignore[arg-type]


async def _ours(walls: Walls, lasting_s: float) -> dict[int, int]:
    """Hub and numbers as in service; the hour before is counted without anybody watching."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'calls.db'}"
        await migrations.upgrade(url)
        store = await engine.open(url, synchronous="OFF")
        try:
            return await _served(Hub("bench", clock=_now), store, walls, lasting_s)
        finally:
            await store.close()


async def _served(hub: Hub, store: engine.Store, walls: Walls, lasting_s: float) -> dict[int, int]:
    tallying = Tallying(store, hub, ZoneInfo("Asia/Shanghai"), _now)
    begin = _now() - round(WARM_S * 1000)

    def tell(told: list[facts.Fact]) -> None:
        tallying.feed(PBX, told)
        hub.feed(PBX, told)

    tallying.begin(PBX)
    hub.begin(PBX)
    tell(wall_floor.members(begin))
    hour = Hour(begin, PER_S)
    for _, told in hour.until(_now()):
        tell(told)
    await hub.start()
    counting = asyncio.create_task(tallying.run())
    for number, wall in enumerate(walls):
        hub.clients.join(_VIEW, f"wall:{number}", wall, lambda *_: None)
    sent: dict[int, int] = {}
    end = time.monotonic() + lasting_s
    while time.monotonic() < end:
        for _, told in hour.until(_now()):
            tell(told)
        sent[len(sent)] = time.monotonic_ns()
        tell([_marked(len(sent) - 1)])
        await _acknowledged(hub, MARK_S)
    tallying.stop()
    await asyncio.gather(counting, hub.stop())
    return sent


async def _acknowledged(hub: Hub, seconds: float) -> None:
    """The readers say nothing: what they got is let go of for them."""
    await asyncio.sleep(seconds)
    for client in hub.clients.everybody():
        client.acknowledge(client.seq)


def _marked(mark: int) -> facts.Fact:
    return facts.AgentPaused(
        pbx=PBX, at=_now(), queue=wall_floor.queue(0), interface=wall_floor.interface(0), paused=True,
        reason=f"mark-{mark}",
    )  # fmt: skip


async def _floor(walls: Walls, lasting_s: float, size: int) -> dict[int, int]:
    """A frame of that size to each, gathered as long as ours: a moment after a silence, four a second at most."""
    sent: dict[int, int] = {}
    told = asyncio.Event()
    writing = asyncio.create_task(_write(walls, size, sent, told))
    others = asyncio.create_task(_stir(told))
    end = time.monotonic() + lasting_s
    while time.monotonic() < end:
        sent[len(sent)] = time.monotonic_ns()
        told.set()
        await asyncio.sleep(MARK_S)
    for task in (writing, others):
        task.cancel()
    await asyncio.wait([writing, others])
    return sent


async def _write(walls: Walls, size: int, sent: dict[int, int], told: asyncio.Event) -> None:
    last, marked = 0.0, 0
    while True:
        await told.wait()
        await asyncio.sleep(max(SOON_S, last + EVERY_S - time.monotonic()))
        last = time.monotonic()
        told.clear()
        mark = b" ".join(b'"mark-%d"' % one for one in range(marked, len(sent)))
        marked = len(sent)
        frame = wire.frame(mark + b" " * max(0, size - len(mark)))
        for wall in walls:
            wall.write(frame)


async def _stir(told: asyncio.Event) -> None:
    dice = random.Random(7)
    while True:
        await asyncio.sleep(dice.expovariate(1 / _OTHERS_S))
        told.set()


def _now() -> int:
    return time.time_ns() // 1_000_000


# --- what counting costs ---------------------------------------------------------------------------------------------


def _early_and_late(scale: Scale) -> Figure:
    """CPU per fact: the first part of a day, and as many after `late` calls."""
    begin = 1_795_305_600_000 // _DAY * _DAY
    live = Live(lambda at: Span(begin, begin + _DAY), begin)
    hour = Hour(begin, PER_S)
    live.feed(PBX, wall_floor.members(begin))
    early = _cost(live, hour, begin + 1_800_000, begin + 5_400_000)
    late_at = begin + (7_200_000 if scale.quick else 72_000_000)
    late = _cost(live, hour, late_at, late_at + 3_600_000)
    return Figure(
        name="counting one fact late in the day",
        unit="us",
        ours=late,
        beside="early",
        theirs=early,
        ratio=late / early,
        goal=Goal(ratio=1.3, at_most=True),
    )


def _cost(live: Live, hour: Hour, begin: int, end: int) -> float:
    for at, told in hour.until(begin):
        live.tick(at)
        live.feed(PBX, told)
    told_all = list(hour.until(end))
    before = time.process_time()
    for at, told in told_all:
        live.tick(at)
        live.feed(PBX, told)
        for subject in live.taken():
            live.told(subject)
    return (time.process_time() - before) / sum(len(told) for _, told in told_all) * 1e6

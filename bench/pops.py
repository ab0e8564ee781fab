"""From the switch's event to the pop in the agent's browser, with the caller's story: a real `callserver serve`, 350
signed-in agents, a switch that rings them at random moments.

In: an archive of customers (bench.archive) on each database. Out: p50 and p99 beside the bare floor (TCP in, websocket
out, the same bytes; no look-up), in turn in every repetition; CPU per event and pop; memory per connected agent. Three
processes: the switch is this one, the browsers are another. The clock is taken as the event is written and as the pop
is read.

*rough*: the same while a list of tickets is read without pause, a note is told to every screen each second, and one
browser reads nothing. The journal is written in both; it is part of what `serve` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import aiohttp

from bench import archive, archive_postgresql, pop_readers
from bench.figures import Figure, Goal, Scale
from bench.pop_switch import AGENTS, QUEUE, Callers, Exchange, Sent, interface_of, name_of
from callserver.errors import NotFound
from callserver.facts import Actor, Instant, PbxId
from callserver.people import Person, Profile
from callserver.seats.shift import seat
from callserver.store import count_following, engine, migrations, sessions, shifts, users
from callserver.store.desk import promises
from callserver.store.engine import Connection as Sql
from callserver.store.sessions import Life
from callserver.store.users import Wanted
from tests.ami.fake_switch import FakeSwitch
from tests.rig.asterisk import free_port
from tests.rig.debian import Unavailable

RATES = (100, 1000)
LASTING_S = 20.0
PAYLOAD = 6_000
"""Characters of the floor's message: about a pop with one customer, two dozen contacts, a product."""
SETTLE_S = 20.0
_TOKEN = "bench-operator"
_BENCH = Actor(name="bench", through="cli")
_MIB = 1 << 20
_MAP_LOCKED = 0x2000  # Linux; Python's mmap has no name for it
_YEAR_MS = 365 * 86_400_000
_TICKS = os.sysconf("SC_CLK_TCK")
_SPAWN = get_context("spawn")
_SETTINGS = """\
[[asterisk]]
id = "main"
port = {ami}
secret = "right"
trunks = ["PJSIP/trunk"]
[database]
url = "{database}"
[web]
port = {web}
token = "{token}"
requests_per_minute = 1000000
[work]
wrap_up_s = 0
[site]
country = "cn"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """What a pop may cost there: at most `ratio` times the floor, p99 in milliseconds."""

    name: str
    ratio: float
    p99_ms: float


SQLITE = Database(name="SQLite", ratio=4, p99_ms=5)
POSTGRESQL = Database(name="PostgreSQL", ratio=8, p99_ms=10)


@dataclass(slots=True)
class Round:
    """What one stretch of time gave. `took_s`: of each pop; `lost`: pops that never came."""

    took_s: list[float]
    lost: int
    cpu_s: float
    events: int


@dataclass(slots=True)
class Side:
    """One of the two servers, with its switch and its browsers."""

    pid: int
    switch: FakeSwitch
    callers: Callers
    pipe: Connection
    url: str = ""
    rounds: dict[str, list[Round]] = field(default_factory=dict)

    async def round(self, name: str, per_s: float, lasting_s: float) -> None:
        """Ring for so long, and wait until everything has come."""
        self.callers.sent, self.callers.events = {}, 0
        await self.take()
        before = cpu_s(self.pid)
        await self.callers.ring(per_s, lasting_s, self.switch.say)
        await asyncio.sleep(1.0)
        spent = cpu_s(self.pid) - before
        took, lost = compare(self.callers.sent, await self.take())
        self.rounds.setdefault(name, []).append(Round(took, lost, spent, self.callers.events))

    async def take(self) -> pop_readers.Received:
        """What the browsers received since the last time."""
        self.pipe.send("take")
        received, gone = await asyncio.to_thread(self.pipe.recv)
        if gone:
            print(f"pops: {gone} browsers were cut off", file=sys.stderr)
        found: pop_readers.Received = received
        return found


def compare(sent: Sent, received: pop_readers.Received) -> tuple[list[float], int]:
    """Seconds from each event to its pop, and how many pops never came."""
    took = [(received[key] - at) / 1e9 for key, at in sent.items() if key in received]
    return took, len(sent) - len(took)


def measure(scale: Scale) -> list[Figure]:
    """On a copy of the archive of `--customers` on SQLite; on PostgreSQL where the test set-up installed its server.

    There it is the kept archive itself: a copy would take as long and as much room as what it is copied from. The few
    thousand calls of a run stay, among millions of contacts, with the agents, who are at work again next time.
    """
    figures: list[Figure] = []
    if scale.on("sqlite"):
        figures += asyncio.run(_on_sqlite(archive.on_sqlite(scale.customers), scale))
    if scale.on("postgresql"):
        try:
            with archive_postgresql.running(scale.customers) as url:
                figures += asyncio.run(_on_postgresql(url, scale))
        except Unavailable as error:
            print(f"pops: PostgreSQL is not measured: {error}", file=sys.stderr)
    return figures


async def _on_sqlite(whole: Path, scale: Scale) -> list[Figure]:
    with TemporaryDirectory(dir=whole.parent) as folder:
        database = Path(folder) / "calls.db"
        with await asyncio.to_thread(_copied_warm, whole, database):
            return await _measure(SQLITE, f"sqlite:///{database}", scale.customers, scale)


def _copied_warm(source: Path, copy: Path) -> mmap.mmap:
    """The copy is on disk and in the system's memory, as of a server that has run for a day; its source makes room.

    Until what it returns is closed it stays there: some virtual machines give away within a minute what nobody reads.
    Where the system does not let us hold so much, it may.
    """
    shutil.copyfile(source, copy)
    with source.open("rb") as first, copy.open("rb", buffering=0) as second:
        os.fsync(second.fileno())
        os.posix_fadvise(first.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while second.read(_MIB):
            pass
        try:
            return mmap.mmap(second.fileno(), 0, flags=mmap.MAP_SHARED | _MAP_LOCKED, prot=mmap.PROT_READ)
        except OSError as error:
            print(f"pops: the archive is not held in memory: {error}", file=sys.stderr)
            return mmap.mmap(second.fileno(), 0, prot=mmap.PROT_READ)


async def _on_postgresql(url: str, scale: Scale) -> list[Figure]:
    return await _measure(POSTGRESQL, url, scale.customers, scale)


async def _measure(database: Database, url: str, customers: int, scale: Scale) -> list[Figure]:
    lasting_s, rates = (2.0, RATES[:1]) if scale.quick else (LASTING_S, RATES)
    async with _ours(url, customers) as (ours, memory), _floor() as floor:
        await asyncio.sleep(SETTLE_S)
        for repetition in range(scale.repetitions):
            for name, per_s, rough in _conditions(rates):
                for side in (ours, floor) if repetition % 2 else (floor, ours):
                    async with _roughly(ours) if rough else contextlib.nullcontext():
                        await side.round(name, per_s, lasting_s)
    figures = [figure for name, _, _ in _conditions(rates) for figure in _lines(database, name, ours, floor)]
    return [*figures, memory] if database is SQLITE else figures


def _conditions(rates: Sequence[int]) -> list[tuple[str, int, bool]]:
    calm = [(f"{rate} events/s", rate, False) for rate in rates]
    return [*calm, (f"{rates[0]} events/s, rough", rates[0], True)]


# --- figures ---------------------------------------------------------------------------------------------------------


def _lines(database: Database, name: str, ours: Side, floor: Side) -> Iterator[Figure]:
    mine, other = ours.rounds[name], floor.rounds[name]
    pooled, bare = ([took for one in rounds for took in one.took_s] for rounds in (mine, other))
    lost = sum(one.lost for one in mine)
    print(
        f"pops: {database.name}, {name}: {len(pooled)} pops, {lost} never came, longest {max(pooled) * 1e3:.1f} ms",
        file=sys.stderr,
    )
    ratios = [median(one.took_s) / median(two.took_s) for one, two in zip(mine, other, strict=True)]
    yield Figure(
        name=f"{database.name} pop, {name}, p50",
        unit="ms",
        ours=median(pooled) * 1e3,
        beside="TCP + websocket",
        theirs=median(bare) * 1e3,
        ratio=median(ratios),
        goal=Goal(ratio=database.ratio, at_most=True),
    )
    longest = quantiles(pooled, n=100)[98] * 1e3
    yield Figure(
        name=f"{database.name} pop, {name}, p99 of {len(pooled)}",
        unit="ms",
        ours=longest,
        beside="allowed",
        theirs=database.p99_ms,
        ratio=longest / database.p99_ms,
        goal=Goal(ratio=1, at_most=True),
    )
    for what, amount in (("event", [one.events for one in mine]), ("pop", [len(one.took_s) for one in mine])):
        spent = [one.cpu_s / count for one, count in zip(mine, amount, strict=True)]
        theirs = [two.cpu_s / count for two, count in zip(other, amount, strict=True)]
        yield _per(f"{database.name} CPU per {what}, {name}", spent, theirs)


def _per(name: str, ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    pairs = [one / max(other, 1e-9) for one, other in zip(ours, theirs, strict=True)]
    return Figure(
        name=name, unit="us", ours=median(ours) * 1e6, beside="TCP + websocket", theirs=median(theirs) * 1e6,
        ratio=median(pairs),
    )  # fmt: skip


# --- our side --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _ours(database: str, customers: int) -> AsyncIterator[tuple[Side, Figure]]:
    """The whole of `callserver serve` on this database, which is full."""
    cookies = await _seeded(database)
    switch, port = Exchange(), free_port(socket.SOCK_STREAM)
    await switch.start()
    url = f"http://127.0.0.1:{port}"
    with TemporaryDirectory() as folder:
        settings = Path(folder) / "callserver.toml"
        settings.write_text(_SETTINGS.format(ami=switch.port, database=database, web=port, token=_TOKEN))
        settings.chmod(0o600)
        with _served(settings) as server:
            await _ready(url)
            empty = resident(server.pid)
            with _reading(f"ws://127.0.0.1:{port}/api/v1/stream", url, cookies) as pipe:
                await asyncio.to_thread(pipe.recv)
                each = (resident(server.pid) - empty) / len(cookies)
                yield Side(server.pid, switch, Callers(customers), pipe, url), _memory(each, empty)
    await switch.stop()


def _memory(each: float, empty: int) -> Figure:
    return Figure(
        name=f"memory of each of {AGENTS} connected agents", unit="kB", ours=each / 1e3, beside="server without",
        theirs=empty / 1e3, ratio=each / empty,
    )  # fmt: skip


async def _seeded(url: str) -> list[str]:
    """The agents, at their phones and signed in; the texts of their cookies."""
    await migrations.prepare(url)
    store = await engine.open(url)
    now = time.time_ns() // 1_000_000
    life = Life(idle_ms=86_400_000, longest_ms=86_400_000)

    def work(connection: Sql) -> list[str]:
        cookies = []
        for agent in range(AGENTS):
            person = _agent(connection, agent, now)
            shifts.sign_in(connection, person, seat(PbxId("main"), interface_of(agent)), now)
            shifts.wish(connection, person.id, "ready", None, now + 1)
            _, text = sessions.begin(
                connection, person.id, _BENCH, now, life=life, address="127.0.0.1", browser="bench"
            )
            cookies.append(text)
        _caught_up(connection, now)
        return cookies

    try:
        return await store.write(work)
    finally:
        await store.close()


def _agent(connection: Sql, agent: int, now: Instant) -> Person:
    """New, or there since the last time."""
    login = f"agent{agent}"
    try:
        return users.by_login(connection, login).person
    except NotFound:
        wanted = Wanted(login=login, name=name_of(agent), role="agent", queues=[Profile(queue=QUEUE)])
        return users.add(connection, wanted, _BENCH, now).person


def _caught_up(connection: Sql, now: Instant) -> None:
    """As after a week of running: what is owed is due some day, and what was before has been counted."""
    owed = promises.c.deadline_at.is_not(None) & promises.c.settled_at.is_(None)
    later = {one: one + _YEAR_MS for one in (promises.c.due_at, promises.c.deadline_at)}
    connection.execute(promises.update().where(owed).values(later))
    for source in count_following.SOURCES:
        count_following.keep_place(connection, source.name, now)


@contextmanager
def _served(settings: Path) -> Iterator[subprocess.Popen[bytes]]:
    log = settings.with_name("log")
    with log.open("wb") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "callserver", "serve", "-c", settings],
            cwd=settings.parent, env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            stdout=said, stderr=said,
        )  # fmt: skip
    try:
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(20)
        server.kill()
        if server.wait():
            print(log.read_text("utf-8", "replace")[-2000:], file=sys.stderr)


async def _ready(url: str) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.2)


# --- the floor -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _floor() -> AsyncIterator[Side]:
    switch = FakeSwitch()
    await switch.start()
    here, there = _SPAWN.Pipe()
    process = _SPAWN.Process(target=pop_readers.floor, args=(there, switch.port, PAYLOAD))
    process.start()
    try:
        port = await asyncio.to_thread(here.recv)
        names = [interface_of(agent) for agent in range(AGENTS)]
        with _reading(f"ws://127.0.0.1:{port}/", f"http://127.0.0.1:{port}", names) as pipe:
            await asyncio.to_thread(pipe.recv)
            assert process.pid is not None
            yield Side(process.pid, switch, Callers(2_000), pipe)
    finally:
        process.kill()
        process.join()
        await switch.stop()


@contextmanager
def _reading(url: str, origin: str, cookies: Sequence[str]) -> Iterator[Connection]:
    """The browsers, in a process of their own."""
    here, there = _SPAWN.Pipe()
    process = _SPAWN.Process(target=pop_readers.read, args=(there, url, origin, cookies))
    process.start()
    try:
        yield here
    finally:
        process.kill()
        process.join()


# --- rough weather ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _roughly(ours: Side) -> AsyncIterator[None]:
    over = asyncio.Event()
    headers = {"Authorization": f"Bearer {_TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session, asyncio.TaskGroup() as doing:
        for one in (_telling, _reporting, _stalling):
            doing.create_task(one(session, ours.url, over))
        try:
            yield
        finally:
            over.set()


async def _telling(session: aiohttp.ClientSession, url: str, over: asyncio.Event) -> None:
    """Each second something that every screen is told of."""
    while not over.is_set():
        async with session.post(f"{url}/api/v1/tickets/20/notes", json={"text": "to all"}) as answer:
            answer.raise_for_status()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), 1)


async def _reporting(session: aiohttp.ClientSession, url: str, over: asyncio.Event) -> None:
    """A report after the other."""
    while not over.is_set():
        async with session.get(f"{url}/api/v1/tickets?limit=200&sort=opened") as answer:
            answer.raise_for_status()
            await answer.read()


async def _stalling(session: aiohttp.ClientSession, url: str, over: asyncio.Event) -> None:
    """A browser that sees everything and reads nothing."""
    async with session.ws_connect(f"{url}/api/v1/stream"):
        await over.wait()


# --- processes -------------------------------------------------------------------------------------------------------


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has spent, all its threads, and the processes that it has begun."""
    parts = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / _TICKS + sum(map(cpu_s, children(pid)))


def resident(pid: int) -> int:
    """Resident memory in bytes, with that of the processes that it has begun; pages that both have count twice."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") + sum(map(resident, children(pid)))


def children(pid: int) -> list[int]:
    """The processes that it has begun."""
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()))

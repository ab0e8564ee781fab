"""How long it takes until what happened is on disk, on both databases.

In: batches as the node makes them, one for each event of a stream that tells something. Out: wall-clock latency of an
append, p50 and p99, with 1, 10 and 100 of them under way, beside a bare insert and commit of as many bytes by as many
writers. Disks in a virtual machine may not really flush: the ratio tells more than the milliseconds.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import TypeAlias

import asyncpg
import orjson

from bench import ami, stream
from bench.ami import PBX
from bench.figures import Figure, Scale, ratio
from callserver.calls.floor import Floor
from callserver.facts import to_json
from callserver.store import engine, leases, migrations
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from tests.rig import postgres
from tests.rig.debian import Unavailable

# Appenders at once -> appends a repetition.
LEVELS = {1: 150, 10: 500, 100: 2_000}
_CONNECTIONS = 20  # that the bare asyncpg writers share
_HOLDER = "bench/1"

Append: TypeAlias = Callable[[Batch], Awaitable[object]]


def batches(count: int) -> list[Batch]:
    """What the first so many events that tell something give to write."""
    return list(islice(_batches(), count))


def _batches() -> Iterator[Batch]:
    floor = Floor(PBX)
    for messages in stream.blocks(filtered=True, events=sys.maxsize, block=1_000):
        for event in ami.events(messages):
            told = floor.feed(event)
            changes = floor.take_changes()
            if told:
                yield Batch(facts=told, records=changes.records, removed=changes.absorbed, seen_at=event.at)


def body(batch: Batch) -> bytes:
    """About the bytes that the journal writes for this batch."""
    return orjson.dumps([*map(to_json, batch.facts), *batch.records])


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Our journal and a bare writer on one database."""

    database: str
    floor: str
    ours: Append
    bare: Append


async def latencies(append: Append, work: Sequence[Batch], at_once: int) -> list[float]:
    """Seconds of each append, `at_once` appenders taking the next batch as soon as theirs is written."""
    rest, took = iter(work), []

    async def appender() -> None:
        for batch in rest:
            begun = time.perf_counter()
            await append(batch)
            took.append(time.perf_counter() - begun)

    await asyncio.gather(*(appender() for _ in range(at_once)))
    return took


# --- the two databases -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def _journal(url: str) -> AsyncIterator[Journal]:
    await migrations.upgrade(url)
    store = await engine.open(url)
    lease = await leases.acquire(store, leases.lease_of(PBX), _HOLDER, 3600)
    if lease is None:
        raise RuntimeError(f"the lease of a new database is held by somebody: {url}")
    journal = Journal(store, PBX, holder=_HOLDER, epoch=lease.epoch)
    try:
        yield journal
    finally:
        await journal.close()
        await store.close()


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Contest]:
    """The bare writer: one connection of sqlite3, one transaction after the other, as durable as ours."""
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE bare (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    turn = asyncio.Lock()

    async def write(batch: Batch) -> None:
        await asyncio.sleep(0)  # all who want to write stand in line before one of them writes again
        async with turn:
            bare.execute("INSERT INTO bare (body) VALUES (?)", (body(batch),))  # commits by itself

    async with _journal(f"sqlite:///{folder / 'calls.db'}") as journal:
        yield Contest(database="SQLite", floor="bare sqlite3", ours=journal.append, bare=write)
    bare.close()


@asynccontextmanager
async def _postgresql(server: postgres.Server) -> AsyncIterator[Contest]:
    """The bare writers: asyncpg, each insert its own transaction."""
    url = server.url.replace("+asyncpg", "")
    pool = await asyncpg.create_pool(url, min_size=_CONNECTIONS, max_size=_CONNECTIONS)
    await pool.execute(
        "CREATE SCHEMA bare CREATE TABLE bare (seq BIGSERIAL PRIMARY KEY, body BYTEA NOT NULL)"
    )

    async def write(batch: Batch) -> None:
        await pool.execute("INSERT INTO bare.bare (body) VALUES ($1)", body(batch))

    async with _journal(url) as journal:
        yield Contest(database="PostgreSQL", floor="bare asyncpg", ours=journal.append, bare=write)
    await pool.close()


# --- measuring -------------------------------------------------------------------------------------------------------


async def _contest(contest: Contest, scale: Scale) -> list[Figure]:
    figures = []
    for at_once, appends in LEVELS.items():
        work = batches(scale.of(appends))
        ours: list[list[float]] = []
        bare: list[list[float]] = []
        for repetition in range(scale.repetitions):
            pair = [(contest.ours, ours), (contest.bare, bare)]
            for append, took in pair if repetition % 2 else reversed(pair):
                took.append(await latencies(append, work, at_once))
        name = f"{contest.database} commit, {at_once} at once"
        figures += [
            _line(f"{name}, p50", contest.floor, list(map(median, ours)), list(map(median, bare))),
            _line(f"{name}, p99", contest.floor, list(map(_p99, ours)), list(map(_p99, bare))),
        ]
    return figures


def _p99(took: Sequence[float]) -> float:
    return quantiles(took, n=100)[98]


def _line(name: str, floor: str, ours: Sequence[float], bare: Sequence[float]) -> Figure:
    return Figure(
        name=name,
        unit="ms",
        ours=median(ours) * 1000,
        beside=floor,
        theirs=median(bare) * 1000,
        ratio=ratio(ours, bare),
    )


def measure(scale: Scale) -> list[Figure]:
    """SQLite always; PostgreSQL where the test set-up installed its server."""
    figures = asyncio.run(_on_sqlite(scale))
    if scale.quick:
        return figures
    try:
        with postgres.running() as server:
            return figures + asyncio.run(_on_postgresql(server, scale))
    except Unavailable as error:
        print(f"commits: PostgreSQL is not measured: {error}", file=sys.stderr)
        return figures


async def _on_sqlite(scale: Scale) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="callserver-bench-") as folder:
        async with _sqlite(Path(folder)) as contest:
            return await _contest(contest, scale)


async def _on_postgresql(server: postgres.Server, scale: Scale) -> list[Figure]:
    async with _postgresql(server) as contest:
        return await _contest(contest, scale)

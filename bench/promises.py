"""Finding and claiming promises whose turn it is: at many sizes of what is pending, and by several workers at once.

In: promises that come due over a month, of which the same number is due. Out: wall-clock time of a claim (a batch of
those whose turn it is, first given their turn, as the dialler does each second) beside the same at 10,000 pending;
claims a second on PostgreSQL by one and by four processes, and none claimed twice; how late the first attempts are with
10,000 due in one hour of simulated time, at so many attempts a second as the dialler begins.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import get_context
from statistics import median, quantiles

import asyncpg
from sqlalchemy import Connection, Table, text

from bench import promises_switch
from bench.figures import Figure, Goal, Scale
from callserver.store import address, bare, desk, engine, migrations, turns
from callserver.store.engine import Store
from callserver.work.dialling import BATCH, PER_S
from tests.rig import postgres
from tests.rig.debian import Unavailable

NOW = 1_795_000_000_000
MINUTE = 60_000
SIZES = (10_000, 1_000_000, 10_000_000)
TICKETS = 1_000
DUE = 2_500  # of any size
_WORKED = 20_000  # claimed by one worker, and by four
_HOUR_S = 3_600
_IN_THE_HOUR = 10_000


def measure(scale: Scale) -> list[Figure]:
    """SQLite always; PostgreSQL where the test set-up installed its server. Or on a real switch, where asked for."""
    if scale.on_switch:
        return promises_switch.measure(scale)
    sizes = (*SIZES[:1], 100_000) if scale.quick else SIZES
    figures = asyncio.run(_on_sqlite(sizes, scale))
    try:
        with postgres.running() as server:
            figures += asyncio.run(_on_postgresql(server, sizes, scale))
            figures += asyncio.run(_workers(server, scale))
    except Unavailable as error:
        print(f"promises: PostgreSQL is not measured: {error}", file=sys.stderr)
    return figures


# --- how long a claim takes ------------------------------------------------------------------------------------------


async def _on_sqlite(sizes: Sequence[int], scale: Scale) -> list[Figure]:
    took = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes[
            :2
        ]:  # 10 million rows take half an hour to write there, and nobody keeps them in a file
            async with _filled(f"sqlite:///{folder}/{size}.db", size, scale) as store:
                took[size] = await _claims(store)
        late = await _hour(f"sqlite:///{folder}/hour.db", scale)
    return [*_beside("SQLite", took), *late]


async def _on_postgresql(server: postgres.Server, sizes: Sequence[int], scale: Scale) -> list[Figure]:
    took = {}
    for size in sizes:
        async with _database(server, f"promises_{size}") as url, _filled(url, size, scale) as store:
            took[size] = await _claims(store)
    return _beside("PostgreSQL", took)


async def _claims(store: Store) -> list[float]:
    """Seconds of each claim of a batch, until nothing is due any more; its share of `mark_due` with it."""
    begun = time.perf_counter()
    while await store.read(lambda c: turns.left_to_mark(c, NOW)):
        await store.write(lambda c: turns.mark_due(c, NOW))
    marked = time.perf_counter() - begun
    took: list[float] = []
    while True:
        begun = time.perf_counter()
        claimed = await store.write(lambda c: turns.claim(c, NOW, BATCH))
        if not claimed:
            return [one + marked / len(took) for one in took]
        took.append(time.perf_counter() - begun)


def _beside(database: str, took: dict[int, list[float]]) -> list[Figure]:
    smallest = min(took)
    base = median(took[smallest])
    return [
        Figure(
            name=f"{database} claim of {BATCH}, {size:,} pending, p50",
            unit="us",
            ours=median(times) * 1e6,
            beside=f"{smallest:,}",
            theirs=base * 1e6,
            ratio=median(times) / base,
            goal=Goal(ratio=1.5, at_most=True),
        )
        for size, times in took.items()
        if size != smallest
    ]


# --- many who claim at once ------------------------------------------------------------------------------------------


async def _workers(server: postgres.Server, scale: Scale) -> list[Figure]:
    rates = {}
    wanted = scale.of(_WORKED)
    for workers in (1, 4):
        async with (
            _database(server, f"workers_{workers}") as url,
            _filled(url, wanted, scale, due=wanted) as store,
        ):
            while await store.read(lambda c: turns.left_to_mark(c, NOW)):
                await store.write(lambda c: turns.mark_due(c, NOW))
            rates[workers] = await _raced(url, workers, wanted)
    alone, many = rates[1], rates[4]
    return [
        Figure(
            name="PostgreSQL claims a second, 4 workers, none twice",
            unit="/s",
            ours=many,
            beside="1 worker",
            theirs=alone,
            ratio=many / alone,
        )
    ]


async def _raced(url: str, workers: int, wanted: int) -> float:
    """Claims a second. Raises RuntimeError where one was claimed twice, or never."""
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, _ready) for _ in range(workers)))
        begun = time.perf_counter()
        shares = await asyncio.gather(*(loop.run_in_executor(pool, _work, url) for _ in range(workers)))
        took = time.perf_counter() - begun
    claimed = [one for share in shares for one in share]
    if sorted(claimed) != list(range(1, wanted + 1)):
        raise RuntimeError(
            f"{len(claimed)} claims of {wanted} promises, {len(set(claimed))} of them different"
        )
    return wanted / took


def _ready() -> None:
    """The process has imported everything."""
    time.sleep(0.1)


def _work(url: str) -> list[int]:
    return asyncio.run(_claim_all(url))


async def _claim_all(url: str) -> list[int]:
    store = await engine.open(url)
    mine: list[int] = []
    try:
        while claimed := await store.write(lambda c: turns.claim(c, NOW, BATCH)):
            mine += [one.id for one in claimed]
    finally:
        await store.close()
    return mine


# --- an hour in simulated time ---------------------------------------------------------------------------------------


async def _hour(url: str, scale: Scale) -> list[Figure]:
    """What the store and the dialler's pace allow: a free line and agent is always there."""
    wanted = scale.of(_IN_THE_HOUR)
    late: list[int] = []
    async with _filled(url, wanted, scale, due=0) as store:
        await store.write(lambda c: _spread(c, wanted))
        for second in range(1, _HOUR_S + 60):
            now = NOW + second * 1_000
            while await store.read(lambda c: turns.left_to_mark(c, now)):  # noqa: B023
                await store.write(lambda c: turns.mark_due(c, now))  # noqa: B023
            claimed = await store.write(lambda c: turns.claim(c, now, PER_S, hold_ms=10**9))  # noqa: B023
            late += [now - one.due_at for one in claimed]
    if len(late) != wanted:
        raise RuntimeError(f"{len(late)} of {wanted} had their turn")
    cuts = quantiles(late, n=100)
    return [
        Figure(
            name=f"{wanted:,} due in a simulated hour, late by (p50 {cuts[49] / 1000:.1f} s), p99",
            unit="s",
            ours=cuts[98] / 1000,
            beside="a minute",
            theirs=60.0,
            ratio=cuts[98] / 60_000,
            goal=Goal(ratio=1, at_most=True),
        )
    ]


def _spread(connection: Connection, wanted: int) -> None:
    """Due in clusters, as life has it: half of them in the first minute of each quarter of an hour."""
    clustered = f"(id % 4) * 900000 + (id * 7919) % {MINUTE}"
    at = f"{NOW} + CASE WHEN id % 2 = 0 THEN {clustered} ELSE (id * 104729) % {_HOUR_S * 1_000} END"
    connection.execute(text(f"UPDATE promises SET due_at = {at}"))
    connection.execute(text("UPDATE promises SET next_at = due_at, deadline_at = due_at + 7200000"))


# --- databases -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _database(server: postgres.Server, name: str) -> AsyncIterator[str]:
    administrator = await asyncpg.connect(server.url.replace("+asyncpg", ""))
    await administrator.execute(f"CREATE DATABASE {name}")
    try:
        yield server.url.rpartition("/")[0] + f"/{name}"
    finally:
        await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await administrator.close()


@asynccontextmanager
async def _filled(url: str, size: int, scale: Scale, due: int | None = None) -> AsyncIterator[Store]:
    """So many promises, of which `due` (DUE, unless said otherwise) are due at NOW, and the others over a month."""
    begun = time.monotonic()
    await migrations.upgrade(url)
    many = scale.of(DUE) if due is None else due
    await bare.change(
        address.parse(url), lambda c: _fill(c, size, many)
    )  # the store has no patience for hours
    store = await engine.open(url, synchronous="OFF")
    try:
        print(f"promises: {size:,} pending after {time.monotonic() - begun:.0f} s", file=sys.stderr)
        yield store
    finally:
        await store.close()


def _fill(connection: Connection, size: int, due: int) -> None:
    """Rows first, and then their indexes."""
    for one in _indexes():
        connection.execute(text(f"DROP INDEX {one}"))
    numbers = _NUMBERS.format(count=TICKETS)
    connection.execute(text(_TICKETS.format(numbers=numbers)))
    step = max(size // max(due, 1), 1)
    place = f"n % {step} = 0 AND n <= {step * due}" if due else "1 = 0"
    later = f"{NOW} + {MINUTE} + (CAST(n AS bigint) * 7919) % {30 * 24 * 60 * MINUTE}"
    at = f"CASE WHEN {place} THEN {NOW} - n % {MINUTE} ELSE {later} END"
    numbers = _NUMBERS.format(count=size)
    connection.execute(text(_PROMISES.format(numbers=numbers, at=at, tickets=TICKETS)))
    for index in sorted(_table().indexes, key=lambda one: str(one.name)):
        index.create(connection)
    connection.execute(text("ANALYZE"))


def _indexes() -> list[str]:
    return sorted(str(one.name) for one in _table().indexes)


def _table() -> Table:
    return desk.promises


# Both databases count like this.
_NUMBERS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
"""
_TICKETS = f"""
INSERT INTO tickets (id, number, version, kind, status, open, priority, opened_at, touched_at, record)
{{numbers}}
SELECT n, CAST(n AS text), 1, 'information', 'open', n > 0, 1, {NOW}, {NOW}, '' FROM numbers
"""
_PROMISES = """
INSERT INTO promises (kind, ticket_id, status, due_at, deadline_at, created_at, why, next_at)
{numbers}
SELECT 'callback', 1 + n % {tickets}, 'planned', at, at + 7200000, at, '', at
FROM (SELECT n, {at} AS at FROM numbers) AS moments
"""

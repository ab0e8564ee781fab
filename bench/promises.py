"""Finding and claiming promises whose turn it is: at many sizes of what is pending, and by several workers at once.

In: promises that come due over a month, of which the same number is due. Out: wall-clock time of giving a batch its
turn and of claiming one, as the dialler does each second, beside the same at 10,000 pending, all sizes in turns; claims
a second on PostgreSQL by one and by four processes, and none claimed twice; how late the first attempts are with 10,000
due in one hour of simulated time, at so many attempts a second as the dialler begins.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import TypeAlias

from sqlalchemy import Connection, text

from bench import promises_filled as filled
from bench import promises_switch
from bench.figures import Figure, Goal, Scale
from bench.promises_filled import MINUTE, NOW
from callserver.store import engine, turns
from callserver.store.engine import Store
from callserver.work.dialling import BATCH, PER_S
from tests.rig import postgres
from tests.rig.debian import Unavailable

SIZES = (10_000, 1_000_000, 10_000_000)
DUE = 2_500  # of any size
_WORKED = 20_000  # claimed by one worker, and by four
_HOUR_S = 3_600
_IN_THE_HOUR = 10_000
Took: TypeAlias = dict[int, list[float]]
"""Seconds of each time, by how many are pending."""


def measure(scale: Scale) -> list[Figure]:
    """SQLite always; PostgreSQL where the test set-up installed its server. Or on a real switch, where asked for."""
    if scale.on_switch:
        return promises_switch.measure(scale)
    sizes = (*SIZES[:1], 100_000) if scale.quick else SIZES
    with filled.folder() as folder:
        figures = asyncio.run(_on_sqlite(folder, sizes, scale))
    try:
        with filled.server() as server:
            figures += asyncio.run(_on_postgresql(server, sizes, scale))
            figures += asyncio.run(_workers(server, scale))
    except Unavailable as error:
        print(f"promises: PostgreSQL is not measured: {error}", file=sys.stderr)
    return figures


# --- how long a claim takes ------------------------------------------------------------------------------------------


async def _on_sqlite(folder: Path, sizes: Sequence[int], scale: Scale) -> list[Figure]:
    async with AsyncExitStack() as opened:
        stores = {
            size: await opened.enter_async_context(filled.in_file(folder / f"{size}.db", size, scale.of(DUE)))
            for size in sizes
        }
        figures = await _found_and_claimed("SQLite", stores)
    async with filled.in_file(folder / "hour.db", scale.of(_IN_THE_HOUR), 0) as store:
        return [*figures, await _hour(store, scale)]


async def _on_postgresql(server: postgres.Server, sizes: Sequence[int], scale: Scale) -> list[Figure]:
    async with AsyncExitStack() as opened:
        stores = {}
        for size in sizes:
            database = filled.in_database(server, f"promises_{size}", size, scale.of(DUE))
            stores[size], _ = await opened.enter_async_context(database)
        return await _found_and_claimed("PostgreSQL", stores)


async def _found_and_claimed(database: str, stores: Mapping[int, Store]) -> list[Figure]:
    found = await _in_turns(stores, _mark)
    claimed = await _in_turns(stores, lambda c: bool(turns.claim(c, NOW, BATCH)))
    return [
        *_beside(f"{database}: {BATCH} found to be due", found),
        *_beside(f"{database}: {BATCH} claimed", claimed),
    ]


def _mark(connection: Connection) -> bool:
    return turns.left_to_mark(connection, NOW) and bool(turns.mark_due(connection, NOW, BATCH))


async def _in_turns(stores: Mapping[int, Store], work: Callable[[Connection], bool]) -> Took:
    """The same piece of work at every size, again and again until nothing is left."""
    took: Took = {size: [] for size in stores}
    while True:
        for size, store in stores.items():
            begun = time.perf_counter()
            if not await store.write(work):
                return took
            took[size].append(time.perf_counter() - begun)


def _beside(name: str, took: Took) -> list[Figure]:
    smallest = min(took)
    base = median(took[smallest])
    return [
        Figure(
            name=f"{name}, {size:,} pending, p50",
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
        async with filled.in_database(server, f"workers_{workers}", wanted, wanted) as (store, url):
            await _mark_all(store, NOW)
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


async def _hour(store: Store, scale: Scale) -> Figure:
    """What the store and the dialler's pace allow: a free line and agent is always there."""
    wanted = scale.of(_IN_THE_HOUR)
    due: list[int] = []
    late: list[int] = []
    await store.write(_spread)
    for second in range(1, _HOUR_S + 5 * 60):
        now = NOW + second * 1_000
        await _mark_all(store, now)
        claimed = await store.write(partial(turns.claim, now=now, limit=PER_S, hold_ms=10**9))
        due += [one.due_at for one in claimed]
        late += [now - one.due_at for one in claimed]
    if len(late) != wanted:
        raise RuntimeError(f"{len(late)} of {wanted} had their turn")
    ours, pace = quantiles(late, n=100), quantiles(_paced(sorted(due)), n=100)
    return Figure(
        name=f"{wanted:,} due in a simulated hour, late by (p50 {ours[49] / 1000:.1f} s), p99",
        unit="s",
        ours=ours[98] / 1000,
        beside=f"{PER_S} a second and no more",
        theirs=pace[98] / 1000,
        ratio=ours[98] / pace[98],
        goal=Goal(ratio=1.05, at_most=True),
    )


def _paced(due: Sequence[int]) -> list[int]:
    """How late each one is whom nothing but the pace holds up, looked at every second."""
    late: list[int] = []
    now, left = NOW, deque(due)
    while left:
        now += 1_000
        for _ in range(PER_S):
            if left and left[0] <= now:
                late.append(now - left.popleft())
    return late


async def _mark_all(store: Store, now: int) -> None:
    while await store.read(partial(turns.left_to_mark, now=now)):
        await store.write(partial(turns.mark_due, now=now))


def _spread(connection: Connection) -> None:
    """Due in clusters, as life has it: half of them in the first minute of each quarter of an hour."""
    clustered = f"(id / 2 % 4) * 900000 + (id * 7919) % {MINUTE}"
    at = f"{NOW} + CASE WHEN id % 2 = 0 THEN {clustered} ELSE (id * 104729) % {_HOUR_S * 1_000} END"
    connection.execute(text(f"UPDATE promises SET due_at = {at}"))
    connection.execute(text("UPDATE promises SET next_at = due_at, deadline_at = due_at + 7200000"))

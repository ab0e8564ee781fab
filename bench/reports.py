"""Reports over a month of a million calls on SQLite: how long one takes, and how long a look-up waits meanwhile.

In: an archive of customers (bench.archive), a month of counted calls of 60 queues and 350 agents. Out: wall-clock
seconds of the usual reports beside the two that they may take; the look-up's p50 with reports going on all the time
beside without, in turns in the same run; what counting one call costs. The sums of days are made by the program itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from bench import archive
from bench.figures import Figure, Goal, Scale
from callserver.metrics.slots import QUARTER_MS
from callserver.numbers import Plan
from callserver.process import SWITCH_S
from callserver.store import counting, engine, lookup, reporting
from callserver.store.engine import Store
from callserver.store.reporting import Asked, Split
from callserver.work.counting import Counting
from callserver.work.leading import Leading
from tests.metrics.days import call, visit

_CALLS: Final = 1_000_000
_AGENTS = 350  # in four of 60 queues each
_KINDS = ("repair", "install", "guidance", "information", "complaint", "order")
_ZONE = ZoneInfo("Asia/Shanghai")
_FIRST, _LAST = date(2026, 10, 1), date(2026, 10, 31)
_MAY_TAKE_S = 2.0
_CUSTOMERS = 20_000
_LOOKED_UP = 400
_PLAN = Plan(country="cn", area_code="532")
_SPLITS: tuple[Split | None, ...] = (None, "queue", "agent", "kind")


def measure(scale: Scale) -> list[Figure]:
    """On SQLite, with all in one file as in service."""
    return asyncio.run(_measure(scale))


async def _measure(scale: Scale) -> list[Figure]:
    sys.setswitchinterval(SWITCH_S)  # as `serve` does
    customers = 200 if scale.quick else _CUSTOMERS
    source = await asyncio.to_thread(archive.on_sqlite, customers)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "month.db"
        shutil.copy(source, file)
        await asyncio.to_thread(_fill, file, scale.of(_CALLS))
        store = await engine.open(f"sqlite:///{file}", synchronous="NORMAL")
        try:
            await _sum_up(store)
            return [
                *[await _report(store, split, scale) for split in _SPLITS],
                await _beside(store, customers, scale),
                await _counting(store, scale),
            ]
        finally:
            await store.close()


# --- a month ---------------------------------------------------------------------------------------------------------


def _fill(file: Path, many: int) -> None:
    """A month of counted calls, a stay in a queue and a handling each; their days are to be summed."""
    span = Asked(first=_FIRST, last=_LAST, zone=_ZONE).span
    begun = time.monotonic()
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in _QUICKLY:
            connection.execute(statement)
        connection.execute("BEGIN")
        _draw(connection, many, span.begin, (span.end - span.begin) // many)
        for statement in _COUNTED:
            connection.execute(statement)
        slots = range(span.begin, span.end, QUARTER_MS)
        connection.executemany("INSERT INTO to_sum VALUES ('slot', ?, 1)", [(at,) for at in slots])
        days = range(span.begin, span.end, 24 * 3_600_000)
        connection.executemany("INSERT INTO to_sum VALUES ('day', ?, 1)", [(at,) for at in days])
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
    print(f"reports: {many:,} calls written in {time.monotonic() - begun:.0f} s", file=sys.stderr)


def _draw(connection: sqlite3.Connection, many: int, begin: int, step: int) -> None:
    """Who called, when, for whom, and how long they waited and talked; the rows that count it are made of that."""
    chance = random.Random(20_261_122)
    connection.execute(
        "CREATE TEMP TABLE drawn"
        " (place INTEGER PRIMARY KEY, at INTEGER, agent INTEGER, queue TEXT, kind TEXT,"
        " wait_ms INTEGER, talk_ms INTEGER)"
    )
    drawn = (_call(place, begin + place * step, chance) for place in range(many))
    connection.executemany("INSERT INTO drawn VALUES (?, ?, ?, ?, ?, ?, ?)", drawn)


def _call(place: int, at: int, chance: random.Random) -> tuple[int | str, ...]:
    agent = int(chance.random() * _AGENTS)
    queue = f"queue-{agent % 15 * 4 + int(chance.random() * 4)}"
    wait_ms, talk_ms = round(chance.expovariate(1 / 12_000)), 30_000 + int(chance.random() * 370_000)
    return place, at, agent, queue, _KINDS[int(chance.random() * len(_KINDS))], wait_ms, talk_ms


_ANSWERED_MS = 60_000
_WHOSE = "pbx, call_id, queue, kind, interface, agent, team, at, gap"
_OF_DRAWN = """
'main', 'main:' || (at / 1000) || '.' || place, queue, kind, 'PJSIP/' || (1000 + agent), CAST(agent AS text),
'team-' || (agent % 12), at, 0
"""
_OUTCOME = f"CASE WHEN wait_ms < {_ANSWERED_MS} THEN 'answered' ELSE 'abandoned' END"
_COUNTED = (
    f"INSERT INTO visit_counts ({_WHOSE}, n, outcome, wait_ms, in_target, short)"
    f" SELECT {_OF_DRAWN}, 0, {_OUTCOME}, wait_ms, wait_ms <= 20000, 0 FROM drawn",
    f"INSERT INTO handling_counts ({_WHOSE}, n, talk_ms, hold_ms, wrap_ms, transferred)"
    f" SELECT {_OF_DRAWN}, 0, talk_ms, 0, 20000, 0 FROM drawn WHERE wait_ms < {_ANSWERED_MS}",
    f"INSERT INTO call_counts ({_WHOSE}, direction, outcome, customer_id, ticket_id, known, repeated)"
    f" SELECT {_OF_DRAWN}, 'inbound', {_OUTCOME}, place % 1000, place, 1, 0 FROM drawn",
    "DROP TABLE drawn",
)
_QUICKLY = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -400000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA analysis_limit = 10000",
)


def _counter(store: Store) -> Counting:
    leading = Leading(store, "counting", holder="bench/1", node="bench")
    return Counting(store, dict, zone=_ZONE, leading=leading, clock=lambda: archive.NOW)


async def _sum_up(store: Store) -> None:
    begun = time.monotonic()
    await _counter(store).all(archive.NOW)
    print(f"reports: all sums made in {time.monotonic() - begun:.0f} s", file=sys.stderr)


# --- reports ---------------------------------------------------------------------------------------------------------


async def _report(store: Store, split: Split | None, scale: Scale) -> Figure:
    took = [await _seconds_of(store, split) for _ in range(scale.repetitions)]
    return Figure(
        name=f"a month of {scale.of(_CALLS):,} calls by day{f' and {split}' if split else ''}, with the one before",
        unit="s",
        ours=median(took),
        beside="may take",
        theirs=_MAY_TAKE_S,
        ratio=median(took) / _MAY_TAKE_S,
        goal=Goal(ratio=1, at_most=True),
    )


async def _seconds_of(store: Store, split: Split | None) -> float:
    begun = time.perf_counter()
    asked = Asked(first=_FIRST, last=_LAST, by="day", split=split, zone=_ZONE)
    rows = 0
    async for part in reporting.parts(store, asked):
        rows += len(part.rows)
    await reporting.total(store, reporting.before(asked))
    assert rows, "nothing was counted"
    return time.perf_counter() - begun


async def _beside(store: Store, customers: int, scale: Scale) -> Figure:
    """Look-ups of callers, some quiet and some with a report going on, in turns."""
    chance = random.Random(1)
    quiet: list[float] = []
    busy: list[float] = []
    for _ in range(scale.repetitions):
        for took, reports in ((quiet, False), (busy, True)):
            async with _reporting(store) if reports else contextlib.nullcontext():
                for _ in range(scale.of(_LOOKED_UP)):
                    await asyncio.sleep(0.005)
                    took.append(await _look_up(store, archive.number_of(chance.randint(1, customers))))
    return Figure(
        name="look-up of a caller while reports are made, p50",
        unit="ms",
        ours=median(busy) * 1000,
        beside="without",
        theirs=median(quiet) * 1000,
        ratio=median(busy) / median(quiet),
        goal=Goal(ratio=1.5, at_most=True),
    )


async def _look_up(store: Store, number: str) -> float:
    read = _PLAN.read(number)
    begun = time.perf_counter()
    await store.pop(lambda c: lookup.look_up(c, read, archive.NOW))
    return time.perf_counter() - begun


@contextlib.asynccontextmanager
async def _reporting(store: Store) -> AsyncIterator[None]:
    """One report after the other."""

    async def forever() -> None:
        while True:
            await _seconds_of(store, "agent")  # the longest of them

    task = asyncio.create_task(forever())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _counting(store: Store, scale: Scale) -> Figure:
    """Judging a call by its record, and writing its rows: per call, against a second of processor time for 1,000."""
    at = archive.NOW
    records = [call(n, visit(at + n, 12, talk_s=100)) for n in range(scale.of(2_000))]
    some = [("main", str(one["id"])) for one in records]

    def judge(connection: engine.Connection) -> counting.Counted:
        return counting.judge_records(connection, some, records, lambda queue: (20_000, 5_000))

    begun = time.process_time()
    counted = await store.report(judge)
    for place in range(0, len(counted.calls), 200):
        batch = counting.Counted(counted.calls[place : place + 200])
        for name, rows in counted.rows.items():
            batch.rows[name] = rows[place : place + 200]
        await store.write(partial(counting.put, counted=batch, mark=at, day_of=lambda at: at))
    each_ms = (time.process_time() - begun) / len(records) * 1000
    return Figure(
        name="counting a call",
        unit="ms of processor time",
        ours=each_ms,
        beside="may take",
        theirs=1.0,
        ratio=each_ms,
        goal=Goal(ratio=1, at_most=True),
    )

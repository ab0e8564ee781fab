"""From a caller's number to everything about the caller, and searches: at one size and at a hundred times that size.

In: archives of customers, ten contacts each (bench.archive). Out: wall-clock times as the pop waits for them, beside
the same rows read with the bare driver in the same run, one look-up each in turn; p99 at the large size beside p99 at
the small one; p99 of the first page of each kind of search beside the 100 ms that it may take. Warm: each number was
asked for once before.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, TypeAlias

import asyncpg

from bench import archive, archive_postgresql
from bench.figures import Figure, Goal, Scale
from callserver.numbers import Plan, tail
from callserver.store import caller_rows, engine, finding, lookup
from callserver.store.engine import Store
from callserver.tickets.number import said
from callserver.tickets.record import TicketId
from tests.rig.debian import Unavailable

_LOOKED_UP = 2_000  # callers, of each size
_SEARCHED = 60  # of each kind
_MAY_TAKE_MS = 100.0
_SEED = 20_261_122
_PLAN = Plan(country="cn", area_code="532")

Asking: TypeAlias = Callable[[str], Awaitable[object]]

# What the bare driver is asked: the same rows, as somebody would who had only this to do.
_BARE = (
    "SELECT c.id, c.record FROM customer_numbers n JOIN customers c ON c.id = n.customer_id WHERE n.tail = $1",
    "SELECT record FROM products WHERE customer_id = $1",
    "SELECT record, touched_at FROM tickets WHERE customer_id = $1 AND open {true} ORDER BY touched_at DESC LIMIT 20",
    "SELECT ticket_id, seq, at, kind, actor, through, call_id, body FROM timeline"
    " WHERE contact {true} AND customer_id = $1 ORDER BY at DESC LIMIT 20",
    "SELECT * FROM promises WHERE customer_id = $1 AND settled_at IS NULL ORDER BY due_at LIMIT 20",
    "SELECT call_id, started_at, outcome FROM calls WHERE caller_number = $1 AND started_at >= $2"
    " ORDER BY started_at DESC LIMIT 20",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An archive, open: through our store, and through the bare driver."""

    customers: int
    store: Store
    bare: Asking

    async def ours(self, number: str) -> object:
        read = _PLAN.read(number)
        return await self.store.read(lambda c: lookup.look_up(c, read, archive.NOW))


def measure(scale: Scale) -> list[Figure]:
    """PostgreSQL where the test set-up installed its server."""
    large = scale.customers
    small = max(large // 100, 200)
    figures: list[Figure] = []
    if scale.on("sqlite"):
        files = [archive.on_sqlite(customers) for customers in (small, large)]
        print(f"lookup: {files[1].stat().st_size / 1e9:.1f} GB on SQLite", file=sys.stderr)
        figures += asyncio.run(_on_sqlite(small, large, scale))
    if scale.on("postgresql"):
        figures += _where_there_is_one(small, large, scale)
    return figures


def _where_there_is_one(small: int, large: int, scale: Scale) -> list[Figure]:
    try:
        with archive_postgresql.running(small) as few, archive_postgresql.running(large) as many:
            return asyncio.run(_on_postgresql({small: few, large: many}, scale))
    except Unavailable as error:
        print(f"lookup: PostgreSQL is not measured: {error}", file=sys.stderr)
        return []


async def _on_sqlite(small: int, large: int, scale: Scale) -> list[Figure]:
    async with _sqlite(small) as few, _sqlite(large) as many:
        return await _contest("SQLite", "bare sqlite3", few, many, scale) + await _searches(
            "SQLite", many, scale
        )


async def _on_postgresql(urls: Mapping[int, str], scale: Scale) -> list[Figure]:
    """The URLs of the small archive and of the large one, by their customers."""
    small, large = urls
    async with _postgresql(urls[small], small) as few, _postgresql(urls[large], large) as many:
        figures = await _contest("PostgreSQL", "bare asyncpg", few, many, scale)
        await _warmed(urls[large])
        return figures + await _searches("PostgreSQL", many, scale)


async def _warmed(url: str) -> None:
    """What searches read lies in memory, as after a day of them: a list leads to rows all over these tables."""
    bare = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        for table in ("customer_words", "customers"):
            await bare.fetchval(f"SELECT max(pg_column_size({table}.*)) FROM {table}")
    finally:
        await bare.close()


# --- look-ups --------------------------------------------------------------------------------------------------------


async def _contest(database: str, floor: str, few: Site, many: Site, scale: Scale) -> list[Figure]:
    """Small and large, ours and bare, in turn; a different caller each time."""
    chance = random.Random(_SEED)
    took: dict[tuple[int, str], list[float]] = {}
    callers = {
        site.customers: [
            archive.number_of(chance.randint(1, site.customers)) for _ in range(scale.of(_LOOKED_UP))
        ]
        for site in (few, many)
    }
    for site in (few, many):
        for number in callers[site.customers]:
            await site.ours(number)
    gc.collect()
    gc.freeze()  # as in service
    for place in range(scale.of(_LOOKED_UP)):
        for site in (few, many):
            number = callers[site.customers][place]
            pair = [("ours", site.ours), ("bare", site.bare)]
            for name, asking in pair if place % 2 else reversed(pair):
                took.setdefault((site.customers, name), []).append(await _seconds(asking, number))
    large, small = many.customers, few.customers
    return [
        _line(
            f"{database} pop, {large:,} customers, p50",
            floor,
            median,
            took[large, "ours"],
            took[large, "bare"],
            3,
        ),
        _line(
            f"{database} pop, {large:,} customers, p99", floor, _p99, took[large, "ours"], took[large, "bare"]
        ),
        _line(
            f"{database} pop p99, {large:,}",
            f"{small:,}",
            _p99,
            took[large, "ours"],
            took[small, "ours"],
            1.5,
        ),
    ]


async def _seconds(asking: Asking, number: str) -> float:
    begun = time.perf_counter()
    await asking(number)
    return time.perf_counter() - begun


def _line(
    name: str,
    beside: str,
    of: Callable[[Sequence[float]], float],
    ours: Sequence[float],
    theirs: Sequence[float],
    goal: float | None = None,
) -> Figure:
    mine, other = of(ours), of(theirs)
    return Figure(
        name=name,
        unit="us",
        ours=mine * 1e6,
        beside=beside,
        theirs=other * 1e6,
        ratio=mine / other,
        goal=None if goal is None else Goal(ratio=goal, at_most=True),
    )


def _p99(took: Sequence[float]) -> float:
    return quantiles(took, n=100)[98]


# --- searches --------------------------------------------------------------------------------------------------------


def _wanted(chance: random.Random, customers: int) -> dict[str, str]:
    """One text of each kind that somebody may type, rare ones and those that millions have."""
    place = chance.randint(1, customers)
    name, number, line = archive.name_of(place), archive.number_of(place), archive.line_of(place)
    return {
        "whole name": name,
        "surname": name[0],
        "given name": name[1:],
        "one character": name[2],
        "initials": "".join(chance.choice("wlzcyxhsgf") for _ in range(3)),
        "number": number[3:],
        "last 4 digits": number[-4:],
        "last 7 digits": number[-7:],
        "street and house": line,
        "street": line.partition("路")[0] + "路",
        "city": "青岛市",
        "name and city": f"{name} 青岛市",
        "city and street": f"青岛市 {line.partition('路')[0]}路",
        "two that never meet": "青岛市 武侯区",
        "serial number": archive.serial_of(place),
        "external id": f"K{place}",
        "ticket": said(TicketId(place)),
        "nobody": "不存在的人",
    }


async def _searches(database: str, site: Site, scale: Scale) -> list[Figure]:
    chance, took = random.Random(_SEED), dict[str, list[float]]()

    async def search(text: str) -> object:
        return await site.store.read(lambda c: finding.find(c, text, _PLAN))

    for text in _wanted(chance, site.customers).values():
        await search(text)  # what is loaded for the first of its kind is loaded once a process
    for _ in range(scale.of(_SEARCHED)):
        for kind, text in _wanted(chance, site.customers).items():
            took.setdefault(kind, []).append(await _seconds(search, text))
    return [
        _first_page(f"{database} search, {site.customers:,}, {kind}", times) for kind, times in took.items()
    ]


def _first_page(name: str, took: Sequence[float]) -> Figure:
    """The p99 beside what it may take; the p50 in the name, since a figure has one number."""
    longest = _p99(took) * 1000
    return Figure(
        name=f"{name} (p50 {median(took) * 1000:.1f} ms), p99",
        unit="ms",
        ours=longest,
        beside="allowed",
        theirs=_MAY_TAKE_MS,
        ratio=longest / _MAY_TAKE_MS,
        goal=Goal(ratio=1, at_most=True),
    )


# --- the two databases -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def _sqlite(customers: int) -> AsyncIterator[Site]:
    """The bare reader: sqlite3 in this thread."""
    file = archive.on_sqlite(customers)
    store = await engine.open(f"sqlite:///{file}")
    bare = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
    statements = [one.format(true="IS 1").replace("$1", "?1").replace("$2", "?2") for one in _BARE]

    async def ask(number: str) -> object:
        who, *parts, calls = statements
        found = bare.execute(who, (tail(number),)).fetchall()
        rows = [bare.execute(part, (id,)).fetchall() for id, _ in found for part in parts]
        return rows, bare.execute(calls, (number, archive.NOW - caller_rows.WEEK_MS)).fetchall()

    try:
        yield Site(customers=customers, store=store, bare=ask)
    finally:
        bare.close()
        await store.close()


@asynccontextmanager
async def _postgresql(url: str, customers: int) -> AsyncIterator[Site]:
    """The bare reader: one connection of asyncpg."""
    bare = await asyncpg.connect(url.replace("+asyncpg", ""))
    size = await bare.fetchval("SELECT pg_database_size(current_database())")
    calls = await bare.fetchval("SELECT count(*) FROM calls")
    print(f"lookup: {size / 1e9:.1f} GB on PostgreSQL, with {calls:,} calls of earlier pops", file=sys.stderr)
    store = await engine.open(url)
    statements = [one.format(true="IS true") for one in _BARE]

    async def ask(number: str) -> object:
        who, *parts, calls = statements
        found = await bare.fetch(who, tail(number))
        rows: list[Any] = [await bare.fetch(part, row["id"]) for row in found for part in parts]
        return rows, await bare.fetch(calls, number, archive.NOW - caller_rows.WEEK_MS)

    try:
        yield Site(customers=customers, store=store, bare=ask)
    finally:
        await bare.close()
        await store.close()

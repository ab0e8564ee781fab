"""How fast a list of customers is imported, beside sqlite3 that is given the same rows ready-made.

In: the rig's list. Out: rows a second of the whole import (file to commit, both processes), of the same list once more,
and of one `executemany` a table into the same tables with the same indexes and the same full-text index, in turns; CPU
time a row of each half; peak memory of each. Processor times bear a machine that others use better than the clock does.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from bench.figures import Figure, Goal, Scale, faster
from callserver.customers.record import customer_from_json
from callserver.facts import Actor
from callserver.numbers import Plan
from callserver.store import customers, engine, migrations
from callserver.work import reader
from callserver.work.importing import bring_in
from callserver.work.reader import Asked
from tests.rig import customer_list

ROWS = 50_000
MANY = 200_000  # so many that the start does not count
GOAL_ROWS_S = 20_000
_PLAN = Plan(area_code="0532")
_ACTOR = Actor(name="bench", through="import")
_TABLES = (("customers", "id"), ("customer_numbers", "customer_id"), ("products", "id"))


def _fresh(folder: Path, name: str) -> Path:
    """A new database with our tables."""
    for old in folder.glob(f"{name}.db*"):
        old.unlink()
    asyncio.run(migrations.upgrade(f"sqlite:///{folder / name}.db"))
    return folder / f"{name}.db"


def _imported(file: Path, folder: Path) -> None:
    async def work() -> None:
        store = await engine.open(f"sqlite:///{folder / 'ours'}.db", synchronous="NORMAL")
        rejects = folder / "rejects.csv"
        await bring_in(
            store, Asked(path=file), _PLAN, "all", _ACTOR, rejects, clock=lambda: 1_795_289_156_000
        )
        await store.close()

    asyncio.run(work())


def _content(folder: Path) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """What an import wrote: statements, and their rows."""
    ours = sqlite3.connect(folder / "ours.db")
    found = []
    for table, order in _TABLES:
        rows = ours.execute(f"SELECT * FROM {table} ORDER BY {order}")
        places = ", ".join("?" * len(rows.description))
        found.append((f"INSERT INTO {table} VALUES ({places})", rows.fetchall()))
    records = [(id, orjson.loads(record)) for id, record in ours.execute("SELECT id, record FROM customers")]
    words = [(id, " ".join(customers.words_of(customer_from_json(one)))) for id, one in records]
    found.append(("INSERT INTO customer_words (rowid, words) VALUES (?, ?)", words))
    ours.close()
    return found


def _bare(folder: Path, content: list[tuple[str, list[tuple[Any, ...]]]]) -> None:
    """One transaction, one statement a table, the full-text index included; no checking, no reading."""
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -65536"):
        bare.execute(f"PRAGMA {pragma}")
    bare.execute("BEGIN IMMEDIATE")
    for statement, rows in content:
        bare.executemany(statement, rows)
    bare.execute("COMMIT")
    bare.close()


def _checked(file: Path) -> None:
    """The reading half alone, in this process."""
    table, known, _ = reader.opened(Asked(path=file), _PLAN)
    for _batch in reader.batches(table, known, _PLAN):
        pass


def _rounds(
    contestants: dict[str, Callable[[], None]], prepare: Callable[[], None], times: int
) -> dict[str, list[float]]:
    """Seconds on the clock of each, in turns; what prepares them is not counted."""
    took: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(times):
        for name, work in contestants.items():
            prepare()
            begun = time.perf_counter()
            work()
            took[name].append(time.perf_counter() - begun)
    return took


def _cpu(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _peaks(file: Path, folder: Path) -> Iterator[int]:
    """Peak memory in bytes of the writing and the reading half, in processes of their own."""
    spawn = multiprocessing.get_context("spawn")
    ours, its = spawn.Pipe()
    process = spawn.Process(target=_measured, args=(its, file, folder))
    process.start()
    yield from ours.recv()
    process.join()


def _measured(pipe: Any, file: Path, folder: Path) -> None:
    _imported(file, folder)
    pipe.send(
        [resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    )


def measure(scale: Scale) -> list[Figure]:
    """The import against sqlite3 alone, in turns; and what either half takes of a core."""
    rows = scale.of(ROWS)
    with tempfile.TemporaryDirectory(prefix="callserver-bench-") as place:
        folder = Path(place)
        file = customer_list.write(folder / "list.csv", rows)

        def prepare() -> None:
            (folder / "rejects.csv").unlink(missing_ok=True)
            _fresh(folder, "ours")
            _fresh(folder, "bare")

        prepare()
        peaks = [
            peak / 1e6 for peak in _peaks(file, folder)
        ]  # first: a process begins with its parent's peak
        prepare()
        writing = _cpu(lambda: _imported(file, folder))
        again = _cpu(lambda: _imported(file, folder))
        content = _content(folder)
        took = _rounds(
            {"import": lambda: _imported(file, folder), "bare sqlite3": lambda: _bare(folder, content)},
            prepare,
            scale.repetitions,
        )
        many = scale.of(MANY)
        speed = _speed_of_many(folder, many, prepare)
        checking, bare = _cpu(lambda: _checked(file)), _cpu(lambda: _bare_again(folder, content))
    return [
        faster(f"import of {rows:,} rows", took, "import", "bare sqlite3", rows, unit="rows/s"),
        _against_goal("import", rows / sorted(took["import"])[len(took["import"]) // 2]),
        _against_goal(f"import of {many:,} rows", speed),
        _share("CPU a row, writing", writing / rows * 1e6, "bare sqlite3", bare / rows * 1e6, "us"),
        _share(
            "CPU a row, reading and checking", checking / rows * 1e6, "bare sqlite3", bare / rows * 1e6, "us"
        ),
        _share(
            "CPU a row, the same again, writing", again / rows * 1e6, "bare sqlite3", bare / rows * 1e6, "us"
        ),
        _share("peak memory, writing", peaks[0], "reading", peaks[1], "MB"),
    ]


def _bare_again(folder: Path, content: list[tuple[str, list[tuple[Any, ...]]]]) -> None:
    _fresh(folder, "bare")
    _bare(folder, content)


def _share(name: str, ours: float, beside: str, theirs: float, unit: str) -> Figure:
    return Figure(name=name, unit=unit, ours=ours, beside=beside, theirs=theirs, ratio=ours / theirs)


def _speed_of_many(folder: Path, rows: int, prepare: Callable[[], None]) -> float:
    """Rows a second of one import of a longer list."""
    file = customer_list.write(folder / "many.csv", rows)
    prepare()
    begun = time.perf_counter()
    _imported(file, folder)
    return rows / (time.perf_counter() - begun)


def _against_goal(name: str, speed: float) -> Figure:
    return Figure(
        name=name,
        unit="rows/s",
        ours=speed,
        beside="the goal",
        theirs=GOAL_ROWS_S,
        ratio=speed / GOAL_ROWS_S,
        goal=Goal(ratio=1.0),
    )

"""Calls are found in the order of their beginning, over all switches, by what their columns and records say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from callserver.facts import PbxId, iso
from callserver.store import leases, search
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from callserver.store.search import Place, Wanted


def call(pbx: str, number: int, started_at: int | None, **other: Any) -> dict[str, Any]:
    return {
        "id": f"{pbx}:{number}.0",
        "pbx": pbx,
        "started_at": iso(started_at),
        "outcome": "answered",
        "open": False,
        "gap": False,
        "legs": [],
        **other,
    }


def visit(queue: str, wait_s: float, talk_s: float | None = None, **other: Any) -> dict[str, Any]:
    return {"queue": queue, "wait_s": wait_s, "talk_s": talk_s, "rings": [], **other}


async def write(store: Store, *records: dict[str, Any]) -> None:
    for pbx in {PbxId(record["pbx"]) for record in records}:
        lease = await leases.acquire(store, leases.lease_of(pbx), "test/1", 60)
        assert lease is not None
        journal = Journal(store, pbx, holder=lease.holder, epoch=lease.epoch)
        await journal.append(Batch(records=[one for one in records if one["pbx"] == pbx]))
        await journal.close()


async def pages(store: Store, wanted: Wanted, limit: int) -> list[str]:
    """The ids of all pages, one page after the other."""
    found: list[str] = []
    after: Place | None = None
    while True:
        page = await search.search(store, wanted, limit, after)
        found += [one["id"] for one in page.calls]
        if (after := page.end) is None:
            return found


async def test_all_switches_are_in_one_order_however_long_a_page_is(store: Store) -> None:
    same_moment = [call(pbx, number, 5000) for pbx in ("east", "main", "west") for number in (1, 2)]
    without = [call("main", 8, None), call("main", 9, None), call("west", 8, None)]
    others = [call("east", 3, 1000), call("main", 4, 9000), call("west", 5, 0)]
    await write(store, *same_moment, *without, *others)
    at_once = ["west:2.0", "west:1.0", "main:2.0", "main:1.0", "east:2.0", "east:1.0"]
    newest = ["main:4.0", *at_once, "east:3.0", "west:5.0", "west:8.0", "main:9.0", "main:8.0"]
    for limit in (1, 2, 3, 7, 50):
        assert await pages(store, Wanted(), limit) == newest
        assert await pages(store, Wanted(oldest=True), limit) == newest[::-1]


async def test_what_lies_inside_a_record_is_looked_at(store: Store) -> None:
    rung = visit("repair", 31, 60, rings=[{"interface": "PJSIP/1001", "name": "Zhang Wei"}])
    caller = {"leg": "1.0", "interface": "PJSIP/trunk", "caller": True}
    await write(
        store,
        call("main", 1, 1000, direction="inbound", queue_visits=[visit("hotline", 4)], legs=[caller]),
        call("main", 2, 2000, direction="inbound", queue_visits=[visit("hotline", 4), rung], gap=True),
        call(
            "main",
            3,
            3000,
            direction="outbound",
            legs=[{"leg": "3.0", "interface": "PJSIP/1002", "caller": True}],
        ),
    )
    for wanted, found in (
        (Wanted(queue="hotline"), ["main:2.0", "main:1.0"]),
        (Wanted(agent="PJSIP/1001"), ["main:2.0"]),
        (Wanted(agent="Zhang Wei"), ["main:2.0"]),
        (Wanted(agent="PJSIP/1002"), ["main:3.0"]),
        (Wanted(agent="PJSIP/trunk"), []),
        (Wanted(waited_s=35), ["main:2.0"]),
        (Wanted(talked_s=61), []),
        (Wanted(direction="outbound"), ["main:3.0"]),
        (Wanted(gap=True), ["main:2.0"]),
        (Wanted(gap=False, oldest=True), ["main:1.0", "main:3.0"]),
    ):
        assert await pages(store, wanted, 50) == found, wanted


@pytest.mark.parametrize("oldest", [False, True])
@pytest.mark.parametrize("after", [None, Place(5, "main", "x")])
def test_a_page_reads_an_index_and_sorts_nothing(
    prepared_file: Path, oldest: bool, after: Place | None
) -> None:
    wanted = search._statement(Wanted(begin=0, outcome="answered", oldest=oldest), "main", True, after, 5)
    plain = wanted.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with closing(sqlite3.connect(prepared_file)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {plain}")]
    assert len(plan) == 1
    assert "ix_calls_started (pbx=?" in plan[0]

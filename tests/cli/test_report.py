"""`callserver report`: a day's numbers as a table, as JSON, as a file."""

from __future__ import annotations

import asyncio
import csv
from datetime import UTC
from pathlib import Path

import pytest

from callserver.facts import PbxId, instant
from callserver.store import engine, leases, migrations
from callserver.store.journal import Journal
from callserver.work.counting import Counting
from callserver.work.leading import Leading
from tests.cli.conftest import Command
from tests.metrics.days import batch, call, visit

AT = instant("2026-11-16T09:00:00Z") or 0
DAY = ("--from", "2026-11-16")


@pytest.fixture
def counted(settings: Path, tmp_path: Path) -> None:
    """A day with three calls, one of them in a gap."""
    url = f"sqlite:///{tmp_path}/report.db"
    settings.write_text(settings.read_text() + f'[database]\nurl = "{url}"\n')

    async def prepare() -> None:
        await migrations.prepare(url)
        store = await engine.open(url)
        lease = await leases.acquire(store, leases.lease_of(PbxId("main")), "test/1", 60)
        assert lease is not None
        journal = Journal(store, PbxId("main"), holder=lease.holder, epoch=lease.epoch)
        calls = [call(1, visit(AT, 12, talk_s=100)), call(2, visit(AT, 30, end="abandoned"))]
        await journal.append(batch(*calls, call(3, visit(AT, 1, queue="=sales", talk_s=5), gap=True)))
        await journal.close()
        leading = Leading(store, "counting", holder="test/1", node="test")
        await Counting(store, dict, zone=UTC, leading=leading, clock=lambda: AT).all(AT + 86_400_000)
        await store.close()

    asyncio.run(prepare())


@pytest.mark.usefixtures("counted")
def test_a_day_is_told_a_line_a_queue_with_the_sum_below(callserver: Command) -> None:
    lines = [line.split() for line in callserver("report", *DAY, "--split", "queue").out.splitlines()]
    assert lines[0][:4] == ["from", "queue", "offered", "answered"]
    assert lines[1][:6] == ["2026-11-16T00:00", "=sales", "1*", "1*", "0*", "100.0%*"]
    assert lines[2][:6] == ["2026-11-16T00:00", "repair", "2", "1", "1", "50.0%"]
    assert lines[3][:5] == ["all", "3*", "2*", "1*", "66.7%*"]
    (one,) = callserver("report", *DAY, "--queue", "repair", "--metric", "asa", "--json").json
    assert one == {"at": "2026-11-16T00:00:00+00:00", "key": "", "values": {"asa": 12.0}, "gap": False}
    assert callserver("report", "--from", "2026-11-15").out.splitlines()[1].split()[1:5] == [
        "0",
        "0",
        "0",
        "-",
    ]


@pytest.mark.usefixtures("counted")
def test_a_file_has_every_metric_and_no_formula(callserver: Command, tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    assert callserver("report", *DAY, "--split", "queue", "--file", str(file)).out == "2 rows written\n"
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [row["key"] for row in rows] == ["'=sales", "repair"]
    assert (rows[1]["offered"], rows[1]["csat"]) == ("2.0", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--from", "yesterday"), "write a day"),
        (("--from", "2016-01-01", "--to", "2026-11-16"), "at most 3653 days"),
        (("--metric", "charm"), "none of offered"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_line(
    callserver: Command, settings: Path, arguments: tuple[str, ...], says: str
) -> None:
    refused = callserver("report", *arguments)
    assert refused.code == 2
    assert says in " ".join(refused.err.replace("│", " ").split())

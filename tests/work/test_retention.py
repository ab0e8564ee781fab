"""A night comes every night, once, and says in the log where the audit's chain ends."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from callserver.facts import Instant, instant
from callserver.numbers import Plan
from callserver.store import audit, jobs, schema
from callserver.store.engine import Store
from callserver.store.retention import Terms
from callserver.work.retention import NIGHT, Night, following
from tests.node.conftest import prepared_file, store
from tests.store.a_person import MEI

__all__ = ["prepared_file", "store"]

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVENING = instant("2026-11-22T12:00:00Z") or 0


@pytest.mark.parametrize(
    ("now", "zone", "begins"),
    [
        ("2026-11-22T12:00:00+08:00", "Asia/Shanghai", "2026-11-23T03:30:00+08:00"),
        ("2026-11-22T03:29:00+08:00", "Asia/Shanghai", "2026-11-22T03:30:00+08:00"),
        ("2026-11-22T03:30:00+08:00", "Asia/Shanghai", "2026-11-23T03:30:00+08:00"),
        ("2026-12-31T23:59:00+00:00", "UTC", "2027-01-01T03:30:00+00:00"),
        ("2026-03-28T12:00:00+01:00", "Europe/Berlin", "2026-03-29T03:30:00+02:00"),
    ],
)
def test_a_night_begins_by_the_sites_clock(now: str, zone: str, begins: str) -> None:
    found = following(round(datetime.fromisoformat(now).timestamp() * 1000), ZoneInfo(zone))
    assert found == datetime.fromisoformat(begins).timestamp() * 1000


async def nights(store: Store) -> list[Instant]:
    wanted = select(schema.jobs.c.run_at).where(schema.jobs.c.kind == NIGHT).order_by(schema.jobs.c.run_at)
    return list(await store.read(lambda connection: connection.execute(wanted).scalars().all()))


async def test_each_night_puts_down_the_next_one_once(store: Store) -> None:
    now = [EVENING]
    night = Night(store, Terms(), Plan(), zone=SHANGHAI, clock=lambda: now[0])
    await night.begin()
    await night.begin()
    (first,) = await nights(store)
    assert first == instant("2026-11-23T03:30:00+08:00")
    (job,) = await jobs.claim(store, "node-a/1", kinds=[NIGHT], now=first)
    now[0] = first - 5_000  # our clock is behind the database's
    await night.job(job)
    assert await nights(store) == [first, first + 24 * 3600 * 1000]


async def test_the_log_hears_where_the_audit_ends(store: Store) -> None:
    await store.write(lambda c: audit.note(c, MEI, "customer.read", "customer:1", {}, EVENING))
    night = Night(store, Terms(), Plan(), zone=SHANGHAI, clock=lambda: EVENING)
    await night.begin()
    (job,) = await jobs.claim(store, "node-a/1", kinds=[NIGHT], now=EVENING + 24 * 3600 * 1000)
    with capture_logs() as said:
        assert await night.job(job) == {"gone": 0, "erased": 0}
    (line,) = [line async for line in audit.lines(store)]
    assert [entry["anchor"] for entry in said if entry["event"] == "audit"] == [f"1:{line.hash}"]

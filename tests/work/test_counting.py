"""Counting: what was written down is counted soon and once, and what changes later changes its own numbers only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest_asyncio
from sqlalchemy import Connection, delete, func, select

from callserver.facts import Instant, instant
from callserver.metrics.sums import Sums, merge, value
from callserver.store import reporting, tallied
from callserver.store.counted import tallies, to_sum, visit_counts
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.reporting import Asked, Row
from callserver.work.counting import Counting
from callserver.work.leading import Leading
from tests.metrics.days import batch, call, visit
from tests.node.conftest import store
from tests.store.conftest import own, prepared_file, shared_postgres, url

__all__ = ["prepared_file", "shared_postgres", "store", "url"]
ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 20)
MORNING: Instant = instant("2026-11-20T09:00:00+08:00") or 0
LATER = MORNING + 24 * 3_600_000
HOUR = 3_600_000


class Counted:
    """A hotline whose calls are counted. `terms`: what is set of its queues."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self.store, self.journal = store, journal
        self.terms: dict[str, tuple[int, int]] = {}
        self.now = LATER
        self.counting = self.begun()

    def begun(self, zone: ZoneInfo = ZONE) -> Counting:
        """As after a start of the process."""
        leading = Leading(self.store, "counting", holder="node-a/1", node="node-a")
        return Counting(self.store, lambda: self.terms, zone=zone, leading=leading, clock=lambda: self.now)

    async def write(self, *records: dict[str, Any]) -> None:
        await self.journal.append(batch(*records))
        self.now += HOUR
        await self.counting.all(self.now)

    async def rows(self, first: date = DAY, last: date = DAY, **asked: object) -> list[Row]:
        wanted = Asked(first=first, last=last, zone=ZONE, **asked)  # type: ignore[arg-type]
        return [row async for part in _rows(self.store, wanted) for row in part]

    async def sums(self, **asked: object) -> Sums:
        return merge(row.sums for row in await self.rows(**asked))  # type: ignore[arg-type]


async def _rows(store: Store, wanted: Asked) -> AsyncIterator[list[Row]]:
    async for part in reporting.parts(store, wanted):
        yield part.rows


@pytest_asyncio.fixture
async def hotline(store: Store) -> Counted:
    return Counted(store, await own(store))


async def test_calls_are_counted_by_the_beginning_of_their_stays_in_queues(hotline: Counted) -> None:
    await hotline.write(
        call(1, visit(MORNING, 12, talk_s=100)),
        call(2, visit(MORNING + HOUR, 21, talk_s=50)),
        call(3, visit(MORNING + HOUR, 31, end="abandoned")),
        call(4, visit(MORNING + HOUR, 2, end="abandoned")),
        call(5, visit(MORNING, 60, end="timed_out"), visit(MORNING + 60_000, 3, queue="sales", talk_s=9)),
    )
    sums = await hotline.sums()
    assert (sums.offered, sums.answered, sums.abandoned, sums.short, sums.timed_out) == (6, 3, 2, 1, 1)
    assert value("sl_offered", sums) == 2 / 5
    assert value("asa", sums) == 12
    by_queue = {row.key: row.sums.offered for row in await hotline.rows(split="queue")}
    assert by_queue == {"repair": 5, "sales": 1}
    hours = {row.span.begin: row.sums.offered for row in await hotline.rows(by="hour") if row.sums.offered}
    assert hours == {MORNING: 3, MORNING + HOUR: 3}
    assert (sums.handled, sums.talk_ms, sums.calls) == (3, 159_000, 5)
    by_agent = await hotline.rows(split="agent")
    older = delete(tallies).where(tallies.c.dimension.endswith("/all"))  # what an older version did not keep
    assert (await hotline.store.write(lambda c: c.execute(older).rowcount)) > 4
    assert await hotline.rows(split="agent") == by_agent
    assert merge(row.sums for row in by_agent).offered == 6


async def test_counting_again_changes_nothing_and_a_correction_changes_its_own_day(hotline: Counted) -> None:
    other = MORNING - 24 * HOUR
    await hotline.write(call(1, visit(MORNING, 12, talk_s=100)), call(2, visit(other, 3, talk_s=5)))
    before = await hotline.rows(date(2026, 11, 19), DAY)
    made = [one[2] for one in await hotline.store.read(_kept)]
    hotline.counting = hotline.begun()
    await hotline.counting.all(hotline.now + HOUR)
    assert await hotline.rows(date(2026, 11, 19), DAY) == before
    await hotline.write(call(1, visit(MORNING, 12, end="abandoned")))
    (yesterday, today) = await hotline.rows(date(2026, 11, 19), DAY)
    assert yesterday == before[0]
    assert (today.sums.answered, today.sums.abandoned, today.sums.handled) == (0, 1, 0)
    kept = {one[0].at: one[2] for one in await hotline.store.read(_kept)}
    assert sorted(kept.values()) == [made[0], hotline.now]


def _kept(connection: Connection) -> list[tuple[tallied.Cell, dict[str, Any], Instant]]:
    whole = Asked(first=date(2026, 11, 1), last=date(2026, 11, 30), zone=ZONE).span
    return list(tallied.kept(connection, "day", whole))


async def test_what_was_there_before_anybody_counted_is_counted_too(hotline: Counted) -> None:
    await hotline.journal.append(batch(*(call(n, visit(MORNING + n, 1, talk_s=1)) for n in range(450))))
    await hotline.counting.all(hotline.now)
    assert (await hotline.sums()).offered == 450
    assert (
        await hotline.store.read(lambda c: c.execute(select(func.count()).select_from(to_sum)).scalar()) == 0
    )


async def test_a_call_that_another_absorbed_counts_for_nothing(hotline: Counted) -> None:
    from callserver.facts import CallId, CallsMerged, PbxId
    from callserver.store.rows import Batch

    one, other = call(1, visit(MORNING, 1, talk_s=5)), call(2, visit(MORNING, 2, talk_s=5))
    await hotline.write(one, other)
    merged = CallsMerged(pbx=PbxId("main"), at=None, call=CallId(one["id"]), absorbed=CallId(other["id"]))
    whole = {**one, "queue_visits": one["queue_visits"] + other["queue_visits"]}
    await hotline.journal.append(Batch(facts=[merged], records=[whole], removed=[CallId(other["id"])]))
    await hotline.counting.all(hotline.now)
    assert (await hotline.sums()).offered == 2
    calls = await hotline.store.read(lambda c: c.execute(select(visit_counts.c.call_id).distinct()).all())
    assert [row.call_id for row in calls] == [one["id"]]


async def test_another_target_judges_the_past_again(hotline: Counted) -> None:
    await hotline.write(
        call(1, visit(MORNING, 12, talk_s=100)),
        call(2, visit(MORNING, 4, end="abandoned")),
        call(3, visit(MORNING, 12, queue="sales", talk_s=1)),
    )
    assert [(await hotline.sums()).answered_in_target, (await hotline.sums()).short] == [2, 1]
    hotline.terms = {"repair": (10_000, 3_000)}
    await hotline.counting.all(hotline.now)
    assert [(await hotline.sums()).answered_in_target, (await hotline.sums()).short] == [1, 0]


async def test_another_zone_has_other_days(hotline: Counted) -> None:
    late = instant("2026-11-20T23:30:00+08:00") or 0
    await hotline.write(call(1, visit(late, 1, talk_s=1)), call(2, visit(MORNING, 1, talk_s=1)))
    hotline.counting = hotline.begun(ZoneInfo("Asia/Tokyo"))
    await hotline.counting.all(hotline.now)
    asked = Asked(first=DAY, last=date(2026, 11, 21), zone=ZoneInfo("Asia/Tokyo"))
    rows = [row async for part in _rows(hotline.store, asked) for row in part]
    assert [row.sums.offered for row in rows] == [1, 1]


async def test_what_changed_a_moment_ago_is_in_the_report_before_it_is_in_the_sums(hotline: Counted) -> None:
    await hotline.write(call(1, visit(MORNING, 1, talk_s=1)))
    await hotline.journal.append(batch(call(2, visit(MORNING, 1, talk_s=1))))
    await hotline.counting.look(hotline.now + 3000)  # too soon for the sums of days
    assert await hotline.store.read(
        lambda c: c.execute(select(func.count()).select_from(to_sum).where(to_sum.c.level == "day")).scalar()
    )
    assert (await hotline.sums()).offered == 2
    assert (await hotline.sums(split="agent")).offered == 2
    kept = await hotline.store.read(lambda c: c.execute(select(func.count()).select_from(tallies)).scalar())
    assert kept


async def test_a_gap_marks_the_numbers_that_it_touches(hotline: Counted) -> None:
    await hotline.write(
        call(1, visit(MORNING, 1, talk_s=1), gap=True), call(2, visit(MORNING + HOUR, 1, talk_s=1))
    )
    assert [row.span.begin for row in await hotline.rows(by="hour") if row.sums.gap] == [MORNING]


async def test_an_open_call_is_offered_and_not_decided(hotline: Counted) -> None:
    waits = call(1, visit(MORNING, None, end=None), open=True, outcome="unknown")
    await hotline.write(waits)
    sums = await hotline.sums()
    assert (sums.offered, sums.undecided, value("sl_offered", sums)) == (1, 1, None)


async def test_the_night_that_has_an_hour_twice_has_twenty_five(hotline: Counted) -> None:
    berlin, night = ZoneInfo("Europe/Berlin"), date(2026, 10, 25)
    first, second = (instant(f"2026-10-25T02:30:00+{offset}") or 0 for offset in ("02:00", "01:00"))
    hotline.counting = hotline.begun(berlin)
    await hotline.write(call(1, visit(first, 1, talk_s=1)), call(2, visit(second, 1, talk_s=1)))
    asked = Asked(first=night, last=night, by="hour", zone=berlin)
    hours = [row async for part in _rows(hotline.store, asked) for row in part]
    assert len(hours) == 25
    assert [place for place, row in enumerate(hours) if row.sums.offered] == [2, 3]
    day = [
        row
        async for part in _rows(hotline.store, Asked(first=night, last=night, zone=berlin))
        for row in part
    ]
    assert [row.sums.offered for row in day] == [2]


async def test_ten_years_are_told_month_by_month_also_where_there_was_nothing(hotline: Counted) -> None:
    await hotline.write(call(1, visit(MORNING, 1, talk_s=1)))
    months = await hotline.rows(date(2016, 12, 1), date(2026, 11, 30), by="month")
    assert len(months) == 120
    assert [row.sums.offered for row in months[-2:]] == [0, 1]

"""The house's own days: kept one by one, asked by every policy that asks a calendar at all."""

from __future__ import annotations

from datetime import date

import pytest

from callserver.errors import BadValue, NotFound
from callserver.store import policies, site_days
from callserver.store.engine import Store
from callserver.store.site_days import DayKind
from tests.store.of_tickets import ANNA, NOON, done, noted

SATURDAY = date(2026, 11, 28)
TUESDAY = date(2026, 12, 1)


async def put(store: Store, day: date, kind: DayKind, title: str = "") -> None:
    await done(store, site_days.put, site_days.span(day, day), kind, title, ANNA, NOON)


async def test_days_are_kept_changed_and_taken_back(store: Store) -> None:
    week = site_days.span(date(2026, 12, 30), date(2027, 1, 2))
    await done(store, site_days.put, week, "closed", " stock-taking\r\n", ANNA, NOON)
    await put(store, week[0], "working")
    first, *rest = await done(store, site_days.every)
    assert (first.day, first.kind, first.title) == (week[0], "working", "")
    assert [(one.day, one.kind, one.title) for one in rest] == [
        (day, "closed", "stock-taking") for day in week[1:]
    ]
    await done(store, site_days.remove, week[0], ANNA, NOON)
    assert len(await done(store, site_days.every)) == 3
    with pytest.raises(NotFound):
        await done(store, site_days.remove, week[0], ANNA, NOON)
    assert await noted(store) == ["holiday.put"] * 5 + ["holiday.remove"]


async def test_the_hours_of_promises_know_them(store: Store) -> None:
    as_before = (await done(store, policies.get, "return_visit")).hours
    await put(store, TUESDAY, "closed")
    await put(store, SATURDAY, "working")
    visit, watch = [(await done(store, policies.every))[kind].hours for kind in ("return_visit", "watch")]
    assert (await done(store, policies.get, "return_visit")).hours == visit
    assert visit.spans(TUESDAY) == (() if visit.holidays == "closed" else visit.weekly[6])
    assert visit.spans(SATURDAY) == as_before.weekly[0]
    assert watch.spans(TUESDAY) == watch.weekly[1]  # they called us: no calendar is asked


@pytest.mark.parametrize(
    ("begin", "end"), [(TUESDAY, SATURDAY), (date(2026, 1, 1), date(2026, 3, 4)), (date.min, date.max)]
)
def test_a_span_has_a_first_day_and_not_too_many(begin: date, end: date) -> None:
    with pytest.raises(BadValue) as wrong:
        site_days.span(begin, end)
    assert wrong.value.field == "end_on"


def test_the_last_day_there_is_can_be_a_span() -> None:
    assert site_days.span(date.max, date.max) == (date.max,)

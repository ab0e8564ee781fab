"""Slots: spans are half-open, follow each other without a hole, and days are as long as the zone's clocks make them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.metrics import slots
from callserver.metrics.slots import By

HOUR = 3_600_000
ZONES = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Atlantic/Azores",
]


@pytest.mark.parametrize(
    ("zone", "day", "hours", "spans"),
    [
        ("Asia/Shanghai", date(2026, 11, 1), 24, 24),
        ("Europe/Berlin", date(2026, 3, 29), 23, 23),
        ("Europe/Berlin", date(2026, 10, 25), 25, 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5, 25),
        ("America/Santiago", date(2026, 9, 6), 23, 23),  # midnight does not exist
        ("Pacific/Apia", date(2011, 12, 30), 0, 0),  # the whole day does not
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(zone: str, day: date, hours: float, spans: int) -> None:
    whole = slots.day(day, ZoneInfo(zone))
    assert whole.end - whole.begin == hours * HOUR
    assert len(list(slots.spans("hour", day, day, ZoneInfo(zone)))) == spans
    assert len(list(slots.spans("interval", day, day, ZoneInfo(zone)))) == hours * 4


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    zone = ZoneInfo("Europe/Berlin")
    day = date(2026, 10, 25)
    said = [slots.local_iso(one.begin, zone) for one in slots.spans("hour", day, day, zone)]
    assert said[2:4] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.dates(date(2005, 1, 1), date(2035, 1, 1)),
    st.integers(0, 70),
    st.sampled_from(["interval", "hour", "day", "week", "month"]),
)
def test_spans_follow_each_other_without_a_hole_and_make_the_whole(
    name: str, first: date, more: int, by: By
) -> None:
    zone, last = ZoneInfo(name), first + timedelta(days=more if by != "interval" else min(more, 3))
    found, whole = list(slots.spans(by, first, last, zone)), slots.whole(first, last, zone)
    assert all(one.begin < one.end and one.end == other.begin for one, other in pairwise(found))
    if whole.begin < whole.end:
        assert (found[0].begin, found[-1].end) == (whole.begin, whole.end)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(1995, 1, 1), date(2035, 1, 1)))
def test_midnight_is_the_first_instant_of_its_date(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    at = slots.midnight(day, zone)
    assert slots.date_of(at - 1, zone) < day <= slots.date_of(at, zone)


def test_midnight_inside_a_jump_of_the_clocks_is_the_jump() -> None:
    zone = ZoneInfo("America/Toronto")
    assert slots.local_iso(slots.midnight(date(1919, 3, 31), zone), zone) == "1919-03-31T00:30:00-04:00"


def test_weeks_begin_on_monday_and_are_cut_at_the_ends() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    begins = [
        slots.date_of(one.begin, zone)
        for one in slots.spans("week", date(2026, 11, 4), date(2026, 11, 17), zone)
    ]
    assert begins == [date(2026, 11, 4), date(2026, 11, 9), date(2026, 11, 16)]


@pytest.mark.parametrize(
    ("asked", "before"),
    [
        ((date(2026, 11, 1), date(2026, 11, 30)), (date(2026, 10, 1), date(2026, 10, 31))),
        ((date(2026, 1, 1), date(2026, 3, 31)), (date(2025, 10, 1), date(2025, 12, 31))),
        ((date(2026, 11, 9), date(2026, 11, 15)), (date(2026, 11, 2), date(2026, 11, 8))),
        ((date(2026, 3, 1), date(2026, 3, 1)), (date(2026, 2, 28), date(2026, 2, 28))),
    ],
)
def test_whole_months_are_compared_with_whole_months(
    asked: tuple[date, date], before: tuple[date, date]
) -> None:
    assert slots.before(*asked) == before


def test_an_instant_is_in_the_span_that_begins_with_it() -> None:
    assert slots.quarter(900_000) == 900_000
    assert slots.quarter(899_999) == 0
    assert 5 not in slots.Span(0, 5)
    assert 0 in slots.Span(0, 5)

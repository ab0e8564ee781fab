"""Holidays, and the working days that China moves for them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from callserver.promises.days import countries, sort_of

# The State Council's notice for 2026: first and last free day of each holiday, and the weekend days that are worked.
FREE_2026 = [
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
]
WORKED_2026 = "2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10".split()


def days_of(first: str, last: str) -> list[date]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + timedelta(days=count) for count in range((end - begin).days + 1)]


def test_every_day_of_2026_is_free_or_worked_as_the_notice_says():
    free = {day for first, last in FREE_2026 for day in days_of(first, last)}
    worked = {date.fromisoformat(day) for day in WORKED_2026}
    for day in days_of("2026-01-01", "2026-12-31"):
        works = day in worked or (day.weekday() < 5 and day not in free)
        sort = sort_of(day, "CN")
        assert works == (sort == "moved" or (sort == "ordinary" and day.weekday() < 5)), (day, sort)


@pytest.mark.parametrize("day", WORKED_2026)
def test_a_weekend_day_that_is_worked_is_a_moved_one(day):
    assert sort_of(date.fromisoformat(day), "CN") == "moved"


def test_other_countries_have_their_own_holidays():
    assert sort_of(date(2026, 10, 3), "DE") == "holiday"
    assert sort_of(date(2026, 10, 1), "DE") == "ordinary"


@pytest.mark.parametrize("country", ["", "XX", "china", "\x00"])
def test_a_country_that_nobody_knows_has_no_holidays(country):
    assert sort_of(date(2026, 10, 1), country) == "ordinary"


def test_the_countries_are_there():
    assert {"CN", "DE", "US"} <= countries()

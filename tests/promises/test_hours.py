"""Allowed hours: by the clock on the customer's wall, through all that is strange about clocks."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.promises.hours import (
    ALWAYS,
    DAY,
    Hours,
    Span,
    Week,
    allowed,
    every_day,
    last_allowed,
    moment,
    next_allowed,
)
from tests.promises.samples import BERLIN, HOUR, MINUTE, SHANGHAI, at, told
from tests.promises.slow import Slow, wall

OFFICE = Hours(weekly=every_day(Span(begin=9 * 60, end=20 * 60)))
NIGHT = Hours(weekly=every_day(Span(begin=22 * 60, end=26 * 60)))
NEVER = Hours(weekly=every_day())


def only(weekday: int, *spans: Span) -> Hours:
    """Hours on one day of the week; 0: Monday."""
    return Hours(weekly=tuple(spans if day == weekday else () for day in range(7)))  # type: ignore[arg-type]


def test_the_first_minute_is_allowed_and_the_end_is_not():
    assert not allowed(OFFICE, at("2026-11-23 09:00") - 1, SHANGHAI)
    assert allowed(OFFICE, at("2026-11-23 09:00"), SHANGHAI)
    assert allowed(OFFICE, at("2026-11-23 20:00") - 1, SHANGHAI)
    assert not allowed(OFFICE, at("2026-11-23 20:00"), SHANGHAI)


def test_the_same_moment_is_day_for_one_customer_and_night_for_another():
    morning = at("2026-11-23 10:00")
    assert allowed(OFFICE, morning, SHANGHAI)
    assert not allowed(OFFICE, morning, BERLIN)


def test_an_allowed_moment_is_its_own_next_one():
    noon = at("2026-11-23 12:00") + 123
    assert next_allowed(OFFICE, noon, SHANGHAI) == noon
    assert last_allowed(OFFICE, noon, SHANGHAI) == noon


def test_after_hours_comes_the_next_morning_and_before_it_the_evening():
    night = at("2026-11-23 23:15")
    assert told(next_allowed(OFFICE, night, SHANGHAI)) == "Tue 2026-11-24 09:00"
    assert told(last_allowed(OFFICE, night, SHANGHAI)) == "Mon 2026-11-23 20:00"


def test_a_deadline_at_the_opening_leaves_only_the_evening_before():
    assert told(last_allowed(OFFICE, at("2026-11-24 09:00"), SHANGHAI)) == "Mon 2026-11-23 20:00"


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins():
    friday = only(4, Span(begin=22 * 60, end=26 * 60))
    assert allowed(friday, at("2026-11-28 01:59"), SHANGHAI)
    assert not allowed(friday, at("2026-11-28 02:00"), SHANGHAI)
    assert not allowed(friday, at("2026-11-28 22:30"), SHANGHAI)


def test_a_closed_day_takes_its_hours_after_midnight_with_it():
    closed = Hours(weekly=NIGHT.weekly, closed=(date(2026, 11, 27),))
    assert not allowed(closed, at("2026-11-28 01:00"), SHANGHAI)
    assert allowed(closed, at("2026-11-27 01:00"), SHANGHAI), "those are Thursday's"


def test_hours_that_never_come_have_no_next_moment_and_no_last_one():
    assert next_allowed(NEVER, at("2026-11-23 12:00"), SHANGHAI) is None
    assert last_allowed(NEVER, at("2026-11-23 12:00"), SHANGHAI) is None


def test_always_is_always():
    assert next_allowed(ALWAYS, 1, BERLIN) == 1
    assert last_allowed(ALWAYS, 1, BERLIN) == 1


# --- clocks that jump ------------------------------------------------------------------------------------------------


def test_a_time_that_does_not_exist_is_never_allowed():
    """In Berlin the clock goes from 02:00 to 03:00 on 29 March 2026."""
    hours = only(6, Span(begin=150, end=210))  # 02:30-03:30
    opens = next_allowed(hours, at("2026-03-28 12:00", BERLIN), BERLIN)
    assert told(opens, BERLIN) == "Sun 2026-03-29 03:00"
    assert told(last_allowed(hours, at("2026-03-29 12:00", BERLIN), BERLIN), BERLIN) == "Sun 2026-03-29 03:30"


def test_a_span_that_does_not_exist_on_a_day_is_the_next_week_s():
    hours = only(6, Span(begin=130, end=170))  # 02:10-02:50
    opens = next_allowed(hours, at("2026-03-28 12:00", BERLIN), BERLIN)
    assert told(opens, BERLIN) == "Sun 2026-04-05 02:10"


def test_a_time_that_exists_twice_is_allowed_twice():
    """In Berlin the clock goes from 03:00 back to 02:00 on 25 October 2026."""
    hours = only(6, Span(begin=120, end=150))  # 02:00-02:30
    first = at("2026-10-25 02:00", BERLIN)
    assert next_allowed(hours, at("2026-10-24 12:00", BERLIN), BERLIN) == first
    assert next_allowed(hours, first + 31 * MINUTE, BERLIN) == first + HOUR
    assert last_allowed(hours, at("2026-10-25 12:00", BERLIN), BERLIN) == first + 90 * MINUTE


@pytest.mark.parametrize(("day", "length"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)])
def test_days_of_23_and_25_hours_are_allowed_for_as_long_as_they_last(day, length):
    begin = at(f"{day} 00:00", BERLIN)
    end = at(str(date.fromisoformat(day) + timedelta(days=1)) + " 00:00", BERLIN)
    whole = only(date.fromisoformat(day).weekday(), Span(begin=0, end=DAY))
    assert next_allowed(whole, begin - 5 * HOUR, BERLIN) == begin
    assert last_allowed(whole, end + 5 * HOUR, BERLIN) == end == begin + length * HOUR


def test_a_day_that_an_island_left_out_has_no_hours():
    """Samoa went from Thursday, 29 December 2011, to Saturday."""
    apia = ZoneInfo("Pacific/Apia")
    friday = only(4, Span(begin=9 * 60, end=12 * 60))
    assert told(next_allowed(friday, at("2011-12-29 12:00", apia), apia), apia) == "Fri 2012-01-06 09:00"


def test_a_moment_of_a_wall_clock_that_is_shown_twice_is_the_first_one_or_the_second():
    assert moment(date(2026, 10, 25), 150, BERLIN) == at("2026-10-25 02:30", BERLIN)
    assert moment(date(2026, 10, 25), 150, BERLIN, again=True) == at("2026-10-25 02:30", BERLIN) + HOUR


# --- holidays --------------------------------------------------------------------------------------------------------

CHINA = Hours(
    weekly=(*every_day(Span(begin=540, end=1200))[:5], (), (Span(begin=600, end=720),)),
    holidays="closed",
    country="CN",
)


def test_nobody_is_called_through_spring_festival():
    before = at("2026-02-15 13:00")  # a Sunday; from Monday on it is Spring Festival, until the next Monday
    assert told(next_allowed(CHINA, before, SHANGHAI)) == "Sun 2026-02-22 10:00"
    assert told(last_allowed(CHINA, at("2026-02-21 12:00"), SHANGHAI)) == "Sun 2026-02-15 12:00"


def test_a_working_day_that_was_moved_to_a_saturday_has_a_monday_s_hours():
    assert allowed(CHINA, at("2026-02-28 19:00"), SHANGHAI)
    assert not allowed(CHINA, at("2026-03-07 11:00"), SHANGHAI), "other Saturdays have none"


def test_a_holiday_may_be_as_a_sunday():
    sunday = Hours(weekly=CHINA.weekly, holidays="as_sunday", country="CN")
    assert allowed(sunday, at("2026-10-01 11:00"), SHANGHAI)
    assert not allowed(sunday, at("2026-10-01 15:00"), SHANGHAI)


def test_without_a_rule_the_calendar_is_not_asked():
    usual = Hours(weekly=CHINA.weekly, country="CN")
    assert allowed(usual, at("2026-10-01 15:00"), SHANGHAI)
    assert not allowed(usual, at("2026-10-10 15:00"), SHANGHAI), "a moved working day is a Saturday then"


def test_single_days_go_before_the_calendar():
    hours = Hours(
        weekly=CHINA.weekly,
        holidays="closed",
        country="CN",
        closed=(date(2026, 11, 23),),
        working=(date(2026, 10, 1),),
    )
    assert not allowed(hours, at("2026-11-23 12:00"), SHANGHAI)
    assert allowed(hours, at("2026-10-01 15:00"), SHANGHAI)


# --- compared with counting minutes ----------------------------------------------------------------------------------

# Moments at which clocks did strange things, and quiet ones.
STRANGE = [
    ("Europe/Berlin", "2026-03-29 01:30"),
    ("Europe/Berlin", "2026-10-25 01:30"),
    ("America/New_York", "2026-11-01 00:30"),
    ("America/Sao_Paulo", "2018-11-03 23:30"),  # at midnight: the day begins at 01:00
    ("America/Havana", "2026-11-01 00:30"),
    ("Australia/Lord_Howe", "2026-04-05 01:10"),  # by half an hour
    ("Pacific/Apia", "2011-12-29 22:00"),  # a day left out
    ("Pacific/Chatham", "2026-09-27 02:00"),
    ("Africa/Casablanca", "2026-02-15 02:30"),  # Ramadan
    ("Asia/Kathmandu", "2026-05-05 12:00"),
    ("Asia/Shanghai", "2026-02-14 18:00"),
    ("Antarctica/Troll", "2026-03-29 00:30"),  # by two hours
    ("UTC", "2026-06-30 23:00"),
]
_MINUTES = st.one_of(st.integers(0, DAY - 1), st.sampled_from([0, 60, 90, 120, 150, 180, 1380, 1439]))
_SPANS = st.tuples(_MINUTES, st.one_of(st.integers(1, DAY), st.sampled_from([1, 30, 60, DAY]))).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)
_WEEKS = st.lists(st.lists(_SPANS, max_size=3), min_size=7, max_size=7)


@settings(max_examples=60, deadline=None)
@given(
    week=_WEEKS,
    where=st.sampled_from(STRANGE),
    moved=st.integers(-36 * 60, 36 * 60),
    past=st.sampled_from([0, 1, 12_345, 59_999]),
    closes=st.sets(st.integers(-2, 3), max_size=2),
)
def test_the_calculation_agrees_with_counting_minutes(week, where, moved, past, closes):
    zone = ZoneInfo(where[0])
    now = at(where[1], zone) + moved * MINUTE + past
    closed = frozenset(wall(now, zone).date() + timedelta(days=count) for count in closes)
    slow = Slow(week, now, zone, 2, closed)
    weekly: Week = tuple(tuple(Span(begin=b, end=e) for b, e in spans) for spans in week)  # type: ignore[assignment]
    hours = Hours(weekly=weekly, closed=tuple(sorted(closed)))
    assert allowed(hours, now, zone) == slow.allowed(now)
    _same(next_allowed(hours, now, zone), slow.next_allowed(now), now)
    _same(last_allowed(hours, now, zone), slow.last_allowed(now), now)


def _same(fast: int | None, slow: int | None, now: int) -> None:
    """The slow one does not look far: what the fast one finds beyond that it has to find by itself."""
    assert fast == slow if slow is not None else fast is None or abs(fast - now) > 40 * HOUR

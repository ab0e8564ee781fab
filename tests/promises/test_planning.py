"""The moments of a new promise: exact where that was said, and never later than its deadline."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.errors import BadValue
from callserver.promises.defaults import DAYTIME, DEFAULTS
from callserver.promises.hours import Hours, Span, allowed, every_day
from callserver.promises.planning import Planned, Window, plan, reminders
from callserver.promises.policy import Policy
from tests.promises.samples import BERLIN, DAY, HOUR, MINUTE, MONDAY, SHANGHAI, at, told

OFFICE = Hours(weekly=every_day(Span(begin=9 * 60, end=20 * 60)))
VISIT = replace(DEFAULTS["return_visit"], hours=OFFICE)


def said(planned: Planned, zone: ZoneInfo = SHANGHAI) -> tuple[str | None, str | None]:
    """When it is due, and its deadline."""
    return told(planned.due_at, zone), told(planned.deadline_at, zone)


# --- the table of the defaults ---------------------------------------------------------------------------------------


def test_watching_a_product_is_due_at_30_minutes_exactly():
    planned = plan(DEFAULTS["watch"], MONDAY + 123, SHANGHAI)
    assert planned.due_at == MONDAY + 123 + 30 * MINUTE == planned.earliest_at
    assert planned.deadline_at == MONDAY + 123 + 60 * MINUTE


def test_a_missed_call_is_due_in_five_minutes_and_late_after_two_hours_also_at_night():
    night = at("2026-11-23 02:00")
    planned = plan(DEFAULTS["callback"], night, SHANGHAI)
    assert planned.due_at == night + 5 * MINUTE
    assert planned.deadline_at == night + 2 * HOUR


def test_a_return_visit_is_due_a_day_later_at_an_allowed_hour_and_within_72_hours():
    assert said(plan(VISIT, MONDAY, SHANGHAI)) == ("Tue 2026-11-24 14:00", "Thu 2026-11-26 14:00")
    evening = at("2026-11-23 20:30")
    assert said(plan(VISIT, evening, SHANGHAI)) == ("Wed 2026-11-25 09:00", "Thu 2026-11-26 20:00")


def test_a_requested_call_is_due_at_the_time_the_customer_chose():
    chosen = at("2026-11-24 22:30")
    planned = plan(DEFAULTS["requested"], MONDAY, SHANGHAI, named_at=chosen)
    assert (planned.due_at, planned.earliest_at) == (chosen, chosen)
    assert planned.deadline_at == chosen + 15 * MINUTE


def test_a_reminder_has_its_window():
    window = Window(begin_at=at("2027-05-01 00:00"), end_at=at("2027-05-31 00:00"))
    planned = plan(DEFAULTS["reminder"], MONDAY, SHANGHAI, window=window)
    assert said(planned) == ("Sat 2027-05-01 10:00", "Sun 2027-05-30 19:00")


# --- hours -----------------------------------------------------------------------------------------------------------


def test_a_deadline_outside_the_hours_moves_earlier_and_never_later():
    callback = replace(DEFAULTS["callback"], hours=OFFICE)
    planned = plan(callback, at("2026-11-23 19:00"), SHANGHAI)
    assert said(planned) == ("Mon 2026-11-23 19:05", "Mon 2026-11-23 20:00")


def test_what_would_be_due_after_the_last_allowed_hour_is_due_before_it():
    callback = replace(DEFAULTS["callback"], hours=OFFICE)
    planned = plan(callback, at("2026-11-23 19:58"), SHANGHAI)
    assert said(planned) == ("Mon 2026-11-23 19:58", "Mon 2026-11-23 20:00")
    assert planned.earliest_at == planned.due_at


def test_before_spring_festival_a_return_visit_moves_to_the_days_before_it():
    closed = replace(VISIT, hours=replace(DAYTIME, holidays="closed"))
    planned = plan(closed, at("2026-02-15 14:00"), SHANGHAI)  # the holidays begin on the next day
    assert said(planned) == ("Sun 2026-02-15 14:00", "Sun 2026-02-15 19:00")


def test_where_no_moment_in_time_is_allowed_nothing_moves_and_it_says_so():
    callback = replace(DEFAULTS["callback"], hours=OFFICE)
    planned = plan(callback, at("2026-11-23 23:00"), SHANGHAI)
    assert not planned.fits
    assert planned.due_at == at("2026-11-23 23:05")
    assert planned.deadline_at == at("2026-11-24 01:00")


def test_an_exact_moment_stays_also_outside_the_hours():
    watch = replace(DEFAULTS["watch"], hours=OFFICE)
    late = plan(watch, at("2026-11-23 19:20"), SHANGHAI)
    assert said(late) == ("Mon 2026-11-23 19:50", "Mon 2026-11-23 20:00")
    night = plan(watch, at("2026-11-23 19:45"), SHANGHAI)
    assert said(night) == ("Mon 2026-11-23 20:15", "Mon 2026-11-23 20:45")
    assert not night.fits


def test_the_customer_s_zone_decides_not_ours():
    planned = plan(VISIT, MONDAY, BERLIN)  # there it is 07:00
    assert told(planned.due_at, BERLIN) == "Tue 2026-11-24 09:00"
    assert told(planned.deadline_at, BERLIN) == "Wed 2026-11-25 20:00"


# --- bad input -------------------------------------------------------------------------------------------------------


def test_a_window_that_ends_before_it_begins_is_refused():
    with pytest.raises(BadValue, match=r"window\.end_at"):
        plan(DEFAULTS["survey"], MONDAY, SHANGHAI, window=Window(begin_at=MONDAY + DAY, end_at=MONDAY))


def test_a_time_that_is_over_is_refused():
    with pytest.raises(BadValue, match="over already"):
        plan(DEFAULTS["requested"], MONDAY, SHANGHAI, named_at=MONDAY - HOUR)


def test_a_window_that_began_already_is_due_now():
    window = Window(begin_at=MONDAY - 30 * DAY, end_at=MONDAY + 2 * DAY)
    planned = plan(DEFAULTS["reminder"], MONDAY, SHANGHAI, window=window)
    assert planned.due_at == MONDAY == planned.earliest_at


# --- appointments ----------------------------------------------------------------------------------------------------


def test_an_appointment_is_reminded_of_on_the_evening_before_and_two_hours_before():
    appointment = at("2026-11-26 15:00")
    evening, soon = reminders(DEFAULTS["appointment"], MONDAY, SHANGHAI, appointment)
    assert said(evening) == ("Wed 2026-11-25 18:00", "Thu 2026-11-26 13:00")
    assert said(soon) == ("Thu 2026-11-26 13:00", "Thu 2026-11-26 15:00")


def test_an_appointment_at_dawn_is_reminded_of_on_the_evening_only():
    (evening,) = reminders(DEFAULTS["appointment"], MONDAY, SHANGHAI, at("2026-11-26 06:30"))
    assert said(evening) == ("Wed 2026-11-25 18:00", "Wed 2026-11-25 21:00")


def test_an_appointment_of_the_same_day_has_no_evening_before():
    (soon,) = reminders(DEFAULTS["appointment"], MONDAY, SHANGHAI, at("2026-11-23 19:00"))
    assert said(soon) == ("Mon 2026-11-23 17:00", "Mon 2026-11-23 19:00")


@pytest.mark.parametrize("in_hours", [-1, 0, 1])
def test_an_appointment_that_is_soon_or_over_needs_no_reminder(in_hours):
    assert reminders(DEFAULTS["appointment"], MONDAY, SHANGHAI, MONDAY + in_hours * HOUR) == ()


def test_an_evening_outside_the_hours_is_the_last_hour_inside():
    early = replace(DEFAULTS["appointment"], hours=Hours(weekly=every_day(Span(begin=480, end=17 * 60))))
    evening, _soon = reminders(early, MONDAY, SHANGHAI, at("2026-11-26 15:00"))
    assert told(evening.due_at) == "Wed 2026-11-25 16:00"


# --- whatever the policy ---------------------------------------------------------------------------------------------

_SPAN = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(
    lambda two: Span(begin=two[0], end=two[0] + two[1])
)
_DAY_SPANS = st.lists(_SPAN, max_size=2).map(tuple)
_WEEK = st.tuples(*[_DAY_SPANS] * 7).filter(any)
_HOURS = st.builds(
    Hours,
    weekly=_WEEK,
    holidays=st.sampled_from(["as_usual", "closed", "as_sunday"]),
    country=st.sampled_from(["", "CN"]),
    closed=st.lists(st.dates(date(2026, 3, 27), date(2026, 4, 3)), max_size=2).map(tuple),
)
_ZONES = st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    due = draw(st.integers(0, 4 * DAY))
    return replace(
        VISIT,
        hours=draw(_HOURS),
        due_ms=due,
        earliest_ms=draw(st.integers(0, due)),
        deadline_ms=due + draw(st.integers(1, 4 * DAY)),
    )


@settings(max_examples=80, deadline=None)
@given(policy=policies(), zone=_ZONES, moved=st.integers(-10 * DAY, 10 * DAY))
def test_no_promise_is_ever_planned_later_than_its_policy_says(policy, zone, moved):
    made = at("2026-03-29 00:00", BERLIN) + moved
    planned = plan(policy, made, zone)
    assert planned.earliest_at <= planned.due_at < planned.deadline_at <= made + policy.deadline_ms
    assert planned.due_at >= made
    if planned.fits:
        assert allowed(policy.hours, planned.due_at, zone)
        assert allowed(policy.hours, planned.deadline_at - 1, zone)
    else:
        step = 10 * MINUTE
        moments = range(made, planned.deadline_at, step)
        assert not any(allowed(policy.hours, moment, zone) for moment in moments)

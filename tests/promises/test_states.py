"""The table of a promise's statuses."""

from __future__ import annotations

import pytest

from callserver.promises.states import HAPPENINGS, TRANSITIONS, Illegal, froms, may, step
from callserver.tickets.promise import MACHINE_MAY, OPEN, PROMISE_STATUSES, SETTLED


@pytest.mark.parametrize(
    ("begin", "events", "end"),
    [
        ("planned", "come due, reserve, dial, answer, keep", "kept"),
        ("planned", "come due, dial, fail, dial, lose sight, fail, break, dial, answer, keep", "kept"),
        ("due", "dial, break, fail late, withdraw", "withdrawn"),
        ("due", "reserve, let go, move", "planned"),
        ("in_call", "lose sight, keep", "kept"),
    ],
)
def test_a_promise_goes_its_way(begin, events, end):
    status = begin
    for event in events.split(", "):
        status = step(status, event)
    assert status == end


def test_every_status_and_every_event_is_in_the_table_and_no_step_twice():
    assert {one.event for one in TRANSITIONS} == set(HAPPENINGS)
    assert {one.to for one in TRANSITIONS} == set(PROMISE_STATUSES)
    assert len({(one.at, one.event) for one in TRANSITIONS}) == len(TRANSITIONS)


def test_what_is_over_stays_over():
    assert not [one for one in TRANSITIONS if one.at in SETTLED]


def test_whatever_is_open_can_be_kept_and_withdrawn():
    assert set(froms("keep")) == OPEN == set(froms("withdraw"))


def test_nothing_is_dialled_whose_last_outcome_is_unknown():
    assert not may("unknown", "dial")
    assert not may("unknown", "reserve")
    with pytest.raises(Illegal, match="of unknown outcome cannot be dialled"):
        step("unknown", "dial")


def test_nothing_is_dialled_twice_at_a_time():
    assert not may("dialling", "dial")
    assert not may("in_call", "dial")


def test_the_machinery_may_dial_what_an_agent_may_who_has_it_on_the_screen():
    assert set(froms("dial")) == MACHINE_MAY | {"reserved"}
    assert set(froms("reserve")) == MACHINE_MAY


@pytest.mark.parametrize("status", sorted(OPEN - {"broken", "in_call"}))
def test_a_deadline_passes_whatever_happens(status):
    assert step(status, "break") in ("broken", status)

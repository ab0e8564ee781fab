"""Why a promise is not dialled now: each rule, and which of them is said first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from callserver.promises.defaults import DEFAULTS
from callserver.promises.holding import RULES, explain, held
from callserver.promises.hours import Hours, Span, every_day
from tests.promises.samples import BERLIN, HOUR, MINUTE, MONDAY, SECOND, look, promise, told

CALLBACK = DEFAULTS["callback"]
OFFICE = Hours(weekly=every_day(Span(begin=9 * 60, end=20 * 60)))
NIGHT = Hours(weekly=every_day(Span(begin=22 * 60, end=26 * 60)))


def code(**changed: Any) -> str | None:
    found = held(look(**changed))
    return None if found is None else found.code


def again(**changed: Any) -> str | None:
    found = held(look(**changed))
    return None if found is None else told(found.again_at)


def test_with_nothing_in_the_way_it_is_dialled():
    assert held(look()) is None


@pytest.mark.parametrize("status", ["planned", "due", "to_retry", "broken"])
def test_whatever_the_machinery_may_take_is_taken(status):
    assert code(promise=promise(status=status)) is None


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        ("kept", "settled"),
        ("withdrawn", "settled"),
        ("reserved", "in_hands"),
        ("dialling", "in_hands"),
        ("in_call", "in_hands"),
        ("unknown", "outcome_unknown"),
    ],
)
def test_what_is_over_in_hands_or_unknown_is_left_alone(status, rule):
    assert code(promise=promise(status=status)) == rule


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"dialling_paused": True}, "dialling_paused"),
        ({"kind_paused": True}, "kind_paused"),
        ({"ticket_open": False}, "ticket_over"),
        ({"customer_state": "erased"}, "customer_gone"),
        ({"customer_state": "merged"}, "customer_gone"),
        ({"do_not_call": True}, "do_not_call"),
        ({"number_ok": False}, "no_number"),
        ({"used_up": True}, "used_up"),
    ],
)
def test_what_only_a_person_can_end_has_no_time_of_its_own(changed, rule):
    found = held(look(**changed))
    assert found is not None
    assert (found.code, found.again_at) == (rule, None)


def test_a_number_whose_customer_nobody_knows_is_dialled():
    assert code(customer_state=None) is None


def test_it_waits_for_its_time():
    later = promise(earliest_at=MONDAY + HOUR, due_at=MONDAY + 2 * HOUR, deadline_at=MONDAY + 3 * HOUR)
    assert code(promise=later) == "too_early"
    assert again(promise=later) == "Mon 2026-11-23 15:00"
    assert code(promise=later, now=MONDAY + HOUR) == "not_due"
    assert again(promise=later, now=MONDAY + HOUR) == "Mon 2026-11-23 16:00"
    assert code(promise=later, now=MONDAY + 2 * HOUR) is None


def test_its_next_attempt_is_waited_for():
    assert again(retry_at=MONDAY + 5 * MINUTE) == "Mon 2026-11-23 14:05"


def test_after_the_deadline_it_depends_on_the_policy():
    late = {"now": MONDAY + 3 * HOUR, "promise": promise(status="broken")}
    assert code(**late) is None
    assert code(**late, policy=replace(CALLBACK, after_broken=False)) == "past_deadline"


def test_outside_the_customer_s_hours_it_waits_for_the_next_ones():
    assert code(policy=replace(CALLBACK, hours=OFFICE)) is None
    assert code(policy=replace(CALLBACK, hours=OFFICE), zone=BERLIN) == "outside_hours"  # 07:00 there
    assert again(policy=replace(CALLBACK, hours=NIGHT)) == "Mon 2026-11-23 22:00"


def test_zone_rules_that_changed_since_count_as_they_are_now():
    """A promise is kept in UTC; hours are asked for at the moment of dialling, by the zone of that moment."""
    fixed = datetime.fromisoformat("2026-11-23T14:00:00+00:00").tzinfo
    assert code(policy=replace(CALLBACK, hours=OFFICE), zone=fixed) == "outside_hours"


def test_as_many_calls_of_a_kind_as_its_policy_allows():
    two = replace(CALLBACK, at_once=2)
    assert code(policy=two, at_once=1) is None
    found = held(look(policy=two, at_once=2))
    assert found is not None
    assert found.again_at == MONDAY + 5 * SECOND


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"switch_seen": False}, "no_switch"),
        ({"trunk_busy": True}, "trunk_busy"),
        ({"waiting_past_target": 1}, "callers_first"),
        ({"free_agents": 0}, "nobody_free"),
    ],
)
def test_what_is_full_at_the_moment_is_looked_at_again_soon(changed, rule):
    found = held(look(**changed))
    assert found is not None
    assert (found.code, found.again_at) == (rule, MONDAY + 5 * SECOND)


def test_an_automatic_call_needs_no_agent_and_takes_nobody_s():
    assert code(promise=promise(mode="automatic"), free_agents=0, waiting_past_target=5) is None


# --- whose it is -----------------------------------------------------------------------------------------------------

WATCH = {"promise": promise(kind="watch")}


@pytest.mark.parametrize("state", ["busy", "paused", "absent"])
def test_an_owner_who_cannot_take_it_now_is_waited_for_a_while(state):
    assert code(**WATCH, owner_state=state) == "owner_first"
    assert code(**WATCH, owner_state=state, now=MONDAY + 5 * MINUTE - 1) == "owner_first"
    assert code(**WATCH, owner_state=state, now=MONDAY + 5 * MINUTE) is None


@pytest.mark.parametrize("state", ["gone", "free", None])
def test_an_owner_who_is_gone_or_free_or_missing_holds_nothing_up(state):
    assert code(**WATCH, owner_state=state) is None


def test_a_kind_of_the_team_s_does_not_wait_for_its_owner():
    assert code(owner_state="paused") is None


def test_what_is_only_shown_waits_for_the_agent_s_key():
    assert code(policy=replace(CALLBACK, offer="show")) == "shown"
    assert code(policy=replace(CALLBACK, offer="show"), promise=promise(mode="automatic")) is None


# --- explained -------------------------------------------------------------------------------------------------------


def test_what_only_a_person_can_end_is_said_before_what_time_ends():
    order = [rule.code for rule in RULES]
    assert order.index("do_not_call") < order.index("outside_hours") < order.index("nobody_free")
    everything = look(do_not_call=True, free_agents=0, zone=BERLIN, policy=replace(CALLBACK, hours=OFFICE))
    assert [line.code for line in explain(everything) if line.holds] == [
        "do_not_call",
        "outside_hours",
        "nobody_free",
    ]


def test_an_explanation_has_every_rule_with_its_answer():
    lines = explain(look(free_agents=0))
    assert [line.code for line in lines] == [rule.code for rule in RULES]
    assert [line.code for line in lines if line.holds] == ["nobody_free"]


@pytest.mark.parametrize("status", ["kept", "reserved", "dialling"])
def test_what_is_over_or_in_hands_has_one_line(status):
    (line,) = explain(look(promise=promise(status=status)))
    assert (line.holds, line.args) == (True, {"status": status})

"""What an attempt came to: by records of real calls, and by those that no trace has yet."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.promises.judging import outcome
from tests.calls.traces import records, trace, whole

OURS = "callserver-1-a"
THEIRS = "1795289156.7"


# --- calls that a real Asterisk made ---------------------------------------------------------------------------------


@pytest.mark.parametrize("asterisk", ["16", "22"])
@pytest.mark.parametrize(
    ("scenario", "mode", "came_to"),
    [
        ("originate-agent-first-answered", "agent_first", "talked"),
        ("originate-agent-first-busy", "agent_first", "busy"),
        ("originate-agent-first-noanswer", "agent_first", "agent_no_answer"),
        ("originate-agent-first-rejected", "agent_first", "agent_no_answer"),
        ("originate-customer-first-answered", "customer_first", "talked"),
        ("originate-customer-first-busy", "customer_first", "busy"),
        ("originate-customer-first-noanswer", "customer_first", "no_answer"),
        ("originate-customer-first-rejected", "customer_first", "rejected"),
        ("originate-customer-first-busy", "automatic", "busy"),
    ],
)
def test_a_recorded_call_came_to(asterisk, scenario, mode, came_to):
    (record,) = records(whole(trace(f"{asterisk}/{scenario}")))
    assert outcome(mode, record["legs"][0]["leg"], record) == came_to


# --- calls as they may be --------------------------------------------------------------------------------------------


def leg(name: str, answered: bool = True, cause: int | None = 16) -> dict[str, Any]:
    return {"leg": name, "answered_at": "2026-11-23T06:00:00.000Z" if answered else None, "cause": cause}


def call(*legs: dict[str, Any], talked: bool = False, **changed: Any) -> dict[str, Any]:
    talk = {"who": {"leg": OURS}, "with": [{"leg": THEIRS}]}
    record = {"open": False, "gap": False, "outcome": "failed", "sources": ["ami"], "legs": list(legs)}
    return {**record, "talks": [talk] if talked else [], "queue_visits": [], "dial_result": None, **changed}


def test_another_call_tells_nothing():
    assert outcome("agent_first", OURS, call(leg(THEIRS), talked=True)) is None


def test_a_call_that_goes_on_tells_nothing_yet():
    assert outcome("agent_first", OURS, call(leg(OURS), leg(THEIRS), talked=True, open=True)) is None


def test_a_talk_among_others_is_not_ours():
    others = {"who": {"leg": "a"}, "with": [{"leg": "b"}]}
    assert outcome("customer_first", OURS, call(leg(OURS), talks=[others])) == "no_agent"


def test_alone_in_a_bridge_nobody_talked():
    alone = {"who": {"leg": OURS}, "with": []}
    assert outcome("customer_first", OURS, call(leg(OURS), talks=[alone])) == "no_agent"


def test_an_agent_who_hung_up_before_anybody_was_dialled_rang_nobody():
    assert outcome("agent_first", OURS, call(leg(OURS))) == "agent_no_answer"


@pytest.mark.parametrize(
    ("cause", "dial_result", "came_to"),
    [
        (17, "busy", "busy"),
        (21, "failed", "rejected"),
        (19, "no_answer", "no_answer"),
        (0, "no_answer", "no_answer"),
        (1, "failed", "failed"),
        (1, "no_answer", "failed"),  # Originate said so first
        (16, None, "no_answer"),  # the agent hung up while it rang
        (None, None, "no_answer"),
    ],
)
@pytest.mark.parametrize("mode", ["agent_first", "customer_first", "automatic"])
def test_who_did_not_answer_is_told_by_the_network_s_cause(mode, cause, dial_result, came_to):
    customer = leg(THEIRS if mode == "agent_first" else OURS, answered=False, cause=cause)
    legs = [leg(OURS), customer] if mode == "agent_first" else [customer]
    assert outcome(mode, OURS, call(*legs, dial_result=dial_result)) == came_to


@pytest.mark.parametrize(
    ("mode", "changed", "came_to"),
    [
        ("automatic", {"keys": [{"menu": "survey", "key": "5"}]}, "played"),
        ("automatic", {"heard": ["played"]}, "played"),
        ("automatic", {"heard": ["human", "played"]}, "played"),
        ("automatic", {"heard": ["machine"]}, "machine"),
        ("automatic", {"heard": ["human", "silent"]}, "silent"),
        ("automatic", {"heard": ["human"]}, "silent"),
        ("automatic", {}, "silent"),
        (
            "automatic",
            {"keys": [{"menu": "survey", "key": "0"}], "queue_visits": [{"queue": "repair"}]},
            "no_agent",
        ),
        ("customer_first", {"queue_visits": [{"queue": "repair"}]}, "no_agent"),
        ("customer_first", {"heard": ["machine"]}, "machine"),
    ],
)
def test_who_answered_is_told_by_what_they_heard_and_pressed(mode, changed, came_to):
    assert outcome(mode, OURS, call(leg(OURS), **changed)) == came_to


def test_who_pressed_0_and_talked_has_talked():
    keys = [{"menu": "survey", "key": "0"}]
    assert outcome("automatic", OURS, call(leg(OURS), leg(THEIRS), talked=True, keys=keys)) == "talked"


# --- calls that we did not see to their end --------------------------------------------------------------------------


def test_a_gap_tells_nothing_but_a_talk_that_was_seen():
    assert outcome("customer_first", OURS, call(leg(OURS), gap=True)) is None
    assert outcome("customer_first", OURS, call(leg(OURS), leg(THEIRS), gap=True, talked=True)) == "talked"


def test_an_outcome_that_nobody_knows_is_none():
    assert outcome("customer_first", OURS, call(leg(OURS, answered=False), outcome="unknown")) is None


def test_what_cel_filled_in_counts():
    gap: dict[str, Any] = {"gap": True, "sources": ["ami", "cel"]}
    assert outcome("customer_first", OURS, call(leg(OURS, answered=False, cause=17), **gap)) == "busy"
    assert outcome("customer_first", OURS, call(leg(OURS), **gap)) == "no_agent"


def test_keys_that_only_we_would_have_heard_are_not_guessed_from_cel():
    gap: dict[str, Any] = {"gap": True, "sources": ["cel"]}
    assert outcome("automatic", OURS, call(leg(OURS), **gap)) is None
    assert (
        outcome("automatic", OURS, call(leg(OURS), **gap, keys=[{"menu": "survey", "key": "4"}])) == "played"
    )

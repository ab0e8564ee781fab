"""Policies: what is shipped, what an administrator may make of it, and what is refused with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from callserver.errors import BadValues
from callserver.promises.defaults import DAYTIME, DEFAULTS
from callserver.promises.hours import Hours, Span, every_day
from callserver.promises.outcomes import OUTCOMES, RETRIED
from callserver.promises.policy import Policy, Retry, check
from callserver.tickets.promise import PROMISE_KINDS
from tests.promises.samples import DAY, HOUR, MINUTE

VISIT = DEFAULTS["return_visit"]


def problems(policy: Policy) -> dict[str, str]:
    with pytest.raises(BadValues) as caught:
        check(policy)
    return dict(caught.value.problems)


def test_there_is_a_policy_for_every_kind_and_each_can_be_worked_by():
    assert tuple(sorted(DEFAULTS)) == tuple(sorted(PROMISE_KINDS))
    for kind, policy in DEFAULTS.items():
        assert check(policy).kind == kind
        assert policy.version == 0


@pytest.mark.parametrize(
    ("kind", "due", "deadline", "mode", "first"),
    [
        ("watch", 30 * MINUTE, 60 * MINUTE, "agent_first", "owner"),
        ("return_visit", 24 * HOUR, 72 * HOUR, "agent_first", "team"),
        ("callback", 5 * MINUTE, 2 * HOUR, "agent_first", "team"),
        ("requested", 0, 15 * MINUTE, "agent_first", "owner"),
        ("appointment", -2 * HOUR, 0, "automatic", "team"),
        ("reminder", DAY, 14 * DAY, "automatic", "team"),
        ("survey", DAY, 14 * DAY, "automatic", "team"),
    ],
)
def test_what_is_shipped_is_what_the_hotline_promises(kind, due, deadline, mode, first):
    policy = DEFAULTS[kind]
    assert (policy.due_ms, policy.deadline_ms, policy.mode, policy.first) == (due, deadline, mode, first)


def test_only_the_return_visit_s_deadline_is_hard():
    assert [kind for kind, policy in DEFAULTS.items() if policy.hard] == ["return_visit"]


def test_nothing_is_retried_that_was_kept_or_is_unknown():
    assert set(OUTCOMES) - set(RETRIED) == {"talked", "played", "unknown"}
    for policy in DEFAULTS.values():
        assert set(policy.retries) == set(RETRIED)


def test_a_policy_that_never_allows_an_hour_is_refused():
    never = replace(VISIT, hours=Hours(weekly=every_day()))
    assert "never allows an hour" in problems(never)["hours.weekly"]


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"deadline_ms": VISIT.due_ms}, "deadline_ms", "not after"),
        ({"deadline_ms": 500 * DAY}, "deadline_ms", "400 days"),
        ({"earliest_ms": VISIT.due_ms + 1}, "earliest_ms", "after the call is due"),
        ({"pass_on_ms": -1}, "pass_on_ms", "between 0"),
        ({"evening": 1440}, "evening", "minute of a day"),
        ({"most_tries": 0}, "most_tries", "between 1"),
        ({"at_once": 0}, "at_once", "pause the kind"),
        ({"per_trunk": 10_001}, "per_trunk", "10,000"),
        ({"retries": {"busy": Retry(delay_ms=10, times=1)}}, "retries.busy.delay_ms", "a second"),
        ({"retries": {"busy": Retry(delay_ms=MINUTE, times=51)}}, "retries.busy.times", "50"),
        ({"retries": {"talked": Retry(delay_ms=MINUTE, times=1)}}, "retries.talked", "nothing that is tried"),
        ({"mode": "automatic", "prompt": ""}, "prompt", "something to say"),
        ({"prompt": "../../etc/passwd"}, "prompt", "no name"),
        ({"caller_id": "400\r\nAction: Originate"}, "caller_id", "digits"),
        ({"queue": "re|pair"}, "queue", "no name"),
        ({"queue": "a\x00b"}, "queue", "no name"),
        ({"script": {"fr": "bonjour"}}, "script.fr", "no language"),
        ({"script": {"en": "x" * 501}}, "script.en", "longer than 500"),
        ({"hours": replace(DAYTIME, country="XX")}, "hours.country", "no country"),
        (
            {"hours": replace(DAYTIME, closed=(date(2026, 5, 1),), working=(date(2026, 5, 1),))},
            "hours.working",
            "closed",
        ),
    ],
)
def test_a_value_that_cannot_be_worked_by_is_refused_by_its_name(changed: dict[str, Any], field, why):
    assert why in problems(replace(VISIT, **changed))[field]


@pytest.mark.parametrize(
    ("span", "why"),
    [
        ((1440, 1500), "outside its day"),
        ((-1, 5), "outside"),
        ((600, 600), "before it begins"),
        ((5, 1446), "longer"),
    ],
)
def test_a_span_that_is_none_is_refused_with_its_place(span, why):
    begin, end = span
    week = (*every_day()[:6], (Span(begin=540, end=600), Span(begin=begin, end=end)))
    assert why in problems(replace(VISIT, hours=Hours(weekly=week)))["hours.weekly[6][1]"]


def test_everything_that_is_wrong_is_said_at_once():
    assert set(problems(replace(VISIT, most_tries=0, at_once=0, deadline_ms=0))) == {
        "most_tries",
        "at_once",
        "deadline_ms",
    }

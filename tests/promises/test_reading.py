"""Policies as JSON: there and back, and every value that somebody may have made up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.errors import BadValue, BadValues
from callserver.promises.defaults import DEFAULTS
from callserver.promises.policy import Retry
from callserver.promises.reading import from_json, to_json


def problems(body: Any) -> dict[str, str]:
    with pytest.raises(BadValues) as caught:
        from_json(body)
    return dict(caught.value.problems)


@pytest.mark.parametrize("kind", DEFAULTS)
def test_a_policy_comes_back_from_its_json(kind):
    policy = DEFAULTS[kind].changed(3)
    assert from_json(json.loads(json.dumps(to_json(policy)))) == policy


def test_what_is_not_said_is_as_it_is_shipped():
    assert from_json({"kind": "watch", "most_tries": 2}) == replace(DEFAULTS["watch"], most_tries=2)


def test_a_field_of_another_version_is_no_mistake():
    assert from_json({"kind": "watch", "moon": "full"}) == DEFAULTS["watch"]


def test_a_retry_without_an_end_stays_one():
    read = from_json({"kind": "watch", "retries": {"busy": {"delay_ms": 60_000, "times": None}}})
    assert read.retries == {"busy": Retry(delay_ms=60_000, times=None)}


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"kind": "moon"}, "kind", "must be one of callback"),
        ({"mode": "telepathy"}, "mode", "agent_first"),
        ({"due_ms": "soon"}, "due_ms", "whole number"),
        ({"due_ms": True}, "due_ms", "whole number"),
        ({"due_ms": 1.5}, "due_ms", "whole number"),
        ({"hard": 1}, "hard", "true or false"),
        ({"first": "anybody"}, "first", "owner, team"),
        ({"offer": None}, "offer", "ring, show"),
        ({"caller_id": 400}, "caller_id", "must be text"),
        ({"script": []}, "script", "must be an object"),
        ({"script": {"en": 5}}, "script.en", "must be text"),
        ({"retries": {"bored": {}}}, "retries", "must be one of busy"),
        ({"retries": {"busy": {"times": 1}}}, "retries.busy.delay_ms", "whole number"),
        ({"hours": "always"}, "hours", "must be an object"),
        ({"hours": {"weekly": []}}, "hours.weekly", "seven lists"),
        ({"hours": {"weekly": [[{"begin": 1}], [], [], [], [], [], []]}}, "hours.weekly[0][0].end", "whole"),
        ({"hours": {"weekly": [[]] * 7, "holidays": "maybe"}}, "hours.holidays", "as_usual"),
        ({"hours": {"weekly": [[]] * 7, "closed": ["tomorrow"]}}, "hours.closed[0]", "must be a day"),
        ({"hours": {"weekly": [[]] * 7, "closed": ["2026-01-01"] * 401}}, "hours.closed", "more than 400"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(changed, field, why):
    assert why in problems({"kind": "watch", **changed})[field]


def test_a_policy_that_can_be_read_is_checked_too():
    assert "never allows" in problems({"kind": "watch", "hours": {"weekly": [[]] * 7}})["hours.weekly"]


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from([*to_json(DEFAULTS["watch"]), "x"])


@settings(max_examples=50, deadline=None)
@given(
    body=_ANYTHING | st.dictionaries(_FIELDS, _ANYTHING, max_size=4).map(lambda one: {"kind": "watch", **one})
)
def test_nothing_that_is_sent_breaks_the_reader(body):
    try:
        assert from_json(body).kind == "watch"
    except BadValue as error:
        assert error.why

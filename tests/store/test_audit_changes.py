"""What the audit keeps of a setting's change."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.store.audit_changes import CUT, LONGEST, MOST, NOTHING, changed

PLAIN = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)
SETTINGS = st.dictionaries(st.sampled_from(["title", "hours", "names"]), PLAIN)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"title": "a", "kind": "x"}, {"title": "b", "kind": "x"}, {"title": ["a", "b"]}),
        ({"hours": {"mon": 1, "tue": 2}}, {"hours": {"mon": 1, "tue": 3}}, {"hours.tue": [2, 3]}),
        ({"queues": ["a", "b"]}, {"queues": ["b"]}, {"queues": [["a", "b"], ["b"]]}),
        (NOTHING, {"name": "crm", "until": None}, {"name": [None, "crm"]}),
        ({"name": "crm"}, NOTHING, {"name": ["crm", None]}),
        (
            {"fields": [{"name": "fault", "most": 1}, {"name": "place", "most": 2}]},
            {"fields": [{"name": "place", "most": 2}, {"name": "fault", "most": 3}]},
            {"fields[fault].most": [1, 3]},
        ),
        ({"parts": [{"name": "a", "n": 1}, {"name": "a", "n": 2}]}, {"parts": []},
         {"parts": [[{"name": "a", "n": 1}, {"name": "a", "n": 2}], []]}),
        ({"headers": {}}, {"headers": {"X-A": "*"}}, {"headers": [{}, None], "headers.X-A": [None, "*"]}),
    ],
)  # fmt: skip
def test_only_what_differs_is_told_with_what_it_was_and_is(
    before: dict[str, Any], after: dict[str, Any], told: dict[str, Any]
) -> None:
    assert changed(before, after) == {"changed": told}


def test_a_long_value_is_cut_and_too_many_fields_are_not_all_told() -> None:
    [(was, is_)] = changed({"text": "x"}, {"text": "y" * 10_000})["changed"].values()
    assert (was, len(is_), is_[-1]) == ("x", LONGEST + 1, CUT)
    assert len(changed(NOTHING, {str(n): n + 1 for n in range(1_000)})["changed"]) == MOST


@given(SETTINGS)
def test_what_is_as_it_was_is_not_told(setting: dict[str, Any]) -> None:
    assert changed(setting, setting) == {"changed": {}}


@given(SETTINGS, SETTINGS)
def test_whatever_differs_is_told(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert bool(changed(before, after)["changed"]) == (before != after)

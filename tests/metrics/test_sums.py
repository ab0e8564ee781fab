"""Sums: what can be added up is added in any order and kept; ratios are made of whole sums, and of nothing: none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.metrics.sums import COUNTS, FORMULAS, Sums, merge, percentile, value

counts = st.integers(min_value=0, max_value=10_000)
spread = st.dictionaries(st.integers(-60, 7200), st.integers(1, 50), max_size=6)
some = st.builds(
    Sums,
    offered=counts,
    answered=counts,
    answered_in_target=counts,
    wait_ms=counts,
    max_wait_ms=counts,
    talk_ms=counts,
    gap=st.booleans(),
    waits=spread,
    lateness=spread,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(some, max_size=5), st.randoms())
def test_the_order_of_adding_does_not_matter(many: list[Sums], random: object) -> None:
    other = sorted(many, key=repr)
    assert merge(many) == merge(other) == merge([merge(many[:2]), merge(many[2:])])


@settings(max_examples=40, deadline=None)
@given(some)
def test_sums_come_back_from_json_as_they_were(one: Sums) -> None:
    assert Sums.from_json(json.loads(json.dumps(one.to_json()))) == one


@settings(max_examples=40, deadline=None)
@given(some, some)
def test_adding_json_is_adding(one: Sums, other: Sums) -> None:
    added = merge([one])
    added.add_json(json.loads(json.dumps(other.to_json())))
    assert added == merge([one, other])


def test_adding_leaves_what_was_added_alone() -> None:
    one = Sums(waits={3: 1})
    merge([one, one])
    assert one.waits == {3: 1}


def test_names_of_a_later_version_are_left_out() -> None:
    assert Sums.from_json({"offered": 2, "charm": 9}) == Sums(offered=2)


@pytest.mark.parametrize("key", FORMULAS)
def test_of_nothing_there_are_counts_and_no_ratios(key: str) -> None:
    assert value(key, Sums()) == (0 if key in COUNTS else None)


def test_the_headline_leaves_out_who_hung_up_at_once_and_who_still_waits() -> None:
    sums = Sums(offered=12, undecided=1, answered=8, answered_in_target=6, abandoned=3, short=1)
    assert value("sl_offered", sums) == 6 / 10
    assert value("sl_answered", sums) == 6 / 8
    assert value("abandon_rate", sums) == 2 / 10


def test_a_queue_of_short_abandons_only_has_no_service_level() -> None:
    sums = Sums(offered=3, abandoned=3, short=3)
    assert value("sl_offered", sums) is None
    assert value("abandon_rate", sums) is None
    assert value("wait_max", sums) == 0


def test_ratios_of_a_span_are_not_means_of_ratios() -> None:
    day, night = Sums(offered=99, answered_in_target=99), Sums(offered=1)
    assert value("sl_offered", merge([day, night])) == 0.99


def test_handling_is_talk_hold_and_wrap_up() -> None:
    sums = Sums(handled=2, talk_ms=100_000, hold_ms=20_000, wrap_ms=30_000, ready_ms=50_000)
    assert value("aht", sums) == 75
    assert value("occupancy", sums) == 0.75


@pytest.mark.parametrize(("share", "said"), [(0.5, 2), (0.95, 40), (0.01, 1), (1, 40)])
def test_a_percentile_is_one_of_the_values(share: float, said: int) -> None:
    assert percentile({40: 1, 1: 4, 2: 3, 3: 2}, share) == said


def test_a_percentile_of_nothing_is_none() -> None:
    assert percentile({}, 0.5) is None

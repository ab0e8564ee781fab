"""The quick answers for China are the world's own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.numbers.china import chinese
from callserver.numbers.world import asked

WRITTEN = r"(\+86|86|0|)(1[0-9]{10}|(10|2[0-9]|[3-9][0-9]{2})[0-9]{6,9}|400[0-9]{7}|800[0-9]{7})"


@settings(deadline=None)
@given(st.from_regex(WRITTEN, fullmatch=True), st.sampled_from(["cn", "de", "us"]))
def test_what_is_answered_quickly_is_what_the_world_says(digits, country):
    quick = chinese(digits, country)
    assert quick is None or quick == asked(digits, country)


@pytest.mark.parametrize("front", ["", "0", "+86"])
@pytest.mark.parametrize(
    ("rest", "areas_at_least"), [("5071234", 270), ("88888888", 50), ("95588123", 50), ("10086123", 50)]
)
def test_every_area_code_is_answered_as_the_world_does(front, rest, areas_at_least):
    areas = ["10", *(str(area) for area in range(20, 30)), *(str(area) for area in range(300, 1000))]
    asked_for = [front + area + rest for area in areas]
    quick = {digits: answer for digits in asked_for if (answer := chinese(digits, "cn"))}
    assert quick == {digits: asked(digits, "cn") for digits in quick}
    assert len(quick) >= areas_at_least


@pytest.mark.parametrize("front", ["", "0", "86", "+86"])
def test_every_prefix_of_a_mobile_is_answered_as_the_world_does(front):
    for prefix in range(1300, 2000):
        digits = f"{front}{prefix}0138000"
        assert chinese(digits, "cn") == asked(digits, "cn") == (f"+86{prefix}0138000", "mobile")


def test_what_is_not_sure_is_left_to_the_world():
    assert chinese("13800138000", "de") is None
    assert chinese("0999123456", "cn") is None
    assert chinese("+4930901820", "cn") is None

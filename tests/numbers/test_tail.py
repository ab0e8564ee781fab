"""Numbers backwards, for finding by last digits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.numbers import tail, tail_of_digits
from callserver.numbers.tail import LONGEST


def test_the_last_digits_of_a_number_are_the_first_of_its_tail():
    assert tail("+8613800138000") == "0008310083168"
    assert tail("+8613800138000").startswith(tail_of_digits("8000"))
    assert tail("+8613800138000").startswith(tail_of_digits("138-0013 8000"))


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("８０００", "0008"),
        ("٨٠٠٠", "0008"),
        ("尾号8000", "0008"),
        ("", ""),
        ("王", ""),
        ("²⑤", ""),
        ("+86 1", "168"),
    ],
)
def test_digits_of_any_script_count_and_nothing_else(typed, digits):
    assert tail_of_digits(typed) == digits


@settings(deadline=None)
@given(st.text())
def test_whatever_is_typed_gives_digits_and_few_of_them(text):
    found = tail_of_digits(text)
    assert found == "" or (found.isascii() and found.isdigit())
    assert len(found) <= LONGEST
    assert len(tail_of_digits("7" * 10_000)) == LONGEST

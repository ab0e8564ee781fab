"""Cells that a spreadsheet would run or mangle are guarded, and read back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.sheets.cells import guarded, kept, plain


@pytest.mark.parametrize("sign", [*"=+-@\t\r\n＝＋－＠'"])
def test_a_cell_that_would_be_a_formula_is_text(sign):
    assert guarded(f"{sign}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize("digits", ["01067", "013800138000", "202311070000012345"])
def test_digits_that_a_spreadsheet_would_shorten_are_text(digits):
    assert guarded(digits) == f"'{digits}"


@pytest.mark.parametrize("text", ["13800138000", "王伟", "O'Brien", "a=b", "", "007 Bond"])
def test_harmless_text_stays_as_it_is(text):
    assert guarded(text) == text == kept(text)


@given(st.text())
def test_whatever_was_guarded_is_read_as_it_was(text):
    assert plain(guarded(text)) == text
    assert plain(kept(text)) == text


@given(st.text(alphabet="'=+-@0123 aé\t\r\n＝", max_size=8))
def test_also_what_is_nothing_but_signs(text):
    assert plain(guarded(text)) == text
    assert plain(kept(text)) == text
    assert guarded(text)[:1] not in "=+-@\t\r\n＝＋－＠" or not guarded(text)

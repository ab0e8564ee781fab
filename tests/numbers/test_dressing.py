"""The digits under the dressing."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callserver.numbers.dressing import LONGEST, NOTHING, Bare, storable, undressed
from callserver.store import text as stored


def test_the_pieces_are_told_apart():
    assert undressed("+86 532-88888888") == Bare(digits="8653288888888", plus=True, dashed=None)
    assert undressed("0532-88888888-801") == Bare(digits="053288888888801", dashed=("053288888888", "801"))
    assert undressed("0532-88888888 ext 801") == Bare(digits="053288888888", extension="801")
    assert undressed("*#9 0532") == Bare(digits="90532", keys="*#")
    assert undressed('"a <b>" <sip:801@host>') == Bare(digits="801")


def test_a_group_behind_fewer_than_seven_digits_is_no_extension():
    assert undressed("0532-888") == Bare(digits="0532888")


@settings(deadline=None)
@given(st.from_regex(r"\+?[0-9][0-9 -]{0,25}", fullmatch=True))
@example("0000001-0 ")
def test_what_is_bare_already_is_undressed_the_same_way_as_what_is_not(text):
    assert undressed(text) == undressed(f'"{text}"') == undressed(f"<{text}>")


@pytest.mark.parametrize("text", ["unknown", "<>", "''", "", "-", "000", "sip:anonymous@x", "未知"])
def test_that_there_is_no_number_is_something_else_than_rubbish(text):
    assert undressed(text) is NOTHING


@settings(deadline=None)
@given(st.text(st.characters(), max_size=LONGEST))
def test_undressing_never_raises(text):
    bare = undressed(storable(text))
    if isinstance(bare, Bare):
        assert bare.digits.isascii()
        assert bare.digits.isdigit()


@pytest.mark.parametrize(
    "piece", ["1 ", "1-", "1 x", "((", "<1", "+1", "转1", ";ext=1", " ", "1,;", "#1", "tel "]
)
def test_no_text_makes_it_slow(piece):
    text = (piece * LONGEST)[: LONGEST - 1] + "!"
    begun = time.process_time()
    undressed(text)
    assert time.process_time() - begun < 0.1


@settings(deadline=None)
@given(st.text(st.characters()))
def test_what_is_storable_here_is_what_the_store_keeps(text):
    assert storable(text) == stored.storable(text)

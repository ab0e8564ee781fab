"""Batches column by column: what comes of them is what the clerk makes of each row alone."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.customers.listed import Entry
from callserver.numbers import Plan
from callserver.sheets.table import Lines, Row, cut
from callserver.work.columns import columns
from callserver.work.entries import Clerk
from tests.rig import customer_list
from tests.work.test_entries import CELLS, HEADINGS, PLAN

WIDE = Clerk(columns(HEADINGS, category="冰箱"), PLAN)
NARROW = Clerk(columns(["name", "phone", "address"]), PLAN)
ABROAD = Clerk(columns(["name", "phone", "mobile", "vip"]), Plan(country="de", area_code="30"))
TWICE = Clerk(
    columns(
        [
            "external_id",
            "name",
            "address",
            "address_2",
            "city_2",
            "product",
            "serial",
            "product_2",
            "bought_on_2",
        ]
    ),
    PLAN,
)
WHOLE = ["7", "王伟", "13800138000", *[""] * (len(HEADINGS) - 3)]


def alone(clerk, row):
    return clerk.entry(row)


def together(clerk, rows, lines=()):
    plain, others = clerk.batch(rows, lines)
    made = [*(plain.entries() if plain else ()), *others]
    return sorted(made, key=lambda one: one.line), plain


def same(clerk, cells):
    rows = [Row(line, one) for line, one in enumerate(cells, 2)]
    made, _ = together(clerk, rows)
    assert [_comparable(one) for one in made] == [_comparable(alone(clerk, row)) for row in rows]
    for sign in ",\t":
        uncut(clerk, [sign.join(one) for one in cells if cut(0, one).cells], sign)


def uncut(clerk, texts, sign):
    """Lines of a file are what their rows are."""
    lines = Lines(2, [text for text in texts if not {*text} & {*'"\r\n'}], sign)
    made, _ = together(clerk, (), [lines] if lines.texts else ())
    assert [_comparable(one) for one in made] == [_comparable(alone(clerk, row)) for row in lines.rows()]


def _comparable(one):
    """An index of words does not mind one that is told twice."""
    if not isinstance(one, Entry):
        return tuple(one)
    return tuple(one._replace(tails=list(one.tails), words=" ".join(dict.fromkeys(one.words.split()))))


usual = st.sampled_from([text for text in CELLS if text.isprintable()])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.sampled_from(CELLS), min_size=len(HEADINGS), max_size=len(HEADINGS)), max_size=3))
def test_rows_of_any_shape(cells):
    same(WIDE, cells)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(range(len(HEADINGS))), usual, max_size=6), max_size=4))
def test_rows_that_are_nearly_usual(told):
    same(WIDE, [[said.get(place, text) for place, text in enumerate(WHOLE)] for said in told])


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(range(len(HEADINGS))), st.text(max_size=30))
def test_any_text_in_any_column(place, text):
    same(WIDE, [WHOLE, [text if place == one else cell for one, cell in enumerate(WHOLE)]])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(usual, usual, usual).map(list), max_size=4))
def test_lists_without_ids(cells):
    same(NARROW, cells)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(usual, usual, usual, usual).map(list), max_size=4))
def test_two_numbers_in_another_country(cells):
    same(ABROAD, cells)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(usual, min_size=9, max_size=9), max_size=3))
def test_two_addresses_and_two_products(cells):
    same(TWICE, cells)


@pytest.mark.parametrize("cells", [["a", "1"], ["王伟", "13800138000", "x", "", "more"], []])
def test_rows_of_another_width_are_looked_at_alone(cells):
    same(NARROW, [["王伟", "13800138000", "香港中路1号"], cells])


def test_all_rows_of_the_rig_are_usual_but_the_bad_ones():
    clerk = Clerk(columns(customer_list.HEADINGS.split(",")), PLAN)
    dice = random.Random(1)
    rows = [Row(number, customer_list._cells(dice, number)) for number in range(1, 500)]
    made, plain = together(clerk, rows)
    assert plain is not None and plain.lines == list(range(1, 500))
    assert [_comparable(one) for one in made] == [_comparable(clerk.entry(row)) for row in rows]

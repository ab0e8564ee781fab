"""Days, yes and no, and kinds of numbers in people's own writing."""

import pytest

from callserver.work.wordings import day, flag, number_kind, several_numbers


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05",
        "2024/3/5",
        "2024.3.5",
        "2024年3月5日",
        "20240305",
        "5.3.2024",
        "05.03.2024",
        "2024-03-05 00:00:00",
    ],
)
def test_a_day_is_a_day_in_many_writings(text):
    assert day(text) == "2024-03-05"


@pytest.mark.parametrize("text", ["3/4/2024", "2024-03-05 12:30", "45296", "soon", "", "٢٠٢٤-٠٣-٠٥"])
def test_what_could_be_two_days_or_none_is_left_to_be_refused(text):
    assert day(text) == text


def test_a_day_that_does_not_exist_is_still_one_in_form():
    assert day("2024/2/30") == "2024-02-30"


@pytest.mark.parametrize(
    ("text", "meant"), [("是", True), ("Yes", True), ("√", True), ("否", False), ("0", False)]
)
def test_yes_and_no(text, meant):
    assert flag(text) is meant


def test_neither_yes_nor_no_goes_on_as_it_is():
    assert flag("perhaps") == "perhaps"


def test_kinds_of_numbers():
    assert [number_kind(text) for text in ("手机", "Work", "fax", "pager")] == [
        "mobile",
        "work",
        "fax",
        "pager",
    ]


@pytest.mark.parametrize(
    ("text", "many"),
    [
        ("13800138000", 1),
        ("13800138000;13900139000", 2),
        ("1380013, 1390013\n1370013", 3),
        ("88888888/801", 1),
        ("", 1),
    ],
)
def test_numbers_in_a_cell(text, many):
    assert len(several_numbers(text)) == many

"""The number of a ticket: said, heard, and mistaken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.tickets.number import heard, said, spoken
from callserver.tickets.record import TicketId

IDS = st.integers(min_value=1, max_value=10**11 - 10**5 - 1).map(TicketId)


@given(IDS)
def test_what_is_said_is_heard(ticket: TicketId) -> None:
    number = said(ticket)
    assert len(number) >= 7 and number.isascii() and number[0] != "0"
    assert heard(number) == heard(spoken(number)) == ticket


@given(IDS, st.data())
def test_one_wrong_digit_is_always_noticed(ticket: TicketId, data: st.DataObject) -> None:
    number = said(ticket)
    place = data.draw(st.integers(0, len(number) - 1))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))
    assert heard(number[:place] + digit + number[place + 1 :]) is None


@given(IDS, st.data())
def test_two_neighbours_swapped_are_always_noticed(ticket: TicketId, data: st.DataObject) -> None:
    number = said(ticket)
    place = data.draw(st.integers(0, len(number) - 2))
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or heard(swapped) is None


@pytest.mark.parametrize(
    "text",
    [
        "1045838",
        " 104 583 8 ",
        "104-583-8",
        "104\u2011583\u20118",
        "104.583.8",
        "#1045838",
        "# 104 583 8",
        "No. 104 583 8",
        "no 1045838",
        "Nr. 1045838",
        "№1045838",
        "Ticket #1045838",
        "ticket: 1045838",
        "工单 1045838",
        "工单号：104 583 8",
        "编号1045838",
        "１０４５８３８",
        "一〇四五八三八",
        "幺零四 五八三 八",
        "壹零肆伍捌叁捌",
        "١٠٤٥٨٣٨",
        "\u202d1045838\u202c",
        "1045838\n",
    ],
)
def test_a_number_is_heard_however_it_is_written(text: str) -> None:
    assert heard(text) == TicketId(4583)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "8",
        "104583",
        "1045837",
        "0000000",
        "1000002x",
        "+1045838",
        "1045838 1045838",
        "4583",
        "²" * 7,
        "\x00" * 7,
    ],
)
def test_what_is_no_number_is_not_heard(text: str) -> None:
    assert heard(text) is None


def test_the_number_before_the_first_belongs_to_nobody() -> None:
    assert said(TicketId(1)) == "1000015"
    assert heard("1000002") is None


@given(st.text(max_size=30))
def test_any_text_is_answered(text: str) -> None:
    ticket = heard(text)
    assert ticket is None or ticket >= 1


def test_a_long_text_is_no_number() -> None:
    assert heard("1" * 10_000) is None


@pytest.mark.parametrize("wrong", [0, -1])
def test_no_ticket_has_no_number(wrong: int) -> None:
    with pytest.raises(ValueError, match="no ticket"):
        said(TicketId(wrong))


def test_a_number_is_spoken_in_threes() -> None:
    assert (spoken("1045838"), spoken("10001000007")) == ("104 583 8", "100 010 000 07")

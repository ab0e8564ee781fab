"""What is dialled for what somebody wrote, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.numbers import Plan
from callserver.numbers.dialling import Dial, Rules, dial

QINGDAO = Plan(country="cn", area_code="0532")


@pytest.mark.parametrize(
    ("plan", "received", "digits"),
    [
        (QINGDAO, "+86 138 0013 8000", "13800138000"),
        (QINGDAO, "88881234", "053288881234"),
        (QINGDAO, "1001", "1001"),
        (QINGDAO, "9001", "9001"),
        (QINGDAO, "١٣٨٠٠١٣٨٠٠٠", "13800138000"),
        (Plan(country="de"), "+49 30 1234567", "0301234567"),
    ],
)
def test_a_number_is_dialled_as_a_telephone_there_dials_it(plan: Plan, received: str, digits: str) -> None:
    found = dial(plan, Rules(), received)
    assert isinstance(found, Dial)
    assert found.digits == digits


@pytest.mark.parametrize(
    ("received", "why"),
    [
        ("110", "service_number"),
        ("0110", "service_number"),
        ("9119", "service_number"),
        ("0-9-120", "service_number"),
        ("90110", "service_number"),
        ("4008123456", "service_number"),
        ("+49 30 1234567", "abroad"),
        ("", "not_a_number"),
    ],
)
def test_what_costs_or_calls_for_help_is_not_dialled(received: str, why: str) -> None:
    assert dial(QINGDAO, Rules(), received) == why


def test_the_operator_may_allow_and_refuse() -> None:
    abroad = dial(Plan(country="us"), Rules(abroad=True), "+49 30 1234567")
    assert isinstance(abroad, Dial)
    assert abroad.digits == "01149301234567"
    allowed = dial(QINGDAO, Rules(services=("10000",)), "10000")
    assert allowed == Dial(digits="10000", e164=None, shown="10000")
    assert dial(QINGDAO, Rules(refused=("+86138",)), "13800138000") == "refused_number"


@given(st.text(max_size=80))
def test_nothing_but_digits_is_ever_dialled(received: str) -> None:
    found = dial(QINGDAO, Rules(abroad=True), received)
    if isinstance(found, Dial):
        assert found.digits.isascii()
        assert set(found.digits) <= set("0123456789*#")
        assert 0 < len(found.digits) <= 32

"""Who does not want to be called is not called, unless they wait for it."""

import pytest

from callserver.customers.calling import may_call
from callserver.customers.record import Customer, CustomerId, Number

HOME, OFFICE = "+861088888888", "+8613800138000"


def customer(*, do_not_call: bool = False, erased_at: int | None = None) -> Customer:
    return Customer(
        id=CustomerId(1),
        version=1,
        name="王芳",
        numbers=(
            Number(received=HOME, e164=HOME),
            Number(received=OFFICE, e164=OFFICE, do_not_call=True),
        ),
        do_not_call=do_not_call,
        created_at=1,
        created_by="mei",
        created_through="screen",
        updated_at=1,
        erased_at=erased_at,
    )


@pytest.mark.parametrize(
    ("purpose", "number", "flag", "may"),
    [
        ("callback", HOME, False, True),
        ("callback", HOME, True, True),
        ("callback", OFFICE, True, True),
        ("watch", OFFICE, True, True),
        ("return_visit", HOME, False, True),
        ("return_visit", HOME, True, True),
        ("return_visit", OFFICE, False, False),
        ("reminder", HOME, False, True),
        ("reminder", HOME, True, False),
        ("survey", HOME, True, False),
        ("sale", HOME, False, True),
        ("sale", HOME, True, False),
        ("sale", OFFICE, False, False),
        ("something new", HOME, False, True),
        ("something new", HOME, True, False),
        ("callback", None, False, False),
    ],
)
def test_the_flags_are_against_calls_that_nobody_asked_for(
    purpose: str, number: str | None, flag: bool, may: bool
) -> None:
    assert (may_call(customer(do_not_call=flag), number, purpose) is None) is may


def test_nobody_who_was_erased_is_called() -> None:
    assert may_call(customer(erased_at=5), HOME, "callback") == "the customer was erased"


def test_whom_nobody_knows_has_forbidden_nothing() -> None:
    assert may_call(None, HOME, "callback") is None


def test_the_reason_is_for_people() -> None:
    assert may_call(customer(), OFFICE, "sale") == "this number is not to be called"
    assert (
        may_call(customer(do_not_call=True), HOME, "sale")
        == "the customer is not to be called for this (sale)"
    )

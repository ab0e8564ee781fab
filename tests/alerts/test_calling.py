"""Who is called about alerts, and when: a table of moments."""

from __future__ import annotations

from typing import get_args

import pytest

from callserver.alerts import calling
from callserver.alerts.calling import Call, OnDuty, Owed, Step, about, step
from callserver.alerts.watched import WATCHED
from callserver.facts import Instant
from callserver.seats.asking import AboutWhat

DUTY = OnDuty(numbers=("1", "2"), rounds=2, pause_s=30)
NOON: Instant = 1_000_000


def owed(calls: int = 0, *, id: int = 7, wanted: bool = True) -> Owed:
    return Owed(id=id, calls=calls, wanted=wanted)


def ended(before_s: float, *, taken: bool = False) -> Call:
    return Call(number="1", ended_at=NOON - round(before_s * 1000), taken=taken)


GOING_ON = Call(number="1", ended_at=None)


@pytest.mark.parametrize(
    ("rows", "last", "then"),
    [
        ([owed()], None, Step(ring="1", page=(7,))),
        ([owed()], ended(1), Step(ring="1", page=(7,))),  # that call was about something else
        ([owed(1)], GOING_ON, Step()),
        ([owed(), owed(1, id=8)], GOING_ON, Step()),  # nobody is rung by two calls at once
        ([owed(1)], ended(29), Step()),
        ([owed(1)], ended(30), Step(ring="2", page=(7,))),
        ([owed(2)], ended(30), Step(ring="1", page=(7,))),  # the second round
        ([owed(1), owed(id=8)], ended(30), Step(ring="2", page=(7, 8))),
        ([owed(4)], ended(0), Step(given_up=(7,))),
        ([owed(4), owed(1, id=8)], ended(30), Step(given_up=(7,), ring="2", page=(8,))),
        ([owed(1, wanted=False)], ended(0), Step(vain=(7,))),
        ([owed(1, wanted=False)], GOING_ON, Step()),
        ([owed(1)], Call(number="1", ended_at=None, taken=True), Step(taken=(7,))),
        ([owed(1), owed(id=8)], ended(1, taken=True), Step(taken=(7,), ring="1", page=(8,))),
        (
            [owed(1)],
            Call(number="1", ended_at=NOON + 99_999),
            Step(ring="2", page=(7,)),
        ),  # a clock was set back
    ],
)
def test_one_after_the_other_until_somebody_takes_care(
    rows: list[Owed], last: Call | None, then: Step
) -> None:
    assert step(DUTY, rows, last, NOON) == then


def test_everything_that_is_watched_can_be_said() -> None:
    assert {about(metric) for metric in WATCHED} == set(get_args(AboutWhat)) == set(get_args(calling.What))

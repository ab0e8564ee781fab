"""The statuses of a ticket: which step leads where, what it needs, and that the loop is closed."""

from __future__ import annotations

from typing import get_args

import pytest

from callserver.errors import BadValue, Conflict, Forbidden
from callserver.tickets.record import OVER, STATUSES, Status
from callserver.tickets.tables import EVERY_RIGHT, STEPS, Owed, checked, diagram, let_go, step

NOTHING = Owed()
ALL: tuple[Status, ...] = get_args(Status)


def test_the_table_knows_every_status_and_every_step_leads_to_one() -> None:
    assert STEPS.keys() == set(STATUSES)
    assert all(one.to in STATUSES for steps in STEPS.values() for one in steps)
    assert all(len({one.to for one in steps}) == len(steps) for steps in STEPS.values())


def test_every_status_can_be_reached_and_left() -> None:
    reached: set[str] = set()
    edge: set[Status] = {"open"}
    while edge:
        reached |= edge
        edge = {one.to for status in edge for one in STEPS[status]} - reached
    assert reached == set(STATUSES)
    assert all(STEPS[status] for status in ALL)


@pytest.mark.parametrize("status", ALL)
def test_out_of_service_only_the_visit_or_a_reason_leads_to_the_end(status: Status) -> None:
    """The table alone: nothing closes from serviced without a reason and the right to waive."""
    for one in STEPS[status]:
        if one.to in OVER and status == "serviced":
            assert one.reason and one.right == "waive"
        if one.to == "cancelled":
            assert one.reason
    assert step("serviced", "cancelled") is None and step("owed_visit", "cancelled") is None


def test_what_is_over_only_reopens_and_says_why() -> None:
    for status in ("closed", "cancelled"):
        (only,) = STEPS[status]
        assert (only.to, only.reason) == ("reopened", True)


def test_who_is_still_owed_a_visit_is_not_closed_silently() -> None:
    for status in ALL:
        if step(status, "closed") is None:
            continue
        for owed in (Owed(visit=True), Owed(promises=1)):
            with pytest.raises(BadValue) as refused:
                checked(status, "closed", " \t", owed)
            assert refused.value.field == "why"
            with pytest.raises(Forbidden):
                checked(status, "closed", "reason", owed, EVERY_RIGHT - {"waive"})
            assert checked(status, "closed", "reason", owed).to == "closed"


def test_a_visit_that_was_kept_closes_without_a_word() -> None:
    assert checked("owed_visit", "closed", "", NOTHING, frozenset()).name == "close"


def test_a_step_that_is_not_there_says_which_are() -> None:
    with pytest.raises(Conflict, match="serviced cannot become cancelled; it can become owed_visit, closed"):
        checked("serviced", "cancelled", "x")


def test_to_call_off_a_service_that_runs_needs_a_reason_and_the_right() -> None:
    with pytest.raises(BadValue):
        checked("in_service", "cancelled", "")
    with pytest.raises(Forbidden, match="right to call off"):
        checked("in_service", "cancelled", "x", NOTHING, frozenset())
    assert checked("open", "cancelled", "x", NOTHING, frozenset()).to == "cancelled"


def test_steps_that_promise_a_call() -> None:
    owing = {(status, one.to): one.owes for status, steps in STEPS.items() for one in steps if one.owes}
    assert owing == {
        ("open", "watching"): "watch",
        ("watching", "watching"): "watch",
        ("reopened", "watching"): "watch",
        ("serviced", "owed_visit"): "return_visit",
    }


@pytest.mark.parametrize(
    ("status", "to", "gone"),
    [
        ("watching", "dispatched", {"watch"}),
        ("watching", "watching", {"watch"}),
        ("owed_visit", "reopened", {"return_visit"}),
        ("open", "dispatched", set()),
        ("owed_visit", "closed", None),
        ("open", "cancelled", None),
    ],
)
def test_the_call_of_a_status_goes_with_it(status: Status, to: str, gone: set[str] | None) -> None:
    taken = step(status, to)
    assert taken is not None and let_go(status, taken) == gone


def test_the_diagram_shows_every_step() -> None:
    drawn = diagram().splitlines()
    assert drawn[:2] == ["stateDiagram-v2", "    [*] --> open"]
    assert len([line for line in drawn if "[*]" not in line]) == 1 + sum(map(len, STEPS.values()))
    assert "    serviced --> closed: close (reason, right to waive)" in drawn
    assert "    open --> watching: watch, owes watch" in drawn

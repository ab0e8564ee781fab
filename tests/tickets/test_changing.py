"""A ticket's beginning and its changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callserver.customers.record import ProductId
from callserver.errors import BadValue, Conflict
from callserver.tickets.changing import Changes, Draft, applied, begun, differences
from callserver.tickets.kinds import Field, Kind
from callserver.tickets.record import Ticket, ticket_from_json, to_json

NOON = 1_795_300_000_000
REPAIR = Kind(
    name="repair",
    title={"en": "Repair"},
    statuses=("serviced",),
    team="north",
    due_in_s=3_600,
    fields=(Field(name="fault", title={"en": "Fault"}, type="text", required_when=("open",)),),
)
ORDER = Kind(name="order", title={"en": "Order"}, team="south", due_in_s=60)
DRAFT = Draft(kind="repair", fields={"fault": "no flame"})


def ticket(**values: Any) -> Ticket:
    return replace(begun(DRAFT, REPAIR, NOON), **values)


def test_a_ticket_begins_with_what_its_kind_says() -> None:
    new = ticket()
    assert (new.status, new.version, new.team, new.priority, new.due_at) == (
        "open",
        1,
        "north",
        "normal",
        NOON + 3_600_000,
    )
    assert ticket_from_json(to_json(new)) == new


def test_a_person_fills_in_what_is_required_and_the_machine_need_not() -> None:
    with pytest.raises(BadValue, match=r"fields\.fault"):
        begun(Draft(kind="repair"), REPAIR, NOON)
    assert begun(Draft(kind="repair"), REPAIR, NOON, complete=False).fields == {}


def test_a_retired_kind_has_no_new_tickets() -> None:
    with pytest.raises(Conflict):
        begun(DRAFT, replace(REPAIR, retired=True), NOON)
    with pytest.raises(Conflict):
        applied(ticket(), Changes(kind="order"), replace(ORDER, retired=True))


def test_a_call_lands_even_where_the_kind_is_retired() -> None:
    assert begun(DRAFT, replace(REPAIR, retired=True), NOON, complete=False).kind == "repair"


def test_what_is_not_named_stays() -> None:
    before = ticket(owner="anna", product=ProductId(3))
    assert applied(before, Changes(), REPAIR) == before
    after = applied(before, Changes(owner=None, product=None, due_at=None, team=None), REPAIR)
    assert (after.owner, after.product, after.due_at, after.team) == (None, None, None, None)


def test_another_kind_brings_its_deadline_and_its_team_where_there_is_none() -> None:
    after = applied(ticket(), Changes(kind="order"), ORDER)
    assert (after.kind, after.due_at, after.team) == ("order", NOON + 60_000, "north")
    assert applied(ticket(team=None), Changes(kind="order"), ORDER).team == "south"
    assert applied(ticket(), Changes(kind="order", due_at=NOON + 5), ORDER).due_at == NOON + 5
    with pytest.raises(Conflict, match="serviced"):
        applied(ticket(status="serviced"), Changes(kind="order"), ORDER)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (Changes(subject="x" * 201), "subject"),
        (Changes(owner="x" * 101), "owner"),
        (Changes(team="x" * 101), "team"),
        (Changes(priority="soon"), "priority"),  # type: ignore[arg-type]
        (Changes(due_at=-1), "due_at"),
        (Changes(due_at=10**20), "due_at"),
        (Changes(fields={"fault": None}), "fields.fault"),
        (Changes(fields={"colour": "red"}), "fields.colour"),
    ],
)
def test_a_wrong_change_names_its_field(changes: Changes, field: str) -> None:
    with pytest.raises(BadValue) as refused:
        applied(ticket(), changes, REPAIR)
    assert refused.value.field == field


def test_differences_name_what_differs_and_nothing_else() -> None:
    before = ticket()
    after = applied(before, Changes(subject=" Stove ", due_at=NOON, fields={"fault": "yellow flame"}), REPAIR)
    assert differences(before, after) == {
        "subject": ["", "Stove"],
        "due_at": ["2026-11-21T23:26:40.000Z", "2026-11-21T22:26:40.000Z"],
        "fields.fault": ["no flame", "yellow flame"],
    }
    assert differences(before, before) == {}

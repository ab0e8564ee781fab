"""Kinds of ticket that an administrator changes, adds and takes away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from callserver.errors import BadValue, Conflict, NotFound, Outdated
from callserver.store import history, kinds, tickets
from callserver.store.engine import Store
from callserver.tickets.changing import Changes, Draft
from callserver.tickets.defaults import DEFAULTS
from callserver.tickets.kinds import Field, Kind
from tests.store.of_tickets import ANNA, NOON, begin, done, moved, noted

LOAN = Kind(name="loan", title={"en": "Loan of a machine", "zh": "备用机"}, due_in_s=3_600)


async def put(store: Store, kind: Kind, expected: int | None) -> Kind:
    return await done(store, kinds.put, kind, expected, ANNA, NOON)


def with_fields(kind: Kind, *fields: Field, **more: Any) -> Kind:
    return replace(kind, fields=fields, **more)


async def test_the_shipped_kinds_are_there_without_a_row(store: Store) -> None:
    assert await done(store, kinds.every) == tuple(DEFAULTS.values())
    assert await done(store, kinds.get, "repair") == DEFAULTS["repair"]
    for name in ("nonsense", "", "\x00", "x" * 10_000):
        with pytest.raises(NotFound):
            await done(store, kinds.get, name)


async def test_a_kind_is_added_changed_and_remembered(store: Store) -> None:
    assert (await put(store, LOAN, None)).version == 1
    changed = await put(store, replace(LOAN, priority="high"), 1)
    assert (changed.version, changed.priority) == (2, "high")
    assert await done(store, kinds.get, "loan") == changed
    assert (await done(store, kinds.every))[-1] == changed
    (before,) = await done(store, history.page, "kind", "loan")
    assert (before.version, before.actor, before.record["priority"]) == (1, "anna", "normal")
    assert await noted(store) == ["kind.create", "kind.change"]


async def test_a_shipped_kind_is_changed_and_made_as_it_was(store: Store) -> None:
    changed = await put(store, replace(DEFAULTS["repair"], due_in_s=60), 0)
    assert (changed.version, (await begin(store)).due_at) == (1, NOON + 60_000)
    await done(store, kinds.remove, "repair", 1, ANNA, NOON)
    assert await done(store, kinds.get, "repair") == DEFAULTS["repair"]
    assert (await put(store, changed, 0)).version == 2


async def test_two_administrators_never_overwrite_each_other(store: Store) -> None:
    answers = await asyncio.gather(
        *(put(store, replace(DEFAULTS["sale"], due_in_s=60 + n), 0) for n in range(4)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in answers) == ["Kind", "Outdated", "Outdated", "Outdated"]
    answers = await asyncio.gather(*(put(store, LOAN, None) for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["Conflict", "Conflict", "Conflict", "Kind"]


async def test_what_does_not_fit_is_refused(store: Store) -> None:
    with pytest.raises(Conflict):
        await put(store, DEFAULTS["repair"], None)
    with pytest.raises(NotFound):
        await put(store, LOAN, 1)
    with pytest.raises(BadValue):
        await put(store, replace(LOAN, name="x" * 300), None)
    await put(store, LOAN, None)
    with pytest.raises(Outdated):
        await put(store, LOAN, 7)
    with pytest.raises(Outdated):
        await done(store, kinds.remove, "loan", 7, ANNA, NOON)
    with pytest.raises(NotFound):
        await done(store, kinds.remove, "repair", 0, ANNA, NOON)


async def test_a_kind_that_has_tickets_is_not_removed_but_retired(store: Store) -> None:
    await put(store, LOAN, None)
    ticket = await begin(store, Draft(kind="loan"))
    with pytest.raises(Conflict, match="retire it"):
        await done(store, kinds.remove, "loan", 1, ANNA, NOON)
    await put(store, replace(LOAN, retired=True), 1)
    with pytest.raises(Conflict, match="no new tickets"):
        await done(store, tickets.open_ticket, Draft(kind="loan"), ANNA, NOON)
    assert (await begin(store, Draft(kind="loan"))).kind == "loan"  # a call lands all the same
    assert (await moved(store, ticket, "closed")).status == "closed"
    await put(store, replace(LOAN, name="other"), None)
    await done(store, kinds.remove, "other", 1, ANNA, NOON)
    assert await done(store, kinds.find, "other") is None


async def test_a_changed_kind_leaves_what_its_tickets_have(store: Store) -> None:
    ticket = await begin(store, Draft(kind="information", fields={"topic": "price", "question": "how much?"}))
    must = Field(name="topic", title={"en": "About"}, type="number", required_when=("open", "closed"))
    await put(store, with_fields(DEFAULTS["information"], must), 0)
    after = await done(
        store, tickets.change, ticket.id, 1, Changes(subject="x", fields={"topic": "price"}), ANNA, NOON
    )
    assert after.fields == {"topic": "price", "question": "how much?"}
    for wrong in ({"question": "another"}, {"topic": "shop"}, {"topic": None}):
        with pytest.raises(BadValue):
            await done(store, tickets.change, ticket.id, None, Changes(fields=wrong), ANNA, NOON)
    emptied = await done(
        store, tickets.change, ticket.id, None, Changes(fields={"question": None}), ANNA, NOON
    )
    assert emptied.fields == {"topic": "price"}

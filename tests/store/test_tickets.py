"""Tickets: opened, changed, moved, and never closed without what they owe."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from callserver.customers.record import CustomerId, ProductId
from callserver.errors import BadValue, Conflict, Forbidden, NotFound, Outdated, Refusal
from callserver.facts import iso
from callserver.store import promises, text, tickets, timeline
from callserver.store.desk import outbox, webhooks
from callserver.store.desk import tickets as table
from callserver.store.engine import Store
from callserver.tickets.changing import Changes, Draft
from callserver.tickets.record import STATUSES, Ticket, TicketId, to_json
from tests.store.of_tickets import (
    ANNA,
    BACKWARDS,
    CALLER,
    HOUR,
    MINUTE,
    NOON,
    begin,
    customer,
    done,
    entries,
    filled,
    moved,
    noted,
    pointers,
    product,
    told,
)

HOSTILE = "\x00\ud800<script>alert(1)</script>' OR 1=1 --\u202e=cmd()|'/C calc'!A0 \r\n打不着火 🔥"


async def changed(store: Store, ticket: Ticket, expected: int | None = None, **values: Any) -> Ticket:
    return await done(store, tickets.change, ticket.id, expected, Changes(**values), ANNA, NOON + MINUTE)


# --- opened ----------------------------------------------------------------------------------------------------------


async def test_a_ticket_has_a_number_to_say_and_is_found_by_it(store: Store) -> None:
    first, second = await begin(store), await begin(store)
    assert (first.number, second.number) == ("1000015", "1000028")
    assert await done(store, tickets.by_number, "No. 100 002-8") == second
    assert await done(store, tickets.get, first.id) == first
    for wrong in ("1000029", "100 003 1", "anna", "", "9" * 500):
        with pytest.raises(NotFound):
            await done(store, tickets.by_number, wrong)


async def test_a_ticket_begins_as_its_kind_says(store: Store) -> None:
    ticket = await begin(store, Draft(kind="complaint"))
    assert (ticket.priority, ticket.due_at, ticket.status, ticket.version) == (
        "high",
        NOON + 24 * HOUR,
        "open",
        1,
    )
    ticket = await begin(store, Draft(kind="complaint", priority="urgent", due_at=NOON + HOUR, team="north"))
    assert (ticket.priority, ticket.due_at, ticket.team) == ("urgent", NOON + HOUR, "north")


async def test_opening_is_told_noted_and_the_first_entry(store: Store) -> None:
    ticket = await begin(store)
    assert await told(store, ticket) == [("opened", {"rule": "a row", "kind": "repair", "caller": CALLER})]
    assert await noted(store) == ["ticket.open"]
    assert await pointers(store, ticket) == {(None, BACKWARDS)}


@pytest.mark.parametrize(
    ("draft", "error"),
    [
        (Draft(kind="nonsense"), BadValue),
        (Draft(kind="x" * 10_000), BadValue),
        (Draft(kind="repair", subject="x" * 201), BadValue),
        (Draft(kind="repair", fields={"nonsense": 1}), BadValue),
        (Draft(kind="repair", fields={"fault": "nonsense"}), BadValue),
        (Draft(kind="repair", owner="x" * 101), BadValue),
        (Draft(kind="repair", due_at=10**18), BadValue),
        (Draft(kind="repair", customer=CustomerId(77)), NotFound),
        (Draft(kind="repair", customer=CustomerId(10**30)), NotFound),
        (Draft(kind="repair", product=ProductId(10**30)), NotFound),
    ],
)
async def test_what_is_wrong_opens_nothing(store: Store, draft: Draft, error: type[Refusal]) -> None:
    with pytest.raises(error):
        await begin(store, draft)
    with pytest.raises(NotFound):
        await done(store, tickets.get, TicketId(1))


async def test_text_of_any_kind_is_kept_safely(store: Store) -> None:
    fields = {"situation": HOSTILE, "place": {"line": HOSTILE, "city": HOSTILE}}
    ticket = await begin(store, Draft(kind="repair", subject=HOSTILE, owner=HOSTILE, fields=fields))
    assert await done(store, tickets.get, ticket.id) == ticket
    assert ticket.subject.startswith("\ufffd\ufffd<script>") and ticket.subject.endswith("打不着火 🔥")
    assert "\n" not in ticket.subject and "\n" in ticket.fields["situation"]


async def test_tickets_opened_at_once_have_different_numbers(store: Store) -> None:
    opened = await asyncio.gather(*(begin(store) for _ in range(12)))
    assert len({one.number for one in opened}) == 12


# --- changed ---------------------------------------------------------------------------------------------------------


async def test_a_change_tells_before_and_after(store: Store) -> None:
    ticket = await begin(store)
    after = await changed(store, ticket, 1, subject="No flame", owner="anna", fields={"fault": "ignition"})
    assert (after.version, after.touched_at) == (2, NOON + MINUTE)
    assert await done(store, tickets.get, ticket.id) == after
    assert (await told(store, ticket))[1] == (
        "change",
        {"subject": ["", "No flame"], "owner": [None, "anna"], "fields.fault": [None, "ignition"]},
    )


async def test_what_is_the_same_makes_no_version(store: Store) -> None:
    ticket = await begin(store)
    assert await changed(store, ticket, priority="normal", fields={"fault": None}) == ticket
    assert len(await told(store, ticket)) == 1


async def test_two_editors_never_overwrite_each_other_silently(store: Store) -> None:
    ticket = await begin(store)
    answers = await asyncio.gather(
        *(changed(store, ticket, 1, subject=f"by editor {n}") for n in range(5)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in answers) == ["Outdated"] * 4 + ["Ticket"]
    with pytest.raises(Outdated):
        await done(store, tickets.move, ticket.id, "closed", "", ANNA, NOON, expected=1)


async def test_another_kind_brings_its_deadline_and_leaves_the_fields(store: Store) -> None:
    ticket = await begin(store, Draft(kind="information", fields={"topic": "price"}))
    after = await changed(store, ticket, kind="design", fields={"room": "kitchen, 9 m²"})
    assert (after.due_at, after.fields) == (NOON + 72 * HOUR, {"topic": "price", "room": "kitchen, 9 m²"})
    with pytest.raises(BadValue):
        await changed(store, ticket, kind="nonsense")
    serviced = await moved(store, await begin(store, filled()), "serviced")
    with pytest.raises(Conflict, match="cannot become one of the kind information"):
        await changed(store, serviced, kind="information")


async def test_a_product_belongs_to_the_tickets_customer(store: Store) -> None:
    li, wang = await customer(store, 7), await customer(store, 8)
    stove = await product(store, 3, li)
    ticket = await begin(store, customer=wang)
    with pytest.raises(NotFound, match="no product"):
        await changed(store, ticket, product=stove)
    ticket = await done(store, tickets.give_customer, ticket.id, li, "", ANNA, NOON)
    assert (await changed(store, ticket, product=stove)).product == stove
    back = await done(store, tickets.give_customer, ticket.id, wang, "mistaken", ANNA, NOON)
    assert (back.customer, back.product) == (8, None)


async def test_a_ticket_and_all_that_is_on_it_get_another_customer(store: Store) -> None:
    li = await customer(store, 7)
    ticket = await moved(store, await begin(store, filled()), "serviced")
    given = await done(
        store, tickets.give_customer, ticket.id, li, "said so", ANNA, NOON, expected=ticket.version
    )
    assert await pointers(store, ticket) == {(7, None)}
    (visit,) = await done(store, promises.open_of_customer, li)
    assert (visit.customer, visit.number) == (7, CALLER)
    assert (await told(store, ticket))[-1] == ("customer", {"before": None, "after": 7, "why": "said so"})
    assert await done(store, tickets.give_customer, ticket.id, li, "again", ANNA, NOON) == given
    back = await done(store, tickets.give_customer, ticket.id, None, "mistaken", ANNA, NOON)
    assert await pointers(store, ticket) == {(None, BACKWARDS)}
    assert await done(store, promises.open_of_customer, li) == ()
    with pytest.raises(NotFound):
        await done(store, tickets.give_customer, back.id, CustomerId(99), "", ANNA, NOON)


# --- moved -----------------------------------------------------------------------------------------------------------


async def test_a_serviced_ticket_owes_its_return_visit_by_itself(store: Store) -> None:
    ticket = await moved(store, await begin(store, filled()), "in_service", "serviced")
    assert ticket.status == "owed_visit"
    (visit,) = await done(store, promises.open_of_ticket, ticket.id)
    moments = (
        iso(visit.due_at),
        iso(visit.deadline_at),
    )  # NOON is late in the evening: nobody is called then
    assert (visit.kind, *moments) == ("return_visit", "2026-11-23T09:00:00.000Z", "2026-11-24T20:00:00.000Z")
    assert visit.due_at >= NOON + 24 * HOUR and visit.deadline_at <= NOON + 72 * HOUR
    assert (visit.number, await done(store, promises.open_of_tail, BACKWARDS)) == (CALLER, (visit,))
    with pytest.raises(BadValue, match="return visit was not kept"):
        await moved(store, ticket, "closed", why=" ")
    await done(store, promises.settle, visit.id, "kept", "", NOON)
    closed = await moved(store, ticket, "closed", why="")
    assert (closed.status, closed.closed_at, closed.closing) == ("closed", NOON, "")


async def test_a_return_visit_that_is_waived_has_its_reason_everywhere(store: Store) -> None:
    ticket = await moved(store, await begin(store, filled()), "serviced")
    with pytest.raises(Forbidden):
        await done(store, tickets.move, ticket.id, "closed", "no", ANNA, NOON, rights=frozenset())
    closed = await moved(store, ticket, "closed", why="customer does not want it")
    assert closed.closing == "customer does not want it"
    (visit,) = await done(store, promises.of_ticket, ticket.id)
    assert (visit.status, visit.why) == ("withdrawn", "customer does not want it")
    assert {"from": "owed_visit", "to": "closed", "why": closed.closing} in [
        body for _, body in await told(store, ticket)
    ]


@pytest.mark.parametrize("way", [("reopened",), ("reopened", "watching"), ("reopened", "dispatched", "open")])
async def test_no_detour_closes_a_serviced_ticket_without_a_reason(
    store: Store, way: tuple[str, ...]
) -> None:
    ticket = await moved(store, await begin(store, filled()), "serviced", *way)
    for watch in await done(store, promises.open_of_ticket, ticket.id):
        await done(store, promises.settle, watch.id, "kept", "", NOON)
    with pytest.raises(BadValue, match="needs a reason"):
        await moved(store, ticket, "closed", why="")


async def test_a_good_answer_after_a_second_service_closes(store: Store) -> None:
    ticket = await moved(store, await begin(store, filled()), "serviced", "reopened", "serviced")
    first, second = await done(store, promises.of_ticket, ticket.id)
    assert (first.status, second.status) == ("withdrawn", "planned")
    await done(store, promises.settle, second.id, "kept", "", NOON)
    assert (await moved(store, ticket, "closed", why="")).status == "closed"


async def test_a_ticket_that_owes_a_callback_closes_with_a_reason_only(store: Store) -> None:
    ticket = await moved(
        store, await begin(store, Draft(kind="guidance", fields={"advice": "wait"})), "watching"
    )
    (watch,) = await done(store, promises.open_of_ticket, ticket.id)
    assert (watch.kind, watch.due_at) == ("watch", NOON + 30 * MINUTE)
    with pytest.raises(BadValue, match="calls are still owed"):
        await moved(store, ticket, "closed", why="")
    await moved(store, ticket, "closed", why="called in first")
    assert await done(store, promises.open_of_ticket, ticket.id) == ()


async def test_a_closed_ticket_takes_notes_only_until_it_is_reopened(store: Store) -> None:
    li = await customer(store, 7)
    ticket = await moved(store, await begin(store, Draft(kind="information")), "closed")
    await done(store, timeline.note, ticket.id, "letter came back", ANNA, NOON)
    with pytest.raises(Conflict):
        await changed(store, ticket, subject="x")
    with pytest.raises(Conflict):
        await done(store, tickets.give_customer, ticket.id, li, "", ANNA, NOON)
    with pytest.raises(Conflict, match="cannot become open; it can become reopened"):
        await moved(store, ticket, "open")
    with pytest.raises(BadValue):
        await moved(store, ticket, "reopened", why="")
    again = await moved(store, ticket, "reopened", why="called again")
    assert (again.open, again.closed_at, again.closing) == (True, None, "")
    assert (await changed(store, again, subject="x")).subject == "x"


async def test_a_status_that_the_kind_does_not_use_is_refused(store: Store) -> None:
    ticket = await begin(store, Draft(kind="information"))
    with pytest.raises(Conflict, match="never dispatched"):
        await moved(store, ticket, "dispatched")
    with pytest.raises(Conflict):
        await moved(store, ticket, "nonsense" * 1_000)


async def test_into_a_status_only_with_what_it_requires(store: Store) -> None:
    ticket = await begin(store)
    with pytest.raises(BadValue) as refused:
        await moved(store, ticket, "appointed")
    assert refused.value.field == "fields.appointment"
    window = {"begin": "2026-11-23T09:00:00+08:00", "end": "2026-11-23T11:00:00+08:00"}
    await changed(store, ticket, fields={"appointment": window})
    appointed = await moved(store, ticket, "appointed")
    assert appointed.fields["appointment"]["begin"] == "2026-11-23T01:00:00.000Z"


async def test_every_step_is_told_to_the_world_outside_once(store: Store) -> None:
    hook = {"id": 1, "version": 1, "state": "on", "failures": 0, "record": '{"events": ["callserver.*"]}'}
    await store.write(lambda c: c.execute(webhooks.insert(), hook))
    ticket = await moved(store, await begin(store, filled()), "serviced", "closed")
    await done(store, timeline.note, ticket.id, "x", ANNA, NOON)
    rows = await store.read(
        lambda c: c.execute(select(outbox.c.type, outbox.c.event).order_by(outbox.c.id)).all()
    )
    assert [(row.type.removeprefix("callserver."), row.event) for row in rows] == [
        ("ticket.opened", "ticket:1:v1"),
        ("ticket.status", "ticket:1:v2"),
        ("promise.owed", "promise:1:owed"),
        ("ticket.status", "ticket:1:v3"),
        ("promise.withdrawn", "promise:1:withdrawn"),
        ("ticket.status", "ticket:1:v4"),
        ("ticket.entry", "ticket:1:e7"),
    ]


async def test_a_kind_that_is_gone_leaves_its_tickets_usable(store: Store) -> None:
    ticket = await begin(store, filled())
    record = text.dump({**to_json(ticket), "kind": "gone"})
    await store.write(lambda c: c.execute(table.update().values(kind="gone", record=record)))
    assert (await changed(store, ticket, subject="x")).fields == ticket.fields
    assert (await moved(store, ticket, "closed")).status == "closed"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    walk=st.lists(
        st.tuples(st.sampled_from(STATUSES), st.sampled_from(["", "why"]), st.booleans()), max_size=12
    )
)
async def test_whatever_is_tried_nothing_serviced_ends_unasked_or_unexplained(
    sqlite_store: Store, walk: list[tuple[str, str, bool]]
) -> None:
    """The closed loop itself: any walk, with promises kept or not on the way."""
    ticket = await begin(sqlite_store, filled())
    visited = True
    for to, why, keep in walk:
        try:
            ticket = await moved(sqlite_store, ticket, to, why=why)
        except Refusal:
            continue
        if ticket.status == "owed_visit":
            visited = False
            (visit,) = await done(sqlite_store, promises.open_of_ticket, ticket.id)
            if keep:
                await done(sqlite_store, promises.settle, visit.id, "kept", "", NOON)
                visited = True
        if not ticket.open:
            assert await done(sqlite_store, promises.open_of_ticket, ticket.id) == ()
            assert visited or ticket.closing
        assert ticket.status != "serviced"


async def test_everything_at_once_leaves_one_story(store: Store) -> None:
    """Steps, changes, notes, promises kept and another customer, all in the same moment: no deadlock, nothing torn."""
    li = await customer(store, 7)
    ticket = await moved(store, await begin(store, filled()), "serviced")
    (visit,) = await done(store, promises.open_of_ticket, ticket.id)
    work = [
        *(moved(store, ticket, to) for to in ("closed", "reopened", "dispatched", "serviced") * 3),
        *(changed(store, ticket, subject=f"by {n}") for n in range(6)),
        *(done(store, timeline.note, ticket.id, f"note {n}", ANNA, NOON) for n in range(6)),
        *(done(store, promises.settle, visit.id, how, "", NOON) for how in ("kept", "kept", "withdrawn")),
        *(done(store, tickets.give_customer, ticket.id, whom, "", ANNA, NOON) for whom in (li, None, li)),
    ]
    answers = await asyncio.gather(*work, return_exceptions=True)
    assert {type(one) for one in answers if isinstance(one, BaseException)} <= {Conflict, BadValue}
    after = await done(store, tickets.get, ticket.id)
    story = await entries(store, ticket)
    assert [entry.seq for entry in story] == list(range(1, len(story) + 1))
    versions = [entry for entry in story if entry.kind in ("opened", "status", "change", "customer")]
    assert after.version == len(versions)
    steps = [entry.body for entry in story if entry.kind == "status"]
    assert all(one["to"] == two["from"] for one, two in pairwise(steps)) and steps[-1]["to"] == after.status
    assert await pointers(store, ticket) == {(after.customer, None if after.customer else BACKWARDS)}

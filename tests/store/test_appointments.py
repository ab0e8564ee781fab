"""Calls that remind of an appointment, and the moments that a policy gives a promise by the customer's clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from callserver.facts import instant, iso
from callserver.promises.defaults import DEFAULTS
from callserver.store import appointments, pledges, policies, promises, tickets
from callserver.store.engine import Store
from callserver.tickets.changing import Changes
from callserver.tickets.promise import Promise
from callserver.tickets.record import Ticket
from tests.store.of_tickets import ANNA, HOUR, MINUTE, NOON, begin, customer, done, filled, moved

DAY = 24 * HOUR
SHANGHAI = "Asia/Shanghai"
LATER = "2026-11-25T06:00:00Z"  # two in the afternoon there


def window(begins: str) -> dict[str, Any]:
    return {"begin": begins, "end": str(iso((instant(begins) or 0) + 2 * HOUR))}


async def agreed(store: Store, ticket: Ticket, begins: str) -> Ticket:
    changes = Changes(fields={"appointment": window(begins)})
    return await done(store, tickets.change, ticket.id, None, changes, ANNA, NOON)


async def reminding(store: Store, ticket: Ticket) -> list[Promise]:
    owed = await done(store, promises.open_of_ticket, ticket.id)
    return [one for one in owed if one.kind == "appointment"]


@pytest.fixture(autouse=True)
async def in_china(store: Store) -> None:
    await done(store, pledges.keep_zone, SHANGHAI)


async def test_an_appointment_owes_a_call_the_evening_before_and_one_two_hours_before(store: Store) -> None:
    ticket = await agreed(store, await begin(store), LATER)
    found = await reminding(store, ticket)
    assert [iso(one.due_at) for one in found] == ["2026-11-24T10:00:00.000Z", "2026-11-25T04:00:00.000Z"]
    assert {one.about_at for one in found} == {instant(LATER)}
    assert {(one.mode, one.status) for one in found} == {("automatic", "planned")}
    assert all(one.deadline_at <= (instant(LATER) or 0) for one in found)
    assert await agreed(store, ticket, LATER) == ticket
    assert await reminding(store, ticket) == found


async def test_the_calls_move_with_the_appointment_and_go_with_it(store: Store) -> None:
    ticket = await agreed(store, await begin(store), LATER)
    first = await reminding(store, ticket)
    ticket = await agreed(store, ticket, "2026-11-26T06:00:00Z")
    assert {one.about_at for one in await reminding(store, ticket)} == {instant("2026-11-26T06:00:00Z")}
    gone = [await done(store, promises.get, one.id) for one in first]
    assert {(one.status, one.why) for one in gone} == {("withdrawn", appointments.MOVED)}


async def test_what_was_called_off_is_not_reminded_of(store: Store) -> None:
    ticket = await agreed(store, await begin(store), LATER)
    assert len(await reminding(store, ticket)) == 2
    without = replace(ticket, fields={})
    await done(store, appointments.follow, ticket, without, ANNA, NOON)
    assert await reminding(store, ticket) == []
    gone = await done(store, promises.of_ticket, ticket.id)
    assert {one.why for one in gone} == {appointments.CALLED_OFF}


async def test_a_ticket_may_be_opened_with_its_appointment(store: Store) -> None:
    full = filled()
    draft = replace(full, fields={**full.fields, "appointment": window(LATER)})
    ticket = await begin(store, draft)
    assert len(await reminding(store, ticket)) == 2
    await moved(store, ticket, "in_service")
    assert await reminding(store, ticket) == []


async def test_nobody_is_reminded_of_what_is_over_or_of_a_ticket_that_is(store: Store) -> None:
    past = await agreed(store, await begin(store), str(iso(NOON - HOUR)))
    assert await reminding(store, past) == []
    other = await agreed(store, await begin(store), LATER)
    await moved(store, other, "cancelled")
    assert await reminding(store, other) == []


async def test_reminders_do_not_stand_in_the_way_of_closing(store: Store) -> None:
    ticket = await agreed(store, await begin(store), LATER)
    assert (await done(store, promises.owed_by, ticket.id)).promises == 0


async def test_a_promise_has_the_moments_of_its_policy_by_the_customers_clock(store: Store) -> None:
    """An evening in China, three in the morning in Los Angeles."""
    evening = round(datetime(2026, 11, 25, 11, 0, tzinfo=UTC).timestamp() * 1000)
    here = await begin(store)
    there = await begin(store, customer=await customer(store, 7))

    def lives_abroad(c: Any) -> None:
        from callserver.store.desk import customers

        c.execute(customers.update().values(record='{"zone": "America/Los_Angeles"}'))

    at_home = await done(store, pledges.by_policy, "return_visit", here.id, evening)
    await store.write(lives_abroad)
    abroad = await done(store, pledges.by_policy, "return_visit", there.id, evening)
    assert iso(at_home.due_at) == "2026-11-26T11:00:00.000Z"
    assert iso(abroad.due_at) == "2026-11-26T17:00:00.000Z"  # nine in the morning of a Thursday
    for one in (at_home, abroad):
        assert one.due_at < one.deadline_at <= evening + 72 * HOUR


async def test_a_named_time_is_due_then(store: Store) -> None:
    ticket = await begin(store)
    named = await done(store, pledges.by_policy, "requested", ticket.id, NOON, named_at=NOON + 3 * HOUR)
    assert (named.due_at, named.deadline_at) == (NOON + 3 * HOUR, NOON + 3 * HOUR + 15 * MINUTE)
    watch = await done(store, pledges.by_policy, "watch", ticket.id, NOON, named_at=NOON + HOUR)
    assert (watch.due_at, watch.deadline_at) == (NOON + HOUR, NOON + HOUR + 30 * MINUTE)


async def test_what_an_administrator_decided_holds_for_what_is_promised_next(store: Store) -> None:
    ticket = await begin(store)
    other = replace(
        DEFAULTS["watch"], due_ms=10 * MINUTE, earliest_ms=0, mode="customer_first", queue="second"
    )
    await done(store, policies.put, other, 0, ANNA, NOON)
    watch = await done(store, pledges.by_policy, "watch", ticket.id, NOON)
    assert (watch.due_at, watch.mode, watch.queue) == (NOON + 10 * MINUTE, "customer_first", "second")


async def test_a_zone_that_there_is_no_more_is_the_sites(store: Store) -> None:
    ticket = await begin(store)
    assert str(await done(store, pledges.zone_of_ticket, ticket.id)) == SHANGHAI
    await done(store, pledges.keep_zone, "Mars/Olympus_Mons")
    assert await done(store, pledges.zone_of_ticket, ticket.id) is UTC

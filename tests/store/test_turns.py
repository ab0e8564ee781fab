"""Whose turn it is: promises come due, are claimed once, in the order of their deadlines, held, reserved, broken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event

from callserver.errors import Conflict
from callserver.people import UserId
from callserver.store import attempts, promises, turns
from callserver.store.engine import Store
from callserver.tickets.promise import NewPromise, Promise
from callserver.tickets.record import Ticket
from tests.store.of_tickets import HOUR, MINUTE, NOON, begin, done, told

LI, WANG = UserId(7), UserId(8)


async def promised(store: Store, ticket: Ticket, due: int = NOON, deadline: int = NOON + HOUR) -> Promise:
    new = NewPromise(kind="callback", ticket=ticket.id, due_at=due, deadline_at=deadline)
    return await done(store, promises.owe, new, NOON - HOUR)


async def claimed(store: Store, now: int, limit: int = 10) -> list[int]:
    """Ids of those whose turn it is by then."""
    await done(store, turns.mark_due, now)
    return [one.id for one in await done(store, turns.claim, now, limit)]


async def test_nothing_is_claimed_before_it_is_due(store: Store) -> None:
    one = await promised(store, await begin(store), NOON)
    assert await claimed(store, NOON - 1) == []
    assert await done(store, turns.mark_due, NOON) == (replace(one, status="due", next_at=None),)
    (taken,) = await done(store, turns.claim, NOON, 10)
    assert (taken.id, taken.status, taken.next_at) == (one.id, "due", NOON + turns.CLAIM_MS)


async def test_what_is_late_runs_in_the_order_of_its_deadline(store: Store) -> None:
    ticket = await begin(store)
    deadlines = (5, 1, 3, 2, 4)
    made = [await promised(store, ticket, NOON + n, NOON + HOUR * n) for n in deadlines]
    await done(store, turns.mark_due, NOON + HOUR)
    order = [one.id for one in sorted(made, key=lambda one: one.deadline_at)]
    assert [one.id for one in await done(store, turns.claim, NOON, 3)] == order[:3]
    assert [one.id for one in await done(store, turns.claim, NOON, 3)] == order[3:]


async def test_whoever_claims_and_dies_loses_the_claim(store: Store) -> None:
    one = await promised(store, await begin(store))
    assert await claimed(store, NOON) == [one.id]
    assert await claimed(store, NOON + turns.CLAIM_MS - 1) == []
    assert await claimed(store, NOON + turns.CLAIM_MS) == [one.id]


async def test_what_is_given_back_is_before_later_deadlines(store: Store) -> None:
    ticket = await begin(store)
    later, sooner = await promised(store, ticket, NOON, NOON + 2 * HOUR), await promised(store, ticket)
    assert await claimed(store, NOON, 1) == [sooner.id]
    await done(store, turns.give_back, [sooner.id])
    assert await claimed(store, NOON) == [sooner.id, later.id]


async def test_many_who_claim_at_once_share(store: Store) -> None:
    ticket = await begin(store)
    made = {(await promised(store, ticket)).id for _ in range(12)}
    await done(store, turns.mark_due, NOON)
    shares = await asyncio.gather(*(done(store, turns.claim, NOON, 3) for _ in range(6)))
    assert sorted(one.id for share in shares for one in share) == sorted(made)


async def test_what_a_rule_holds_is_looked_at_again_then_or_when_it_is_stirred(store: Store) -> None:
    one = await promised(store, await begin(store))
    await claimed(store, NOON)
    assert await done(store, turns.hold, one.id, "outside_hours", NOON + HOUR, NOON)
    held = await done(store, promises.get, one.id)
    assert (held.held, held.held_at, held.next_at) == ("outside_hours", NOON, NOON + HOUR)
    assert await claimed(store, NOON + HOUR - 1) == []
    assert await done(store, turns.stir, ["nobody_free"], NOON + MINUTE) == 0
    assert await done(store, turns.stir, ["outside_hours"], NOON + MINUTE) == 1
    assert await claimed(store, NOON + MINUTE) == [one.id]


async def test_a_closed_promise_is_nobodys_turn(store: Store) -> None:
    one = await promised(store, await begin(store))
    await done(store, turns.mark_due, NOON)
    await done(store, promises.settle, one.id, "withdrawn", "called in", NOON)
    assert await claimed(store, NOON + HOUR) == []
    assert not await done(store, turns.hold, one.id, "nobody_free", NOON, NOON)


async def test_a_promise_is_in_one_persons_hands_and_nobody_has_two(store: Store) -> None:
    ticket = await begin(store)
    one, other = await promised(store, ticket), await promised(store, ticket)
    taken = await done(store, turns.reserve, one.id, LI, NOON + MINUTE)
    assert (taken.status, taken.reserved_by) == ("reserved", LI)
    with pytest.raises(Conflict, match="is reserved cannot be reserved"):
        await done(store, turns.reserve, one.id, WANG, NOON + MINUTE)
    with pytest.raises(Conflict, match=f"promise {one.id} is in your hands"):
        await done(store, turns.reserve, other.id, LI, NOON + MINUTE)
    assert await done(store, turns.reserved) == (taken,)
    assert await done(store, turns.ringing, NOON) == {LI}
    assert await claimed(store, NOON) == [other.id]
    assert await done(store, turns.release, one.id, NOON)
    assert await done(store, turns.ringing, NOON) == set()
    assert not await done(store, turns.release, one.id, NOON)
    assert await claimed(store, NOON) == [one.id]


async def test_a_reservation_runs_out(store: Store) -> None:
    one = await promised(store, await begin(store))
    await done(store, turns.reserve, one.id, LI, NOON + MINUTE)
    assert await done(store, turns.mark_due, NOON + MINUTE) == ()
    after = await done(store, promises.get, one.id)
    assert (after.status, after.reserved_by) == ("due", None)


async def test_past_its_deadline_a_promise_is_broken_once_and_still_owed(store: Store) -> None:
    ticket = await begin(store)
    one = await promised(store, ticket)
    assert await done(store, turns.break_late, one.deadline_at) == ()
    (broken,) = await done(store, turns.break_late, one.deadline_at + 1)
    assert (broken.status, broken.broken_at, broken.settled_at) == ("broken", one.deadline_at + 1, None)
    assert await done(store, turns.break_late, one.deadline_at + 2) == ()
    assert await done(store, promises.open_of_ticket, ticket.id) == (broken,)
    assert [body["what"] for kind, body in await told(store, ticket) if kind == "promise"] == [
        "owed",
        "broken",
    ]
    kept = await done(store, promises.settle, one.id, "kept", "", NOON + 2 * HOUR)
    assert (kept.status, kept.broken_at) == ("kept", broken.broken_at)


async def test_what_waits_for_its_agents_key_is_broken_and_in_their_hands_no_longer(store: Store) -> None:
    one = await promised(store, await begin(store))
    await done(store, turns.reserve, one.id, LI, NOON + 2 * HOUR)
    (broken,) = await done(store, turns.break_late, one.deadline_at + 1)
    assert (broken.status, broken.broken_at, broken.reserved_by) == ("broken", one.deadline_at + 1, None)
    assert not await done(store, turns.release, one.id, NOON)


@pytest.mark.parametrize(
    ("work", "index"),
    [
        (lambda c: turns.mark_due(c, NOON), "ix_promises_next"),
        (lambda c: turns.left_to_mark(c, NOON), "ix_promises_next"),
        (lambda c: turns.claim(c, NOON, 10), "ix_promises_turn"),
        (lambda c: turns.break_late(c, NOON), "ix_promises_deadline"),
        (turns.reserved, "uq_promises_reserved"),
        (lambda c: turns.ringing(c, NOON), "uq_promises_reserved"),
        (attempts.open_attempts, "uq_promise_attempts_open"),
    ],
)
async def test_what_is_not_due_costs_nothing(store: Store, work: Callable[..., object], index: str) -> None:
    """Each first statement reads by the index that has only what it looks for, and by its order."""
    asked: list[tuple[str, Any]] = []

    def explained(connection: Connection) -> str:
        if store.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # small tables are read whole
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        heard = (connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        event.listen(*heard)
        work(connection)
        event.remove(*heard)
        how = "EXPLAIN QUERY PLAN" if store.dialect == "sqlite" else "EXPLAIN"
        statement, values = asked[0]
        return " ".join(map(str, connection.exec_driver_sql(f"{how} {statement}", values)))

    plan = await store.write(explained)
    assert index in plan
    assert "Sort" not in plan and "B-TREE" not in plan

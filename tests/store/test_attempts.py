"""Attempts: on record before the switch hears of them, asked for once, and what comes of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from callserver.errors import BadValue, Conflict, NotFound, StoreError
from callserver.facts import CallId, LegId, PbxId
from callserver.people import UserId
from callserver.seats.asking import DialCustomer
from callserver.store import attempts, call_tickets, promises, turns
from callserver.store.at_work import commands
from callserver.store.attempts import Attempt, Next, Try
from callserver.store.engine import Store
from callserver.store.promising import promise_attempts
from callserver.tickets.promise import NewPromise, Promise
from callserver.tickets.record import PromiseId, Ticket
from tests.store.of_tickets import ANNA, CALLER, HOUR, MINUTE, NOON, begin, done, noted, told

LI, WANG = UserId(7), UserId(8)
MAIN = PbxId("main")
AGAIN = Next(status="to_retry", next_at=NOON + 5 * MINUTE)
KEPT = Next(status="kept")


async def due(store: Store, ticket: Ticket | None = None) -> Promise:
    """A promise whose turn it is."""
    of = ticket or await begin(store)
    new = NewPromise(kind="callback", ticket=of.id, due_at=NOON, deadline_at=NOON + HOUR, why="nobody came")
    made = await done(store, promises.owe, new, NOON - HOUR)
    await done(store, turns.mark_due, NOON)
    return await now_is(store, made)


def trying(promise: Promise, channel: str = "cs-1", **more: Any) -> Try:
    request = DialCustomer(
        number="13800138000", channel=LegId(channel), context="queue", promise=promise.id, queue="repair"
    )
    wanted = Try(promise=promise.id, mode="customer_first", pbx=MAIN, number=CALLER, request=request)
    return replace(wanted, **more)


async def begun(store: Store, promise: Promise, channel: str = "cs-1", **more: Any) -> Attempt:
    return await done(store, attempts.begin, trying(promise, channel, **more), NOON)


async def now_is(store: Store, promise: Promise) -> Promise:
    return await done(store, promises.get, promise.id)


async def asked_for(store: Store) -> list[str]:
    """Keys of the requests to the switch."""
    wanted = select(commands.c.key).order_by(commands.c.id)
    return [str(key) for key in await store.read(lambda c: c.execute(wanted).scalars().all())]


async def test_an_attempt_its_request_and_its_call_are_written_together(store: Store) -> None:
    promise = await due(store)
    attempt = await begun(store, promise)
    assert (attempt.n, attempt.call, attempt.outcome) == (1, "main:cs-1", None)
    after = await now_is(store, promise)
    assert (after.status, after.tries, after.next_at) == ("dialling", 1, None)
    assert await asked_for(store) == [f"promise:{promise.id}:1"]
    link = await done(store, call_tickets.explain, CallId("main:cs-1"))
    assert link is not None and link.ticket == promise.ticket
    assert await done(store, attempts.open_attempts) == (attempt,)
    assert await done(store, attempts.of_call, MAIN, CallId("main:cs-1")) == attempt
    assert await done(store, attempts.of_number, CALLER, NOON) == (attempt,)
    assert await done(store, turns.claim, NOON + HOUR, 10) == ()


async def test_what_cannot_be_asked_for_leaves_nothing_behind(store: Store) -> None:
    ticket = await begin(store)
    one, other = await due(store, ticket), await due(store, ticket)
    await begun(store, one, lane="phone")
    with pytest.raises(Conflict):
        await begun(store, other, "cs-2", lane="phone")
    assert await now_is(store, other) == other
    assert await done(store, attempts.of_promise, other.id) == ()


async def test_five_who_dial_at_once_dial_once(store: Store) -> None:
    promise = await due(store)
    answers = await asyncio.gather(
        *(begun(store, promise, f"cs-{n}") for n in range(5)), return_exceptions=True
    )
    assert [type(one) for one in answers].count(Attempt) == 1
    assert all(isinstance(one, Attempt | Conflict) for one in answers)
    assert len(await asked_for(store)) == 1


async def test_the_database_refuses_a_second_attempt_that_is_not_over(store: Store) -> None:
    promise = await due(store)
    await begun(store, promise)

    def again(connection: Connection) -> None:
        row = connection.execute(select(promise_attempts)).one()._mapping
        second = {name: value for name, value in row.items() if name != "id"} | {"n": 2, "channel": "cs-2"}
        connection.execute(promise_attempts.insert().values(second))

    with pytest.raises(StoreError, match=r"(?i)unique"):
        await store.write(again)


async def test_nobody_came_so_it_waits_and_is_tried_again(store: Store) -> None:
    ticket = await begin(store)
    promise = await due(store, ticket)
    first = await begun(store, promise)
    over = await done(store, attempts.ended, first.id, "no_answer", {"by": "command"}, NOON + MINUTE, AGAIN)
    assert (over.outcome, over.ended_at, over.evidence) == ("no_answer", NOON + MINUTE, {"by": "command"})
    after = await now_is(store, promise)
    assert (after.status, after.next_at, after.settled_at) == ("to_retry", AGAIN.next_at, None)
    second = await begun(store, promise, "cs-2")
    assert (second.n, [one.n for one in await done(store, attempts.of_promise, promise.id)]) == (2, [1, 2])
    said = [body for kind, body in await told(store, ticket) if kind == "promise"][-1]
    assert (said["what"], said["n"], said["outcome"]) == ("attempt", 1, "no_answer")


async def test_they_talked_and_it_is_kept_once(store: Store) -> None:
    ticket = await begin(store)
    promise = await due(store, ticket)
    await done(store, turns.reserve, promise.id, LI, NOON + MINUTE)
    attempt = await begun(store, promise, user=LI, interface="PJSIP/1001")
    assert await done(store, turns.ringing, NOON) == {LI}
    assert await done(store, turns.ringing, NOON + turns.RINGING_MS) == set(), "whatever became of it"
    assert await done(store, attempts.answered, attempt.id, NOON + 1)
    assert await done(store, turns.ringing, NOON) == set(), "the call itself keeps other calls away"
    assert not await done(store, attempts.answered, attempt.id, NOON + 2)
    assert (await now_is(store, promise)).status == "in_call"
    for _ in range(2):
        await done(store, attempts.ended, attempt.id, "talked", {}, NOON + MINUTE, KEPT, keys="5")
    after = await now_is(store, promise)
    assert (after.status, after.settled_at, after.reserved_by) == ("kept", NOON + MINUTE, None)
    what = [body["what"] for kind, body in await told(store, ticket) if kind == "promise"]
    assert what == ["owed", "attempt", "kept"]
    assert (await noted(store))[-3:] == ["promise.dial", "promise.attempt", "promise.kept"]
    (kept,) = await done(store, attempts.of_promise, promise.id)
    assert (kept.answered_at, kept.keys) == (NOON + 1, "5")


async def test_what_never_left_is_on_no_ticket_and_not_on_the_timeline(store: Store) -> None:
    ticket = await begin(store)
    attempt = await begun(store, await due(store, ticket))
    await done(store, attempts.ended, attempt.id, "not_sent", {}, NOON, AGAIN)
    assert await done(store, call_tickets.explain, attempt.call) is None
    assert [body["what"] for kind, body in await told(store, ticket) if kind == "promise"] == ["owed"]


async def test_an_outcome_that_nobody_saw_stops_the_machinery_until_it_is_known(store: Store) -> None:
    promise = await due(store)
    attempt = await begun(store, promise)
    await done(store, attempts.ended, attempt.id, "unknown", {}, NOON, Next(status="unknown"))
    assert (await now_is(store, promise)).status == "unknown"
    await done(store, turns.mark_due, NOON + HOUR)
    assert await done(store, turns.claim, NOON + HOUR, 10) == ()
    with pytest.raises(Conflict, match="of unknown outcome cannot be dialled"):
        await begun(store, promise, "cs-2")
    later = await done(store, attempts.ended, attempt.id, "not_sent", {"by": "cel"}, NOON + 9, AGAIN)
    assert (later.outcome, later.ended_at) == ("not_sent", NOON)
    assert (await now_is(store, promise)).status == "to_retry"
    with pytest.raises(Conflict, match="was not_sent"):
        await done(store, attempts.ended, attempt.id, "talked", {}, NOON + 10, KEPT)


@pytest.mark.parametrize(("outcome", "status"), [("talked", "kept"), ("no_answer", "to_retry")])
async def test_a_person_says_what_nobody_saw(store: Store, outcome: Any, status: str) -> None:
    promise = await due(store)
    attempt = await begun(store, promise)
    with pytest.raises(Conflict, match="nothing to resolve"):
        await done(store, attempts.resolve, promise.id, outcome, "I asked them", ANNA, NOON)
    await done(store, attempts.ended, attempt.id, "unknown", {}, NOON, Next(status="unknown"))
    with pytest.raises(BadValue, match="say how you know"):
        await done(store, attempts.resolve, promise.id, outcome, " \n", ANNA, NOON)
    after = await done(store, attempts.resolve, promise.id, outcome, "I asked them", ANNA, NOON + 1)
    assert after.status == status
    (known,) = await done(store, attempts.of_promise, promise.id)
    assert known.evidence == {"by": "person", "why": "I asked them"}


async def test_a_promise_that_was_closed_while_it_was_dialled_stays_closed(store: Store) -> None:
    promise = await due(store)
    attempt = await begun(store, promise)
    await done(store, promises.settle, promise.id, "withdrawn", "called in first", NOON)
    assert (await done(store, attempts.ended, attempt.id, "busy", {}, NOON, AGAIN)).outcome == "busy"
    assert (await now_is(store, promise)).status == "withdrawn"
    with pytest.raises(Conflict, match="withdrawn cannot be dialled"):
        await begun(store, promise, "cs-2")


async def test_a_broken_one_that_is_tried_again_stays_broken(store: Store) -> None:
    promise = await due(store)
    attempt = await begun(store, promise)
    (broken,) = await done(store, turns.break_late, NOON + 2 * HOUR)
    assert broken.status == "dialling"
    await done(store, attempts.ended, attempt.id, "busy", {}, NOON + 2 * HOUR, AGAIN)
    after = await now_is(store, promise)
    assert (after.status, after.next_at) == ("broken", AGAIN.next_at)


async def test_whoever_has_a_promise_in_hand_gets_no_other(store: Store) -> None:
    ticket = await begin(store)
    one, other = await due(store, ticket), await due(store, ticket)
    await done(store, turns.reserve, one.id, LI, NOON + MINUTE)
    with pytest.raises(Conflict, match="is reserved cannot be dialled"):
        await begun(store, one, user=WANG)
    with pytest.raises(Conflict, match=f"promise {one.id} is in your hands"):
        await begun(store, other, user=LI)
    assert (await begun(store, one, user=LI)).user == LI


async def test_nothing_is_known_of_what_there_is_not(store: Store) -> None:
    with pytest.raises(NotFound):
        await done(store, attempts.get, 10**6)
    with pytest.raises(NotFound):
        await begun(store, replace(await due(store), id=PromiseId(10**6)))
    attempt = await begun(store, await due(store))
    with pytest.raises(BadValue):
        await done(store, attempts.ended, attempt.id, "lost", {}, NOON, AGAIN)


async def test_whose_customer_answered_in_time_is_not_broken_while_they_talk(store: Store) -> None:
    promise = await due(store)
    attempt = await begun(store, promise)
    await done(store, attempts.answered, attempt.id, promise.deadline_at - MINUTE)
    assert await done(store, turns.break_late, promise.deadline_at + MINUTE) == ()
    ended = promise.deadline_at + 2 * MINUTE
    await done(store, attempts.ended, attempt.id, "no_agent", {}, ended, AGAIN)
    (broken,) = await done(store, turns.break_late, ended)
    assert (broken.status, broken.broken_at) == ("broken", ended)

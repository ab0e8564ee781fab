"""What supervisors do with promises, and what they see of them: another time, another owner, counts, a calendar."""

from __future__ import annotations

import pytest

from callserver.errors import BadValue, Conflict, Outdated
from callserver.people import Person, UserId
from callserver.seats.shift import seat
from callserver.store import (
    attempts,
    loads,
    owners,
    promise_pages,
    promises,
    shifts,
    steering,
    tickets,
    turns,
    users,
)
from callserver.store.attempts import Next
from callserver.store.engine import Store
from callserver.store.loads import Capacity, Count, Load
from callserver.store.users import Wanted
from callserver.tickets.changing import Changes
from callserver.tickets.promise import NewPromise, Promise
from callserver.tickets.record import Ticket
from tests.store.of_tickets import ANNA, HOUR, MINUTE, NOON, begin, done, told
from tests.store.test_attempts import begun, trying

DAY = 24 * HOUR


async def owed(store: Store, ticket: Ticket, kind: str = "callback", due: int = NOON, **more: str) -> Promise:
    new = NewPromise(kind=kind, ticket=ticket.id, due_at=due, deadline_at=due + HOUR, **more)  # type: ignore[arg-type]
    return await done(store, promises.owe, new, NOON - HOUR)


async def li(store: Store) -> UserId:
    wanted = Wanted(login="li", name="Li", role="agent", language="en", queues=())
    return (await done(store, users.add, wanted, ANNA, NOON)).person.id


async def move(store: Store, promise: Promise, due: int, **more: int) -> Promise:
    return await done(store, steering.move, promise.id, due, "they are abroad", ANNA, NOON, **more)


async def test_a_call_is_given_another_time_and_its_deadline_follows(store: Store) -> None:
    ticket = await begin(store)
    promise = await owed(store, ticket)
    later = await move(store, promise, NOON + DAY)
    assert (later.status, later.due_at, later.deadline_at) == ("planned", NOON + DAY, NOON + DAY + HOUR)
    assert (later.next_at, later.version) == (NOON + DAY, promise.version + 1)
    sooner = await move(store, later, NOON + HOUR, expected=later.version)
    assert (sooner.due_at, sooner.deadline_at) == (NOON + HOUR, NOON + DAY + HOUR)
    said = [body for kind, body in await told(store, ticket) if kind == "promise"][-1]
    assert (said["what"], said["why"]) == ("moved", "they are abroad")
    await done(store, turns.mark_due, NOON + HOUR - 1)
    assert await done(store, turns.claim, NOON, 10) == ()


async def test_what_was_broken_and_is_moved_stays_counted(store: Store) -> None:
    promise = await owed(store, await begin(store))
    await done(store, turns.break_late, NOON + 2 * HOUR)
    moved = await done(store, steering.move, promise.id, NOON + DAY, "", ANNA, NOON + 2 * HOUR)
    assert (moved.status, moved.broken_at) == ("planned", NOON + 2 * HOUR)
    assert await done(store, turns.break_late, NOON + 3 * DAY) == ()


async def test_a_time_that_cannot_be_is_refused(store: Store) -> None:
    promise = await owed(store, await begin(store))
    for due, more in (
        (NOON - 1, {}),
        (NOON + 367 * DAY, {}),
        (NOON + HOUR, {"deadline_at": NOON + HOUR}),
    ):
        with pytest.raises(BadValue):
            await move(store, promise, due, **more)
    with pytest.raises(Outdated):
        await move(store, promise, NOON + HOUR, expected=9)
    await begun(store, promise)
    with pytest.raises(Conflict, match="being dialled cannot be moved"):
        await move(store, promise, NOON + HOUR)
    await done(store, promises.settle, promise.id, "withdrawn", "", NOON)
    with pytest.raises(Conflict, match="withdrawn cannot be moved"):
        await move(store, promise, NOON + HOUR)


async def test_a_call_is_given_to_somebody_else_or_to_a_team(store: Store) -> None:
    ticket = await begin(store)
    promise, who = await owed(store, ticket), await li(store)
    await done(store, steering.reassign, promise.id, "speaks Cantonese", ANNA, NOON, user=who)
    assert await done(store, owners.owner, promise.id) == who
    after = await done(store, steering.reassign, promise.id, "", ANNA, NOON, team="second level")
    assert (after.team, await done(store, owners.owner, promise.id)) == ("second level", None)
    to = [body["to"] for kind, body in await told(store, ticket) if body.get("what") == "reassigned"]
    assert to == ["Li", "second level"]
    with pytest.raises(BadValue):
        await done(store, steering.reassign, promise.id, "", ANNA, NOON, team=" ")


async def test_counts_are_by_kind_and_team(store: Store) -> None:
    ticket = await begin(store)
    late = await owed(store, ticket, due=NOON - 2 * HOUR)
    await owed(store, ticket, due=NOON + MINUTE, team="night")
    await done(store, turns.break_late, NOON)
    kept = await owed(store, ticket, "watch")
    await done(store, promises.settle, kept.id, "kept", "", NOON + 1)
    gone = await owed(store, ticket, "watch", NOON + 30 * DAY)
    await done(store, promises.settle, gone.id, "withdrawn", "no more", NOON + 2)
    found = await done(store, loads.counts, NOON - DAY, NOON + DAY, NOON)
    assert found == (
        Count(kind="callback", team=None, owed=1, late=1, overdue=1, broken=1),
        Count(kind="callback", team="night", owed=1),
        Count(kind="watch", team=None, kept=1, withdrawn=1),
    )
    assert loads.total(found) == Count(
        kind="", team=None, owed=2, late=1, overdue=1, kept=1, withdrawn=1, broken=1
    )
    await done(store, promises.settle, late.id, "kept", "", NOON + 3)
    (callbacks, *_) = await done(store, loads.counts, NOON - DAY, NOON + DAY, NOON)
    assert (callbacks.owed, callbacks.kept, callbacks.kept_late, callbacks.broken) == (0, 1, 1, 1)
    (night,) = await done(store, loads.counts, NOON + DAY, NOON + 2 * DAY, NOON)
    assert night == Count(kind="callback", team="night", owed=1), "what is owed is, in whatever span"


async def test_a_promise_is_counted_and_listed_as_its_tickets_as_long_as_it_has_no_team_of_its_own(
    store: Store,
) -> None:
    ticket = await begin(store, team="day")
    theirs, own = await owed(store, ticket), await owed(store, ticket, team="night")
    await done(store, tickets.change, ticket.id, 1, Changes(team="evening"), ANNA, NOON)
    found = await done(store, loads.counts, NOON, NOON + DAY, NOON)
    assert [(one.team, one.owed) for one in found] == [("evening", 1), ("night", 1)]
    for team, promise in (("evening", theirs), ("night", own)):
        page = await done(store, promise_pages.page, promise_pages.Wanted(team=team), 9)
        assert [one.promise.id for one in page.promises] == [promise.id]
    await done(store, steering.reassign, theirs.id, "", ANNA, NOON, team="night")
    assert [one.owed for one in await done(store, loads.counts, NOON, NOON + DAY, NOON)] == [2]


async def test_the_calendar_has_what_comes_due_in_each_hour(store: Store) -> None:
    ticket = await begin(store)
    for due in (NOON, NOON + HOUR - 1, NOON + HOUR, NOON + 5 * HOUR):
        await owed(store, ticket, due=due)
    found = await done(store, loads.calendar, NOON, NOON + 5 * HOUR)
    assert found == (
        Load(at=NOON, kind="callback", mode="agent_first", count=2),
        Load(at=NOON + HOUR, kind="callback", mode="agent_first", count=1),
    )


async def test_what_can_be_done_is_people_by_what_a_call_took_lately(store: Store) -> None:
    assert await done(store, loads.capacity, NOON) == Capacity(people=0, call_ms=loads.USUAL_MS)
    person = Person(id=await li(store), login="li", name="Li", role="agent", queues=())
    await done(store, shifts.sign_in, person, seat("main", "PJSIP/1001"), NOON)
    promise = await owed(store, await begin(store))
    attempt = await done(store, attempts.begin, trying(promise), NOON)
    await done(store, attempts.ended, attempt.id, "talked", {}, NOON + 3 * MINUTE, Next(status="kept"))
    found = await done(store, loads.capacity, NOON + HOUR)
    assert (found, found.per_hour) == (Capacity(people=1, call_ms=4 * MINUTE), 15)

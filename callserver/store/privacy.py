"""Somebody is erased: everything that says who it was goes, everything that is counted stays.

In: a customer, who asks, the site's plan of numbers. Out: what was done. Must not know: how a row is rewritten
(erasing.py, erasing_calls.py).

In its first transaction the customer itself loses name, numbers, addresses and products, and what to look for elsewhere
is put into a row of `erasures`. Then come tickets, calls, events and answers in batches, each one transaction with the
place that it came to. So an erasure that was killed goes on where it was (`resume`, every night, or the same command
again). The last transaction forgets what was looked for. Calls that are going on are waited for: done with tonight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Literal, get_args

from sqlalchemy import Connection, insert, select, update

from callserver import numbers
from callserver.customers.record import Customer, CustomerId
from callserver.errors import Conflict
from callserver.facts import Actor, CallId, Instant, PbxId, iso
from callserver.numbers import Plan
from callserver.store import (
    after,
    audit,
    commands,
    customers,
    drafts,
    erasing,
    erasing_calls,
    numbered_calls,
    outbox,
)
from callserver.store.desk import erasures as table
from callserver.store.desk import ticket_nobodys, tickets
from callserver.store.engine import Store
from callserver.store.erasing import By
from callserver.store.forgotten import Forgotten
from callserver.store.text import dump, key, load
from callserver.tickets.number import said
from callserver.tickets.record import TicketId

Step = Literal["tickets", "callers", "called", "calls", "events", "answers", "end"]
_STEPS_IN_ORDER: tuple[Step, ...] = get_args(Step)
_NEXT = dict(pairwise(_STEPS_IN_ORDER))
_BATCH: dict[Step, int] = {
    "tickets": 200,
    "callers": 20_000,
    "called": 200,
    "calls": 2_000,
    "events": 100,
    "answers": 1_000,
}  # rows looked at in one transaction; of tickets and calls that are theirs: rewritten; of events: what they are about


@dataclass(slots=True, kw_only=True)
class State:
    """What to look for, and where we are: a working copy, kept as JSON in the row of the erasure."""

    customers: list[int]
    numbers: list[str]  # E.164; nobody else has them
    tickets: list[str] = field(default_factory=list)  # their numbers
    subjects: list[str]  # as events call them
    beside: list[str] = field(
        default_factory=list
    )  # what is somebody else's, and tells of their calls and numbers
    step: Step = "tickets"
    after: Any = None
    forms: list[str] = field(default_factory=list)  # in which the numbers have called
    going_on: int = 0  # calls that had not ended when they were looked at
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, number: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + number


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How far an erasure came. `counts`: what was rewritten; `going_on`: calls that it has to wait for."""

    customer: CustomerId
    finished: bool
    counts: dict[str, int]
    going_on: int = 0


async def erase(
    store: Store,
    customer: CustomerId,
    plan: Plan,
    actor: Actor,
    clock: Callable[[], Instant],
    *,
    also_open: bool = False,
) -> Erased:
    """Erase a customer and everybody merged into them; goes on with an erasure that was interrupted.

    Raises NotFound; Conflict for one that was merged into another or erased already, and for one with open tickets
    unless `also_open`: what is owed to them is withdrawn then.
    """
    await store.write(
        lambda connection: _begin(connection, customer, By(actor=actor, now=clock()), also_open)
    )
    return await _go_on(store, customer, plan, clock)


async def resume(store: Store, plan: Plan, clock: Callable[[], Instant]) -> list[Erased]:
    """Go on with every erasure that has not come to its end."""
    unfinished = select(table.c.customer_id).where(table.c.ended_at.is_(None))
    found = await store.report(lambda connection: list(connection.execute(unfinished).scalars()))
    return [await _go_on(store, CustomerId(one), plan, clock) for one in found]


async def _go_on(store: Store, customer: CustomerId, plan: Plan, clock: Callable[[], Instant]) -> Erased:
    while True:
        erased = await store.write(lambda connection: _advance(connection, customer, plan, clock()))
        if erased is not None:
            return erased


# --- the beginning ---------------------------------------------------------------------------------------------------


def _begin(connection: Connection, customer: CustomerId, by: By, also_open: bool) -> None:
    _overwrite(connection, on=True)
    if (row := _row(connection, customer)) is not None:
        if row.ended_at is not None:
            raise Conflict(f"customer {customer} was erased")
        return
    customers.locked(connection, customer)
    them = erasing.family(connection, customer)
    ids = [one.id for one in them]
    if not also_open:
        _refuse_open(connection, ids)
    state = _state(connection, them)
    for one in them:
        erasing.forget_customer(connection, one, by)
    sold = erasing.forget_products(connection, ids, by)
    state.subjects += [f"product:{one}" for one in sold]
    state.counts = {"customers": len(them), "products": len(sold)}
    new = {"customer_id": customer, "begun_at": by.now, "actor": by.actor.name, "through": by.actor.through}
    connection.execute(insert(table).values(**new, state=dump(asdict(state))))
    audit.note(
        connection, by.actor, "customer.erase", customers.subject(customer), {"customers": ids}, by.now
    )
    _say(connection, state)


def _say(connection: Connection, state: State) -> None:
    """To whatever has them in memory."""
    after.say(connection, Forgotten(customers=tuple(state.customers), numbers=tuple(state.numbers)))


def _refuse_open(connection: Connection, ids: list[CustomerId]) -> None:
    wanted = (
        select(tickets.c.number).where(tickets.c.customer_id.in_(ids), tickets.c.open.is_(True)).limit(10)
    )
    if found := list(connection.execute(wanted).scalars()):
        raise Conflict(f"the customer has open tickets: {', '.join(found)}; close or cancel them first")


def _state(connection: Connection, them: list[Customer]) -> State:
    """Every number that they ever had; one that somebody else has, too, stays where it is not about them."""
    ids = [one.id for one in them]
    every = [*them, *erasing.former(connection, ids)]
    own = {one.e164 for customer in every for one in customer.numbers if one.e164}
    return State(
        customers=list(ids),
        numbers=sorted(own - erasing.shared(connection, own, ids)),
        subjects=[customers.subject(one) for one in ids],
    )


# --- batch by batch --------------------------------------------------------------------------------------------------


def _row(connection: Connection, customer: CustomerId) -> Any:
    wanted = select(table).where(table.c.customer_id == customer).with_for_update()
    return connection.execute(wanted).one_or_none()


def _advance(connection: Connection, customer: CustomerId, plan: Plan, now: Instant) -> Erased | None:
    """One batch; None: go on."""
    _overwrite(connection, on=True)
    row = _row(connection, customer)
    state = _state_of(row)
    if row.ended_at is not None:
        return _erased(customer, state, finished=True)
    by = By(actor=Actor(name=row.actor, through=row.through), now=now)
    if state.step == "end":
        return _end(connection, customer, state, by)
    state.after = _STEPS[state.step](connection, state, plan, by)
    if state.after is None:
        state.step = _NEXT[state.step]
    _keep(connection, customer, state)
    return None


def _state_of(row: Any) -> State:
    """Where it is; one that an older version began looked for calls in another way, and looks once more."""
    body = load(row.state)
    return State(**body) if "beside" in body else State(**body | {"step": "tickets", "after": None})


def _keep(
    connection: Connection, customer: CustomerId, state: State, ended_at: Instant | None = None
) -> None:
    here = table.c.customer_id == customer
    connection.execute(update(table).where(here).values(state=dump(asdict(state)), ended_at=ended_at))


def _tickets(connection: Connection, state: State, plan: Plan, by: By) -> int | None:
    """Those of the customer, and those that nobody's name is on but their number."""
    tails = [numbers.tail(one) for one in state.numbers]
    theirs = select(tickets.c.id).where(tickets.c.customer_id.in_(state.customers))
    nobodys = select(tickets.c.id).where(ticket_nobodys, tickets.c.tail.in_(tails))
    found = {one for wanted in (theirs, nobodys) for one in connection.execute(wanted).scalars()}
    left = sorted(one for one in found if one > (state.after or 0))
    ids = [TicketId(one) for one in left[: _BATCH["tickets"]]]
    if ids:
        state.count("tickets", len(ids))
        promised = erasing.forget_tickets(connection, ids, by)
        state.subjects += [f"ticket:{one}" for one in ids] + [f"promise:{one}" for one in promised]
        state.tickets += [said(one) for one in ids]
        _own_calls(connection, state, ids, plan)
    if len(ids) < len(left):
        return ids[-1]
    owed = erasing.forget_owed(connection, tails)
    state.beside += [f"promise:{one}" for one in owed]
    _beside(connection, state, set(owed.values()), plan)
    return None


def _beside(connection: Connection, state: State, others: set[TicketId], plan: Plan) -> None:
    """Tickets that tell of a call of theirs, or owe one to a number of theirs; of these, somebody else's."""
    if found := sorted(one for one in others if f"ticket:{one}" not in state.subjects):
        erasing.forget_numbers(connection, found, erasing_calls.theirs(plan, state.numbers))
        state.beside += [f"ticket:{one}" for one in found]


def _own_calls(connection: Connection, state: State, ids: list[TicketId], plan: Plan) -> None:
    is_theirs = erasing_calls.theirs(plan, state.numbers)
    for one in erasing_calls.calls_of(connection, ids):
        done = erasing_calls.forget_call(connection, *one, is_theirs, own=True)
        _counted(connection, state, one, done, plan)


def _callers(connection: Connection, state: State, plan: Plan, by: By) -> str | None:
    """In which forms their numbers have called, whichever ticket the calls are on."""
    if not state.numbers:
        return None
    is_theirs, wanted = erasing_calls.theirs(plan, state.numbers), numbered_calls.needles(state.numbers)
    found, last = numbered_calls.forms(connection, state.after or "", _BATCH["callers"], wanted, is_theirs)
    state.forms += found
    return last


def _called(connection: Connection, state: State, plan: Plan, by: By) -> bool | None:
    """Those calls. One that was done has no caller any more, so the next batch begins where this one ended."""
    is_theirs = erasing_calls.theirs(plan, state.numbers)
    found = numbered_calls.called(connection, state.forms, open=False, limit=_BATCH["called"])
    done = [erasing_calls.forget_call(connection, *one, is_theirs, own=False) for one in found]
    for call, one in zip(found, done, strict=True):
        _counted(connection, state, call, one, plan)
    if any(done):
        return True
    state.going_on += len(numbered_calls.called(connection, state.forms, open=True))
    state.forms = []
    return None


def _calls(connection: Connection, state: State, plan: Plan, by: By) -> tuple[str, str] | None:
    """Those in which the number was dialled, or reached by a transfer."""
    if not state.numbers:
        return None
    is_theirs = erasing_calls.theirs(plan, state.numbers)
    needles = numbered_calls.needles(state.numbers)
    after = None if state.after is None else (state.after[0], state.after[1])
    found, last = numbered_calls.handled(connection, after, _BATCH["calls"], needles)
    for one in found:
        done = erasing_calls.forget_call(connection, *one, is_theirs, own=False)
        _counted(connection, state, one, done, plan)
    return last


def _counted(
    connection: Connection, state: State, call: tuple[PbxId, CallId], done: bool | None, plan: Plan
) -> None:
    if done:
        state.count("calls", 1)
        state.subjects.append(f"call:{call[1]}")
        _beside(connection, state, set(erasing_calls.told_on(connection, *call)), plan)
    state.going_on += done is False


def _events(connection: Connection, state: State, plan: Plan, by: By) -> int | None:
    """What was told of what is theirs, and of what tells of them; by subject."""
    is_theirs = erasing_calls.theirs(plan, state.numbers)
    subjects = frozenset(state.subjects)
    if state.after is None:
        erasing_calls.forget_reasons(connection, subjects)
        drafts.forget(connection, state.subjects, state.numbers, by.now)
        commands.forget(connection, state.numbers)
    every, begin = sorted(subjects.union(state.beside)), state.after or 0
    end = begin + _BATCH["events"]
    erasing.forget_events(connection, [key(one) for one in every[begin:end]], subjects, is_theirs)
    return end if end < len(every) else None


def _answers(connection: Connection, state: State, plan: Plan, by: By) -> tuple[str, str] | None:
    after = ("", "") if state.after is None else (state.after[0], state.after[1])
    is_theirs = erasing_calls.theirs(plan, state.numbers)
    told = frozenset(state.tickets)
    subjects = frozenset(one for one in state.subjects if one.startswith("ticket:"))
    return erasing.forget_answers(
        connection, after, _BATCH["answers"], told, state.customers, is_theirs, subjects
    )


_STEPS: dict[Step, Callable[[Connection, State, Plan, By], Any]] = {
    "tickets": _tickets,
    "callers": _callers,
    "called": _called,
    "calls": _calls,
    "events": _events,
    "answers": _answers,
}


# --- the end ---------------------------------------------------------------------------------------------------------


def _end(connection: Connection, customer: CustomerId, state: State, by: By) -> Erased:
    """Forget what was looked for, too; unless calls are going on that have to be looked at once more."""
    _say(connection, state)
    if state.going_on:
        erased = _erased(customer, state, finished=False)
        state.step, state.after, state.going_on = "tickets", None, 0
        _keep(connection, customer, state)
        return erased
    ended = State(customers=state.customers, numbers=[], subjects=[], step="end", counts=state.counts)
    _keep(connection, customer, ended, by.now)
    audit.note(connection, by.actor, "customer.erased", customers.subject(customer), state.counts, by.now)
    event = outbox.Event(
        type="callserver.customer.erased",
        key=f"{customers.subject(customer)}:erased",
        subject=customers.subject(customer),
        at=by.now,
        body={"customer": customer, "merged": state.customers[1:], "at": iso(by.now)},
    )
    outbox.tell(connection, event)
    _overwrite(connection, on=False)
    return _erased(customer, ended, finished=True)


def _erased(customer: CustomerId, state: State, *, finished: bool) -> Erased:
    return Erased(customer=customer, finished=finished, counts=state.counts, going_on=state.going_on)


def _overwrite(connection: Connection, *, on: bool) -> None:
    """SQLite leaves what was deleted in free pages, unless it is told to write zeros over it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA secure_delete = {'ON' if on else 'OFF'}")

"""The calls that each person owes: those that they have promised and that come due, and the one that is in their hands.

In: now. Out: promises, each with the one whose screen it belongs on. Must not know: screens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, select

from callserver.facts import CallId, Instant
from callserver.people import UserId
from callserver.store import after, text
from callserver.store.beside import promise_owners
from callserver.store.desk import customers, promise_open
from callserver.store.desk import promises as table
from callserver.store.promises import from_row
from callserver.store.promising import attempt_open, promise_attempts
from callserver.tickets.number import said
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId

AHEAD_MS: Final = 24 * 3_600_000
MOST: Final = 50
"""Of one person, the most urgent; whoever owes more has a list for it (`GET /promises?mine=true`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Said after the commit (`after.say`): somebody's screen may have to show this promise otherwise."""

    promise: PromiseId


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """A call that `user` owes: they promised it, or have it in their hands now (`reserved`).

    `call`: the call that is made for it at this moment.
    """

    promise: Promise
    user: UserId
    reserved: bool = False
    customer_name: str | None = None
    call: CallId | None = None

    @property
    def ticket_number(self) -> str:
        return said(self.promise.ticket)


def touched(connection: Connection, promise: PromiseId) -> None:
    """Have the screens of this process look again after the commit; what is told as an event needs no word here."""
    after.say(connection, Touched(promise=promise))


def owing(connection: Connection, now: Instant) -> tuple[Owing, ...]:
    """What is in each one's hands, and then what is late or due within AHEAD_MS, as it comes due.

    What is in somebody's hands is nobody else's meanwhile, whoever promised it.
    """
    wanted = select(table, promise_owners.c.user_id, customers.c.record).outerjoin(
        customers, customers.c.id == table.c.customer_id
    )
    theirs = wanted.join(promise_owners, promise_owners.c.promise_id == table.c.id)
    soon = theirs.where(promise_open, table.c.due_at < now + AHEAD_MS)
    in_hands = wanted.outerjoin(promise_owners, promise_owners.c.promise_id == table.c.id)
    rows = [
        *connection.execute(in_hands.where(table.c.reserved_by.is_not(None)).order_by(table.c.reserved_by)),
        *connection.execute(soon.order_by(table.c.due_at, table.c.id)),
    ]
    found = {row.id: _owing(row) for row in reversed(rows)}
    calls = _calls(connection, [one.promise.id for one in found.values() if one.reserved])
    return tuple(_with_call(one, calls) for one in _most(reversed(found.values())))


def _owing(row: Any) -> Owing:
    reserved = row.reserved_by is not None
    return Owing(
        promise=from_row(row),
        user=UserId(row.reserved_by if reserved else row.user_id),
        reserved=reserved,
        customer_name=None if row.record is None else text.load(row.record).get("name"),
    )


def _most(found: Iterable[Owing]) -> Iterator[Owing]:
    many: dict[UserId, int] = {}
    for one in found:
        many[one.user] = many.get(one.user, 0) + 1
        if many[one.user] <= MOST:
            yield one


def _with_call(one: Owing, calls: Mapping[PromiseId, CallId]) -> Owing:
    return replace(one, call=calls[one.promise.id]) if one.promise.id in calls else one


def _calls(connection: Connection, promises: list[PromiseId]) -> dict[PromiseId, CallId]:
    of = promise_attempts.c
    wanted = select(of.promise_id, of.call_id).where(of.promise_id.in_(promises), attempt_open)
    return {PromiseId(row.promise_id): CallId(row.call_id) for row in connection.execute(wanted)}

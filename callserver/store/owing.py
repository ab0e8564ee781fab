"""The calls that each person has promised and that come due: what their screens remind them of.

In: now. Out: promises with their owners. Must not know: screens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from callserver.facts import Instant
from callserver.people import UserId
from callserver.store import text
from callserver.store.beside import promise_owners
from callserver.store.desk import customers, promise_open
from callserver.store.desk import promises as table
from callserver.tickets.number import said
from callserver.tickets.record import PromiseId, TicketId

AHEAD_MS: Final = 24 * 3_600_000
MOST: Final = 50
"""Of one person, the most urgent; whoever owes more has a list for it (`GET /tickets?owner=...`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """A call that `user` has promised. Instants are milliseconds UTC."""

    id: PromiseId
    user: UserId
    kind: str
    ticket: TicketId
    customer: int | None
    customer_name: str | None
    number: str | None
    due_at: Instant
    deadline_at: Instant
    why: str

    @property
    def ticket_number(self) -> str:
        return said(self.ticket)


def owing(connection: Connection, now: Instant) -> tuple[Owing, ...]:
    """Everybody's promises that are late or due within AHEAD_MS, the most urgent first."""
    wanted = (
        select(table, promise_owners.c.user_id, customers.c.record)
        .join(promise_owners, promise_owners.c.promise_id == table.c.id)
        .outerjoin(customers, customers.c.id == table.c.customer_id)
        .where(promise_open, table.c.due_at < now + AHEAD_MS)
        .order_by(table.c.due_at, table.c.id)
    )
    many: dict[int, int] = {}
    found = []
    for row in connection.execute(wanted):
        many[row.user_id] = many.get(row.user_id, 0) + 1
        if many[row.user_id] <= MOST:
            found.append(_owing(row))
    return tuple(found)


def _owing(row: Any) -> Owing:
    return Owing(
        id=PromiseId(row.id),
        user=UserId(row.user_id),
        kind=row.kind,
        ticket=TicketId(row.ticket_id),
        customer=row.customer_id,
        customer_name=None if row.record is None else text.load(row.record).get("name"),
        number=row.number,
        due_at=row.due_at,
        deadline_at=row.deadline_at,
        why=row.why,
    )

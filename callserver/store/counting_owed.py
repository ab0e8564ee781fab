"""Promises and tickets -> rows that can be counted.

In: which of them changed. Out: rows of `counted`, written where they differ; the instants whose sums that changes. Must
not know: when to count. A promise counts in the interval of its deadline, a rating when it was pressed, a ticket when
it was closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy import insert as plain_insert

from callserver.facts import Instant
from callserver.store import text
from callserver.store.counted import call_counts, promise_counts, ticket_counts
from callserver.store.desk import promises, tickets, timeline
from callserver.store.promising import promise_attempts

Row: TypeAlias = dict[str, Any]
Rating: TypeAlias = Callable[[str, str], int | None]
"""A promise's kind and the keys that were pressed -> the rating, if one was."""
REPEAT_MS: Final = 30 * 24 * 3600 * 1000
"""A second visit for the same product within so long is a repeated repair."""
_AT_CUSTOMERS: Final = ("in_service", "serviced")


def count_promises(connection: Connection, some: Sequence[int], rating: Rating) -> set[Instant]:
    """Count these promises anew; the instants whose sums that changes. Withdrawn ones count for nothing."""
    rows = connection.execute(select(promises).where(promises.c.id.in_(some))).all()
    tries = _tries(connection, some)
    queues = _queues(connection, [row.ticket_id for row in rows])
    kinds = _kinds(connection, [row.ticket_id for row in rows])
    new = [
        _promise(row, tries.get(row.id, []), row.queue or queues.get(row.ticket_id, ""), rating)
        | {"kind": kinds.get(row.ticket_id, "")}
        for row in rows
        if row.status != "withdrawn"
    ]
    return _replaced(connection, promise_counts, some, new, ("at", "rated_at"))


def _promise(row: Any, tries: Sequence[Any], queue: str, rating: Rating) -> Row:
    first = min((one.sent_at for one in tries), default=None)
    rated = [(one, found) for one in tries if (found := rating(row.kind, one.pressed)) is not None]
    last, pressed = rated[-1] if rated else (None, None)
    kept = row.status == "kept" and row.settled_at <= row.deadline_at and row.broken_at is None
    return {
        "promise_id": row.id,
        "queue": text.key(queue),
        "promise": row.kind,
        "at": row.deadline_at,
        "kept": kept,
        "late_ms": None if first is None else first - row.due_at,
        "rated_at": None if last is None else (last.ended_at or last.sent_at),
        "rating": pressed,
    }


def _tries(connection: Connection, some: Sequence[int]) -> dict[int, list[Any]]:
    c = promise_attempts.c
    wanted = select(c.promise_id, c.sent_at, c.ended_at, c["keys"].label("pressed")).where(
        c.promise_id.in_(some)
    )
    found: dict[int, list[Any]] = {}
    for row in connection.execute(wanted.order_by(c.promise_id, c.n)):
        found.setdefault(row.promise_id, []).append(row)
    return found


def count_tickets(connection: Connection, some: Sequence[int]) -> set[Instant]:
    """Count these tickets anew, and those of the same products before them."""
    rows = connection.execute(select(tickets).where(tickets.c.id.in_(some))).all()
    visits = _visits(connection, some)
    queues = _queues(connection, some)
    old = _there(connection, ticket_counts, some)
    new = []
    for row in rows:
        ats = visits.get(row.id, [])
        if ats or row.closed_at is not None:
            new.append(_ticket(row, ats, queues.get(row.id, ""), old.get(row.id)))
    changed = _replaced(connection, ticket_counts, some, new, ("at",))
    products = {row["product_id"] for row in (*new, *old.values()) if row["product_id"] is not None}
    return changed | _visited_again(connection, products)


def _ticket(row: Any, visited: Sequence[Instant], queue: str, before: Row | None) -> Row:
    closed = row.closed_at if row.status == "closed" else None
    return {
        "ticket_id": row.id,
        "queue": text.key(queue),
        "kind": row.kind,
        "product_id": row.product_id,
        "at": closed,
        "age_ms": None if closed is None else max(0, closed - row.opened_at),
        "visits": len(visited),
        "visited_at": visited[0] if visited else None,
        "repeated": before["repeated"] if before else False,  # judged beside the product's other tickets
    }


def _visits(connection: Connection, some: Sequence[int]) -> dict[int, list[Instant]]:
    """When somebody was at each ticket's customer: each turn to "in service", or to "serviced" without it."""
    c = timeline.c
    wanted = select(c.ticket_id, c.at, c.body).where(c.ticket_id.in_(some), c.kind == "status")
    found: dict[int, list[Instant]] = {}
    for row in connection.execute(wanted.order_by(c.ticket_id, c.seq)):
        step = text.load(row.body)
        if step.get("to") in _AT_CUSTOMERS and step.get("from") not in _AT_CUSTOMERS:
            found.setdefault(row.ticket_id, []).append(row.at)
    return found


def _visited_again(connection: Connection, products: Iterable[int]) -> set[Instant]:
    """Whether each ticket of these products was followed by another visit, its own or another ticket's, soon."""
    changed, c = set[Instant](), ticket_counts.c
    for product in products:
        here = (c.product_id == product, c.visited_at.is_not(None))
        rows = connection.execute(select(ticket_counts).where(*here).order_by(c.visited_at)).all()
        for row, following in zip(rows, [*rows[1:], None], strict=False):
            soon = following is not None and following.visited_at - row.visited_at <= REPEAT_MS
            repeated = soon or row.visits > 1
            if repeated != row.repeated:
                place = ticket_counts.update().where(c.ticket_id == row.ticket_id)
                connection.execute(place.values(repeated=repeated))
                changed |= {row.at} if row.at is not None else set()
    return changed


# --- both ------------------------------------------------------------------------------------------------------------


def _queues(connection: Connection, some: Sequence[int]) -> dict[int, str]:
    """The queue of each ticket's first call that was in one: who answers for that answers for the ticket."""
    c = call_counts.c
    wanted = select(c.ticket_id, c.queue).where(c.ticket_id.in_(some), c.queue != "").order_by(c.at.desc())
    return {row.ticket_id: row.queue for row in connection.execute(wanted)}


def _kinds(connection: Connection, some: Sequence[int]) -> dict[int, str]:
    wanted = select(tickets.c.id, tickets.c.kind).where(tickets.c.id.in_(some))
    return {row.id: row.kind for row in connection.execute(wanted)}


def _there(connection: Connection, table: Table, some: Sequence[int]) -> dict[int, Row]:
    (key,) = table.primary_key
    rows = connection.execute(select(table).where(key.in_(some)))
    return {row._mapping[key.name]: dict(row._mapping) for row in rows}


def _replaced(
    connection: Connection, table: Table, some: Sequence[int], new: Sequence[Row], moments: Sequence[str]
) -> set[Instant]:
    """Write what differs; the instants at which rows were or are."""
    (key,) = table.primary_key
    old, come = _there(connection, table, some), {row[key.name]: row for row in new}
    differ = [id for id in old.keys() | come.keys() if old.get(id) != come.get(id)]
    if not differ:
        return set()
    connection.execute(delete(table).where(key.in_(differ)))
    if rows := [come[id] for id in differ if id in come]:
        connection.execute(plain_insert(table), rows)
    both = [row for id in differ for row in (old.get(id), come.get(id)) if row is not None]
    return {row[name] for row in both for name in moments if row[name] is not None}

"""How many calls are still owed today, and how many of them are late: by the queue whose matter they are.

In: instants. Out: counts. Must not know: who owes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from callserver.facts import Instant
from callserver.store.desk import promise_open
from callserver.store.desk import promises as table


class Owed(NamedTuple):
    """Still owed and due before the day is over; of these, past their deadline."""

    owed: int
    late: int


def by_queue(connection: Connection, now: Instant, day_end: Instant) -> Mapping[str | None, Owed]:
    """Under None: those that are no queue's matter. A queue without any is not there."""
    late = func.count().filter(table.c.deadline_at < now)
    wanted = select(table.c.queue, func.count(), late).where(promise_open, table.c.due_at < day_end)
    return {row[0]: Owed(row[1], row[2]) for row in connection.execute(wanted.group_by(table.c.queue))}

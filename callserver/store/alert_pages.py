"""Alerts, listed: what is wrong and what was, the newest first, page by page.

In: what to look for, and where the last page ended. Out: alerts, and where this page ends. Must not know: HTTP, rights.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, or_, select

from callserver.alerts.rule import Severity
from callserver.facts import Instant
from callserver.store import text
from callserver.store.alarms import alert_open
from callserver.store.alarms import alerts as table
from callserver.store.alerting import Alert, from_row
from callserver.store.paging import Order, Place

NEWEST: Final = Order(columns=(table.c.raised_at, table.c.id), descending=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for; None: anything. `seen`: the queues whose alerts the asker may see, None: all.

    `since` counts itself, `until` does not: when it was raised.
    """

    open: bool | None = None
    rule: str | None = None
    severity: Severity | None = None
    queue: str | None = None
    pbx: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    seen: Collection[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Alerts; `end` is where to go on, None: there are no more."""

    alerts: tuple[Alert, ...]
    end: Place | None


def page(connection: Connection, wanted: Wanted, limit: int, after: Place | None = None) -> Page:
    """At most `limit` alerts behind `after`."""
    found = select(table).where(*_conditions(wanted))
    rows = connection.execute(NEWEST.behind(found, after, limit + 1)).all()
    shown = rows[:limit]
    return Page(
        alerts=tuple(map(from_row, shown)),
        end=NEWEST.place(shown[-1]) if len(rows) > limit and shown else None,
    )


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.open is not None:
        yield alert_open if wanted.open else ~alert_open
    for column, value in (
        (table.c.rule, wanted.rule),
        (table.c.queue, wanted.queue),
        (table.c.pbx, wanted.pbx),
    ):
        if value is not None:
            yield column == text.key(value)
    if wanted.severity is not None:
        yield table.c.severity == wanted.severity
    if wanted.since is not None:
        yield table.c.raised_at >= wanted.since
    if wanted.until is not None:
        yield table.c.raised_at < wanted.until
    if wanted.seen is not None:
        yield or_(table.c.queue.is_(None), table.c.queue.in_([text.key(one) for one in wanted.seen]))

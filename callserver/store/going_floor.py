"""What a supervisor's pages are made of, and how it goes: counted calls, spans of agents, alerts, words on screens.

In: nothing. Out: kinds for the retention. Must not know: terms. Sums of days are no single call's and nobody's minute:
they stay, and from then on are not made again (counted_floor).
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, Table, and_, or_

from callserver.facts import Instant
from callserver.store import alarms, counted_floor, helped, spans
from callserver.store.counted import (
    call_counts,
    handling_counts,
    promise_counts,
    tallies,
    ticket_counts,
    visit_counts,
)
from callserver.store.going import Kind, by, with_theirs


def _old(table: Table) -> Callable[[Instant], ColumnElement[bool]]:
    return lambda before: table.c.at < before


def _old_promise(before: Instant) -> ColumnElement[bool]:
    """Also what the customer pressed afterwards."""
    rated = promise_counts.c.rated_at
    return and_(promise_counts.c.at < before, or_(rated.is_(None), rated < before))


def _old_slot(before: Instant) -> ColumnElement[bool]:
    return and_(tallies.c.level == "slot", tallies.c.at < before)


_COUNTS = (
    *(by(table, _old(table)) for table in (visit_counts, handling_counts, call_counts, ticket_counts)),
    by(promise_counts, _old_promise),
    by(tallies, _old_slot),
)
_SPANS = by(spans.table, lambda before: spans.table.c.to_at < before)
_MESSAGES = helped.floor_messages


def _old_counts(connection: Connection, before: Instant) -> int:
    return sum(one.old(connection, before) for one in _COUNTS)


def _drop_counts(connection: Connection, before: Instant, now: Instant) -> int:
    counted_floor.rise(connection, before)
    return sum(one.drop(connection, before, now) for one in _COUNTS)


def _drop_spans(connection: Connection, before: Instant, now: Instant) -> int:
    counted_floor.rise(connection, before)
    return _SPANS.drop(connection, before, now)


OF_THE_FLOOR: dict[str, Kind] = {
    "counts": Kind(old=_old_counts, drop=_drop_counts),
    "spans": Kind(old=_SPANS.old, drop=_drop_spans),
    "alerts": with_theirs(
        alarms.alerts, alarms.alert_tellings.c.alert_id, lambda before: alarms.alerts.c.cleared_at < before
    ),
    "messages": with_theirs(
        _MESSAGES, helped.floor_readers.c.message_id, lambda before: _MESSAGES.c.at < before
    ),
}

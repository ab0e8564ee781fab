"""Who is still to be told of an alert, by e-mail or by telephone, and what came of it.

In: now. Out: what is due; nobody claims it, since one process of a cluster does this (work/alerting.py). Must not know:
SMTP. A mail is marked as done after its server has taken it: a crash in between sends it twice, with the
same Message-ID, and never not at all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from callserver.facts import Instant
from callserver.store import text
from callserver.store.alarms import alert_tellings as table
from callserver.store.alarms import alerts, telling_waiting
from callserver.store.alerting import Alert, Way, Word, from_row

MOST: Final = 500
NOT_NEEDED: Final = "over before anybody had to be told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One word about an alert to one address. `said`: what came of the last try."""

    id: int
    alert: int
    key: str
    way: Way
    target: str
    word: Word
    held: bool
    at: Instant
    due_at: Instant
    attempts: int
    done_at: Instant | None
    dead_at: Instant | None
    said: str


def due(connection: Connection, now: Instant, way: Way = "mail") -> list[tuple[Telling, Alert]]:
    """What is to be said now in this way, the oldest first, each with the alert as it is now."""
    order = (table.c.due_at, table.c.id)
    wanted = (
        select(table)
        .where(telling_waiting, table.c.due_at <= now, table.c.way == way)
        .order_by(*order)
        .limit(MOST)
    )
    found = [_telling(row) for row in connection.execute(wanted)]
    about = select(alerts).where(alerts.c.id.in_({one.alert for one in found}))
    known = {row.id: from_row(row) for row in connection.execute(about)} if found else {}
    return [(one, known[one.alert]) for one in found]


def of_alert(connection: Connection, alert: int) -> list[Telling]:
    """Who was, or is to be, told of it."""
    wanted = select(table).where(table.c.alert_id == alert).order_by(table.c.id).limit(MOST)
    return [_telling(row) for row in connection.execute(wanted)]


def done(connection: Connection, ids: Collection[int], said: str, now: Instant) -> None:
    """They were told."""
    _settle(connection, ids, {"done_at": now, "said": text.storable(said)[:500]})


def dead(connection: Connection, ids: Collection[int], said: str, now: Instant) -> None:
    """They cannot be told, however often it is tried."""
    _settle(connection, ids, {"dead_at": now, "said": text.storable(said)[:500]})


def again(connection: Connection, ids: Collection[int], said: str, at: Instant) -> None:
    """It did not go through: try again at that moment."""
    values = {"due_at": at, "said": text.storable(said)[:500], "attempts": table.c.attempts + 1}
    _settle(connection, ids, values)


def _settle(connection: Connection, ids: Collection[int], values: dict[str, Any]) -> None:
    connection.execute(update(table).where(table.c.id.in_(ids), telling_waiting).values(values))


def _telling(row: Row[Any]) -> Telling:
    values = {name: value for name, value in row._mapping.items() if name not in ("alert_id", "command_id")}
    return Telling(alert=row.alert_id, **values)

"""Promises, looks and moments of which the tests of this room speak."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from callserver.customers.record import CustomerId
from callserver.promises.defaults import DEFAULTS
from callserver.promises.holding import Look
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId, TicketId

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def at(text: str, zone: ZoneInfo = SHANGHAI, *, again: bool = False) -> int:
    """`2026-11-23 14:00` on a wall there; `again`: the second time that the clock shows it."""
    return round(datetime.fromisoformat(text).replace(tzinfo=zone, fold=again).timestamp() * 1000)


def told(instant: int | None, zone: ZoneInfo = SHANGHAI) -> str | None:
    """The inverse, with the weekday: `Mon 2026-11-23 14:00`."""
    if instant is None:
        return None
    return f"{datetime.fromtimestamp(instant / 1000, zone):%a %Y-%m-%d %H:%M}"


MONDAY = at("2026-11-23 14:00")


def promise(**changed: Any) -> Promise:
    """A callback of Monday, 14:00, that is due now."""
    values: dict[str, Any] = {
        "id": PromiseId(7),
        "kind": "callback",
        "ticket": TicketId(3),
        "customer": CustomerId(5),
        "number": "+8613800138000",
        "status": "due",
        "created_at": MONDAY - 5 * MINUTE,
        "due_at": MONDAY,
        "deadline_at": MONDAY + 115 * MINUTE,
    }
    return Promise(**{**values, **changed})


def look(**changed: Any) -> Look:
    """Nothing is in the way of it: one free agent, nobody waits."""
    owed = changed.pop("promise", None) or promise()
    values: dict[str, Any] = {
        "now": MONDAY,
        "promise": owed,
        "policy": DEFAULTS[owed.kind],
        "zone": SHANGHAI,
        "free_agents": 1,
    }
    return Look(**{**values, **changed})

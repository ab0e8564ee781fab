"""A step of the shifts written down: changes, and the orders that follow from them, in one transaction.

In: a connection, what is to be written. Out: the ids of the orders' requests. Must not know: why.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from callserver.facts import MACHINE, Instant, PbxId
from callserver.seats.asking import CommandId
from callserver.seats.picture import Order
from callserver.seats.steps import (
    Change,
    SeatCleared,
    ShiftOver,
    WentAway,
    Whose,
    WishCarried,
    WrapUpBegun,
    WrapUpOver,
)
from callserver.store import audit, changes, commands, shifts, users
from callserver.store.commands import Ask
from callserver.store.engine import Connection

ORDER_S = 5.0
"""How long an order to a switch is good."""


def people_changed(connection: Connection, since: int, now: Instant) -> None:
    """Whoever may not sign in any more has no seat; a new name or profile reaches the shift."""
    at_work = shifts.versions(connection).keys() & changes.since(connection, since)
    for user, found in users.some(connection, at_work).items():
        if found.enabled:
            shifts.refresh(connection, found.person, now)
        else:
            shifts.end(connection, user, now)
            audit.note(connection, MACHINE, "shift.end", users.subject(user), {"why": "disabled"}, now)


def write(
    connection: Connection,
    changed: Iterable[Change],
    wanted: Iterable[tuple[Whose, PbxId, tuple[Order, ...]]],
    now: Instant,
) -> list[list[CommandId]]:
    """Write changes down and orders beside them; the ids of the orders, as they were given."""
    for change in changed:
        _write_change(connection, change, now)
    return [
        [
            commands.ask(connection, Ask(pbx=pbx, request=order, actor=MACHINE, within_s=ORDER_S))
            for order in orders
        ]
        for _, pbx, orders in wanted
    ]


def _write_change(connection: Connection, change: Change, now: Instant) -> None:
    match change:
        case WrapUpBegun():
            shifts.wrap_up(connection, change.user, change.wrap_up)
        case WrapUpOver():
            shifts.recorded(connection, change.user, change.call)
        case WentAway():
            shifts.absent(connection, change.user, change.before, now)
        case ShiftOver():
            shifts.end(connection, change.user, now)
        case WishCarried():
            shifts.carried(connection, change.shift)
        case SeatCleared():
            shifts.cleared(connection, change.seat)
        case _:
            assert_never(change)

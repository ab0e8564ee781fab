"""Calls that remind of an appointment: owed when it is agreed on a ticket, moved with it, gone with it.

In: a ticket before and after a change. Out: promises owed and withdrawn. Must not know: who agreed it, when the calls
are made (promises.planning).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from callserver.facts import Actor, Instant, instant
from callserver.promises.planning import reminders
from callserver.store import pledges, policies, promises
from callserver.tickets.promise import NewPromise, Promise
from callserver.tickets.record import Ticket

KIND: Final = "appointment"
FIELD: Final = "appointment"
"""The field of a ticket in which it is agreed: a window, of which the begin is what is reminded of."""
COME: Final = frozenset({"in_service", "serviced", "owed_visit"})
"""Statuses in which nobody needs to be reminded any more."""
MOVED, CALLED_OFF = "the appointment was moved", "there is no appointment any more"


def follow(connection: Connection, before: Ticket | None, after: Ticket, actor: Actor, now: Instant) -> None:
    """Owe the calls that the ticket's appointment needs by now; ask with its row held. `before` None: it is new."""
    was, agreed = None if before is None else begins(before), begins(after)
    if was == agreed:
        return
    if before is not None:
        _withdraw(connection, after, CALLED_OFF if agreed is None else MOVED, actor, now)
    if agreed is None or not after.open or after.status in COME:
        return
    policy = policies.get(connection, KIND)
    for planned in reminders(policy, now, pledges.zone_of_ticket(connection, after.id), agreed):
        new = NewPromise(
            kind="appointment", ticket=after.id, due_at=0, deadline_at=0, about_at=agreed, why=""
        )
        promises.owe(connection, pledges.with_plan(new, policy, planned), now, actor)


def needless(promise: Promise, status: str) -> bool:
    """Whether the call reminds of an appointment that is over in this status of its ticket."""
    return promise.kind == KIND and status in COME


def begins(ticket: Ticket) -> Instant | None:
    """When the ticket's appointment begins; None: none is agreed."""
    agreed = ticket.fields.get(FIELD)
    begin = agreed.get("begin") if isinstance(agreed, dict) else None
    try:
        return instant(begin) if isinstance(begin, str) else None
    except ValueError:
        return None


def _withdraw(connection: Connection, ticket: Ticket, why: str, actor: Actor, now: Instant) -> None:
    for one in promises.open_of_ticket(connection, ticket.id):
        if one.kind == KIND:
            promises.settle(connection, one.id, "withdrawn", why, now, actor)

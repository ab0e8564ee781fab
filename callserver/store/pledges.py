"""Promises as their policy plans them: the moments by the customer's clock, the mode, the queue.

In: a kind, a ticket, the moment at which it is promised. Out: a promise to be owed (`promises.owe`). Must not know: who
promises, what the moments are planned by (promises.planning).

The zone is the customer's; the site's where nobody knows the customer, or where there is no such zone any more. The
site's is written down at the start of each process (`keep_zone`), because promises are also made deep inside other
transactions, by the landing of a call or a ticket's step.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from callserver.customers.record import Customer
from callserver.errors import BadValue
from callserver.facts import Instant
from callserver.promises.planning import Planned, Window, plan
from callserver.promises.policy import Policy
from callserver.store import policies, text
from callserver.store.desk import customers, tickets
from callserver.store.promising import site
from callserver.store.upsert import insert
from callserver.tickets.promise import Mode, NewPromise, PromiseKind
from callserver.tickets.record import TicketId

_ZONE = "zone"
_NAMED = ("requested", "appointment")  # their policies count from a moment that is named


def by_policy(
    connection: Connection,
    kind: PromiseKind,
    ticket: TicketId,
    made_at: Instant,
    *,
    named_at: Instant | None = None,
    window: Window | None = None,
    number: str | None = None,
    why: str = "",
) -> NewPromise:
    """A promise of this kind made then. `named_at`: the moment that the customer chose.

    Raises BadValue for a window that ends before it begins, or a deadline that is over.
    """
    policy = policies.get(connection, kind)
    counted = policy if named_at is None or kind in _NAMED else _from_there(policy)
    planned = plan(counted, made_at, zone_of_ticket(connection, ticket), named_at=named_at, window=window)
    return with_plan(
        NewPromise(kind=kind, ticket=ticket, due_at=0, deadline_at=0, number=number, why=why), policy, planned
    )


def exactly(
    connection: Connection,
    kind: PromiseKind,
    ticket: TicketId,
    due_at: Instant,
    *,
    deadline_at: Instant | None = None,
    number: str | None = None,
    why: str = "",
) -> NewPromise:
    """Due at that very moment, whatever the hours, also if it is over; the policy says how much later is too late."""
    policy = policies.get(connection, kind)
    ends = due_at + policy.deadline_ms - policy.due_ms if deadline_at is None else deadline_at
    planned = Planned(due_at=due_at, earliest_at=due_at, deadline_at=ends)
    new = NewPromise(kind=kind, ticket=ticket, due_at=0, deadline_at=0, number=number, why=why)
    return with_plan(new, policy, planned)


def dialled(connection: Connection, new: NewPromise, mode: Mode | None) -> NewPromise:
    """The promise in this mode instead of its policy's. Raises BadValue where it would speak and has nothing to say."""
    if mode == "automatic" and not policies.get(connection, new.kind).prompt:
        raise BadValue(
            "mode", "calls of this kind have no recording to speak with: name one in its policy first"
        )
    return new if mode is None else replace(new, mode=mode)


def with_plan(new: NewPromise, policy: Policy, planned: Planned) -> NewPromise:
    """The promise with these moments, and what else its policy says."""
    return replace(
        new,
        due_at=planned.due_at,
        earliest_at=planned.earliest_at,
        deadline_at=planned.deadline_at,
        mode=policy.mode,
        queue=new.queue or policy.queue or None,
    )


def _from_there(policy: Policy) -> Policy:
    """Due at a moment that was named for it, too late as much later as ever."""
    return replace(policy, due_ms=0, earliest_ms=0, deadline_ms=policy.deadline_ms - policy.due_ms)


# --- by whose clock --------------------------------------------------------------------------------------------------


def zone_of_ticket(connection: Connection, ticket: TicketId) -> tzinfo:
    """The zone of a ticket's customer, by the rules of today; else the site's."""
    wanted = (
        select(customers.c.record)
        .join(tickets, tickets.c.customer_id == customers.c.id)
        .where(tickets.c.id == ticket)
    )
    record = connection.execute(wanted).scalar()
    name = None if record is None else text.load(record).get("zone")
    return (None if name is None else _known(name)) or site_zone(connection)


def zone_of_customer(connection: Connection, customer: Customer) -> tzinfo:
    """A customer's zone, by the rules of today; else the site's."""
    return (None if not customer.zone else _known(customer.zone)) or site_zone(connection)


def site_zone(connection: Connection) -> tzinfo:
    """The site's zone, as `keep_zone` wrote it down."""
    name = connection.execute(select(site.c.value).where(site.c.name == _ZONE)).scalar()
    return (None if name is None else _known(name)) or UTC


def keep_zone(connection: Connection, name: str) -> None:
    """Write down the site's zone (IANA), from the settings."""
    new = insert(connection, site).values(name=_ZONE, value=name)
    connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"value": name}))


def _known(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a name of another version of the zones
        return None

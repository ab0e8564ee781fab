"""Whose matter calls are about, for a page of them: ticket and customer by call.

In: ids of calls. Out: what a list shows beside each. Must not know: how a call found its ticket.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from callserver.customers.record import CustomerId
from callserver.facts import CallId
from callserver.store import text
from callserver.store.call_tickets import pbx_of
from callserver.store.desk import call_tickets, customers, tickets
from callserver.tickets.record import TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The ticket that a call is on, and its customer; None: nobody is known."""

    ticket: TicketId
    kind: str
    customer: CustomerId | None
    customer_name: str | None


def about(connection: Connection, calls: Iterable[CallId]) -> dict[CallId, About]:
    """One look-up a switch; calls that are on no ticket are left out."""
    by_switch = defaultdict(list)
    for call in calls:
        by_switch[text.key(pbx_of(call))].append(call)
    return {
        call: one
        for pbx, some in by_switch.items()
        for call, one in _of_switch(connection, pbx, some).items()
    }


def _of_switch(connection: Connection, pbx: str, calls: list[CallId]) -> dict[CallId, About]:
    keys = {text.key(call): call for call in calls}
    wanted = (
        select(call_tickets.c.call_id, tickets.c.id, tickets.c.kind, tickets.c.customer_id)
        .add_columns(customers.c.record)
        .join(tickets, tickets.c.id == call_tickets.c.ticket_id)
        .outerjoin(customers, customers.c.id == tickets.c.customer_id)
        .where(call_tickets.c.pbx == pbx, call_tickets.c.call_id.in_(list(keys)))
    )
    return {
        keys[row.call_id]: About(
            ticket=TicketId(row.id),
            kind=row.kind,
            customer=None if row.customer_id is None else CustomerId(row.customer_id),
            customer_name=None if row.record is None else text.load(row.record).get("name"),
        )
        for row in connection.execute(wanted)
    }

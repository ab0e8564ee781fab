"""What the pop needs of the database, as it lies there: in one hop, because a caller waits.

In: a number that identifies somebody or not, the call, now. Out: rows. Must not know: screens, how rows are told.
Values in between would cost three times what reading costs (docs/beside-the-call.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, Text, bindparam, select

from callserver.facts import CallId, Instant
from callserver.numbers import Read
from callserver.store import text
from callserver.store.call_tickets import pbx_of
from callserver.store.caller_rows import Found, Statement, everything
from callserver.store.desk import call_tickets
from callserver.tickets.record import TicketId


@dataclass(frozen=True, slots=True)
class Rows:
    """What there is about a caller, and the ticket that the call is on already."""

    found: Found
    ticket: TicketId | None


def rows(connection: Connection, number: Read, call: CallId, now: Instant) -> Rows:
    """Nothing is found for a number that identifies nobody."""
    if not number.identifies:
        return Rows({}, ticket_of(connection, call))
    found = everything(connection, number, now, call)
    link = found.get(("link", 0), ())
    return Rows(found, TicketId(link[0][0]) if link else None)


def ticket_of(connection: Connection, call: CallId) -> TicketId | None:
    """The ticket that a call is on; None: on none (yet)."""
    statement = _link(connection.dialect.name)
    given = statement.filled({"pbx": text.key(pbx_of(call)), "call": text.key(call)})
    found = connection.exec_driver_sql(statement.sql, given).scalar()
    return None if found is None else TicketId(found)


@cache
def _link(dialect: str) -> Statement:
    pbx, call = bindparam("pbx", type_=Text), bindparam("call", type_=Text)
    wanted = select(call_tickets.c.ticket_id).where(call_tickets.c.pbx == pbx, call_tickets.c.call_id == call)
    return Statement.of(wanted, dialect)

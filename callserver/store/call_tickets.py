"""Which ticket each call is on: exactly one, or none; moved by hand; explained.

In: calls and tickets, inside the caller's transaction. Out: links, entries on timelines. Must not know: how a call
finds its ticket by itself (landing.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update
from sqlalchemy.sql.dml import ReturningInsert

from callserver.errors import NotFound
from callserver.facts import Actor, CallId, Instant, PbxId
from callserver.store import after, text, tickets, timeline
from callserver.store.calls import record_of
from callserver.store.desk import call_tickets as table
from callserver.store.desk import tickets as ticket_table
from callserver.store.desk import timeline as entries
from callserver.store.timeline import NewEntry
from callserver.store.upsert import into
from callserver.tickets.landing import MOVED, why
from callserver.tickets.record import Ticket, TicketId
from callserver.tickets.story import story


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A call's ticket since `at`; `rule`: the row of the table that decided, or MOVED."""

    pbx: PbxId
    call: CallId
    ticket: TicketId
    at: Instant
    rule: str

    @property
    def why(self) -> str:
        """The rule's reason, for people."""
        return why(self.rule)


@dataclass(frozen=True, slots=True)
class OnTicket:
    """Said after the commit (`after.say`): the call is on this ticket from now on; None: on none of its own."""

    call: CallId
    ticket: TicketId | None


def pbx_of(call: CallId) -> PbxId:
    """A call's id begins with its switch's."""
    return PbxId(call.partition(":")[0])


def entry_key(pbx: PbxId, call: CallId) -> str:
    """The key of the one `call` entry that a call ever gets."""
    return f"call:{pbx}:{call}"


def explain(connection: Connection, call: CallId) -> Link | None:
    """Which ticket the call is on and why; None: it is on none (yet)."""
    row = connection.execute(_LINK, {"of": text.key(pbx_of(call)), "id": text.key(call)}).one_or_none()
    if row is None:
        return None
    return Link(pbx=PbxId(row.pbx), call=call, ticket=TicketId(row.ticket_id), at=row.at, rule=row.rule)


def calls_of(connection: Connection, ticket: TicketId) -> tuple[Link, ...]:
    """Every call on a ticket, the first one first; those that are going on, too."""
    wanted = select(table).where(table.c.ticket_id == ticket).order_by(table.c.at, table.c.call_id)
    return tuple(
        Link(pbx=row.pbx, call=row.call_id, ticket=TicketId(row.ticket_id), at=row.at, rule=row.rule)
        for row in connection.execute(wanted)
    )


def put(connection: Connection, call: CallId, ticket: TicketId, rule: str, now: Instant) -> bool:
    """Put a call on a ticket; False: it is on one already, nothing changed."""
    row = {
        "pbx": text.key(pbx_of(call)),
        "call_id": text.key(call),
        "ticket_id": ticket,
        "at": now,
        "rule": rule,
    }
    if connection.execute(_new(connection.dialect.name), row).first() is None:
        return False
    after.say(connection, OnTicket(call, ticket))
    return True


def rule_again(connection: Connection, call: CallId, rule: str) -> None:
    """Another row has decided something about the call since."""
    connection.execute(update(table).where(*_is(pbx_of(call), call)).values(rule=rule))


def take_off(connection: Connection, call: CallId) -> None:
    """The call is part of another one now and has no ticket of its own."""
    connection.execute(delete(table).where(*_is(pbx_of(call), call)))
    after.say(connection, OnTicket(call, None))


def move_call(
    connection: Connection, call: CallId, to_ticket: TicketId, actor: Actor, now: Instant
) -> Ticket:
    """Put a call on another ticket by hand: both timelines tell, the contact is the other ticket's from now on.

    Where it is there already nothing changes. Raises NotFound for a call without a ticket and a ticket that is none.
    """
    link = explain(connection, call)
    if link is None:
        raise NotFound("this call is on no ticket")
    _hold(connection, link.ticket, to_ticket)
    before, other = tickets.get(connection, link.ticket), tickets.get(connection, to_ticket)
    if before.id == other.id:
        return other
    connection.execute(
        update(table).where(*_is(link.pbx, call)).values(ticket_id=to_ticket, at=now, rule=MOVED)
    )
    told = _told(connection, link.pbx, call)
    tell_both(connection, call, before, other, told, actor, now)
    _point(connection, link.pbx, call, other)
    after.say(connection, OnTicket(call, to_ticket))
    return other


def tell_both(
    connection: Connection,
    call: CallId,
    before: Ticket,
    other: Ticket,
    told: Mapping[str, object],
    actor: Actor,
    now: Instant,
    key: str | None = None,
) -> None:
    """The two entries of a move; `key` makes telling it twice harmless."""
    for ticket, entry, suffix in (
        (before, NewEntry(kind="call_moved_away", body={**told, "to": other.number}), "away"),
        (other, NewEntry(kind="call_moved_here", body={**told, "from": before.number}), "here"),
    ):
        full = NewEntry(kind=entry.kind, body=entry.body, pbx=pbx_of(call), call=call)
        timeline.add(connection, ticket.id, full, actor, now, key and f"{key}:{suffix}")


def _told(connection: Connection, pbx: PbxId, call: CallId) -> dict[str, object]:
    """The call in short, if it is over; one that goes on will be told when it ends."""
    record = record_of(connection, pbx, call)
    return {} if record is None or record.get("open") else {"story": story(record)}


def _point(connection: Connection, pbx: PbxId, call: CallId, ticket: Ticket) -> None:
    """Whose contact the call was: never the words of an entry, only whom it is found by."""
    whose = select(ticket_table.c.customer_id, ticket_table.c.tail).where(ticket_table.c.id == ticket.id)
    row = connection.execute(whose).one()
    key = text.key(entry_key(pbx, call))
    kept = None if row.customer_id is not None else func.coalesce(entries.c.tail, row.tail)
    changed = {"customer_id": row.customer_id, "tail": kept}
    connection.execute(update(entries).where(entries.c.key == key).values(**changed))


def _hold(connection: Connection, *ids: TicketId) -> None:
    """Both tickets, always in the same order, so that two who move calls across wait instead of blocking for ever."""
    wanted = select(ticket_table.c.id).where(ticket_table.c.id.in_(ids)).order_by(ticket_table.c.id)
    connection.execute(wanted.with_for_update())


def _is(pbx: PbxId, call: CallId) -> tuple[ColumnElement[bool], ...]:
    return (table.c.pbx == text.key(pbx), table.c.call_id == text.key(call))


# --- statements of each call, made once ------------------------------------------------------------------------------

_LINK = select(table).where(table.c.pbx == bindparam("of"), table.c.call_id == bindparam("id"))


@cache
def _new(dialect: str) -> ReturningInsert[Any]:
    return into(dialect, table).on_conflict_do_nothing().returning(table.c.ticket_id)

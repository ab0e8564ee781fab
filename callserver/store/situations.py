"""What is known about a call and its caller at the moment its ticket is looked for.

In: a call's record, inside the transaction that will put it on a ticket. Out: a `Situation` for the rules. Must not
know: the rules, what comes of them. The tickets that may be chosen are locked here, so that none of them is closed or
taken between the decision and the deed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, or_, select

from callserver.customers.record import CustomerId
from callserver.facts import CallId, Instant, PbxId, instant
from callserver.numbers import Plan, Read, tail
from callserver.store import call_tickets, kinds, promises, text
from callserver.store.desk import call_tickets as links
from callserver.store.desk import customer_numbers, customers, promise_open, ticket_open
from callserver.store.desk import promises as promise_table
from callserver.store.desk import tickets as ticket_table
from callserver.store.schema import calls
from callserver.tickets.landing import kind_of
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId, TicketId
from callserver.tickets.situation import Candidate, Moment, Owed, Situation

_MOST = 50  # tickets of one caller that are looked at: the last touched


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the settings say about calls: how numbers are read, and what each queue is for."""

    plan: Plan = field(default_factory=Plan)
    queues: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Which call, its record as it is now, why we look."""

    pbx: PbxId
    call: CallId
    moment: Moment
    record: Mapping[str, Any]
    absorbed: CallId | None = None


def other_side(record: Mapping[str, Any], plan: Plan) -> Read:
    """The number of the customer's side: who called, or who was called; at which somebody who gave their place in the
    queue wants to be called."""
    if record.get("direction") == "outbound":
        return plan.read(record.get("dialed"))
    return plan.read((record.get("callback") or {}).get("number") or record.get("caller_number"))


def situation(connection: Connection, looking: Looking, site: Site, now: Instant) -> Situation:
    """Everything that the rules ask for."""
    record = looking.record
    number = other_side(record, site.plan)
    link = call_tickets.explain(connection, looking.call)
    absorbed = call_tickets.explain(connection, looking.absorbed) if looking.absorbed else None
    backwards = tail(number.e164) if number.e164 else None
    owners = customers_of(connection, backwards) if backwards else ()
    return Situation(
        moment=looking.moment,
        direction=record.get("direction") or "inbound",
        shift=bool(record.get("shift")),
        talked=bool(record.get("answered")),
        over=not record.get("open", False),
        outcome=record.get("outcome") or "unknown",
        identified=number.identifies,
        on=_candidate(connection, link.ticket) if link else None,
        on_rule=link.rule if link else "",
        absorbed_on=_candidate(connection, absorbed.ticket) if absorbed else None,
        customers=owners,
        tickets=_open_tickets(connection, backwards, owners) if backwards and not link else (),
        dialed_for=_promised(connection, backwards, owners) if backwards and not link else (),
        served_on=_served(connection, record) if backwards and not link else None,
        holds=bool(record.get("callback")),
        kind="" if link else _kind(connection, record, site),
        now=now,
    )


def customers_of(connection: Connection, backwards: str) -> tuple[CustomerId, ...]:
    """Everybody who has the number (numbers.tail) and is not merged or erased."""
    return tuple(CustomerId(one) for one in connection.execute(_OWNERS, {"tail": backwards}).scalars())


def _open_tickets(
    connection: Connection, backwards: str, owners: Sequence[CustomerId]
) -> tuple[Candidate, ...]:
    """Of the number while nobody is known for them, and of everybody who has it."""
    newest = list(connection.execute(_OF_TAIL, {"tail": backwards}).scalars())
    if owners:
        newest += connection.execute(*_any(owners, _OF_OWNER, _OF_OWNERS)).scalars()
    return _candidates(connection, newest)


def _candidate(connection: Connection, ticket: TicketId) -> Candidate | None:
    """The ticket that a call is on, open or not."""
    found = _candidates(connection, [ticket], only_open=False)
    return found[0] if found else None


def _candidates(
    connection: Connection, ids: Sequence[int], *, only_open: bool = True
) -> tuple[Candidate, ...]:
    """These tickets, locked; one that was closed meanwhile is left out."""
    if not ids:
        return ()
    one, some = (_ONE_OPEN, _CHOSEN_OPEN) if only_open else (_ONE, _CHOSEN)
    rows = connection.execute(*_any(ids, one, some)).all()
    owed = _owed(connection, [row.id for row in rows])
    return tuple(
        Candidate(
            id=TicketId(row.id),
            kind=row.kind,
            customer=None if row.customer_id is None else CustomerId(row.customer_id),
            touched_at=row.touched_at,
            owes=tuple(one for one in owed if one.ticket == row.id),
        )
        for row in rows
    )


def _owed(connection: Connection, ids: Sequence[int]) -> list[Owed]:
    return [
        Owed(id=PromiseId(row.id), kind=row.kind, ticket=row.ticket_id, due_at=row.due_at, tail=row.tail)
        for row in connection.execute(*_any(ids, _OWED_ON, _OWED))
    ]


def _promised(connection: Connection, backwards: str, owners: Sequence[CustomerId]) -> tuple[Owed, ...]:
    """Calls owed to exactly this number, and those owed to its one customer on no number in particular."""
    found: Iterable[Promise] = promises.open_of_tail(connection, backwards)
    if len(owners) == 1:
        found = (*found, *(one for one in promises.open_of_customer(connection, owners[0]) if not one.number))
    return tuple(
        Owed(id=one.id, kind=one.kind, ticket=one.ticket, due_at=one.due_at, tail=backwards) for one in found
    )


def _served(connection: Connection, record: Mapping[str, Any]) -> TicketId | None:
    """The ticket of the caller's next call that was answered, if there was one. Looked for by the number as received,
    which is the same for two calls through the same line.
    """
    if not record.get("started_at"):
        return None
    given = {"number": text.key(record.get("caller_number") or ""), "since": _started(record)}
    found = connection.execute(_SERVED, given).scalar_one_or_none()
    return None if found is None else TicketId(found)


def _started(record: Mapping[str, Any]) -> Instant:
    return instant(record.get("started_at")) or 0


def _kind(connection: Connection, record: Mapping[str, Any], site: Site) -> str:
    """Of the queue in which the call was answered, else of its first; one that is not retired."""
    visits = record.get("queue_visits", ())
    queue = next((visit for visit in visits if visit.get("agent")), visits[0] if visits else {}).get("queue")
    usable = frozenset(kind.name for kind in kinds.every(connection) if not kind.retired)
    kind = kind_of(site.queues.get(queue or ""), usable)
    return kind if kind in usable else min(usable, default=kind)


# --- statements: made once, since making one costs more than asking it, and a call asks them all twice ---------------


def _any(
    wanted: Sequence[int], one: Select[Any], some: Select[Any]
) -> tuple[Select[Any], dict[str, int | Sequence[int]]]:
    """The statement for a single id, which nearly all are, or for several, whose text has to be made each time."""
    return (one, {"one": wanted[0]}) if len(wanted) == 1 else (some, {"some": wanted})


_OWNERS = (
    select(customer_numbers.c.customer_id)
    .join(customers, and_(customers.c.id == customer_numbers.c.customer_id, customers.c.findable.is_(True)))
    .where(customer_numbers.c.tail == bindparam("tail"))
    .order_by(customer_numbers.c.customer_id)
)
_NEWEST = select(ticket_table.c.id).where(ticket_open).order_by(ticket_table.c.touched_at.desc()).limit(_MOST)
_OF_TAIL = _NEWEST.where(ticket_table.c.tail == bindparam("tail"))
_OF_OWNER = _NEWEST.where(ticket_table.c.customer_id == bindparam("one"))
_OF_OWNERS = _NEWEST.where(ticket_table.c.customer_id.in_(bindparam("some", expanding=True)))
_CANDIDATES = (
    select(ticket_table.c.id, ticket_table.c.kind, ticket_table.c.customer_id, ticket_table.c.touched_at)
    .order_by(ticket_table.c.id)
    .with_for_update()
)
_ONE = _CANDIDATES.where(ticket_table.c.id == bindparam("one"))
_ONE_OPEN = _ONE.where(ticket_open)
_CHOSEN = _CANDIDATES.where(ticket_table.c.id.in_(bindparam("some", expanding=True)))
_CHOSEN_OPEN = _CHOSEN.where(ticket_open)
_OWING = select(promise_table).where(promise_open).order_by(promise_table.c.due_at)
_OWED_ON = _OWING.where(promise_table.c.ticket_id == bindparam("one"))
_OWED = _OWING.where(promise_table.c.ticket_id.in_(bindparam("some", expanding=True)))
_SERVED = (
    select(links.c.ticket_id)
    .join(calls, and_(calls.c.pbx == links.c.pbx, calls.c.call_id == links.c.call_id))
    .where(
        calls.c.caller_number == bindparam("number"),
        calls.c.started_at > bindparam("since"),
        or_(calls.c.answered_at.is_not(None), calls.c.outcome == "answered"),
    )
    .order_by(calls.c.started_at)
    .limit(1)
)

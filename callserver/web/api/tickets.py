"""The API of tickets: listed, opened, read, changed, moved from status to status.

In: what is asked for and given. Out: tickets as the asker may see them. Must not know: how they are kept, which step is
legal (tickets.tables), what a kind's fields may be (tickets.filling).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from callserver.customers import masking
from callserver.customers.record import CustomerId, ProductId
from callserver.errors import BadValue
from callserver.facts import iso
from callserver.store import customers, kinds, outbox, promises, recording, ticket_pages, tickets
from callserver.store.engine import Connection
from callserver.store.ticket_pages import Wanted
from callserver.tickets.changing import KEEP, Changes, Draft
from callserver.tickets.number import spoken
from callserver.tickets.promise import Promise, to_json
from callserver.tickets.record import Priority, Status, Ticket, TicketId
from callserver.tickets.tables import STEPS
from callserver.web.api import rights, showing
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.problems import wrong_query
from callserver.web.api.shapes import (
    LIMIT,
    Cursor,
    Given,
    Limit,
    Moment,
    NextCursor,
    Until,
    at,
    cursor,
    place_in,
)

api = Operations(
    "tickets",
    "One matter of one customer, from the first call to its end: what it is, and what happens next.",
)

HIDDEN = frozenset({"fields", "subject"})
"""What is masked without `personal:read`, and so cannot be changed without it."""

Subject = Annotated[
    str, Meta(max_length=200, description="One line.", examples=["Burner goes out after a minute"])
]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
KindName = Annotated[str, Meta(min_length=1, max_length=63, examples=["repair"])]
Fields = Annotated[
    dict[str, Any], Meta(description="By the definition of the kind: see `/kinds`.", max_length=100)
]
Reason = Annotated[str, Meta(max_length=500, description="Some steps need one.")]


# --- what is told ----------------------------------------------------------------------------------------------------


class PromiseShown(Struct, frozen=True, kw_only=True):
    """A call that is owed, or was. `why`: its reason, and once it is settled the reason of that."""

    id: int
    ticket: int
    kind: str
    status: str
    number: str | None
    due_at: Moment
    deadline_at: Moment
    settled_at: Moment | None
    why: str


class Outside(Struct, frozen=True, kw_only=True):
    """Saved here, not yet there: what webhooks have not taken to the other side yet, and since when."""

    unsent: int
    since: Moment | None
    dead: Annotated[int, Meta(description="Given up: a person has to look at them (dead letters).")]


class TicketShown(Struct, frozen=True, kw_only=True):
    """A ticket. `number` is what people say on the phone, `spoken` the same in groups; `fields` go by its kind."""

    id: int
    number: str
    spoken: str
    version: int
    kind: str
    status: Status
    open: bool
    subject: str
    customer: int | None
    product: int | None
    caller: str | None
    priority: Priority
    owner: str | None
    team: str | None
    fields: dict[str, Any]
    opened_at: Moment
    touched_at: Moment
    due_at: Moment | None
    closed_at: Moment | None
    closing: Annotated[str, Meta(description="Why it was closed without what it owed.")]


class TicketWhole(TicketShown, frozen=True, kw_only=True):
    """One ticket, with whom it is about, what is owed, where it can go, and what the other side has not heard yet."""

    customer_name: str | None
    promises: list[PromiseShown]
    next: Annotated[list[Status], Meta(description="The statuses that a step leads to.")]
    outside: Outside


class Tickets(Struct, frozen=True, kw_only=True):
    """A page of tickets. It may be short, or even empty, and not the last one."""

    tickets: list[TicketShown]
    cursor: NextCursor


# --- what is given ---------------------------------------------------------------------------------------------------


class TicketGiven(Struct, frozen=True, kw_only=True):
    """A ticket to be. What is not there is as its kind says."""

    kind: KindName
    subject: Subject = ""
    customer: Id | None = None
    product: Id | None = None
    caller: Annotated[str, Meta(max_length=40, description="Read as all numbers are.")] | None = None
    priority: Priority | None = None
    owner: Name | None = None
    team: Name | None = None
    fields: Fields = {}
    due_at: Annotated[datetime, Meta(tz=True)] | None = None


class TicketPatch(Struct, frozen=True, kw_only=True):
    """What is to be different; null takes a value away. Of `fields` only those that are there change."""

    kind: KindName | UnsetType = UNSET
    subject: Subject | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    product: Given[Id] = UNSET
    owner: Given[Name] = UNSET
    team: Given[Name] = UNSET
    due_at: Given[Annotated[datetime, Meta(tz=True)]] = UNSET
    fields: Fields | UnsetType = UNSET


class StatusGiven(Struct, frozen=True, kw_only=True):
    """Where the ticket goes."""

    to: Status
    why: Reason = ""


class CustomerOfTicket(Struct, frozen=True, kw_only=True):
    """Whose ticket it is after all; null: nobody's whom we know."""

    customer: Id | None
    why: Reason = ""


class TicketsQuery(Struct, frozen=True, kw_only=True):
    open: bool | None = None
    status: Annotated[str, Meta(max_length=200, description="One, or several with commas.")] | None = None
    kind: Annotated[str, Meta(max_length=500, description="One, or several with commas.")] | None = None
    priority: Priority | None = None
    owner: Name | None = None
    team: Name | None = None
    customer: Id | None = None
    product: Id | None = None
    due_before: Until | None = None
    words: Annotated[str, Meta(max_length=200, description="All of them are in the subject.")] | None = None
    number: Annotated[str, Meta(max_length=60, description="As said or typed.")] | None = None
    sort: Annotated[
        Literal["touched", "opened", "due", "priority"],
        Meta(description="`due` and `priority` show open tickets only."),
    ] = "touched"
    limit: Limit = LIMIT
    cursor: Cursor | None = None


# --- operations ------------------------------------------------------------------------------------------------------


@api("GET", "/tickets", scope="tickets:read", long=True)
def list_tickets(connection: Connection, asked: Asked, query: TicketsQuery) -> Done[Tickets]:
    """Find tickets."""
    page = ticket_pages.page(
        connection,
        _wanted(query, asked),
        query.limit,
        place_in(query.cursor, query.sort, ticket_pages.ORDERS[query.sort]),
        query.sort,
    )
    end = cursor([query.sort, *page.end.values]) if page.end else None
    body = Tickets(tickets=[shown(one, asked) for one in page.tickets], cursor=end)
    return Done(body, seen=tuple(subject(one) for one in page.tickets))


@api("POST", "/tickets", scope="tickets:write", status=201, versioned=True, errors=(404, 409))
def open_ticket(connection: Connection, asked: Asked, body: TicketGiven) -> Done[TicketWhole]:
    """Open a ticket."""
    opened = tickets.open_ticket(connection, draft_of(body, asked), asked.actor, asked.now)
    return whole(connection, opened, asked, made=True)


@api("GET", "/tickets/{id}", scope="tickets:read", versioned=True)
def read_ticket(connection: Connection, asked: Asked, id: Id) -> Done[TicketWhole]:
    """One ticket by its id."""
    return whole(connection, tickets.get(connection, TicketId(id)), asked)


@api("GET", "/tickets/number/{number}", scope="tickets:read", versioned=True)
def read_ticket_by_number(connection: Connection, asked: Asked, number: str) -> Done[TicketWhole]:
    """One ticket by the number that somebody said or typed.

    Blanks, hyphens and full-width or Chinese digits are taken; a digit that was misheard is noticed.
    """
    return whole(connection, tickets.by_number(connection, number), asked)


@api("PATCH", "/tickets/{id}", scope="tickets:write", versioned=True, errors=(409,))
def change_ticket(connection: Connection, asked: Asked, id: Id, body: TicketPatch) -> Done[TicketWhole]:
    """Change a ticket's values; its status and customer have operations of their own."""
    showing.must_see(asked, showing.values(body), HIDDEN)
    changed = tickets.change(
        connection, TicketId(id), asked.expected, changes_of(body), asked.actor, asked.now
    )
    return whole(connection, changed, asked)


@api("POST", "/tickets/{id}/status", scope="tickets:write", versioned=True, errors=(409,))
def move_ticket(connection: Connection, asked: Asked, id: Id, body: StatusGiven) -> Done[TicketWhole]:
    """Take a ticket to another status.

    `next` of a ticket says where it can go. Nothing that was serviced closes without its return visit or a reason, and
    the right `tickets:waive`; cancelling while somebody is at the customer's needs `tickets:call_off`.
    """
    with rights.explained():
        moved = tickets.move(
            connection,
            TicketId(id),
            body.to,
            body.why,
            asked.actor,
            asked.now,
            expected=asked.expected,
            rights=rights.of_tickets(asked),
        )
    recording.own_new(connection, moved.id, None if asked.person is None else asked.person.id, asked.now)
    return whole(connection, moved, asked)


@api("PUT", "/tickets/{id}/customer", scope="tickets:write", versioned=True, errors=(409,))
def give_ticket_to_customer(
    connection: Connection, asked: Asked, id: Id, body: CustomerOfTicket
) -> Done[TicketWhole]:
    """Say whose ticket it is; its contacts and what it owes follow."""
    customer = None if body.customer is None else CustomerId(body.customer)
    given = tickets.give_customer(
        connection, TicketId(id), customer, body.why, asked.actor, asked.now, expected=asked.expected
    )
    return whole(connection, given, asked)


# --- how they are told -----------------------------------------------------------------------------------------------


def shown(ticket: Ticket, asked: Asked) -> TicketShown:
    """A ticket as this asker may see it."""
    return showing.shown(TicketShown, "ticket", ticket, asked, spoken=spoken(ticket.number), open=ticket.open)


def promise_shown(promise: Promise, asked: Asked) -> PromiseShown:
    """A promise as this asker may see it."""
    return showing.shown(PromiseShown, "promise", to_json(promise), asked)


def subject(ticket: Ticket) -> str:
    """What audit and outbox call it."""
    return f"ticket:{ticket.id}"


def whole(connection: Connection, ticket: Ticket, asked: Asked, *, made: bool = False) -> Done[TicketWhole]:
    """One ticket with all that belongs to it, as this asker may see it."""
    owed = promises.of_ticket(connection, ticket.id)
    whole = showing.shown(
        TicketWhole,
        "ticket",
        ticket,
        asked,
        spoken=spoken(ticket.number),
        open=ticket.open,
        customer_name=masking.name(_name(connection, ticket), showing.sight(asked)),
        promises=[promise_shown(one, asked) for one in owed],
        next=_next(connection, ticket),
        outside=_outside(connection, [subject(ticket), *(f"promise:{one.id}" for one in owed)]),
    )
    return Done(
        whole,
        version=ticket.version,
        location=f"/tickets/{ticket.id}" if made else None,
        seen=(subject(ticket), *([customers.subject(ticket.customer)] if ticket.customer else [])),
    )


def _next(connection: Connection, ticket: Ticket) -> list[Status]:
    """Where a step leads; a ticket outlives its kind, and uses all statuses then."""
    kind = kinds.find(connection, ticket.kind)
    steps = STEPS[ticket.status]
    return list(dict.fromkeys(one.to for one in steps if kind is None or kind.may_be(one.to)))


def _outside(connection: Connection, subjects: Sequence[str]) -> Outside:
    pending = outbox.pending_of(connection, subjects).values()
    since = min((one.since for one in pending if one.since is not None), default=None)
    return Outside(
        unsent=sum(one.count for one in pending), since=iso(since), dead=sum(one.dead for one in pending)
    )


def _name(connection: Connection, ticket: Ticket) -> str | None:
    return None if ticket.customer is None else customers.get(connection, ticket.customer).name


def _said(value: Any) -> Any:
    return None if value is UNSET else value


def callable_number(asked: Asked, field: str, received: str | None) -> str | None:
    """E.164 of a number that somebody wrote. Raises BadValue, naming the field."""
    if received is None:
        return None
    read = asked.site.plan.read(received)
    if read.e164 is None:
        raise BadValue(field, f"is no telephone number that can be dialed, but {read.kind}")
    return read.e164


# --- how they are given ----------------------------------------------------------------------------------------------


def draft_of(body: TicketGiven, asked: Asked) -> Draft:
    """A ticket to be. Raises BadValue for a caller's number that is none."""
    return Draft(
        kind=body.kind,
        subject=body.subject,
        customer=None if body.customer is None else CustomerId(body.customer),
        product=None if body.product is None else ProductId(body.product),
        caller=callable_number(asked, "caller", body.caller),
        priority=body.priority,
        owner=body.owner,
        team=body.team,
        fields=body.fields,
        due_at=at(body.due_at),
    )


def changes_of(body: TicketPatch) -> Changes:
    """What is to be different."""
    return Changes(
        kind=_said(body.kind),
        subject=_said(body.subject),
        priority=_said(body.priority),
        product=KEEP if body.product is UNSET else None if body.product is None else ProductId(body.product),
        owner=KEEP if body.owner is UNSET else body.owner,
        team=KEEP if body.team is UNSET else body.team,
        due_at=KEEP if body.due_at is UNSET else at(body.due_at),
        fields={} if body.fields is UNSET else body.fields,
    )


# --- how they are asked for ------------------------------------------------------------------------------------------


def _wanted(query: TicketsQuery, asked: Asked) -> Wanted:
    if query.words is not None and showing.sight(asked) != "whole":
        raise wrong_query("words", f"whoever sees subjects masked cannot look into them ({showing.PERSONAL})")
    return Wanted(
        open=query.open,
        statuses=_listed(query.status),
        kinds=_listed(query.kind),
        priority=query.priority,
        owner=query.owner,
        team=query.team,
        customer=None if query.customer is None else CustomerId(query.customer),
        product=None if query.product is None else ProductId(query.product),
        due_before=at(query.due_before),
        words=query.words,
        number=query.number,
    )


def _listed(said: str | None) -> Any:
    return None if said is None else [one.strip() for one in said.split(",") if one.strip()]

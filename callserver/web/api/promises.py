"""The API of promises: calls that we owe, listed, looked at, made.

In: what is asked for and given. Out: promises as the asker may see them. Must not know: how they are kept, how a call
is dialled; what is done with one is in `keeping`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, get_args

from msgspec import Meta, Struct

from callserver.customers import masking
from callserver.customers.record import CustomerId
from callserver.errors import BadValue, Conflict
from callserver.facts import Instant
from callserver.store import pledges, promise_pages, promises, recording, tickets
from callserver.store.engine import Connection
from callserver.store.promise_pages import Listed, Somebody, Sort, Wanted
from callserver.tickets.number import said
from callserver.tickets.promise import Mode, NewPromise, Promise, PromiseKind, PromiseStatus, to_json
from callserver.tickets.record import PromiseId, TicketId
from callserver.web.api import showing
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.problems import wrong_query
from callserver.web.api.shapes import (
    LIMIT,
    Cursor,
    Limit,
    Moment,
    NextCursor,
    Since,
    Until,
    at,
    cursor,
    place_in,
)
from callserver.web.api.tickets import PromiseShown, callable_number

api = Operations("promises", "Calls that we owe: when each is due, what became of it, and why not yet.")

Why = Annotated[str, Meta(max_length=promises.LONGEST_REASON, description="For people.")]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Several = Annotated[str, Meta(max_length=200, description="One, or several with commas.")]


class PersonShown(Struct, frozen=True, kw_only=True):
    """A user."""

    id: int
    login: str
    name: str


class PromiseWhole(PromiseShown, frozen=True, kw_only=True):
    """A promise with whose it is and what it waits for.

    `open`: still owed, also when it was broken. `late`: owed, and past its due time. `broken_at`: when its deadline
    passed; it stays, whatever came later. `next_at`: when it is looked at (again). `held`: the rule that held it when
    it was looked at last; see `explain`. `reserved`: on whose screen it lies now. `place_at`: since when its caller
    waits in `queue`, whose place the call keeps.
    """

    version: int
    open: bool
    late: bool
    mode: str
    ticket_number: str
    customer: int | None
    customer_name: str | None
    owner: PersonShown | None
    team: str | None
    queue: str | None
    created_at: Moment
    earliest_at: Moment | None
    next_at: Moment | None
    broken_at: Moment | None
    tries: int
    held: str | None
    held_at: Moment | None
    reserved: PersonShown | None
    place_at: Moment | None
    about_at: Annotated[Moment | None, Meta(description="The appointment that it reminds of.")]
    campaign: int | None


class OfTicket(Struct, frozen=True, kw_only=True):
    """All promises of a ticket, the first one first."""

    promises: list[PromiseWhole]


class Promises(Struct, frozen=True, kw_only=True):
    """A page of promises."""

    promises: list[PromiseWhole]
    cursor: NextCursor


class PromiseGiven(Struct, frozen=True, kw_only=True):
    """A call to be owed. What is not there is as its kind says; `number`: else the ticket's caller is called."""

    kind: PromiseKind
    due_at: Annotated[datetime, Meta(tz=True)] | None = None
    deadline_at: Annotated[datetime, Meta(tz=True)] | None = None
    number: Annotated[str, Meta(max_length=40, description="Read as all numbers are.")] | None = None
    mode: (
        Annotated[Mode, Meta(description="How this one is dialled, whatever the policy of its kind says.")]
        | None
    ) = None
    why: Why = ""


class PromisesQuery(Struct, frozen=True, kw_only=True):
    open: Annotated[bool, Meta(description="Whether the call is still owed.")] | None = None
    status: Several | None = None
    kind: Several | None = None
    owner: Annotated[Name, Meta(description="A login.")] | None = None
    mine: Annotated[bool, Meta(description="Those of whoever is signed in.")] = False
    team: Name | None = None
    queue: Name | None = None
    ticket: Id | None = None
    customer: Id | None = None
    campaign: Id | None = None
    due_from: Since | None = None
    due_to: Until | None = None
    late: Annotated[bool, Meta(description="Those that are owed and past their due time.")] = False
    broken: Annotated[bool, Meta(description="Whether the deadline passed.")] | None = None
    sort: Annotated[
        Sort,
        Meta(
            description="`due` lists what is owed, `deadline` what is owed and not broken, `settled` what is kept or "
            "withdrawn (the last one first), `newest` everything."
        ),
    ] = "due"
    limit: Limit = LIMIT
    cursor: Cursor | None = None


# --- looked at -------------------------------------------------------------------------------------------------------


@api("GET", "/promises", scope="tickets:read", long=True)
def list_promises(connection: Connection, asked: Asked, query: PromisesQuery) -> Done[Promises]:
    """Calls that are owed, the most urgent first, or in another order."""
    page = promise_pages.page(
        connection,
        _wanted(query, asked),
        query.limit,
        place_in(query.cursor, query.sort, promise_pages.ORDERS[query.sort]),
        query.sort,
    )
    behind = None if page.end is None else cursor((query.sort, *page.end.values))
    seen = tuple(dict.fromkeys(f"ticket:{one.promise.ticket}" for one in page.promises))
    return Done(Promises(promises=[shown(one, asked) for one in page.promises], cursor=behind), seen=seen)


@api("GET", "/tickets/{id}/promises", scope="tickets:read")
def list_promises_of_ticket(connection: Connection, asked: Asked, id: Id) -> Done[OfTicket]:
    """All promises of a ticket, those that were kept, withdrawn or broken, too."""
    ticket = tickets.get(connection, TicketId(id))
    found = promise_pages.several(connection, promises.of_ticket(connection, ticket.id))
    return Done(OfTicket(promises=[shown(one, asked) for one in found]), seen=(f"ticket:{id}",))


@api("GET", "/promises/{id}", scope="tickets:read", versioned=True)
def read_promise(connection: Connection, asked: Asked, id: Id) -> Done[PromiseWhole]:
    """One promise by its id."""
    return whole(connection, promises.get(connection, PromiseId(id)), asked)


# --- made ------------------------------------------------------------------------------------------------------------


@api("POST", "/tickets/{id}/promises", scope="tickets:write", status=201, versioned=True, errors=(409,))
def promise_call(connection: Connection, asked: Asked, id: Id, body: PromiseGiven) -> Done[PromiseWhole]:
    """Promise a call."""
    made = promises.owe(connection, _new(connection, asked, TicketId(id), body), asked.now, asked.actor)
    recording.own_new(connection, made.ticket, None if asked.person is None else asked.person.id, asked.now)
    return whole(connection, made, asked, made=True)


def _new(connection: Connection, asked: Asked, id: TicketId, body: PromiseGiven) -> NewPromise:
    ticket = tickets.get(connection, id)
    if not ticket.open:
        raise Conflict(f"ticket {ticket.number} is {ticket.status}: reopen it, and then promise")
    if body.number is None and ticket.caller is None:
        raise BadValue("number", "say which: the ticket has no caller")
    number, due, ends = callable_number(asked, "number", body.number), at(body.due_at), at(body.deadline_at)
    if due is not None:
        new = pledges.exactly(connection, body.kind, id, due, deadline_at=ends, number=number, why=body.why)
    else:
        new = pledges.by_policy(connection, body.kind, id, asked.now, number=number, why=body.why)
        new = new if ends is None else replace(new, deadline_at=ends)
    return pledges.dialled(connection, new, body.mode)


# --- shown -----------------------------------------------------------------------------------------------------------


def whole(
    connection: Connection, promise: Promise, asked: Asked, *, made: bool = False
) -> Done[PromiseWhole]:
    """One promise, as this asker may see it."""
    return Done(
        shown(promise_pages.one(connection, promise), asked),
        version=promise.version,
        location=f"/promises/{promise.id}" if made else None,
        seen=(f"ticket:{promise.ticket}",),
    )


def shown(listed: Listed, asked: Asked) -> PromiseWhole:
    """A promise as this asker may see it."""
    promise = listed.promise
    return showing.shown(
        PromiseWhole,
        "promise",
        to_json(promise),
        asked,
        open=promise.open,
        late=late(promise, asked.now),
        ticket_number=said(promise.ticket),
        customer_name=masking.name(listed.customer_name, showing.sight(asked)),
        owner=_person(listed.owner),
        reserved=_person(listed.reserved),
    )


def late(promise: Promise, now: Instant) -> bool:
    """Whether the call should have been made by now."""
    return promise.open and promise.due_at < now


def _person(somebody: Somebody | None) -> Any:
    return somebody and {"id": somebody.user, "login": somebody.login, "name": somebody.name}


# --- asked for -------------------------------------------------------------------------------------------------------


def _wanted(query: PromisesQuery, asked: Asked) -> Wanted:
    return Wanted(
        open=query.open,
        statuses=_listed("status", query.status, get_args(PromiseStatus)),
        kinds=_listed("kind", query.kind, get_args(PromiseKind)),
        owner=_owner(query, asked),
        team=query.team,
        queue=query.queue,
        ticket=None if query.ticket is None else TicketId(query.ticket),
        customer=None if query.customer is None else CustomerId(query.customer),
        campaign=query.campaign,
        due_from=at(query.due_from),
        due_to=at(query.due_to),
        late=asked.now if query.late else None,
        broken=query.broken,
    )


def _owner(query: PromisesQuery, asked: Asked) -> str | None:
    if not query.mine:
        return query.owner
    if asked.person is None:
        raise wrong_query("mine", "this is a token: nobody is signed in")
    return asked.person.login


def _listed(field: str, given: str | None, known: tuple[str, ...]) -> list[str] | None:
    if given is None:
        return None
    found = [one.strip() for one in given.split(",") if one.strip()]
    if strange := next((one for one in found if one not in known), None):
        raise wrong_query(field, f"{strange!r} is none of {', '.join(known)}")
    return found

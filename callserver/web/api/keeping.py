"""The API of keeping promises: what people do with a call that is owed.

In: what is asked for. Out: the promise as it is then. Must not know: how a call is dialled, which step is legal
(promises.states), how promises are shown (`promises`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from callserver.errors import BadValue, Conflict, NotFound
from callserver.facts import CallId
from callserver.people import UserId
from callserver.store import call_tickets, calls, promises, situations, steering, teams, tickets, users
from callserver.store.engine import Connection
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId
from callserver.web.api.asking import CallName
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.promises import Name, PromiseWhole, Why, whole
from callserver.web.api.shapes import at

api = Operations("keeping promises", "What people do with a call that is owed.")

Seen = Annotated[
    int, Meta(ge=1, description="The version that was on the screen; a later one is left alone (412).")
]
Reason = Annotated[Why, Meta(min_length=1)]


class Withdrawal(Struct, frozen=True, kw_only=True):
    """Why the call is not owed any more."""

    why: Reason


class KeptIn(Struct, frozen=True, kw_only=True):
    """In which call with the customer it was kept; it may be going on still."""

    call: CallName
    why: Why = ""


class Moved(Struct, frozen=True, kw_only=True):
    """When the call is to be made."""

    due_at: Annotated[datetime, Meta(tz=True)]
    deadline_at: Annotated[datetime, Meta(tz=True)] | None = None
    why: Why = ""
    version: Seen | None = None


class ForWhom(Struct, frozen=True, kw_only=True):
    """Who is to make the call: a user by their login, or a team by its name, or both."""

    user: Name | None = None
    team: Name | None = None
    why: Why = ""
    version: Seen | None = None


@api("POST", "/promises/{id}/keep", scope="promises:dial", versioned=True, errors=(409,))
def keep_promise(connection: Connection, asked: Asked, id: Id, body: KeptIn) -> Done[PromiseWhole]:
    """Say that what was promised was done in a call with this customer: they called in first, or were called by hand.

    The call has to be one with this customer, in which somebody spoke with them; else 409.
    """
    promise = promises.get(connection, PromiseId(id))
    call = CallId(body.call)
    _must_be_with(connection, asked, call, promise)
    why = body.why.strip() or f"kept in call {call}"
    kept = promises.settle(connection, promise.id, "kept", why, asked.now, asked.actor)
    return whole(connection, kept, asked)


@api("POST", "/promises/{id}/move", scope="promises:manage", versioned=True, errors=(409, 412))
def move_promise(connection: Connection, asked: Asked, id: Id, body: Moved) -> Done[PromiseWhole]:
    """Give the call another time. Its deadline stays unless it is given too, or lies before the new time.

    That a deadline was missed stays on record. Not while the call is made, and not when it is over.
    """
    moved = steering.move(
        connection,
        PromiseId(id),
        at(body.due_at) or 0,
        body.why,
        asked.actor,
        asked.now,
        deadline_at=at(body.deadline_at),
        expected=body.version,
    )
    return whole(connection, moved, asked)


@api("POST", "/promises/{id}/reassign", scope="promises:manage", versioned=True, errors=(409, 412))
def reassign_promise(connection: Connection, asked: Asked, id: Id, body: ForWhom) -> Done[PromiseWhole]:
    """Give the call to somebody else: a person, or a team, of which anybody may make it."""
    given = steering.reassign(
        connection,
        PromiseId(id),
        body.why,
        asked.actor,
        asked.now,
        user=_whom(connection, body),
        team=body.team,
        expected=body.version,
    )
    return whole(connection, given, asked)


@api("POST", "/promises/{id}/withdraw", scope="tickets:write", versioned=True, errors=(409,))
def withdraw_promise(connection: Connection, asked: Asked, id: Id, body: Withdrawal) -> Done[PromiseWhole]:
    """Say that a call is not owed any more, and why. A return visit that is withdrawn was still not made."""
    why = reason(body.why)
    withdrawn = promises.settle(connection, PromiseId(id), "withdrawn", why, asked.now, asked.actor)
    return whole(connection, withdrawn, asked)


def _whom(connection: Connection, body: ForWhom) -> UserId | None:
    """Raises BadValue for a login or a team that there is not."""
    field = "team"
    try:
        if body.team is not None:
            teams.by_name(connection, body.team)
        field = "user"
        return None if body.user is None else users.by_login(connection, body.user).person.id
    except NotFound as error:
        raise BadValue(field, str(error)) from None


def reason(why: str) -> str:
    """Raises BadValue for blanks."""
    if not why.strip():
        raise BadValue("why", "say why")
    return why


def _must_be_with(connection: Connection, asked: Asked, call: CallId, promise: Promise) -> None:
    """Raises NotFound for a call that there is not, Conflict for one with somebody else, or with nobody."""
    record = calls.record_of(connection, call_tickets.pbx_of(call), call)
    if record is None:
        raise NotFound("there is no such call")
    if not record.get("answered"):
        raise Conflict("nobody has spoken with the customer in this call")
    link = call_tickets.explain(connection, call)
    on = None if link is None else link.ticket
    other_side = situations.other_side(record, asked.site.plan).e164
    if on == promise.ticket or (other_side is not None and other_side == promise.number):
        return
    theirs = None if on is None else tickets.get(connection, on).customer
    if theirs is None or theirs != promise.customer:
        raise Conflict("this call is with somebody else")

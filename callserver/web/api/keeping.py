"""The API of keeping promises: what people do with a call that is owed.

In: what is asked for. Out: the promise as it is then. Must not know: how a call is dialled, which step is legal
(promises.states), how promises are shown (`promises`).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from callserver.errors import BadValue, Conflict, NotFound
from callserver.facts import CallId
from callserver.store import call_tickets, calls, promises, situations, tickets
from callserver.store.engine import Connection
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId
from callserver.web.api.asking import CallName
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.promises import PromiseWhole, Why, whole

api = Operations("keeping promises", "What people do with a call that is owed.")

Reason = Annotated[Why, Meta(min_length=1)]


class Withdrawal(Struct, frozen=True, kw_only=True):
    """Why the call is not owed any more."""

    why: Reason


class KeptIn(Struct, frozen=True, kw_only=True):
    """In which call with the customer it was kept; it may be going on still."""

    call: CallName
    why: Why = ""


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


@api("POST", "/promises/{id}/withdraw", scope="tickets:write", versioned=True, errors=(409,))
def withdraw_promise(connection: Connection, asked: Asked, id: Id, body: Withdrawal) -> Done[PromiseWhole]:
    """Say that a call is not owed any more, and why. A return visit that is withdrawn was still not made."""
    why = reason(body.why)
    withdrawn = promises.settle(connection, PromiseId(id), "withdrawn", why, asked.now, asked.actor)
    return whole(connection, withdrawn, asked)


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

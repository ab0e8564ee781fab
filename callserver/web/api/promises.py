"""The API of promises: calls that we owe, looked at, made, withdrawn with a reason.

In: what is asked for and given. Out: promises as the asker may see them. Must not know: how they are kept, how a call
is dialled. That one was kept is for the call to say that keeps it, not for a person.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from callserver.errors import BadValue, Conflict
from callserver.store import promises, recording, tickets
from callserver.store.engine import Connection
from callserver.tickets.promise import NewPromise, PromiseKind, owed
from callserver.tickets.record import PromiseId, TicketId
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.shapes import at
from callserver.web.api.tickets import PromiseShown, callable_number, promise_shown

api = Operations("promises", "Calls that we owe: when each is due, and what became of it.")

Why = Annotated[str, Meta(max_length=promises.LONGEST_REASON, description="For people.")]


class Promises(Struct, frozen=True, kw_only=True):
    """All promises of a ticket, the first one first."""

    promises: list[PromiseShown]


class PromiseGiven(Struct, frozen=True, kw_only=True):
    """A call to be owed. What is not there is as its kind says; `number`: else the ticket's caller is called."""

    kind: PromiseKind
    due_at: Annotated[datetime, Meta(tz=True)] | None = None
    deadline_at: Annotated[datetime, Meta(tz=True)] | None = None
    number: Annotated[str, Meta(max_length=40, description="Read as all numbers are.")] | None = None
    why: Why = ""


class Withdrawal(Struct, frozen=True, kw_only=True):
    """Why the call is not owed any more."""

    why: Annotated[Why, Meta(min_length=1)]


@api("GET", "/tickets/{id}/promises", scope="tickets:read")
def list_promises(connection: Connection, asked: Asked, id: Id) -> Done[Promises]:
    """All promises of a ticket, those that were kept, withdrawn or broken, too."""
    ticket = tickets.get(connection, TicketId(id))
    found = [promise_shown(one, asked) for one in promises.of_ticket(connection, ticket.id)]
    return Done(Promises(promises=found), seen=(f"ticket:{id}",))


@api("POST", "/tickets/{id}/promises", scope="tickets:write", status=201, errors=(409,))
def promise_call(connection: Connection, asked: Asked, id: Id, body: PromiseGiven) -> Done[PromiseShown]:
    """Promise a call."""
    made = promises.owe(connection, _new(connection, asked, TicketId(id), body), asked.now, asked.actor)
    recording.own_new(connection, made.ticket, None if asked.person is None else asked.person.id, asked.now)
    return Done(promise_shown(made, asked), location=f"/promises/{made.id}")


@api("GET", "/promises/{id}", scope="tickets:read")
def read_promise(connection: Connection, asked: Asked, id: Id) -> Done[PromiseShown]:
    """One promise by its id."""
    found = promises.get(connection, PromiseId(id))
    return Done(promise_shown(found, asked), seen=(f"ticket:{found.ticket}",))


@api("POST", "/promises/{id}/withdraw", scope="tickets:write", errors=(409,))
def withdraw_promise(connection: Connection, asked: Asked, id: Id, body: Withdrawal) -> Done[PromiseShown]:
    """Say that a call is not owed any more, and why. A return visit that is withdrawn was still not made."""
    if not body.why.strip():
        raise BadValue("why", "say why")
    withdrawn = promises.settle(connection, PromiseId(id), "withdrawn", body.why, asked.now, asked.actor)
    return Done(promise_shown(withdrawn, asked))


def _new(connection: Connection, asked: Asked, id: TicketId, body: PromiseGiven) -> NewPromise:
    ticket = tickets.get(connection, id)
    if not ticket.open:
        raise Conflict(f"ticket {ticket.number} is {ticket.status}: reopen it, and then promise")
    if body.number is None and ticket.caller is None:
        raise BadValue("number", "say which: the ticket has no caller")
    usual = owed(body.kind, id, asked.now)
    due = at(body.due_at) or usual.due_at
    return NewPromise(
        kind=body.kind,
        ticket=id,
        due_at=due,
        deadline_at=at(body.deadline_at) or due + usual.deadline_at - usual.due_at,
        number=callable_number(asked, "number", body.number),
        why=body.why,
    )

"""A call that we owe somebody: the values, and how soon each sort is due.

In: moments. Out: frozen records; `to_json` is what the API and the outbox tell. Must not know: SQL, dialling, clocks.
Instants are milliseconds UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from callserver.customers.record import CustomerId
from callserver.facts import Instant
from callserver.tickets.record import PromiseId, TicketId

PromiseKind = Literal[
    "callback",  # a caller whom nobody answered, or who asked to be called
    "watch",  # how does the product do after the guidance?
    "return_visit",  # was the service good?
    "reminder",
    "survey",
    "sale",
]
PROMISE_KINDS: tuple[str, ...] = get_args(PromiseKind)
PromiseStatus = Literal["planned", "kept", "withdrawn", "broken"]
Settled = Literal["kept", "withdrawn", "broken"]

_MINUTE = 60_000
_HOUR = 60 * _MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long after it was promised a call is due, and when it is too late. Milliseconds."""

    due: int
    deadline: int


TERMS: Final[Mapping[PromiseKind, Term]] = {
    "callback": Term(due=5 * _MINUTE, deadline=2 * _HOUR),
    "watch": Term(due=30 * _MINUTE, deadline=60 * _MINUTE),
    "return_visit": Term(due=24 * _HOUR, deadline=72 * _HOUR),
    "reminder": Term(due=24 * _HOUR, deadline=14 * 24 * _HOUR),
    "survey": Term(due=24 * _HOUR, deadline=14 * 24 * _HOUR),
    "sale": Term(due=24 * _HOUR, deadline=7 * 24 * _HOUR),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPromise:
    """A call to be owed. `number`: E.164 to call; None: that of the ticket's caller, if there is one."""

    kind: PromiseKind
    ticket: TicketId
    due_at: Instant
    deadline_at: Instant
    number: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A call that is owed, or was. `why`: its reason, and once it is settled the reason of that."""

    id: PromiseId
    kind: PromiseKind
    ticket: TicketId
    customer: CustomerId | None = None
    number: str | None = None
    status: PromiseStatus = "planned"
    due_at: Instant
    deadline_at: Instant
    created_at: Instant
    settled_at: Instant | None = None
    why: str = ""


def owed(
    kind: PromiseKind, ticket: TicketId, now: Instant, *, number: str | None = None, why: str = ""
) -> NewPromise:
    """A promise of this kind made now, with the terms of its kind."""
    term = TERMS[kind]
    return NewPromise(
        kind=kind,
        ticket=ticket,
        number=number,
        due_at=now + term.due,
        deadline_at=now + term.deadline,
        why=why,
    )


def to_json(promise: Promise) -> dict[str, Any]:
    """Every field by its name."""
    return asdict(promise)

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
    "callback",  # a caller whom nobody answered, or who gave their place in a queue for a call
    "watch",  # how does the product do after the guidance?
    "return_visit",  # was the service good?
    "requested",  # the customer named a time
    "appointment",  # somebody comes: the evening before, and two hours before
    "reminder",  # after a purchase, before the season turns
    "survey",
    "sale",
]
PROMISE_KINDS: tuple[str, ...] = get_args(PromiseKind)

Mode = Literal["agent_first", "customer_first", "automatic"]
"""Whose phone rings first; automatic: a prompt speaks with the customer, and an agent only if they ask for one."""
MODES: tuple[str, ...] = get_args(Mode)

PromiseStatus = Literal[
    "planned",  # not yet due
    "due",
    "reserved",  # an agent has it on the screen, and nothing was dialled yet
    "dialling",  # an attempt may be on its way to the switch
    "in_call",
    "to_retry",  # the last attempt did not reach the customer
    "unknown",  # what came of the last attempt could not be learned: a person decides
    "broken",  # past its deadline: still owed, until somebody closes it
    "kept",
    "withdrawn",
]
PROMISE_STATUSES: tuple[str, ...] = get_args(PromiseStatus)
SETTLED: Final[frozenset[str]] = frozenset({"kept", "withdrawn"})
OPEN: Final[frozenset[str]] = frozenset(PROMISE_STATUSES) - SETTLED
"""Still owed."""
MACHINE_MAY: Final[frozenset[str]] = frozenset({"planned", "due", "to_retry", "broken"})
"""From here the machinery may dial, or reserve an agent for it."""
Settled = Literal["kept", "withdrawn"]

_MINUTE = 60_000
_HOUR = 60 * _MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long after it was promised a call is due and when it is too late, in milliseconds; how it is dialled."""

    due: int
    deadline: int
    mode: Mode = "agent_first"


TERMS: Final[Mapping[PromiseKind, Term]] = {
    "callback": Term(due=5 * _MINUTE, deadline=2 * _HOUR),
    "watch": Term(due=30 * _MINUTE, deadline=60 * _MINUTE),
    "return_visit": Term(due=24 * _HOUR, deadline=72 * _HOUR),
    "requested": Term(due=5 * _MINUTE, deadline=20 * _MINUTE),
    "appointment": Term(due=22 * _HOUR, deadline=24 * _HOUR, mode="automatic"),
    "reminder": Term(due=24 * _HOUR, deadline=14 * 24 * _HOUR, mode="automatic"),
    "survey": Term(due=24 * _HOUR, deadline=14 * 24 * _HOUR, mode="automatic"),
    "sale": Term(due=24 * _HOUR, deadline=7 * 24 * _HOUR),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPromise:
    """A call to be owed. `number`: E.164 to call; None: that of the ticket's caller, if there is one.

    `mode` None: that of its kind. `earliest_at` None: not before it is due. `place_at`: since when its caller waits in
    `queue`, whose place this call keeps. `about_at`: the appointment that it reminds of. `key`: asked for again with
    it, it is the same promise.
    """

    kind: PromiseKind
    ticket: TicketId
    due_at: Instant
    deadline_at: Instant
    number: str | None = None
    why: str = ""
    mode: Mode | None = None
    earliest_at: Instant | None = None
    team: str | None = None
    queue: str | None = None
    place_at: Instant | None = None
    about_at: Instant | None = None
    campaign: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A call that is owed, or was. `why`: its reason, and once it is settled the reason of that.

    `tries`: attempts so far. `broken_at`: when its deadline passed; it stays, also if the call is made later.
    `next_at`: when the machinery looks at it (again); None: nothing is to be done by a machine, or its turn has come.
    `held`: the rule that held it when it was looked at last, `held_at` that moment. `reserved_by`: the user on whose
    screen it is.
    """

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
    mode: Mode = "agent_first"
    earliest_at: Instant | None = None
    next_at: Instant | None = None
    team: str | None = None
    queue: str | None = None
    tries: int = 0
    broken_at: Instant | None = None
    held: str | None = None
    held_at: Instant | None = None
    reserved_by: int | None = None
    place_at: Instant | None = None
    about_at: Instant | None = None
    campaign: int | None = None
    version: int = 1

    @property
    def open(self) -> bool:
        """Whether the call is still owed."""
        return self.status not in SETTLED


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

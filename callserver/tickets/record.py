"""A ticket and an entry of its timeline: the values, and their JSON.

In: values that were checked. Out: frozen records; `to_json` is what the store keeps and the API tells. Must not know:
SQL, HTTP, clocks. Instants are milliseconds UTC.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, NewType, get_args

from callserver.customers.record import CustomerId, ProductId
from callserver.facts import Instant

TicketId = NewType("TicketId", int)
PromiseId = NewType("PromiseId", int)

Status = Literal[
    "open",
    "watching",
    "dispatched",
    "appointed",
    "in_service",
    "serviced",
    "owed_visit",  # owed a return visit
    "closed",
    "reopened",
    "cancelled",
]
STATUSES: tuple[str, ...] = get_args(Status)
OVER: frozenset[str] = frozenset({"closed", "cancelled"})

Priority = Literal["low", "normal", "high", "urgent"]
PRIORITIES: tuple[str, ...] = get_args(Priority)  # stored by their place here, 0 to 3

EntryKind = Literal[
    "opened",  # body: rule or who
    "call",  # one a call, written when it is over: its outcome, times, queue, agent
    "call_corrected",  # the switch's journals knew better
    "call_moved_here",  # body: from (ticket number)
    "call_moved_away",  # body: to
    "note",  # body: text
    "change",  # body: {field: [before, after]}
    "status",  # body: from, to, why
    "promise",  # body: promise, kind, what: owed, kept, withdrawn, broken
    "message",  # body: way (sms, e-mail, letter ...), direction, text
    "attachment",  # body: attachment, name, type, size
    "correction",  # body: text; corrects an earlier entry
    "customer",  # the ticket got (another) customer; body: before, after, why
]
ENTRY_KINDS: tuple[str, ...] = get_args(EntryKind)
CONTACTS: frozenset[str] = frozenset({"call", "note", "message", "promise"})
"""Entries that are a contact with the customer or about one: what "the last 20 contacts" shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One matter of one customer from first call to closing.

    `caller`: E.164 of whoever the ticket began with. `fields`: by the kind's definition (`kinds.py`). `closing`: why
    it was closed without what it owed.
    """

    id: TicketId
    number: str
    version: int
    kind: str
    status: Status
    subject: str = ""
    customer: CustomerId | None = None
    product: ProductId | None = None
    caller: str | None = None
    priority: Priority = "normal"
    owner: str | None = None
    team: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    opened_at: Instant
    touched_at: Instant
    due_at: Instant | None = None
    closed_at: Instant | None = None
    closing: str = ""

    @property
    def open(self) -> bool:
        return self.status not in OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a ticket's timeline. `corrects`: the number of the entry that this one corrects."""

    ticket: TicketId
    seq: int
    at: Instant
    kind: EntryKind
    actor: str
    through: str
    call: str | None = None
    corrects: int | None = None
    body: dict[str, Any] = field(default_factory=dict)


_TICKET = tuple(one.name for one in fields(Ticket))


def to_json(thing: Ticket | Entry) -> dict[str, Any]:
    """Every field by its name."""
    return asdict(thing)


def ticket_from_json(body: dict[str, Any]) -> Ticket:
    """The inverse; fields of other versions of this program are ignored."""
    return Ticket(**{name: body[name] for name in _TICKET if name in body})

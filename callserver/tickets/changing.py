"""A ticket's beginning and its changes: which values it may have, what it is afterwards, and what differed.

In: drafts and changes of strangers, the kind. Out: the ticket afterwards; the differences for its timeline. Must not
know: SQL, who asks. Status and customer do not change here: both have rules of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final

from callserver.customers.record import CustomerId, ProductId
from callserver.errors import BadValue, Conflict
from callserver.facts import Instant, iso
from callserver.tickets.filling import check
from callserver.tickets.kinds import Kind
from callserver.tickets.record import PRIORITIES, Priority, Ticket, TicketId
from callserver.tickets.wording import line

LONGEST_SUBJECT = 200  # characters
LONGEST_NAME = 100  # of an owner or team
LONGEST_CALLER = 40
_LATEST = 4_102_444_800_000  # the year 2100


class Keep(Enum):
    """Stands for "as it is" where None means "none"."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A ticket to be. `caller`: E.164 of whoever it begins with. None: as its kind says."""

    kind: str
    subject: str = ""
    customer: CustomerId | None = None
    product: ProductId | None = None
    caller: str | None = None
    priority: Priority | None = None
    owner: str | None = None
    team: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    due_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be different.

    None leaves kind, subject and priority, which cannot be empty, as they are. KEEP does for the others, where None
    takes the value away. `fields`: only those that change; None empties one.
    """

    kind: str | None = None
    subject: str | None = None
    priority: Priority | None = None
    product: ProductId | Keep | None = KEEP
    owner: str | Keep | None = KEEP
    team: str | Keep | None = KEEP
    due_at: Instant | Keep | None = KEEP
    fields: Mapping[str, Any] = field(default_factory=dict)


def begun(draft: Draft, kind: Kind, now: Instant, *, complete: bool = True) -> Ticket:
    """The ticket before it has its id and number.

    `complete`: a person opens it. It has to have what its kind requires of an open one, and the kind must not be
    retired; a call lands whatever an administrator did to the kinds. Raises BadValue, Conflict.
    """
    if kind.retired and complete:
        raise Conflict(f"there are no new tickets of the kind {kind.name}")
    return Ticket(
        id=TicketId(0),
        number="",
        version=1,
        kind=kind.name,
        status="open",
        subject=_subject(draft.subject),
        customer=draft.customer,
        product=draft.product,
        caller=_name("caller", draft.caller, LONGEST_CALLER),
        priority=_priority(draft.priority or kind.priority),
        owner=_name("owner", draft.owner),
        team=_name("team", draft.team) or kind.team,
        fields=check(kind, draft.fields, "open" if complete else None),
        opened_at=now,
        touched_at=now,
        due_at=_by_kind(kind, now) if draft.due_at is None else _moment(draft.due_at),
    )


def applied(before: Ticket, changes: Changes, kind: Kind) -> Ticket:
    """The ticket with its changes; `kind` is the one that it has afterwards. The version stays for the caller to raise.

    Another kind leaves the fields of the former one as they are, and brings its own deadline and, to a ticket without
    one, its team. Raises BadValue, and Conflict for a kind that is retired or does not know the ticket's status.
    """
    other = kind.name != before.kind
    if other and (kind.retired or not kind.may_be(before.status)):
        raise Conflict(f"a ticket that is {before.status} cannot become one of the kind {kind.name}")
    due_at = _by_kind(kind, before.opened_at) if other else before.due_at
    team = (before.team or kind.team) if other else before.team
    return replace(
        before,
        kind=kind.name,
        subject=before.subject if changes.subject is None else _subject(changes.subject),
        priority=before.priority if changes.priority is None else _priority(changes.priority),
        product=before.product if changes.product is KEEP else changes.product,
        owner=before.owner if changes.owner is KEEP else _name("owner", changes.owner),
        team=team if changes.team is KEEP else _name("team", changes.team),
        due_at=due_at if changes.due_at is KEEP else _moment(changes.due_at),
        fields=check(kind, changes.fields, None, before.fields),
    )


def differences(before: Ticket, after: Ticket) -> dict[str, list[Any]]:
    """`{field: [before, after]}` as a timeline tells it; the kind's fields as `fields.name`, instants as ISO 8601."""
    names = ("kind", "subject", "priority", "product", "owner", "team")
    pairs = {name: [getattr(before, name), getattr(after, name)] for name in names}
    pairs["due_at"] = [iso(before.due_at), iso(after.due_at)]
    for name in sorted(before.fields.keys() | after.fields.keys()):
        pairs[f"fields.{name}"] = [before.fields.get(name), after.fields.get(name)]
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _by_kind(kind: Kind, begin: Instant) -> Instant | None:
    return None if kind.due_in_s is None else begin + kind.due_in_s * 1000


def _subject(given: str) -> str:
    if len(given) > LONGEST_SUBJECT:
        raise BadValue("subject", f"is longer than {LONGEST_SUBJECT} characters")
    return line(given)


def _name(at: str, given: str | None, longest: int = LONGEST_NAME) -> str | None:
    if given is not None and len(given) > longest:
        raise BadValue(at, f"is longer than {longest} characters")
    return line(given) or None if given is not None else None


def _priority(given: Priority) -> Priority:
    if given not in PRIORITIES:
        raise BadValue("priority", f"has to be one of {', '.join(PRIORITIES)}")
    return given


def _moment(given: Instant | None) -> Instant | None:
    if given is not None and not 0 <= given <= _LATEST:
        raise BadValue("due_at", "has to be a moment before the year 2100")
    return given

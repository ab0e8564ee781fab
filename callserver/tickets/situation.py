"""What is known about a call when its ticket is looked for, and what can come of it.

In: what the store has found about the call and its caller. Out: frozen values for the rules of `landing.py`, and their
decisions. Must not know: SQL, clocks, how any of it was found. Instants are milliseconds UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from callserver.customers.record import CustomerId
from callserver.facts import Direction, Instant
from callserver.tickets.record import PromiseId, TicketId

Moment = Literal["answered", "ended", "corrected", "merged", "unsettled"]
"""Why we look. unsettled: minutes after a call of which nobody knew how it ended; the journals had their chance."""

MISSED = "missed_call"
CALLBACK = "callback"
ABOUT: frozenset[str] = frozenset({"watch", "return_visit", "requested", "appointment"})
"""Promises that a customer's own call is probably about, and that it does not make needless: their questions are still
to be asked. Reminders, surveys and offers are not what people call about."""
FRESH_MS = 7 * 24 * 3_600_000
"""A matter touched in the last seven days is still going on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A promise that is open: a call that a ticket owes. `tail`: the number's, as `numbers.tail` gives it."""

    id: PromiseId
    kind: str
    ticket: TicketId
    due_at: Instant
    tail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A ticket that the call may belong to."""

    id: TicketId
    kind: str
    customer: CustomerId | None = None
    touched_at: Instant = 0
    owes: tuple[Owed, ...] = ()

    @property
    def missed(self) -> bool:
        return self.kind == MISSED

    @property
    def callbacks(self) -> tuple[Owed, ...]:
        """What it owes that the caller's own call makes needless: to call back whom nobody answered."""
        return tuple(owed for owed in self.owes if owed.kind == CALLBACK)

    @property
    def due_at(self) -> Instant:
        """When the first call that it owes is due; only for those that owe one."""
        return min(owed.due_at for owed in self.owes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One call at one moment.

    `identified`: the number may match a customer. `on`: the ticket the call is on already, put there by rule `on_rule`
    (`absorbed_on`: the ticket of a call that became part of this one). `customers`: everybody who has this number.
    `tickets`: open ones of those customers and of the number. `dialed_for`: promises to exactly the number that was
    dialed. `served_on`: the ticket of a later call of the same caller that was answered. `holds`: the caller gave their
    place in the queue for a call. `kind`: what a ticket of this call's queue begins as. `now`: when we look, for the
    age of tickets.
    """

    moment: Moment = "ended"
    direction: Direction = "inbound"
    shift: bool = False
    talked: bool = False
    over: bool = True
    outcome: str = "abandoned"
    identified: bool = True
    on: Candidate | None = None
    on_rule: str = ""
    absorbed_on: Candidate | None = None
    customers: tuple[CustomerId, ...] = ()
    tickets: tuple[Candidate, ...] = ()
    dialed_for: tuple[Owed, ...] = ()
    served_on: TicketId | None = None
    holds: bool = False
    kind: str = "information"
    now: Instant = 0

    @property
    def lost(self) -> bool:
        """A customer came and nobody spoke with them; an end that nobody knows counts when it stays unknown."""
        ended = self.direction == "inbound" and self.over and not self.talked
        return ended and (self.outcome != "unknown" or self.moment == "unsettled")

    @property
    def customer(self) -> CustomerId | None:
        """The one customer with this number, None where there are none or several."""
        return self.customers[0] if len(self.customers) == 1 else None

    @property
    def fresh(self) -> tuple[Candidate, ...]:
        """The open tickets of matters still going on, last touched first."""
        return newest(one for one in self.tickets if self.now - one.touched_at <= FRESH_MS)

    @property
    def missed(self) -> Candidate | None:
        """The caller's missed-call ticket, however old: what is owed does not lapse."""
        found = newest(one for one in self.tickets if one.missed)
        return found[0] if found else None

    @property
    def owing(self) -> tuple[Candidate, ...]:
        """The caller's tickets that owe a call which their own call makes needless, first due first."""
        return tuple(sorted((one for one in self.tickets if one.callbacks), key=lambda one: one.due_at))

    @property
    def promised(self) -> tuple[Candidate, ...]:
        """The caller's tickets that owe a call which theirs is probably about, first due first."""
        owing = (one for one in self.tickets if any(owed.kind in ABOUT for owed in one.owes))
        return tuple(sorted(owing, key=lambda one: one.due_at))


def newest(tickets: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Last touched first."""
    return tuple(sorted(tickets, key=lambda one: (-one.touched_at, -one.id)))


def of_one(tickets: Iterable[Candidate]) -> bool:
    """Whether there are some and all belong to the same customer (or all to none)."""
    return len({one.customer for one in tickets}) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """The call lands nowhere, as far as is known now."""

    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Nobody knows yet; look again when the switch's journals were read."""

    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """On the ticket it is on. `withdraw`: promises that are needless now; `owe`: a callback is owed after all."""

    row: str
    ticket: TicketId
    withdraw: tuple[PromiseId, ...] = ()
    owe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """To a ticket that is open. `keep`: the promise that this call was."""

    row: str
    ticket: TicketId
    keep: PromiseId | None = None
    withdraw: tuple[PromiseId, ...] = ()
    owe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A new ticket. `owe`: it owes a callback; `close`: why it is closed at once, "" where it stays open."""

    row: str
    kind: str
    customer: CustomerId | None = None
    owe: bool = False
    close: str = ""


Decision: TypeAlias = Nothing | Later | Stay | Join | Open

"""The pop: from a caller's number to everything the agent should see before saying hello.

In: a number as numbers.Plan read it, and now. Out: who calls (all of a household), what they own, what is open, what
was before, what we owe them, how often they called this week. Must not know: screens, which call it is, how it is
asked of the database (`caller_rows`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from callserver.customers import warranty
from callserver.customers.record import Customer, Product, customer_from_json, product_from_json
from callserver.customers.warranty import Rules
from callserver.facts import Instant
from callserver.numbers import Read
from callserver.store import categories
from callserver.store.caller_rows import HOUSEHOLD, Found, everything
from callserver.tickets.promise import Promise
from callserver.tickets.record import Entry, EntryKind, Ticket, TicketId, ticket_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A product, and whether it is under warranty today."""

    product: Product
    warranty: warranty.State


class Contact(NamedTuple):
    """An entry of a timeline as it lies in the database.

    The caller waits while these are read, and most are never looked at: whoever shows one makes an entry of it.
    """

    ticket: int
    at: Instant
    body: dict[str, Any]
    seq: int
    kind: EntryKind
    actor: str
    through: str
    call: str | None

    def entry(self) -> Entry:
        """The same as the timeline gives it."""
        body = dict(self.body)
        corrects = body.pop("corrects", None)
        return Entry(
            ticket=TicketId(self.ticket),
            seq=self.seq,
            at=self.at,
            kind=self.kind,
            actor=self.actor,
            through=self.through,
            call=self.call,
            corrects=corrects,
            body=body,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealings:
    """Open tickets and last contacts of somebody, the newest first; promises, the most urgent first."""

    tickets: tuple[Ticket, ...] = ()
    contacts: tuple[Contact, ...] = ()
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A customer with this number."""

    customer: Customer
    products: tuple[Owned, ...] = ()
    dealings: Dealings = Dealings()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentCall:
    """A call from this number in the last seven days."""

    call: str
    started_at: Instant
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who may be calling. `stranger`: what there is with the number where no customer has it.

    `more`: the number belongs to more than HOUSEHOLD customers, and some are not here.
    """

    number: Read
    customers: tuple[Known, ...] = ()
    stranger: Dealings = Dealings()
    calls: tuple[RecentCall, ...] = ()
    more: bool = False


def look_up(connection: Connection, number: Read, now: Instant, today: str | None = None) -> Caller:
    """Everything about a caller; nothing for a number that identifies nobody.

    `today` (ISO date) is the site's day, for warranties; None: the day in UTC.
    """
    if number.e164 is None:
        return Caller(number=number)
    rows = everything(connection, number, now)
    day = today or datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
    return _caller(number, rows, day, categories.rules(connection))


def _caller(number: Read, found: Found, today: str, rules: Rules) -> Caller:
    customers = found.get(("customer", 0), ())
    return Caller(
        number=number,
        customers=tuple([_known(row, found, today, rules) for row in customers[:HOUSEHOLD]]),
        stranger=_dealings(0, found),
        calls=tuple([_call(*row) for row in found.get(("call", 0), ())]),
        more=len(customers) > HOUSEHOLD,
    )


def _known(row: Sequence[Any], found: Found, today: str, rules: Rules) -> Known:
    id, _, record = row
    rows = found.get(("product", id), ())
    products = [warranty.ends(product_from_json(body), rules) for _, _, body in rows]
    return Known(
        customer=customer_from_json(record),
        products=tuple(
            [Owned(product=one, warranty=warranty.state(one.warranty_until, today)) for one in products]
        ),
        dealings=_dealings(id, found),
    )


def _dealings(whose: int, found: Found) -> Dealings:
    return Dealings(
        tickets=tuple([_ticket(*row) for row in found.get(("ticket", whose), ())]),
        contacts=tuple(map(Contact._make, found.get(("contact", whose), ()))),
        promises=tuple([_promise(whose or None, *row) for row in found.get(("promise", whose), ())]),
    )


def _ticket(_id: int, touched_at: Instant, record: dict[str, Any]) -> Ticket:
    return ticket_from_json({**record, "touched_at": touched_at})


def _call(_id: int, at: Instant, _body: None, _seq: None, outcome: str | None, *rest: str) -> RecentCall:
    return RecentCall(call=rest[-1], started_at=at, outcome=outcome)


def _promise(customer: int | None, *row: Any) -> Promise:
    id, due_at, why, ticket, kind, number, status, _call, deadline_at, created_at = row
    values: Any = {"id": id, "ticket": ticket, "customer": customer, "due_at": due_at, "kind": kind}
    values |= {
        "deadline_at": deadline_at,
        "created_at": created_at,
        "number": number,
        "why": why,
        "status": status,
    }
    return Promise(**values)

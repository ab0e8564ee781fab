"""The details of a pop: who calls, with everything that an agent should see before saying hello.

In: a call that is offered (its number as received). Out: members of the pop's value: `number`, `caller`, `repeat`,
`ticket`. Must not know: agents, queues, how a pop travels.

`caller` is the body of `GET /api/v1/lookup` for whoever may see everything; a test holds the two together. It is made
of the rows as they lie in the database, without the values in between that the API's own way goes through, since the
caller waits: see docs/beside-the-call.md for what that saves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

import structlog

from callserver.customers import warranty
from callserver.customers.record import customer_from_json, product_from_json
from callserver.customers.record import to_json as record_to_json
from callserver.customers.warranty import Rules
from callserver.errors import StoreError
from callserver.facts import CallId, Instant, PbxId, iso
from callserver.numbers import Plan, Read, shown
from callserver.push.details import CallerAsk
from callserver.store import categories, pop
from callserver.store.caller_rows import HOUSEHOLD, Found
from callserver.store.engine import Connection, Store
from callserver.store.pop import Rows
from callserver.tickets.number import said, spoken
from callserver.tickets.record import OVER, TicketId, ticket_from_json
from callserver.tickets.record import to_json as ticket_to_json
from callserver.web.api.customers import AddressShown, CustomerShown, NumberShown
from callserver.web.api.products import ProductShown
from callserver.web.api.tickets import TicketShown
from callserver.web.places import Places

log = structlog.get_logger(__name__)

Body = dict[str, Any]
RULES_MS = 5_000
_SOMEBODY = "+12025550123"  # kept free for films


class Rulebook:
    """The rules of warranties, read again when they are some seconds old: a caller does not wait for them."""

    def __init__(self) -> None:
        self._rules = warranty.DEFAULTS
        self._read_at: Instant | None = None

    def now(self, connection: Connection, now: Instant) -> Rules:
        """In force now, or a moment ago."""
        if self._read_at is None or not 0 <= now - self._read_at < RULES_MS:
            self._rules, self._read_at = categories.rules(connection), now
        return self._rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Popping:
    """Looks callers up for the hub. `zone`: where the site's days begin, for warranties; `places`: where numbers are
    from, None: nobody is told.
    """

    store: Store
    plan: Plan
    clock: Callable[[], Instant]
    zone: tzinfo = UTC
    places: Places | None = None
    rulebook: Rulebook = field(default_factory=Rulebook)

    async def make_ready(self) -> None:
        """Look somebody up whom nobody knows, so that the first caller waits for nothing that is made only once."""
        nobody = CallerAsk(pbx=PbxId(""), call=CallId(""), number=_SOMEBODY, name=None, queue=None)
        await self.details(nobody)

    async def details(self, ask: CallerAsk) -> Body | None:
        """What the pop shows besides the call itself; None where the database cannot be asked now.

        Withheld, internal or unreadable: `caller` has no customers, and `number.kind` says why.
        """
        number, now = self.plan.read(ask.number), self.clock()
        today = datetime.fromtimestamp(now / 1000, self.zone).date().isoformat()

        def read(connection: Connection) -> Body:
            rows = pop.rows(connection, number, ask.call, now)
            rules = self.rulebook.now(connection, now)
            return told(number, rows, ask.call, today, self.plan.country, rules)

        try:
            found = await self.store.pop(read)
        except StoreError as error:
            log.warning("a pop goes out without its details", call=ask.call, why=str(error))
            return None
        if self.places is not None and number.e164 is not None:
            found["number"]["place"] = self.places.of(number.e164)
        return found


def told(
    number: Read, rows: Rows, call: CallId, today: str, country: str, rules: Rules = warranty.DEFAULTS
) -> Body:
    """The details, of rows that were read."""
    caller = caller_told(number, rows.found, today, rules)
    return {
        "number": {
            "received": number.received,
            "e164": number.e164,
            "shown": number.received if number.e164 is None else shown(number.e164, country),
            "place": None,
            "kind": number.kind,
        },
        "caller": caller,
        "repeat": sum(one["call"] != call for one in caller["calls"]),
        "ticket": None if rows.ticket is None else ticket_told(rows.ticket),
    }


def ticket_told(ticket: TicketId) -> Body:
    """How a pop names the ticket that its call is on."""
    return {"id": ticket, "number": said(ticket)}


def caller_told(number: Read, found: Found, today: str, rules: Rules = warranty.DEFAULTS) -> Body:
    """The body of `GET /api/v1/lookup`, whole."""
    customers = found.get(("customer", 0), ())
    return {
        "number": {
            "received": number.received,
            "kind": number.kind,
            "e164": number.e164,
            "extension": number.extension,
        },
        "customers": [_known(id, record, found, today, rules) for id, _, record in customers[:HOUSEHOLD]],
        "stranger": _dealt(0, found),
        "calls": [
            {"call": row[-1], "started_at": iso(row[1]), "outcome": row[4]}
            for row in found.get(("call", 0), ())
        ],
        "more": len(customers) > HOUSEHOLD,
    }


def _known(id: int, record: Body, found: Found, today: str, rules: Rules) -> Body:
    return {
        "customer": _customer(record),
        "products": [_owned(body, today, rules) for _, _, body in found.get(("product", id), ())],
        "dealings": _dealt(id, found),
    }


# --- records: as they are kept, but for instants; one of another version of this program is read first ---------------

_CUSTOMER, _NUMBER, _ADDRESS, _PRODUCT = (
    frozenset(kind.__struct_fields__) for kind in (CustomerShown, NumberShown, AddressShown, ProductShown)
)
_TICKET = frozenset(TicketShown.__struct_fields__) - {"spoken", "open"}


def _customer(body: Body) -> Body:
    parts = (("numbers", _NUMBER), ("addresses", _ADDRESS))
    if body.keys() != _CUSTOMER or any(one.keys() != names for part, names in parts for one in body[part]):
        body = record_to_json(customer_from_json(body))
    return _timed(body, "created_at", "updated_at", "erased_at")


def _owned(body: Body, today: str, rules: Rules) -> Body:
    if body.keys() != _PRODUCT:
        body = record_to_json(product_from_json(body))
    if not body["warranty_said"]:
        body["warranty_until"] = warranty.until(body["category"], body["bought_on"], rules)
    state = warranty.state(body["warranty_until"], today)
    return {"product": _timed(body, "created_at", "updated_at"), "warranty": state}


def _dealt(whose: int, found: Found) -> Body:
    return {
        "tickets": [_ticket(*row) for row in found.get(("ticket", whose), ())],
        "contacts": [_contact(row) for row in found.get(("contact", whose), ())],
        "promises": [_promise(row) for row in found.get(("promise", whose), ())],
    }


def _ticket(_id: int, touched_at: Instant, body: Body) -> Body:
    body["touched_at"] = touched_at
    if body.keys() != _TICKET:
        body = ticket_to_json(ticket_from_json(body))
    body["spoken"] = spoken(body["number"])
    body["open"] = body["status"] not in OVER
    return _timed(body, "opened_at", "touched_at", "due_at", "closed_at")


def _contact(row: Sequence[Any]) -> Body:
    ticket, at, body, seq, kind, actor, through, call = row
    body.pop("corrects", None)
    return {
        "ticket": ticket,
        "seq": seq,
        "at": iso(at),
        "kind": kind,
        "actor": actor,
        "through": through,
        "call": call,
        "body": body,
    }


def _promise(row: Sequence[Any]) -> Body:
    id, due_at, why, ticket, kind, number, status, _call, deadline_at, _made = row
    return {
        "id": id,
        "ticket": ticket,
        "kind": kind,
        "status": status,
        "number": number,
        "due_at": iso(due_at),
        "deadline_at": iso(deadline_at),
        "settled_at": None,
        "why": why,
    }


def _timed(body: Body, *names: str) -> Body:
    for name in names:
        body[name] = iso(body[name])
    return body

"""The API of the look-up: from a caller's number to everything that an agent should see before saying hello.

In: a number in any writing. Out: who may be calling, what they own, what is open, what was before. Must not know: how
it is found. Tickets, contacts and promises are there for who may read tickets, calls for who may read calls.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from callserver.store import customers, lookup
from callserver.store.engine import Connection
from callserver.store.lookup import Dealings, Known, Owned
from callserver.tickets.record import EntryKind
from callserver.web.api import misses, products, showing, tickets
from callserver.web.api.customers import CustomerShown, shown
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.products import ProductShown
from callserver.web.api.shapes import Moment, moment, number_as_written
from callserver.web.api.tickets import PromiseShown, TicketShown

api = Operations(
    "look-up", "Who calls: from a number to everything that an agent should see before saying hello."
)


class LookUpQuery(Struct, frozen=True, kw_only=True):
    number: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=100,
            description="As it was received or written.",
            examples=["013800138000"],
        ),
    ]


class NumberRead(Struct, frozen=True, kw_only=True):
    """What the number is. `e164` is null where it identifies nobody: withheld, internal, a short code, rubbish."""

    received: str
    kind: Literal["mobile", "landline", "service", "other", "extension", "withheld", "rubbish"]
    e164: str | None
    extension: str | None


class Contact(Struct, frozen=True, kw_only=True):
    """An entry on a ticket's timeline that is a contact with the customer, or about one."""

    ticket: int
    seq: int
    at: Moment
    kind: EntryKind
    actor: str
    through: str
    call: str | None
    body: dict[str, Any]


class OwnedProduct(Struct, frozen=True, kw_only=True):
    """A product, and whether it is under warranty today."""

    product: ProductShown
    warranty: Literal["in", "out", "unknown"]


class Dealt(Struct, frozen=True, kw_only=True):
    """Open tickets and last contacts, the newest first; promises, the most urgent first."""

    tickets: list[TicketShown]
    contacts: list[Contact]
    promises: list[PromiseShown]


class KnownCaller(Struct, frozen=True, kw_only=True):
    """A customer with this number."""

    customer: CustomerShown
    products: list[OwnedProduct]
    dealings: Dealt


class RecentCall(Struct, frozen=True, kw_only=True):
    """A call from this number in the last seven days."""

    call: str
    started_at: Moment | None
    outcome: str | None


class Caller(Struct, frozen=True, kw_only=True):
    """Who may be calling: everybody who has this number. `stranger`: what there is where no customer has it.

    `more`: more customers have the number than are here.
    """

    number: NumberRead
    customers: list[KnownCaller]
    stranger: Dealt
    calls: list[RecentCall]
    more: bool


@api("GET", "/lookup", scope="customers:read")
def look_up(connection: Connection, asked: Asked, query: LookUpQuery) -> Done[Caller]:
    """Who calls: customers of a number, their products, open tickets, last 20 contacts, promises, calls of the week.

    The number is read as one that the switch received. Tickets, contacts and promises need the right
    `tickets:read`, calls `calls:read`; without it they are empty.
    """
    misses.must_be_few(asked)
    number = asked.site.plan.read(number_as_written(query.number) or "")
    today = datetime.fromtimestamp(asked.now / 1000, asked.site.zone).date().isoformat()
    found = lookup.look_up(connection, number, asked.now, today)
    if not (found.customers or found.calls or found.stranger != Dealings()):
        misses.missed(asked)
    calls = found.calls if asked.may("calls:read") else ()
    body = Caller(
        number=NumberRead(
            received=number.received, kind=number.kind, e164=number.e164, extension=number.extension
        ),
        customers=[_known(one, asked) for one in found.customers],
        stranger=_dealt(found.stranger, asked),
        calls=[
            RecentCall(call=one.call, started_at=moment(one.started_at), outcome=one.outcome) for one in calls
        ],
        more=found.more,
    )
    known = (customers.subject(one.customer.id) for one in found.customers)
    strangers = (tickets.subject(one) for one in found.stranger.tickets if asked.may("tickets:read"))
    return Done(body, seen=(*known, *strangers))


def _known(one: Known, asked: Asked) -> KnownCaller:
    return KnownCaller(
        customer=shown(one.customer, asked),
        products=[_owned(each, asked) for each in one.products],
        dealings=_dealt(one.dealings, asked),
    )


def _owned(one: Owned, asked: Asked) -> OwnedProduct:
    return OwnedProduct(product=products.shown(one.product, asked), warranty=one.warranty)


def _dealt(dealings: Dealings, asked: Asked) -> Dealt:
    if not asked.may("tickets:read"):
        dealings = Dealings()
    return Dealt(
        tickets=[tickets.shown(one, asked) for one in dealings.tickets],
        contacts=[showing.shown(Contact, "entry", one.entry(), asked) for one in dealings.contacts],
        promises=[tickets.promise_shown(one, asked) for one in dealings.promises],
    )

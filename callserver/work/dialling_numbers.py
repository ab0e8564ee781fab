"""Which numbers a promise is dialled on, in their order, looked up at the moment of dialling.

In: a promise, a connection. Out: its customer as they are now, numbers as E.164. Must not know: which was tried, how a
trunk wants its digits.
"""

from __future__ import annotations

from typing import Final

from callserver.customers.calling import may_call
from callserver.customers.record import Customer, Number
from callserver.errors import NotFound
from callserver.store import customers
from callserver.store.engine import Connection
from callserver.tickets.promise import Promise

_MOST_MERGES: Final = 20


def customer_of(connection: Connection, promise: Promise) -> Customer | None:
    """Whom the call is owed; one who became part of another is that other."""
    found = None if promise.customer is None else _customer(connection, promise.customer)
    for _ in range(_MOST_MERGES):
        if found is None or found.merged_into is None:
            break
        found = _customer(connection, found.merged_into)
    return found


def _customer(connection: Connection, id: int) -> Customer | None:
    try:
        return customers.get(connection, id)
    except NotFound:
        return None


def numbers_of(promise: Promise, customer: Customer | None) -> tuple[str, ...]:
    """The number that was promised, then the customer's others: those that may be called for this."""
    theirs = () if customer is None or customer.erased_at is not None else customer.numbers
    wanted = (promise.number, *(one.e164 for one in theirs if _speaks(one)))
    once = dict.fromkeys(one for one in wanted if one is not None)
    return tuple(one for one in once if may_call(customer, one, promise.kind) is None)


def _speaks(number: Number) -> bool:
    """A fax answers, and talks with nobody; an extension cannot be dialled by a trunk."""
    return number.kind != "fax" and not number.extension

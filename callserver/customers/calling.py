"""May we call this customer on this number for this purpose? Do-not-call, honoured.

In: a customer, an E.164 number, what the call is for. Out: None, or the reason why not, for people to read. Must not
know: promises, dialling. Who waits for a call is called: the flags are against calls that nobody asked for.
"""

from __future__ import annotations

from typing import Final

from callserver.customers.record import Customer

# The customer asked for it, or agreed to it in a call before: they wait for it.
ASKED: Final = frozenset({"callback", "watch", "requested", "appointment"})
# Part of a service that they had; on a number that may not be called they are asked in another way.
SERVICE: Final = frozenset({"return_visit"})


def may_call(customer: Customer | None, number: str | None, purpose: str) -> str | None:
    """None: yes. Otherwise why not. `purpose` is a kind of promise; one that is not known is one that nobody asked for.

    `customer` None: nobody knows who it is. `number` None: there is none to call.
    """
    if number is None:
        return "there is no number to call"
    if customer is not None and customer.erased_at is not None:
        return "the customer was erased"
    if purpose in ASKED or customer is None:
        return None
    if any(one.do_not_call for one in customer.numbers if one.e164 == number):
        return "this number is not to be called"
    if customer.do_not_call and purpose not in SERVICE:
        return f"the customer is not to be called for this ({purpose})"
    return None

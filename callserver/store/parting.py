"""A customer who is two: what is the other one's goes to a new customer or to one who is there, and comes back.

In: ids, who decides, when. Out: both customers as they are then. Must not know: what becomes of names and numbers
(customers.merging). Each function works inside its caller's transaction, and holds rows in the order of store.merging.

A new customer is taken back by merging. What one who was there got comes back by what the history says of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from callserver.customers import merging
from callserver.customers.merging import Going
from callserver.customers.record import Customer, customer_from_json
from callserver.errors import BadValue, Conflict, NotFound
from callserver.facts import Actor, Instant, iso
from callserver.store import audit, customers, following, history, landing

_GOES: Final = ("numbers", "addresses", "products")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What went to somebody who was there. `was`: the versions of the two before."""

    to: int
    was: tuple[int, int]
    products: tuple[int, ...] = ()
    tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """Both customers again as they were; `stayed` says, a sentence each, what could not be taken back."""

    customer: Customer
    other: Customer
    stayed: tuple[str, ...]


def split(
    connection: Connection, id: int, expected: int | None, going: Going, name: str, actor: Actor, now: Instant
) -> tuple[Customer, Customer]:
    """What goes becomes a new customer's, of this name: the old customer and the new one.

    Raises NotFound, Outdated, Conflict, BadValues for what is not the customer's.
    """
    before = customers.locked(connection, id)
    customers.require_version(before, expected)
    rest, draft = merging.split(before, going, name, now)
    _refuse_what_is_not_theirs(connection, id, going)
    if rest != before:
        customers.rewrite(connection, before, rest, actor, now)
    new = customers.create(connection, draft, actor, now)
    _goes(connection, rest, going, new, actor, now)
    return rest, new


def give(
    connection: Connection, id: int, expected: int | None, going: Going, to: int, actor: Actor, now: Instant
) -> tuple[Customer, Customer, Gone]:
    """What goes becomes another customer's, whom we know already: both as they are then, and how to take it back.

    Raises NotFound, Outdated, Conflict (also for one and the same customer), BadValues for what is not the customer's.
    """
    if id == to:
        raise Conflict(f"what customer {id} has is theirs already")
    both = {one: customers.locked(connection, one) for one in sorted((id, to))}
    customers.require_version(both[id], expected)
    after = merging.given(both[id], going, both[to], now)
    _refuse_what_is_not_theirs(connection, id, going)
    for one in after:
        if one != both[one.id]:
            customers.rewrite(connection, both[one.id], one, actor, now)
    rest, other = after
    _goes(connection, rest, going, other, actor, now)
    landing.adopt(connection, other, actor, now)
    was = (both[id].version, both[to].version)
    return rest, other, Gone(to=to, was=was, products=going.products, tickets=going.tickets)


def take_back(
    connection: Connection, id: int, expected: int | None, gone: Gone, actor: Actor, now: Instant
) -> TakenBack:
    """Within a day, what went to `gone.to` is the customer's again: all of it that is still there.

    Raises NotFound; Outdated; BadValue for versions that there were not; Conflict where it was too long ago, or where
    nothing of it is there any more.
    """
    if id == gone.to:
        raise Conflict(f"what customer {id} has is theirs already")
    both = {one: customers.locked(connection, one) for one in sorted((id, gone.to))}
    mine, theirs = both[id], both[gone.to]
    customers.require_version(mine, expected)
    before = (_as_of(connection, mine, gone.was[0], now), _as_of(connection, theirs, gone.was[1], now))
    back = merging.regained(mine, theirs, before, now)
    for one in (back.other, back.customer):
        if one != both[one.id]:
            customers.rewrite(connection, both[one.id], one, actor, now)
    stayed = [f"{name} was changed since and stays as it is" for name in back.kept]
    stayed += following.products_back(connection, gone.products, theirs.id, mine.id, actor, now)
    stayed += following.tickets_back(connection, gone.tickets, theirs.id, mine.id, "unsplit", actor, now)
    named = len(gone.products) + len(gone.tickets) - (len(stayed) - len(back.kept))
    if not named and (back.customer, back.other) == (mine, theirs):
        raise Conflict("nothing of what went is there any more")
    _told(connection, "customer.unsplit", back.customer, back.other, actor, now)
    landing.adopt(connection, back.customer, actor, now)
    return TakenBack(customer=back.customer, other=back.other, stayed=tuple(stayed))


def _as_of(connection: Connection, customer: Customer, version: int, now: Instant) -> Customer:
    """How a customer was, not more than a day ago."""
    if version == customer.version:
        return customer
    try:
        found = history.get(connection, customers.SUBJECT, customer.id, version)
    except NotFound:
        raise BadValue("was", f"customer {customer.id} had no version {version}") from None
    if now > (until := found.at + merging.UNDOABLE_MS):
        raise Conflict(f"what went could be taken back until {iso(until)}")
    return customer_from_json(found.record)


def _goes(
    connection: Connection, rest: Customer, going: Going, to: Customer, actor: Actor, now: Instant
) -> None:
    following.products_go(connection, going.products, to.id, actor, now)
    following.tickets_go(connection, going.tickets, to.id, "split", actor, now)
    _told(connection, "customer.split", rest, to, actor, now)


def _told(
    connection: Connection, action: str, one: Customer, other: Customer, actor: Actor, now: Instant
) -> None:
    """Where only products went, both have the versions that were told before: so it has a name of its own."""
    audit.note(connection, actor, action, customers.subject(one.id), {"to": other.id}, now)
    for customer in (one, other):
        occasion = f"{action}:{one.id}:{other.id}:{now}"
        customers.tell(connection, customer, _GOES, now, occasion=occasion)


def _refuse_what_is_not_theirs(connection: Connection, customer: int, going: Going) -> None:
    _refuse_strangers("products", going.products, following.products_of(connection, customer))
    _refuse_strangers("tickets", going.tickets, following.tickets_of(connection, customer))


def _refuse_strangers(what: str, named: Iterable[int], theirs: Sequence[int]) -> None:
    for one in named:
        if one not in theirs:
            raise BadValue(what, f"{one} is not the customer's")

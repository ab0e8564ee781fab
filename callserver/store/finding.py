"""Customers, found by whatever somebody knows of them: one box for all, or one field.

In: text as somebody typed it, the site's plan of numbers. Out: a page of hits, each with why it was found, and where
the next page begins. Must not know: HTTP, who may see what.

The ways (ways.py) are gone one after another, the surest first, until a page is full. Each is a walk along an index
from where the last page ended, so the first page costs the same at 40 thousand customers and at 40 million. Full text
alone is no such walk; it is bounded (words.py). Who lies on an earlier way is not shown again on a later one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from callserver.customers.record import Customer, CustomerId
from callserver.errors import BadValue
from callserver.numbers import Plan
from callserver.store import customers
from callserver.store.ways import FEWEST_DIGITS, WALKS, WAYS, Asked, Step, Way, asked, lies_on

__all__ = ["FEWEST_DIGITS", "WAYS", "Hit", "Page", "Place", "Way", "find"]

MOST = 100  # hits a page
WAIT_S = 0.08  # for what full text finds; whoever wants more goes on from there
_LOOKED = 500  # customers that are looked at for one page


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page begins: on which way, behind which entry of its index."""

    way: Way
    value: str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A customer, and on which way it was found; `ticket` and `product` (ids) led there.

    `customer` is None for a ticket that has none yet.
    """

    customer: Customer | None
    way: Way
    ticket: int | None = None
    product: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Hits, the surest first. `next`: where to go on, None: there are no more.

    `more`: what was asked for is so common that the page was ended before it was full; go on, or ask for more.
    """

    hits: tuple[Hit, ...]
    next: Place | None = None
    more: bool = False


def find(
    connection: Connection,
    text: str,
    plan: Plan,
    *,
    ways: Sequence[Way] = WAYS,
    limit: int = 20,
    after: Place | None = None,
) -> Page:
    """Customers that a text may mean, on some ways or all. Raises BadValue for a place on none of these ways.

    A name by its beginning, or any two characters of one in Chinese; its initials; a number in any writing, or its last
    FEWEST_DIGITS digits or more; words of an address; a serial number or its beginning; an external id; a ticket's
    number.
    """
    if after is not None and after.way not in ways:
        raise BadValue("after", "is not a place in this search")
    limit = max(1, min(limit, MOST))
    hits: list[Hit] = []
    looked, last = 0, after
    tried = [way for way in WAYS if way in ways]
    for place, hit, stopped in _hits(connection, asked(text, plan), tried, after, limit):
        if hit is not None and len(hits) == limit:
            return Page(hits=tuple(hits), next=last)
        hits += [] if hit is None else [hit]
        looked, last = looked + 1, place
        if looked == _LOOKED or stopped:
            return Page(hits=tuple(hits), next=last, more=True)
    return Page(hits=tuple(hits))


def _hits(
    connection: Connection, asked: Asked, ways: Sequence[Way], after: Place | None, limit: int
) -> Iterator[tuple[Place, Hit | None, bool]]:
    """Every step on every way; None where it leads to nobody, or to somebody who was shown.

    And whether the way was broken off there, since somebody waits.
    """
    shown: set[int] = set()
    for at, way in enumerate(ways):
        if not getattr(asked, way) or (after is not None and at < ways.index(after.way)):
            continue
        begin = after if after is not None and after.way == way else Place(way=way, value="", id=0)
        for step, customer in _steps(connection, asked, begin, limit + 1):
            place = Place(way=way, value=step.value, id=step.id)
            if customer is None:
                is_new = step.customer is None and not step.stopped
            else:
                is_new = customer.id not in shown and _is_new(customer, way, asked, ways[:at])
                shown.add(customer.id)
            found = Hit(customer=customer, way=way, ticket=step.ticket, product=step.product)
            yield place, found if is_new else None, step.stopped


def _steps(
    connection: Connection, asked: Asked, begin: Place, many: int
) -> Iterator[tuple[Step, Customer | None]]:
    """The steps of one way to its end, with whom they lead to; None for one who is not to be found.

    Where many lead to nobody, twice as many are taken at once. Full text, whose pairs of characters may be far apart,
    is given up where these would take too long: the way is stopped there.
    """
    value, id = begin.value, begin.id
    now = time.monotonic()
    give_up = now + WAIT_S if begin.way == "words" else math.inf
    while True:
        begun = now
        steps = WALKS[begin.way](connection, asked, value, id, many)
        there = customers.get_many(connection, [one.customer for one in steps if one.customer is not None])
        findable = {id: one for id, one in there.items() if customers.is_findable(one)}
        for one in steps:
            yield one, None if one.customer is None else findable.get(CustomerId(one.customer))
        if len(steps) < many:
            return
        value, id = steps[-1].value, steps[-1].id
        now = time.monotonic()
        if now + 2 * (now - begun) >= give_up:
            yield Step(value=value, id=id, customer=None, stopped=True), None
            return
        many = min(2 * many, _LOOKED)


def _is_new(customer: Customer, way: Way, asked: Asked, earlier: Sequence[Way]) -> bool:
    """Whether no earlier way leads there; and full text finds pairs of characters that were far apart."""
    if way == "words" and not lies_on(customer, "words", asked):
        return False
    return not any(getattr(asked, one) and lies_on(customer, one, asked) for one in earlier)

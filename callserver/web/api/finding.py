"""The API of search: customers by whatever somebody knows of them.

In: text as somebody typed it. Out: hits, the surest first, each with why it was found. Must not know: how the search
goes.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from callserver.errors import BadValue
from callserver.store import customers, finding
from callserver.store.engine import Connection
from callserver.store.finding import FEWEST_DIGITS, WAYS, Hit, Page, Place, Way
from callserver.web.api import misses, showing
from callserver.web.api.customers import CustomerShown, shown
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.problems import wrong_query
from callserver.web.api.shapes import Cursor, NextCursor, cursor, number_as_written, place

api = Operations(
    "search", "Customers by name, initials, number or its last digits, address, serial or ticket number."
)

OVER_HIDDEN: frozenset[Way] = frozenset({"digits", "serial", "words"})
"""Ways that would tell what is masked, a digit or a word a question: not for whoever sees it masked."""


class SearchQuery(Struct, frozen=True, kw_only=True):
    q: Annotated[
        str, Meta(min_length=1, max_length=200, description="Anything.", examples=["王芳", "8000", "wf"])
    ]
    by: Annotated[Way | None, Meta(description="Look only so; otherwise on all ways.")] = None
    limit: Annotated[int, Meta(ge=1, le=finding.MOST, description="At most so many hits on a page.")] = 20
    cursor: Cursor | None = None


class HitShown(Struct, frozen=True, kw_only=True):
    """A customer, and why it was found; `ticket` and `product` (numbers) led there.

    `customer` is null for a ticket that has none yet.
    """

    by: Way
    customer: CustomerShown | None
    ticket: int | None
    product: int | None


class Found(Struct, frozen=True, kw_only=True):
    """Hits, the surest first.

    `more`: what was asked for is so common that the page was ended before it was full; go on, or ask for more.
    """

    hits: list[HitShown]
    cursor: NextCursor
    more: bool


@api("GET", "/search", scope="customers:read", long=True)
def search(connection: Connection, asked: Asked, query: SearchQuery) -> Done[Found]:
    """Find customers: one box for everything that somebody may know of them.

    A name by its beginning, or any two characters of one in Chinese; its pinyin initials; a number in any writing, or
    at least 4 of its last digits (a stranger's leads to their open tickets); words of an address; a serial number or
    its beginning; an external id; a ticket's number. Without the right `personal:read` not by address, serial number or
    more than 4 last digits, and no further than the first page by those.
    """
    misses.must_be_few(asked)
    after = _place(query.cursor)
    try:
        page = finding.find(
            connection,
            number_as_written(query.q) or "",
            asked.site.plan,
            ways=_ways(query, asked, after),
            limit=query.limit,
            after=after,
        )
    except BadValue as error:
        raise wrong_query("cursor", error.why) from error
    if not page.hits:
        misses.missed(asked)
    end = _end(page, asked)
    body = Found(
        hits=[_hit(one, asked) for one in page.hits],
        cursor=end,
        more=page.more or (page.next is not None and end is None),
    )
    return Done(body, seen=tuple(_subject(hit) for hit in page.hits))


def _ways(query: SearchQuery, asked: Asked, after: Place | None) -> tuple[Way, ...]:
    """The ways that this asker may go. Raises Refused 400 where the one that is asked for is none of them."""
    ways: tuple[Way, ...] = (query.by,) if query.by else WAYS
    if showing.sight(asked) == "whole":
        return ways
    few = sum(letter.isdigit() for letter in query.q) <= FEWEST_DIGITS and after is None
    left = tuple(one for one in ways if one not in OVER_HIDDEN or (one == "digits" and few))
    if query.by and not left:
        raise wrong_query("by", f"whoever sees this masked cannot look into it ({showing.PERSONAL})")
    return left


def _end(page: Page, asked: Asked) -> str | None:
    """A place among last digits is a whole number, which not everybody may see."""
    if page.next is None or (page.next.way in OVER_HIDDEN and showing.sight(asked) != "whole"):
        return None
    return cursor([page.next.way, page.next.value, page.next.id])


def _subject(hit: Hit) -> str:
    return f"ticket:{hit.ticket}" if hit.customer is None else customers.subject(hit.customer.id)


def _hit(hit: Hit, asked: Asked) -> HitShown:
    return HitShown(
        by=hit.way,
        customer=None if hit.customer is None else shown(hit.customer, asked),
        ticket=hit.ticket,
        product=hit.product,
    )


def _place(text: str | None) -> Place | None:
    behind = place(text, str, str, int)
    if behind is None:
        return None
    way = next((one for one in WAYS if one == behind[0]), None)
    if way is None:
        raise wrong_query("cursor", "give the one of the page before, as it was")
    return Place(way=way, value=behind[1], id=behind[2])

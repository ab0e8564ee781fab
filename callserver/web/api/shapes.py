"""What many subjects say alike: instants, days, pages, cursors.

In: values. Out: how they are written in JSON and read from a query. Must not know: any subject.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias, TypeVar

import orjson
from msgspec import Meta, UnsetType

from callserver.facts import Instant, iso
from callserver.store.paging import Order, Place
from callserver.web.api.problems import wrong_query

T = TypeVar("T")
Given: TypeAlias = T | UnsetType | None
"""A field of a body that need not be there (UNSET), and that null empties."""

Moment = Annotated[
    str,
    Meta(
        description="An instant, ISO 8601 in UTC with milliseconds.",
        examples=["2026-11-22T08:15:00.250Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Since = Annotated[datetime, Meta(tz=True, description="An instant with a zone; it counts itself.")]
Until = Annotated[datetime, Meta(tz=True, description="An instant with a zone; it does not count itself.")]
Day = Annotated[
    str, Meta(description="A day.", examples=["2026-11-22"], extra_json_schema={"format": "date"})
]
Cursor = Annotated[
    str, Meta(description="The `cursor` of the page before.", max_length=2000, pattern="^[A-Za-z0-9_-]+$")
]
NextCursor = Annotated[str | None, Meta(description="For the next page; null: this is the last one.")]

LIMIT = 50
LIMIT_MOST = 500
Limit = Annotated[int, Meta(ge=1, le=LIMIT_MOST, description="At most so many on a page.")]


def moment(at: Instant | None) -> str | None:
    """An instant as it is told."""
    return iso(at)


def at(moment: datetime | None) -> Instant | None:
    """An instant as it was asked for."""
    return None if moment is None else round(moment.timestamp() * 1000)


def number_as_written(number: str | None) -> str | None:
    """A telephone number from a query, where "+" means a space: "+86..." arrives as " 86..."."""
    return "+" + number[1:] if number and number[0] == " " else number


def cursor(place: Sequence[str | int] | None) -> str | None:
    """Where the next page begins, as text that means nothing to others."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(orjson.dumps(list(place))).decode().rstrip("=")


def place(cursor: str | None, *kinds: type[Any]) -> list[Any] | None:
    """What `cursor` wrote. Raises Refused 400 for anything that does not look like it."""
    if cursor is None:
        return None
    try:
        body = orjson.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError):
        body = None
    if not isinstance(body, list) or len(body) != len(kinds) or not all(map(_is, body, kinds)):
        raise wrong_query("cursor", "give the one of the page before, as it was")
    return body


def place_in(cursor: str | None, sort: str, order: Order) -> Place | None:
    """What `cursor` wrote of a page in this order. Raises Refused 400, also for one of another order."""
    behind = place(cursor, str, *[int] * len(order.columns))
    if behind is None:
        return None
    if behind[0] != sort:
        raise wrong_query("cursor", "belongs to another order")
    return Place(values=tuple(behind[1:]))


def _is(value: Any, kind: type[Any]) -> bool:
    if type(value) is not kind:
        return False
    if kind is int:
        return bool(-(2**63) <= value < 2**63)
    return kind is not str or "\x00" not in str(value)

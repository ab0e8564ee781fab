"""Records as the API tells them: instants as text, and hidden what this asker may not see.

In: records of the pure rooms, who asks. Out: JSON bodies, and Structs of them. Must not know: HTTP, SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from callserver.customers import masking
from callserver.customers.masking import Sight, Thing
from callserver.errors import Forbidden
from callserver.facts import iso
from callserver.web.api.operation import Asked

S = TypeVar("S")
PERSONAL = "personal:read"


class Record(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


def sight(asked: Asked) -> Sight:
    """How much this asker sees."""
    return "whole" if asked.may(PERSONAL) else "masked"


def told(thing: Thing, record: Record | Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """A record as this asker may see it: every field by its name, `..._at` as ISO 8601."""
    body = dict(record) if isinstance(record, Mapping) else msgspec.to_builtins(record)
    for name, value in body.items():
        if (name == "at" or name.endswith("_at")) and isinstance(value, int):
            body[name] = iso(value)
    return masking.masked(thing, body, sight(asked), asked.site.plan.country)


def shown(kind: type[S], thing: Thing, record: Record | Mapping[str, Any], asked: Asked, **more: Any) -> S:
    """The same as the Struct that the description promises; `more`: fields that the record has not."""
    return msgspec.convert({**told(thing, record, asked), **more}, kind)


def values(body: msgspec.Struct) -> dict[str, Any]:
    """What somebody said in a body, and only that: fields that are not there are not there."""
    found: dict[str, Any] = msgspec.to_builtins(body)
    return found


def must_see(asked: Asked, given: Mapping[str, Any], hidden: frozenset[str]) -> None:
    """Who sees a field masked may not write it: the stars would take the place of what they hide. Raises Forbidden."""
    if sight(asked) != "whole" and (touched := sorted(hidden & given.keys())):
        raise Forbidden(f"without the right {PERSONAL} these cannot be changed: {', '.join(touched)}")

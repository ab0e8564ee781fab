"""What a thing was before each change: one page of it, the same for every subject.

In: a subject, what is asked for. Out: earlier versions, and where the next page begins. Must not know: any subject.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from callserver.store import customers, history
from callserver.store.engine import Connection
from callserver.store.history import Version
from callserver.web.api.shapes import LIMIT, Cursor, Moment, cursor, moment, place


class HistoryQuery(Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=customers.MOST, description="At most so many on a page.")] = LIMIT
    cursor: Cursor | None = None


class Before(Struct, frozen=True, kw_only=True):
    """An earlier version, and who replaced it when and through what."""

    version: int
    replaced_at: Moment | None
    replaced_by: str
    through: str


def page(
    connection: Connection, subject: str, id: int, query: HistoryQuery
) -> tuple[list[Version], str | None]:
    """Earlier versions, newest first, and the next page's cursor."""
    before = place(query.cursor, int)
    found = history.page(connection, subject, id, limit=query.limit + 1, before=before[0] if before else None)
    shown = found[: query.limit]
    return shown, cursor([shown[-1].version]) if len(found) > query.limit else None


def replaced(one: Version) -> dict[str, Any]:
    """The fields of `Before`."""
    return {
        "version": one.version,
        "replaced_at": moment(one.at),
        "replaced_by": one.actor,
        "through": one.through,
    }

"""The API of the audit: who read or changed whose record, and whether the list is whole.

In: what to look for. Out: lines, what following their chain showed. Must not know: who is noted for what. Reading the
audit is noted in it.
"""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any

from msgspec import Meta, Struct

from callserver.store import audit_chain, audit_pages, text
from callserver.store.audit import Line
from callserver.store.audit_chain import Anchor, Verified
from callserver.store.audit_pages import Wanted
from callserver.store.engine import Connection
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.problems import Refused
from callserver.web.api.shapes import (
    LIMIT,
    Cursor,
    Limit,
    Moment,
    NextCursor,
    Since,
    Until,
    at,
    cursor,
    moment,
    place,
)

api = Operations(
    "audit", "Who read or changed whose record: a list that only grows, each line sealed with the one before."
)

FOLLOWED_S = 20.0  # how long following the chain may take here
_ANCHOR = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


class LineShown(Struct, frozen=True, kw_only=True):
    """One line. `hash`: SHA-256 of this line and of the hash before it."""

    seq: int
    at: Moment
    actor: str
    through: str
    action: Annotated[str, Meta(examples=["customer.read"])]
    subject: Annotated[str, Meta(examples=["customer:17"])]
    detail: Any
    hash: str


class Lines(Struct, frozen=True, kw_only=True):
    """A page of lines, newest first. It may be short, or even empty, and not the last one."""

    lines: list[LineShown]
    cursor: NextCursor


class Followed(Struct, frozen=True, kw_only=True):
    """What following the chain showed. `end`: its last line and hash, to be kept elsewhere; `broken_at`: a number."""

    whole: bool
    lines: int
    end: str | None
    broken_at: int | None
    why: str | None


class LinesQuery(Struct, frozen=True, kw_only=True):
    subject: Annotated[str, Meta(max_length=300, examples=["customer:17"])] | None = None
    actor: Annotated[str, Meta(max_length=300, description="Who did it.")] | None = None
    through: Annotated[str, Meta(max_length=20, examples=["api"])] | None = None
    action: (
        Annotated[
            str, Meta(max_length=100, description="Or its beginning, with `*`.", examples=["customer.*"])
        ]
        | None
    ) = None
    since: Since | None = None
    until: Until | None = None
    limit: Limit = LIMIT
    cursor: Cursor | None = None


class FollowQuery(Struct, frozen=True, kw_only=True):
    anchor: (
        Annotated[
            str,
            Meta(pattern=f"^{_ANCHOR.pattern}$", description="An `end` of before, that you kept elsewhere."),
        ]
        | None
    ) = None


@api("GET", "/audit", scope="audit:read", long=True)
def list_audit(connection: Connection, asked: Asked, query: LinesQuery) -> Done[Lines]:
    """Look through the audit, newest first."""
    before = place(query.cursor, int)
    wanted = Wanted(
        subject=query.subject,
        actor=query.actor,
        through=query.through,
        action=query.action,
        begin=at(query.since),
        end=at(query.until),
    )
    page = audit_pages.page(connection, wanted, query.limit, before[0] if before else None)
    end = None if page.end is None else cursor([page.end])
    return Done(Lines(lines=[shown(one) for one in page.lines], cursor=end), seen=("audit",))


@api("GET", "/audit/chain", scope="audit:read")
async def follow_audit(asked: Asked, query: FollowQuery) -> Done[Followed]:
    """Follow the chain from its first line to its last: whether a line was changed, taken out or cut off.

    Where that takes too long for a request the answer is 503; `callserver audit verify` takes all the time it needs.
    """
    try:
        async with asyncio.timeout(FOLLOWED_S):
            found = await audit_chain.verify(asked.site.store, _anchors(query.anchor))
    except TimeoutError:
        why = f"it takes more than {FOLLOWED_S:g} s: run `callserver audit verify`"
        raise Refused(503, why) from None
    return Done(_followed(found), seen=("audit",))


def shown(line: Line) -> LineShown:
    """A line as the API tells it."""
    return LineShown(
        seq=line.seq,
        at=moment(line.at) or "",
        actor=line.actor,
        through=line.through,
        action=line.action,
        subject=line.subject,
        detail=text.load(line.detail),
        hash=line.hash,
    )


def _followed(found: Verified) -> Followed:
    return Followed(
        whole=found.broken is None,
        lines=found.lines,
        end=None if found.end is None else str(found.end),
        broken_at=None if found.broken is None else found.broken.seq,
        why=None if found.broken is None else found.broken.why,
    )


def _anchors(said: str | None) -> list[Anchor]:
    found = _ANCHOR.fullmatch(said or "")
    return [] if found is None else [Anchor(seq=int(found[1]), hash=found[2])]

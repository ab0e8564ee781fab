"""How long people were ready and paused: spans of agents, clipped to what is asked.

In: a span, or how it is cut; whose time. Out: milliseconds by switch, person and state. Must not know: what they are
added to. What goes on is counted when it is over; what nobody saw is no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, literal, select

from callserver.facts import Instant
from callserver.metrics.slots import Span
from callserver.store import spans, text

INTO: Final = {"ready": "ready_ms", "paused": "paused_ms"}
"""States that are counted, and the field of sums that each is counted in."""
_ID: Final = re.compile(r"[0-9]{1,18}")
"""A phone at which nobody had signed in is no number."""
_C: Final = spans.table.c


class Spent(NamedTuple):
    """Milliseconds in one state. at: the beginning of the part of the span; user: '' for all together."""

    at: Instant
    pbx: str
    user: str
    state: str
    ms: int


def whole(
    connection: Connection, span: Span, only: Mapping[str, Iterable[str]], *, apart: bool
) -> Iterator[Spent]:
    """Of a whole span, added up by the database. `only`: of these `agent`s, `site`s; `apart`: by person."""
    begin = case((_C.from_at > span.begin, _C.from_at), else_=span.begin)
    end = case((_C.to_at < span.end, _C.to_at), else_=span.end)
    whose = _C.user_id if apart else literal(None).label("user_id")
    spent = (
        select(_C.pbx, whose, _C.state, func.sum(end - begin).label("ms"))
        .where(*_of(span, only))
        .group_by(_C.pbx, _C.state, *([_C.user_id] if apart else []))
    )
    for row in connection.execute(spent):
        yield Spent(
            span.begin, row.pbx, "" if row.user_id is None else str(row.user_id), row.state, int(row.ms)
        )


def cut(
    connection: Connection, span: Span, only: Mapping[str, Iterable[str]], *, apart: bool, every_ms: int
) -> Iterator[Spent]:
    """The same by parts of the span, each so long; one state may be told in several parts and several times."""
    spent = select(_C.pbx, _C.user_id, _C.state, _C.from_at, _C.to_at).where(*_of(span, only))
    for row in connection.execute(spent):
        begin, end = max(row.from_at, span.begin), min(row.to_at, span.end)
        for at in range(begin - begin % every_ms, end, every_ms):
            lasted = min(end, at + every_ms) - max(begin, at)
            yield Spent(at, row.pbx, str(row.user_id) if apart else "", row.state, lasted)


def _of(span: Span, only: Mapping[str, Iterable[str]]) -> list[ColumnElement[bool]]:
    found = [_C.from_at < span.end, _C.to_at > span.begin, _C.state.in_(list(INTO)), _C.user_id.is_not(None)]
    if "site" in only:
        found.append(_C.pbx.in_([text.key(one) for one in sorted(only["site"])]))
    if "agent" in only:
        found.append(_C.user_id.in_([int(one) for one in sorted(only["agent"]) if _ID.fullmatch(one)]))
    return found

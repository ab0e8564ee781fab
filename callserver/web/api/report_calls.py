"""The calls behind a number, as the API tells them: their records, and as what each is counted.

In: a metric, a cell of a report, who asks. Out: a page. Must not know: what counts (store.reporting_calls), who may see
which queue (report_asking).
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from callserver.facts import CallId, Instant, PbxId
from callserver.metrics.slots import Span
from callserver.store import calls, reporting, reporting_calls
from callserver.store.engine import Connection
from callserver.store.reporting_calls import Cell, Listed
from callserver.web.api import report_asking, showing
from callserver.web.api.calls import AboutCall, about
from callserver.web.api.operation import Asked
from callserver.web.api.report_asking import ReportQuery
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


class CountedQuery(ReportQuery, frozen=True, kw_only=True):
    metric: Annotated[str, Meta(max_length=60, description="Whose number it is.", examples=["answered"])]
    key: Annotated[str, Meta(max_length=200, description="Of the split; without it, of all.")] | None = None
    begin: Annotated[Since | None, Meta(description="`at` of the row; without it, the whole period.")] = (
        field(default=None, name="at")
    )
    until: Annotated[Until | None, Meta(description="`until` of the row.")] = None
    title: Annotated[str, Meta(max_length=200, description="For people; not looked at.")] | None = None
    limit: Limit = LIMIT
    cursor: Cursor | None = None


class As(Struct, frozen=True, kw_only=True):
    """As what a call is counted: its `n`th stay in a queue, or an agent's part in it."""

    n: int
    at: Moment
    queue: str
    agent: str
    kind: str
    outcome: str | None
    wait_s: float | None
    talk_s: float | None
    hold_s: float | None
    wrap_s: float | None
    gap: bool


class CountedCall(Struct, frozen=True, kw_only=True):
    """A call as `GET /calls` tells it, with more fields than these; only these where its record is not kept any more or
    may not be read."""

    id: Annotated[str, Meta(examples=["main:1795289156.0"])]
    pbx: str
    counted: As


class CountedCalls(Struct, frozen=True, kw_only=True):
    """A page. `count`: of all pages, which is the number itself where that is a count."""

    calls: list[CountedCall]
    about: Annotated[
        dict[str, AboutCall],
        Meta(description="By the call's id: the ticket that it is on. Only for who may read tickets."),
    ]
    count: int
    cursor: NextCursor


async def listed(asked: Asked, query: CountedQuery) -> Any:
    """One page. Raises BadValue for a metric that counts no calls, Refused for a cursor of something else."""
    behind = place(query.cursor, int, str, str, int)
    return await asked.site.store.report(
        partial(_page, asked=asked, query=query, behind=None if behind is None else tuple(behind))
    )


def _page(connection: Connection, *, asked: Asked, query: CountedQuery, behind: Any) -> Any:
    cell = _cell(connection, asked, query)
    page = reporting_calls.page(connection, cell, query.limit, behind)
    return {
        "calls": [_told(connection, asked, one) for one in page.listed],
        "about": about(connection, asked, {CallId(one.call) for one in page.listed}),
        "count": page.count,
        "cursor": cursor(page.end),
    }


def _cell(connection: Connection, asked: Asked, query: CountedQuery) -> Cell:
    wanted = report_asking.wanted(connection, asked, query)
    queues, split = wanted.queues, query.split
    if split == "queue" and query.key is not None:
        these = frozenset(report_asking.names(asked, query.key))
        queues, split = these if queues is None else these & queues, None
    span = _span(wanted, query)
    report_asking.must_be_counted(connection, asked, span.begin)
    return Cell(metric=query.metric, span=span, split=split, key=query.key, queues=queues, only=wanted.only)


def _span(wanted: reporting.Asked, query: CountedQuery) -> Span:
    """The row's, and nothing outside of the period."""
    whole = wanted.span
    begin, end = at(query.begin), at(query.until)
    return Span(max(whole.begin, begin or whole.begin), min(whole.end, end or whole.end))


def _told(connection: Connection, asked: Asked, one: Listed) -> dict[str, Any]:
    said = As(
        at=_moment(one.at),
        **{name: getattr(one, name) for name in As.__struct_fields__ if name != "at"},
    )
    record = None
    if asked.may("calls:read"):
        record = calls.record_of(connection, PbxId(one.pbx), CallId(one.call))
    shown = {} if record is None else showing.told("call", record, asked)
    return {"id": one.call, "pbx": one.pbx, **shown, "counted": said}


def _moment(at: Instant) -> str:
    return moment(at) or ""

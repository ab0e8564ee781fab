"""The API of calls: the same JSON of a call as `callserver replay` prints.

In: what is asked for, the store. Out: calls, newest first, page by page; one call. Must not know: how a record comes
about.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from callserver.errors import NotFound
from callserver.facts import CallId, Direction, Outcome, PbxId
from callserver.store import calls
from callserver.store.search import Place, Wanted, search
from callserver.web.api import showing
from callserver.web.api.operation import Asked, Done, Operations
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
    number_as_written,
    place,
)

api = Operations(
    "calls",
    "A call is everything between a customer's ringing and the last hang-up, over all queues, agents and transfers.",
)

CallName = Annotated[str, Meta(description="Switch and first channel.", examples=["main:1795289156.0"])]


class CallsQuery(Struct, frozen=True, kw_only=True):
    begin: Annotated[Since | None, Meta(description="Calls that began at this instant or later.")] = field(
        default=None, name="from"
    )
    end: Annotated[Until | None, Meta(description="Calls that began before this instant.")] = field(
        default=None, name="to"
    )
    queue: Annotated[str, Meta(max_length=150, description="Calls that were in this queue.")] | None = None
    outcome: Annotated[Outcome | None, Meta(description="How it ended.")] = None
    number: (
        Annotated[
            str,
            Meta(max_length=150, description="The caller's or the dialed number, as the switch wrote it."),
        ]
        | None
    ) = None
    pbx: Annotated[str, Meta(max_length=150, description="Only calls of this Asterisk.")] | None = None
    open: Annotated[bool | None, Meta(description="Whether it still goes on.")] = None
    limit: Limit = LIMIT
    cursor: Cursor | None = None


class Call(Struct, frozen=True, kw_only=True):
    """One call. There may be more fields than these; durations are seconds."""

    id: CallName
    pbx: str
    started_at: Moment | None
    ended_at: Moment | None
    outcome: Outcome
    open: Annotated[bool, Meta(description="It still goes on.")]
    gap: Annotated[bool, Meta(description="A part of it was not seen and comes from the switch's journals.")]
    caller_number: str | None = None
    caller_name: str | None = None
    dialed: str | None = None
    direction: Direction | UnsetType = UNSET
    answered_at: Moment | None = None
    answered: bool | UnsetType = UNSET
    queue_visits: list[dict[str, Any]] = []
    talks: list[dict[str, Any]] = []
    transfers: list[dict[str, Any]] = []
    legs: list[dict[str, Any]] = []
    held_s: float | UnsetType = UNSET


class Calls(Struct, frozen=True, kw_only=True):
    """A page of calls; it may be short, or even empty, and not the last one."""

    calls: list[Call]
    cursor: NextCursor


@api("GET", "/calls", scope="calls:read")
async def list_calls(asked: Asked, query: CallsQuery) -> Done[Calls]:
    """Look through calls, newest first."""
    behind = place(query.cursor, int, str, str)
    page = await search(asked.site.store, _wanted(query), query.limit, _place(behind))
    end = page.end and cursor([page.end.started_at, page.end.pbx, page.end.call])
    return Done(_told({"calls": [showing.told("call", one, asked) for one in page.calls], "cursor": end}))


@api("GET", "/calls/{id}", scope="calls:read")
async def read_call(asked: Asked, id: CallName) -> Done[Call]:
    """One call by its id."""
    pbx, colon, _ = id.partition(":")
    record = await calls.record(asked.site.store, PbxId(pbx), CallId(id)) if colon else None
    if record is None:
        raise NotFound("there is no such call")
    return Done(_told(showing.told("call", record, asked)))


def _told(body: Any) -> Any:
    """Records are told as they are kept: what a Struct does not name is told too."""
    return body


def _wanted(query: CallsQuery) -> Wanted:
    return Wanted(
        pbx=query.pbx,
        begin=at(query.begin),
        end=at(query.end),
        outcome=query.outcome,
        number=number_as_written(query.number),
        queue=query.queue,
        open=query.open,
    )


def _place(behind: list[Any] | None) -> Place | None:
    return None if behind is None else Place(started_at=behind[0], pbx=behind[1], call=behind[2])

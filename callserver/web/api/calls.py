"""The API of calls: the same JSON of a call as `callserver replay` prints, and which ticket each is on.

In: what is asked for, the store. Out: calls, newest first, page by page; one call; a call put on another ticket. Must
not know: how a record comes about, how a call finds its ticket (tickets.landing).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from callserver.customers import masking
from callserver.errors import Forbidden, NotFound
from callserver.facts import CallId, Direction, Outcome
from callserver.metrics import slots
from callserver.metrics.slots import Span
from callserver.store import call_pages, call_tickets, calls
from callserver.store.engine import Connection
from callserver.store.search import Place, Wanted, search
from callserver.tickets.number import said
from callserver.tickets.record import TicketId
from callserver.web.api import misses, seeing, showing
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.problems import wrong_query
from callserver.web.api.shapes import (
    LIMIT,
    Cursor,
    Day,
    Limit,
    Moment,
    NextCursor,
    Since,
    Until,
    at,
    cursor,
    moment,
    number_as_written,
    place,
)

api = Operations(
    "calls",
    "A call is everything between a customer's ringing and the last hang-up, over all queues, agents and transfers.",
)

CallName = Annotated[str, Meta(description="Switch and first channel.", examples=["main:1795289156.0"])]


Seconds = Annotated[int, Meta(ge=0, le=86_400)]


class CallsQuery(Struct, frozen=True, kw_only=True):
    begin: Annotated[Since | None, Meta(description="Calls that began at this instant or later.")] = field(
        default=None, name="from"
    )
    end: Annotated[Until | None, Meta(description="Calls that began before this instant.")] = field(
        default=None, name="to"
    )
    first: Annotated[Day | None, Meta(description="Calls of this day or later, by the site's calendar.")] = (
        field(default=None, name="from_day")
    )
    last: Annotated[Day | None, Meta(description="Calls of this day or earlier.")] = field(
        default=None, name="to_day"
    )
    queue: Annotated[str, Meta(max_length=150, description="Calls that were in this queue.")] | None = None
    kind: (
        Annotated[
            str, Meta(max_length=150, description="Calls on tickets of this kind; needs `tickets:read`.")
        ]
        | None
    ) = None
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
    gap: Annotated[bool | None, Meta(description="Whether a part of it was not seen.")] = None
    direction: Annotated[Direction | None, Meta(description="Where it came from.")] = None
    agent: (
        Annotated[
            str,
            Meta(
                max_length=150,
                description="Calls that rang or were talked at this phone, or by the queue's member of this name.",
                examples=["PJSIP/1001"],
            ),
        ]
        | None
    ) = None
    waited_s: Annotated[Seconds | None, Meta(description="At least so long in queues.")] = None
    talked_s: Annotated[Seconds | None, Meta(description="At least so long with agents.")] = None
    sort: Annotated[Literal["newest", "oldest"], Meta(description="Which come first.")] = "newest"
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


class OnTicket(Struct, frozen=True, kw_only=True):
    """The ticket that a call is on. `rule`: the row of the table of landing that decided, or `moved`: a person did."""

    id: int
    number: str
    since: Moment
    rule: str
    why: Annotated[str, Meta(description="The reason of the rule, for people.")]


class CallWhole(Call, frozen=True, kw_only=True):
    """One call, and the ticket that it is on: null until it is on one, and where nobody's matter is about it."""

    ticket: OnTicket | None


class TicketOfCall(Struct, frozen=True, kw_only=True):
    """The ticket that a call is to be on."""

    ticket: Id


class AboutCall(Struct, frozen=True, kw_only=True):
    """Whose matter a call is about."""

    ticket: int
    number: str
    kind: str
    customer: int | None
    customer_name: str | None


class Calls(Struct, frozen=True, kw_only=True):
    """A page of calls; it may be short, or even empty, and not the last one."""

    calls: list[Call]
    about: Annotated[
        dict[str, AboutCall],
        Meta(description="By the call's id: the ticket that it is on. Only for who may read tickets."),
    ]
    cursor: NextCursor


@api("GET", "/calls", scope="calls:read")
async def list_calls(asked: Asked, query: CallsQuery) -> Done[Calls]:
    """Look through calls, newest first, or oldest.

    Somebody who is signed in sees the calls of their own phone and queues, a supervisor those of their teams' queues;
    so a page may be short, or even empty, and not the last one.
    """
    behind = place(query.cursor, int, str, str)
    store = asked.site.store
    if query.kind is not None and not asked.may("tickets:read"):
        raise Forbidden("the kind is that of the ticket: it needs the right tickets:read")
    if query.number is not None:
        misses.must_be_few(asked)
    page = await search(store, _wanted(asked, query), query.limit, _place(behind))
    if query.number is not None and not page.calls:
        misses.missed(asked)
    own = await store.read(lambda connection: seeing.phones(connection, asked))
    seen = [one for one in page.calls if seeing.call(asked, one, own)]
    told = {
        "calls": [showing.told("call", one, asked) for one in seen],
        "about": await store.read(lambda connection: about(connection, asked, [one["id"] for one in seen])),
        "cursor": cursor(page.end),
    }
    return Done(_told(told), seen=("calls",))  # one line a page: lists of calls are looked at all day


@api("GET", "/calls/{id}", scope="calls:read")
def read_call(connection: Connection, asked: Asked, id: CallName) -> Done[CallWhole]:
    """One call by its id, the ticket that it is on, and why it is on that one."""
    return _whole(connection, asked, CallId(id))


@api("PUT", "/calls/{id}/ticket", scope="tickets:write", guarded=False)
def move_call(connection: Connection, asked: Asked, id: CallName, body: TicketOfCall) -> Done[OnTicket]:
    """Put a call on another ticket. Both timelines tell; where it is there already nothing changes."""
    _must_be_seen(connection, asked, CallId(id))
    call_tickets.move_call(connection, CallId(id), TicketId(body.ticket), asked.actor, asked.now)
    return Done(_on_ticket(connection, CallId(id)))


def about(connection: Connection, asked: Asked, calls: Iterable[CallId]) -> dict[CallId, AboutCall]:
    """The ticket of each, as far as this asker may read tickets."""
    if not asked.may("tickets:read"):
        return {}
    sight = showing.sight(asked)
    return {
        call: AboutCall(
            ticket=one.ticket,
            number=said(one.ticket),
            kind=one.kind,
            customer=one.customer,
            customer_name=masking.name(one.customer_name, sight),
        )
        for call, one in call_pages.about(connection, calls).items()
    }


def _whole(connection: Connection, asked: Asked, call: CallId) -> Done[CallWhole]:
    record = _must_be_seen(connection, asked, call)
    on = _on_ticket(connection, call)
    seen = (f"call:{call}",) if on is None else (f"call:{call}", f"ticket:{on.id}")
    return Done(_told({**showing.told("call", record, asked), "ticket": on}), seen=seen)


def _must_be_seen(connection: Connection, asked: Asked, call: CallId) -> Any:
    """The call's record; one that is on a ticket is the whole desk's. Raises NotFound."""
    record = calls.record_of(connection, call_tickets.pbx_of(call), call)
    if record is not None and (
        seeing.call(asked, record, seeing.phones(connection, asked))
        or call_tickets.explain(connection, call) is not None
    ):
        return record
    raise NotFound("there is no such call")


def _on_ticket(connection: Connection, call: CallId) -> Any:
    link = call_tickets.explain(connection, call)
    if link is None:
        return None
    number = said(link.ticket)
    return OnTicket(id=link.ticket, number=number, since=moment(link.at) or "", rule=link.rule, why=link.why)


def _told(body: Any) -> Any:
    """Records are told as they are kept: what a Struct does not name is told too."""
    return body


def _wanted(asked: Asked, query: CallsQuery) -> Wanted:
    first, last = _day(asked, "from_day", query.first), _day(asked, "to_day", query.last)
    begins = [one for one in (at(query.begin), first.begin if first else None) if one is not None]
    ends = [one for one in (at(query.end), last.end if last else None) if one is not None]
    return Wanted(
        pbx=query.pbx,
        begin=max(begins, default=None),
        end=min(ends, default=None),
        kind=query.kind,
        outcome=query.outcome,
        number=number_as_written(query.number),
        queue=query.queue,
        open=query.open,
        gap=query.gap,
        direction=query.direction,
        agent=query.agent,
        waited_s=query.waited_s,
        talked_s=query.talked_s,
        oldest=query.sort == "oldest",
    )


def _day(asked: Asked, field: str, said: str | None) -> Span | None:
    """The whole day on the site's clock."""
    if said is None:
        return None
    try:
        return slots.day(date.fromisoformat(said), asked.site.zone)
    except (ValueError, OverflowError):
        raise wrong_query(field, "a day, such as 2026-11-22") from None


def _place(behind: list[Any] | None) -> Place | None:
    return None if behind is None else Place(started_at=behind[0], pbx=behind[1], call=behind[2])

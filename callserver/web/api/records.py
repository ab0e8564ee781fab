"""The API of records: what an agent leaves behind when a call is done, in one request.

In: note, verdict, promises, the ticket and its next step, on the versions that the screen showed. Out: the ticket as it
is then. Must not know: how any of it is kept. All of it is done or nothing, and the same request twice is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from callserver.customers.record import CustomerId
from callserver.errors import BadValue, Forbidden, NotFound
from callserver.facts import CallId, Instant
from callserver.people import Person, sees_queue
from callserver.store import call_tickets, calls, customers, recording, shifts, tickets
from callserver.store.engine import Connection
from callserver.store.recording import Move, Recording, Writer
from callserver.tickets.changing import Draft
from callserver.tickets.presets import Preset, Wanted, wanted
from callserver.tickets.promise import PromiseKind
from callserver.tickets.record import Ticket, TicketId
from callserver.web.api import rights, showing
from callserver.web.api.calls import CallName
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.shapes import at
from callserver.web.api.tickets import (
    HIDDEN,
    PromiseShown,
    StatusGiven,
    TicketGiven,
    TicketPatch,
    TicketWhole,
    callable_number,
    changes_of,
    draft_of,
    promise_shown,
    whole,
)
from callserver.web.api.timeline import EntryShown
from callserver.web.api.timeline import shown as entry_shown

api = Operations("records", "What is left behind when a call is done: in one request, once, or not at all.")

Version = Annotated[int, Meta(ge=1, le=2**31 - 1, description="Of the ticket that was on the screen.")]
Wall = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$",
        description="What the customer's clock says then; their zone, or the site's.",
        examples=["2026-11-23T15:00"],
    ),
]


_MOST_BYTES = 256 * 1024  # a note of 10,000 characters, fields of a kind, and some air


# --- what is given ---------------------------------------------------------------------------------------------------


class PromiseWanted(Struct, frozen=True, kw_only=True):
    """A call to be owed: a preset, or a kind. When: `due_at` (an instant) or `at` (the customer's clock)."""

    preset: Preset | None = None
    kind: PromiseKind | None = None
    due_at: Annotated[datetime, Meta(tz=True)] | None = None
    at: Wall | None = None
    number: Annotated[str, Meta(max_length=40, description="Else the ticket's caller is called.")] | None = (
        None
    )
    why: Annotated[str, Meta(max_length=500)] = ""


class RecordGiven(Struct, frozen=True, kw_only=True):
    """What was filled in; what is not there stays as it is.

    `ticket`: where the call belongs; without it, and without `new`, the one that it is on. `was`: the ticket that the
    screen showed the call on: where somebody has moved it since, nothing is done. `version` is needed by `change`,
    `customer` and `status`. `draft`: the counter of the draft that this was typed in; one that was saved again stays.
    `done` false: the wrap-up goes on.
    """

    ticket: Id | None = None
    new: TicketGiven | None = None
    was: Id | None = None
    version: Version | None = None
    change: TicketPatch | None = None
    customer: Id | None = None
    note: Annotated[str, Meta(max_length=10_000)] = ""
    disposition: Annotated[str, Meta(max_length=40, examples=["solved"])] | None = None
    status: StatusGiven | None = None
    promises: Annotated[list[PromiseWanted], Meta(max_length=5)] = []
    draft: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    done: bool = True


# --- what is told ----------------------------------------------------------------------------------------------------


class RecordShown(Struct, frozen=True, kw_only=True):
    """What was written, and the ticket as it is now (`next`: where a step leads).

    `again`: this very request was done before; nothing was done twice.
    """

    call: str
    ticket: TicketWhole
    entry: EntryShown | None
    promises: list[PromiseShown]
    again: bool


class RecordUndone(Struct, frozen=True, kw_only=True):
    """What was taken back, and what stayed; a few words each."""

    ticket: TicketWhole
    back: list[str]
    stayed: list[str]


# --- operations ------------------------------------------------------------------------------------------------------


@api(
    "POST",
    "/calls/{id}/record",
    scope="tickets:write",
    versioned=True,
    errors=(404, 409),
    most_bytes=_MOST_BYTES,
)
def record_call(connection: Connection, asked: Asked, id: CallName, body: RecordGiven) -> Done[RecordShown]:
    """Write down what came of a call: ticket, note, verdict, promises, next step. It ends your wrap-up.

    The call may be going on still. Agents record their own calls, supervisors those of their queues.
    """
    call = CallId(id)
    _must_be_theirs(connection, asked, call)
    if body.change is not None:
        showing.must_see(asked, showing.values(body.change), HIDDEN)
    what = _recording(connection, asked, call, body)
    with rights.explained():
        done = recording.record(connection, call, what, _writer(asked))
    told = whole(connection, done.ticket, asked)
    shown = RecordShown(
        call=id,
        ticket=told.body,
        entry=None if done.entry is None else entry_shown(done.entry, asked),
        promises=[promise_shown(one, asked) for one in done.promises],
        again=done.again,
    )
    return Done(shown, version=told.version, seen=told.seen)


@api("POST", "/calls/{id}/record/undo", scope="tickets:write", versioned=True, errors=(404, 409))
def undo_record(connection: Connection, asked: Asked, id: CallName) -> Done[RecordUndone]:
    """Take back what you recorded last on a call, within ten minutes: what can be.

    The note is corrected by a new entry, promises are withdrawn, the call goes back to its ticket, the verdict goes.
    """
    undone = recording.undo(connection, CallId(id), _writer(asked))
    told = whole(connection, undone.ticket, asked)
    body = RecordUndone(ticket=told.body, back=list(undone.back), stayed=list(undone.stayed))
    return Done(body, version=told.version, seen=told.seen)


def _writer(asked: Asked) -> Writer:
    return Writer(
        actor=asked.actor,
        now=asked.now,
        user=None if asked.person is None else asked.person.id,
        rights=rights.of_tickets(asked),
    )


# --- whose call it is ------------------------------------------------------------------------------------------------


def _must_be_theirs(connection: Connection, asked: Asked, call: CallId) -> None:
    """A token with the right may record any call. Raises NotFound, Forbidden."""
    record = calls.record_of(connection, call_tickets.pbx_of(call), call)
    if record is None:
        raise NotFound("there is no such call")
    if asked.person is None or _answers_for(asked.person, record) or _spoke(connection, asked.person, record):
        return
    raise Forbidden("you had no part in this call: its agent or a supervisor of its queue can record it")


def _answers_for(person: Person, record: Mapping[str, Any]) -> bool:
    """Whose work is more than their own calls."""
    if person.role == "agent":
        return False
    visits = record.get("queue_visits") or ()
    return person.role != "supervisor" or any(sees_queue(person, str(one.get("queue"))) for one in visits)


def _spoke(connection: Connection, person: Person, record: Mapping[str, Any]) -> bool:
    """By name, where a queue has said it, which outlasts a change of seats; else by the phone where they sit now."""
    visits = record.get("queue_visits") or ()
    if any((one.get("agent") or {}).get("name") == person.name for one in visits):
        return True
    shift = shifts.of(connection, person.id)
    if shift is None or record.get("pbx") != shift.seat.pbx:
        return False
    answered = (leg for leg in record.get("legs") or () if leg.get("answered_at") or leg.get("up"))
    return any(shift.seat.is_phone(str(leg.get("interface"))) for leg in answered)


# --- what was meant --------------------------------------------------------------------------------------------------


def _recording(connection: Connection, asked: Asked, call: CallId, body: RecordGiven) -> Recording:
    ticket = None if body.ticket is None else TicketId(body.ticket)
    needs_zone = any(one.at is not None for one in body.promises)
    zone = _zone(connection, asked, call, body) if needs_zone else asked.site.zone
    return Recording(
        digest=_digest(asked, body),
        ticket=ticket,
        new=None if body.new is None else _draft(connection, asked, call, body.new),
        was=None if body.was is None else TicketId(body.was),
        version=body.version,
        changes=changes_of(body.change) if body.change and showing.values(body.change) else None,
        customer=None if body.customer is None else CustomerId(body.customer),
        note=body.note,
        disposition=body.disposition,
        step=None if body.status is None else Move(to=body.status.to, why=body.status.why),
        promises=tuple(_wanted(asked, zone, place, one) for place, one in enumerate(body.promises)),
        draft=body.draft,
        done=body.done,
    )


def _digest(asked: Asked, body: RecordGiven) -> str:
    """The same person, the same words, on the same versions: the same request."""
    return hashlib.sha256(asked.token.encode() + b"\n" + msgspec.json.encode(body)).hexdigest()


def _draft(connection: Connection, asked: Asked, call: CallId, new: TicketGiven) -> Draft:
    """Without a word of its caller: whoever called."""
    draft = draft_of(new, asked)
    if draft.caller is not None:
        return draft
    record = calls.record_of(connection, call_tickets.pbx_of(call), call) or {}
    outbound = record.get("direction") == "outbound"
    read = asked.site.plan.read(record.get("dialed" if outbound else "caller_number"))
    return replace(draft, caller=read.e164)


def _zone(connection: Connection, asked: Asked, call: CallId, body: RecordGiven) -> tzinfo:
    """The customer's, as the record will have them; the site's where nobody knows."""
    customer = body.customer or (body.new.customer if body.new else None)
    if customer is None:
        ticket = _ticket(connection, call, body)
        customer = None if ticket is None else ticket.customer
    if customer is None:
        return asked.site.zone
    name = customers.get(connection, customer).zone
    return asked.site.zone if name is None else ZoneInfo(name)


def _ticket(connection: Connection, call: CallId, body: RecordGiven) -> Ticket | None:
    if body.ticket is not None:
        return tickets.get(connection, TicketId(body.ticket))
    link = call_tickets.explain(connection, call)
    return None if link is None or body.new is not None else tickets.get(connection, link.ticket)


def _wanted(asked: Asked, zone: tzinfo, place: int, one: PromiseWanted) -> Wanted:
    where = f"promises[{place}]"
    if one.due_at is not None and one.at is not None:
        raise BadValue(f"{where}.at", "either an instant, or the customer's clock")
    due = at(one.due_at) if one.at is None else _on_their_clock(f"{where}.at", one.at, zone)
    number = callable_number(asked, f"{where}.number", one.number)
    try:
        return wanted(asked.now, preset=one.preset, kind=one.kind, due_at=due, number=number, why=one.why)
    except BadValue as error:
        raise BadValue(f"{where}.{error.field}", error.why) from error


def _on_their_clock(field: str, wall: str, zone: tzinfo) -> Instant | None:
    """In the hour that comes twice, its first coming; in the one that never comes, an hour later."""
    try:
        moment = datetime.fromisoformat(wall)
    except ValueError:
        raise BadValue(field, "is no day and time") from None
    return at(moment.replace(tzinfo=zone))

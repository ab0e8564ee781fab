"""The API of timelines: what happened on a ticket, or with a customer; notes, messages and corrections written on it.

In: what is asked for and written. Out: entries as the asker may see them. Must not know: how entries are kept. An entry
never changes: what was wrong is corrected by a new one.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args

from msgspec import Meta, Struct

from callserver.customers.record import CustomerId
from callserver.errors import NotFound
from callserver.store import customers, tickets, timeline
from callserver.store.engine import Connection
from callserver.store.timeline import LONGEST_NOTE, Direction
from callserver.tickets.record import CONTACTS, ENTRY_KINDS, Entry, EntryKind, TicketId
from callserver.web.api import showing
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.problems import wrong_query
from callserver.web.api.shapes import LIMIT, Cursor, Limit, Moment, NextCursor, cursor, place

api = Operations(
    "timeline", "Every call, note, change, promise and message of a ticket: who, when and through what."
)

Words = Annotated[str, Meta(min_length=1, max_length=LONGEST_NOTE, description="Plain text, with its lines.")]
Seq = Annotated[int, Meta(ge=1, le=2**31 - 1, description="The number of an entry of this ticket.")]


# --- what is told and given ------------------------------------------------------------------------------------------


class EntryShown(Struct, frozen=True, kw_only=True):
    """An entry. What is in `body` goes by the kind; `corrects` is the `seq` of the entry that this one corrects."""

    ticket: int
    seq: int
    at: Moment
    kind: EntryKind
    actor: str
    through: str
    call: str | None
    corrects: int | None
    body: dict[str, Any]


class Entries(Struct, frozen=True, kw_only=True):
    """A page of entries, newest first."""

    entries: list[EntryShown]
    cursor: NextCursor


class EntriesQuery(Struct, frozen=True, kw_only=True):
    kinds: (
        Annotated[
            str,
            Meta(max_length=200, description=f"Only these, with commas: {', '.join(ENTRY_KINDS)}."),
        ]
        | None
    ) = None
    limit: Limit = LIMIT
    cursor: Cursor | None = None


class ContactsQuery(Struct, frozen=True, kw_only=True):
    kinds: (
        Annotated[
            str, Meta(max_length=200, description=f"Only these, with commas: {', '.join(sorted(CONTACTS))}.")
        ]
        | None
    ) = None
    limit: Limit = LIMIT
    cursor: Cursor | None = None


class NoteGiven(Struct, frozen=True, kw_only=True):
    """What somebody wants to be remembered."""

    text: Words


class MessageGiven(Struct, frozen=True, kw_only=True):
    """A message to or from the customer, that was sent or received by other means."""

    way: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,29}$", examples=["sms", "email", "letter"])]
    direction: Direction
    text: Words


class CorrectionGiven(Struct, frozen=True, kw_only=True):
    """What should have been said in an entry, which stays."""

    corrects: Seq
    text: Words


# --- operations ------------------------------------------------------------------------------------------------------


@api("GET", "/tickets/{id}/timeline", scope="tickets:read")
def read_ticket_timeline(connection: Connection, asked: Asked, id: Id, query: EntriesQuery) -> Done[Entries]:
    """What happened on a ticket, newest first."""
    ticket = tickets.get(connection, TicketId(id))
    before = place(query.cursor, int)
    kinds = _kinds(query.kinds, ENTRY_KINDS)
    page = timeline.page(connection, ticket.id, query.limit, before[0] if before else None, kinds)
    end = None if page.end is None else cursor([page.end])
    return Done(Entries(entries=[shown(one, asked) for one in page.entries], cursor=end), seen=_seen(id))


@api("GET", "/tickets/{id}/timeline/{seq}", scope="tickets:read")
def read_entry(connection: Connection, asked: Asked, id: Id, seq: Seq) -> Done[EntryShown]:
    """One entry of a ticket."""
    found = timeline.get(connection, TicketId(id), seq)
    if found is None:
        raise NotFound("there is no such entry")
    return Done(shown(found, asked), seen=_seen(id))


@api("GET", "/customers/{id}/timeline", scope="tickets:read")
def read_customer_timeline(
    connection: Connection, asked: Asked, id: Id, query: ContactsQuery
) -> Done[Entries]:
    """A customer's contacts on all their tickets, newest first: calls, notes, messages, promises."""
    customer = customers.get(connection, CustomerId(id))
    behind = place(query.cursor, int, int, int)
    after = None if behind is None else (behind[0], TicketId(behind[1]), behind[2])
    kinds = _kinds(query.kinds, sorted(CONTACTS))
    page = timeline.of_customer(connection, customer.id, query.limit, after, kinds)
    body = Entries(entries=[shown(one, asked) for one in page.entries], cursor=cursor(page.end))
    return Done(body, seen=(customers.subject(customer.id),))


@api("POST", "/tickets/{id}/notes", scope="tickets:write", status=201)
def add_note(connection: Connection, asked: Asked, id: Id, body: NoteGiven) -> Done[EntryShown]:
    """Write a note on a ticket, also on one that is closed."""
    return _done(timeline.note(connection, TicketId(id), body.text, asked.actor, asked.now), asked)


@api("POST", "/tickets/{id}/messages", scope="tickets:write", status=201)
def add_message(connection: Connection, asked: Asked, id: Id, body: MessageGiven) -> Done[EntryShown]:
    """Put down a message that went to the customer or came from them. Nothing is sent."""
    written = timeline.message(
        connection, TicketId(id), body.way, body.direction, body.text, asked.actor, asked.now
    )
    return _done(written, asked)


@api("POST", "/tickets/{id}/corrections", scope="tickets:write", status=201)
def correct_entry(connection: Connection, asked: Asked, id: Id, body: CorrectionGiven) -> Done[EntryShown]:
    """Say what should have been said in an entry. The entry stays as it is; this is a new one."""
    written = timeline.correct(connection, TicketId(id), body.corrects, body.text, asked.actor, asked.now)
    return _done(written, asked)


# --- how they are told -----------------------------------------------------------------------------------------------


def shown(entry: Entry, asked: Asked) -> EntryShown:
    """An entry as this asker may see it."""
    return showing.shown(EntryShown, "entry", entry, asked)


def _done(entry: Entry, asked: Asked) -> Done[EntryShown]:
    return Done(shown(entry, asked), location=f"/tickets/{entry.ticket}/timeline/{entry.seq}")


def _seen(ticket: int) -> tuple[str, ...]:
    return (f"ticket:{ticket}",)


def _kinds(said: str | None, known: Any) -> list[EntryKind] | None:
    if said is None:
        return None
    found = [one.strip() for one in said.split(",") if one.strip()]
    if unknown := [one for one in found if one not in known]:
        raise wrong_query("kinds", f"{unknown[0][:40]!r} is none of {', '.join(known)}")
    return [kind for kind in get_args(EntryKind) if kind in found]

"""What the world outside is told of tickets, entries and promises."""

from __future__ import annotations

from callserver.tickets.promise import Promise
from callserver.tickets.record import Entry, PromiseId, Ticket, TicketId
from callserver.tickets.telling import entry_told, promise_told, ticket_told

NOON = 1_795_300_000_000
SAID = "2026-11-21T22:26:40.000Z"


def test_a_ticket_is_told_with_iso_instants_and_its_number_to_say() -> None:
    ticket = Ticket(
        id=TicketId(4583),
        number="1045838",
        version=3,
        kind="repair",
        status="closed",
        opened_at=NOON,
        touched_at=NOON,
        closed_at=NOON,
    )
    told = ticket_told(ticket)
    assert (told["opened_at"], told["closed_at"], told["due_at"]) == (SAID, SAID, None)
    assert (told["number"], told["spoken"], told["open"]) == ("1045838", "104 583 8", False)


def test_an_entry_and_a_promise_name_their_ticket_by_its_number() -> None:
    entry = Entry(ticket=TicketId(4583), seq=2, at=NOON, kind="note", actor="anna", through="screen")
    assert (entry_told(entry)["ticket"], entry_told(entry)["at"]) == ("1045838", SAID)
    promise = Promise(
        id=PromiseId(1),
        kind="callback",
        ticket=TicketId(4583),
        due_at=NOON,
        deadline_at=NOON,
        created_at=NOON,
    )
    told = promise_told(promise)
    assert (told["ticket"], told["due_at"], told["settled_at"]) == ("1045838", SAID, None)

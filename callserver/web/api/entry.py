"""What stands on a ticket of something that a switch was asked to do: a note for the colleague, a reason for a call.

In: words, whose ticket, what came of the request. Out: an entry of the timeline, or none. Must not know: the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from callserver.errors import Forbidden
from callserver.facts import CallId
from callserver.store import call_tickets, tickets, timeline
from callserver.store.engine import Connection
from callserver.store.tokens import Scope
from callserver.tickets.record import TicketId
from callserver.web.api.asking import PhoneAnswer
from callserver.web.api.operation import Asked, Done

_WRITE: Final[Scope] = "tickets:write"


@dataclass(slots=True)
class Entry:
    """Whether it may be written is looked at before the switch is asked; written it is unless the switch refused, so
    that asking once more does not write it twice. What a crash of ours in between takes, is lost.
    """

    ticket: TicketId | None = None
    words: str = ""

    def plan(self, connection: Connection, asked: Asked, ticket: int | None, words: str) -> None:
        """Raises Forbidden for who may not: the right to telephone is none to write on tickets; NotFound."""
        self.ticket = TicketId(ticket) if ticket is not None and words.strip() else None
        self.words = words
        if self.ticket is None:
            return
        if not asked.may(_WRITE):
            raise Forbidden(f"to write on a ticket needs the right {_WRITE}")
        tickets.get(connection, self.ticket)

    async def written(self, asked: Asked, done: Done[PhoneAnswer]) -> Done[PhoneAnswer]:
        """The same answer, with the note written if it was done, or may have been."""
        ticket = self.ticket
        if ticket is not None and done.body.outcome in ("done", "unknown"):
            await asked.site.store.write(
                lambda connection: timeline.note(connection, ticket, self.words, asked.actor, asked.now)
            )
        return done


def place(connection: Connection, asked: Asked, call: CallId, named: int | None) -> int | None:
    """On which ticket a transfer's note is to stand: the one that is named, else the call's. Who may not write on
    tickets, and names none, tells only the colleague.
    """
    if named is not None or not asked.may(_WRITE):
        return named
    link = call_tickets.explain(connection, call)
    return link.ticket if link is not None else None

"""Tickets, entries and promises as the world outside is told of them: instants as ISO 8601, numbers instead of ids.

In: records. Out: JSON objects. Must not know: who is told, and whether by HTTP or in a file.
"""

from __future__ import annotations

from typing import Any

from callserver.facts import iso
from callserver.tickets import promise as promises
from callserver.tickets import record
from callserver.tickets.number import said, spoken
from callserver.tickets.promise import Promise
from callserver.tickets.record import Entry, Ticket

_MOMENTS = frozenset(
    "at opened_at touched_at due_at deadline_at closed_at created_at settled_at "
    "earliest_at next_at broken_at held_at place_at about_at".split()
)


def ticket_told(ticket: Ticket) -> dict[str, Any]:
    """A ticket, with `spoken` (its number in groups) and `open` besides."""
    return _told(record.to_json(ticket)) | {"spoken": spoken(ticket.number), "open": ticket.open}


def entry_told(entry: Entry) -> dict[str, Any]:
    """An entry; `ticket` is the ticket's number."""
    return _told(record.to_json(entry)) | {"ticket": said(entry.ticket)}


def promise_told(promise: Promise) -> dict[str, Any]:
    """A promise; `ticket` is the ticket's number."""
    return _told(promises.to_json(promise)) | {"ticket": said(promise.ticket)}


def _told(body: dict[str, Any]) -> dict[str, Any]:
    return {name: iso(value) if name in _MOMENTS else value for name, value in body.items()}

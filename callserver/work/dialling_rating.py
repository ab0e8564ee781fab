"""What customers answer by key, and what follows from it on their ticket.

In: the record of an automatic call that is over. Out: an entry on the timeline; a ticket that is reopened by a bad
rating, of which its supervisors are told, or closed by a good one where nothing else is owed. Must not know: prompts,
the switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from callserver.errors import Refusal
from callserver.facts import Actor, CallId, Instant, PbxId
from callserver.people import UserId
from callserver.promises.outcomes import AttemptOutcome
from callserver.store import floor_messages, promises, tickets, timeline, users
from callserver.store.attempts import Attempt
from callserver.store.engine import Connection
from callserver.store.timeline import NewEntry
from callserver.tickets.number import spoken
from callserver.tickets.promise import Promise
from callserver.tickets.record import Ticket
from callserver.tickets.tables import step

RATED: Final = frozenset({"return_visit", "survey"})
"""The kinds of promise whose calls ask for a rating."""
RATINGS: Final = "12345"
BAD: Final = frozenset("12")
BY_KEY: Final = Actor(name="callserver", through="call")


def pressed(record: Mapping[str, Any]) -> str:
    """All keys in the order in which they were pressed."""
    return "".join(str(one.get("key", "")) for one in record.get("keys") or () if isinstance(one, Mapping))


def answered(connection: Connection, promise: Promise, attempt: Attempt, keys: str, now: Instant) -> None:
    """Put the answers of an attempt on the ticket, in the transaction in which it is written as over."""
    if not keys:
        return
    body: dict[str, Any] = {"promise": promise.id, "kind": promise.kind, "what": "answer", "keys": keys}
    found = rating(promise, keys)
    if found is not None:
        body["rating"] = int(found)
    entry = NewEntry(kind="promise", body=body, pbx=PbxId(attempt.pbx), call=CallId(attempt.call))
    key = f"promise:{promise.id}:{attempt.n}:answer"
    if timeline.add(connection, promise.ticket, entry, BY_KEY, now, key) is not None and found is not None:
        _follows(connection, promise, found, now)


def heard(connection: Connection, promise: Promise, outcome: AttemptOutcome, keys: str, now: Instant) -> None:
    """A ticket that a campaign opened for nothing but a call that speaks for itself is closed when that was heard.

    Not after a bad rating, nor where something else is owed, nor once somebody has taken the ticket further.
    """
    if promise.campaign is None or outcome != "played" or rating(promise, keys) in BAD:
        return
    ticket = tickets.get(connection, promise.ticket)
    if ticket.status == "open" and not promises.owed_by(connection, ticket.id).promises:
        _step(connection, ticket, "closed", "the campaign's call was heard", now)


def rating(promise: Promise, keys: str) -> str | None:
    """The last rating that was pressed: who presses twice means the second one."""
    return next((key for key in reversed(keys) if promise.kind in RATED and key in RATINGS), None)


def _follows(connection: Connection, promise: Promise, found: str, now: Instant) -> None:
    ticket = tickets.get(connection, promise.ticket)
    said = f"rated {found} of 5 by key"
    if found in BAD:
        _step(connection, ticket, "reopened", said, now)
        args = {"rating": int(found), "ticket": ticket.id, "number": spoken(ticket.number)}
        floor_messages.write(
            connection,
            _supervisors(connection, ticket.team),
            by=None,
            by_name=BY_KEY.name,
            now=now,
            code="rated_badly",
            urgent=True,
            to_name=ticket.team,
            args=args,
        )
    elif ticket.status == "owed_visit" and not promises.owed_by(connection, ticket.id).promises:
        _step(connection, ticket, "closed", said, now)


def _supervisors(connection: Connection, team: str | None) -> list[UserId]:
    """Of the ticket's team; of all teams, else the administrators, where that one has none."""
    people = [one.person for one in users.every(connection) if one.enabled]
    all_ = [one for one in people if one.role == "supervisor"]
    theirs = [one for one in all_ if team in one.teams]
    return [one.id for one in theirs or all_ or [one for one in people if one.role == "administrator"]]


def _step(connection: Connection, ticket: Ticket, to: str, why: str, now: Instant) -> None:
    """A ticket that cannot take this step stays as it is: the answer is on its timeline."""
    if step(ticket.status, to) is not None:
        with suppress(Refusal):
            tickets.move(connection, ticket.id, to, why, BY_KEY, now)

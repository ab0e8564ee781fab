"""What the world outside is to hear of: put down in the transaction of the change itself, sent later, never forgotten.

In: events, from whoever changes a ticket, a call's landing, a promise or a customer. Out: one row for each webhook
that wants the type; what of a subject is not yet there; the metrics of the queue. Must not know: how anything is sent.

Ids are given before the commit, so on PostgreSQL a row may become visible after one with a higher id. Events of one
subject are in order all the same, because who changes a thing locks its row before telling; and nothing can be
overlooked, because what is unsent is marked so, and no place in the order is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias, get_args
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from callserver.facts import Instant
from callserver.store import after, text
from callserver.store.desk import not_done, outbox, webhooks
from callserver.store.engine import Insert
from callserver.store.schema import database_now

EventType = Literal[
    "callserver.call.ended",
    "callserver.ticket.opened",
    "callserver.ticket.changed",
    "callserver.ticket.status",
    "callserver.ticket.entry",
    "callserver.promise.owed",
    "callserver.promise.due",
    "callserver.promise.attempt",
    "callserver.promise.changed",
    "callserver.promise.kept",
    "callserver.promise.withdrawn",
    "callserver.promise.broken",
    "callserver.dialling.paused",
    "callserver.dialling.resumed",
    "callserver.customer.changed",
    "callserver.customer.merged",
    "callserver.customer.erased",
    "callserver.alert.raised",
    "callserver.alert.cleared",
]
TYPES: tuple[str, ...] = get_args(EventType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened that others may want to hear of.

    `key` is unique for the event ("ticket:17:v3"); `subject` is what it happened to ("ticket:17"). `body` is told as it
    is, so its instants are ISO 8601 text already.
    """

    type: EventType
    key: str
    subject: str
    at: Instant
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What of one subject is saved here and not yet there: `count` rows, the oldest put down at `since`.

    `dead`: rows that the other side refused, or that were given up; a person has to look at them.
    """

    count: int = 0
    since: Instant | None = None
    dead: int = 0


def tell(connection: Connection, event: Event, *, now: Instant | None = None) -> None:
    """Put the event down for every webhook that wants its type; nothing where there is none.

    Who listens to the store (`Store.on_told`) hears it after the commit in any case. Told twice with the same key, it
    is one event for webhooks. `now` (else the database's clock) is an argument for tests only.
    """
    after.say(connection, event)
    wanting = [webhook for webhook, events in _listening(connection) if wants(events, event.type)]
    if not wanting:
        return
    row = {
        "event": text.key(event.key),
        "type": event.type,
        "subject": text.key(event.subject),
        "at": event.at,
        "now": now,
        "body": text.dump(dict(event.body)),
    }
    connection.execute(_new(connection.dialect.name), [{"webhook_id": webhook, **row} for webhook in wanting])


@cache
def _new(dialect: str) -> Insert:
    """The statement that puts rows down; built once, since it is executed in the middle of every change."""
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    queued_at = func.coalesce(bindparam("now", type_=BigInteger), database_now())
    new = insert(outbox).values(queued_at=queued_at, attempts=0, refusals=0)
    return new.on_conflict_do_nothing(index_elements=["event", "webhook_id"])


_LISTENING = select(webhooks.c.id, webhooks.c.record).where(webhooks.c.state != "off")
_Listening: TypeAlias = tuple[tuple[int, Sequence[str]], ...]
_known: WeakKeyDictionary[Connection, _Listening] = WeakKeyDictionary()


def _listening(connection: Connection) -> _Listening:
    """The webhooks and the events they want, asked for once in a transaction: a call that lands tells three things."""
    found = _known.get(connection)
    if found is None:
        rows = connection.execute(_LISTENING).all()
        found = _known[connection] = tuple((row.id, text.load(row.record)["events"]) for row in rows)
    return found


def wants(patterns: Sequence[str], type_: str) -> bool:
    """Whether one of the patterns is this type, or begins it: `callserver.ticket.*`, `*`."""
    return any(
        pattern == type_ or (pattern.endswith("*") and type_.startswith(pattern[:-1])) for pattern in patterns
    )


def pending(connection: Connection, subject: str) -> Pending:
    """What of one subject is not yet there."""
    return pending_of(connection, [subject]).get(subject, Pending())


def pending_of(connection: Connection, subjects: Sequence[str]) -> dict[str, Pending]:
    """The same for many; a subject of which all is there is left out."""
    if not subjects:
        return {}
    asked = {text.key(subject): subject for subject in subjects}
    waiting: ColumnElement[bool] = outbox.c.dead_at.is_(None)
    wanted = (
        select(
            outbox.c.subject,
            func.count().filter(waiting),
            func.min(case((waiting, outbox.c.queued_at))),
            func.count().filter(~waiting),
        )
        .join(webhooks, webhooks.c.id == outbox.c.webhook_id)
        .where(not_done, outbox.c.subject.in_(asked))
        .group_by(outbox.c.subject)
    )
    return {
        asked[subject]: Pending(count=count, since=since, dead=dead)
        for subject, count, since, dead in connection.execute(wanted)
    }

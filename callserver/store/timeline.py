"""What happened on a ticket, in order: entries that never change.

In: new entries, inside the transaction of whatever happened. Out: entries, page by page, newest first. Must not know:
what an entry of another room means. The database itself refuses to change an entry (sealing.py).

Whoever adds to a ticket holds its row until the transaction ends, so entries are numbered 1, 2, 3 ... without holes,
and two who add at the same time wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    Select,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert

from callserver.customers.record import CustomerId
from callserver.errors import BadValue, NotFound
from callserver.facts import Actor, CallId, Instant, PbxId
from callserver.numbers import tail
from callserver.store import audit, ids, outbox, text
from callserver.store.desk import contact, tickets
from callserver.store.desk import timeline as table
from callserver.store.desk import unsealed as seals
from callserver.store.outbox import Event
from callserver.store.upsert import insert, into
from callserver.tickets.record import CONTACTS, Entry, EntryKind, TicketId
from callserver.tickets.telling import entry_told
from callserver.tickets.wording import lines

Direction = Literal["in", "out"]  # from the customer, to them

LONGEST_NOTE = 10_000  # characters
_LAST_SEQ = 2**31 - 1

# Told and noted as what they belong to, by whoever adds them: a change, a step, a promise.
_TOLD_ELSEWHERE = frozenset({"opened", "change", "status", "promise", "customer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to be. `at`: when it happened, None: now. `caller`: E.164 of whose contact it was, None: the ticket's.

    `body` is told as it is, so its instants are ISO 8601 text already.
    """

    kind: EntryKind
    body: dict[str, Any] = field(default_factory=dict)
    at: Instant | None = None
    pbx: PbxId | None = None
    call: CallId | None = None
    caller: str | None = None
    corrects: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Entries, newest first; `end` is the number to go on behind, None: there are no more."""

    entries: tuple[Entry, ...]
    end: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """A customer's contacts on all their tickets, newest first; `end` is where to go on, None: there are no more."""

    entries: tuple[Entry, ...]
    end: tuple[Instant, TicketId, int] | None


def add(
    connection: Connection,
    ticket: TicketId,
    entry: NewEntry,
    actor: Actor,
    now: Instant,
    key: str | None = None,
) -> Entry | None:
    """Write an entry and touch the ticket; None: an entry with this key is there already, nothing was changed.

    Raises NotFound where there is no such ticket, ValueError for a body that is no JSON.
    """
    key = text.optional_key(key)
    if key is not None and _is_there(connection, key):
        return None
    owner = _touched(connection, ticket, entry.at or now)
    row = _row(ticket, entry, actor, now) | {
        "key": key,
        "customer_id": owner.customer_id,
        "tail": None if owner.customer_id is not None else _tail(entry, owner.tail),
    }
    seq = connection.execute(_new(connection.dialect.name), {**row, "_ticket": ticket}).scalar()
    if seq is None:
        return None
    added = _entry(row | {"seq": seq})
    if entry.kind not in _TOLD_ELSEWHERE:
        _tell(connection, added, owner.number, actor, now)
    return added


def note(connection: Connection, ticket: TicketId, words: str, actor: Actor, now: Instant) -> Entry:
    """A note of a person. Raises BadValue for one that is empty or longer than LONGEST_NOTE, NotFound."""
    added = add(connection, ticket, NewEntry(kind="note", body={"text": checked(words)}), actor, now)
    assert added is not None  # only a key can be there already
    return added


def message(
    connection: Connection,
    ticket: TicketId,
    way: str,
    direction: Direction,
    words: str,
    actor: Actor,
    now: Instant,
) -> Entry:
    """A message that went to the customer or came from them, by SMS, e-mail, letter ... Raises as `note` does."""
    body = {"way": text.key(way), "direction": direction, "text": checked(words)}
    added = add(connection, ticket, NewEntry(kind="message", body=body), actor, now)
    assert added is not None
    return added


def correct(
    connection: Connection, ticket: TicketId, seq: int, words: str, actor: Actor, now: Instant
) -> Entry:
    """What should have been said in entry `seq`: a new entry, the old one stays. Raises BadValue, NotFound."""
    said = checked(words)
    if get(connection, ticket, seq) is None:
        raise NotFound(f"ticket has no entry {seq}")
    added = add(
        connection, ticket, NewEntry(kind="correction", body={"text": said}, corrects=seq), actor, now
    )
    assert added is not None
    return added


def get(connection: Connection, ticket: TicketId, seq: int) -> Entry | None:
    """One entry."""
    row = connection.execute(
        _entries().where(table.c.ticket_id == ids.known(ticket), table.c.seq == _seq(seq))
    ).one_or_none()
    return None if row is None else _entry(row._mapping)


def page(
    connection: Connection,
    ticket: TicketId,
    limit: int,
    before: int | None = None,
    kinds: Sequence[EntryKind] | None = None,
) -> Page:
    """At most `limit` entries of a ticket with numbers below `before`, of these kinds, newest first."""
    wanted = _entries().where(table.c.ticket_id == ids.known(ticket))
    if before is not None:
        wanted = wanted.where(table.c.seq < _seq(before))
    if kinds is not None:
        wanted = wanted.where(table.c.kind.in_(kinds))
    rows = connection.execute(wanted.order_by(table.c.seq.desc()).limit(limit + 1)).all()
    entries = tuple(_entry(row._mapping) for row in rows[:limit])
    return Page(entries=entries, end=entries[-1].seq if entries and len(rows) > limit else None)


def of_customer(
    connection: Connection,
    customer: CustomerId,
    limit: int,
    after: tuple[Instant, TicketId, int] | None = None,
    kinds: Sequence[EntryKind] | None = None,
) -> Contacts:
    """At most `limit` contacts of a customer (of tickets.record.CONTACTS, or these), newest first, behind `after`."""
    wanted = _entries().where(contact, table.c.customer_id == ids.known(customer))
    if kinds is not None:
        wanted = wanted.where(table.c.kind.in_(kinds))
    return _contacts(connection, wanted, limit, after)


def of_tail(
    connection: Connection, backwards: str, limit: int, after: tuple[Instant, TicketId, int] | None = None
) -> Contacts:
    """The same of a number (numbers.tail) that no customer is known for."""
    return _contacts(connection, _entries().where(contact, table.c.tail == backwards), limit, after)


@contextmanager
def unsealed(connection: Connection, wanted: Sequence[TicketId]) -> Iterator[None]:
    """Inside the block the entries of these tickets may be changed and deleted, in this transaction only.

    For erasing a person and for terms that are over; nobody else has a reason.
    """
    connection.execute(
        insert(connection, seals).on_conflict_do_nothing(), [{"ticket_id": one} for one in wanted]
    )
    yield
    connection.execute(delete(seals).where(seals.c.ticket_id.in_(wanted)))


def _contacts(
    connection: Connection,
    wanted: Select[Any],
    limit: int,
    after: tuple[Instant, TicketId, int] | None,
) -> Contacts:
    place = (table.c.at, table.c.ticket_id, table.c.seq)
    if after is not None:
        at, ticket, seq = after
        here = tuple_(*place) < tuple_(literal(at), literal(ticket), literal(_seq(seq)))
        wanted = wanted.where(table.c.at <= at, here)
    rows = connection.execute(wanted.order_by(*(one.desc() for one in place)).limit(limit + 1)).all()
    entries = tuple(_entry(row._mapping) for row in rows[:limit])
    last = entries[-1] if entries and len(rows) > limit else None
    return Contacts(entries=entries, end=None if last is None else (last.at, last.ticket, last.seq))


def _seq(given: int) -> int:
    """A number that the database can compare; beyond it there is no entry."""
    return max(0, min(given, _LAST_SEQ))


def checked(words: str) -> str:
    """The words of a person as an entry keeps them. Raises BadValue (`text`) for none, and more than LONGEST_NOTE."""
    if len(words) > LONGEST_NOTE:
        raise BadValue("text", f"is longer than {LONGEST_NOTE} characters")
    if not (plain := lines(words)):
        raise BadValue("text", "is empty")
    return plain


def _is_there(connection: Connection, key: str) -> bool:
    return bool(connection.execute(_IS_THERE, {"key": key}).scalar_one())


def _touched(connection: Connection, ticket: TicketId, at: Instant) -> Row[Any]:
    """The ticket's row, ours until this transaction ends."""
    row = connection.execute(_TOUCHING, {"_ticket": ids.known(ticket), "_at": at}).one_or_none()
    if row is None:
        raise NotFound(f"there is no ticket with the id {ticket}")
    return row


def _tail(entry: NewEntry, of_ticket: str | None) -> str | None:
    return of_ticket if entry.caller is None else tail(entry.caller)


def _row(ticket: TicketId, entry: NewEntry, actor: Actor, now: Instant) -> dict[str, Any]:
    return {
        "ticket_id": ticket,
        "at": entry.at or now,
        "kind": entry.kind,
        "actor": text.key(actor.name),
        "through": actor.through,
        "contact": entry.kind in CONTACTS,
        "pbx": text.optional_key(entry.pbx),
        "call_id": text.optional_key(entry.call),
        "body": text.dump(
            entry.body if entry.corrects is None else {**entry.body, "corrects": entry.corrects}
        ),
    }


def _entries() -> Select[Any]:
    names = ("ticket_id", "seq", "at", "kind", "actor", "through", "call_id", "body")
    return select(*(table.c[name] for name in names))


def _entry(row: Any) -> Entry:
    body = text.load(row["body"])
    return Entry(
        ticket=TicketId(row["ticket_id"]),
        seq=row["seq"],
        at=row["at"],
        kind=row["kind"],
        actor=row["actor"],
        through=row["through"],
        call=row["call_id"],
        corrects=body.pop("corrects", None),
        body=body,
    )


def _tell(connection: Connection, entry: Entry, number: str, actor: Actor, now: Instant) -> None:
    """A machine's entries are the timeline's own evidence; those of people are in the audit besides."""
    subject = f"ticket:{entry.ticket}"
    told = {"ticket": number, "entry": entry_told(entry)}
    key = f"{subject}:e{entry.seq}"
    outbox.tell(
        connection, Event(type="callserver.ticket.entry", key=key, subject=subject, at=now, body=told)
    )
    if actor.through not in ("machine", "call"):
        audit.note(connection, actor, f"ticket.{entry.kind}", subject, {"entry": entry.seq}, now)


# --- statements of each entry, made once -----------------------------------------------------------------------------

_IS_THERE = select(exists().where(table.c.key == bindparam("key")))
_AT = bindparam("_at", type_=BigInteger)
_TOUCHING = (
    update(tickets)
    .where(tickets.c.id == bindparam("_ticket"))
    .values(touched_at=case((tickets.c.touched_at < _AT, _AT), else_=tickets.c.touched_at))
    .returning(tickets.c.number, tickets.c.customer_id, tickets.c.tail)
)
_NEXT = select(func.coalesce(func.max(table.c.seq), 0) + 1).where(
    table.c.ticket_id == bindparam("_ticket", type_=BigInteger)
)


@cache
def _new(dialect: str) -> ReturningInsert[Any]:
    """With the next number of its ticket."""
    numbered = into(dialect, table).values(seq=_NEXT.scalar_subquery())
    return numbered.on_conflict_do_nothing(index_elements=["key"]).returning(table.c.seq)

"""Who read or changed whose record: a list that only grows, each line sealed with the one before.

In: notes, inside the transactions of those who did something. Out: numbered rows (1, 2, 3 ... without holes), each with
the SHA-256 of itself and of the hash before it; whether the chain still holds. Must not know: who is noted for what. A
note holds ids and names of fields, never what was in them: erasing a person must not have to touch this list. What
administrators set is told with its values (audit_changes.py).

The rows of a transaction are numbered at its very end, just before COMMIT. From there on other writers of the audit
wait (on PostgreSQL), so nobody waits for a row of ours while we hold the end of the chain: no deadlock, whatever
the order in which people note and lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Row, event, insert, select, text

from callserver.facts import Actor, Instant
from callserver.store.desk import audit as table
from callserver.store.engine import Store
from callserver.store.text import dump, key, load

_PAGE = 2_000
START = ""  # the hash "before" line 1
_CHAIN = 0x61756469  # the number of the lock that writers of the chain take on PostgreSQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing done to one subject, such as `customer.read` of "customer:17"; `detail`: ids and names of fields."""

    action: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def note(
    connection: Connection,
    actor: Actor,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
    now: Instant,
) -> None:
    """Note one thing: written with this transaction, or not at all. Raises ValueError for a detail that is no JSON."""
    note_all(connection, actor, [Note(action=action, subject=subject, detail=detail)], now)


def note_all(connection: Connection, actor: Actor, notes: Sequence[Note], now: Instant) -> None:
    """Note many things at once, in one statement; see `note`."""
    rows = [
        {
            "at": now,
            "actor": key(actor.name),
            "through": actor.through,
            "action": key(one.action),
            "subject": key(one.subject),
            "detail": dump(dict(one.detail)),
        }
        for one in notes
    ]
    if connection not in _waiting:
        _waiting[connection] = []
        event.listen(connection, "commit", _settle)
    _waiting[connection] += rows


def sealed(before: str, row: Mapping[str, Any]) -> str:
    """The hash of a row that follows the row with hash `before`: 64 hexadecimal digits."""
    plain = dump([row[name] for name in ("seq", "at", "actor", "through", "action", "subject", "detail")])
    return hashlib.sha256(f"{before}\n{plain}".encode()).hexdigest()


# What the transactions under way have noted; a transaction is one Connection, which is gone after it.
_waiting: WeakKeyDictionary[Connection, list[dict[str, Any]]] = WeakKeyDictionary()


def _settle(connection: Connection) -> None:
    """Called by SQLAlchemy before it commits."""
    rows = _waiting.pop(connection, [])
    if not rows:
        return
    seq, before = _end_of_chain(connection)
    for row in rows:
        seq += 1
        row["seq"] = seq
        row["hash"] = before = sealed(before, row)
    connection.execute(_NEW, rows)


_NEW = insert(table)
_LAST = select(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1)


def _end_of_chain(connection: Connection) -> tuple[int, str]:
    """The last number and hash, ours until this transaction ends (SQLite has one writer anyway)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_CHAIN})"))
    last = connection.execute(_LAST).first()
    return (0, START) if last is None else (last.seq, last.hash)


# --- read ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the list, as it is kept; `detail` is JSON text."""

    seq: int
    at: Instant
    actor: str
    through: str
    action: str
    subject: str
    detail: str
    hash: str

    def to_json(self) -> dict[str, Any]:
        """The line in names and values; `at` in milliseconds, UTC."""
        row = {name: getattr(self, name) for name in table.c.keys()}  # noqa: SIM118 (columns are no dict)
        return {**row, "detail": load(self.detail)}


async def lines(
    store: Store, after: int = 0, *, subject: str | None = None, actor: str | None = None
) -> AsyncIterator[Line]:
    """The lines above number `after`, in order, page by page: all of them, one subject's, or one actor's."""
    wanted = select(table).order_by(table.c.seq).limit(_PAGE)
    if subject is not None:
        wanted = wanted.where(table.c.subject == key(subject))
    if actor is not None:
        wanted = wanted.where(table.c.actor == key(actor))
    while True:
        page = await _rows(store, wanted.where(table.c.seq > after))
        for row in page:
            yield Line(**row._mapping)
        if len(page) < _PAGE:
            return
        after = page[-1].seq


async def number_before(store: Store, last: int) -> int:
    """The number behind which the newest `last` lines are."""
    newest = select(table.c.seq).order_by(table.c.seq.desc()).limit(1)
    found = await store.report(lambda connection: connection.execute(newest).scalar())
    return max(0, (found or 0) - last)


async def _rows(store: Store, wanted: Any) -> Sequence[Row[Any]]:
    return await store.report(lambda connection: connection.execute(wanted).all())

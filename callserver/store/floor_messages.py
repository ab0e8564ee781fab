"""What supervisors write on screens, or did to somebody: it stands there until it is read, and its writer sees by whom.

In: messages, inside the transactions of those who write or act; who has read. Out: what somebody has still to read;
what somebody wrote, with who read it when. Must not know: rights, screens. What is older than `KEPT_MS` goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from callserver.facts import Instant
from callserver.people import UserId
from callserver.store import after, ids, text
from callserver.store.helped import floor_messages as table
from callserver.store.helped import floor_readers as readers
from callserver.store.people import users

KEPT_MS: Final = 30 * 24 * 3_600_000
MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. `code`: "message", whose words are `text`; else what was done to its reader, with `args`."""

    id: int
    at: Instant
    by: str
    code: str
    text: str = ""
    urgent: bool = False
    to: str | None = None
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Who is to read it, and when they did."""

    user: UserId
    name: str
    read_at: Instant | None


@dataclass(frozen=True, slots=True)
class Written:
    """Said after the commit: a message that stands on the screens of these people from now on."""

    message: Message
    to: tuple[UserId, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """Said after the commit: this person has read it."""

    message: int
    user: UserId


def write(
    connection: Connection,
    to: Iterable[UserId],
    *,
    by: UserId | None,
    by_name: str,
    now: Instant,
    code: str = "message",
    words: str = "",
    urgent: bool = False,
    to_name: str | None = None,
    args: Mapping[str, Any] | None = None,
) -> Message:
    """Put a message on the screens of these people, until each has read it. Messages that are too old go."""
    _forget(connection, now - KEPT_MS)
    values = {
        "at": now,
        "by_id": by,
        "by_name": text.storable(by_name),
        "code": text.key(code),
        "args": text.dump(dict(args or {})),
        "text": text.storable(words),
        "urgent": urgent,
        "to_name": None if to_name is None else text.storable(to_name),
    }
    row = connection.execute(insert(table).values(**values).returning(table)).one()
    whom = tuple(dict.fromkeys(to))
    if whom:
        connection.execute(insert(readers), [{"message_id": row.id, "user_id": one} for one in whom])
    message = _message(row)
    after.say(connection, Written(message, whom))
    return message


def _forget(connection: Connection, before: Instant) -> None:
    old = select(table.c.id).where(table.c.at < before)
    connection.execute(delete(readers).where(readers.c.message_id.in_(old)))
    connection.execute(delete(table).where(table.c.at < before))


def unread(connection: Connection, *, since: int = 0) -> list[tuple[UserId, Message]]:
    """What is still to be read, oldest first; `since`: only messages with a greater id."""
    wanted = (
        select(readers.c.user_id, table)
        .join(table, table.c.id == readers.c.message_id)
        .where(readers.c.read_at.is_(None), table.c.id > since)
        .order_by(table.c.id, readers.c.user_id)
    )
    return [(UserId(row.user_id), _message(row)) for row in connection.execute(wanted)]


def mark(connection: Connection) -> tuple[int, int]:
    """Differs whenever something was written or read: the greatest id, and how much is to be read."""
    last = select(func.max(table.c.id)).scalar_subquery()
    row = connection.execute(
        select(last.label("last"), func.count().label("unread")).where(readers.c.read_at.is_(None))
    ).one()
    return row.last or 0, row.unread


def read(connection: Connection, message: int, user: UserId, now: Instant) -> bool:
    """This person has read it; False: there is no such message for them. Once more is the first time."""
    mine = (readers.c.message_id == ids.known(message), readers.c.user_id == user)
    changed = connection.execute(
        update(readers).where(*mine, readers.c.read_at.is_(None)).values(read_at=now)
    )
    if changed.rowcount:
        after.say(connection, Read(message, user))
        return True
    return connection.execute(select(readers.c.user_id).where(*mine)).first() is not None


def written_by(connection: Connection, by: UserId | None) -> list[tuple[Message, Sequence[Receipt]]]:
    """The newest messages that this person wrote (None: that programs wrote), newest first, and who read them."""
    mine = table.c.by_id == by if by is not None else table.c.by_id.is_(None)
    wanted = select(table).where(mine, table.c.code == "message").order_by(table.c.id.desc()).limit(MOST)
    found = [_message(row) for row in connection.execute(wanted)]
    receipts: dict[int, list[Receipt]] = {one.id: [] for one in found}
    theirs = (
        select(readers, users.c.name)
        .join(users, users.c.id == readers.c.user_id)
        .where(readers.c.message_id.in_(receipts))
        .order_by(users.c.name)
    )
    for row in connection.execute(theirs):
        one = Receipt(user=UserId(row.user_id), name=row.name, read_at=row.read_at)
        receipts[row.message_id].append(one)
    return [(one, receipts[one.id]) for one in found]


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        at=row.at,
        by=row.by_name,
        code=row.code,
        text=row.text,
        urgent=row.urgent,
        to=row.to_name,
        args=text.load(row.args),
    )

"""Sessions: browsers that are signed in, and browsers that were before. Kept as hashes only.

In: people who were let in, inside a transaction. Out: a new session's text (once), and which sessions there are. Must
not know: cookies, passwords, how long a session may rest (`Life` is an argument).

A text has 256 random bits; SHA-256 is enough for keeping it, since nobody guesses those.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NewType

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, update

from callserver.errors import NotFound
from callserver.facts import Actor, Instant
from callserver.people import UserId
from callserver.store import audit, changes, ids
from callserver.store.people import devices
from callserver.store.people import sessions as table
from callserver.store.text import storable
from callserver.store.users import subject

SessionId = NewType("SessionId", int)

MOST = 20
"""Sessions and known browsers of one person; of more, the ones that rested longest go."""
DEVICE_MS = 180 * 86_400_000
"""A browser in which somebody did not sign in for so long is a stranger again."""
_BROWSER_LENGTH = 200
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How long sessions live: at rest, and at all; in milliseconds."""

    idle_ms: int
    longest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in. `seen_at` is right to about a minute; `browser` is what it says of itself."""

    id: SessionId
    user: UserId
    created_at: Instant
    seen_at: Instant
    address: str
    browser: str

    def good(self, life: Life, now: Instant) -> bool:
        """Whether it still opens anything."""
        return now - self.seen_at < life.idle_ms and now - self.created_at < life.longest_ms


def new_text() -> str:
    """A text that nobody has: 256 random bits in 43 letters."""
    return secrets.token_urlsafe(32)


def genuine(text: str) -> bool:
    """Whether it looks like a text of ours; says nothing of whether it opens anything."""
    return _SHAPE.fullmatch(text) is not None


def hashed(text: str) -> str:
    """What is kept of it: 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def begin(
    connection: Connection,
    user: UserId,
    actor: Actor,
    now: Instant,
    *,
    life: Life,
    address: str,
    browser: str,
    instead_of: str | None = None,
) -> tuple[Session, str]:
    """A new session and its text. `instead_of`: the text of the one that this browser had, which ends."""
    text = new_text()
    connection.execute(delete(table).where(_over(life, now)))
    before = table.c.hash == (None if instead_of is None else hashed(instead_of))
    ended = connection.execute(delete(table).where(before).returning(table.c.user_id)).scalars().all()
    values = {
        "hash": hashed(text),
        "user_id": user,
        "created_at": now,
        "seen_at": now,
        "address": storable(address)[:_BROWSER_LENGTH],
        "browser": storable(browser)[:_BROWSER_LENGTH],
    }
    row = connection.execute(insert(table).values(values).returning(*_TOLD)).one()
    _drop_oldest(connection, user)
    audit.note(connection, actor, "session.begin", subject(user), {"session": row.id}, now)
    changes.count(connection, {user, *(UserId(one) for one in ended)})
    return _session(row), text


def of(connection: Connection, user: UserId) -> list[Session]:
    """One person's sessions, the newest first."""
    wanted = select(*_TOLD).where(table.c.user_id == ids.known(user)).order_by(table.c.id.desc())
    return [_session(row) for row in connection.execute(wanted)]


def by_hash(connection: Connection, people: Collection[UserId] | None = None) -> dict[str, Session]:
    """The sessions of these people, or of all, by their hashes; those that rested too long may be among them."""
    wanted = select(table.c.hash, *_TOLD)
    if people is not None:
        wanted = wanted.where(table.c.user_id.in_(people))
    return {row.hash: _session(row) for row in connection.execute(wanted)}


def end(connection: Connection, user: UserId, session: SessionId, actor: Actor, now: Instant) -> None:
    """One session of this person ends. Raises NotFound."""
    _end(connection, user, table.c.id == ids.known(session), actor, now)


def end_every(connection: Connection, user: UserId, actor: Actor, now: Instant) -> int:
    """All sessions of this person end; how many there were."""
    try:
        return _end(connection, user, table.c.id > 0, actor, now)
    except NotFound:
        return 0


def _end(connection: Connection, user: UserId, which: ColumnElement[bool], actor: Actor, now: Instant) -> int:
    ended = connection.execute(
        delete(table).where(table.c.user_id == ids.known(user), which).returning(table.c.id)
    )
    found = sorted(ended.scalars())
    if not found:
        raise NotFound("there is no such session")
    audit.note(connection, actor, "session.end", subject(user), {"sessions": found}, now)
    changes.count(connection, [user])
    return len(found)


def used(connection: Connection, which: Sequence[SessionId], now: Instant) -> None:
    """Somebody asked with these at this moment."""
    connection.execute(update(table).where(table.c.id.in_(which)).values(seen_at=now))


def _over(life: Life, now: Instant) -> ColumnElement[bool]:
    return or_(table.c.seen_at <= now - life.idle_ms, table.c.created_at <= now - life.longest_ms)


def _drop_oldest(connection: Connection, user: UserId) -> None:
    kept = (
        select(table.c.id).where(table.c.user_id == user).order_by(table.c.seen_at.desc(), table.c.id.desc())
    )
    surplus = connection.execute(kept.offset(MOST)).scalars().all()
    if surplus:
        connection.execute(delete(table).where(table.c.id.in_(surplus)))


# --- known browsers --------------------------------------------------------------------------------------------------


def knows(connection: Connection, user: UserId, device: str, now: Instant) -> bool:
    """Whether this person has signed in with this browser before."""
    wanted = select(devices.c.seen_at).where(devices.c.hash == hashed(device), devices.c.user_id == user)
    seen = connection.execute(wanted).scalar()
    return seen is not None and now - seen < DEVICE_MS


def remember(connection: Connection, user: UserId, device: str | None, now: Instant) -> str:
    """This person has signed in with this browser; gives back the browser's new text.

    New at every sign-in, so that nobody can prepare a browser for somebody else and go on knowing its text. Whoever it
    knew, it knows.
    """
    text = new_text()
    if device is not None:
        renewed = update(devices).where(devices.c.hash == hashed(device))
        connection.execute(renewed.values(hash=hashed(text)))
    this = (devices.c.hash == hashed(text), devices.c.user_id == user)
    if not connection.execute(update(devices).where(*this).values(seen_at=now)).rowcount:
        connection.execute(insert(devices).values(hash=hashed(text), user_id=user, seen_at=now))
    theirs = select(devices.c.hash).where(devices.c.user_id == user).order_by(devices.c.seen_at.desc())
    surplus = connection.execute(theirs.offset(MOST)).scalars().all()
    if surplus:
        connection.execute(delete(devices).where(devices.c.user_id == user, devices.c.hash.in_(surplus)))
    return text


def forget_devices(connection: Connection, user: UserId) -> None:
    """Every browser is a stranger to this person."""
    connection.execute(delete(devices).where(devices.c.user_id == ids.known(user)))


_TOLD = [column for column in table.c if column.name != "hash"]


def _session(row: Row[Any]) -> Session:
    return Session(
        id=SessionId(row.id),
        user=UserId(row.user_id),
        created_at=row.created_at,
        seen_at=row.seen_at,
        address=row.address,
        browser=row.browser,
    )

"""Links under which people choose a password of their own, so that nobody else ever knows it. Each opens once.

In: whom an administrator gives one, keys, the present moment. Out: a new key (once), whose a key is. Must not know:
pages, URLs, who may give one. A new link of the same person makes the one before worthless.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from callserver.errors import Conflict, Forbidden
from callserver.facts import Actor, Instant, iso
from callserver.people import UserId
from callserver.store import audit, users
from callserver.store.administered import password_links as table
from callserver.store.sessions import genuine, hashed, new_text
from callserver.store.users import User

GOOD_MS = 86_400_000
USED_UP = "this link is used up: ask for a new one"


def offer(connection: Connection, user: UserId, actor: Actor, now: Instant) -> tuple[str, Instant]:
    """A new key for this person, and until when it opens. Raises NotFound, Conflict for somebody who is disabled."""
    found = users.one(connection, user)
    if not found.enabled:
        raise Conflict("this user is disabled: let them in again first")
    key, until = new_text(), now + GOOD_MS
    connection.execute(delete(table).where((table.c.user_id == user) | (table.c.expires_at <= now)))
    connection.execute(insert(table).values(user_id=user, hash=hashed(key), expires_at=until))
    audit.note(connection, actor, "user.password_link", users.subject(user), {"until": iso(until)}, now)
    return key, until


def whose(connection: Connection, key: str, now: Instant) -> User:
    """Whose password is chosen with it. Raises Forbidden where it is used up, too old or no key at all."""
    if genuine(key):
        wanted = select(table.c.user_id).where(table.c.hash == hashed(key), table.c.expires_at > now)
        user = connection.execute(wanted).scalar()
        if user is not None and (found := users.one(connection, UserId(user))).enabled:
            return found
    raise Forbidden(USED_UP)


def use(connection: Connection, key: str, now: Instant) -> User:
    """Use it up; of two at once the second is refused. Raises Forbidden."""
    found = whose(connection, key, now)
    if connection.execute(delete(table).where(table.c.hash == hashed(key))).rowcount != 1:
        raise Forbidden(USED_UP)
    return found

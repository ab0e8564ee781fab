"""Set-up links: with one the first administrator is made. Each is good for an hour and opens once.

In: keys, the present moment. Out: a new key (once), whether one opens. Must not know: pages, URLs.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from callserver.errors import Forbidden
from callserver.facts import Instant
from callserver.store.locking import one_after_another
from callserver.store.people import set_up_links as table
from callserver.store.sessions import genuine, hashed, new_text
from callserver.store.users import has_administrator

GOOD_MS = 3_600_000


def offer(connection: Connection, now: Instant) -> str | None:
    """A new key; None where there is an administrator. Those of other processes that still start stay good."""
    connection.execute(delete(table).where(table.c.expires_at <= now))
    if has_administrator(connection):
        return None
    key = new_text()
    connection.execute(insert(table).values(hash=hashed(key), expires_at=now + GOOD_MS))
    return key


def opens(connection: Connection, key: str, now: Instant) -> bool:
    """Whether this is the key of a link that is still good."""
    if not genuine(key):
        return False
    wanted = select(table.c.expires_at).where(table.c.hash == hashed(key), table.c.expires_at > now)
    return connection.execute(wanted).first() is not None


def use(connection: Connection, key: str, now: Instant) -> None:
    """Use it up, and every other with it; one after the other on all nodes. Raises Forbidden where it is used up."""
    one_after_another(connection, "administrators")
    if not opens(connection, key, now):
        raise Forbidden("this link is used up: restart the server for a new one")
    connection.execute(delete(table))

"""Answers that are given again: a POST whose answer was lost on the way may be sent once more, with the same key.

In: the asker, their key, a digest of the request, the answer. Out: the answer that was given before. Must not know:
HTTP. The key is taken at the beginning of the transaction that does the work and its answer is written at the end, so
there is an answer if and only if the work was done; a second request of the same moment waits for the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from callserver.errors import BadValue
from callserver.facts import Instant
from callserver.store.desk import idempotency as table
from callserver.store.text import dump, key, load
from callserver.store.upsert import insert

KEPT_MS = 24 * 3600 * 1000
_UNDER_WAY = 0  # the status of a row whose transaction has not come to its end; nobody else ever sees it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer that was given."""

    status: int
    answer: Any


def begin(connection: Connection, actor: str, name: str, request: str, now: Instant) -> Kept | None:
    """Take the key; gives the answer where the same request was answered under it before.

    actor: whose key it is (keys of different askers have nothing to do with each other). request: a digest. Raises
    BadValue where another request was made under this key. After KEPT_MS a key is new again.
    """
    mine = and_(table.c.actor == key(actor), table.c.key == key(name))
    connection.execute(delete(table).where(mine, table.c.at <= now - KEPT_MS))
    taken = connection.execute(
        insert(connection, table)
        .values(
            actor=key(actor), key=key(name), request=request, at=now, status=_UNDER_WAY, answer=dump(None)
        )
        .on_conflict_do_nothing()
        .returning(table.c.key)
    ).one_or_none()
    if taken is not None:
        return None
    row = connection.execute(select(table).where(mine)).one()
    if row.request != request:
        raise BadValue("Idempotency-Key", "was used for another request")
    return Kept(status=row.status, answer=load(row.answer))


def finish(connection: Connection, actor: str, name: str, status: int, answer: object) -> None:
    """Keep the answer (JSON) under the key that this transaction has taken."""
    connection.execute(
        update(table)
        .where(table.c.actor == key(actor), table.c.key == key(name))
        .values(status=status, answer=dump(answer))
    )

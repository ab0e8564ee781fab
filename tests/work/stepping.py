"""Every change of a promise's status that the database saw, compared with the table of statuses.

In: a store on SQLite. Out: steps that the table does not know. Must not know: who wrote them.
"""

from __future__ import annotations

from sqlalchemy import text

from callserver.promises.states import TRANSITIONS
from callserver.store.engine import Store

LEGAL = {(one.at, one.to) for one in TRANSITIONS}
_WATCH = (
    "CREATE TABLE steps_seen (was TEXT, became TEXT)",
    "CREATE TRIGGER steps AFTER UPDATE OF status ON promises WHEN OLD.status <> NEW.status "
    "BEGIN INSERT INTO steps_seen VALUES (OLD.status, NEW.status); END",
)


async def watch(store: Store) -> None:
    """From now on every change is seen, whatever statement makes it."""
    for statement in _WATCH:
        await store.write(lambda c, statement=statement: c.execute(text(statement)))  # type: ignore[misc]


async def strange_steps(store: Store) -> set[tuple[str, str]]:
    """Changes that were made and that no event of the table makes."""
    seen = text("SELECT DISTINCT was, became FROM steps_seen")
    rows = await store.read(lambda c: c.execute(seen).all())
    return {(row.was, row.became) for row in rows} - LEGAL

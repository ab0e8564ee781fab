"""What a thing was before each change of it.

In: the record of the version that is being replaced, and who replaces it; inside the transaction of the change. Out:
the earlier versions, newest first, page by page. Must not know: what the things are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from callserver.errors import NotFound
from callserver.facts import Actor, Instant
from callserver.store.desk import history as table
from callserver.store.text import key, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An earlier version: `record` is its JSON; `at`, `actor` and `through` are of the change that replaced it."""

    version: int
    at: Instant
    actor: str
    through: str
    record: dict[str, Any]


def keep(
    connection: Connection,
    subject: str,
    id: int | str,
    version: int,
    record: str,
    actor: Actor,
    now: Instant,
    *,
    customer: int | None = None,
) -> None:
    """Keep the version that is being replaced; `subject` is "customer", "product", "kind" ..., `record` JSON text;
    `customer`: whose the thing was, if it is somebody's.
    """
    connection.execute(
        insert(table),
        {
            "subject": subject,
            "subject_id": str(id),
            "version": version,
            "at": now,
            "actor": key(actor.name),
            "through": actor.through,
            "record": record,
            "customer_id": customer,
        },
    )


def page(
    connection: Connection, subject: str, id: int | str, *, limit: int = 50, before: int | None = None
) -> list[Version]:
    """Earlier versions, newest first; `before`: below this version only."""
    wanted = (
        select(table)
        .where(table.c.subject == subject, table.c.subject_id == str(id))
        .order_by(table.c.version.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(table.c.version < before)
    return [_version(row._mapping) for row in connection.execute(wanted)]


def get(connection: Connection, subject: str, id: int | str, version: int) -> Version:
    """One earlier version. Raises NotFound, also for the present one."""
    one = select(table).where(
        table.c.subject == subject, table.c.subject_id == str(id), table.c.version == version
    )
    row = connection.execute(one).first()
    if row is None:
        raise NotFound(f"{subject} {id} has no earlier version {version}")
    return _version(row._mapping)


def _version(row: Any) -> Version:
    return Version(
        version=row["version"],
        at=row["at"],
        actor=row["actor"],
        through=row["through"],
        record=load(row["record"]),
    )

"""The audit, looked through: the newest lines first, those of one subject or actor, page by page.

In: what to look for. Out: lines. Must not know: HTTP, whether the chain holds (audit_chain.py). What has no index is
looked for in at most `_SCANNED` lines a page, so a page may be short, or even empty, and not the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from callserver.facts import Instant
from callserver.store import text
from callserver.store.audit import Line
from callserver.store.desk import audit as table

_SCANNED: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for; None: anything. `action` may end in `*`. `begin` counts itself, `end` does not."""

    subject: str | None = None
    actor: str | None = None
    through: str | None = None
    action: str | None = None
    begin: Instant | None = None
    end: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Lines, newest first; `end` is the number to go on before, None: there are no more."""

    lines: tuple[Line, ...]
    end: int | None


def page(connection: Connection, wanted: Wanted, limit: int, before: int | None = None) -> Page:
    """At most `limit` lines with numbers below `before`."""
    first, last = _span(connection)
    top = last + 1 if before is None else min(before, last + 1)
    bottom = first if wanted.subject is not None else max(first, top - _SCANNED)
    conditions = [table.c.seq >= bottom, table.c.seq < top, *_conditions(wanted)]
    rows = connection.execute(
        select(table).where(*conditions).order_by(table.c.seq.desc()).limit(limit)
    ).all()
    lines = tuple(Line(**row._mapping) for row in rows)
    end = lines[-1].seq if len(lines) == limit else bottom
    return Page(lines=lines, end=end if end > first else None)


def _span(connection: Connection) -> tuple[int, int]:
    """The first and the last number that there is."""
    ends = (select(end(table.c.seq)).scalar_subquery() for end in (func.min, func.max))
    first, last = connection.execute(select(*ends)).one()  # each by itself, or SQLite reads them all
    return (first or 1, last or 0)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    same = {
        table.c.subject: text.optional_key(wanted.subject),
        table.c.actor: text.optional_key(wanted.actor),
        table.c.through: text.optional_key(wanted.through),
    }
    found = [column == value for column, value in same.items() if value is not None]
    if wanted.action is not None:
        found.append(_acts(text.key(wanted.action)))
    if wanted.begin is not None:
        found.append(table.c.at >= wanted.begin)
    if wanted.end is not None:
        found.append(table.c.at < wanted.end)
    return found


def _acts(action: str) -> ColumnElement[bool]:
    if action.endswith("*"):
        return table.c.action.startswith(action[:-1], autoescape=True)
    return table.c.action == action

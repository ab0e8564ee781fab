"""Verdicts on calls: those that are shipped, what an administrator made of them, and the one that a call has.

In: checked definitions (tickets.dispositions). Out: dispositions; the verdict on a call. Must not know: HTTP. Only
those that were changed or added have a row; the others are DEFAULTS, so that a newer program may bring better ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from callserver.errors import Conflict, NotFound, Outdated
from callserver.facts import Actor, CallId, Instant
from callserver.store import audit, text
from callserver.store.beside import dispositions as table
from callserver.store.beside import verdicts
from callserver.store.call_tickets import pbx_of
from callserver.store.locking import one_after_another
from callserver.store.upsert import insert
from callserver.tickets.dispositions import DEFAULTS, Disposition, from_json, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What somebody thought of a call when it was over."""

    call: CallId
    disposition: str
    actor: str
    at: Instant


def every(connection: Connection) -> tuple[Disposition, ...]:
    """All, the shipped ones first and in their order; retired ones too."""
    rows = connection.execute(select(table.c.name, table.c.record).order_by(table.c.name))
    changed = {row.name: from_json(text.load(row.record)) for row in rows}
    shipped = tuple(changed.pop(name, one) for name, one in DEFAULTS.items())
    return shipped + tuple(changed.values())


def find(connection: Connection, name: str) -> Disposition | None:
    """The one of this name, None where there is none."""
    row = connection.execute(select(table.c.record).where(table.c.name == text.key(name))).first()
    return DEFAULTS.get(name) if row is None else from_json(text.load(row.record))


def get(connection: Connection, name: str) -> Disposition:
    """The one of this name. Raises NotFound."""
    found = find(connection, name)
    if found is None:
        raise NotFound(f"there is no disposition called {text.key(name)!r}")
    return found


def add(connection: Connection, new: Disposition, actor: Actor, now: Instant) -> Disposition:
    """One more. Raises Conflict where there is one of this name."""
    one_after_another(connection, f"disposition:{new.name}")
    if find(connection, new.name) is not None:
        raise Conflict(f"there is a disposition called {new.name!r}")
    return _written(connection, replace(new, version=1), "create", actor, now)


def change(
    connection: Connection, after: Disposition, expected: int, actor: Actor, now: Instant
) -> Disposition:
    """Make it what it says; calls keep the verdict that they have. `expected` 0: as it is shipped.

    Raises NotFound, Outdated where somebody was quicker.
    """
    one_after_another(connection, f"disposition:{after.name}")
    before = get(connection, after.name)
    if before.version != expected:
        raise Outdated(f"the disposition {after.name} is at version {before.version}, not {expected}")
    return _written(connection, replace(after, version=expected + 1), "change", actor, now)


def _written(connection: Connection, one: Disposition, what: str, actor: Actor, now: Instant) -> Disposition:
    row = {"name": one.name, "version": one.version, "record": text.dump(to_json(one))}
    new = insert(connection, table).values(row)
    connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=row))
    subject = f"disposition:{one.name}"
    audit.note(connection, actor, f"disposition.{what}", subject, {"version": one.version}, now)
    return one


def verdict(connection: Connection, call: CallId) -> Verdict | None:
    """The last verdict on a call."""
    here = (verdicts.c.pbx == text.key(pbx_of(call)), verdicts.c.call_id == text.key(call))
    row = connection.execute(select(verdicts).where(*here)).one_or_none()
    if row is None:
        return None
    return Verdict(call=call, disposition=row.disposition, actor=row.actor, at=row.at)

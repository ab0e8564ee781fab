"""Kinds of ticket: those that are shipped, and what an administrator made of them.

In: checked definitions (tickets.kinds). Out: kinds. Must not know: HTTP. Only kinds that were changed or added have a
row; the others are tickets.defaults.DEFAULTS, so that a newer program may bring better ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, func, select

from callserver.errors import BadValue, Conflict, NotFound, Outdated
from callserver.facts import Actor, Instant
from callserver.store import audit, history, text
from callserver.store.audit_changes import NOTHING, changed
from callserver.store.desk import history as versions
from callserver.store.desk import ticket_kinds as table
from callserver.store.desk import tickets
from callserver.store.upsert import insert
from callserver.tickets.defaults import DEFAULTS
from callserver.tickets.kinds import Kind, kind_from_json, to_json


def every(connection: Connection) -> tuple[Kind, ...]:
    """All kinds, the shipped ones first and in their order; retired ones too."""
    changed = {row.name: _kind(row.record) for row in connection.execute(_CHANGED)}
    shipped = tuple(changed.pop(name, kind) for name, kind in DEFAULTS.items())
    return shipped + tuple(changed[name] for name in sorted(changed))


def find(connection: Connection, name: str) -> Kind | None:
    """The kind of this name, None where there is none."""
    row = connection.execute(_ONE, {"name": text.key(name)}).first()
    return _kind(row.record) if row is not None else DEFAULTS.get(name)


_CHANGED = select(table.c.name, table.c.record)
_ONE = select(table.c.record).where(table.c.name == bindparam("name"))


def get(connection: Connection, name: str) -> Kind:
    """The kind of this name. Raises NotFound."""
    found = find(connection, name)
    if found is None:
        raise NotFound(f"there is no kind of ticket called {text.key(name)!r}")
    return found


def put(connection: Connection, kind: Kind, expected: int | None, actor: Actor, now: Instant) -> Kind:
    """Make the kind what it says; `expected` is the version it was made on (0: as shipped, None: there is none yet).

    Raises Conflict where there is one already, Outdated where it was changed meanwhile.
    """
    before = _locked(connection, kind.name)
    if before is None and expected is not None:
        raise NotFound(f"there is no kind of ticket called {kind.name!r}")
    if before is not None and expected is None:
        raise Conflict(f"there is a kind of ticket called {kind.name!r}")
    if before is not None and before.version != expected:
        raise Outdated(f"the kind {kind.name} is at version {before.version}, not {expected}")
    after = kind_from_json({**to_json(kind), "version": _next_version(connection, kind.name, before)})
    _remember(connection, before, actor, now)
    _write(connection, after)
    action = "kind.change" if before else "kind.create"
    detail = {"version": after.version, **changed(_told(before), _told(after))}
    audit.note(connection, actor, action, f"kind:{kind.name}", detail, now)
    return after


def remove(connection: Connection, name: str, expected: int | None, actor: Actor, now: Instant) -> None:
    """Forget an added kind, or make a changed one as it was shipped. Raises Conflict where it has tickets.

    A kind that is used can be retired instead (`Kind.retired`): its tickets stay what they are.
    """
    before = _locked(connection, name)
    if before is None or before.version == 0:
        raise NotFound(f"no kind of ticket called {text.key(name)!r} was added or changed")
    if expected is not None and before.version != expected:
        raise Outdated(f"the kind {name} is at version {before.version}, not {expected}")
    if (
        name not in DEFAULTS
        and connection.execute(select(exists().where(tickets.c.kind == name))).scalar_one()
    ):
        raise Conflict(f"there are tickets of the kind {name}; retire it instead")
    _remember(connection, before, actor, now)
    connection.execute(delete(table).where(table.c.name == name))
    detail = {"version": before.version, **changed(_told(before), _told(DEFAULTS.get(name)))}
    audit.note(connection, actor, "kind.remove", f"kind:{name}", detail, now)


def _locked(connection: Connection, name: str) -> Kind | None:
    """As it is, held until this transaction ends; a shipped one gets its row first, so that there is one to hold."""
    if len(name) > text.KEY_LENGTH or text.key(name) != name:
        raise BadValue("name", "is no name for a kind")
    shipped = DEFAULTS.get(name)
    if shipped is not None:
        new = insert(connection, table).values(_row(shipped))
        connection.execute(new.on_conflict_do_nothing(index_elements=["name"]))
    row = connection.execute(select(table.c.record).where(table.c.name == name).with_for_update()).first()
    return None if row is None else _kind(row.record)


def _remember(connection: Connection, before: Kind | None, actor: Actor, now: Instant) -> None:
    """Keep what it was, unless that is how it is shipped."""
    if before is not None and before.version > 0:
        record = text.dump(to_json(before))
        history.keep(connection, "kind", before.name, before.version, record, actor, now)


def _next_version(connection: Connection, name: str, before: Kind | None) -> int:
    """Never one that a former kind of this name had."""
    of_kind = (versions.c.subject == "kind", versions.c.subject_id == name)
    last = connection.execute(select(func.max(versions.c.version)).where(*of_kind)).scalar_one()
    return 1 + max(last or 0, before.version if before else 0)


def _write(connection: Connection, kind: Kind) -> None:
    """Two who add the same kind at the same time are told apart by the name's being unique."""
    row = _row(kind)
    new = insert(connection, table).values(row)
    same = new.on_conflict_do_update(
        index_elements=["name"],
        set_={"version": row["version"], "record": row["record"]},
        where=table.c.version < row["version"],
    ).returning(table.c.name)
    if connection.execute(same).first() is None:
        raise Conflict(f"there is a kind of ticket called {kind.name!r}")


def _told(kind: Kind | None) -> Mapping[str, Any]:
    """But for the version, which the note says beside."""
    return {name: value for name, value in to_json(kind).items() if name != "version"} if kind else NOTHING


def _row(kind: Kind) -> dict[str, Any]:
    return {"name": kind.name, "version": kind.version, "record": text.dump(to_json(kind))}


def _kind(record: str) -> Kind:
    return kind_from_json(text.load(record))

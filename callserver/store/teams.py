"""Teams: a name, queues, and the people in them. Whoever supervises a team sees its queues.

In: what is asked for, inside the asker's transaction. Out: teams. Must not know: who may ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NewType

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, insert, select, update

from callserver.errors import Conflict, NotFound, Outdated
from callserver.facts import Actor, Instant
from callserver.people import UserId, naming
from callserver.store import audit, changes, ids, kinds
from callserver.store.audit_changes import NOTHING, changed
from callserver.store.desk import promise_open, promises, ticket_open, tickets
from callserver.store.locking import one_after_another
from callserver.store.people import team_members, users
from callserver.store.people import teams as table
from callserver.store.text import dump, load

TeamId = NewType("TeamId", int)
_NAMED = 5
"""Of what stands in the way, so many are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Who works on which queues. `members`: users by id, the disabled ones too."""

    id: TeamId
    version: int
    name: str
    queues: tuple[str, ...]
    members: tuple[UserId, ...]


def add(connection: Connection, name: str, queues: Sequence[str], actor: Actor, now: Instant) -> Team:
    """A new team. Raises BadValue, Conflict where there is one of that name."""
    kept, theirs = naming.name(name), naming.queues(queues)
    _must_be_free(connection, kept)
    values = {"version": 1, **_named(kept), "queues": dump(theirs), "created_at": now, "updated_at": now}
    id = connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    detail = changed(NOTHING, {"name": kept, "queues": theirs})
    audit.note(connection, actor, "team.create", f"team:{id}", detail, now)
    return one(connection, TeamId(id))


def every(connection: Connection) -> list[Team]:
    """All teams, by name."""
    rows = connection.execute(select(table).order_by(table.c.name)).all()
    members: dict[int, list[UserId]] = {}
    for row in connection.execute(select(team_members).order_by(team_members.c.user_id)):
        members.setdefault(row.team_id, []).append(UserId(row.user_id))
    return [_team(row, members.get(row.id, [])) for row in rows]


def one(connection: Connection, team: TeamId) -> Team:
    """One team by its id. Raises NotFound."""
    row = connection.execute(select(table).where(table.c.id == ids.known(team))).one_or_none()
    if row is None:
        raise NotFound("there is no such team")
    return _team(row, _members(connection, team))


def by_name(connection: Connection, name: str) -> Team:
    """One team by its name. Raises NotFound."""
    row = connection.execute(select(table).where(table.c.name_key == naming.same(name))).one_or_none()
    if row is None:
        raise NotFound(f"there is no team {name!r}")
    return _team(row, _members(connection, TeamId(row.id)))


def change(
    connection: Connection,
    team: TeamId,
    actor: Actor,
    now: Instant,
    *,
    name: str | None = None,
    queues: Sequence[str] | None = None,
    expected: int | None = None,
) -> Team:
    """Another name, other queues; None: as it is. Its people have the new queues within seconds. Raises NotFound,
    Outdated, BadValue, Conflict."""
    before = _locked(connection, team, expected)
    values: dict[str, Any] = {}
    if name is not None and (kept := naming.name(name)) != before.name:
        _must_be_free(connection, kept, but=team)
        values |= _named(kept)
    if queues is not None and (theirs := naming.queues(queues)) != before.queues:
        values["queues"] = dump(theirs)
    if not values:
        return before
    connection.execute(
        update(table).where(table.c.id == team).values(**values, version=before.version + 1, updated_at=now)
    )
    after = one(connection, team)
    detail = changed(_told(before), _told(after))
    audit.note(connection, actor, "team.change", f"team:{team}", detail, now)
    changes.count(connection, after.members)
    return after


def remove(
    connection: Connection, team: TeamId, actor: Actor, now: Instant, *, expected: int | None = None
) -> None:
    """There is no such team any more. Raises NotFound, Outdated, and Conflict while it has people, queues or work.

    What was counted for it stays counted for it; a new one of its name goes on where it was.
    """
    before = _locked(connection, team, expected)
    _must_be_empty(connection, before)
    connection.execute(delete(table).where(table.c.id == team))
    audit.note(connection, actor, "team.remove", f"team:{team}", changed(_told(before), NOTHING), now)


def _must_be_empty(connection: Connection, team: Team) -> None:
    if team.members:
        theirs = select(users.c.name).where(users.c.id.in_(team.members)).order_by(users.c.name)
        people = _some(list(connection.execute(theirs).scalars()))
        raise Conflict(f"in it are {people}: take them out first")
    if team.queues:
        raise Conflict(f"it has the queues {_some(team.queues)}: take them away first")
    if kept := [kind.name for kind in kinds.every(connection) if kind.team == team.name]:
        raise Conflict(f"tickets of the kinds {_some(kept)} go to it: let them go elsewhere first")
    if many := _owed(connection, promises, promise_open, team.name):
        raise Conflict(f"calls that are owed by it: {many}; give them to somebody else first")
    if many := _owed(connection, tickets, ticket_open, team.name):
        raise Conflict(f"open tickets that are with it: {many}; give them to somebody else first")


def _owed(connection: Connection, things: Table, still: ColumnElement[bool], team: str) -> int:
    return int(
        connection.execute(
            select(func.count()).select_from(things).where(still, things.c.team == team)
        ).scalar_one()
    )


def _some(names: Sequence[str]) -> str:
    """So many that whoever reads it knows where to begin."""
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


def _told(team: Team) -> dict[str, Any]:
    return {"name": team.name, "queues": team.queues}


def _locked(connection: Connection, team: TeamId, expected: int | None) -> Team:
    version = connection.execute(
        select(table.c.version).where(table.c.id == ids.known(team)).with_for_update()
    ).scalar()
    if version is not None and expected not in (None, version):
        raise Outdated(f"the team was changed meanwhile: version {version}, not {expected}")
    return one(connection, team)


def _must_be_free(connection: Connection, name: str, *, but: TeamId | None = None) -> None:
    one_after_another(connection, "names of teams")
    others = select(table.c.id).where(table.c.id != (but or 0), table.c.name_key == naming.same(name))
    if connection.execute(others).first() is not None:
        raise Conflict(f"there is a team {name!r} already")


def _members(connection: Connection, team: TeamId) -> list[UserId]:
    wanted = select(team_members.c.user_id).where(team_members.c.team_id == team)
    return [UserId(id) for id in connection.execute(wanted.order_by(team_members.c.user_id)).scalars()]


def _named(name: str) -> dict[str, Any]:
    return {"name": name, "name_key": naming.same(name)}


def _team(row: Row[Any], members: Sequence[UserId]) -> Team:
    return Team(
        id=TeamId(row.id),
        version=row.version,
        name=row.name,
        queues=tuple(load(row.queues)),
        members=tuple(members),
    )

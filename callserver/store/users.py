"""Users: made, changed, switched off; never deleted, so that a name in an audit stays somebody's.

In: what is asked for, inside the asker's transaction; passwords only as what argon2 made of them. Out: users, with
their teams and queues. Must not know: who may ask, cookies, how a password becomes its hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from callserver.errors import BadValue, Conflict, NotFound, Outdated
from callserver.facts import Actor, Instant
from callserver.people import Language, Person, Place, Profile, Role, Theme, UserId, naming
from callserver.store import audit, changes, ids
from callserver.store.audit_changes import NOTHING, changed
from callserver.store.locking import one_after_another
from callserver.store.people import sessions, team_members, teams
from callserver.store.people import users as table
from callserver.store.text import dump, load
from callserver.tickets.changing import KEEP, Keep

SOUND = "ring"
VOLUME = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as the store knows them. `own_queues`: None where those of the teams are theirs."""

    person: Person
    version: int
    own_queues: tuple[Profile, ...] | None
    has_password: bool
    disabled_at: Instant | None
    created_at: Instant
    updated_at: Instant

    @property
    def enabled(self) -> bool:
        """Whether they may sign in."""
        return self.disabled_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a user is to be. `password`: what argon2 made of it; None: they cannot sign in yet."""

    login: str
    name: str
    role: Role
    language: Language = "en"
    teams: Sequence[str] = ()
    queues: Sequence[Profile] | None = None
    seat: Place | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What is needed for letting somebody in."""

    user: UserId
    login: str
    password: str | None
    enabled: bool


def add(connection: Connection, wanted: Wanted, actor: Actor, now: Instant) -> User:
    """A new user. Raises BadValue, Conflict where login or name are somebody's already, NotFound for a team."""
    login, name = naming.login(wanted.login), naming.name(wanted.name)
    _must_be_free(connection, login, name)
    values = {
        "version": 1,
        "changed": 0,
        "login": login,
        **_named(name),
        "role": wanted.role,
        "language": wanted.language,
        "theme": "auto",
        "sound": SOUND,
        "volume": VOLUME,
        **_queues(wanted.queues),
        **_seat(wanted.seat),
        "password": wanted.password,
        "password_at": None if wanted.password is None else now,
        "created_at": now,
        "updated_at": now,
    }
    user = UserId(connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one())
    _put_into_teams(connection, user, wanted.teams)
    made = one(connection, user)
    audit.note(connection, actor, "user.create", subject(user), changed(NOTHING, _told(made)), now)
    changes.count(connection, [user])
    return made


def every(connection: Connection) -> list[User]:
    """All users, the disabled ones too, by login."""
    return _users(connection, select(table).order_by(table.c.login))


def some(connection: Connection, people: Iterable[UserId]) -> dict[UserId, User]:
    """These users, as far as they exist."""
    wanted = select(table).where(table.c.id.in_(set(people)))
    return {found.person.id: found for found in _users(connection, wanted)}


def one(connection: Connection, user: UserId) -> User:
    """One user by their id. Raises NotFound."""
    found = _users(connection, select(table).where(table.c.id == ids.known(user)))
    if not found:
        raise NotFound("there is no such user")
    return found[0]


def by_login(connection: Connection, login: str) -> User:
    """One user by their login. Raises NotFound."""
    found = _users(connection, select(table).where(table.c.login == naming.folded(login)))
    if not found:
        raise NotFound(f"there is no user {login!r}")
    return found[0]


def person(connection: Connection, user: UserId) -> Person:
    """Who that is. Raises NotFound."""
    return one(connection, user).person


def credentials(connection: Connection, login: str) -> Credentials | None:
    """What is kept for checking who signs in; None where nobody has this login."""
    wanted = select(table.c.id, table.c.login, table.c.password, table.c.disabled_at)
    row = connection.execute(wanted.where(table.c.login == naming.folded(login))).one_or_none()
    if row is None:
        return None
    return Credentials(
        user=UserId(row.id), login=row.login, password=row.password, enabled=row.disabled_at is None
    )


def has_administrator(connection: Connection) -> bool:
    """Whether somebody can do everything."""
    return connection.execute(_administrators().limit(1)).first() is not None


# --- changing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be different; None: nothing. KEEP says so where None takes the value away."""

    name: str | None = None
    role: Role | None = None
    language: Language | None = None
    teams: Sequence[str] | None = None
    own_queues: Sequence[Profile] | Keep | None = KEEP
    seat: Place | Keep | None = KEEP
    disabled: bool | None = None


def change(
    connection: Connection,
    user: UserId,
    wanted: Changes,
    actor: Actor,
    now: Instant,
    *,
    expected: int | None = None,
) -> User:
    """Change a user. Their sessions end where they are disabled or their role is another; else those go on with what is
    new. Raises NotFound, Outdated, BadValue, Conflict (a name that is somebody's, the last administrator)."""
    if wanted.disabled or wanted.role is not None:
        one_after_another(connection, "administrators")
    before = _locked(connection, user, expected)
    values = _values(connection, before, wanted, now)
    if wanted.teams is not None and tuple(wanted.teams) != before.person.teams:
        _put_into_teams(connection, user, wanted.teams)
        values["teams"] = list(wanted.teams)
    if not values:
        return before
    _must_leave_an_administrator(connection, before, values)
    _write(connection, before, values, now)
    after = one(connection, user)
    audit.note(connection, actor, "user.change", subject(user), changed(_told(before), _told(after)), now)
    if "role" in values or values.get("disabled_at") is not None:
        connection.execute(delete(sessions).where(sessions.c.user_id == user))
    changes.count(connection, [user])
    return after


def prefer(
    connection: Connection,
    user: UserId,
    *,
    language: Language | None = None,
    theme: Theme | None = None,
    sound: str | None = None,
    volume: int | None = None,
    now: Instant,
) -> User:
    """How somebody wants their own screen; None: as it is. No audit: it concerns nobody else. Raises NotFound."""
    wanted = {"language": language, "theme": theme, "sound": sound, "volume": volume}
    values = {name: value for name, value in wanted.items() if value is not None}
    if values:
        connection.execute(
            update(table).where(table.c.id == ids.known(user)).values(**values, updated_at=now)
        )
        changes.count(connection, [user])
    return one(connection, user)


def set_password(
    connection: Connection,
    user: UserId,
    password: str,
    actor: Actor,
    now: Instant,
    *,
    keep: int | None = None,
) -> User:
    """Another password, as argon2 made it. Every session of theirs ends, but for session `keep`. Raises NotFound."""
    before = _locked(connection, user, None)
    _write(connection, before, {"password": password, "password_at": now}, now)
    ended = delete(sessions).where(sessions.c.user_id == user)
    connection.execute(ended if keep is None else ended.where(sessions.c.id != keep))
    audit.note(connection, actor, "user.password", subject(user), {}, now)
    changes.count(connection, [user])
    return one(connection, user)


def rehash(connection: Connection, user: UserId, before: str, after: str) -> None:
    """The same password, hashed at another cost; not where it was changed meanwhile."""
    connection.execute(
        update(table).where(table.c.id == user, table.c.password == before).values(password=after)
    )


def subject(user: UserId) -> str:
    """What the audit calls them."""
    return f"user:{user}"


def _told(user: User) -> dict[str, Any]:
    """A user as the audit tells of a change. `queues` null: those of the teams."""
    who, own, seat = user.person, user.own_queues, user.person.seat
    return {
        "login": who.login,
        "name": who.name,
        "role": who.role,
        "language": who.language,
        "teams": list(who.teams),
        "queues": own and {one.queue: one.penalty for one in own},
        "seat": seat and f"{seat.pbx}/{seat.interface}",
        "disabled": not user.enabled,
    }


def _values(connection: Connection, before: User, wanted: Changes, now: Instant) -> dict[str, Any]:
    """The columns that will be different."""
    values: dict[str, Any] = {}
    if wanted.name is not None and (name := naming.name(wanted.name)) != before.person.name:
        _must_be_free(connection, None, name, but=before.person.id)
        values |= _named(name)
    if wanted.role is not None and wanted.role != before.person.role:
        values["role"] = wanted.role
    if wanted.language is not None and wanted.language != before.person.language:
        values["language"] = wanted.language
    if wanted.own_queues is not KEEP:
        values |= _queues(wanted.own_queues)
    if wanted.seat is not KEEP:
        values |= _seat(wanted.seat)
    if wanted.disabled is not None and wanted.disabled == before.enabled:
        values["disabled_at"] = now if wanted.disabled else None
    return values


def _write(connection: Connection, before: User, values: Mapping[str, Any], now: Instant) -> None:
    columns = {name: value for name, value in values.items() if name != "teams"}
    connection.execute(
        update(table)
        .where(table.c.id == before.person.id)
        .values(**columns, version=before.version + 1, updated_at=now)
    )


def _locked(connection: Connection, user: UserId, expected: int | None) -> User:
    row = connection.execute(
        select(table.c.version).where(table.c.id == ids.known(user)).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("there is no such user")
    if expected not in (None, row.version):
        raise Outdated(f"the user was changed meanwhile: version {row.version}, not {expected}")
    return one(connection, user)


def _must_leave_an_administrator(connection: Connection, before: User, values: Mapping[str, Any]) -> None:
    """Asked while others who would take an administrator away wait."""
    goes = values.get("disabled_at") is not None or values.get("role", "administrator") != "administrator"
    if before.person.role != "administrator" or not before.enabled or not goes:
        return
    others = _administrators().where(table.c.id != before.person.id).limit(1)
    if connection.execute(others).first() is None:
        raise Conflict("this is the last administrator: make another one first")


def _administrators() -> Select[Any]:
    return select(table.c.id).where(table.c.role == "administrator", table.c.disabled_at.is_(None))


def _must_be_free(connection: Connection, login: str | None, name: str, *, but: UserId | None = None) -> None:
    """Nobody else has it; asked one after the other, so that two who ask at once hear it in good words."""
    one_after_another(connection, "names of users")
    others = select(func.count()).select_from(table).where(table.c.id != (but or 0))
    if login is not None and connection.execute(others.where(table.c.login == login)).scalar_one():
        raise Conflict(f"there is a user {login!r} already")
    if connection.execute(others.where(table.c.name_key == naming.same(name))).scalar_one():
        raise Conflict(f"somebody is called {name!r} already: add what tells them apart, such as a number")


# --- rows ------------------------------------------------------------------------------------------------------------


def _named(name: str) -> dict[str, Any]:
    return {"name": name, "name_key": naming.same(name)}


def _queues(wanted: Sequence[Profile] | None) -> dict[str, Any]:
    if wanted is None:
        return {"profile": None}
    return {"profile": dump([[one.queue, one.penalty] for one in naming.profile(wanted)])}


def _seat(wanted: Place | None) -> dict[str, Any]:
    if wanted is None:
        return {"seat_pbx": None, "seat_interface": None}
    place = naming.place(wanted)
    return {"seat_pbx": place.pbx, "seat_interface": place.interface}


def _put_into_teams(connection: Connection, user: UserId, names: Sequence[str]) -> None:
    """Into these and no others. Raises BadValue for one that there is not."""
    keys = {naming.same(name): name for name in names}
    theirs = select(teams.c.id, teams.c.name_key).where(teams.c.name_key.in_(keys))
    found = connection.execute(theirs.with_for_update(read=True)).all()  # nobody removes them meanwhile
    if missing := keys.keys() - {row.name_key for row in found}:
        raise BadValue("teams", f"there is no team {keys[min(missing)]!r}")
    connection.execute(delete(team_members).where(team_members.c.user_id == user))
    if found:
        rows = [{"team_id": row.id, "user_id": user} for row in found]
        connection.execute(insert(team_members), rows)


def _users(connection: Connection, wanted: Select[Any]) -> list[User]:
    rows = connection.execute(wanted).all()
    theirs = _teams_of(connection, [row.id for row in rows])
    return [_user(row, theirs.get(row.id, [])) for row in rows]


def _teams_of(connection: Connection, people: Sequence[int]) -> dict[int, list[tuple[str, list[str]]]]:
    """Names and queues of the teams of these people, by person, in the order of the teams' names."""
    if not people:
        return {}
    wanted = (
        select(team_members.c.user_id, teams.c.name, teams.c.queues)
        .join(teams, teams.c.id == team_members.c.team_id)
        .order_by(teams.c.name)
    )
    if len(people) == 1:
        wanted = wanted.where(team_members.c.user_id == people[0])
    found: dict[int, list[tuple[str, list[str]]]] = {}
    for row in connection.execute(wanted):
        found.setdefault(row.user_id, []).append((row.name, load(row.queues)))
    return found


def _user(row: Row[Any], theirs: list[tuple[str, list[str]]]) -> User:
    watches = tuple(dict.fromkeys(queue for _, queues in theirs for queue in queues))
    own = None if row.profile is None else tuple(Profile(queue=q, penalty=p) for q, p in load(row.profile))
    person = Person(
        id=UserId(row.id),
        login=row.login,
        name=row.name,
        role=row.role,
        language=row.language,
        teams=tuple(name for name, _ in theirs),
        queues=tuple(Profile(queue=queue) for queue in watches) if own is None else own,
        watches=watches,
        seat=None if row.seat_pbx is None else Place(pbx=row.seat_pbx, interface=row.seat_interface),
        theme=row.theme,
        sound=row.sound,
        volume=row.volume,
    )
    return User(
        person=person,
        version=row.version,
        own_queues=own,
        has_password=row.password is not None,
        disabled_at=row.disabled_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )

"""The API of users: who may sign in, as what, on which queues.

In: logins, names, roles, passwords. Out: users. Must not know: how they are kept. Nobody can make, change or open the
way in for somebody who may do more than they may themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from callserver.errors import Forbidden
from callserver.people import Language, Place, Profile, Role, UserId, naming, scopes_of
from callserver.store import password_links, sessions, users
from callserver.store.engine import Connection
from callserver.store.users import Changes, User, Wanted
from callserver.tickets.changing import KEEP
from callserver.web.api.me import (
    PersonShown,
    ProfileShown,
    SessionsShown,
    person_shown,
    session_shown,
)
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.session import Login, Password, door
from callserver.web.api.shapes import Given, Moment, moment

api = Operations(
    "users", "Who may sign in, as what, on which queues. Nobody is ever deleted: they are disabled."
)

NEW_PASSWORD: Final = "/new-password"
"""The page where a link is opened; its key stands behind the #, which browsers send nowhere."""
Name = Annotated[
    str, Meta(min_length=1, max_length=naming.NAME_LENGTH, description="Nobody else's.", examples=["Li Na"])
]
Teams = Annotated[
    list[Annotated[str, Meta(max_length=naming.NAME_LENGTH)]], Meta(max_length=100, description="By name.")
]


class QueueGiven(Struct, frozen=True, kw_only=True):
    """A queue that they answer."""

    queue: Annotated[str, Meta(min_length=1, max_length=naming.NAME_LENGTH, examples=["repair"])]
    penalty: Annotated[int, Meta(ge=0, le=naming.PENALTY_MOST)] = 0


class PlaceGiven(Struct, frozen=True, kw_only=True):
    """The phone at which they usually sit."""

    pbx: Annotated[str, Meta(min_length=1, max_length=naming.NAME_LENGTH, examples=["main"])]
    interface: Annotated[str, Meta(min_length=1, max_length=naming.NAME_LENGTH, examples=["PJSIP/1001"])]


Queues = Annotated[
    list[QueueGiven], Meta(max_length=naming.QUEUES_MOST, description="Null: those of their teams.")
]


class NewUser(Struct, frozen=True, kw_only=True):
    """Who somebody is to be. Without a password they cannot sign in yet."""

    login: Login
    name: Name
    role: Role
    language: Language = "en"
    teams: Teams = []
    queues: Queues | None = None
    seat: PlaceGiven | None = None
    password: Password | None = None


class UserPatch(Struct, frozen=True, kw_only=True):
    """What is to be different. Disabled or given another role, they are signed out everywhere."""

    name: Name | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    teams: Teams | UnsetType = UNSET
    queues: Given[Queues] = UNSET
    seat: Given[PlaceGiven] = UNSET
    disabled: bool | UnsetType = UNSET


class PasswordGiven(Struct, frozen=True, kw_only=True):
    """Another password."""

    password: Password


class PasswordLink(Struct, frozen=True, kw_only=True):
    """`path` stands behind this server's own address; it is told now and never again."""

    path: Annotated[str, Meta(examples=["/new-password#wqX..."])]
    expires_at: Moment | None


class UserShown(PersonShown, frozen=True, kw_only=True):
    """A user. `own_queues`: null where those of the teams are theirs."""

    version: int
    own_queues: list[ProfileShown] | None
    has_password: bool
    disabled_at: Moment | None
    created_at: Moment | None
    updated_at: Moment | None


class Users(Struct, frozen=True, kw_only=True):
    """All users, by login."""

    users: list[UserShown]


@api("GET", "/users", scope="users:manage")
def list_users(connection: Connection, asked: Asked) -> Done[Users]:
    """All users, the disabled ones too."""
    return Done(Users(users=[shown(one) for one in users.every(connection)]))


@api("POST", "/users", scope="users:manage", status=201, secret=True, versioned=True, errors=(409,))
async def create_user(asked: Asked, body: NewUser) -> Done[UserShown]:
    """Make a user."""
    _must_cover(asked, body.role)
    secret = None
    if body.password is not None:
        secret = await door(asked).new_password(body.password, body.login, body.name)
    wanted = Wanted(
        login=body.login,
        name=body.name,
        role=body.role,
        language=body.language,
        teams=body.teams,
        queues=None if body.queues is None else _profile(body.queues),
        seat=_place(body.seat),
        password=secret,
    )
    made = await door(asked).changed(lambda c: users.add(c, wanted, asked.actor, asked.now))
    return Done(shown(made), version=made.version, location=f"/users/{made.person.id}")


@api("GET", "/users/{id}", scope="users:manage", versioned=True)
def read_user(connection: Connection, asked: Asked, id: Id) -> Done[UserShown]:
    """One user by their id."""
    found = users.one(connection, UserId(id))
    return Done(shown(found), version=found.version)


@api("PATCH", "/users/{id}", scope="users:manage", versioned=True)
async def change_user(asked: Asked, id: Id, body: UserPatch) -> Done[UserShown]:
    """Change a user; disable them or let them in again.

    Whoever is disabled is signed out everywhere within two seconds, and the tokens that they made open nothing. The
    last administrator can be neither disabled nor made anything else.
    """
    wanted = Changes(
        name=_said(body.name),
        role=_said(body.role),
        language=_said(body.language),
        teams=_said(body.teams),
        own_queues=KEEP if body.queues is UNSET else None if body.queues is None else _profile(body.queues),
        seat=KEEP if body.seat is UNSET else _place(body.seat),
        disabled=_said(body.disabled),
    )

    def change(connection: Connection) -> User:
        _must_cover(asked, users.one(connection, UserId(id)).person.role, wanted.role)
        return users.change(connection, UserId(id), wanted, asked.actor, asked.now, expected=asked.expected)

    changed = await door(asked).changed(change)
    return Done(shown(changed), version=changed.version)


@api("PUT", "/users/{id}/password", scope="users:manage", status=204, guarded=False)
async def give_password(asked: Asked, id: Id, body: PasswordGiven) -> Done[None]:
    """Give somebody another password; they are signed out everywhere."""
    person = (await door(asked).store.read(lambda c: users.one(c, UserId(id)))).person
    _must_cover(asked, person.role)
    secret = await door(asked).new_password(body.password, person.login, person.name)
    await door(asked).changed(lambda c: users.set_password(c, person.id, secret, asked.actor, asked.now))
    return Done(None)


@api("POST", "/users/{id}/password-link", scope="users:manage", secret=True, errors=(409,))
def give_password_link(connection: Connection, asked: Asked, id: Id) -> Done[PasswordLink]:
    """A link under which somebody chooses their own password, once, within a day; the link of before is worthless.

    Until they do, the present password holds.
    """
    _must_cover(asked, users.one(connection, UserId(id)).person.role)
    key, until = password_links.offer(connection, UserId(id), asked.actor, asked.now)
    return Done(PasswordLink(path=f"{NEW_PASSWORD}#{key}", expires_at=moment(until)))


@api("GET", "/users/{id}/sessions", scope="users:manage")
def list_sessions(connection: Connection, asked: Asked, id: Id) -> Done[SessionsShown]:
    """Where somebody is signed in."""
    user = users.one(connection, UserId(id)).person.id
    life = door(asked).sessions.life
    found = [one for one in sessions.of(connection, user) if one.good(life, asked.now)]
    return Done(SessionsShown(sessions=[session_shown(one, asked.visit.session) for one in found]))


@api("DELETE", "/users/{id}/sessions", scope="users:manage", status=204, guarded=False)
async def end_sessions(asked: Asked, id: Id) -> Done[None]:
    """Sign somebody out everywhere."""

    def end(connection: Connection) -> None:
        user = users.one(connection, UserId(id)).person.id
        sessions.end_every(connection, user, asked.actor, asked.now)

    await door(asked).changed(end)
    return Done(None)


def shown(user: User) -> UserShown:
    """As the API tells them."""
    person = person_shown(user.person)
    own = user.own_queues
    return UserShown(
        **{name: getattr(person, name) for name in person.__struct_fields__},
        version=user.version,
        own_queues=None
        if own is None
        else [ProfileShown(queue=one.queue, penalty=one.penalty) for one in own],
        has_password=user.has_password,
        disabled_at=moment(user.disabled_at),
        created_at=moment(user.created_at),
        updated_at=moment(user.updated_at),
    )


def _must_cover(asked: Asked, *roles: Role | None) -> None:
    """Raises Forbidden where one of the roles has a right that the asker has not: they could sign in as that one."""
    for role in roles:
        missing = sorted(scopes_of(role) - asked.scopes) if role is not None else []
        if missing:
            raise Forbidden(f"{role} has rights that you do not have: {', '.join(missing)}")


def _profile(given: Sequence[QueueGiven]) -> list[Profile]:
    return [Profile(queue=one.queue, penalty=one.penalty) for one in given]


def _place(given: PlaceGiven | None) -> Place | None:
    return None if given is None else Place(pbx=given.pbx, interface=given.interface)


def _said(value: Any) -> Any:
    return None if value is UNSET else value

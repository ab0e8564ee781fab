"""The API of whoever asks: who they are, what they may do, how they like their screen, where they are signed in.

In: the asker. Out: themselves. Must not know: anybody else.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from callserver.errors import Conflict
from callserver.people import Language, Person, Role, Theme
from callserver.store import sessions, users
from callserver.store.engine import Connection
from callserver.store.sessions import Session, SessionId
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.session import Password, door
from callserver.web.api.shapes import Moment, moment

api = Operations("me", "Whoever asks.")

Sound = Annotated[str, Meta(pattern="^[a-z0-9_-]{1,30}$", description="How a ringing call sounds.")]
Volume = Annotated[int, Meta(ge=0, le=100)]


class ProfileShown(Struct, frozen=True, kw_only=True):
    """A queue that somebody answers; those with less penalty are asked first."""

    queue: str
    penalty: int


class PlaceShown(Struct, frozen=True, kw_only=True):
    """A phone: its switch and its interface."""

    pbx: Annotated[str, Meta(examples=["main"])]
    interface: Annotated[str, Meta(examples=["PJSIP/1001"])]


class PersonShown(Struct, frozen=True, kw_only=True):
    """A user, as they see themselves. `seat`: the phone at which they usually sit."""

    id: int
    login: str
    name: str
    role: Role
    language: Language
    theme: Theme
    sound: Sound
    volume: Volume
    teams: list[str]
    queues: list[ProfileShown]
    watches: Annotated[list[str], Meta(description="The queues of the teams.")]
    seat: PlaceShown | None


class Me(Struct, frozen=True, kw_only=True):
    """Whoever asks. `user`: null for a token; `through`: what they ask with; `zone`: in which the site's days are."""

    name: str
    through: str
    user: PersonShown | None
    scopes: list[str]
    session: int | None
    zone: Annotated[str, Meta(examples=["Asia/Shanghai"])]


class Preferences(Struct, frozen=True, kw_only=True):
    """What is to be different."""

    language: Language | UnsetType = UNSET
    theme: Theme | UnsetType = UNSET
    sound: Sound | UnsetType = UNSET
    volume: Volume | UnsetType = UNSET


class NewPassword(Struct, frozen=True, kw_only=True):
    """The present password, and what it is to be."""

    old: Annotated[str, Meta(max_length=1000)]
    new: Password


class SessionShown(Struct, frozen=True, kw_only=True):
    """A browser that is signed in. `seen_at` is right to about a minute."""

    id: int
    this: bool
    created_at: Moment | None
    seen_at: Moment | None
    address: str
    browser: str


class SessionsShown(Struct, frozen=True, kw_only=True):
    """The newest first."""

    sessions: list[SessionShown]


@api("GET", "/me", scope=None)
async def read_me(asked: Asked) -> Done[Me]:
    """Who asks, and what they may do."""
    return Done(_me(asked, asked.person))


@api("PATCH", "/me", scope=None, guarded=False, errors=(409,))
async def change_me(asked: Asked, body: Preferences) -> Done[Me]:
    """How one's own screen is: its language, its colours, its sound."""
    me = _person(asked).id
    given = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    changed = await door(asked).changed(lambda c: users.prefer(c, me, **given, now=asked.now))
    return Done(_me(asked, changed.person))


@api("PUT", "/me/password", scope=None, status=204, guarded=False, errors=(409,))
async def change_my_password(asked: Asked, body: NewPassword) -> Done[None]:
    """Another password for oneself. Every session ends; this browser gets a new one with the answer."""
    entered = await door(asked).change_password(_person(asked), body.old, body.new, asked.visit)
    return Done(None, cookies=entered.cookies)


@api("GET", "/me/sessions", scope=None, errors=(409,))
def list_my_sessions(connection: Connection, asked: Asked) -> Done[SessionsShown]:
    """Where one is signed in."""
    found = sessions.of(connection, _person(asked).id)
    life = door(asked).sessions.life
    shown = [session_shown(one, asked.visit.session) for one in found if one.good(life, asked.now)]
    return Done(SessionsShown(sessions=shown))


@api("DELETE", "/me/sessions", scope=None, status=204, guarded=False, errors=(409,))
async def sign_out_everywhere(asked: Asked) -> Done[None]:
    """Sign out everywhere, here too."""
    me = _person(asked).id
    await door(asked).changed(lambda c: sessions.end_every(c, me, asked.actor, asked.now))
    return Done(None, cookies=(door(asked).front.end_session(),))


@api("DELETE", "/me/sessions/{id}", scope=None, status=204, guarded=False, errors=(409,))
async def end_my_session(asked: Asked, id: Id) -> Done[None]:
    """Sign out in one other browser."""
    me = _person(asked).id
    await door(asked).changed(lambda c: sessions.end(c, me, SessionId(id), asked.actor, asked.now))
    return Done(None)


def session_shown(session: Session, this: SessionId | None) -> SessionShown:
    """As the API tells it."""
    return SessionShown(
        id=session.id,
        this=session.id == this,
        created_at=moment(session.created_at),
        seen_at=moment(session.seen_at),
        address=session.address,
        browser=session.browser,
    )


def person_shown(person: Person) -> PersonShown:
    """As the API tells them."""
    return PersonShown(
        id=person.id,
        login=person.login,
        name=person.name,
        role=person.role,
        language=person.language,
        theme=person.theme,
        sound=person.sound,
        volume=person.volume,
        teams=list(person.teams),
        queues=[ProfileShown(queue=one.queue, penalty=one.penalty) for one in person.queues],
        watches=list(person.watches),
        seat=place_shown(person),
    )


def place_shown(person: Person) -> PlaceShown | None:
    """Where they usually sit."""
    seat = person.seat
    return None if seat is None else PlaceShown(pbx=seat.pbx, interface=seat.interface)


def _me(asked: Asked, person: Person | None) -> Me:
    return Me(
        name=asked.actor.name,
        through=asked.actor.through,
        user=None if person is None else person_shown(person),
        scopes=sorted(asked.scopes),
        session=asked.visit.session,
        zone=str(asked.site.zone),
    )


def _person(asked: Asked) -> Person:
    """Raises Conflict for a token: there is nobody behind it."""
    if asked.person is None:
        raise Conflict("this is a token: nobody is signed in")
    return asked.person

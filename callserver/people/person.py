"""One person who works with this server: who they are, which queues are theirs, what they may see.

In: what the store keeps of a user and their teams. Out: a value. Must not know: passwords, sessions, the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NewType, get_args

UserId = NewType("UserId", int)
Role = Literal["agent", "supervisor", "administrator", "integrator", "auditor"]
Language = Literal["en", "zh-CN"]
Theme = Literal["auto", "light", "dark"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
THEMES: Final[tuple[Theme, ...]] = get_args(Theme)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One queue that a person answers. `penalty`: those with less are asked first, as Asterisk counts it."""

    queue: str
    penalty: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The phone at which somebody usually sits."""

    pbx: str
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user who may sign in.

    `name`: what people and timelines call them, nobody else's. `queues`: what they answer, their teams' where nobody
    said otherwise. `watches`: the queues of their teams, which a supervisor sees. `sound`, `volume` (0 to 100):
    how a ringing call is told.
    """

    id: UserId
    login: str
    name: str
    role: Role
    language: Language = "en"
    teams: tuple[str, ...] = ()
    queues: tuple[Profile, ...] = ()
    watches: tuple[str, ...] = ()
    seat: Place | None = None
    theme: Theme = "auto"
    sound: str = "ring"
    volume: int = 70


def sees_queue(person: Person, queue: str) -> bool:
    """Whether this person may see what goes on in a queue: an agent in their own, a supervisor in those of their teams
    and their own, everybody whose work is the whole house in all."""
    if person.role == "agent":
        return any(one.queue == queue for one in person.queues)
    if person.role == "supervisor":
        return queue in person.watches or any(one.queue == queue for one in person.queues)
    return True

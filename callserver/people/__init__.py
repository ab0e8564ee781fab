"""Who works here: people, their roles, rights, teams and passwords. Pure: no I/O, no clock, no SQL."""

from callserver.people.person import (
    Language,
    Person,
    Place,
    Profile,
    Role,
    Theme,
    UserId,
    sees_queue,
)
from callserver.people.roles import scopes_of, who_has
from callserver.people.scopes import SCOPES, Scope

__all__ = [
    "SCOPES",
    "Language",
    "Person",
    "Place",
    "Profile",
    "Role",
    "Scope",
    "Theme",
    "UserId",
    "scopes_of",
    "sees_queue",
    "who_has",
]

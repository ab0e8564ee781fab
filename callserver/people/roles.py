"""Which role has which right: one table. docs/people.md shows it, and a test compares.

In: a role. Out: its rights. Must not know: who has which role.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from callserver.people.person import Role
from callserver.people.scopes import SCOPES, Scope

_DESK: Final[tuple[Scope, ...]] = (
    "calls:read",
    "customers:read",
    "customers:write",
    "tickets:read",
    "tickets:write",
    "personal:read",
)
_PHONE: Final[tuple[Scope, ...]] = ("phone:use", "promises:dial")
_FLOOR: Final[tuple[Scope, ...]] = ("floor:read", "reports:read", "alerts:read")

RIGHTS: Final[Mapping[Role, frozenset[Scope]]] = {
    "agent": frozenset([*_DESK, *_PHONE]),
    "supervisor": frozenset(
        [
            *_DESK,
            *_PHONE,
            *_FLOOR,
            "floor:help",
            "tickets:waive",
            "tickets:call_off",
            "promises:manage",
        ]
    ),
    "administrator": frozenset(SCOPES),
    # Connects other systems: gives tokens, so has every right that such a system may need, and nobody's phone.
    "integrator": frozenset(
        [*_DESK, *_FLOOR, "promises:manage", "kinds:manage", "webhooks:manage", "tokens:manage"]
    ),
    # Sees that everything goes as it should, of nobody in person; changes nothing.
    "auditor": frozenset(["calls:read", "customers:read", "tickets:read", *_FLOOR, "audit:read"]),
}


def scopes_of(role: Role) -> frozenset[Scope]:
    """What somebody with this role may do."""
    return RIGHTS[role]


def who_has(scope: str) -> str:
    """The roles that have a right, in words: `supervisor or administrator`."""
    return " or ".join(role for role, scopes in RIGHTS.items() if scope in scopes)

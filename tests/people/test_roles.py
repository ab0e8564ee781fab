"""Who may do what: the one table, and what the guide says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from callserver.people import SCOPES, scopes_of, who_has
from callserver.people.person import ROLES, Person, Profile, Role, UserId, sees_queue

GUIDE = Path(__file__).parents[2] / "docs" / "people.md"


def table() -> str:
    """The rights by role, as the guide shows them."""
    rows = ["| right | for | " + " | ".join(ROLES) + " |", "|---|---|" + "---|" * len(ROLES)]
    for scope, meaning in SCOPES.items():
        marks = ["yes" if scope in scopes_of(role) else "" for role in ROLES]
        rows.append(f"| `{scope}` | {meaning} | " + " | ".join(marks) + " |")
    return "\n".join(rows)


def test_the_guide_shows_the_table() -> None:
    assert table() in GUIDE.read_text("utf-8")


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("agent", "phone:use", "floor:read"),
        ("agent", "tickets:write", "tickets:waive"),
        ("supervisor", "tickets:waive", "users:manage"),
        ("supervisor", "tickets:call_off", "tokens:manage"),
        ("administrator", "users:manage", None),
        ("integrator", "tokens:manage", "users:manage"),
        ("integrator", "webhooks:manage", "phone:use"),
        ("auditor", "audit:read", "personal:read"),
        ("auditor", "tickets:read", "tickets:write"),
    ],
)
def test_a_role_may_what_its_work_needs(role: Role, may: str, may_not: str | None) -> None:
    assert may in scopes_of(role)
    assert may_not not in scopes_of(role)


def test_an_administrator_may_everything() -> None:
    assert scopes_of("administrator") == SCOPES.keys()


def test_who_has_a_right_is_said_in_words() -> None:
    assert who_has("tickets:waive") == "supervisor or administrator"


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("agent", {"repair"}),
        ("supervisor", {"repair", "complaints"}),
        ("administrator", {"repair", "complaints", "sales"}),
        ("auditor", {"repair", "complaints", "sales"}),
        ("integrator", {"repair", "complaints", "sales"}),
    ],
)
def test_who_sees_which_queue(role: Role, seen: set[str]) -> None:
    person = Person(
        id=UserId(1),
        login="li",
        name="Li",
        role=role,
        queues=(Profile(queue="repair"),),
        watches=("complaints",),
    )
    assert {queue for queue in ("repair", "complaints", "sales") if sees_queue(person, queue)} == seen

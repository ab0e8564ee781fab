"""Promises that one key makes.

In: a preset, now, the moment that the customer names. Out: when the call is due and when it is too late. Must not know:
keys, screens, zones: a customer's "three o'clock" is an instant already. Instants are milliseconds UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from callserver.errors import BadValue
from callserver.facts import Instant
from callserver.tickets.promise import TERMS, PromiseKind

Preset = Literal["30m", "72h", "at"]
FURTHEST_MS: Final = 366 * 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a preset promises. `named`: the customer names the moment."""

    kind: PromiseKind
    title: Mapping[str, str]
    named: bool = False


PRESETS: Final[Mapping[Preset, Shape]] = MappingProxyType(
    {
        "30m": Shape(kind="watch", title={"en": "Call again in 30 minutes", "zh": "30分钟后回拨"}),
        "72h": Shape(kind="return_visit", title={"en": "Return visit within 72 hours", "zh": "72小时内回访"}),
        "at": Shape(kind="requested", title={"en": "Call at a time", "zh": "约定时间回拨"}, named=True),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A promise to be made: by a preset, or a kind with a moment (`named_at`). `why`: for people.

    `due_at`, `deadline_at`: by the terms of its kind; its policy decides (store.pledges).
    """

    kind: PromiseKind
    due_at: Instant
    deadline_at: Instant
    named_at: Instant | None = None
    number: str | None = None
    why: str = ""


def wanted(
    now: Instant,
    *,
    preset: Preset | None = None,
    kind: PromiseKind | None = None,
    due_at: Instant | None = None,
    number: str | None = None,
    why: str = "",
) -> Wanted:
    """What was asked for, with the terms of its kind. `due_at` wins over the kind's own.

    Raises BadValue (`kind`, `due_at`) for nothing asked for, a moment that is missing, over, or further than a year.
    """
    shape = None if preset is None else PRESETS[preset]
    said = kind or (shape.kind if shape else None)
    if said is None:
        raise BadValue("kind", "say which, or a preset")
    if shape is not None and shape.named and due_at is None:
        raise BadValue("due_at", "say when the customer wants to be called")
    term = TERMS[said]
    due = now + term.due if due_at is None else due_at
    if due < now or due > now + FURTHEST_MS:
        raise BadValue("due_at", "is over already" if due < now else "is more than a year from now")
    deadline = due + term.deadline - term.due
    return Wanted(kind=said, due_at=due, deadline_at=deadline, named_at=due_at, number=number, why=why)

"""Kinds of ticket and their fields, as data: what an administrator can change without a programmer.

In: definitions, and the fields that somebody fills in. Out: frozen values. Must not know: SQL, HTTP, clocks; the
shipped set is in `defaults.py`, what was filled in is checked by `filling.py`. Titles are `{"en": ..., "zh": ...}`.

A kind that was changed never breaks a ticket of before: what a ticket has in a field that the kind no longer knows, or
knows with other choices, stays as it is and readable; only new values are asked to fit. And a field is required for
getting *into* a status: a ticket that stands there already is not wrong because its kind asks for more since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from callserver.tickets.record import Priority, Status

FieldType = Literal[
    "text",  # one line
    "long",  # lines
    "choice",  # one of
    "choices",  # some of
    "number",
    "date",  # 2026-11-22
    "moment",  # 2026-11-22T14:00:00.000Z
    "window",  # {begin, end}: two moments
    "boolean",
    "person",  # {name, number}
    "address",  # {line, area, city, postcode, country, note}
    "product",  # the id of one of the customer's products
]
FIELD_TYPES: tuple[str, ...] = get_args(FieldType)
Title = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the values of a field. `retired`: old tickets may keep it, new ones do not get it."""

    value: str
    title: Title
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing to fill in. `required_when`: into these statuses no ticket goes without it. Lengths in characters."""

    name: str
    title: Title
    type: FieldType
    required_when: tuple[Status, ...] = ()
    choices: tuple[Choice, ...] = ()
    max_length: int | None = None
    help: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of ticket. `version` 0: as it is shipped. `retired`: its tickets stay, there are no new ones.

    `due_in_s`: seconds from opening to the deadline; None: it has none. `statuses`: those that it may use; reopened,
    closed and cancelled need not be named. `return_visit`: once serviced, the customer is asked.
    """

    name: str
    title: Title
    version: int = 0
    fields: tuple[Field, ...] = ()
    priority: Priority = "normal"
    team: str | None = None
    due_in_s: int | None = None
    statuses: tuple[Status, ...] = ("open",)
    return_visit: bool = True
    retired: bool = False

    def may_be(self, status: Status) -> bool:
        """Whether tickets of this kind use the status."""
        return status in ("open", "reopened", "closed", "cancelled") or status in self.statuses

    def field(self, name: str) -> Field | None:
        """The field of this name."""
        return next((one for one in self.fields if one.name == name), None)


def to_json(kind: Kind) -> dict[str, Any]:
    """Every field by its name."""
    return asdict(kind)


def kind_from_json(body: Mapping[str, Any]) -> Kind:
    """The inverse of `to_json`; fields of other versions of this program are ignored."""
    known = _known(Kind, body)
    known["fields"] = tuple(_field(one) for one in body.get("fields", ()))
    known["statuses"] = tuple(body.get("statuses", ("open",)))
    return Kind(**known)


def _field(body: Mapping[str, Any]) -> Field:
    known = _known(Field, body)
    known["required_when"] = tuple(body.get("required_when", ()))
    known["choices"] = tuple(Choice(**_known(Choice, one)) for one in body.get("choices", ()))
    return Field(**known)


def _known(kind: type[Any], body: Mapping[str, Any]) -> dict[str, Any]:
    return {one.name: body[one.name] for one in fields(kind) if one.name in body}

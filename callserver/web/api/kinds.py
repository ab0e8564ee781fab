"""The API of kinds: which tickets there are, and which fields each has, as data that an administrator changes.

In: definitions. Out: kinds. Must not know: what a definition may say (tickets.defining), how kinds are kept.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from msgspec import Meta, Struct, convert, field

from callserver.errors import BadValue
from callserver.store import kinds
from callserver.store.engine import Connection
from callserver.tickets.defining import MOST_CHOICES, MOST_FIELDS, defined
from callserver.tickets.kinds import FieldType, Kind
from callserver.tickets.record import Priority, Status
from callserver.web.api import showing
from callserver.web.api.operation import Asked, Done, Operations

api = Operations("kinds", "What tickets are about, and which fields each kind of them has.")

KindName = Annotated[
    str,
    Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="Small letters, digits and _.", examples=["repair"]),
]
Title = Annotated[
    dict[str, str],
    Meta(max_length=50, description="By language.", examples=[{"en": "Repair", "zh": "维修"}]),
]


class Choice(Struct, frozen=True, kw_only=True):
    """One of the values of a field. `retired`: tickets keep it, but no new one gets it."""

    value: str
    title: Title
    retired: bool = False


class Field(Struct, frozen=True, kw_only=True):
    """One thing to fill in. `required_when`: a ticket gets into none of these statuses without it."""

    name: str
    title: Title
    type: FieldType
    required_when: list[Status] = []
    choices: Annotated[list[Choice], Meta(max_length=MOST_CHOICES)] = []
    max_length: int | None = None
    help: Title = {}


class KindGiven(Struct, frozen=True, kw_only=True):
    """A kind of ticket.

    `due_in_s`: seconds from opening to the deadline. `statuses`: those that its tickets use; reopened, closed and
    cancelled need not be named. `return_visit`: once serviced, the customer is asked. `retired`: no new tickets of it.
    """

    name: KindName
    title: Title
    fields: Annotated[list[Field], Meta(max_length=MOST_FIELDS)] = []
    priority: Priority = "normal"
    team: str | None = None
    due_in_s: int | None = None
    statuses: Annotated[list[Status], Meta(max_length=20)] = field(default_factory=lambda: ["open"])
    return_visit: bool = True
    retired: bool = False


class KindShown(KindGiven, frozen=True, kw_only=True):
    """A kind of ticket; `version` 0: as it is shipped."""

    version: int


class Kinds(Struct, frozen=True, kw_only=True):
    """All kinds, the shipped ones first."""

    kinds: list[KindShown]


@api("GET", "/kinds", scope="tickets:read")
def list_kinds(connection: Connection, asked: Asked) -> Done[Kinds]:
    """All kinds of ticket, the retired ones too."""
    return Done(Kinds(kinds=[shown(one) for one in kinds.every(connection)]))


@api("POST", "/kinds", scope="kinds:manage", status=201, versioned=True, errors=(409,))
def create_kind(connection: Connection, asked: Asked, body: KindGiven) -> Done[KindShown]:
    """Add a kind of ticket."""
    made = kinds.put(connection, _defined(body), None, asked.actor, asked.now)
    return Done(shown(made), version=made.version, location=f"/kinds/{made.name}")


@api("GET", "/kinds/{name}", scope="tickets:read", versioned=True)
def read_kind(connection: Connection, asked: Asked, name: KindName) -> Done[KindShown]:
    """One kind of ticket."""
    return _done(kinds.get(connection, name))


@api("PUT", "/kinds/{name}", scope="kinds:manage", versioned=True)
def replace_kind(connection: Connection, asked: Asked, name: KindName, body: KindGiven) -> Done[KindShown]:
    """Make a kind what you say. Its tickets keep what they have, also in fields that it has no more."""
    if body.name != name:
        raise BadValue("name", "is another kind's; add that, and retire this one")
    before = kinds.get(connection, name).version
    expected = before if asked.expected is None else asked.expected
    return _done(kinds.put(connection, _defined(body), expected, asked.actor, asked.now))


@api("DELETE", "/kinds/{name}", scope="kinds:manage", status=204)
def remove_kind(connection: Connection, asked: Asked, name: KindName) -> Done[None]:
    """Forget a kind that was added and has no tickets, or make a changed one as it was shipped."""
    kinds.remove(connection, name, asked.expected, asked.actor, asked.now)
    return Done(None)


def shown(kind: Kind) -> KindShown:
    """As the API tells it."""
    return convert(asdict(kind), KindShown)


def _done(kind: Kind) -> Done[KindShown]:
    return Done(shown(kind), version=kind.version)


def _defined(body: KindGiven) -> Kind:
    values: dict[str, Any] = showing.values(body)
    return defined(values)

"""The API of dispositions: the verdicts on calls that there are, as data; the promises that one key makes.

In: definitions. Out: dispositions, presets. Must not know: how they are kept, which call has which.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from callserver.store import dispositions, kinds
from callserver.store.engine import Connection
from callserver.tickets.dispositions import LONGEST_TITLE, MOST_KINDS, Disposition, defined
from callserver.tickets.presets import PRESETS, Preset
from callserver.tickets.promise import PromiseKind
from callserver.web.api.kinds import KindName, Title
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.shapes import Given

api = Operations("dispositions", "The agent's verdicts on calls, and the promises that one key makes.")

Name = Annotated[
    str,
    Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="Small letters, digits and _.", examples=["solved"]),
]
KindNames = Annotated[
    list[KindName],
    Meta(max_length=MOST_KINDS, description="Kinds of ticket that it fits; empty: all."),
]
Titles = Annotated[
    Title, Meta(description=f"By language, en and zh at least; at most {LONGEST_TITLE} characters each.")
]


class DispositionGiven(Struct, frozen=True, kw_only=True):
    """A verdict. `note`: it needs one. `preset`: the promise that usually goes with it."""

    name: Name
    title: Titles
    kinds: KindNames = []
    note: bool = False
    preset: Preset | None = None
    retired: bool = False


class DispositionShown(DispositionGiven, frozen=True, kw_only=True):
    """A verdict; `version` 0: as it is shipped."""

    version: int


class DispositionPatch(Struct, frozen=True, kw_only=True):
    """What is to be different."""

    title: Titles | UnsetType = UNSET
    kinds: KindNames | UnsetType = UNSET
    note: bool | UnsetType = UNSET
    preset: Given[Preset] = UNSET
    retired: bool | UnsetType = UNSET


class PresetShown(Struct, frozen=True, kw_only=True):
    """A promise that one key makes. `named`: the customer names the moment, so `due_at` or `at` is needed."""

    name: Preset
    title: dict[str, str]
    kind: PromiseKind
    named: bool


class Dispositions(Struct, frozen=True, kw_only=True):
    """All verdicts, the shipped ones first, and the presets of promises."""

    dispositions: list[DispositionShown]
    presets: list[PresetShown]


@api("GET", "/dispositions", scope="tickets:read")
def list_dispositions(connection: Connection, asked: Asked) -> Done[Dispositions]:
    """All verdicts on calls, the retired ones too, and the promises that one key makes."""
    presets = [
        PresetShown(name=name, title=dict(one.title), kind=one.kind, named=one.named)
        for name, one in PRESETS.items()
    ]
    found = [shown(one) for one in dispositions.every(connection)]
    return Done(Dispositions(dispositions=found, presets=presets))


@api("POST", "/dispositions", scope="kinds:manage", status=201, versioned=True, errors=(409,))
def create_disposition(
    connection: Connection, asked: Asked, body: DispositionGiven
) -> Done[DispositionShown]:
    """Add a verdict."""
    made = dispositions.add(connection, _defined(connection, body), asked.actor, asked.now)
    return Done(shown(made), version=made.version)


@api("PATCH", "/dispositions/{name}", scope="kinds:manage", versioned=True, errors=(409,))
def change_disposition(
    connection: Connection, asked: Asked, name: Name, body: DispositionPatch
) -> Done[DispositionShown]:
    """Change a verdict, or retire it. Calls keep the verdict that they have."""
    before = dispositions.get(connection, name)
    wanted = DispositionGiven(
        name=name,
        title=dict(before.title) if body.title is UNSET else body.title,
        kinds=list(before.kinds) if body.kinds is UNSET else body.kinds,
        note=before.note if body.note is UNSET else body.note,
        preset=before.preset if body.preset is UNSET else body.preset,
        retired=before.retired if body.retired is UNSET else body.retired,
    )
    expected = before.version if asked.expected is None else asked.expected
    after = _defined(connection, wanted, also=before.kinds)
    changed = dispositions.change(connection, after, expected, asked.actor, asked.now)
    return Done(shown(changed), version=changed.version)


def shown(one: Disposition) -> DispositionShown:
    """As the API tells it."""
    return DispositionShown(
        name=one.name,
        title=dict(one.title),
        kinds=list(one.kinds),
        note=one.note,
        preset=one.preset,
        retired=one.retired,
        version=one.version,
    )


def _defined(connection: Connection, body: DispositionGiven, also: tuple[str, ...] = ()) -> Disposition:
    """`also`: kinds that it fitted before, which may be gone by now."""
    return defined(
        body.name,
        body.title,
        kinds=body.kinds,
        known=frozenset([*(kind.name for kind in kinds.every(connection)), *also]),
        note=body.note,
        preset=body.preset,
        retired=body.retired,
    )

"""The API of merging: two customers who are one, apart again, and one who is two.

In: ids, what goes where. Out: the customers as they are then. Must not know: what becomes of names and numbers.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct
from msgspec.structs import asdict

from callserver.customers import checking
from callserver.customers.checking import LENGTHS, MOST
from callserver.customers.merging import Going
from callserver.errors import BadValue
from callserver.store import customers, merging, parting
from callserver.store.customers import subject
from callserver.store.engine import Connection
from callserver.store.merging import Merge
from callserver.store.parting import Gone
from callserver.web.api.customers import CustomerShown, shown
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.shapes import Given, Moment, moment

api = Operations("merging", "Two customers who are one; apart again within a day; and one who is two.")

Place = Annotated[int, Meta(ge=0, lt=MOST, description="Its place in the customer's list; 0 is the first.")]
_MOST_MOVED = 1000


class MergeGiven(Struct, frozen=True, kw_only=True):
    """Which customer becomes part of this one. `version`: of that one, as it was seen; without it, whichever it is."""

    customer: Id
    version: Annotated[int, Meta(ge=1)] | None = None


class SplitGiven(Struct, frozen=True, kw_only=True):
    """What goes, and to whom: a new customer of this name, or `customer`, who is there. One thing at least must go."""

    customer: Id | None = None
    name: Given[Annotated[str, Meta(max_length=LENGTHS["name"])]] = UNSET
    numbers: Annotated[list[Place], Meta(max_length=MOST)] = []
    addresses: Annotated[list[Place], Meta(max_length=MOST)] = []
    products: Annotated[list[Id], Meta(max_length=_MOST_MOVED)] = []
    tickets: Annotated[list[Id], Meta(max_length=_MOST_MOVED)] = []


class MergeShown(Struct, frozen=True, kw_only=True):
    """That a customer became part of another one. It can be undone until `until`."""

    id: int
    into: int
    customer: Annotated[int, Meta(description="Who is part of `into` since then.")]
    at: Moment | None
    actor: str
    until: Moment | None
    undone_at: Moment | None


class Merged(MergeShown, frozen=True, kw_only=True):
    """`version`: of `into` now, for whoever takes the merge back."""

    version: int | None


class Merges(Struct, frozen=True, kw_only=True):
    """Merges that a customer took part in, the newest first; at most 50."""

    merges: list[MergeShown]


class Apart(Struct, frozen=True, kw_only=True):
    """Two customers again; `stayed` says, a sentence each, what could not be taken back."""

    into: CustomerShown
    customer: CustomerShown
    stayed: list[str]


class Was(Struct, frozen=True, kw_only=True):
    """Versions of the two before something went from the one to the other."""

    customer: Annotated[int, Meta(ge=1)]
    other: Annotated[int, Meta(ge=1)]


class Split(Struct, frozen=True, kw_only=True):
    """The customer without what went, and whoever has it now; `new` also where that one was there before.

    `was`: for whoever takes it back; null with a new customer, who can be merged again.
    """

    customer: CustomerShown
    new: CustomerShown
    was: Was | None


class SplitUndoGiven(Struct, frozen=True, kw_only=True):
    """What went to `customer`, as the split was asked for and answered; numbers and addresses are known by `was`."""

    customer: Id
    was: Was
    products: Annotated[list[Id], Meta(max_length=_MOST_MOVED)] = []
    tickets: Annotated[list[Id], Meta(max_length=_MOST_MOVED)] = []


class SplitUndone(Struct, frozen=True, kw_only=True):
    """Both as they are now; `stayed` says, a sentence each, what could not be taken back."""

    customer: CustomerShown
    other: CustomerShown
    stayed: list[str]


@api("POST", "/customers/{id}/merge", scope="customers:write", status=201, guarded=True, errors=(409,))
def merge_customers(connection: Connection, asked: Asked, id: Id, body: MergeGiven) -> Done[Merged]:
    """Another customer becomes part of this one, with products, tickets, contacts and promises.

    If-Match has the version of this one. It can be undone for a day: `POST /merges/{id}/undo`.
    """
    seen = (asked.expected, body.version)
    done = merging.merge(connection, id, body.customer, asked.actor, asked.now, seen=seen)
    return Done(Merged(**asdict(_merge(done)), version=done.version))


@api("GET", "/customers/{id}/merges", scope="customers:read")
def list_merges(connection: Connection, asked: Asked, id: Id) -> Done[Merges]:
    """Merges that a customer took part in, the newest first."""
    customers.get(connection, id)
    found = merging.of_customer(connection, id)
    return Done(Merges(merges=[_merge(one) for one in found]), seen=(subject(id),))


@api("POST", "/merges/{id}/undo", scope="customers:write", guarded=True, errors=(409,))
def undo_merge(connection: Connection, asked: Asked, id: Id) -> Done[Apart]:
    """Take a merge back, within a day: all that still is as the merge left it.

    If-Match has the version of the customer who lived on.
    """
    done = merging.undo(connection, id, asked.actor, asked.now, expected=asked.expected)
    return Done(
        Apart(into=shown(done.into, asked), customer=shown(done.other, asked), stayed=list(done.stayed))
    )


@api("POST", "/customers/{id}/split", scope="customers:write", status=201, guarded=True)
def split_customer(connection: Connection, asked: Asked, id: Id, body: SplitGiven) -> Done[Split]:
    """Some numbers, addresses, products and tickets go to another customer, who was thought to be the same.

    With the tickets go their contacts, and the calls that are owed on them.
    """
    given = (body.name or "").strip()
    if given and body.customer is not None:
        raise BadValue("name", "is for a new customer, and one who is there was named")
    name = checking.customer({"name": given}, asked.site.plan).name if given else ""
    going = Going(
        numbers=tuple(body.numbers),
        addresses=tuple(body.addresses),
        products=tuple(body.products),
        tickets=tuple(body.tickets),
    )
    who, when = asked.actor, asked.now
    if body.customer is None:
        rest, new = parting.split(connection, id, asked.expected, going, name, who, when)
        was = None
    else:
        rest, new, gone = parting.give(connection, id, asked.expected, going, body.customer, who, when)
        was = Was(customer=gone.was[0], other=gone.was[1])
    return Done(
        Split(customer=shown(rest, asked), new=shown(new, asked), was=was), location=f"/customers/{new.id}"
    )


@api("POST", "/customers/{id}/split/undo", scope="customers:write", guarded=True, errors=(409,))
def undo_split(connection: Connection, asked: Asked, id: Id, body: SplitUndoGiven) -> Done[SplitUndone]:
    """What went to a customer who was there already is this one's again, within a day: all that is still there.

    If-Match has the version of this customer. Who was made by a split is merged again instead.
    """
    gone = Gone(
        to=body.customer,
        was=(body.was.customer, body.was.other),
        products=tuple(dict.fromkeys(body.products)),
        tickets=tuple(dict.fromkeys(body.tickets)),
    )
    done = parting.take_back(connection, id, asked.expected, gone, asked.actor, asked.now)
    return Done(
        SplitUndone(
            customer=shown(done.customer, asked), other=shown(done.other, asked), stayed=list(done.stayed)
        )
    )


def _merge(done: Merge) -> MergeShown:
    return MergeShown(
        id=done.id,
        into=done.into,
        customer=done.other,
        at=moment(done.at),
        actor=done.actor,
        until=moment(done.until),
        undone_at=moment(done.undone_at),
    )

"""Customers who are one become one, and come apart again: with all that belongs to them. One who is two: parting.py.

In: ids, who decides, when. Out: customers, and what could not be undone. Must not know: what becomes of names and
numbers (customers.merging). Each function works inside its caller's transaction.

A merge writes down what went over (`merges.moved`), so that it can go back for a day. Rows are held in the order of
their ids, customers before products before tickets, so that two merges never wait for each other in a ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NewType, TypeAlias

from sqlalchemy import Connection, Row, insert, select, update

from callserver.customers import merging
from callserver.customers.record import Customer, CustomerId, customer_from_json
from callserver.errors import Conflict, NotFound
from callserver.facts import Actor, Instant, iso
from callserver.store import audit, customers, following, history, ids, landing, outbox
from callserver.store.desk import merges as table
from callserver.store.text import dump, load

MergeId = NewType("MergeId", int)
Seen: TypeAlias = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """That a customer became part of another one. `undone_at`: it came apart again. `version`: of `into` just after it,
    None where that is long ago.
    """

    id: MergeId
    into: CustomerId
    other: CustomerId
    at: Instant
    actor: str
    undone_at: Instant | None = None
    version: int | None = None

    @property
    def until(self) -> Instant:
        """Until when it can be undone."""
        return self.at + merging.UNDOABLE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """Two customers again; `stayed` says, a sentence each, what could not be taken back."""

    into: Customer
    other: Customer
    stayed: tuple[str, ...]


def merge(
    connection: Connection, into: int, other: int, actor: Actor, now: Instant, *, seen: Seen = (None, None)
) -> Merge:
    """`other` becomes part of `into`, with products, tickets, contacts and promises.

    `seen`: the versions of the two that whoever decides has looked at; None: whichever. Raises NotFound; Outdated;
    Conflict for one and the same customer, and for one that was merged or erased.
    """
    if into == other:
        raise Conflict(f"customer {into} cannot become part of itself")
    both = {id: customers.locked(connection, id) for id in sorted((into, other))}
    before = (both[into], both[other])
    for customer, version in zip(before, seen, strict=True):
        customers.require_version(customer, version)
    one, part = merging.merged(*before, now)
    customers.rewrite(connection, before[1], part, actor, now)  # first: it may give up its external id
    customers.rewrite(connection, before[0], one, actor, now)
    theirs = following.products_of(connection, other), following.tickets_of(connection, other)
    moved = {
        "versions": [customer.version for customer in before],
        "products": following.products_go(connection, theirs[0], one.id, actor, now),
        "tickets": following.tickets_go(connection, theirs[1], one.id, "merged", actor, now),
    }
    row = {"into_id": one.id, "from_id": part.id, "at": now, "actor": actor.name, "moved": dump(moved)}
    id = connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one()
    done = Merge(id=MergeId(id), into=one.id, other=part.id, at=now, actor=actor.name, version=one.version)
    _told(connection, done, "customer.merge", {"from": part.id}, actor, now)
    landing.adopt(connection, one, actor, now)  # a number that the two shared is one customer's now
    return done


def undo(
    connection: Connection, merge: int, actor: Actor, now: Instant, *, expected: int | None = None
) -> Undone:
    """Take a merge back, within a day: all that still is as the merge left it.

    `expected`: the version of the customer who lives on, as whoever decides has seen it. Raises NotFound; Outdated;
    Conflict where it was undone already, is too old, or one of the two was merged again or erased.
    """
    row = _held(connection, merge)
    done = _merge(row)
    if done.undone_at is not None:
        raise Conflict(f"merge {merge} was undone already")
    if now > done.until:
        raise Conflict(f"merge {merge} could be undone until {iso(done.until)}")
    into, other = _both(connection, done)
    customers.require_version(into, expected)
    moved = load(row.moved)
    was = [
        customer_from_json(history.get(connection, customers.SUBJECT, one.id, version).record)
        for one, version in zip((into, other), moved["versions"], strict=True)
    ]
    apart = merging.apart(into, other, (was[0], was[1]), now)
    customers.rewrite(connection, into, apart.into, actor, now)
    customers.rewrite(connection, other, apart.other, actor, now)
    stayed = [f"{name} was changed since and stays as it is" for name in apart.kept]
    stayed += following.products_back(connection, moved["products"], into.id, other.id, actor, now)
    stayed += following.tickets_back(connection, moved["tickets"], into.id, other.id, "unmerged", actor, now)
    connection.execute(update(table).where(table.c.id == done.id).values(undone_at=now))
    _told(connection, done, "customer.unmerge", {"from": done.other, "merge": done.id}, actor, now)
    return Undone(into=apart.into, other=apart.other, stayed=tuple(stayed))


def of_customer(connection: Connection, id: int, limit: int = 50) -> list[Merge]:
    """Merges that a customer took part in, the newest first."""
    here = (table.c.into_id == ids.known(id)) | (table.c.from_id == ids.known(id))
    rows = connection.execute(select(table).where(here).order_by(table.c.id.desc()).limit(limit))
    return [_merge(row) for row in rows]


def living(connection: Connection, id: int) -> Customer:
    """The customer that this one is part of by now, or itself. Raises NotFound."""
    customer = customers.get(connection, id)
    while customer.merged_into is not None:  # ends: only a customer that lives can be merged into
        customer = customers.get(connection, customer.merged_into)
    return customer


def parts_of(connection: Connection, id: int) -> frozenset[int]:
    """Every customer that has become part of this one by now, also by way of others."""
    found: set[int] = set()
    new = {id}
    while new:
        here = table.c.into_id.in_(sorted(new)) & table.c.undone_at.is_(None)
        new = set(connection.execute(select(table.c.from_id).where(here)).scalars()) - found - {id}
        found |= new
    return frozenset(found)


# --- rows ------------------------------------------------------------------------------------------------------------


def _held(connection: Connection, merge: int) -> Row[Any]:
    row = connection.execute(select(table).where(table.c.id == ids.known(merge)).with_for_update()).first()
    if row is None:
        raise NotFound(f"there is no merge {merge}")
    return row


def _both(connection: Connection, done: Merge) -> tuple[Customer, Customer]:
    into = customers.locked(connection, done.into)
    other = customers.get(connection, done.other)
    if other.erased_at is not None:
        raise Conflict(f"customer {done.other} was erased")
    if other.merged_into != done.into:
        raise Conflict(f"customer {done.other} is not part of customer {done.into} any more")
    return into, other


def _merge(row: Row[Any]) -> Merge:
    return Merge(
        id=MergeId(row.id),
        into=CustomerId(row.into_id),
        other=CustomerId(row.from_id),
        at=row.at,
        actor=row.actor,
        undone_at=row.undone_at,
    )


def _told(
    connection: Connection, done: Merge, action: str, detail: dict[str, Any], actor: Actor, now: Instant
) -> None:
    audit.note(connection, actor, action, customers.subject(done.into), detail, now)
    audit.note(connection, actor, action, customers.subject(done.other), {"into": done.into}, now)
    body = {
        "merge": done.id,
        "into": done.into,
        "from": done.other,
        "undone": action == "customer.unmerge",
        "at": iso(now),
    }
    happened = outbox.Event(
        type="callserver.customer.merged",
        key=f"merge:{done.id}:{action}",
        subject=customers.subject(done.into),
        at=now,
        body=body,
    )
    outbox.tell(connection, happened)

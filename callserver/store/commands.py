"""Requests to the switches: put down by whoever wants something, taken once by the node that owns the switch.

In: requests, inside the asker's transaction; the owner's lease. Out: requests to send, each given out once and marked
*sent* before a byte of it leaves; what came of them. Must not know: AMI, who waits. What was marked is never given
out again: after a crash the next owner learns from the switch what became of it (`left_behind`).

Time is the database's own clock, the one that all nodes share; `now` is an argument for tests only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Row, and_, bindparam, case, delete, literal, or_, select, update

from callserver.errors import Conflict, LeaseLost
from callserver.facts import Actor, Instant, PbxId
from callserver.seats.asking import CommandId, CommandState, Outcome, Request, from_json, to_json
from callserver.store import text
from callserver.store.at_work import command_under_way, command_waiting
from callserver.store.at_work import commands as table
from callserver.store.engine import Store
from callserver.store.leases import lease_of
from callserver.store.schema import clock
from callserver.store.schema import leases as leases_table
from callserver.store.upsert import insert

MOST_AT_ONCE = 100
_NEEDLE = 9  # digits at the end of a number by which a request about somebody is recognised
_NOT_DIGITS = re.compile(r"[^0-9]+")
TOO_LATE = "it was too late: no callserver with a connection to Asterisk {pbx} took it in time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request to one switch, good for `within_s` seconds: after that it is not sent any more.

    `key`: a second request with it is the first one again, for ever. `lane`: while a request of this lane is under way
    there is no other one, such as one phone dialling twice.
    """

    pbx: PbxId
    request: Request
    actor: Actor
    within_s: float = 10.0
    key: str | None = None
    lane: str | None = None


class UnderWay(Conflict):
    """Another request of the same lane is not over; `id` is that one, `request` what it asks for."""

    def __init__(self, id: CommandId, request: Request | None) -> None:
        super().__init__("another request of this kind is under way")
        self.id = id
        self.request = request


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A request that is to be sent, or was: `sent_at` by the database's clock.

    `request` is None where this callserver cannot read it: a newer one may have put it down.
    """

    id: CommandId
    pbx: PbxId
    request: Request | None
    asked_by: str
    sent_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who may send to a switch: the holder of its lease, in this epoch."""

    pbx: PbxId
    holder: str
    epoch: int


# --- the asker's -----------------------------------------------------------------------------------------------------


def ask(connection: Connection, wanted: Ask, *, now: Instant | None = None) -> CommandId:
    """Put a request down; wake the switch's owner after the commit (`Switchboard.wake`).

    Raises UnderWay where its lane is taken, ValueError for a request that is no JSON.
    """
    moment = clock(now)
    new = insert(connection, table).values(
        pbx=text.key(wanted.pbx),
        kind=wanted.request.kind,
        body=text.dump(to_json(wanted.request)),
        key=text.optional_key(wanted.key),
        lane=text.optional_key(wanted.lane),
        asked_by=text.key(wanted.actor.name),
        through=wanted.actor.through,
        asked_at=moment,
        expires_at=moment + round(wanted.within_s * 1000),
        state="waiting",
        code="",
        said="",
        detail="{}",
    )
    if wanted.lane is not None:
        _expire(connection, table.c.lane == text.key(wanted.lane), now)
    made = connection.execute(new.on_conflict_do_nothing().returning(table.c.id)).scalar()
    return CommandId(made) if made is not None else _known(connection, wanted)


def _known(connection: Connection, wanted: Ask) -> CommandId:
    """The request that stands in the way of a new one."""
    same = table.c.key == text.optional_key(wanted.key)
    busy = and_(table.c.lane == text.optional_key(wanted.lane), command_under_way)
    order = case((same, 0), else_=1)
    found = connection.execute(select(table).where(or_(same, busy)).order_by(order).limit(1)).first()
    if found is None:  # it ended in this very moment
        raise Conflict("another request has just ended; try again")
    if wanted.key is not None and found.key == text.key(wanted.key):
        return CommandId(found.id)
    raise UnderWay(CommandId(found.id), _request(found))


def outcome(connection: Connection, id: CommandId) -> Outcome | None:
    """What came of it so far; None where there is no such request (any more)."""
    found = connection.execute(select(table).where(table.c.id == id)).one_or_none()
    return None if found is None else _outcome(found)


def outcomes(connection: Connection, ids: Sequence[CommandId]) -> dict[CommandId, Outcome]:
    """The same of many; those that there are not are left out."""
    found = map(_outcome, connection.execute(_SOME, {"ids": ids}))
    return {one.id: one for one in found}


_SOME = select(table).where(table.c.id.in_(bindparam("ids", expanding=True)))


def give_up(connection: Connection, id: CommandId, *, now: Instant | None = None) -> Outcome | None:
    """Like `outcome`; one that nobody took in time is over then."""
    _expire(connection, table.c.id == id, now)
    return outcome(connection, id)


def give_up_all(connection: Connection, ids: Sequence[CommandId]) -> list[Outcome]:
    """The same of many."""
    _expire(connection, table.c.id.in_(ids), None)
    return list(outcomes(connection, ids).values())


# --- the owner's -----------------------------------------------------------------------------------------------------


async def waiting(store: Store, pbx: PbxId) -> bool:
    """Whether there is anything to send; costs no lock."""
    wanted = select(table.c.id).where(table.c.pbx == text.key(pbx), command_waiting).limit(1)
    return await store.read(lambda connection: connection.execute(wanted).first()) is not None


async def take(store: Store, owner: Owner, *, now: Instant | None = None) -> list[Taken]:
    """What is to be sent now, in the order in which it was asked for; marked as sent when this returns.

    Raises LeaseLost where somebody else owns the switch by now, StoreError; then nothing is given out.
    """
    return await store.write(lambda connection: _take(connection, owner, now))


def _take(connection: Connection, owner: Owner, now: Instant | None) -> list[Taken]:
    _must_own(connection, owner)
    here = table.c.pbx == text.key(owner.pbx)
    _expire(connection, here, now)
    due = select(table.c.id).where(here, command_waiting).order_by(table.c.id).limit(MOST_AT_ONCE)
    marked = (
        update(table)
        .where(table.c.id.in_(connection.execute(due).scalars().all()), command_waiting)
        .values(state="sent", holder=owner.holder, epoch=owner.epoch, sent_at=clock(now))
        .returning(table)
    )
    return sorted(map(_taken, connection.execute(marked)), key=lambda one: one.id)


def _must_own(connection: Connection, owner: Owner) -> None:
    """The lease's row stays locked until the transaction ends, so a new owner takes what we left."""
    held = select(literal(1)).where(
        leases_table.c.name == lease_of(owner.pbx),
        leases_table.c.holder == text.key(owner.holder),
        leases_table.c.epoch == owner.epoch,
    )
    if connection.execute(held.with_for_update()).first() is None:
        raise LeaseLost(f"{owner.pbx} is not ours any more: nothing is sent to it")


async def left_behind(store: Store, owner: Owner) -> list[Taken]:
    """What an earlier owner had marked as sent, and whose outcome nobody wrote. Whether it was sent is not known."""
    earlier = or_(table.c.holder != text.key(owner.holder), table.c.epoch != owner.epoch)
    wanted = (
        select(table)
        .where(table.c.pbx == text.key(owner.pbx), table.c.state == "sent", earlier)
        .order_by(table.c.id)
    )
    found = await store.read(lambda connection: connection.execute(wanted).all())
    return [_taken(row) for row in found]


async def marked(store: Store, owner: Owner) -> list[Taken]:
    """What this owner has marked as sent, and whose outcome is not written: under way, or lost with the answer of the
    database to `take`."""
    ours = (table.c.holder == text.key(owner.holder), table.c.epoch == owner.epoch)
    here = (table.c.pbx == text.key(owner.pbx), table.c.state == "sent")
    found = await store.read(lambda connection: connection.execute(select(table).where(*here, *ours)).all())
    return sorted(map(_taken, found), key=lambda one: one.id)


async def settle(store: Store, came: Outcome, *, now: Instant | None = None) -> bool:
    """Write what came of a request that was sent. False: that is known already. Raises StoreError."""
    change = (
        update(table)
        .where(table.c.id == came.id, table.c.state == "sent")
        .values(
            state=came.state,
            code=text.key(came.code),
            said=text.storable(came.said),
            detail=text.dump(dict(came.detail)),
            ended_at=clock(now),
        )
    )
    return await store.write(lambda connection: connection.execute(change).rowcount) == 1


def forget(connection: Connection, numbers: Sequence[str]) -> int:
    """Throw away what is over and names one of these numbers (E.164), dialled or shown; how many requests.

    For erasing a person. What is under way is over within a minute and goes in a day, as all of them do.
    """
    needles = {one[-_NEEDLE:] for one in numbers}
    over = select(table.c.id, table.c.body, table.c.said, table.c.detail).where(~command_under_way)
    gone = [
        row.id
        for row in connection.execute(over)
        if any(needle in _NOT_DIGITS.sub("", f"{row.body}{row.said}{row.detail}") for needle in needles)
    ]
    for id in gone:
        connection.execute(delete(table).where(table.c.id == id))
    return len(gone)


# --- rows ------------------------------------------------------------------------------------------------------------


def _expire(connection: Connection, which: Any, now: Instant | None) -> None:
    connection.execute(
        update(table)
        .where(which, command_waiting, table.c.expires_at <= clock(now))
        .values(state="expired", code="expired", ended_at=clock(now))
    )


def _taken(row: Row[Any]) -> Taken:
    return Taken(
        id=CommandId(row.id),
        pbx=PbxId(row.pbx),
        request=_request(row),
        asked_by=row.asked_by,
        sent_at=row.sent_at,
    )


def _request(row: Row[Any]) -> Request | None:
    try:
        return from_json(row.kind, text.load(row.body))
    except ValueError:
        return None


def _outcome(row: Row[Any]) -> Outcome:
    state = cast("CommandState", row.state)
    said = TOO_LATE.format(pbx=row.pbx) if state == "expired" else row.said
    return Outcome(id=CommandId(row.id), state=state, code=row.code, said=said, detail=text.load(row.detail))

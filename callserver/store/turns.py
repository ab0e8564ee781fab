"""Whose turn it is to be dialled: promises come due, are claimed in the order of their deadlines, held back, reserved.

In: now. Out: promises. Must not know: policies, who is free, how a call is dialled.

`next_at` is when the machinery looks at a promise. Where that has come, `mark_due` gives it its turn: a place among
those that may be dialled, by deadline. `claim` takes the first ones and gives each a `next_at` some seconds ahead, so
that nobody else looks at them meanwhile, and somebody does if the claimer dies. Both read only rows that they take, by
an index of their own: what is not due yet costs nothing, however much that is. Two who claim at once on PostgreSQL pass
over each other's rows.

None of this takes the ticket's row, which whoever closes a promise holds first; what is late is told on the timeline,
so `break_late` does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, null, or_, select, update

from callserver.errors import Conflict
from callserver.facts import MACHINE, Instant
from callserver.people import UserId
from callserver.promises.states import Illegal
from callserver.store import ids, promises, text
from callserver.store.desk import promise_overlooked
from callserver.store.desk import promises as table
from callserver.store.locking import one_after_another
from callserver.store.owing import touched
from callserver.store.promising import attempt_open
from callserver.store.promising import promise_attempts as attempts
from callserver.tickets.promise import MACHINE_MAY, Promise
from callserver.tickets.record import PromiseId

CLAIM_MS: Final = 30_000
"""Whoever claimed a promise and did nothing with it for so long has died."""
RINGING_MS: Final = 90_000
"""After so long no phone rings for a promise any more, whatever became of the call."""
MOST_DUE: Final = 500
MOST_LATE: Final = 100

# What a promise is at when nobody has it in hand.
_RESTING = case(
    (table.c.broken_at.is_not(None), "broken"),
    (table.c.tries > 0, "to_retry"),
    else_="due",
)
_MAY: Final = sorted(MACHINE_MAY)
_GOING_ON: Final = ("dialling", "in_call", "unknown")


def mark_due(connection: Connection, now: Instant, limit: int = MOST_DUE) -> tuple[Promise, ...]:
    """Give at most `limit` promises their turn whose moment has come; those of them that became due just now.

    A reservation that ran out is over with it: nothing was dialled. Ask again until nothing is left (`left_to_mark`).
    """
    wanted = (
        select(table.c.id, table.c.status)
        .where(table.c.next_at <= now)
        .order_by(table.c.next_at, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(wanted).all()
    if not found:
        return ()
    at_rest = case((table.c.status.in_(["planned", "reserved"]), _RESTING), else_=table.c.status)
    change = (
        update(table)
        .where(table.c.id.in_([row.id for row in found]))
        .values(turn=table.c.deadline_at, next_at=None, reserved_by=None, status=at_rest)
        .returning(*table.c)
    )
    planned = {row.id for row in found if row.status == "planned"}
    marked = [promises.from_row(row) for row in connection.execute(change)]
    became = sorted((one for one in marked if one.id in planned), key=lambda one: (one.due_at, one.id))
    for one in became:
        promises.tell_outside(connection, one, "due", now)
    return tuple(became)


def left_to_mark(connection: Connection, now: Instant) -> bool:
    """Whether somebody's moment has come who has no turn yet."""
    return connection.execute(select(table.c.id).where(table.c.next_at <= now).limit(1)).first() is not None


def claim(
    connection: Connection, now: Instant, limit: int, *, hold_ms: int = CLAIM_MS
) -> tuple[Promise, ...]:
    """At most `limit` promises whose turn it is, the earliest deadline first; nobody else gets them for `hold_ms`."""
    first = (
        select(table.c.id)
        .where(table.c.turn.is_not(None))
        .order_by(table.c.turn, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(first).scalars().all()
    if not found:
        return ()
    change = (
        update(table)
        .where(table.c.id.in_(found))
        .values(turn=None, next_at=now + hold_ms)
        .returning(*table.c)
    )
    taken = [promises.from_row(row) for row in connection.execute(change)]
    return tuple(sorted(taken, key=lambda one: (one.deadline_at, one.id)))


def give_back(connection: Connection, claimed: Iterable[PromiseId]) -> None:
    """Claimed, and not looked at after all: they have their turn again, before those with later deadlines."""
    _change(connection, list(claimed), turn=table.c.deadline_at, next_at=None)


def hold(
    connection: Connection, promise: PromiseId, rule: str, again_at: Instant | None, now: Instant
) -> bool:
    """Claimed, and held back by a rule: looked at again then; None: not before something happens to it (`stir`).

    False: it was taken up or closed meanwhile; nothing changed.
    """
    held = {"held": text.key(rule), "held_at": now, "turn": None, "next_at": again_at}
    return _change(connection, [promise], **held) == 1


def stir(connection: Connection, rules: Collection[str], now: Instant) -> int:
    """What held promises back by these rules may be over: look at them again now. How many there are."""
    held = table.c.held.in_(sorted(map(text.key, rules)))
    change = update(table).where(held, table.c.status.in_(_MAY), table.c.turn.is_(None))
    return connection.execute(change.values(next_at=now)).rowcount


def _change(connection: Connection, which: list[PromiseId], **values: Any) -> int:
    change = update(table).where(table.c.id.in_(which), table.c.status.in_(_MAY))
    return connection.execute(change.values(**values)).rowcount


# --- in somebody's hands ---------------------------------------------------------------------------------------------


def reserve(connection: Connection, promise: PromiseId, user: UserId, until: Instant) -> Promise:
    """This promise is the next thing that `user` does, until then; nothing is dialled yet.

    Raises NotFound; Conflict where it is in somebody's hands or over, or where they have another one in theirs.
    """
    one_after_another(connection, f"promise of user {user}")
    _must_be_idle(connection, user)
    taken = {"status": "reserved", "reserved_by": user, "next_at": until, "turn": None, "held": None}
    change = update(table).where(table.c.id == ids.known(promise), table.c.status.in_(_MAY)).values(**taken)
    row = connection.execute(change.returning(*table.c)).one_or_none()
    if row is None:
        raise Illegal(promises.get(connection, promise).status, "reserve")
    touched(connection, promise)
    return promises.from_row(row)


def _must_be_idle(connection: Connection, user: UserId) -> None:
    other = connection.execute(select(table.c.id).where(table.c.reserved_by == user)).scalar()
    if other is not None:
        raise Conflict(f"promise {other} is in your hands already")


def release(connection: Connection, promise: PromiseId, next_at: Instant) -> bool:
    """Reserved, and not dialled: it waits again, until then. False: it was not reserved any more."""
    here = (table.c.id == ids.known(promise), table.c.status == "reserved")
    free = {"status": _RESTING, "reserved_by": None, "next_at": next_at, "turn": None}
    touched(connection, promise)
    return connection.execute(update(table).where(*here).values(**free)).rowcount == 1


def reserved(connection: Connection) -> tuple[Promise, ...]:
    """Every promise that is in somebody's hands: on their screen, dialled or talked about."""
    # In the order of the index that has only these: by id, a database would rather read all promises there are.
    wanted = select(table).where(table.c.reserved_by.is_not(None)).order_by(table.c.reserved_by)
    found = [promises.from_row(row) for row in connection.execute(wanted)]
    return tuple(sorted(found, key=lambda one: one.id))


def ringing(connection: Connection, now: Instant) -> frozenset[UserId]:
    """Whose phone rings for a promise, or is about to: they are not to be given other calls meanwhile."""
    under_way = and_(attempts.c.promise_id == table.c.id, attempt_open)
    rings = and_(table.c.status == "dialling", attempts.c.sent_at > now - RINGING_MS)
    wanted = (
        select(table.c.reserved_by)
        .outerjoin(attempts, under_way)
        .where(table.c.reserved_by.is_not(None), or_(table.c.status == "reserved", rings))
        .order_by(table.c.reserved_by)  # of the index that has only these
    )
    return frozenset(map(UserId, connection.execute(wanted).scalars()))


# --- too late --------------------------------------------------------------------------------------------------------


def break_late(connection: Connection, now: Instant, limit: int = MOST_LATE) -> tuple[Promise, ...]:
    """At most `limit` promises whose deadline has passed are broken from now on, and told so, once for ever.

    One that is being dialled in this moment goes on with it and is broken all the same; one that only waits for its
    agent's key is in their hands no longer. Whose customer has answered is not late: should the call come to nothing,
    it is broken after it. None of them is closed.
    """
    late = (
        select(table.c.id, table.c.ticket_id)
        .where(*_late(now))
        .order_by(table.c.deadline_at, table.c.id)
        .limit(limit)
    )
    found = sorted(connection.execute(late).all(), key=lambda row: (row.ticket_id, row.id))
    broken = [_break(connection, row, now) for row in found]
    return tuple(one for one in broken if one is not None)


def _late(now: Instant) -> tuple[ColumnElement[bool], ...]:
    return promise_overlooked, table.c.deadline_at < now, table.c.status != "in_call"


def _break(connection: Connection, late: Any, now: Instant) -> Promise | None:
    promises.hold_ticket(connection, late.ticket_id)
    idle = table.c.status.not_in(_GOING_ON)
    change = (
        update(table)
        .where(table.c.id == late.id, *_late(now))
        .values(
            status=case((idle, "broken"), else_=table.c.status),
            reserved_by=case((idle, null()), else_=table.c.reserved_by),
            broken_at=now,
            version=table.c.version + 1,
        )
        .returning(*table.c)
    )
    row = connection.execute(change).one_or_none()
    if row is None:  # closed, or given more time, while we waited
        return None
    broken = promises.from_row(row)
    promises.tell(connection, broken, "broken", MACHINE, now)
    return broken

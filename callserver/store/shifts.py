"""Who is at work where: shifts, kept so that nobody signs in again after a restart.

In: what people and the presence want, inside their transactions. Out: shifts; seats that were left and are still to be
cleared on the switch. Must not know: the switch, who may ask. Each function changes only what it is about, so that a
person's wish and the end of a wrap-up in the same moment do not undo each other.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, Text, delete, func, select, update
from sqlalchemy import cast as as_type

from callserver.errors import Conflict, NotFound
from callserver.facts import CallId, Instant, PbxId, iso
from callserver.people import Person, Profile, UserId
from callserver.seats import wording
from callserver.seats.shift import Seat, Shift, Vacated, Wish, WrapUp
from callserver.store import after, text
from callserver.store.at_work import shifts as table
from callserver.store.at_work import vacated as left_table
from callserver.store.locking import one_after_another
from callserver.store.upsert import insert

NOT_AT_WORK = "you are not signed in to a seat"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody sits down. `left`: their own seat of before; `displaced`: who sat there and do not any more."""

    shift: Shift
    left: Seat | None = None
    displaced: tuple[Shift, ...] = ()


@dataclass(frozen=True, slots=True)
class ShiftChanged:
    """Said after the commit of each change, to whoever in this process looks after shifts."""

    user: UserId


class Taken(Conflict):
    """The seat is somebody's; `by` says whose."""

    def __init__(self, by: Shift) -> None:
        super().__init__(
            f"{by.seat.interface} is {by.name}'s seat since {iso(by.since)}; give take_over to sit down all the same"
        )
        self.by = by


# --- asking ----------------------------------------------------------------------------------------------------------


def every(connection: Connection) -> list[Shift]:
    """All shifts, by user."""
    return [_shift(row) for row in connection.execute(select(table).order_by(table.c.user_id))]


def versions(connection: Connection) -> dict[UserId, int]:
    """Each shift's version: what changed since the last look is told by these. One row: this is asked all day, and
    sqlite3 lets other threads in before each row.
    """
    found = connection.execute(_VERSIONS).scalar() or ""
    pairs = (one.split(":") for one in found.split(",") if one)
    return {UserId(int(user)): int(version) for user, version in pairs}


def of(connection: Connection, user: UserId) -> Shift | None:
    """A person's shift; None: they are not at work."""
    return _one(connection, table.c.user_id == user)


def at(connection: Connection, pbx: PbxId, interface: str) -> Shift | None:
    """Whose seat that is now."""
    return _one(connection, table.c.pbx == text.key(pbx), table.c.interface == text.key(interface))


def sharing(connection: Connection, seat: Seat, but: UserId) -> tuple[Shift, ...]:
    """Who else sits at this phone, under whatever name."""
    return tuple(one for one in every(connection) if one.user != but and one.seat.shares_phone(seat))


def vacated(connection: Connection) -> list[Vacated]:
    """Seats that were left and are still to be cleared on their switch."""
    return [
        Vacated(
            pbx=PbxId(row.pbx),
            interface=row.interface,
            queues=frozenset(text.load(row.queues)),
            since=row.since,
        )
        for row in connection.execute(select(left_table))
    ]


def _one(connection: Connection, *which: ColumnElement[bool]) -> Shift | None:
    row = connection.execute(select(table).where(*which)).one_or_none()
    return None if row is None else _shift(row)


# --- coming and going ------------------------------------------------------------------------------------------------


def sign_in(
    connection: Connection, person: Person, seat: Seat, now: Instant, *, take_over: bool = False
) -> SignedIn:
    """Sit down there; whoever is new at work begins with a pause. A seat of before is left, the wish goes along.

    Raises Taken where somebody else sits there, or has it as the phone whose state theirs is, unless `take_over`.
    """
    one_after_another(connection, "seats")
    displaced = sharing(connection, seat, person.id)
    for one in displaced:
        if not (take_over or one.leaving):
            raise Taken(one)
    for one in displaced:
        end(connection, one.user, now)
    mine = of(connection, person.id)
    if mine is None:
        _begin(connection, person, seat, now)
        left = None
    else:
        left = mine.seat if mine.seat != seat else None
        _move(connection, mine, person, seat, now)
    shift = of(connection, person.id)
    assert shift is not None
    return SignedIn(shift=shift, left=left, displaced=displaced)


def _begin(connection: Connection, person: Person, seat: Seat, now: Instant) -> None:
    new = table.insert().values(
        user_id=person.id,
        version=now,
        **_seated(person, seat),
        since=now,
        wish="pause",
        reason=wording.SIGNED_IN,
        wished_at=now,
        carried=False,
        leaving=False,
    )
    connection.execute(new)
    after.say(connection, ShiftChanged(person.id))


def _move(connection: Connection, mine: Shift, person: Person, seat: Seat, now: Instant) -> None:
    if mine.seat != seat:
        _leave_behind(connection, mine, now)
    wished = {"wished_at": max(now, mine.wished_at + 1), "carried": False, "leaving": False}
    _change(connection, person.id, **_seated(person, seat), **wished)


def _seated(person: Person, seat: Seat) -> dict[str, Any]:
    return {
        "login": text.key(person.login),
        "name": text.storable(person.name),
        "pbx": text.key(seat.pbx),
        "interface": text.key(seat.interface),
        "state_interface": text.key(seat.state_interface),
        "queues": _profile(person),
    }


def _profile(person: Person) -> str:
    return text.dump([[one.queue, one.penalty] for one in person.queues])


def leave(connection: Connection, user: UserId) -> Shift:
    """Sign out: at once, or when the call under way is over (the presence says `end` then). Raises NotFound."""
    _change(connection, user, leaving=True, carried=False, **_NO_WRAP_UP)
    return _known(connection, user)


def end(connection: Connection, user: UserId, now: Instant) -> Shift | None:
    """The shift is over; its phone is still to be taken out of the queues. None: there was none."""
    shift = of(connection, user)
    if shift is None:
        return None
    _leave_behind(connection, shift, now)
    connection.execute(delete(table).where(table.c.user_id == user))
    after.say(connection, ShiftChanged(user))
    return shift


def _leave_behind(connection: Connection, shift: Shift, now: Instant) -> None:
    new = insert(connection, left_table).values(
        pbx=text.key(shift.seat.pbx),
        interface=text.key(shift.seat.interface),
        queues=text.dump(sorted(shift.serves)),
        since=now,
    )
    again = {"queues": new.excluded.queues, "since": new.excluded.since}
    connection.execute(new.on_conflict_do_update(index_elements=["pbx", "interface"], set_=again))


def cleared(connection: Connection, seat: Vacated) -> None:
    """The switch has taken the phone out of the queues."""
    gone = (left_table.c.pbx == seat.pbx, left_table.c.interface == seat.interface)
    connection.execute(delete(left_table).where(*gone, left_table.c.since == seat.since))


def refresh(connection: Connection, person: Person, now: Instant) -> None:
    """The person's name or queues may be different now."""
    shift = of(connection, person.id)
    if shift is None or (shift.name, shift.queues) == (person.name, tuple(person.queues)):
        return
    wished = max(now, shift.wished_at + 1)
    _change(
        connection,
        person.id,
        name=text.storable(person.name),
        queues=_profile(person),
        wished_at=wished,
    )


# --- wishes ----------------------------------------------------------------------------------------------------------


def wish(connection: Connection, user: UserId, wish: Wish, reason: str | None, now: Instant) -> Shift:
    """What the person wants to be. To be ready ends a wrap-up; a pause comes after it. Raises NotFound."""
    before = _known(connection, user)
    _change(
        connection,
        user,
        wish=wish,
        reason=text.optional_key(reason),
        wished_at=max(now, before.wished_at + 1),
        carried=False,
        leaving=False,
        **(_NO_WRAP_UP if wish == "ready" else {}),
    )
    return _known(connection, user)


def carried(connection: Connection, shift: Shift) -> None:
    """The switch was told of this wish."""
    _change(connection, shift.user, table.c.wished_at == shift.wished_at, carried=True)


def wrap_up(connection: Connection, user: UserId, wrap: WrapUp) -> None:
    """A call is over; its record is to be finished. One for a later call takes the place of one that runs."""
    _change(connection, user, wrap_call=text.key(wrap.call), wrap_since=wrap.since, wrap_until=wrap.until)


def recorded(connection: Connection, user: UserId, call: CallId) -> bool:
    """The record of this call is saved: ends the wrap-up that is for it. Whether there was one."""
    return _change(connection, user, table.c.wrap_call == text.key(call), **_NO_WRAP_UP)


# --- screens ---------------------------------------------------------------------------------------------------------


def watching(connection: Connection, users: Collection[UserId], node: str) -> None:
    """These people have a screen open at this node."""
    away = (table.c.screen_node.is_distinct_from(text.key(node))) | table.c.absent_since.is_not(None)
    for user in users:
        _change(connection, user, away, screen_node=text.key(node), absent_since=None)


def gone(connection: Connection, users: Collection[UserId], node: str, since: Instant) -> None:
    """These people have no screen open any more at the node where their last one was."""
    here = (table.c.screen_node == text.key(node)) & table.c.absent_since.is_(None)
    for user in users:
        _change(connection, user, here, absent_since=since)


def absent(connection: Connection, user: UserId, before: Instant, now: Instant) -> bool:
    """Pause somebody whose screens have been closed since `before` at the latest, unless they wished a pause."""
    shift = of(connection, user)
    if shift is None:
        return False
    wished = max(now, shift.wished_at + 1)
    away = (table.c.absent_since <= before) & (table.c.wish == "ready")
    return _change(
        connection, user, away, wish="pause", reason=wording.ABSENT, wished_at=wished, carried=False
    )


# --- rows ------------------------------------------------------------------------------------------------------------

_NO_WRAP_UP = {"wrap_call": None, "wrap_since": None, "wrap_until": None}
_VERSIONS = select(
    func.aggregate_strings(as_type(table.c.user_id, Text) + ":" + as_type(table.c.version, Text), ",")
)


def _change(connection: Connection, user: UserId, *where: ColumnElement[bool], **values: Any) -> bool:
    grown = table.c.version + 1  # from the instant of signing in: less than the first one of a later shift
    changed = update(table).where(table.c.user_id == user, *where).values(version=grown, **values)
    after.say(connection, ShiftChanged(user))
    return connection.execute(changed).rowcount == 1


def _known(connection: Connection, user: UserId) -> Shift:
    found = of(connection, user)
    if found is None:
        raise NotFound(NOT_AT_WORK)
    return found


def _shift(row: Row[Any]) -> Shift:
    wrap = None
    if row.wrap_call is not None:
        wrap = WrapUp(call=CallId(row.wrap_call), since=row.wrap_since, until=row.wrap_until)
    return Shift(
        user=UserId(row.user_id),
        login=row.login,
        name=row.name,
        seat=Seat(pbx=PbxId(row.pbx), interface=row.interface, state_interface=row.state_interface),
        queues=tuple(Profile(queue=queue, penalty=penalty) for queue, penalty in text.load(row.queues)),
        since=row.since,
        wish=cast("Wish", row.wish),
        reason=row.reason,
        wished_at=row.wished_at,
        carried=row.carried,
        wrap_up=wrap,
        absent_since=row.absent_since,
        leaving=row.leaving,
        version=row.version,
    )

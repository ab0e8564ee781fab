"""The API of being at work: the seat, ready or a pause, and why no calls come.

In: whoever is signed in. Out: their shift as it is once the switch has done its part. Must not know: how a switch is
told. What is asked for is written down first; then it is waited for a moment, and the answer says what is so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

from callserver.errors import BadValue, Conflict, NotFound
from callserver.people import Person
from callserver.seats import shift as sitting
from callserver.seats.explaining import Problem, explain, said
from callserver.seats.looking import Situation
from callserver.seats.shift import Seat, Shift
from callserver.seats.steering import Tries
from callserver.seats.wording import REASONS
from callserver.store import audit, shifts, users
from callserver.store.agents import Member
from callserver.store.engine import Connection
from callserver.store.shifts import NOT_AT_WORK, SignedIn
from callserver.web.api import whose_phone
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.shapes import Moment, moment

api = Operations("being at work", "A seat, ready or a pause, and why no calls come.")

Interface = Annotated[str, Meta(max_length=200, examples=["PJSIP/1001"])]


class SeatGiven(Struct, frozen=True, kw_only=True):
    """A phone to sit at. `take_over`: also where somebody else sits; they are told, and are not at work any more."""

    interface: Interface
    pbx: (
        Annotated[str, Meta(max_length=100, description="Needed where there are several switches.")] | None
    ) = None
    state_interface: (
        Annotated[
            str,
            Meta(max_length=200, description="Whose state says whether the phone is busy; such as a hint."),
        ]
        | None
    ) = None
    take_over: bool = False


class SeatShown(Struct, frozen=True, kw_only=True):
    """A phone."""

    pbx: str
    interface: str
    state_interface: str


class ProblemShown(Struct, frozen=True, kw_only=True):
    """One reason why no calls come; `text` says it in the asker's language."""

    code: str
    args: dict[str, str | int | float | None]
    text: str


class WrapUpShown(Struct, frozen=True, kw_only=True):
    """The time for finishing a call's record."""

    call: str
    since: Moment | None
    until: Moment | None


class ShiftShown(Struct, frozen=True, kw_only=True):
    """Somebody at work. `carried`: the switch has all that is wished, or `problems` say what it has not."""

    seat: SeatShown
    queues: list[str]
    since: Moment | None
    wish: str
    reason: str | None
    wrap_up: WrapUpShown | None
    absent_since: Moment | None
    leaving: bool
    carried: bool
    problems: list[ProblemShown]


class StateGiven(Struct, frozen=True, kw_only=True):
    """Ready, or a pause with a reason: one of the usual ones or a few words of one's own."""

    state: Literal["ready", "pause"]
    reason: Annotated[str, Meta(max_length=200, examples=["lunch"])] | None = None


class Why(Struct, frozen=True, kw_only=True):
    """Reasons, the most important one first; none: the next caller may come any moment."""

    problems: list[ProblemShown]


class Sitter(Struct, frozen=True, kw_only=True):
    """Who sits there."""

    user: int
    name: str
    since: Moment | None


class PhoneShown(Struct, frozen=True, kw_only=True):
    """A phone at which one can sit. `name`: what its queues call it; `device`: as the switch says, null: not known."""

    pbx: str
    interface: str
    name: str | None
    device: str | None
    queues: list[str]
    taken_by: Sitter | None


class ReasonShown(Struct, frozen=True, kw_only=True):
    """A usual reason for a pause, in both languages."""

    code: str
    en: str
    zh: str


class Phones(Struct, frozen=True, kw_only=True):
    """All phones that are known, and the reasons for a pause that can be chosen."""

    seats: list[PhoneShown]
    reasons: list[ReasonShown]


# --- one's own -------------------------------------------------------------------------------------------------------


@api("GET", "/me/seat", scope="phone:use", errors=(404, 409))
async def read_my_seat(asked: Asked) -> Done[ShiftShown]:
    """Where one sits, and how it is."""
    return Done(await _shown(asked, _person(asked)))


@api("PUT", "/me/seat", scope="phone:use", guarded=False, errors=(409,))
async def take_a_seat(asked: Asked, body: SeatGiven) -> Done[ShiftShown]:
    """Sit down at a phone: it becomes a member of the queues of one's profile, paused until one chooses ready.

    A seat of before is left, the wish goes along. A seat that is somebody's is refused (409) unless `take_over` is
    given, and always while they are on a call. Agents sit at phones: an interface that dials a number, or by which
    callers come in, is refused (403) unless the settings, a queue or an administrator name it.
    """
    me = _person(asked)
    seat = sitting.seat(_pbx(asked, body.pbx), body.interface, body.state_interface)
    await whose_phone.must_be_phone(asked, seat)
    came = await asked.site.store.write(lambda c: _sign_in(c, asked, me, seat, take_over=body.take_over))
    await _settled(asked, me, came.left)
    return Done(await _shown(asked, me))


@api("DELETE", "/me/seat", scope="phone:use", status=204, guarded=False, errors=(404, 409))
async def leave_my_seat(asked: Asked) -> Done[None]:
    """Sign out of the seat: at once, or in a call when it is over."""
    me = _person(asked)
    left = await asked.site.store.write(lambda c: _leave(c, asked, me))
    await _settled(asked, me, left)
    return Done(None)


@api("PUT", "/me/state", scope="phone:use", guarded=False, errors=(404, 409))
async def choose_my_state(asked: Asked, body: StateGiven) -> Done[ShiftShown]:
    """Be ready, or pause with a reason. Ready ends a wrap-up at once; a pause begins after it."""
    me, reason = _person(asked), sitting.reason(body.state, body.reason)
    await asked.site.store.write(lambda c: shifts.wish(c, me.id, body.state, reason, asked.now))
    await _settled(asked, me, None)
    return Done(await _shown(asked, me))


@api("GET", "/me/why", scope="phone:use", errors=(409,))
async def why_no_calls(asked: Asked) -> Done[Why]:
    """Why am I not getting calls?"""
    me = _person(asked)
    mine = await asked.site.store.read(lambda c: shifts.of(c, me.id))
    return Done(Why(problems=_told(_problems(asked, me, mine), me)))


@api("GET", "/seats", scope="phone:use", errors=(409,))
async def list_seats(asked: Asked) -> Done[Phones]:
    """Which phones there are and who sits there: members of queues, usual seats, those that the settings name."""
    known = await whose_phone.known(asked.site)
    sitters = await asked.site.store.read(shifts.every)
    taken = {(str(one.seat.pbx), one.seat.interface): one for one in sitters}
    phones = [_phone(*where, known[where], taken.get(where)) for where in sorted(known)]
    reasons = [ReasonShown(code=one.code, en=one.en, zh=one.zh) for one in REASONS if one.chosen]
    return Done(Phones(seats=phones, reasons=reasons))


# --- doing -----------------------------------------------------------------------------------------------------------


def _sign_in(connection: Connection, asked: Asked, me: Person, seat: Seat, *, take_over: bool) -> SignedIn:
    at_work = asked.site.presence
    for sitter in shifts.sharing(connection, seat, me.id):
        if at_work is not None and at_work.on_call(sitter.seat):
            raise Conflict(f"{sitter.name} is on a call at {sitter.seat.interface}")
    came = shifts.sign_in(connection, me, seat, asked.now, take_over=take_over)
    detail = {"pbx": seat.pbx, "interface": seat.interface}
    audit.note(connection, asked.actor, "seat.take", users.subject(me.id), detail, asked.now)
    for one in came.displaced:
        audit.note(connection, asked.actor, "seat.take_over", users.subject(one.user), detail, asked.now)
    return came


def _leave(connection: Connection, asked: Asked, me: Person) -> Seat:
    left = shifts.leave(connection, me.id).seat
    detail = {"pbx": left.pbx, "interface": left.interface}
    audit.note(connection, asked.actor, "seat.leave", users.subject(me.id), detail, asked.now)
    return left


async def _settled(asked: Asked, me: Person, left: Seat | None) -> None:
    if asked.site.presence is not None:
        await asked.site.presence.settled(me.id, left)


def _pbx(asked: Asked, pbx: str | None) -> str:
    known = list(asked.site.vitals.switches)
    if pbx is None and len(known) == 1:
        return known[0]
    if pbx is None or pbx not in known:
        raise BadValue("pbx", "one of " + ", ".join(known))
    return pbx


def _person(asked: Asked) -> Person:
    """Raises Conflict for a token: nobody sits behind it."""
    if asked.person is None:
        raise Conflict("this is a token: nobody is signed in")
    return asked.person


# --- showing ---------------------------------------------------------------------------------------------------------


async def _shown(asked: Asked, me: Person) -> ShiftShown:
    mine = await asked.site.store.read(lambda c: shifts.of(c, me.id))
    if mine is None:
        raise NotFound(NOT_AT_WORK)
    return ShiftShown(
        seat=SeatShown(
            pbx=mine.seat.pbx, interface=mine.seat.interface, state_interface=mine.seat.state_interface
        ),
        queues=[one.queue for one in mine.queues],
        since=moment(mine.since),
        wish=mine.wish,
        reason=mine.reason,
        wrap_up=_wrap_up(mine),
        absent_since=moment(mine.absent_since),
        leaving=mine.leaving,
        carried=mine.carried,
        problems=_told(_problems(asked, me, mine), me),
    )


def _wrap_up(mine: Shift) -> WrapUpShown | None:
    wrap = mine.wrap_up
    if wrap is None:
        return None
    return WrapUpShown(call=wrap.call, since=moment(wrap.since), until=moment(wrap.until))


def _problems(asked: Asked, me: Person, mine: Shift | None) -> tuple[Problem, ...]:
    if mine is None or asked.site.presence is None:
        return explain(Situation(shift=mine, picture=None, tries=Tries()))
    return asked.site.presence.why(me.id)


def _told(problems: Iterable[Problem], me: Person) -> list[ProblemShown]:
    return [ProblemShown(code=one.code, args=dict(one.args), text=said(one, me.language)) for one in problems]


def _phone(pbx: str, interface: str, members: list[Member], sitter: Shift | None) -> PhoneShown:
    first = members[0] if members else None
    return PhoneShown(
        pbx=pbx,
        interface=interface,
        name=first.agent if first is not None else None,
        device=first.device if first is not None else None,
        queues=[member.queue for member in members],
        taken_by=_sitter(sitter),
    )


def _sitter(sitter: Shift | None) -> Sitter | None:
    if sitter is None:
        return None
    return Sitter(user=sitter.user, name=sitter.name, since=moment(sitter.since))

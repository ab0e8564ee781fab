"""The API of a supervisor's help with calls: listen, whisper, barge in, take over, hang up, move who waits.

In: a call, what is wanted. Out: what the switch did. Must not know: the switch's dialect, who may help with which call
(`floor_rights`). Each answer comes when the switch has done it or will not, as with `/phone`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from callserver.errors import BadValue, Conflict
from callserver.facts import LISTENING, CallId, LegId, ListenMode, PbxId
from callserver.people import UserId
from callserver.seats.asking import CallerPriority, CallerToQueue, Hangup, Listen, Request, TakeOver
from callserver.seats.shift import Seat
from callserver.store import audit, commands, floor_messages, shifts
from callserver.store.commands import Ask, UnderWay
from callserver.store.engine import Connection
from callserver.web.api import floor_rights as rights
from callserver.web.api import seeing
from callserver.web.api.asking import WITHIN_S, PhoneAnswer, Put, answered
from callserver.web.api.at_phone import own_seat
from callserver.web.api.me import PlaceShown
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.phone import PATIENCE_S

api = Operations(
    "help with calls",
    "Listen, take over, move who waits: in one's own teams; each answer says what the switch did.",
)

CallPath = Annotated[str, Meta(min_length=1, max_length=150, examples=["main:1795289156.0"])]
Phone = Annotated[str, Meta(min_length=1, max_length=79, examples=["PJSIP/1001"])]
Why = Annotated[str, Meta(max_length=200, description="For the audit, and for whom it concerns.")]
Seated = Annotated[
    PlaceShown | None,
    Meta(description="The phone that listens; without a word: one's own. A token names it."),
]
BUSY: Final = PhoneAnswer(
    outcome="refused", code="in_hand", said="somebody is doing something with this call already: look again"
)


class ListenGiven(Struct, frozen=True, kw_only=True):
    """How to listen: heard by nobody, by the agent alone (whisper), by both (barge). Given again it is changed without
    ringing. `agent`: whose phone, where several agents talk in the call."""

    mode: ListenMode = "listen"
    agent: Phone | None = None
    seat: Seated = None


class TakeGiven(Struct, frozen=True, kw_only=True):
    """Whose customer, where several agents talk in the call; why."""

    agent: Phone | None = None
    why: Why = ""
    seat: Seated = None


class EndGiven(Struct, frozen=True, kw_only=True):
    """Why the call is ended."""

    why: Why = ""


class PriorityGiven(Struct, frozen=True, kw_only=True):
    """Who has more is before who has less; 0 is usual."""

    priority: Annotated[int, Meta(ge=0, le=100, examples=[10])]
    why: Why = ""


class MoveGiven(Struct, frozen=True, kw_only=True):
    """Where the caller is to wait; `in_front`: before those who wait there with the usual priority."""

    queue: Annotated[str, Meta(min_length=1, max_length=79, examples=["repair"])]
    in_front: bool = False
    why: Why = ""


@api("POST", "/floor/calls/{id}/listen", scope="floor:help", errors=(404, 409))
async def listen_to_call(asked: Asked, id: CallPath, body: ListenGiven) -> Done[PhoneAnswer]:
    """Hear a call on the own phone, which rings first. Keys of that phone: 4 listen, 5 whisper, 6 barge in.

    Done (`listening`) when the switch says that it hears. It ends when that phone hangs up, or the agent's part ends.
    """

    def ask(connection: Connection) -> Put | PhoneAnswer:
        pbx, record = rights.call_of(connection, asked, CallId(id))
        agent = rights.agent_leg(connection, pbx, record, body.agent)
        mine = _seat(connection, asked, body.seat, pbx, agent["interface"])
        request = Listen(
            call=CallId(id),
            leg=LegId(agent["leg"]),
            interface=mine.interface,
            mode=body.mode,
            channel=_channel(),
            ring_s=asked.site.telephone.ring_s,
        )
        told = {"mode": body.mode, "agent": agent["interface"]}
        return _put(connection, asked, pbx, request, f"phone:{mine.interface}", told, _same_ear(request))

    return await answered(asked, ask, WITHIN_S + asked.site.telephone.ring_s + PATIENCE_S)


@api("POST", "/floor/calls/{id}/take_over", scope="floor:help", errors=(404, 409))
async def take_call_over(asked: Asked, id: CallPath, body: TakeGiven) -> Done[PhoneAnswer]:
    """Speak with the customer in the agent's place.

    The own phone rings first unless it listens already; the agent keeps the customer until then, and reads on their
    screen who took them.
    """
    taken_from: list[UserId] = []

    def ask(connection: Connection) -> Put | PhoneAnswer:
        pbx, record = rights.call_of(connection, asked, CallId(id))
        agent = rights.agent_leg(connection, pbx, record, body.agent)
        mine = _seat(connection, asked, body.seat, pbx, agent["interface"])
        taken_from.extend(_sitters(connection, pbx, agent["interface"]))
        request = TakeOver(
            call=CallId(id),
            leg=rights.customer_leg(record, agent),
            interface=mine.interface,
            channel=_channel(),
            ring_s=asked.site.telephone.ring_s,
        )
        told = {"agent": agent["interface"], "why": body.why}
        return _put(connection, asked, pbx, request, f"phone:{mine.interface}", told, _same_taking(request))

    done = await answered(asked, ask, WITHIN_S + asked.site.telephone.ring_s + PATIENCE_S)
    if done.body.outcome == "done" and taken_from:
        await asked.site.store.write(lambda c: _tell(c, asked, taken_from, body.why))
    return done


@api("POST", "/floor/calls/{id}/hang_up", scope="floor:help", errors=(404, 409))
async def end_call(asked: Asked, id: CallPath, body: EndGiven) -> Done[PhoneAnswer]:
    """End a call: the caller's leg, and all others with it."""

    def ask(connection: Connection) -> Put | PhoneAnswer:
        pbx, record = rights.call_of(connection, asked, CallId(id))
        request = Hangup(call=CallId(id), leg=rights.main_leg(record))
        lane = f"hangup:{request.leg}"
        return _put(connection, asked, pbx, request, lane, {"why": body.why}, request.__eq__)

    return await answered(asked, ask, WITHIN_S + PATIENCE_S)


@api("POST", "/floor/calls/{id}/priority", scope="floor:help", errors=(404, 409))
async def change_priority(asked: Asked, id: CallPath, body: PriorityGiven) -> Done[PhoneAnswer]:
    """Move a waiting caller forward or back in the queue."""

    def ask(connection: Connection) -> Put | PhoneAnswer:
        pbx, visit = _waits(connection, asked, id)
        request = CallerPriority(
            call=CallId(id), leg=LegId(visit["leg"]), queue=visit["queue"], priority=body.priority
        )
        told = {"queue": visit["queue"], "priority": body.priority, "why": body.why}
        return _put(connection, asked, pbx, request, f"caller:{request.leg}", told, request.__eq__)

    return await answered(asked, ask, WITHIN_S + PATIENCE_S)


@api("POST", "/floor/calls/{id}/queue", scope="floor:help", errors=(404, 409))
async def move_to_queue(asked: Asked, id: CallPath, body: MoveGiven) -> Done[PhoneAnswer]:
    """Let a waiting caller wait in another queue of the same switch; counted as withdrawn from the first, not abandoned
    (on the recommended dialplan)."""

    def ask(connection: Connection) -> Put | PhoneAnswer:
        pbx, visit = _waits(connection, asked, id)
        if not seeing.queue(asked, body.queue):
            raise BadValue("queue", "there is no such queue")
        if body.queue == visit["queue"]:
            raise Conflict(f"they wait in {body.queue} already")
        request = CallerToQueue(
            call=CallId(id), leg=LegId(visit["leg"]), queue=body.queue, in_front=body.in_front
        )
        told = {"from": visit["queue"], "queue": body.queue, "in_front": body.in_front, "why": body.why}
        return _put(connection, asked, pbx, request, f"caller:{request.leg}", told, request.__eq__)

    return await answered(asked, ask, WITHIN_S + PATIENCE_S)


# --- parts -----------------------------------------------------------------------------------------------------------


def _waits(connection: Connection, asked: Asked, id: str) -> tuple[PbxId, Any]:
    """Where a caller waits. Raises as `call_of`, Conflict where they wait no more."""
    pbx, record = rights.call_of(connection, asked, CallId(id))
    visit = rights.waiting(record)
    if visit is None or visit.get("leg") is None:
        raise Conflict("they do not wait in a queue any more")
    return pbx, visit


def _seat(connection: Connection, asked: Asked, named: PlaceShown | None, pbx: PbxId, agent: str) -> Seat:
    """The phone that helps. Raises as `own_seat`, Conflict for one on another switch, or the agent's own."""
    mine = own_seat(connection, asked, named)
    if mine.pbx != pbx:
        raise Conflict(f"your phone is at Asterisk {mine.pbx}, and the call at {pbx}")
    if mine.is_phone(agent):
        raise Conflict("this is your own call")
    return mine


def _channel() -> LegId:
    return LegId(f"{LISTENING}{secrets.token_hex(12)}")


def _same_ear(mine: Listen) -> Callable[[Request], bool]:
    return lambda one: isinstance(one, Listen) and (one.leg, one.mode) == (mine.leg, mine.mode)


def _same_taking(mine: TakeOver) -> Callable[[Request], bool]:
    return lambda one: isinstance(one, TakeOver) and one.leg == mine.leg


def _put(
    connection: Connection,
    asked: Asked,
    pbx: PbxId,
    request: Request,
    lane: str,
    told: dict[str, Any],
    same: Callable[[Request], bool],
) -> Put | PhoneAnswer:
    """Put it down with a line in the audit; the same wish again waits for the first one's answer."""
    wanted = Ask(pbx=pbx, request=request, actor=asked.actor, within_s=WITHIN_S, lane=f"{lane}:{pbx}")
    try:
        id = commands.ask(connection, wanted)
    except UnderWay as busy:
        return (pbx, busy.id) if busy.request is not None and same(busy.request) else BUSY
    detail = {**{name: value for name, value in told.items() if value}, "command": id}
    call = getattr(request, "call", None)
    audit.note(connection, asked.actor, f"floor.{request.kind}", f"call:{call}", detail, asked.now)
    return pbx, id


def _sitters(connection: Connection, pbx: PbxId, interface: str) -> list[UserId]:
    """Who sits at this phone."""
    here = (one for one in shifts.every(connection) if one.seat.pbx == pbx)
    return [one.user for one in here if one.seat.is_phone(interface)]


def _tell(connection: Connection, asked: Asked, to: list[UserId], why: str) -> None:
    """Whose customer was taken over reads by whom."""
    by = None if asked.person is None else asked.person.id
    floor_messages.write(
        connection,
        to,
        by=by,
        by_name=asked.actor.name,
        now=asked.now,
        code="call_taken_over",
        urgent=True,
        args={"why": why},
    )

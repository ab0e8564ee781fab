"""The API of the telephone: call somebody, hang up, hand a call on.

In: what is asked for. Out: what the switch did. Must not know: the switch's dialect, whose leg it is (`at_phone`),
which numbers may be dialled (`numbers.dialling`).

Each answer comes when the switch has done it or will not, so it may take as long as a phone rings; what happens
meanwhile is told by the stream. A second click is the first one: a phone does one thing at a time.
"""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Literal

from msgspec import Meta, Struct

from callserver.customers.calling import may_call
from callserver.errors import BadValue
from callserver.facts import CallId, LegId, iso
from callserver.numbers.dialling import SAID, Dial, Rules, dial
from callserver.numbers.tail import tail
from callserver.seats.asking import AttendedTransfer, BlindTransfer, Hangup, Originate, Request, Way
from callserver.store import customers, tickets
from callserver.store.engine import Connection
from callserver.store.situations import customers_of
from callserver.tickets.record import TicketId
from callserver.web.api.asking import (
    WITHIN_S,
    CallName,
    PhoneAnswer,
    Put,
    answered,
    put_or_join,
)
from callserver.web.api.at_phone import leg_of, own_seat
from callserver.web.api.entry import Entry, place
from callserver.web.api.me import PlaceShown
from callserver.web.api.operation import Asked, Done, Id, Operations

api = Operations("telephone", "Call somebody, hang up, hand a call on; each answer says what the switch did.")

_PURPOSE = {True: "return_visit", False: "call"}
"""With a ticket it is part of a service that they had; without one nobody asked for it."""
_UNSEEN = re.compile(r"[\s-]")
CONSULT_S = 60.0  # digits, ringing, and some patience
PATIENCE_S = 15.0  # beyond what the switch needs

Note = Annotated[str, Meta(max_length=2_000, description="What the colleague should know.")]
Number = Annotated[str, Meta(min_length=1, max_length=60, description="Read as all numbers are.")]
Override = Annotated[str, Meta(max_length=500)] | None
Seated = Annotated[PlaceShown | None, Meta(description="The phone that acts; without a word: one's own.")]


class CallGiven(Struct, frozen=True, kw_only=True):
    """Whom to call. `override`: why somebody is called who does not want to be; it goes onto the ticket."""

    number: Number
    ticket: Id | None = None
    override: Override = None
    name: Annotated[str, Meta(max_length=80, description="Shown on the phone while it rings.")] = ""
    seat: Seated = None


class HangupGiven(Struct, frozen=True, kw_only=True):
    """Which call, and whose phone in it."""

    call: CallName
    seat: Seated = None


class Destination(Struct, frozen=True, kw_only=True):
    """Exactly one of these. `agent`: the interface of an agent's phone on the same switch."""

    agent: Annotated[str, Meta(min_length=1, max_length=79, examples=["PJSIP/1002"])] | None = None
    queue: Annotated[str, Meta(min_length=1, max_length=79, examples=["repair"])] | None = None
    number: Number | None = None


class TransferGiven(Struct, frozen=True, kw_only=True):
    """Where a call is to go. attended: speak with them first, then finish or cancel.

    `anyway`: transfer blindly also to a phone that is not free or not registered. `override`: why somebody is rung who
    does not want to be called; it goes onto the ticket.
    """

    call: CallName
    how: Literal["blind", "attended"]
    to: Destination
    note: Note = ""
    ticket: Annotated[Id | None, Meta(description="Where the note goes; without a word: the call's.")] = None
    anyway: bool = False
    override: Override = None
    seat: Seated = None


@api("POST", "/phone/calls", scope="phone:use", errors=(409,))
async def call_number(asked: Asked, body: CallGiven) -> Done[PhoneAnswer]:
    """Call a number: first the own phone rings, and when it is answered the number is dialled.

    The answer comes when the own phone was answered, or was not. Whom it is not allowed to call is refused: code
    do_not_call (an `override` with a ticket may), service_number, abroad, refused_number, not_a_number.
    """
    wanted, entry = number_to_dial(asked, body.number), Entry()
    if not isinstance(wanted, Dial):
        return Done(wanted)
    purpose = _PURPOSE[body.ticket is not None]

    def ask(connection: Connection) -> Put | PhoneAnswer:
        mine = own_seat(connection, asked, body.seat)
        if (refused := _unwanted(connection, wanted, purpose, body.ticket, body.override)) is not None:
            return refused
        request = Originate(
            interface=mine.interface,
            way="number",
            to=wanted.digits,
            channel=LegId(f"callserver-{secrets.token_hex(12)}"),
            ring_s=asked.site.telephone.ring_s,
            shown_number=wanted.digits,
            shown_name=body.name,
        )
        came = put_or_join(
            connection,
            asked,
            mine.pbx,
            request,
            f"phone:{mine.interface}",
            lambda one: isinstance(one, Originate) and one.to == wanted.digits,
        )
        if isinstance(came, PhoneAnswer):
            return came
        reason = _reason("called", wanted, body.override) if came[1] else ""
        entry.plan(connection, asked, body.ticket, reason)
        return came[0]

    done = await answered(asked, ask, WITHIN_S + asked.site.telephone.ring_s + PATIENCE_S)
    return await entry.written(asked, done)


@api("POST", "/phone/hangup", scope="phone:use", errors=(404, 409))
async def hang_up(asked: Asked, body: HangupGiven) -> Done[PhoneAnswer]:
    """End a call, for the own phone; supervisors may name another's in a call of their queues.

    The others of the call go on where they can: after a consultation the two whom it put together.
    """

    def ask(connection: Connection) -> Put | PhoneAnswer:
        call = CallId(body.call)
        pbx, leg, _ = leg_of(connection, asked, call, body.seat, others=True)
        request = Hangup(call=call, leg=leg)
        return _once(put_or_join(connection, asked, pbx, request, f"hangup:{leg}", request.__eq__))

    return await answered(asked, ask, WITHIN_S + PATIENCE_S)


@api("POST", "/phone/transfers", scope="phone:use", errors=(404, 409))
async def transfer_call(asked: Asked, body: TransferGiven) -> Done[PhoneAnswer]:
    """Hand a call on: at once (blind), or after speaking with whoever takes it (attended).

    The note goes to the next agent's screen, and onto the call's ticket unless it is refused. A blind transfer is done
    when the caller has arrived or somebody's phone rings, and refused (busy, unreachable) where that phone is not free,
    unless `anyway`; an attended one is done when the colleague answered: finish or cancel it then. A number of somebody
    who does not want to be called is refused as for a call of one's own: do_not_call, unless there is an `override`.
    """
    destination = _destination(asked, body.to)
    if isinstance(destination, PhoneAnswer):
        return Done(destination)
    way, to, number = destination
    call, blind, entry = CallId(body.call), body.how == "blind", Entry()

    def ask(connection: Connection) -> Put | PhoneAnswer:
        pbx, leg, interface = leg_of(connection, asked, call, body.seat, others=blind)
        ticket = place(connection, asked, call, body.ticket)
        if number is not None:
            # Whoever is at that number waits for nothing: the ticket is the caller's.
            refused = _unwanted(connection, number, _PURPOSE[False], ticket, body.override)
            if refused is not None:
                return refused
        request: Request = BlindTransfer(call=call, leg=leg, way=way, to=to, anyway=body.anyway)
        if not blind:
            request = AttendedTransfer(call=call, leg=leg, step="begin", way=way, to=to)
        came = put_or_join(connection, asked, pbx, request, f"phone:{interface}", request.__eq__)
        if not isinstance(came, PhoneAnswer) and came[1]:
            reason = _reason("passed on to", number, body.override)
            entry.plan(connection, asked, ticket, "\n".join(one for one in (body.note, reason) if one))
            told = {
                "by": interface,
                "by_name": asked.actor.name,
                "at": iso(asked.now),
                "note": body.note or None,
            }
            asked.site.tell_pops(body.call, {"transfer": told})
        return _once(came)

    return await entry.written(asked, await answered(asked, ask, CONSULT_S))


@api("POST", "/phone/transfers/finish", scope="phone:use", errors=(404, 409))
async def finish_transfer(asked: Asked, body: HangupGiven) -> Done[PhoneAnswer]:
    """Put the caller and the consulted colleague together; the own phone is out of the call then."""
    return await _step(asked, body, "finish")


@api("POST", "/phone/transfers/cancel", scope="phone:use", errors=(404, 409))
async def cancel_transfer(asked: Asked, body: HangupGiven) -> Done[PhoneAnswer]:
    """End the consultation, also while the colleague's phone still rings, and be with the caller again."""
    return await _step(asked, body, "cancel")


async def _step(asked: Asked, body: HangupGiven, step: Literal["finish", "cancel"]) -> Done[PhoneAnswer]:
    def ask(connection: Connection) -> Put | PhoneAnswer:
        call = CallId(body.call)
        pbx, leg, _ = leg_of(connection, asked, call, body.seat, others=False)
        request = AttendedTransfer(call=call, leg=leg, step=step)
        return _once(put_or_join(connection, asked, pbx, request, f"end:{leg}", request.__eq__))

    return await answered(asked, ask, WITHIN_S + PATIENCE_S)


def _once(came: tuple[Put, bool] | PhoneAnswer) -> Put | PhoneAnswer:
    return came if isinstance(came, PhoneAnswer) else came[0]


# --- whom ------------------------------------------------------------------------------------------------------------


def number_to_dial(asked: Asked, received: str) -> Dial | PhoneAnswer:
    """What is dialled for it, or why it is not."""
    settings = asked.site.telephone
    rules = Rules(abroad=settings.abroad, services=settings.services, refused=settings.refused)
    found = dial(asked.site.plan, rules, received)
    return found if isinstance(found, Dial) else PhoneAnswer(outcome="refused", code=found, said=SAID[found])


def _destination(asked: Asked, to: Destination) -> tuple[Way, str, Dial | None] | PhoneAnswer:
    """Where a call is to go, and the number that may be dialled for it. Raises BadValue for none, or for several."""
    if sum(one is not None for one in (to.agent, to.queue, to.number)) != 1:
        raise BadValue("to", "say one of agent, queue and number")
    if to.agent is not None:
        return _named(asked, "agent", to.agent, _device(to.agent))
    if to.queue is not None:
        return _named(asked, "queue", to.queue, to.queue)
    found = number_to_dial(asked, to.number or "")
    return found if isinstance(found, PhoneAnswer) else ("number", found.digits, found)


def _named(asked: Asked, way: Way, to: str, exten: str) -> tuple[Way, str, Dial | None] | PhoneAnswer:
    """An agent or a queue. `exten`: dialled where the switch's dialplan names no extension for it; so one that is a
    number may go where a number may go, and nowhere else. Asterisk does not see the dashes in an extension."""
    if _UNSEEN.sub("", exten)[:1].isalpha():
        return way, to, None
    found = number_to_dial(asked, exten)
    if isinstance(found, Dial) and found.digits != exten:
        return PhoneAnswer(outcome="refused", code="not_a_number", said=SAID["not_a_number"])
    return found if isinstance(found, PhoneAnswer) else (way, to, found)


def _device(interface: str) -> str:
    """What is behind the technology's name: `1001` of `PJSIP/1001` and of `Local/1001@agents/n`."""
    return re.split("[@/]", interface.partition("/")[2])[0]


def _unwanted(
    connection: Connection, wanted: Dial, purpose: str, ticket: int | None, override: str | None
) -> PhoneAnswer | None:
    """Why this customer is not called: their own word, unless a person answers for it on a ticket.

    Raises BadValue for an override without a ticket, NotFound for a ticket that there is not.
    """
    if ticket is not None:
        tickets.get(connection, TicketId(ticket))
    if wanted.e164 is None:
        return None
    known = customers.get_many(connection, customers_of(connection, tail(wanted.e164)))
    reasons = [may_call(one, wanted.e164, purpose) for one in known.values()]
    why = next((reason for reason in reasons if reason), None)
    if why is None:
        return None
    if not (override and override.strip()):
        return PhoneAnswer(outcome="refused", code="do_not_call", said=why)
    if ticket is None:
        raise BadValue("ticket", "say on which ticket the reason is to stand")
    return None


def _reason(did: str, wanted: Dial | None, override: str | None) -> str:
    """What stands on the ticket of a call that was made for a reason."""
    return f"{did} {wanted.shown}: {override}" if wanted is not None and override else ""

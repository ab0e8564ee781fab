"""The API of dialling what is owed: start a call from one's own phone, stop and start the machinery.

In: what is asked for. Out: what the switch did; what is paused. Must not know: when the machinery dials
(work/dialling), the switch's dialect, which step is legal (promises.states).
"""

from __future__ import annotations

import secrets
from typing import Annotated

from msgspec import Meta, Struct

from callserver.customers.calling import may_call
from callserver.facts import LegId
from callserver.numbers.dialling import Dial
from callserver.numbers.tail import tail
from callserver.promises.hours import allowed
from callserver.seats.asking import Originate
from callserver.seats.shift import Seat
from callserver.store import attempts, customers, dialling, pledges, policies, promises, turns
from callserver.store.attempts import Attempt, Try
from callserver.store.commands import UnderWay
from callserver.store.dialling import Switch
from callserver.store.engine import Connection
from callserver.store.situations import customers_of
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId
from callserver.web.api.asking import BUSY, WITHIN_S, PhoneAnswer, Put, answered
from callserver.web.api.at_phone import own_seat
from callserver.web.api.entry import Entry
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.phone import PATIENCE_S, Seated, number_to_dial
from callserver.web.api.promises import Why
from callserver.web.api.shapes import Moment, moment

api = Operations("dialling", "Start a call that is owed; stop all dialling, and let it go on.")


ScopeName = Annotated[str, Meta(max_length=40, description="A kind of promise, or `all`.", examples=["all"])]


class StartGiven(Struct, frozen=True, kw_only=True):
    """Which number to call, without a word the promised one.

    `override`: why the call is made although the customer does not want to be called, or outside the hours that the
    policy allows; it goes onto the ticket.
    """

    number: (
        Annotated[str, Meta(min_length=1, max_length=60, description="Read as all numbers are.")] | None
    ) = None
    override: Annotated[str, Meta(max_length=500)] | None = None
    seat: Seated = None


class SwitchShown(Struct, frozen=True, kw_only=True):
    """Whether a kind of promise, or `all`, is not dialled for now: why, and who threw the switch when."""

    scope: str
    paused: bool
    why: str
    by: str | None
    at: Moment | None


class Switches(Struct, frozen=True, kw_only=True):
    """The switch of all dialling first, then that of each kind."""

    switches: list[SwitchShown]


class SwitchGiven(Struct, frozen=True, kw_only=True):
    """Pause, with a reason, or go on."""

    paused: bool
    why: Why = ""


@api("POST", "/promises/{id}/start", scope="promises:dial", errors=(404, 409))
async def start_promise(asked: Asked, id: Id, body: StartGiven) -> Done[PhoneAnswer]:
    """Make the call now: first the own phone rings, and when it is answered the customer's.

    The answer comes when the own phone was answered, or was not; what becomes of the customer's is told by the call,
    and by the promise. Refused with a code: no_number, not_a_number, abroad, service_number, refused_number,
    do_not_call and outside_hours (an `override` may), paused (a supervisor has stopped this dialling), in_hand.
    """

    entry = Entry()

    def ask(connection: Connection) -> Put | PhoneAnswer:
        promise = promises.get(connection, PromiseId(id))
        seat = own_seat(connection, asked, body.seat)
        if (mine := _under_way(connection, promise, seat)) is not None:
            return mine.pbx, mine.command
        number = promise.number if body.number is None else body.number
        if number is None:
            return _refused("no_number", "there is no number to call")
        wanted = number_to_dial(asked, number)
        if not isinstance(wanted, Dial):
            return wanted
        if (held := _held(connection, asked, promise, wanted, body.override)) is not None:
            return held
        reason = (body.override or "").strip()
        entry.plan(connection, asked, promise.ticket, f"called {wanted.shown}: {reason}" if reason else "")
        return _begun(connection, asked, promise, seat, wanted)

    done = await answered(asked, ask, WITHIN_S + asked.site.telephone.ring_s + PATIENCE_S)
    return await entry.written(asked, done)


# --- stopped ---------------------------------------------------------------------------------------------------------


@api("GET", "/dialling", scope="tickets:read")
def read_dialling(connection: Connection, asked: Asked) -> Done[Switches]:
    """What is not dialled for now."""
    return Done(Switches(switches=[_switch(one) for one in dialling.switches(connection)]))


@api("PUT", "/dialling/{scope}", scope="promises:manage", guarded=False)
def switch_dialling(
    connection: Connection, asked: Asked, scope: ScopeName, body: SwitchGiven
) -> Done[SwitchShown]:
    """Stop dialling a kind, or `all`, at once; or let it go on.

    Calls that go on go on. Nobody starts a call of that kind by hand either. What was held is looked at again at once.
    """
    if body.paused:
        return Done(_switch(dialling.pause(connection, scope, body.why, asked.actor, asked.now)))
    thrown = dialling.resume(connection, scope, asked.actor, asked.now, body.why)
    turns.stir(connection, ("dialling_paused", "kind_paused"), asked.now)
    return Done(_switch(thrown))


def _switch(one: Switch) -> SwitchShown:
    return SwitchShown(scope=one.scope, paused=one.paused, why=one.why, by=one.by, at=moment(one.at))


# --- starting --------------------------------------------------------------------------------------------------------


def _under_way(connection: Connection, promise: Promise, seat: Seat) -> Attempt | None:
    """The attempt of a first click, that a second one waits for too."""
    tries = attempts.of_promise(connection, promise.id)
    last = tries[-1] if tries else None
    if last is None or last.outcome is not None or last.interface != seat.interface or last.pbx != seat.pbx:
        return None
    return last


def _held(
    connection: Connection, asked: Asked, promise: Promise, wanted: Dial, override: str | None
) -> PhoneAnswer | None:
    """Why this call is not made now; a person may answer for some reasons on the ticket."""
    if dialling.paused(connection) & {dialling.ALL, promise.kind}:
        return _refused("paused", "a supervisor has stopped this dialling for now")
    whom = None if promise.customer is None else customers.get(connection, promise.customer)
    if override is not None and override.strip():
        return None
    known = (
        {}
        if wanted.e164 is None
        else customers.get_many(connection, customers_of(connection, tail(wanted.e164)))
    )
    for one in (whom, *known.values()):
        if (why := may_call(one, wanted.e164 or wanted.digits, promise.kind)) is not None:
            return _refused("do_not_call", why)
    policy = policies.get(connection, promise.kind)
    if not allowed(policy.hours, asked.now, pledges.zone_of_ticket(connection, promise.ticket)):
        return _refused("outside_hours", "the policy of this kind does not allow a call at this hour")
    return None


def _begun(
    connection: Connection, asked: Asked, promise: Promise, seat: Seat, wanted: Dial
) -> Put | PhoneAnswer:
    request = Originate(
        interface=seat.interface,
        way="number",
        to=wanted.digits,
        channel=LegId(f"callserver-{secrets.token_hex(12)}"),
        ring_s=asked.site.telephone.ring_s,
        shown_number=wanted.digits,
        promise=promise.id,
        caller_id=policies.get(connection, promise.kind).caller_id,
    )
    wish = Try(
        promise=promise.id,
        mode="agent_first",
        pbx=seat.pbx,
        number=wanted.e164,
        request=request,
        user=None if asked.person is None else asked.person.id,
        interface=seat.interface,
        within_s=WITHIN_S,
        lane=f"phone:{seat.interface}:{seat.pbx}",
    )
    try:
        begun = attempts.begin(connection, wish, asked.now, asked.actor)
    except UnderWay:
        return BUSY
    return begun.pbx, begun.command


def _refused(code: str, said: str) -> PhoneAnswer:
    return PhoneAnswer(outcome="refused", code=code, said=said)

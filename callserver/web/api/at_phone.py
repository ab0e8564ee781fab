"""Whose phone acts, and on which leg of which call: who may do what with a call.

In: the asker, their shift, the record of a call. Out: a seat; a leg. Must not know: what is done with it.

People act with the phone at which they sit, on calls that this phone is part of. Supervisors may end or send on the
calls of their teams' queues too, naming the leg's phone. A token names the phone it acts for: who gives `phone:use` to
a program gives it every phone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from callserver.errors import BadValue, Conflict, Forbidden, NotFound
from callserver.facts import CallId, LegId, PbxId
from callserver.people import sees_queue
from callserver.seats.shift import Seat, seat
from callserver.store import call_tickets, calls, shifts
from callserver.store.engine import Connection
from callserver.web.api.me import PlaceShown
from callserver.web.api.operation import Asked

OVER = "the call is over, or this phone is not part of it any more"


def own_seat(connection: Connection, asked: Asked, named: PlaceShown | None) -> Seat:
    """The phone that acts. Raises Conflict for who sits nowhere, Forbidden for another's phone, BadValue, NotFound."""
    if asked.person is None:
        if named is None:
            raise BadValue("seat", "a token has no phone of its own: say which one acts")
        return _known(asked, seat(named.pbx, named.interface))
    shift = shifts.of(connection, asked.person.id)
    if shift is None:
        raise Conflict("sit down at a phone first")
    if named is not None and not (named.pbx == shift.seat.pbx and shift.seat.is_phone(named.interface)):
        raise Forbidden("this is not your phone")
    return shift.seat


def _known(asked: Asked, named: Seat) -> Seat:
    if named.pbx not in asked.site.vitals.switches:
        raise BadValue("seat.pbx", "there is no such Asterisk")
    return named


def leg_of(
    connection: Connection, asked: Asked, call: CallId, named: PlaceShown | None, *, others: bool
) -> tuple[PbxId, LegId, str]:
    """The leg that is meant, and its phone's interface.

    others: supervisors may name the phone of somebody in a call of their queues. Raises as `own_seat`; NotFound for a
    call that there is not, or that is none of the asker's; Conflict where the phone is not in it any more.
    """
    pbx = call_tickets.pbx_of(call)
    record = calls.record_of(connection, pbx, call)
    if record is None:
        raise NotFound("there is no such call")
    if others and named is not None and _answers_for(asked, record):
        mine = seat(pbx, named.interface)
    else:
        mine = own_seat(connection, asked, named)
    legs = list(_legs(record, mine)) if mine.pbx == pbx else []
    if not legs:
        raise NotFound("there is no such call of yours")
    live = [leg for leg in legs if not leg["over"]]
    if not live:
        raise Conflict(OVER)
    leg = next((one for one in live if one["up"]), live[0])
    return pbx, LegId(leg["leg"]), str(leg["interface"])


def _legs(record: Mapping[str, Any], mine: Seat) -> Iterator[Mapping[str, Any]]:
    return (leg for leg in record["legs"] if mine.is_phone(leg["interface"]))


def _answers_for(asked: Asked, record: Mapping[str, Any]) -> bool:
    """Whether the call went through a queue of the asker's teams."""
    if asked.person is None or not asked.may("floor:read"):
        return False
    return any(sees_queue(asked.person, visit["queue"]) for visit in record["queue_visits"])

"""Whom and which calls a supervisor may help with: their teams' people and queues.

In: who asks, a call's id, a user's. Out: the call's record, its legs; the person. Must not know: what is done with it.
What is somebody else's is refused in the words for what there is not, so that nobody learns that there is something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from callserver.errors import Conflict, NotFound
from callserver.facts import CallId, LegId, PbxId
from callserver.people import Person, UserId, sees_queue
from callserver.store import call_tickets, calls, shifts, users
from callserver.store.engine import Connection
from callserver.web.api.operation import Asked

NO_CALL: Final = "there is no such call"
NO_PERSON: Final = "there is no such user"
OVER: Final = "the call is over"
NO_AGENT: Final = "no agent talks in this call at this moment"
Leg = Mapping[str, Any]


def everywhere(asked: Asked) -> bool:
    """Whether the asker answers for the whole house."""
    return asked.person is None or asked.person.role != "supervisor"


def answers_for(asked: Asked, person: Person) -> bool:
    """Whether this person is one of the asker's: of a team of theirs, or at work in a queue of theirs."""
    if asked.person is None or everywhere(asked):
        return True
    mine = asked.person
    return not set(mine.teams).isdisjoint(person.teams) or any(
        one.queue in mine.watches for one in person.queues
    )


def person_of(connection: Connection, asked: Asked, user: int) -> Person:
    """One of the asker's people. Raises NotFound."""
    try:
        found = users.one(connection, UserId(user))
    except NotFound:
        raise NotFound(NO_PERSON) from None
    if not answers_for(asked, found.person) or not found.enabled:
        raise NotFound(NO_PERSON)
    return found.person


def call_of(connection: Connection, asked: Asked, call: CallId) -> tuple[PbxId, Mapping[str, Any]]:
    """A call that goes on in a queue of the asker's, or at the phone of one of their people.

    Raises NotFound; Conflict where it is over.
    """
    pbx = call_tickets.pbx_of(call)
    record = calls.record_of(connection, pbx, call)
    if record is None or record.get("shift") or not _mine(connection, asked, pbx, record):
        raise NotFound(NO_CALL)
    if not record.get("open", False):
        raise Conflict(OVER)
    return pbx, record


def _mine(connection: Connection, asked: Asked, pbx: PbxId, record: Mapping[str, Any]) -> bool:
    if asked.person is None or everywhere(asked):
        return True
    if any(sees_queue(asked.person, str(visit["queue"])) for visit in record["queue_visits"]):
        return True
    phones = {leg["interface"] for leg in record["legs"]}
    sitters = (one for one in shifts.every(connection) if one.seat.pbx == pbx)
    here = [one.user for one in sitters if any(map(one.seat.is_phone, phones))]
    return any(answers_for(asked, one.person) for one in users.some(connection, here).values())


def agent_leg(connection: Connection, pbx: PbxId, record: Mapping[str, Any], named: str | None) -> Leg:
    """The leg of the agent who talks: of the phone that is named, of a queue's agent, of somebody who sits there.

    Raises Conflict where nobody does.
    """
    talking = list(_talking(record))
    if named is not None:
        talking = [one for one in talking if one["interface"] == named]
    seats = [one.seat for one in shifts.every(connection) if one.seat.pbx == pbx]
    answered = {visit.get("agent_leg") for visit in record["queue_visits"]}

    def rank(leg: Leg) -> tuple[bool, bool, bool]:
        sits = any(seat.is_phone(leg["interface"]) for seat in seats)
        return (leg["leg"] not in answered, not sits, bool(leg["caller"]))

    inside = [one for one in talking if rank(one) != (True, True, True)]
    if not inside:
        raise Conflict(NO_AGENT)
    return min(inside, key=rank)


def customer_leg(record: Mapping[str, Any], agent: Leg) -> LegId:
    """Whom this agent talks with; the caller before others. Raises Conflict where that is nobody."""
    others = [leg for leg in _talking(record, agent["leg"]) if leg["leg"] != agent["leg"]]
    if not others:
        raise Conflict(NO_AGENT)
    return LegId(min(others, key=lambda leg: not leg["caller"])["leg"])


def waiting(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The visit in which the caller waits now."""
    return next((one for one in reversed(record["queue_visits"]) if one.get("end") is None), None)


def main_leg(record: Mapping[str, Any]) -> LegId:
    """The leg whose end is the call's: the caller's where they called. Raises Conflict where all are gone."""
    live = [
        leg for leg in record["legs"] if not leg["over"] and not str(leg["interface"]).startswith("Local/")
    ]
    if not live:
        raise Conflict(OVER)
    return LegId(min(live, key=lambda leg: not leg["caller"])["leg"])


def _talking(record: Mapping[str, Any], with_leg: str | None = None) -> Iterator[Leg]:
    """The legs that hear somebody now; those that hear this one."""
    talks = [
        {party["leg"] for party in (talk["who"], *talk["with"])}
        for talk in record["talks"]
        if not talk["over"]
    ]
    heard = set().union(*(legs for legs in talks if with_leg is None or with_leg in legs))
    return (leg for leg in record["legs"] if leg["leg"] in heard and not leg["over"])

"""Whose promise it is, and how it is passed on: an owner who is not there does not keep a customer waiting.

In: promises. Out: owners; a line on the timeline that says so. Must not know: who is there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select

from callserver.facts import MACHINE, Actor, Instant
from callserver.people import UserId
from callserver.store import audit, owing, promises
from callserver.store.beside import promise_owners as table
from callserver.store.promises import LONGEST_REASON
from callserver.store.timeline import NewEntry, add
from callserver.store.users import one
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId
from callserver.tickets.wording import line


def owner(connection: Connection, promise: PromiseId) -> UserId | None:
    """Who promised it, or has it now; None: it is the team's."""
    found = connection.execute(select(table.c.user_id).where(table.c.promise_id == promise)).scalar()
    return None if found is None else UserId(found)


def pass_on(connection: Connection, promise: Promise, why: str, now: Instant, actor: Actor = MACHINE) -> bool:
    """From its owner to the team, with a line that says why. False: it was nobody's."""
    promises.hold_ticket(connection, promise.ticket)
    before = owner(connection, promise.id)
    if before is None:
        return False
    connection.execute(delete(table).where(table.c.promise_id == promise.id))
    name = one(connection, before).person.name
    body: dict[str, Any] = {"promise": promise.id, "kind": promise.kind, "what": "passed_on"}
    body |= {"from": name, "to": None, "why": line(why, LONGEST_REASON)}
    add(connection, promise.ticket, NewEntry(kind="promise", body=body), actor, now)
    detail = {"promise": promise.id, "from": before, "why": why}
    audit.note(connection, actor, "promise.pass_on", f"ticket:{promise.ticket}", detail, now)
    owing.touched(connection, promise.id)
    return True

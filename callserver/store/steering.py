"""What supervisors do with promises: another time, another owner, another team.

In: a promise, who changes it and why. Out: the promise as it is then; a line on its ticket's timeline, and in the
audit. Must not know: who may ask, when a call may be made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, delete, update

from callserver.errors import BadValue, Outdated
from callserver.facts import Actor, Instant, iso
from callserver.people import UserId
from callserver.promises import states
from callserver.store import audit, outbox, owing, promises, text, timeline
from callserver.store.beside import promise_owners
from callserver.store.desk import promises as table
from callserver.store.outbox import Event
from callserver.store.promises import LONGEST_REASON
from callserver.store.timeline import NewEntry
from callserver.store.upsert import insert
from callserver.store.users import one as user_of
from callserver.tickets.promise import Promise
from callserver.tickets.record import PromiseId
from callserver.tickets.telling import promise_told
from callserver.tickets.wording import line

FURTHEST_MS: Final = 366 * 24 * 3_600_000


def move(
    connection: Connection,
    promise: PromiseId,
    due_at: Instant,
    why: str,
    actor: Actor,
    now: Instant,
    *,
    deadline_at: Instant | None = None,
    expected: int | None = None,
) -> Promise:
    """Give the call another time. The deadline stays; where it would be before that, it is as far behind as it was.

    That it was broken stays on record. Raises NotFound; BadValue for a time that is over or further than a year, or a
    deadline that is not behind it; Illegal (a Conflict) while it is dialled and when it is over; Outdated where it was
    changed since `expected`.
    """
    before = _held(connection, promise, expected)
    states.step(before.status, "move")
    if not now <= due_at <= now + FURTHEST_MS:
        raise BadValue("due_at", "is over already" if due_at < now else "is more than a year from now")
    ends = deadline_at if deadline_at is not None else _deadline(before, due_at)
    if ends <= due_at:
        raise BadValue("deadline_at", "is not after the call is due")
    values = {
        "status": "planned",
        "due_at": due_at,
        "deadline_at": ends,
        "next_at": due_at,
        "earliest_at": None,
    }
    after = _changed(connection, before, **values, turn=None, reserved_by=None, held=None, held_at=None)
    body = {"from": iso(before.due_at), "due_at": iso(due_at), "deadline_at": iso(ends)}
    _tell(connection, after, "moved", body, why, actor, now)
    return after


def _deadline(before: Promise, due_at: Instant) -> Instant:
    if before.deadline_at > due_at:
        return before.deadline_at
    return due_at + max(before.deadline_at - before.due_at, 60_000)


def reassign(
    connection: Connection,
    promise: PromiseId,
    why: str,
    actor: Actor,
    now: Instant,
    *,
    user: UserId | None = None,
    team: str | None = None,
    expected: int | None = None,
) -> Promise:
    """Give the call to somebody else: one person, or a team (its owner is nobody then). It goes on where it is.

    Raises NotFound; BadValue where neither is named, or a person who cannot sign in; Conflict for a promise that is
    over; Outdated where it was changed since `expected`.
    """
    before = _held(connection, promise, expected)
    if not before.open:
        raise states.Illegal(before.status, "move")
    if user is None and not (team or "").strip():
        raise BadValue("user", "say to whom: a user or a team")
    body: dict[str, Any] = {"to": team}
    if user is not None:
        person = user_of(connection, user)
        if person.disabled_at is not None:
            raise BadValue("user", f"{person.person.name} may not sign in any more")
        body = {"to": person.person.name}
    connection.execute(delete(promise_owners).where(promise_owners.c.promise_id == before.id))
    if user is not None:
        row = {"promise_id": before.id, "ticket_id": before.ticket, "user_id": user}
        connection.execute(insert(connection, promise_owners).values(row))
    theirs = {} if team is None else {"team": text.key(team), "of_team": text.key(team)}
    after = _changed(connection, before, **theirs)
    _tell(connection, after, "reassigned", body, why, actor, now)
    return after


# --- how -------------------------------------------------------------------------------------------------------------


def _held(connection: Connection, promise: PromiseId, expected: int | None) -> Promise:
    promises.hold_ticket(connection, promises.get(connection, promise).ticket)
    found = promises.get(connection, promise)
    if expected is not None and found.version != expected:
        raise Outdated(f"promise {found.id} is at version {found.version}, not {expected}")
    return found


def _changed(connection: Connection, before: Promise, **values: Any) -> Promise:
    """As long as nobody took it up in this very moment."""
    same = (table.c.id == before.id, table.c.status == before.status)
    change = update(table).where(*same).values(**values, version=table.c.version + 1).returning(*table.c)
    row = connection.execute(change).one_or_none()
    if row is None:
        raise Outdated(f"promise {before.id} is {promises.get(connection, before.id).status} by now")
    return promises.from_row(row)


def _tell(
    connection: Connection,
    promise: Promise,
    what: str,
    more: Mapping[str, Any],
    why: str,
    actor: Actor,
    now: Instant,
) -> None:
    said = line(why, LONGEST_REASON)
    body: dict[str, Any] = {"promise": promise.id, "kind": promise.kind, "what": what, "why": said, **more}
    timeline.add(connection, promise.ticket, NewEntry(kind="promise", body=body), actor, now)
    detail = {"promise": promise.id, "why": said, **more}
    audit.note(connection, actor, f"promise.{what}", f"ticket:{promise.ticket}", detail, now)
    subject = f"promise:{promise.id}"
    changed = Event(
        type="callserver.promise.changed",
        key=f"{subject}:v{promise.version}",
        subject=subject,
        at=now,
        body=promise_told(promise),
    )
    outbox.tell(connection, changed)
    owing.touched(connection, promise.id)

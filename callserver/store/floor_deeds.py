"""What was done last to a person by somebody else, so that two supervisors do not act on one agent against each other.

In: deeds, inside the transactions in which they are done. Out: the last one; Conflict for the second of two. Must not
know: what a deed does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from callserver.errors import Conflict
from callserver.facts import Actor, Instant
from callserver.people import UserId
from callserver.store import ids, text
from callserver.store.helped import floor_deeds as table
from callserver.store.locking import one_after_another
from callserver.store.upsert import insert

AT_ONCE_MS: Final = 10_000
"""So soon after each other two deeds meet whoever did not say which one they had seen last."""
_WORDS: Final = {
    "pause": "paused",
    "ready": "made ready",
    "sign_out": "signed out",
    "queues": "given other queues",
    "take_over": "relieved of a call",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """The last deed; `number` says which."""

    number: int
    by: str
    action: str
    why: str | None
    at: Instant


class Meanwhile(Conflict):
    """Somebody else did something to this person meanwhile; `deed` says who and what."""

    def __init__(self, name: str, deed: Deed, now: Instant) -> None:
        ago, by = max(0, now - deed.at) // 1000, deed.by
        done, why = _WORDS.get(deed.action, deed.action), f" ({deed.why})" if deed.why else ""
        super().__init__(f"{name} was {done} by {by} {ago} s ago{why}")
        self.deed = deed


def last(connection: Connection, user: UserId) -> Deed | None:
    """What was done last to this person; None: nothing ever."""
    row = connection.execute(select(table).where(table.c.user_id == ids.known(user))).one_or_none()
    if row is None:
        return None
    return Deed(number=row.number, by=row.by_name, action=row.action, why=row.why, at=row.at)


def do(
    connection: Connection,
    user: UserId,
    name: str,
    action: str,
    why: str | None,
    actor: Actor,
    now: Instant,
    *,
    seen: int | None = None,
) -> Deed:
    """Note a deed, before it is done. `seen`: the number of the last one that the actor knew of (0: none).

    Raises Meanwhile where somebody else did something since, or, where nothing is said of `seen`, a moment ago.
    """
    one_after_another(connection, f"deeds:{user}")
    before = last(connection, user)
    if before is not None and before.by != actor.name:
        unknown = before.number != seen if seen is not None else now - before.at < AT_ONCE_MS
        if unknown:
            raise Meanwhile(name, before, now)
    values = {
        "number": 1 if before is None else before.number + 1,
        "by_name": text.storable(actor.name),
        "action": action,
        "why": None if why is None else text.storable(why),
        "at": now,
    }
    new = insert(connection, table).values(user_id=user, **values)
    connection.execute(new.on_conflict_do_update(index_elements=["user_id"], set_=values))
    after = last(connection, user)
    assert after is not None
    return after

"""What is not dialled for now: everything, or single kinds of promises. Two switches a person throws.

In: who pauses what, and why. Out: what is paused. Must not know: who dials; whoever does asks here each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from callserver.errors import BadValue, NotFound
from callserver.facts import Actor, Instant, iso
from callserver.store import audit, outbox, text
from callserver.store.outbox import Event
from callserver.store.promising import dialling_switches as table
from callserver.store.upsert import insert
from callserver.tickets.promise import PROMISE_KINDS
from callserver.tickets.wording import line

ALL: Final = "all"
SCOPES: tuple[str, ...] = (ALL, *PROMISE_KINDS)
LONGEST_REASON: Final = 500  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Whether a kind, or everything (ALL), is paused: since when, by whom and why; or who let it go on."""

    scope: str
    paused: bool = False
    why: str = ""
    by: str | None = None
    at: Instant | None = None


def switches(connection: Connection) -> tuple[Switch, ...]:
    """Every switch, that of everything first; those that nobody ever touched are not paused."""
    thrown = {row.scope: Switch(**row._mapping) for row in connection.execute(select(table))}
    return tuple(thrown.get(scope, Switch(scope=scope)) for scope in SCOPES)


def paused(connection: Connection) -> frozenset[str]:
    """The scopes that are paused: kinds, and ALL."""
    return frozenset(connection.execute(select(table.c.scope).where(table.c.paused.is_(True))).scalars())


def pause(connection: Connection, scope: str, why: str, actor: Actor, now: Instant) -> Switch:
    """Dial nothing of this scope from now on; calls that go on go on. Raises NotFound, BadValue without a reason."""
    reason = line(why, LONGEST_REASON)
    if not reason:
        raise BadValue("why", "say why")
    return _throw(connection, Switch(scope=scope, paused=True, why=reason, by=actor.name, at=now), actor, now)


def resume(connection: Connection, scope: str, actor: Actor, now: Instant, why: str = "") -> Switch:
    """Dial again. Raises NotFound for a scope that there is not."""
    gone_on = Switch(scope=scope, paused=False, why=line(why, LONGEST_REASON), by=actor.name, at=now)
    return _throw(connection, gone_on, actor, now)


def _throw(connection: Connection, thrown: Switch, actor: Actor, now: Instant) -> Switch:
    if thrown.scope not in SCOPES:
        raise NotFound(f"there is nothing called {text.key(thrown.scope)!r} to pause: {', '.join(SCOPES)}")
    row = {"paused": thrown.paused, "why": thrown.why, "by": text.key(actor.name), "at": now}
    new = insert(connection, table).values(scope=thrown.scope, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["scope"], set_=row))
    what = "dialling.pause" if thrown.paused else "dialling.resume"
    audit.note(connection, actor, what, f"dialling:{thrown.scope}", {"why": thrown.why}, now)
    _tell(connection, thrown, now)
    return thrown


def _tell(connection: Connection, thrown: Switch, now: Instant) -> None:
    """To the world outside."""
    subject = f"dialling:{thrown.scope}"
    event = Event(
        type="callserver.dialling.paused" if thrown.paused else "callserver.dialling.resumed",
        key=f"{subject}:{now}",
        subject=subject,
        at=now,
        body={
            "scope": thrown.scope,
            "paused": thrown.paused,
            "why": thrown.why,
            "by": thrown.by,
            "at": iso(now),
        },
    )
    outbox.tell(connection, event)

"""What only the database knows of how things are: who is seen, what is late, what was omitted, what trunks refused.

In: now. Out: numbers. Must not know: what is done with them. Each is asked every few seconds for as long as the service
runs, so each is read from an index and bounded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, exists, func, literal, or_, select, tuple_

from callserver.facts import Instant, PbxId
from callserver.store import text
from callserver.store.desk import call_tickets, promise_open, promises
from callserver.store.landing import LAND
from callserver.store.leases import lease_of
from callserver.store.promising import promise_attempts
from callserver.store.schema import (
    agents,
    calls,
    database_now,
    facts,
    gap_open,
    gaps,
    jobs,
    leases,
    reconciliations,
    switches,
    waiting,
)

MOST: Final = 10_000
"""No count is exact beyond this: what is that wrong is not more wrong with one more."""
_ATTEMPTS: Final = 1_000
_LANDINGS: Final = 1_000
LATE_MS: Final = 60_000


def unseen(connection: Connection, pbxs: Collection[PbxId], begun: Instant) -> dict[PbxId, Instant]:
    """The switches that nobody sees, each with since when; `begun`: where a switch was never seen at all."""
    lost = {row.pbx: row.lost_at for row in connection.execute(select(gaps).where(gap_open))}
    known = {row.pbx: row.seen_at for row in connection.execute(select(switches.c.pbx, switches.c.seen_at))}
    owned = select(leases.c.name, leases.c.expires_at).where(leases.c.expires_at > database_now())
    held = {row.name for row in connection.execute(owned)}
    found: dict[PbxId, Instant] = {}
    for pbx in pbxs:
        name = text.key(pbx)
        seen_at = known.get(name)
        if name in lost:
            found[pbx] = lost[name] or seen_at or begun
        elif seen_at is None or lease_of(pbx) not in held:
            found[pbx] = seen_at or begun
    return found


def omission(connection: Connection, pbx: PbxId) -> float | None:
    """Calls in a million that the last comparison found only in the switch's journals; None: none was made yet."""
    table = reconciliations
    wanted = select(table.c.ppm).where(table.c.pbx == text.key(pbx)).order_by(table.c.at.desc()).limit(1)
    found: float | None = connection.execute(wanted).scalar()
    return found


def late_promises(connection: Connection, now: Instant) -> int:
    """Calls that are owed and past their due time."""
    return _count(connection, promise_open, promises.c.due_at < now)


def broken_promises(connection: Connection) -> int:
    """Calls that are owed still, and past their deadline."""
    return _count(connection, promise_open, promises.c.broken_at.is_not(None))


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    some = select(literal(1)).select_from(promises).where(*conditions).limit(MOST).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def late_jobs(connection: Connection) -> int:
    """Work that should have been done for a minute, by the database's clock."""
    late = jobs.c.run_at < database_now() - LATE_MS
    some = select(literal(1)).select_from(jobs).where(waiting, late).limit(MOST).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


class Landings(NamedTuple):
    """Calls that are over and on no ticket yet although they should be by now; `oldest_s`: how long the first of them
    has been over, in seconds (0: none, or nobody knows).
    """

    waiting: int
    oldest_s: float


def landings(connection: Connection) -> Landings:
    """Of at most a thousand jobs. What is put off on purpose, until the journals say how a call ended, is not late;
    what failed and is tried again later is.
    """
    due = or_(jobs.c.run_at <= database_now(), jobs.c.attempts > 0)
    some = select(jobs.c.body).where(waiting, jobs.c.kind == LAND, due).order_by(jobs.c.run_at, jobs.c.id)
    bodies = map(text.load, connection.execute(some.limit(_LANDINGS)).scalars())
    named = {
        (text.key(one["pbx"]), text.key(one["call"])) for one in bodies if one.get("pbx") and one.get("call")
    }
    if not named:
        return Landings(0, 0.0)
    here = (calls.c.pbx, calls.c.call_id)
    landed = exists().where(call_tickets.c.pbx == here[0], call_tickets.c.call_id == here[1])
    left = select(func.count(), database_now() - func.min(calls.c.ended_at)).where(
        tuple_(*here).in_(sorted(named)), calls.c.open.is_(False), ~landed
    )
    count, oldest_ms = connection.execute(left).one()
    return Landings(int(count), max(0, oldest_ms or 0) / 1000)


def last_fact(connection: Connection, pbx: PbxId) -> int:
    """The number of the switch's last fact."""
    return (
        connection.execute(select(switches.c.last_seq).where(switches.c.pbx == text.key(pbx))).scalar() or 0
    )


def refused_by_trunks(
    connection: Connection, pbx: PbxId, after: int, upto: int, trunks: Collection[str]
) -> list[Instant]:
    """When trunks did not take a call that was dialled, by the facts numbered above `after` until `upto`.

    trunks: how their channels begin; none: whatever is no agent's phone is one.
    """
    wanted = select(facts.c.at, facts.c.call_id, facts.c.body).where(
        facts.c.pbx == text.key(pbx), facts.c.seq > after, facts.c.seq <= upto, facts.c.kind == "DialFailed"
    )
    failed = [(row.at, row.call_id, text.load(row.body)) for row in connection.execute(wanted)]
    phones = _phones(connection, pbx) if failed and not trunks else frozenset[str]()
    return [
        at
        for at, call, body in failed
        if at is not None
        and body["result"] == "failed"
        and _is_trunk(_interface(connection, pbx, call, body["leg"]), trunks, phones)
    ]


def refused_attempts(connection: Connection, since: Instant) -> dict[str, list[Instant]]:
    """By switch: when a call to a customer whom we owe it was not taken by a trunk."""
    table = promise_attempts
    newest = (
        select(table.c.pbx, table.c.sent_at, table.c.ended_at, table.c.outcome)
        .order_by(table.c.id.desc())
        .limit(_ATTEMPTS)
    )
    found: dict[str, list[Instant]] = {}
    for row in connection.execute(newest):
        if row.sent_at >= since and row.outcome == "failed":
            found.setdefault(row.pbx, []).append(row.ended_at or row.sent_at)
    return found


def _phones(connection: Connection, pbx: PbxId) -> frozenset[str]:
    wanted = select(agents.c.interface, agents.c.state_interface).where(agents.c.pbx == text.key(pbx))
    return frozenset(one for row in connection.execute(wanted) for one in row if one)


def _interface(connection: Connection, pbx: PbxId, call: str, leg: str) -> str:
    """Of the channel that was dialled; empty where it is not on record."""
    wanted = select(facts.c.body).where(
        facts.c.pbx == text.key(pbx), facts.c.call_id == call, facts.c.kind == "LegStarted"
    )
    legs: list[Mapping[str, str]] = [text.load(body) for body in connection.execute(wanted).scalars()]
    return next((one["interface"] for one in legs if one["leg"] == leg), "")


def _is_trunk(interface: str, trunks: Collection[str], phones: frozenset[str]) -> bool:
    if not interface:
        return False
    return interface.startswith(tuple(trunks)) if trunks else interface not in phones

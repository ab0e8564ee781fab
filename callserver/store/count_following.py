"""What has changed since it was counted: calls, promises and tickets, from the marks that each of them leaves anyway.

In: how far a source was followed. Out: what is new there, and how far that reaches. Must not know: how anything is
counted. Facts are numbered, so their place is exact. Instants of other tables are those of whoever wrote, and a commit
may come later than its instant: they are read again for a while, and whoever counts drops what it has counted already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Column, ColumnElement, Connection, func, select

from callserver.facts import Instant
from callserver.store import spans, text
from callserver.store.counted import count_places
from callserver.store.counting import Ref
from callserver.store.desk import call_tickets, promises, tickets
from callserver.store.schema import calls, facts, switches
from callserver.store.upsert import insert

LATE_MS: Final = 60_000
"""A commit may come so long after the instant that it carries."""
WINDOW_MS: Final = 600_000
_NEWS: Final = (
    *("CallQueued", "AgentAnswered", "CallLeftQueue", "CallbackAsked"),
    *("CallEnded", "CallsMerged", "CallRecovered", "CallCorrected"),
)
Stamp: TypeAlias = tuple[Instant, Any]
"""When something changed, and what."""


class Place(NamedTuple):
    """How far a source was followed: a number, and what else has to be known to go on."""

    at: int
    detail: Any


def place(connection: Connection, source: str) -> Place | None:
    """None: it was never followed."""
    wanted = select(count_places).where(count_places.c.source == text.key(source))
    row = connection.execute(wanted).one_or_none()
    return None if row is None else Place(row.place, text.load(row.detail))


def keep_place(connection: Connection, source: str, at: int, detail: object = None) -> None:
    """From here on next time."""
    new = insert(connection, count_places).values(source=text.key(source), place=at, detail=text.dump(detail))
    set_ = {"place": new.excluded.place, "detail": new.excluded.detail}
    connection.execute(new.on_conflict_do_update(index_elements=["source"], set_=set_))


def pbxs(connection: Connection) -> list[str]:
    """Every switch that facts were written of."""
    return list(connection.execute(select(switches.c.pbx).order_by(switches.c.pbx)).scalars())


# --- calls -----------------------------------------------------------------------------------------------------------


def last_seq(connection: Connection, pbx: str) -> int:
    """The number of the switch's last fact."""
    found = connection.execute(select(switches.c.last_seq).where(switches.c.pbx == pbx)).scalar_one_or_none()
    return found or 0


def told_of(connection: Connection, pbx: str, after: int, most: int) -> tuple[list[Ref], int]:
    """The calls of which facts with numbers behind `after` tell something that counts; how far that reaches.

    A call that was absorbed by another one is among them: it counts for nothing any more.
    """
    until = min(last_seq(connection, pbx), after + most)
    here = (facts.c.pbx == pbx, facts.c.seq > after, facts.c.seq <= until, facts.c.kind.in_(_NEWS))
    wanted = select(facts.c.kind, facts.c.call_id, facts.c.body).where(*here).order_by(facts.c.seq)
    found: dict[Ref, None] = {}
    for row in connection.execute(wanted):
        if row.call_id is not None:
            found[pbx, row.call_id] = None
        if row.kind == "CallsMerged" and (absorbed := text.load(row.body).get("absorbed")):
            found[pbx, text.key(absorbed)] = None
    return list(found), until


def older(
    connection: Connection, pbx: str, before: tuple[Instant, str] | None, most: int
) -> list[tuple[Instant, str]]:
    """Calls in the reverse order of their beginning, from a place on: for counting what was there before."""
    c = calls.c
    wanted = select(c.started_at, c.call_id).where(c.pbx == pbx, c.started_at.is_not(None))
    if before is not None:
        wanted = wanted.where(c.started_at <= before[0], (c.started_at < before[0]) | (c.call_id < before[1]))
    rows = connection.execute(wanted.order_by(c.started_at.desc(), c.call_id.desc()).limit(most))
    return [(row.started_at, row.call_id) for row in rows]


def of_tickets(connection: Connection, some: Sequence[int]) -> list[Ref]:
    """The calls on these tickets."""
    wanted = select(call_tickets.c.pbx, call_tickets.c.call_id).where(call_tickets.c.ticket_id.in_(some))
    return [(row.pbx, row.call_id) for row in connection.execute(wanted)]


# --- what carries an instant -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that carry the instant of their last change in a column with an index."""

    name: str
    stamp: Column[Any]
    what: tuple[Column[Any], ...]
    only: tuple[ColumnElement[bool], ...] = ()


WRAPS: Final = Source(
    "wraps",
    spans.table.c.to_at,
    (spans.table.c.pbx, spans.table.c.call_id),
    (spans.table.c.state == "wrap_up", spans.table.c.call_id.is_not(None)),
)
TOUCHED: Final = Source("tickets", tickets.c.touched_at, (tickets.c.id,))
SETTLED: Final = Source(
    "settled", promises.c.settled_at, (promises.c.id,), (promises.c.settled_at.is_not(None),)
)
BROKEN: Final = Source("broken", promises.c.broken_at, (promises.c.id,), (promises.c.broken_at.is_not(None),))
SOURCES: Final = (WRAPS, TOUCHED, SETTLED, BROKEN)


def stamped(
    connection: Connection, source: Source, after: Instant, now: Instant
) -> tuple[list[Stamp], Instant]:
    """What changed in the next window behind `after`, and until when that is: `now` where nothing more is there."""
    first = select(func.min(source.stamp)).where(source.stamp > after - LATE_MS, *source.only)
    begin = connection.execute(first).scalar_one_or_none()
    if begin is None or begin > now:
        return [], max(after, now)
    until = min(now, max(begin, after) + WINDOW_MS)
    here = (source.stamp >= begin, source.stamp <= until, *source.only)
    rows = connection.execute(select(source.stamp, *source.what).where(*here).order_by(source.stamp))
    return [(row[0], tuple(row[1:])) for row in rows], until


def refs(stamps: Iterable[Stamp]) -> list[Ref]:
    """Calls that stamps are of."""
    return [(pbx, call) for _, (pbx, call) in stamps]


def ids(stamps: Iterable[Stamp]) -> list[int]:
    """Rows that stamps are of, each once."""
    return list(dict.fromkeys(id for _, (id,) in stamps))

"""Sums that are kept: by quarter of an hour and by day, of each queue and of all queues together.

In: sums, and the marks of the spans they are of. Out: what is kept, as JSON. Must not know: how rows are added up, who
reads the numbers.

Of all queues together sums are kept beside: whoever may see everything reads few rows a day and not one for each agent
in each queue. Rows from before that was so are told one by one until their span is summed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, delete, select
from sqlalchemy import insert as plain_insert

from callserver.facts import Instant
from callserver.metrics import slots
from callserver.metrics.definitions import VERSION
from callserver.metrics.slots import Span
from callserver.metrics.sums import Sums
from callserver.store import counted_floor, text
from callserver.store.counted import tallies, to_sum
from callserver.store.upsert import insert

Level: TypeAlias = Literal["slot", "day"]
Dimension: TypeAlias = Literal["", "agent", "team", "kind", "outcome", "promise"]
Only: TypeAlias = Mapping[str, frozenset[str]]
"""Of these values only, by dimension; `site`: of these switches only."""
FORM: Final = 2
"""Of what is kept: 2 has sums of all queues beside."""
ALL: Final[Only] = {}
_TOGETHER: Final = "/all"
_DAY_SLOTS: Final = 100  # quarter hours of a day of 25 hours


class Cell(NamedTuple):
    """Whose sums these are. `at`: the beginning of the span; `queue`: '' also of all; `value`: of the dimension."""

    at: Instant
    pbx: str
    queue: str
    value: str


Summed: TypeAlias = dict[Cell, Sums]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A span whose sums are to be made again."""

    level: Level
    at: Instant
    mark: int


# --- marks -----------------------------------------------------------------------------------------------------------


def marked(connection: Connection, level: Level, limit: int = _DAY_SLOTS) -> list[Marked]:
    """Spans whose sums are to be made again, the latest first."""
    wanted = select(to_sum).where(to_sum.c.level == level).order_by(to_sum.c.at.desc()).limit(limit)
    return [Marked(level=row.level, at=row.at, mark=row.mark) for row in connection.execute(wanted)]


def mark_all(connection: Connection, mark: int, zone: tzinfo, *, other_days: bool) -> None:
    """Everything is to be summed again that can be. `other_days`: days begin at other instants now; what is kept of
    them goes.
    """
    since = counted_floor.of(connection)
    of_slots = (tallies.c.level == "slot", tallies.c.at >= since)
    kept_slots = select(tallies.c.at).where(*of_slots).distinct().order_by(tallies.c.at)
    ats = list(connection.execute(kept_slots).scalars())
    days = sorted({slots.midnight(slots.date_of(at, zone), zone) for at in ats})
    days = [at for at in days if at >= since]
    if other_days:
        connection.execute(delete(tallies).where(tallies.c.level == "day", tallies.c.at >= since))
        connection.execute(delete(to_sum).where(to_sum.c.level == "day"))
    new = insert(connection, to_sum)
    new = new.on_conflict_do_update(index_elements=["level", "at"], set_={"mark": to_sum.c.mark + 1})
    marks = [("slot", at) for at in ats] + [("day", at) for at in days]
    if marks:
        connection.execute(new, [{"level": level, "at": at, "mark": mark} for level, at in marks])


# --- kept ------------------------------------------------------------------------------------------------------------


def keep(
    connection: Connection,
    marks: Iterable[Marked],
    sums: Mapping[Dimension, Summed],
    now: Instant,
) -> None:
    """Put new sums in the place of the old ones of these spans. A span that changed meanwhile stays marked."""
    ats: dict[Level, list[Instant]] = {}
    for one in marks:
        ats.setdefault(one.level, []).append(one.at)
        same = (to_sum.c.level == one.level, to_sum.c.at == one.at, to_sum.c.mark == one.mark)
        connection.execute(delete(to_sum).where(*same))
    named = {name: cells for dimension, cells in sums.items() for name, cells in _both(dimension, cells)}
    for level, these in ats.items():
        gone = (tallies.c.level == level, tallies.c.dimension.in_(list(named)), tallies.c.at.in_(these))
        connection.execute(delete(tallies).where(*gone))
        inside = frozenset(these)
        rows = [
            _row(level, name, cell, one, now)
            for name, cells in named.items()
            for cell, one in cells.items()
            if cell.at in inside
        ]
        if rows:
            connection.execute(plain_insert(tallies), rows)


def _both(dimension: Dimension, cells: Summed) -> Iterator[tuple[str, Summed]]:
    together: Summed = {}
    for cell, sums in cells.items():
        place = cell._replace(queue="")
        if place not in together:
            together[place] = Sums()
        together[place].add(sums)
    yield dimension, cells
    yield dimension + _TOGETHER, together


def _row(level: Level, dimension: str, cell: Cell, sums: Sums, now: Instant) -> dict[str, Any]:
    return {
        "level": level,
        "dimension": dimension,
        **cell._asdict(),
        "sums": text.dump(sums.to_json()),
        "recomputed_at": now,
        "definition": VERSION,
    }


def kept(
    connection: Connection,
    level: Level,
    span: Span,
    dimension: Dimension = "",
    queues: Sequence[str] | None = None,
    only: Only = ALL,
    *,
    together: bool = False,
) -> Iterator[tuple[Cell, dict[str, Any], Instant]]:
    """The sums, as JSON, that are kept of spans that begin in this one, with when they were made; in order, unless some
    of them are of an older form.

    `only`: of sites, and of values of this dimension. `together`: of all queues, where that is kept; without `queues`.
    """
    c = tallies.c
    inside = (c.level == level, c.at >= span.begin, c.at < span.end, *_of(only))
    if queues is not None:
        inside = (*inside, c.queue.in_([text.key(name) for name in queues]))
    if not together or queues is not None:
        yield from _read(connection, c.dimension == dimension, *inside)
        return
    yield from _read(connection, c.dimension == dimension + _TOGETHER, *inside)
    if apart := _ats(connection, level, span, "") - _ats(connection, level, span, _TOGETHER):
        yield from _read(connection, c.dimension == dimension, c.at.in_(sorted(apart)), *inside)


def _of(only: Only) -> list[ColumnElement[bool]]:
    columns = {name: tallies.c.pbx if name == "site" else tallies.c.value for name in only}
    return [columns[name].in_([text.key(one) for one in sorted(values)]) for name, values in only.items()]


def _ats(connection: Connection, level: Level, span: Span, dimension: str) -> set[Instant]:
    c = tallies.c
    here = (c.level == level, c.dimension == dimension, c.at >= span.begin, c.at < span.end)
    return set(connection.execute(select(c.at).where(*here).distinct()).scalars())


def _read(
    connection: Connection, *where: ColumnElement[bool]
) -> Iterator[tuple[Cell, dict[str, Any], Instant]]:
    c = tallies.c
    wanted = select(c.at, c.pbx, c.queue, c.value, c.sums, c.recomputed_at).where(*where).order_by(c.at)
    for at, pbx, queue, value, body, made in connection.execute(wanted):
        yield Cell(at, pbx, queue, value), text.load(body), made

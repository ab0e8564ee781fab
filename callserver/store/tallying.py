"""Counted rows -> sums of any span, by a dimension's values: added up by the database.

In: spans of time, dimensions. Out: `Sums` by switch, queue and a dimension's value. Must not know: when to do it, where
they are kept (tallied). A month of a large hotline is a million rows; a report reads its days' sums instead. Nothing in
here decides what counts: that was done when the rows were written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    case,
    func,
    literal,
    select,
)

from callserver.metrics.slots import Span
from callserver.metrics.sums import Sums
from callserver.store import ready_time, text
from callserver.store.counted import (
    call_counts,
    handling_counts,
    promise_counts,
    ticket_counts,
    visit_counts,
)
from callserver.store.ready_time import Spent
from callserver.store.tallied import ALL, Cell, Dimension, Only, Summed

DIMENSIONS: Final[tuple[Dimension, ...]] = ("", "agent", "team", "kind", "outcome", "promise")
_CELL: Final = ("cell_at", "cell_pbx", "cell_queue", "cell_value")


# --- rows added up ---------------------------------------------------------------------------------------------------


def summed(
    connection: Connection,
    span: Span,
    dimension: Dimension = "",
    *,
    every_ms: int | None = None,
    queues: Sequence[str] | None = None,
    only: Only = ALL,
) -> Summed:
    """The sums of the rows in a span by a dimension's values; `every_ms`: by parts of it, each so long.

    Cells of the whole span are at its beginning. `queues`, `only`: of these only. Time at work is in the sums of all
    queues and kinds; where the span is cut, only in those of agents.
    """
    found: defaultdict[Cell, Sums] = defaultdict(Sums)
    for one in _SOURCES:
        if not one.has({dimension, *only} - {""}):
            continue
        value = one.dimensions[dimension] if dimension else literal("")
        cell = (_begin(one.at, span, every_ms), one.pbx, one.table.c.queue, value)
        named = [column.label(name) for column, name in zip(cell, _CELL, strict=True)]
        rows = select(*named, *one.measured).where(one.at >= span.begin, one.at < span.end, *one.only)
        if queues is not None:
            rows = rows.where(one.table.c.queue.in_([text.key(name) for name in queues]))
        rows = rows.where(*one.of(only))
        rows = rows.group_by(*_CELL, *one.apart)
        for row in connection.execute(rows):
            place = Cell(row[0], row[1], row[2], row[3] or "")
            one.pour(found[place], row[4:])
    if queues is None and dimension in _OF_PEOPLE and only.keys() <= {"agent", "site"}:
        _pour_time(found, _time(connection, span, dimension, every_ms, only))
    return dict(found)


def summed_by_all(connection: Connection, span: Span) -> dict[Dimension, Summed]:
    """What `summed` says of a whole span, by every dimension: the rows are read once."""
    found: dict[Dimension, defaultdict[Cell, Sums]] = {name: defaultdict(Sums) for name in DIMENSIONS}
    for one in _SOURCES:
        names: list[Dimension] = [name for name in DIMENSIONS if not name or name in one.dimensions]
        values = [(one.dimensions[name] if name else literal("")).label(f"by_{name}") for name in names]
        keys = [one.pbx.label("by_pbx"), one.table.c.queue.label("by_queue"), *values]
        rows = select(*keys, *one.measured).where(one.at >= span.begin, one.at < span.end, *one.only)
        for row in connection.execute(rows.group_by(*[key.name for key in keys], *one.apart)):
            pbx, queue, measured = row[0], row[1], row[len(keys) :]
            for name, value in zip(names, row[2 : len(keys)], strict=True):
                one.pour(found[name][Cell(span.begin, pbx, queue, value or "")], measured)
    for name in _OF_PEOPLE:
        _pour_time(found[name], _time(connection, span, name, None, ALL))
    return {name: dict(cells) for name, cells in found.items()}


def _pour_time(found: defaultdict[Cell, Sums], many: Iterable[Spent]) -> None:
    for spent in many:
        sums = found[Cell(spent.at, spent.pbx, "", spent.user)]
        name = ready_time.INTO[spent.state]
        setattr(sums, name, getattr(sums, name) + spent.ms)


_OF_PEOPLE: Final[tuple[Dimension, ...]] = ("", "agent")
"""Time at work is a person's and no queue's, so only sums of all queues have it."""


def _time(
    connection: Connection, span: Span, dimension: Dimension, every_ms: int | None, only: Only
) -> Iterable[Spent]:
    """Sums of quarter hours that are kept have no time, because it is known only when a state is over."""
    if every_ms is None:
        return ready_time.whole(connection, span, only, apart=bool(dimension))
    if dimension or "agent" in only:
        return ready_time.cut(connection, span, only, apart=bool(dimension), every_ms=every_ms)
    return ()


def _keys(values: Iterable[str]) -> list[str]:
    return [text.key(one) for one in sorted(values)]


def _begin(at: Column[int], span: Span, every_ms: int | None) -> ColumnElement[int]:
    """Quarter hours begin where those of UTC do, so the remainder of the division is enough."""
    return literal(span.begin) if every_ms is None else at - at % every_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A table of rows: its place in time, the dimensions that it has, and what of a group goes into which sums."""

    table: Table
    at: Column[Any]
    pbx: ColumnElement[str]
    dimensions: Mapping[str, ColumnElement[Any]]
    measured: tuple[ColumnElement[Any], ...]
    apart: tuple[str, ...] = ()
    only: tuple[ColumnElement[bool], ...] = ()
    pour: Any

    def has(self, names: Iterable[str]) -> bool:
        """Whether its rows have all of these; promises and tickets have no site."""
        return all(
            isinstance(self.pbx, Column) if name == "site" else name in self.dimensions for name in names
        )

    def of(self, only: Only) -> list[ColumnElement[bool]]:
        return [
            (self.pbx if name == "site" else self.dimensions[name]).in_(_keys(values))
            for name, values in only.items()
        ]


def _flag(column: ColumnElement[Any]) -> ColumnElement[int]:
    return case((column.is_(True), 1), else_=0)


_ENDS: Final = {
    None: "undecided",
    "answered": "answered",
    "abandoned": "abandoned",
    "timed_out": "timed_out",
    "left_by_key": "left_by_key",
    "queue_empty": "queue_empty",
    "withdrawn": "withdrawn",
    "callback": "callback_taken",
}


def _pour_visits(sums: Sums, row: Sequence[Any]) -> None:
    """One group has one end and one whole second of waiting."""
    end, waited_s, n, in_target, short, wait_ms, longest_ms, gap = row
    sums.offered += n
    name = _ENDS.get(end, "unknown")
    setattr(sums, name, getattr(sums, name) + n)
    sums.answered_in_target += in_target
    sums.short += short
    sums.gap = sums.gap or bool(gap)
    if end is not None:
        sums.max_wait_ms = max(sums.max_wait_ms, longest_ms or 0)
    if end == "answered" and waited_s is not None:
        sums.wait_ms += int(wait_ms)
        sums.waits[waited_s] = sums.waits.get(waited_s, 0) + n
    elif end == "abandoned":
        sums.abandoned_wait_ms += int(wait_ms or 0)


def _pour_handlings(sums: Sums, row: Sequence[Any]) -> None:
    n, talk_ms, hold_ms, wrap_ms, transferred, gap = row
    sums.handled += n
    sums.talk_ms += int(talk_ms)
    sums.hold_ms += int(hold_ms)
    sums.wrap_ms += int(wrap_ms)
    sums.transfers += transferred
    sums.gap = sums.gap or bool(gap)


def _pour_calls(sums: Sums, row: Sequence[Any]) -> None:
    n, known, repeated, gap = row
    sums.calls += n
    sums.known_callers += known
    sums.first_contact += known - repeated
    sums.gap = sums.gap or bool(gap)


def _pour_promises(sums: Sums, row: Sequence[Any]) -> None:
    late_s, n, kept = row
    sums.promises_due += n
    sums.promises_kept += kept
    if late_s is not None:
        sums.lateness[late_s] = sums.lateness.get(late_s, 0) + n


def _pour_ratings(sums: Sums, row: Sequence[Any]) -> None:
    n, total, bad = row
    sums.ratings += n
    sums.rating_sum += int(total)
    sums.dissatisfied += bad


def _pour_tickets(sums: Sums, row: Sequence[Any]) -> None:
    hours, n, visited, one_visit, repeated = row
    sums.ages[hours] = sums.ages.get(hours, 0) + n
    sums.tickets_visited += visited
    sums.tickets_one_visit += one_visit
    sums.tickets_repeated += repeated


def _whole(ms: ColumnElement[Any], unit_ms: int) -> ColumnElement[int]:
    """Whole units, cut; both databases divide whole numbers so."""
    return ms // unit_ms


_V, _H, _C, _P, _T = visit_counts.c, handling_counts.c, call_counts.c, promise_counts.c, ticket_counts.c
_VISITED = _T.visits > 0
BAD_RATING: Final = 2
"""A customer who presses this, or less, is not content."""
_SOURCES: Final = (
    _Source(
        table=visit_counts,
        at=_V.at,
        pbx=_V.pbx,
        dimensions={
            "agent": _V.agent,
            "team": _V.team,
            "kind": _V.kind,
            "outcome": func.coalesce(_V.outcome, ""),
        },
        measured=(
            _V.outcome.label("ended"),
            _whole(_V.wait_ms, 1000).label("waited_s"),
            func.count(),
            func.sum(_flag(_V.in_target)),
            func.sum(_flag(_V.short)),
            func.sum(_V.wait_ms),
            func.max(_V.wait_ms),
            func.max(_flag(_V.gap)),
        ),
        apart=("ended", "waited_s"),
        pour=_pour_visits,
    ),
    _Source(
        table=handling_counts,
        at=_H.at,
        pbx=_H.pbx,
        dimensions={"agent": _H.agent, "team": _H.team, "kind": _H.kind, "outcome": literal("answered")},
        measured=(
            func.count(),
            func.sum(_H.talk_ms),
            func.sum(_H.hold_ms),
            func.sum(_H.wrap_ms),
            func.sum(_flag(_H.transferred)),
            func.max(_flag(_H.gap)),
        ),
        pour=_pour_handlings,
    ),
    _Source(
        table=call_counts,
        at=_C.at,
        pbx=_C.pbx,
        dimensions={"agent": _C.agent, "team": _C.team, "kind": _C.kind, "outcome": _C.outcome},
        measured=(
            func.count(),
            func.sum(_flag(_C.known)),
            func.sum(_flag(_C.repeated)),
            func.max(_flag(_C.gap)),
        ),
        pour=_pour_calls,
    ),
    _Source(
        table=promise_counts,
        at=_P.at,
        pbx=literal(""),
        dimensions={"promise": _P.promise, "kind": _P.kind},
        measured=(_whole(_P.late_ms, 1000).label("late_s"), func.count(), func.sum(_flag(_P.kept))),
        apart=("late_s",),
        pour=_pour_promises,
    ),
    _Source(
        table=promise_counts,
        at=_P.rated_at,
        pbx=literal(""),
        dimensions={"promise": _P.promise, "kind": _P.kind},
        measured=(
            func.count(),
            func.sum(_P.rating),
            func.sum(case((_P.rating <= BAD_RATING, 1), else_=0)),
        ),
        only=(_P.rated_at.is_not(None),),
        pour=_pour_ratings,
    ),
    _Source(
        table=ticket_counts,
        at=_T.at,
        pbx=literal(""),
        dimensions={"kind": _T.kind},
        measured=(
            _whole(_T.age_ms, 3_600_000).label("hours"),
            func.count(),
            func.sum(case((_VISITED, 1), else_=0)),
            func.sum(case((_T.visits == 1, 1), else_=0)),
            func.sum(case((_VISITED & _T.repeated.is_(True), 1), else_=0)),
        ),
        apart=("hours",),
        only=(_T.at.is_not(None),),
        pour=_pour_tickets,
    ),
)

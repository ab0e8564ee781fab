"""The calls behind a number: every stay in a queue, handling or call that one cell of a report counts.

In: a metric's key, a span, what was split and filtered. Out: what it counts, page by page, and how many that are. Must
not know: who may see them. A number of a report is the count of what is listed here: a test asks for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, Table, func, literal, or_, select, tuple_

from callserver.errors import BadValue
from callserver.facts import Instant
from callserver.metrics.slots import Span
from callserver.store import text
from callserver.store.counted import call_counts, handling_counts, visit_counts
from callserver.store.reporting import Split
from callserver.store.tallied import Only

Behind: TypeAlias = tuple[Instant, str, str, int]
"""Where a page ended: instant, switch, call, number of the stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One number: a metric in a span, of one key of a split (None: of all), in some queues (None: in all), and of some
    agents, kinds, outcomes, sites only."""

    metric: str
    span: Span
    split: Split | None = None
    key: str | None = None
    queues: frozenset[str] | None = None
    only: Only = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One thing that is counted. `n`: the number of the stay or handling in its call; `at`: what it is counted by."""

    pbx: str
    call: str
    n: int
    at: Instant
    queue: str
    agent: str
    kind: str
    outcome: str | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    hold_s: float | None = None
    wrap_s: float | None = None
    gap: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """In order of time; `end` None: there are no more. `count`: of all pages."""

    listed: tuple[Listed, ...]
    count: int
    end: Behind | None


_V, _H, _C = visit_counts.c, handling_counts.c, call_counts.c


def _ended(how: str) -> tuple[Table, tuple[ColumnElement[bool], ...]]:
    return visit_counts, (_V.outcome == how,)


_ANSWERED: Final = _ended("answered")
_DECIDED: Final = (visit_counts, (_V.outcome.is_not(None), _V.short.is_(False)))
_HANDLED: Final = (handling_counts, ())
_BEHIND: Final[Mapping[str, tuple[Table, tuple[ColumnElement[bool], ...]]]] = {
    "offered": (visit_counts, ()),
    "answered": _ANSWERED,
    "answered_in_target": (visit_counts, (_V.in_target.is_(True),)),
    "abandoned": _ended("abandoned"),
    "short": (visit_counts, (_V.short.is_(True),)),
    "timed_out": _ended("timed_out"),
    "left_by_key": _ended("left_by_key"),
    "queue_empty": _ended("queue_empty"),
    "withdrawn": _ended("withdrawn"),
    "callback_taken": _ended("callback"),
    "unknown": (
        visit_counts,
        (
            _V.outcome.not_in(
                "answered abandoned timed_out left_by_key queue_empty withdrawn callback".split()
            ),
        ),
    ),
    "sl_offered": _DECIDED,
    "sl_answered": _ANSWERED,
    "abandon_rate": _DECIDED,
    **dict.fromkeys(("asa", "wait_median", "wait_p95"), _ANSWERED),
    "wait_max": (visit_counts, (_V.outcome.is_not(None),)),
    "wait_abandoned": _ended("abandoned"),
    **dict.fromkeys(
        ("handled", "aht", "talk_mean", "hold_mean", "wrap_mean", "transfer_rate", "occupancy"), _HANDLED
    ),
    "transfers": (handling_counts, (_H.transferred.is_(True),)),
    "calls": (call_counts, ()),
    "fcr": (call_counts, (_C.known.is_(True),)),
}
"""What each metric counts; of a ratio or a mean, whom it is taken of: its denominator."""
COUNTED: Final = frozenset(_BEHIND)


def page(connection: Connection, cell: Cell, limit: int, behind: Behind | None = None) -> Page:
    """At most `limit` of what a number counts. Raises BadValue for a metric that counts no calls."""
    if cell.metric not in _BEHIND:
        raise BadValue("metric", "counts no calls; those that do: " + ", ".join(sorted(COUNTED)))
    table, conditions = _BEHIND[cell.metric]
    if cell.split == "promise" or (
        cell.split == "outcome" and table is handling_counts and cell.key != "answered"
    ):
        return Page(listed=(), count=0, end=None)
    where = [*conditions, *_inside(table, cell)]
    count = connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
    order = _order(table)
    wanted = select(table).where(*where).order_by(*order).limit(limit + 1)
    if behind is not None:
        wanted = wanted.where(tuple_(*order) > tuple_(*behind[: len(order)]))
    rows = connection.execute(wanted).all()
    listed = tuple(_listed(row) for row in rows[:limit])
    last = listed[-1] if len(rows) > limit else None
    return Page(
        listed=listed, count=int(count), end=None if last is None else (last.at, last.pbx, last.call, last.n)
    )


def _order(table: Table) -> tuple[ColumnElement[Any], ...]:
    names = ("at", "pbx", "call_id") if table is call_counts else ("at", "pbx", "call_id", "n")
    return tuple(table.c[name] for name in names)


def _inside(table: Table, cell: Cell) -> Sequence[ColumnElement[bool]]:
    found = [table.c.at >= cell.span.begin, table.c.at < cell.span.end]
    if cell.queues is not None:
        found.append(table.c.queue.in_([text.key(name) for name in sorted(cell.queues)]))
    found += [
        _column(table, name).in_([text.key(one) for one in sorted(values)])
        for name, values in cell.only.items()
    ]
    if cell.split is None or cell.key is None:
        return found
    if cell.split == "site":
        return [*found, table.c.pbx == text.key(cell.key)]
    if cell.split == "queue":
        return [*found, table.c.queue == text.key(cell.key)]
    if cell.split == "outcome" and table is handling_counts:
        return found
    column = table.c[cell.split]
    same = column == text.key(cell.key)
    return [*found, same if cell.key else or_(column == "", column.is_(None))]


def _column(table: Table, name: str) -> ColumnElement[Any]:
    """Whatever an agent handled was answered."""
    if name == "outcome" and table is handling_counts:
        return literal("answered")
    return table.c["pbx" if name == "site" else name]


def _listed(row: Any) -> Listed:
    said = row._mapping
    return Listed(
        pbx=row.pbx,
        call=row.call_id,
        n=said.get("n", 0),
        at=row.at,
        queue=row.queue,
        agent=row.agent,
        kind=row.kind,
        outcome=said.get("outcome"),
        wait_s=_seconds(said.get("wait_ms")),
        talk_s=_seconds(said.get("talk_ms")),
        hold_s=_seconds(said.get("hold_ms")),
        wrap_s=_seconds(said.get("wrap_ms")),
        gap=row.gap,
    )


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000

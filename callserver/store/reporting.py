"""What is asked of the numbers -> rows of sums, with their totals, the period before, and what could not be seen.

In: dates, how they are cut and split, whose queues. Out: sums for each span and key. Must not know: titles, percentages
on a screen, who may see what beyond the queues it is told. Long periods are read month by month, so that neither memory
nor another report waits for ten years.

Sums are those that were kept; of spans whose calls changed a moment ago they are made anew from the rows, as long as
these are few. So a number is that of the calls that `reporting_calls` lists for it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from functools import partial
from itertools import islice
from typing import Any, Final, Literal, TypeAlias, get_args

from sqlalchemy import Connection, select

from callserver.errors import BadValue
from callserver.facts import Instant
from callserver.metrics import slots
from callserver.metrics.slots import QUARTER_MS, By, Span
from callserver.metrics.sums import Sums, value
from callserver.store import tallied, tallying
from callserver.store.counted import to_sum
from callserver.store.engine import Store
from callserver.store.schema import gaps, reconciliations
from callserver.store.tallied import Cell, Dimension, Level, Only

Split: TypeAlias = Literal["queue", "agent", "team", "kind", "site", "outcome", "promise"]
SPLITS: Final[tuple[Split, ...]] = get_args(Split)
LONGEST: Final[dict[By, int]] = {"interval": 7, "hour": 62, "day": 3_653, "week": 3_653, "month": 3_653}
"""Days that can be asked for at once."""
FROM_ROWS: Final = 7
"""Days of hours that can be split by what is kept by day only."""
CROSSED: Final = 31
"""Days of two things at once of which sums are kept one by one, such as the agents of one kind."""
_KEPT_BY_DAY: Final[tuple[Dimension, ...]] = ("agent", "team", "kind", "outcome", "promise")
_ANEW: Final[dict[Level, int]] = {"slot": 96, "day": 2}
"""So many spans that changed are made anew for whoever asks; where there are more, the sums that were kept are told."""
_DAYS_AT_ONCE: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What numbers somebody wants: from the first instant of `first` to the last of `last`, in the site's zone.

    queues: only these, by the names that the switch gave them; None: all, and what was in no queue. only: of these
    agents, kinds, outcomes, sites only. people: whose time at work may be told, by id; None: everybody's. present: a
    queue's name of today, where it had another.
    """

    first: date
    last: date
    by: By = "day"
    split: Split | None = None
    queues: frozenset[str] | None = None
    only: Only = field(default_factory=dict)
    people: frozenset[str] | None = None
    zone: tzinfo
    present: Callable[[str], str] = str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def span(self) -> Span:
        return slots.whole(self.first, self.last, self.zone)

    @property
    def dimension(self) -> Dimension:
        return "" if self.split in (None, "queue", "site") else self.split  # type: ignore[return-value]

    @property
    def kept_by(self) -> list[Dimension]:
        """Those of which sums are kept one by one that have to be known; of one at most there are sums."""
        return [one for one in _KEPT_BY_DAY if one == self.split or one in self.only]

    @property
    def by_slot(self) -> bool:
        return self.by in ("interval", "hour")

    @property
    def from_rows(self) -> bool:
        """Whether no sums are kept of it."""
        return len(self.kept_by) > (0 if self.by_slot else 1)

    @property
    def timed(self) -> bool:
        """Whether time at work can be told: it is a person's, and no queue's, kind's or outcome's."""
        fits = self.split in (None, "agent") and self.only.keys() <= {"agent", "site"}
        return fits and self.people != frozenset() and (not self.by_slot or self.days <= FROM_ROWS)


@dataclass(slots=True)
class Row:
    """The sums of one span and one key ('': nothing is split). time: of those whose time at work may be told, all that
    they handled in any queue, and how long they were ready; None: it cannot be told.
    """

    span: Span
    key: str
    sums: Sums
    time: Sums | None = None

    def add(self, other: Row) -> None:
        """Add the sums of another to these."""
        self.sums.add(other.sums)
        if other.time is not None:
            self.time = self.time or Sums()
            self.time.add(other.time)

    def value(self, metric: str) -> float | None:
        """A metric's value by its key; None: nothing to count it of."""
        if metric != "occupancy":
            return value(metric, self.sums)
        return None if self.time is None else value(metric, self.time)


@dataclass(slots=True)
class Part:
    """Some rows in order. recomputed_at: when the latest of their sums was made; None: just now, from the rows."""

    rows: list[Row] = field(default_factory=list)
    recomputed_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """A span in which a switch could not be seen; `to` None: it goes on."""

    pbx: str
    begin: Instant
    to: Instant | None

    def touches(self, span: Span) -> bool:
        return self.begin < span.end and (self.to is None or self.to > span.begin)


def check(asked: Asked) -> None:
    """Raises BadValue where more is asked than can be answered, in words that say what to ask instead."""
    if not 1970 <= asked.first.year <= 9998 or not 1970 <= asked.last.year <= 9998:
        raise BadValue("from", "a year from 1970 to 9998")
    if asked.last < asked.first:
        raise BadValue("to", "must not be before `from`")
    most = LONGEST[asked.by]
    if asked.days > most:
        longer = {"interval": "hour", "hour": "day"}.get(asked.by)
        instead = f"; ask by {longer}" if longer else "; ask for a part of it"
        raise BadValue("to", f"at most {most} days by {asked.by}{instead}")
    if asked.by_slot and asked.from_rows and asked.days > FROM_ROWS:
        raise BadValue("to", f"at most {FROM_ROWS} days by {asked.by} and {asked.kept_by[0]}; ask by day")
    if asked.from_rows and asked.days > CROSSED:
        both = " and ".join(asked.kept_by)
        raise BadValue(
            "to", f"at most {CROSSED} days of {both} at once; ask for a part of it, or for one of them"
        )


async def parts(store: Store, asked: Asked) -> AsyncIterator[Part]:
    """The rows, some at a time, in the order of spans and then of keys. Raises BadValue."""
    check(asked)
    spans = slots.spans(asked.by, asked.first, asked.last, asked.zone)
    while some := list(islice(spans, _at_once(asked))):
        yield await store.report(partial(_part, asked, some))


async def total(store: Store, asked: Asked) -> Row:
    """The sums of the whole period, not split."""
    whole = Row(asked.span, "", Sums())
    async for part in parts(store, _unsplit(asked)):
        for row in part.rows:
            whole.add(row)
    return whole


def before(asked: Asked) -> Asked:
    """The same of the period before."""
    first, last = slots.before(asked.first, asked.last)
    return _changed(asked, first=first, last=last)


def _unsplit(asked: Asked) -> Asked:
    by: By = "day" if asked.days <= _DAYS_AT_ONCE else "month"
    return _changed(asked, by=by, split=None)


def _changed(asked: Asked, **changes: Any) -> Asked:
    kept = {name: getattr(asked, name) for name in Asked.__dataclass_fields__}
    return Asked(**{**kept, **changes})


def _at_once(asked: Asked) -> int:
    if asked.from_rows and not asked.by_slot:
        return 1
    return {"interval": 96, "hour": 7 * 24, "day": _DAYS_AT_ONCE, "week": 4, "month": 1}[asked.by]


# --- reading ---------------------------------------------------------------------------------------------------------


def _part(asked: Asked, spans: list[Span], connection: Connection) -> Part:
    part = Part()
    begins = [one.begin for one in spans]

    def gathered(cells: Iterable[tuple[Cell, _Pour]]) -> dict[tuple[int, str], Sums]:
        found: defaultdict[tuple[int, str], Sums] = defaultdict(Sums)
        for cell, pour in cells:
            pour(found[bisect_right(begins, cell.at) - 1, _key(asked, cell)])
        return dict(found)

    found = gathered(_cells(connection, asked, spans, part))
    times: Mapping[tuple[int, str], Sums] = {}
    if asked.timed:
        of_all = asked.queues is None and asked.people is None and not (asked.by_slot and not asked.kept_by)
        times = found if of_all else gathered(_cells(connection, _timing(asked), spans, Part()))
    places = {*found, *times, *((place, "") for place in range(len(spans)) if asked.split is None)}
    part.rows = [
        Row(spans[place], key, found.get((place, key)) or Sums(), times.get((place, key)))
        for place, key in sorted(places)
    ]
    return part


def _timing(asked: Asked) -> Asked:
    """What is asked to know how long people were ready and how long they handled anything."""
    chosen = asked.only.get("agent")
    whose = chosen if asked.people is None else asked.people if chosen is None else chosen & asked.people
    only = {name: values for name, values in asked.only.items() if name != "agent"}
    if whose is not None:
        only["agent"] = whose
    split = "agent" if asked.by_slot else asked.split  # sums of quarter hours are kept without anybody's time
    return _changed(asked, queues=None, only=only, split=split)


def _cells(
    connection: Connection, asked: Asked, spans: list[Span], part: Part
) -> Iterator[tuple[Cell, _Pour]]:
    """Kept sums; those that are kept no longer or not at all are made of the rows."""
    whole = Span(spans[0].begin, spans[-1].end)
    if asked.from_rows:
        anew: Iterable[Span] = [whole] if asked.by_slot else spans
    else:
        level: Level = "slot" if asked.by_slot else "day"
        changed = _changed_spans(connection, level, whole, asked.zone)
        anew = changed.values()
        dimension: Dimension = asked.kept_by[0] if asked.kept_by else ""
        together = asked.split != "queue"
        for cell, body, made in tallied.kept(
            connection, level, whole, dimension, _queues(asked), asked.only, together=together
        ):
            if cell.at not in changed:
                part.recomputed_at = max(part.recomputed_at or 0, made)
                yield cell, partial(_pour_json, body)
    every_ms = QUARTER_MS if asked.by_slot else None
    for span in anew:
        summed = tallying.summed(
            connection, span, asked.dimension, every_ms=every_ms, queues=_queues(asked), only=asked.only
        )
        for cell, sums in summed.items():
            yield cell, partial(_pour, sums)


_Pour: TypeAlias = Callable[[Sums], None]
"""Puts the sums of a cell into others."""


def _pour(cell: Sums, into: Sums) -> None:
    into.add(cell)


def _pour_json(body: Mapping[str, Any], into: Sums) -> None:
    into.add_json(body)


def _queues(asked: Asked) -> list[str] | None:
    return None if asked.queues is None else sorted(asked.queues)


def _key(asked: Asked, cell: Cell) -> str:
    match asked.split:
        case None:
            return ""
        case "queue":
            return asked.present(cell.queue)
        case "site":
            return cell.pbx
        case _:
            return cell.value


def _changed_spans(connection: Connection, level: Level, whole: Span, zone: tzinfo) -> dict[Instant, Span]:
    """Spans whose rows changed since their sums were made, unless they are many."""
    inside = (to_sum.c.level == level, to_sum.c.at >= whole.begin, to_sum.c.at < whole.end)
    wanted = select(to_sum.c.at).where(*inside).order_by(to_sum.c.at).limit(_ANEW[level] + 1)
    ats = list(connection.execute(wanted).scalars())
    if len(ats) > _ANEW[level]:
        return {}
    if level == "slot":
        return {at: Span(at, at + QUARTER_MS) for at in ats}
    return {at: slots.day(slots.date_of(at, zone), zone) for at in ats}


# --- what could not be seen ------------------------------------------------------------------------------------------


def blind(connection: Connection, span: Span) -> list[Blind]:
    """Every gap that touches a span, in order."""
    inside = (gaps.c.lost_at < span.end, (gaps.c.restored_at > span.begin) | gaps.c.open.is_(True))
    wanted = select(gaps.c.pbx, gaps.c.lost_at, gaps.c.restored_at).where(*inside)
    rows = connection.execute(wanted.order_by(gaps.c.lost_at, gaps.c.pbx))
    return [Blind(pbx=row.pbx, begin=row.lost_at, to=row.restored_at) for row in rows]


def omission(connection: Connection, span: Span) -> Sums:
    """What comparing with the switches' journals gave: of each span that was compared, the latest word."""
    c = reconciliations.c
    wanted = (
        select(c.pbx, c.begin_at, c.end_at, c.switch_calls, c.omitted)
        .where(c.begin_at >= span.begin, c.begin_at < span.end)
        .order_by(c.pbx, c.begin_at, c.end_at.desc(), c.at.desc())
    )
    sums, until = Sums(), dict[str, Instant]()
    for row in connection.execute(wanted):
        if row.begin_at >= until.get(row.pbx, 0):  # a gap's own comparison lies inside the night's
            until[row.pbx] = row.end_at
            sums.switch_calls += row.switch_calls
            sums.omitted += row.omitted
    return sums

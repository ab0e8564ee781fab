"""Sums -> a report as the API tells it: rows of values, totals, the period before, what was blind.

In: what is asked, who asks. Out: a report. Must not know: how sums are made, who may see which queue (report_asking).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Annotated

from msgspec import Meta, Struct, field

from callserver.errors import BadValue
from callserver.facts import Instant
from callserver.metrics.slots import By, local_iso
from callserver.metrics.sums import Sums
from callserver.store import reporting
from callserver.store.reporting import Blind, Row, Split
from callserver.web.api import report_asking
from callserver.web.api.operation import Asked
from callserver.web.api.report_asking import ReportQuery
from callserver.web.api.shapes import Day, Moment, moment

MOST_ROWS = 20_000
Values = Annotated[
    dict[str, float | None],
    Meta(
        description="By the definition's key; null: there is nothing to count it of.",
        examples=[{"offered": 12}],
    ),
]


class Period(Struct, frozen=True, kw_only=True):
    """What was asked, as it was understood."""

    first: Day = field(name="from")
    last: Day = field(name="to")
    by: By
    split: Split | None
    queue: str | None
    team: str | None
    agent: str | None
    kind: str | None
    site: str | None
    outcome: str | None
    compare: bool
    zone: Annotated[str, Meta(examples=["Asia/Shanghai"])]


class RowShown(Struct, frozen=True, kw_only=True):
    """One span and key. `at`, `until`: on the site's clock. gap: a part of what it counts was not seen."""

    at: str
    until: str
    key: str
    title: str
    values: Values
    gap: bool


class Total(Struct, frozen=True, kw_only=True):
    """The whole period: of everything, and of each key."""

    values: Values
    gap: bool
    by_key: list[KeyTotal]


class KeyTotal(Struct, frozen=True, kw_only=True):
    key: str
    title: str
    values: Values
    gap: bool


class PeriodBefore(Struct, frozen=True, kw_only=True):
    """The period before: whole months for whole months, otherwise as many days."""

    first: Day = field(name="from")
    last: Day = field(name="to")
    values: Values
    gap: bool


class BlindShown(Struct, frozen=True, kw_only=True):
    """A span in which a switch could not be seen; `to` null: it goes on."""

    pbx: str
    begin: Moment = field(name="from")
    to: Moment | None


class Report(Struct, frozen=True, kw_only=True):
    """`recomputed_at`: when the latest of these sums was made from the calls' records; null: now."""

    asked: Period
    columns: list[str]
    rows: list[RowShown]
    totals: Total
    before: PeriodBefore | None
    recomputed_at: Moment | None
    blind: list[BlindShown]


async def made(asked: Asked, query: ReportQuery) -> Report:
    store = asked.site.store
    wanted = await store.report(partial(report_asking.wanted, asked=asked, query=query))
    title = await store.report(partial(report_asking.titles, asked=asked, split=query.split))
    blind = await store.report(partial(reporting.blind, span=wanted.span))
    columns = report_asking.columns(wanted)
    told = Telling(wanted, columns, title, blind)
    recomputed_at: Instant | None = None
    async for part in reporting.parts(store, wanted):
        told.add(part.rows)
        if len(told.rows) > MOST_ROWS:
            raise BadValue(
                "by", f"more than {MOST_ROWS:,} rows: ask by week or month, of fewer queues, or export"
            )
        recomputed_at = max(
            (at for at in (recomputed_at, part.recomputed_at) if at is not None), default=None
        )
    if "omission_ppm" in columns:
        told.whole.sums.add(await store.report(partial(reporting.omission, span=wanted.span)))
    return Report(
        asked=_period(wanted, query),
        columns=columns,
        rows=told.rows,
        totals=told.totals(),
        before=await _before(asked, wanted, columns) if query.compare else None,
        recomputed_at=moment(recomputed_at),
        blind=[BlindShown(pbx=one.pbx, begin=moment(one.begin) or "", to=moment(one.to)) for one in blind],
    )


class Telling:
    """Rows of sums -> rows of values, and totals on the way."""

    def __init__(
        self, wanted: reporting.Asked, columns: list[str], title: report_asking.Title, blind: list[Blind]
    ) -> None:
        self._zone = wanted.zone
        self._columns = columns
        self._title = title
        self._blind = blind
        self._keys: dict[str, Row] = {}
        self._split = wanted.split
        self.rows: list[RowShown] = []
        self.whole = Row(wanted.span, "", Sums())

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self.whole.add(row)
            if self._split is not None:
                self._keys.setdefault(row.key, Row(self.whole.span, row.key, Sums())).add(row)
            self.rows.append(self._row(row))

    def totals(self) -> Total:
        ordered = sorted(self._keys.values(), key=lambda one: (-one.sums.offered, one.key))
        by_key = [
            KeyTotal(
                key=one.key,
                title=self._title(one.key),
                values=values(one, self._columns),
                gap=one.sums.gap,
            )
            for one in ordered
        ]
        gap = self.whole.sums.gap or bool(self._blind)
        return Total(values=values(self.whole, self._columns), gap=gap, by_key=by_key)

    def _row(self, row: Row) -> RowShown:
        return RowShown(
            at=local_iso(row.span.begin, self._zone),
            until=local_iso(row.span.end, self._zone),
            key=row.key,
            title=self._title(row.key) if self._split is not None else "",
            values=values(row, self._columns),
            gap=touched(row, self._blind, self._split),
        )


def touched(row: Row, blind: Iterable[Blind], split: Split | None) -> bool:
    """Whether a part of what a row counts was not seen, or calls of its switch may have come and gone unseen."""
    here = (one for one in blind if split != "site" or one.pbx == row.key)
    return row.sums.gap or any(one.touches(row.span) for one in here)


def values(row: Row, columns: Iterable[str]) -> dict[str, float | None]:
    """Each metric's value by its key."""
    return {key: row.value(key) for key in columns}


async def _before(asked: Asked, wanted: reporting.Asked, columns: list[str]) -> PeriodBefore:
    earlier = reporting.before(wanted)
    whole = await reporting.total(asked.site.store, earlier)
    if "omission_ppm" in columns:
        whole.sums.add(await asked.site.store.report(partial(reporting.omission, span=earlier.span)))
    return PeriodBefore(
        first=earlier.first.isoformat(),
        last=earlier.last.isoformat(),
        values=values(whole, columns),
        gap=whole.sums.gap,
    )


def _period(wanted: reporting.Asked, query: ReportQuery) -> Period:
    return Period(
        first=wanted.first.isoformat(),
        last=wanted.last.isoformat(),
        by=query.by,
        split=query.split,
        queue=query.queue,
        team=query.team,
        agent=query.agent,
        kind=query.kind,
        site=query.site,
        outcome=query.outcome,
        compare=query.compare,
        zone=str(wanted.zone),
    )

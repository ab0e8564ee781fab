"""The API of reports: numbers of days that are over and of today, each with its definition and the calls it counts.

In: dates, how they are cut and split. Out: rows of values, the calls behind a number, files of both. Must not know: how
numbers are made (metrics, store.reporting), who may see which queue (report_asking), how a report is told.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from callserver.metrics.definitions import DEFINITIONS, VERSION
from callserver.web.api import report_calls, report_export, report_telling
from callserver.web.api.operation import Asked, Done, Download, Operations
from callserver.web.api.report_asking import ReportQuery, asked_too_much
from callserver.web.api.report_calls import CountedCalls, CountedQuery
from callserver.web.api.report_export import ExportQuery
from callserver.web.api.report_telling import Report

api = Operations(
    "reports",
    "Numbers of any span, by the written definitions, with both denominators and a way to the calls that they count.",
)


class Wordings(Struct, frozen=True, kw_only=True):
    en: str
    zh: str


class DefinitionShown(Struct, frozen=True, kw_only=True):
    """One metric. `better`: which direction is good news. ratio: 0 to 1; score: 1 to 5."""

    key: str
    title: Wordings
    meaning: Wordings
    formula: Wordings
    unit: Literal["count", "ratio", "seconds", "ppm", "score"]
    better: Literal["up", "down", "none"]
    live: bool
    reported: bool


class Definitions(Struct, frozen=True, kw_only=True):
    """Every metric that is shown anywhere, in the order of reading."""

    version: int
    definitions: list[DefinitionShown]


@api("GET", "/reports", scope="reports:read", long=True)
async def read_report(asked: Asked, query: ReportQuery) -> Done[Report]:
    """The numbers of some days, cut and split as you like.

    A supervisor gets those of their teams' queues. More than 20,000 rows are refused: the export has them.
    """
    with asked_too_much():
        return Done(await report_telling.made(asked, query))


@api("GET", "/reports/definitions", scope="reports:read")
async def list_definitions(asked: Asked) -> Done[Definitions]:
    """What every number means, in both languages of the screens."""
    return Done(Definitions(version=VERSION, definitions=[_shown(key) for key in DEFINITIONS]))


@api("GET", "/reports/calls", scope="reports:read", long=True)
async def list_counted_calls(asked: Asked, query: CountedQuery) -> Done[CountedCalls]:
    """The calls behind one number of a report: as many as it says, in the order of time.

    A call that counts twice, because it was in a queue twice, is there twice. Of a ratio or a mean those are listed of
    whom it is taken. Records come to whoever may read calls, too; the others get what was counted only.
    """
    with asked_too_much():
        return Done(await report_calls.listed(asked, query), seen=("calls",))


@api("GET", "/reports/export", scope="reports:read", long=True)
async def export_report(asked: Asked, query: ExportQuery) -> Done[Download]:
    """The same rows as a file, however many they are: CSV, or a workbook. What looks like a formula is text in it."""
    with asked_too_much():
        return Done(await report_export.file(asked, query))


def _shown(key: str) -> DefinitionShown:
    one = DEFINITIONS[key]
    words = [Wordings(en=said.en, zh=said.zh) for said in (one.title, one.meaning, one.formula)]
    return DefinitionShown(
        key=key,
        title=words[0],
        meaning=words[1],
        formula=words[2],
        unit=one.unit,
        better=one.better,
        live=one.live,
        reported=one.reported,
    )

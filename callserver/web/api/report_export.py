"""A report as a file: CSV while it is made, or a workbook.

In: what is asked, who asks. Out: a file to be saved. Must not know: how sums are made. Text that a spreadsheet would
take for a formula is written as text (sheets.cells); numbers are numbers, and nothing to count is an empty cell.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from callserver.errors import BadValue
from callserver.metrics.definitions import DEFINITIONS
from callserver.metrics.slots import local_iso
from callserver.sheets.writing import Text, Value, writing
from callserver.store import reporting
from callserver.store.reporting import Blind, Row
from callserver.web.api import report_asking
from callserver.web.api.operation import Asked, Download
from callserver.web.api.report_asking import ReportQuery, Title
from callserver.web.api.report_telling import touched

MOST_XLSX = 100_000
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_WORDS = {
    "en": ("from", "until", "key", "name", "touches a gap", "yes"),
    "zh": ("起", "止", "键", "名称", "涉及盲区", "是"),
}


class ExportQuery(ReportQuery, frozen=True, kw_only=True):
    format: Annotated[Literal["csv", "xlsx"], Meta(description="What the file is.")] = "csv"
    language: Annotated[Literal["en", "zh"], Meta(description="Of the headings.")] = "en"


async def file(asked: Asked, query: ExportQuery) -> Download:
    """The file. Raises BadValue where more is asked than can be answered; a workbook has at most 100,000 rows."""
    store = asked.site.store
    wanted = await store.report(partial(report_asking.wanted, asked=asked, query=query))
    title = await store.report(partial(report_asking.titles, asked=asked, split=query.split))
    blind = await store.report(partial(reporting.blind, span=wanted.span))
    lines = _Sheet(query, wanted, title, blind)
    rows = reporting.parts(store, wanted)
    name = f"report-{wanted.first}-{wanted.last}.{query.format}"
    parts = ([lines.line(row) for row in part.rows] async for part in rows)
    if query.format == "csv":
        return Download(content=_csv(lines.headings, parts), type=_TYPES["csv"], name=name)
    content = await _workbook(lines.headings, [line async for some in parts for line in _few(some)])
    return Download(content=content, type=_TYPES["xlsx"], name=name)


class _Sheet:
    """Rows as cells, under their headings."""

    def __init__(
        self, query: ExportQuery, wanted: reporting.Asked, title: Title, blind: Sequence[Blind]
    ) -> None:
        self._blind = blind
        self._zone, self._title, self._split = wanted.zone, title, query.split
        self._columns = [key for key in report_asking.columns(wanted) if key != "omission_ppm"]
        begin, until, key, name, gap, self._yes = _WORDS[query.language]
        numbers = [f"{_title(one, query.language)} ({one})" for one in self._columns]
        self.headings = [begin, until, *([key, name] if query.split else []), *numbers, gap]

    def line(self, row: Row) -> list[Value]:
        span = [local_iso(row.span.begin, self._zone), local_iso(row.span.end, self._zone)]
        whose = [row.key, self._title(row.key)] if self._split else []
        numbers = [row.value(key) for key in self._columns]
        return [
            *span,
            *whose,
            *map(_short, numbers),
            self._yes if touched(row, self._blind, self._split) else "",
        ]


def _title(key: str, language: str) -> str:
    words = DEFINITIONS[key].title
    return words.zh if language == "zh" else words.en


def _short(number: float | None) -> float | None:
    """As whole as it is: 12 and not 12.0."""
    if number is None or not float(number).is_integer():
        return None if number is None else round(number, 6)
    return int(number)


async def _csv(headings: list[str], parts: AsyncIterator[list[list[Value]]]) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf" + _lines([headings])
    async for rows in parts:
        for begin in range(0, len(rows), 1_000):
            yield _lines(rows[begin : begin + 1_000])
            await asyncio.sleep(0)


def _lines(rows: Iterable[list[Value]] | list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    sheet = Text(text, ",")
    for row in rows:
        sheet.write(row)
    return text.getvalue().encode("utf-8", "replace")


def _few(rows: list[list[Value]]) -> list[list[Value]]:
    if len(rows) > MOST_XLSX:
        raise BadValue("format", f"a workbook has at most {MOST_XLSX:,} rows: ask for csv")
    return rows


async def _workbook(headings: list[str], rows: list[list[Value]]) -> bytes:
    """Beside the loop: a workbook of many rows takes seconds."""
    _few(rows)
    return await asyncio.to_thread(_written, headings, rows)


def _written(headings: list[str], rows: list[list[Value]]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        with writing(path, headings, title="report") as sheet:
            for row in rows:
                sheet.write(row)
        return path.read_bytes()

"""Rows of text -> a file that a spreadsheet opens without harm, row by row.

In: a path or stream, headings, rows. Out: CSV (RFC 4180, UTF-8 with a mark, so that Excel knows), TSV, or XLSX. What is
given as text is text in it, whatever it looks like; what is given as a number is one. Must not know: what the columns
mean. Memory does not grow with the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell

from callserver.errors import BadValue
from callserver.sheets.cells import guarded, kept

Format = Literal["csv", "tsv", "xlsx"]
FORMATS: dict[str, Format] = {".csv": "csv", ".tsv": "tsv", ".xlsx": "xlsx"}

_SHEET_ROWS = 1_048_576  # Excel's own limit
_CELL = 32_767
# What XML cannot hold, and what would be read as an escape of it.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


Value: TypeAlias = str | float | None
"""What a cell can hold; None: nothing."""


class Writer(Protocol):
    """Takes one row after another."""

    def write(self, cells: Sequence[Value]) -> None: ...


@contextmanager
def writing(
    path: Path, headings: Sequence[str], *, form: Format | None = None, title: str = "customers"
) -> Iterator[Writer]:
    """A file that is there when the block ends. `form` is told by the name if not given; `title`: of a workbook's page.

    Raises BadValue for a name that tells none and for what the form cannot hold, OSError.
    """
    form = form or form_of(path)
    if form == "xlsx":
        with _workbook(path, title) as book:
            book.write(headings)
            yield book
        return
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        text = Text(file, "\t" if form == "tsv" else ",")
        text.write(headings)
        yield text


def form_of(path: Path) -> Format:
    """What a file's name says it is. Raises BadValue."""
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise BadValue("file", f"{path.name}: the name should end in {', '.join(FORMATS)}")
    return form


class Stream(Protocol):
    def write(self, text: str, /) -> object: ...


class Text:
    """Lines of CSV or TSV."""

    def __init__(self, file: Stream, delimiter: str) -> None:
        self._file, self._delimiter, self._signs = file, delimiter, (delimiter, '"', "\r", "\n")

    def write(self, cells: Sequence[Value]) -> None:
        """As csv does it, which looks at each character: 100,000 of them take it some milliseconds."""
        texts = [
            guarded(cell) if isinstance(cell, str) else "" if cell is None else repr(cell) for cell in cells
        ]
        together = "".join(texts)
        if any(sign in together for sign in self._signs):
            texts = list(map(self._quoted, texts))
        line = self._delimiter.join(texts)
        self._file.write(f"{line or _NOTHING * len(texts)}\r\n")

    def _quoted(self, text: str) -> str:
        if not any(sign in text for sign in self._signs):
            return text
        doubled = text.replace('"', '""')
        return f'"{doubled}"'


_NOTHING = '""'  # one empty cell, which would be no row


class _Book:
    def __init__(self, title: str) -> None:
        self._book = Workbook(write_only=True)
        self._page = self._book.create_sheet(title)
        self._rows = 0

    def write(self, cells: Sequence[Value]) -> None:
        self._rows += 1
        if self._rows > _SHEET_ROWS:
            raise BadValue("file", f"a workbook has at most {_SHEET_ROWS:,} rows: export CSV")
        self._page.append([self._cell(one) if isinstance(one, str) else one for one in cells])

    def _cell(self, text: str) -> Cell | None:
        """A cell that is text, whatever its text looks like."""
        if not text:
            return None
        text = _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", kept(text))
        if len(text) > _CELL:
            raise BadValue("file", f"a text of {len(text):,} characters does not fit into a cell: export CSV")
        cell = WriteOnlyCell(self._page, value="")
        cell.value, cell.data_type = text, "s"
        cell.number_format = "@"
        return cell

    def save(self, path: Path) -> None:
        self._book.save(path)

    def close(self) -> None:
        """Also after a row that was refused: the page is a generator that must come to its end."""
        if not self._page.closed:
            self._page.close()
        self._book.close()


@contextmanager
def _workbook(path: Path, title: str) -> Iterator[_Book]:
    book = _Book(title)
    try:
        yield book
        book.save(path)
    finally:
        book.close()

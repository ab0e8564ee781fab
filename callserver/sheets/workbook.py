"""XLSX: a workbook -> rows of text.

In: a path, the name of a sheet or none. Out: rows with their numbers in the sheet. Must not know: what columns mean.

A workbook is a ZIP of XML, so a small file can claim to be endless: what its parts say of their size is looked at
before any of them is opened, entities are refused, and rows and columns end where Excel's do (rows) or ours (columns).
Rows are read as a stream; the texts that a workbook keeps once for all its cells are held in memory, at most 256 MB of
XML: a larger one has to be saved as CSV.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.workbook.workbook import Workbook

from callserver.errors import BadValue
from callserver.sheets.cells import plain
from callserver.sheets.table import MAX_CELL, MAX_COLUMNS, Row

_MAX_ROWS = 1_048_576  # Excel's own
_PART_BYTES = 8 << 30
_SHARED_BYTES = 256 << 20
_RATIO = 200  # times that XML of tables shrinks at most; what shrinks more is an attack
_RATIO_FROM = 64 << 20
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_WHOLE = 1e15  # floats below it that are whole were whole numbers, e.g. telephone numbers


def rows(path: Path, sheet: str) -> Iterator[Row]:
    """Every row of one sheet, empty ones left out. Raises BadValue where the file breaks off in the middle."""
    book = _opened(path)
    with closing(book):
        page = book[sheet]
        page.reset_dimensions()  # what the file says of them need not be true
        reading = page.iter_rows(max_row=_MAX_ROWS, max_col=MAX_COLUMNS + 1, values_only=True)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reading)
            except StopIteration:
                return
            except Exception as error:
                raise BadValue(f"row {number}", f"the workbook cannot be read on: {error}") from error
            if any(cell is not None for cell in cells):
                yield _row(number, cells)


def chosen(path: Path, wanted: str | None) -> tuple[str, str]:
    """The name of the sheet to read, and what to say of the choice. Raises BadValue."""
    sizes = _refuse_bombs(path)
    with closing(_opened(path)) as book:
        names = list(book.sheetnames)
        parts = {page.title: sizes.get(getattr(page, "_worksheet_path", ""), 0) for page in book.worksheets}
    if wanted is not None:
        if wanted not in parts:
            raise BadValue("sheet", f"there is no sheet {wanted!r}; there are {', '.join(names)}")
        return wanted, ""
    if not parts:
        raise BadValue("sheet", "the workbook has no sheet with cells")
    largest = max(parts, key=lambda name: parts[name])
    return largest, f"read sheet {largest!r}, the largest of {len(names)}" if len(names) > 1 else ""


def _refuse_bombs(path: Path) -> dict[str, int]:
    """The size of each part, by its path; nothing was unpacked but the first bytes. Raises BadValue."""
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                _refuse_part(archive, part)
            return {f"{part.filename.lstrip('/')}": part.file_size for part in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadValue("file", f"no workbook that can be read: {error}") from error


def _refuse_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    huge = part.file_size > _RATIO_FROM and part.file_size > _RATIO * max(1, part.compress_size)
    if huge or part.file_size > _PART_BYTES:
        raise BadValue("file", f"{part.filename} unpacks to {part.file_size:,} bytes: refused")
    if part.filename.endswith("sharedStrings.xml") and part.file_size > _SHARED_BYTES:
        raise BadValue("file", "the workbook has too many texts to hold in memory: save it as CSV")
    if part.filename.endswith((".xml", ".rels")):
        with archive.open(part) as file:
            if b"<!DOCTYPE" in file.read(4096):
                raise BadValue("file", f"{part.filename} declares entities: refused")


def _opened(path: Path) -> Workbook:
    try:
        return load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except OSError:
        raise
    except Exception as error:  # whatever openpyxl trips over: it has no error of its own for a broken file
        raise BadValue("file", f"no workbook that can be read: {error}") from error


def _row(number: int, cells: Sequence[Any]) -> Row:
    texts = [_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    if len(texts) > MAX_COLUMNS:
        return Row(number, texts[:MAX_COLUMNS], f"more than {MAX_COLUMNS} cells")
    if any(len(text) > MAX_CELL for text in texts):
        return Row(number, [text[:MAX_CELL] for text in texts], f"a cell of more than {MAX_CELL} characters")
    return Row(number, [plain(text) for text in texts])


def _text(value: object) -> str:
    """A cell as its reader sees it: days as ISO dates, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _ESCAPED.sub(_unescaped, value) if "_x" in value else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))

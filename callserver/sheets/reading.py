"""A file that somebody gave us -> a table, or a refusal that says what to do.

In: a path, and what the user says about it. Out: a Table. Raises OSError, and BadValue that names what the user can say
(file, encoding, delimiter, sheet). Must not know: what the columns mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from callserver.errors import BadValue
from callserver.sheets import delimited, encodings
from callserver.sheets.survey import Survey, survey
from callserver.sheets.table import Lines, Piece, Row, Table

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> Table:
    """Open a CSV, TSV or XLSX file: which, its first bytes tell. What is not given is found out, or asked for."""
    seen = survey(path)
    if seen.head.startswith(_OLE):
        raise BadValue(
            "file", "this is an old Excel file (.xls), or one with a password: save it as .xlsx or .csv"
        )
    if seen.head.startswith(_ZIP):
        return _workbook(path, seen, sheet)
    if not seen.size:
        raise BadValue("file", "the file is empty")
    return _text(path, seen, encoding, delimiter)


def _workbook(path: Path, seen: Survey, sheet: str | None) -> Table:
    from callserver.sheets import workbook  # a quarter of a second, for those who have one

    name, said = workbook.chosen(path, sheet)
    headings, pieces = _split(workbook.rows(path, name))
    return Table(headings=headings, pieces=pieces, about=0, digest=seen.digest, said=(said,) if said else ())


def _text(path: Path, seen: Survey, encoding: str | None, given: str | None) -> Table:
    settled = encodings.settled(seen, encoding)
    sign, skip = delimited.delimiter(path, settled.codec, given)
    headings, pieces = _split(delimited.pieces(path, settled.codec, sign, skip=skip))
    said = [settled.said] if settled.said else []
    if given is None and sign != "," and path.suffix != ".tsv":
        said.append(f"cells are separated by {delimited.DELIMITERS.get(sign, repr(sign))}")
    return Table(headings=headings, pieces=pieces, about=seen.lines, digest=seen.digest, said=tuple(said))


def _split(pieces: Iterator[Piece]) -> tuple[tuple[str, ...], Iterator[Piece]]:
    """The headings, which are the first row that is not empty, and the rest."""
    for piece in pieces:
        first, rest = piece, pieces
        if isinstance(piece, Lines):
            [first] = piece._replace(texts=piece.texts[:1]).rows()
            if others := piece.texts[1:]:
                rest = chain([piece._replace(first=piece.first + 1, texts=others)], pieces)
        assert isinstance(first, Row)
        if first.fault:
            raise BadValue(f"line {first.line}", f"the headings cannot be read: {first.fault}")
        if first.cells:
            return tuple(cell.strip() for cell in first.cells), filter(_is_something, rest)
    raise BadValue("file", "there is no row in the file")


def _is_something(piece: Piece) -> bool:
    return isinstance(piece, Lines) or bool(piece.cells)

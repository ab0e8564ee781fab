"""CSV, TSV and their kin: lines of text -> rows of cells.

In: a path, its encoding, what separates its cells. Out: rows with the line on which each begins. Must not know: what
the columns mean.

A row that cannot be read costs itself, not the file: a quote that is never closed would swallow what follows, so the
line on which it stands is given back as a fault, and reading goes on with the next line. Memory is bounded by the
longest record that is allowed, whatever is in the file.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TextIO

from callserver.errors import BadValue
from callserver.sheets.table import MAX_CELL, STRAY, Lines, Piece, Row, cut, each_row, has_strays

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
_SNIFFED = 30  # rows that are looked at for the delimiter
_LONGEST_LINE = 4 * MAX_CELL
_AT_ONCE = 1 << 16  # characters


def _keep_stray_bytes(error: UnicodeError) -> tuple[str, int]:
    """Bytes that the encoding has not become lone surrogates: seen later, told to whom they belong."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("callserver.stray", _keep_stray_bytes)


def legible(text: str) -> str:
    r"""Text from a file in which stray bytes are spelled out: `\xb2`."""
    if text.isascii() or not has_strays(text):  # to look at each of 100,000 characters takes milliseconds
        return text
    return STRAY.sub(lambda found: "".join(f"\\x{ord(letter) - 0xDC00:02x}" for letter in found[0]), text)


def pieces(path: Path, codec: str, delimiter: str, *, skip: int = 0) -> Generator[Piece, None, None]:
    """Every record of the file, or an empty row for one in which there is nothing; lines that need no closer look
    together. The first `skip` lines are not looked at."""
    with path.open(encoding=codec, errors="callserver.stray", newline="") as file:
        lines = _Lines(file)
        for _ in range(skip):
            next(lines, None)
        yield from _records(lines, delimiter)


def _records(lines: _Lines, delimiter: str) -> Iterator[Piece]:
    """A line without quotes is a record, cut at each delimiter; csv is asked about the others."""
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = lines.forget()
        if plain_lines := lines.unquoted():
            yield from _together(Lines(line, plain_lines, delimiter))
            continue
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.refuse(line, _why(error))
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if lines.cut:
            yield lines.refuse(line, f"a line of more than {_LONGEST_LINE} characters")
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
        elif cells:
            yield cut(line, cells)


def _together(lines: Lines) -> Iterable[Piece]:
    """The lines without their ends; as rows if one is empty, or has more cells or bytes than may be."""
    texts = "".join(lines.texts).replace("\r\n", "\n").replace("\r", "\n").split("\n")[: len(lines.texts)]
    lines = lines._replace(texts=texts)
    begins = {text[:1] for text in texts}
    if any(not one or one.isspace() or one == lines.delimiter for one in begins):
        blank = [not text.replace(lines.delimiter, "").strip() for text in texts]
        if any(blank):
            return lines.rows()
    return (lines,)


def _why(error: csv.Error) -> str:
    text = str(error)
    if "field limit" in text or "field larger" in text:
        return f"a cell of more than {MAX_CELL} characters, or a quote that is never closed"
    if "unexpected end" in text:
        return "a quote that is never closed"
    if "expected after" in text:
        return "a quote inside a cell that is not doubled"
    return text


def _are_records(lines: Sequence[str], together: str) -> bool:
    """Whether nothing is to be asked about the lines: no quotes, none is long, the end is not among them."""
    return '"' not in together and lines[-1] != "" and max(map(len, lines)) <= MAX_CELL


class _Lines:
    """The lines of a file; those of the record that is being read are remembered, to be read again."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self._record: list[str] = []
        self._line = 1  # of the first in `_record`
        self.cut = False  # a line of the record is not here in full

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) >= _LONGEST_LINE:
            self._skip_rest(line)
            self.cut = True
        self._record.append(line)
        return line

    def unquoted(self) -> list[str]:
        """The lines up to one that has a quote, is very long, or is the end; they are read and forgotten."""
        if not self._again:
            self._look_ahead()
        if not _are_records([self._again[0]], self._again[0]):
            return []
        found = list(self._again)
        if _are_records(found, "".join(found)):
            self._again.clear()
        else:
            found = found[: next(place for place, line in enumerate(found) if not _are_records([line], line))]
            for _ in found:
                self._again.popleft()
        self._line += len(found)
        return found

    def _look_ahead(self) -> None:
        """At least one line, which is "" at the end of the file; the last one may not be whole if it is long."""
        text = self._file.read(_AT_ONCE)
        text += self._file.readline(_LONGEST_LINE)
        self._again.extend(StringIO(text, newline="").readlines() or [""])

    def _skip_rest(self, line: str) -> None:
        """The rest of a line too long for anything: the reader will refuse what it has of it."""
        while line and not line.endswith(("\n", "\r")):
            line = self._file.readline(_LONGEST_LINE)

    def forget(self) -> int:
        """The record was read. Returns the number of the line on which the next one begins."""
        self._line += len(self._record)
        self._record.clear()
        return self._line

    def refuse(self, line: int, why: str) -> Row:
        """Give up the first line of the record; its others will be read again."""
        first, *others = self._record
        self._again.extendleft(reversed(others))
        self._record = [first]
        self.cut = False
        return Row(line, [first.rstrip("\r\n")[:MAX_CELL]], why)


# --- what separates the cells ----------------------------------------------------------------------------------------


def delimiter(path: Path, codec: str, given: str | None) -> tuple[str, int]:
    r"""What separates the cells, and how many lines at the top say so (`sep=;`, as Excel writes it).

    `given` is one character, or `\t`, or `tab`. Raises BadValue where it is not to be known.
    """
    with path.open(encoding=codec, errors="callserver.stray", newline="") as file:
        first = file.readline(_LONGEST_LINE)
    if said := re.fullmatch(r"sep=(.)\r?\n?", first):
        return given_delimiter(given) if given else said[1], 1
    if given:
        return given_delimiter(given), 0
    fitting = [sign for sign in DELIMITERS if _fits(path, codec, sign)]
    if len(fitting) > 1:
        named = " or ".join(DELIMITERS[sign] for sign in fitting)
        raise BadValue("delimiter", f"the columns may be separated by {named}: say which with --delimiter")
    return fitting[0] if fitting else "\t" if path.suffix == ".tsv" else ",", 0


def given_delimiter(text: str) -> str:
    """A delimiter as people write it on a command line."""
    names = {name: sign for sign, name in DELIMITERS.items()} | {"\\t": "\t"}
    sign = names.get(text, text)
    if len(sign) != 1 or sign in "\"'\r\n\0":
        raise BadValue("delimiter", f"{text!r} cannot separate cells: give one character, or tab")
    return sign


def _fits(path: Path, codec: str, sign: str) -> bool:
    """More than one column, and most rows have as many cells as the first."""
    with closing(pieces(path, codec, sign)) as reading:
        widths = [len(row.cells) for row in islice((row for row in each_row(reading) if row.cells), _SNIFFED)]
    if not widths or widths[0] < 2:
        return False
    return sum(abs(width - widths[0]) <= 1 for width in widths) >= 0.8 * len(widths)

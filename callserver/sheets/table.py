"""A table as it is read from a file: headings, rows with their line numbers, and what had to be guessed.

In: nothing. Out: values. Must not know: files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, compress, count
from typing import NamedTuple, TypeAlias

from callserver.sheets.cells import plain

MAX_COLUMNS = 300
MAX_CELL = 100_000  # characters; the longest text that a customer can have is a tenth of it
STRAY = re.compile("[\udc00-\udcff]+")  # bytes that were no text


class Row(NamedTuple):
    """One row. `line`: the line of the file, from 1, on which it begins. `fault`: why it cannot be read, or empty."""

    line: int
    cells: list[str]
    fault: str = ""


class Lines(NamedTuple):
    """Lines of a text, each of which is a row, and none an empty one, as soon as it is cut at `delimiter`: who looks at
    many together need not cut each. `first`: the number of the first."""

    first: int
    texts: list[str]
    delimiter: str

    def rows(self, chosen: Iterable[object] | None = None) -> list[Row]:
        """The rows of all, or of those for which something true is given."""
        told: Iterable[tuple[int, str]] = zip(count(self.first), self.texts, strict=False)
        return [
            cut(line, text.split(self.delimiter))
            for line, text in (told if chosen is None else compress(told, chosen))
        ]


Piece: TypeAlias = Row | Lines


def each_row(pieces: Iterable[Piece]) -> Iterator[Row]:
    """The rows of these pieces one by one."""
    return chain.from_iterable((one,) if isinstance(one, Row) else one.rows() for one in pieces)


def cut(line: int, cells: list[str]) -> Row:
    """A row of these cells of a text; without any where there is nothing in them."""
    text = "".join(cells)
    if not text or text.isspace():
        return Row(line, [])
    if not text.isascii() and has_strays(text):
        return Row(line, cells, "bytes that are no text in the file's encoding")
    if len(cells) > MAX_COLUMNS:
        return Row(line, cells[:MAX_COLUMNS], f"more than {MAX_COLUMNS} cells")
    if "'" in text:
        return Row(line, [plain(cell) for cell in cells])
    return Row(line, cells)


def has_strays(text: str) -> bool:
    """Whether there are bytes in it that were no text.

    Looking at each character takes long; that there is no half of a surrogate pair, encoding says in a moment.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return STRAY.search(text) is not None
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that was opened. `pieces` can be gone through once, as what they are or as `rows`.

    `about`: how many rows there may be, for a progress bar. `digest`: of the file's bytes. `said`: what was guessed or
    chosen, in words, for the person who gave the file.
    """

    headings: tuple[str, ...]
    pieces: Iterator[Piece]
    about: int
    digest: str
    said: tuple[str, ...] = ()

    @property
    def rows(self) -> Iterator[Row]:
        """Every row, one by one."""
        return each_row(self.pieces)

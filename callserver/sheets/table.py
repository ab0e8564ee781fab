"""A table as it is read from a file: headings, rows with their line numbers, and what had to be guessed.

In: nothing. Out: values. Must not know: files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

MAX_COLUMNS = 300
MAX_CELL = 100_000  # characters; the longest text that a customer can have is a tenth of it


class Row(NamedTuple):
    """One row. `line`: the line of the file, from 1, on which it begins. `fault`: why it cannot be read, or empty."""

    line: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that was opened. `rows` can be gone through once.

    `about`: how many rows there may be, for a progress bar. `digest`: of the file's bytes. `said`: what was guessed or
    chosen, in words, for the person who gave the file.
    """

    headings: tuple[str, ...]
    rows: Iterator[Row]
    about: int
    digest: str
    said: tuple[str, ...] = ()

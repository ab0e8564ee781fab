"""Rows that are looked at together: those of the usual shape, as columns.

In: rows of a table. Out: a Block of those whose cells say what they seem to, and the other rows. Must not know: what
the columns mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from callserver.customers.checking import LENGTHS
from callserver.sheets.table import Row
from callserver.work.columns import Slot

Column: TypeAlias = Sequence[str]

_ODD = ('"', "\\", "  ", " \t", "\t ", " \n", "\n ")
_LONGEST_DAY = 30


class Block:
    """Rows of the usual shape, turned into columns. `bad`: 1 for each that is not of the usual shape after all."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.lines, self.rows, _ = zip(*rows, strict=True)
        self.bad = bytearray(len(rows))
        self.nothing = [""] * len(rows)
        self._columns = list(zip(*self.rows, strict=True))

    def texts(self, place: int | None, most: int = _LONGEST_DAY) -> Column:
        """A column; rows in which it is longer than `most` are bad."""
        if place is None:
            return self.nothing
        column = self._columns[place]
        if max(map(len, column)) > most:
            self.refuse(len(text) > most for text in column)
        return column

    def parts(self, slot: Slot, wanted: Iterable[str]) -> list[Column]:
        """Columns of one address or product, in this order."""
        places = {part: place for part, place, _ in slot.parts}
        return [self.texts(places.get(part), LENGTHS.get(part, _LONGEST_DAY)) for part in wanted]

    def refuse(self, bad: Iterable[bool]) -> None:
        """These are for somebody who looks closer."""
        for place, one in enumerate(bad):
            if one:
                self.bad[place] = 1


def sorted_out(rows: Sequence[Row], width: int) -> tuple[list[Row], list[Row]]:
    """Rows of `width` cells, all of which are texts that nobody would change; and the others."""
    usual: list[Row] = []
    others: list[Row] = []
    left = [rows] if rows else []
    while left:  # halved until what is odd stands alone
        piece = left.pop()
        if _are_usual(piece, width):
            usual += piece
        elif len(piece) == 1:
            others += piece
        else:
            left += piece[len(piece) // 2 :], piece[: len(piece) // 2]
    return usual, others


def _are_usual(rows: Sequence[Row], width: int) -> bool:
    cells = [row[1] for row in rows]
    if set(map(len, cells)) != {width} or any(row[2] for row in rows):
        return False
    return _is_usual("\n".join(map("\t".join, cells)), len(rows) * width - 1)


def _is_usual(text: str, separators: int) -> bool:
    """Whether a text of cells with so many separators says what it seems to, whatever looks at it."""
    bare = text.replace("\t", "").replace("\n", "")
    return (
        len(text) - len(bare) == separators
        and bare.isprintable()
        and not any(sign in text for sign in _ODD)
        and " " not in (text[:1], text[-1:])
    )

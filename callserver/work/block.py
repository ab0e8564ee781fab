"""Rows that are looked at together: those of the usual shape, as columns.

In: lines of a text, or rows of a table. Out: a Block of those whose cells say what they seem to, and the other rows.
Must not know: what the columns mean.

Lines are never cut into rows: what is to be asked of each is asked of the line, and all lines are cut together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, compress, repeat
from operator import and_
from typing import TypeAlias

from callserver.customers.checking import LENGTHS
from callserver.sheets.table import Lines, Row
from callserver.work.columns import Slot

Column: TypeAlias = Sequence[str]

_ODD = ('"', "\\", "  ", " \n", "\n ")
_LONGEST_DAY = 30


class Block:
    """Rows of the usual shape, turned into columns. `bad`: 1 for each that is not of the usual shape after all.

    `lines` are their numbers, `cells` each row's, with tabs between them.
    """

    def __init__(self, lines: Sequence[int], columns: Sequence[Column], cells: Column) -> None:
        self.lines, self.cells = lines, cells
        self.bad = bytearray(len(lines))
        self.nothing = [""] * len(lines)
        self._columns = columns

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


def woven(*parts: str | Iterable[str]) -> str:
    """Texts that are the same in each row (str) and columns, row by row, in one go."""
    columns = [repeat(part) if isinstance(part, str) else part for part in parts]
    return "".join(chain.from_iterable(zip(*columns, strict=False)))  # what is repeated has no end


# --- what is usual ---------------------------------------------------------------------------------------------------


def sorted_out(lines: Sequence[Lines], rows: Sequence[Row], width: int) -> tuple[Block | None, list[Row]]:
    """A block of those of `width` cells, all of which are texts that nobody would change; and the others."""
    numbers: list[int] = []
    cells: list[str] = []
    rows = list(rows)
    for some in lines:
        usual = _usual_lines(some, width)
        numbers += compress(range(some.first, some.first + len(usual)), usual)
        if texts := "\n".join(compress(some.texts, usual)):
            cells += texts.replace(some.delimiter, "\t").split("\n")
        if 0 in usual:
            rows += some.rows(not one for one in usual)
    there, others = _usual_rows(rows, width)
    numbers += [row.line for row in there]
    cells += ["\t".join(row.cells) for row in there]
    if not cells:
        return None, others
    flat = "\t".join(cells).split("\t")
    return Block(numbers, [flat[place::width] for place in range(width)], cells), others


def _usual_lines(lines: Lines, width: int) -> bytearray:
    """1 for each that is a row of so many such cells."""
    texts, sign = lines.texts, lines.delimiter
    together = "\n".join(["", *texts, ""])
    shown = [text.replace("\t", "") for text in texts] if sign == "\t" else texts
    wide = map((width - 1).__eq__, map(str.count, texts, repeat(sign)))
    usual = bytearray(map(and_, wide, map(str.isprintable, shown)))
    for odd in (*_ODD, f" {sign}", f"{sign} ", f"{sign}'", "\n'"):
        if odd in together:
            for place, text in enumerate(texts):
                usual[place] &= odd not in f"\n{text}\n"
    return usual


def _usual_rows(rows: Sequence[Row], width: int) -> tuple[list[Row], list[Row]]:
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
        and not any(sign in text for sign in (*_ODD, " \t", "\t "))
        and " " not in (text[:1], text[-1:])
    )

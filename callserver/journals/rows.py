"""Lines of a CSV file -> its rows, where a value may hold line ends.

In: lines. Out: rows as text, None for what belongs to none. Must not know: columns, what rows mean.

A caller's number may hold anything, line ends included (trace hostile-numbers): `sip:138%0AHANGUP,...@host`
writes a line that looks like an event. So a row of a quoted file begins only where a quote is followed by
something else than a quote or a comma: Asterisk doubles every quote inside a value, hence no caller can
write such a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

_BEGINNING: Final = re.compile(r'"[^",]')
_MAX_LINES: Final = 64
_MAX_LENGTH: Final = 65_536


def begins_row(line: str) -> bool:
    """Whether a row of a quoted file begins here."""
    return _BEGINNING.match(line) is not None


def rows(lines: Iterable[str], *, quoted: bool) -> Iterator[str | None]:
    """The rows; None for each line that is no row and no part of one. A row without its end (a crash) is
    given up where the next begins.
    """
    if not quoted:
        yield from lines
        return
    open_row: list[str] = []
    for line in lines:
        if begins_row(line):
            yield from (None for _ in open_row)
            open_row = []
        elif not open_row:
            yield None
            continue
        open_row.append(line)
        if _is_closed(open_row):
            yield "\n".join(open_row)
            open_row = []
        elif len(open_row) >= _MAX_LINES or sum(map(len, open_row)) > _MAX_LENGTH:
            yield from (None for _ in open_row)
            open_row = []
    yield from (None for _ in open_row)


def _is_closed(lines: list[str]) -> bool:
    return sum(line.count('"') for line in lines) % 2 == 0

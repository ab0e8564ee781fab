"""What a spreadsheet would take for something else, written so that it does not, and read back as it was.

In: the text of a cell. Out: the text for a file, or the other way round. Must not know: files.

A program that opens a CSV file takes a cell that begins with `=`, `+`, `-` or `@` for a formula, even behind a tab or
in full width, and runs it; and it takes a row of digits for a number, which loses leading zeros and everything
behind the 15th digit. An apostrophe before the text is the spreadsheets' own way to say "this is text". `plain` takes
it away exactly where `guarded` puts it, so what was exported is imported unchanged.
"""

from __future__ import annotations

import re

_STARTS = "=+\\-@\t\r\n＝＋－＠"
# 12 digits are shown as 1.23457E+11 and saved so.
_DANGEROUS = re.compile(f"[{_STARTS}']|0\\d+\\Z|\\d{{12,}}\\Z")
_GUARD = re.compile(f"'(?=[{_STARTS}']|0\\d+\\Z|\\d{{12,}}\\Z)")


def guarded(text: str) -> str:
    """The text for a cell of a CSV file."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def kept(text: str) -> str:
    """The text for a cell of a workbook, which knows that it is text: only what `plain` would change is guarded."""
    return f"'{text}" if _GUARD.match(text) else text


def plain(cell: str) -> str:
    """The text that a cell stands for: the inverse of both."""
    return cell[1:] if cell.startswith("'") and _GUARD.match(cell) else cell

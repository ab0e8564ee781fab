"""Bytes in blocks -> lines.

In: blocks of an append-only text file. Out: its complete lines, and how many bytes are done with. Must not
know: files, what lines mean. Feeding never raises: bytes that are no UTF-8 become U+FFFD, over-long lines
are skipped and counted.
"""

from __future__ import annotations

from typing import Final

MAX_LINE: Final = 65_536
"""Bytes. Asterisk builds a queue_log line in at most 8 kB and a CEL line in 16 kB; longer is rubbish, not a
line.
"""


class Lines:
    """`skipping` True: begin inside an over-long line. `lines` may be emptied by the reader at any time."""

    def __init__(self, *, skipping: bool = False) -> None:
        self.lines: list[str] = []
        self.skipped = 0
        self.consumed = 0
        self.skipping = skipping
        self._rest = b""

    def feed(self, block: bytes) -> None:
        """One more block; a line without its end is kept back."""
        *whole, self._rest = (self._rest + block).split(b"\n")
        for line in whole:
            self._take(line)
        if self.skipping or len(self._rest) > MAX_LINE:
            self._skip_rest()

    def finish(self) -> None:
        """Nothing more will come: what is there without a line end is a line."""
        if self._rest:
            self._take(self._rest)
            self.consumed -= 1  # the line end that was not there
        self._rest = b""
        self.skipping = False

    def _take(self, line: bytes) -> None:
        self.consumed += len(line) + 1
        if self.skipping:
            self.skipping = False
        elif len(line) > MAX_LINE:
            self.skipped += 1
        elif text := line.strip(b"\r\0 ").decode(
            "utf-8", "replace"
        ):  # a lost power supply leaves runs of NUL
            self.lines.append(text)

    def _skip_rest(self) -> None:
        self.skipped += not self.skipping
        self.skipping = True
        self.consumed += len(self._rest)
        self._rest = b""

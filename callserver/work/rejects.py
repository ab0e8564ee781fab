"""The rows that were not imported, in a file beside the list: line, field, reason, and the row as it was.

In: rejected rows, in the order of the file; where an import that goes on had come to. Out: a CSV file that is safe to
open, and that can be corrected and imported as it is (the first columns are left out). Must not know: databases.

The file follows the import exactly: after a crash it is cut where the last batch that counts ended.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from callserver.errors import BadValue
from callserver.sheets.delimited import legible
from callserver.sheets.writing import Text
from callserver.work.columns import REJECT_HEADINGS
from callserver.work.entries import Rejected


class Rejects:
    """The file of one import; it is made when there is something to write."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        self._path = path
        self._headings = headings
        self._file: BinaryIO | None = None
        self.size = 0

    def go_on(self, size: int) -> bool:
        """Begin where an import was broken off, 0: at the beginning. False: the file is not as it was left.

        Raises OSError; BadValue where another file has its name.
        """
        there = self._path.stat().st_size if self._path.exists() else 0
        if there:
            self._refuse_another()
        if size and there >= size:
            self.size = size
            return True
        self._path.unlink(missing_ok=True)
        return not size

    def _refuse_another(self) -> None:
        with self._path.open("rb") as file:
            if not file.read(40).decode("utf-8-sig", "replace").startswith(REJECT_HEADINGS[0]):
                raise BadValue(
                    "rejects", f"{self._path} is there and no file of rejected rows: say --rejects FILE"
                )

    def write(self, rows: Iterable[Rejected]) -> None:
        """Add rows behind `size`, and let them be on disk. Raises OSError."""
        text = io.StringIO()
        sheet = Text(text, ",")
        if not self.size:
            text.write("\ufeff")
            sheet.write([*REJECT_HEADINGS, *self._headings])
        for line, field, why, cells in rows:
            sheet.write([str(line), field, why, *map(legible, cells)])
        file = self._opened()
        file.seek(self.size)
        file.truncate()
        file.write(text.getvalue().encode("utf-8", "backslashreplace"))
        file.flush()
        os.fsync(file.fileno())
        self.size = file.tell()

    def close(self) -> None:
        """What was written of a batch that does not count is cut off."""
        if self._file is not None:
            self._file.truncate(self.size)
            self._file.close()

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self._file = self._path.open("r+b" if self.size else "w+b")
        return self._file

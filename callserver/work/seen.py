"""Which keys a file had before, and on which line: a set that may be larger than memory.

In: keys with their lines, in the order of the file. Out: the line on which a key stood first. Must not know: what the
keys are of. They are kept as hashes of 64 bits, with this
process's own secret, in a temporary SQLite file that vanishes with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence


class Seen:
    """The keys of one file."""

    def __init__(self) -> None:
        self._keys = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32000"):
            self._keys.execute(f"PRAGMA {pragma}")
        self._keys.execute("CREATE TABLE seen (key INTEGER PRIMARY KEY, line INTEGER NOT NULL)")

    def before(self, keys: Sequence[tuple[str, int]]) -> dict[int, int]:
        """For each (key, line) whose key was there already: line -> the line on which it stood first."""
        rows = [(hash(key), line) for key, line in keys]
        known = self._keys.total_changes
        self._keys.execute("BEGIN")
        self._keys.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", rows)
        self._keys.execute("COMMIT")
        if self._keys.total_changes - known == len(rows):
            return {}
        firsts = ((line, self._first(digest)) for digest, line in rows)
        return {line: first for line, first in firsts if first != line}

    def close(self) -> None:
        self._keys.close()

    def _first(self, digest: int) -> int:
        row = self._keys.execute("SELECT line FROM seen WHERE key = ?", (digest,)).fetchone()
        return int(row[0])

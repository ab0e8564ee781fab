"""Which keys a file had before, and on which line: a set that may be larger than memory.

In: keys with their lines, in the order of the file. Out: the line on which a key stood first. Must not know: what the
keys are of. They are kept as hashes of 64 bits, with this process's own secret: the last ones at hand, and those before
in a temporary SQLite file that vanishes with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import orjson

_AT_HAND = 1 << 19  # keys; 60 MB


class Seen:
    """The keys of one file; `at_hand`: how many of them are kept in memory."""

    def __init__(self, at_hand: int = _AT_HAND) -> None:
        self._at_hand, self._here, self._are_more = at_hand, dict[int, int](), False
        self._keys = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32000"):
            self._keys.execute(f"PRAGMA {pragma}")
        self._keys.execute("CREATE TABLE seen (key INTEGER PRIMARY KEY, line INTEGER NOT NULL)")

    def before(self, keys: Sequence[str], lines: Sequence[int]) -> dict[int, int]:
        """For each key that was there already or comes twice: its line -> the line on which it stood first."""
        digests = list(map(hash, keys))
        new = dict(zip(digests, lines, strict=True))
        known = self._known(digests)
        if len(new) == len(keys) and not known:
            self._keep(new)
            return {}
        new, again = {}, {}
        for line, digest in sorted(zip(lines, digests, strict=True)):
            first = known.get(digest) or new.setdefault(digest, line)
            if first != line:
                again[line] = first
        self._keep(new)
        return again

    def _known(self, digests: Sequence[int]) -> Mapping[int, int]:
        found = (
            {}
            if self._here.keys().isdisjoint(digests)
            else {one: self._here[one] for one in digests if one in self._here}
        )
        if self._are_more:
            asked = "SELECT key, line FROM seen WHERE key IN (SELECT value FROM json_each(?))"
            found.update(self._keys.execute(asked, (orjson.dumps(digests).decode(),)).fetchall())
        return found

    def _keep(self, new: Mapping[int, int]) -> None:
        self._here.update(new)
        if len(self._here) < self._at_hand:
            return
        self._keys.execute("BEGIN")
        self._keys.executemany("INSERT INTO seen VALUES (?, ?)", sorted(self._here.items()))
        self._keys.execute("COMMIT")
        self._here.clear()
        self._are_more = True

    def close(self) -> None:
        self._keys.close()

"""What a reading of a journal met: a count for the log and the metrics.

In: what one line was. Out: counts. Must not know: which journal.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

_KINDS_KEPT: Final = 100  # a file of rubbish must not become a dictionary of rubbish


@dataclass(slots=True)
class Tally:
    """Lines understood, lines of a kind that nobody told us of (by that kind's name), lines that are none."""

    read: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    rubbish: int = 0

    def meet_unknown(self, kind: str) -> None:
        """One more line of a kind that this version does not know."""
        if kind in self.unknown or len(self.unknown) < _KINDS_KEPT:
            self.unknown[kind] += 1

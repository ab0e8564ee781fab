"""How often the interpreter looks for garbage: seldom, since nobody on the telephone may wait for it.

In: nothing. Out: the collector of this process, set. Must not know: what is kept in memory.

What is in no cycle is freed at once, without any of this. With Python's own thresholds a busy server looked ten times a
second for up to 4 ms, every other second for 11 and each minute for 60 ms, and found a few hundred objects each time; a
pop that came meanwhile waited. `python -m bench pops` is what these numbers are from.
"""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (10_000, 20, 100)
"""Containers made and not freed until the youngest are looked at (2 to 9 ms); of those looks, until the older; of
those, until all. A call leaves two hundred while it lasts: at a thousand events a second that is every two seconds,
every minute, every hour."""


def settle() -> None:
    """Start-up is over: what it made lives for ever and is not looked at again, the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)

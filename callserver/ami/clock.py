"""What time it is, here and on the switch.

In: this machine's clock, and what a Ping's answer says. Out: instants on the switch's clock. Must not know:
sockets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from callserver.facts import Instant


def wall_clock() -> Instant:
    """Now, milliseconds UTC, on this machine's clock."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True, kw_only=True)
class SwitchClock:
    """What time it is on the switch. Its events, its journals and so all facts are told on that clock.

    `ahead_ms`: the switch's clock minus ours, as the last Ping showed it; 0 until one did.
    """

    ours: Callable[[], Instant] = wall_clock
    ahead_ms: int = 0

    def now(self) -> Instant:
        return self.ours() + self.ahead_ms

    def compare(self, sent: Instant, received: Instant, theirs: Instant | None) -> None:
        """A Ping left at `sent`, its answer came at `received` (both our clock) and says `theirs`."""
        if theirs is not None:
            self.ahead_ms = theirs - (sent + received) // 2

"""How many of a queue's agents are in which state, counted as they change.

In: agents as the screens have them. Out: counts. Must not know: anything else of an agent. An agent who is free and
paused in this queue alone is paused here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

PLACES: Final[Mapping[str, str]] = {
    "ready": "agents_ready",
    "ringing": "agents_ringing",
    "talking": "agents_talking",
    "held": "agents_talking",
    "wrap_up": "agents_wrap_up",
    "paused": "agents_paused",
    "listening": "agents_paused",
    "unreachable": "agents_gone",
    "gone": "agents_gone",
}
"""What an agent's state counts for."""
KEYS: Final = tuple(dict.fromkeys(PLACES.values()))


class Crew:
    """The members of one queue, or everybody."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(KEYS, 0)

    def move(self, before: str | None, now: str | None) -> None:
        """A member's state was this and is that; None: no member."""
        if before is not None:
            self.counts[PLACES.get(before, "agents_gone")] -= 1
        if now is not None:
            self.counts[PLACES.get(now, "agents_gone")] += 1

    def numbers(self, waiting: int) -> dict[str, float | None]:
        """The counts; callers who wait where nobody is ready."""
        counts: dict[str, float | None] = {key: float(n) for key, n in self.counts.items()}
        return counts | {"nobody_ready_with_callers": float(0 if self.counts["agents_ready"] else waiting)}


def places(agent: Mapping[str, Any] | None) -> dict[str, str]:
    """An agent's state in each of their queues."""
    if agent is None:
        return {}
    state = str(agent["state"])
    return {
        queue: "paused" if state == "ready" and member["paused"] else state
        for queue, member in agent["queues"].items()
    }

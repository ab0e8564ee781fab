"""One person's day so far: what they handled, and how long they were what.

In: states as they change, handlings that end, the passing of time. Out: sums, values. Must not know: clocks, phones.
Somebody at two phones has the time of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from callserver.facts import Instant
from callserver.metrics.slots import Span
from callserver.metrics.sums import Sums, value

HANDLING: Final = ("talking", "held", "wrap_up")
_INTO: Final[Mapping[str, str]] = {"ready": "ready_ms", "paused": "paused_ms", "wrap_up": "wrap_ms"}


class Person:
    """What was counted since the day began."""

    def __init__(self, day: Span) -> None:
        self.day = day
        self.sums = Sums()
        self._busy_ms = 0  # talking and held, whatever calls they were
        self._at: dict[str, tuple[str, Instant]] = {}  # phone -> state, since when it is not counted yet

    def is_(self, phone: str, state: str | None, at: Instant) -> None:
        """The state at one phone from that moment on; None: they sit there no longer."""
        before = self._at.pop(phone, None)
        if before is not None:
            self.was(before[0], before[1], at)
        if state is not None:
            self._at[phone] = (state, max(at, self.day.begin))

    def was(self, state: str, begin: Instant, end: Instant) -> None:
        """A state that is over; only what of it was in this day is counted."""
        lasted = max(0, min(end, self.day.end) - max(begin, self.day.begin))
        name = _INTO.get(state)
        if name is not None:
            setattr(self.sums, name, getattr(self.sums, name) + lasted)
        elif state in HANDLING:
            self._busy_ms += lasted

    def handled(self, at: Instant, talk_ms: int, hold_ms: int, *, transferred: bool = False) -> None:
        """A call of a queue that they had is over."""
        if at in self.day:
            self.sums.add(Sums(handled=1, talk_ms=talk_ms, hold_ms=hold_ms, transfers=int(transferred)))

    def numbers(self, now: Instant) -> dict[str, float | None]:
        """`handled`, `transfers`, `aht`; `occupancy` with what goes on counted up to now."""
        ready, busy = self.sums.ready_ms, self._busy_ms + self.sums.wrap_ms
        for state, since in self._at.values():
            lasted = max(0, min(now, self.day.end) - since)
            ready += lasted if state == "ready" else 0
            busy += lasted if state in HANDLING else 0
        return {
            "handled": float(self.sums.handled),
            "transfers": float(self.sums.transfers),
            "aht": value("aht", self.sums),
            "occupancy": busy / (busy + ready) if busy + ready else None,
        }

    def begin_day(self, day: Span) -> None:
        """Another day; what goes on goes on in it."""
        self.day, self.sums, self._busy_ms = day, Sums(), 0
        self._at = {phone: (state, max(since, day.begin)) for phone, (state, since) in self._at.items()}

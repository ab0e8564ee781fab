"""A visit in the making, and whole seconds of queue_log against the moments of CEL.

In: nothing. Out: a working copy, and comparisons of times. Must not know: where either comes from.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final

from callserver.facts import Instant, LegId, Outcome
from callserver.journals.queue_log import RingEnded
from callserver.journals.story import CompletedBy

SECOND: Final = 1000
NEAR_MS: Final = 2500  # a whole second of queue_log and the CEL moment that belongs to it


@dataclass(slots=True)
class VisitDraft:
    """A visit while it is being put together; times in milliseconds UTC, `rings` as queue_log wrote them."""

    queue: str
    leg: LegId
    entered: Instant | None
    position: int | None = None
    left: Instant | None = None
    finished: Instant | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    end: Outcome | None = None
    member: str | None = None
    agent_leg: LegId | None = None
    by: CompletedBy | None = None
    rings: list[RingEnded] = field(default_factory=list)
    ring_s: float | None = None


def near(moment: Instant | None, second: Instant | None) -> bool:
    """Whether a moment of CEL can be what queue_log counts into that second."""
    return moment is not None and second is not None and abs(moment - second) <= NEAR_MS


def nearest(moments: list[Instant], second: Instant) -> Instant:
    """The moment that belongs to a whole second of queue_log; the second itself where there is none."""
    fitting = [moment for moment in moments if near(moment, second)]
    return min(fitting, key=lambda moment: abs(moment - second), default=second)


def first_from(moments: list[Instant], second: Instant) -> Instant | None:
    """The first moment within that second, or close behind the one before."""
    index = bisect_left(moments, second - 50)
    return moments[index] if index < len(moments) and moments[index] < second + SECOND + 50 else None

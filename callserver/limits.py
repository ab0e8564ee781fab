"""How long callers may wait: what is set of queues, as numbers are judged by it.

In: queues as they are set. Out: target and short-abandon threshold in milliseconds. Must not know: who counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from callserver.metrics.live import Limits, usual_limits
from callserver.metrics.visits import TARGET_MS
from callserver.settings import QueueSettings


def limits_of(queues: Mapping[str, QueueSettings]) -> Limits:
    """Target and short-abandon threshold as they are set now; a visit is judged by those of the moment it ended."""

    def limits(queue: str) -> tuple[int, int]:
        known = queues.get(queue)
        if known is None:
            return usual_limits(queue)
        target = TARGET_MS if known.target_s is None else round(known.target_s * 1000)
        return target, round(known.short_s * 1000)

    return limits

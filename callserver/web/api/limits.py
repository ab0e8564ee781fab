"""How often somebody may ask: a token bucket for each asker.

In: who asks, when. Out: whether they may, and what the headers say. Must not know: HTTP, clocks (`now` is seconds of a
clock that only goes forward). Bounded: of more than `MOST` askers the ones that were longest silent are forgotten, and
begin anew with a full bucket.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

MOST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`allowed`, and in whole numbers: the bucket's size, what is left in it, seconds until it is full or until the
    next try makes sense."""

    allowed: bool
    limit: int
    remaining: int
    full_s: int
    retry_s: int

    def headers(self) -> dict[str, str]:
        """RateLimit-* (draft-ietf-httpapi-ratelimit-headers-06), and Retry-After where it was too much."""
        found = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.full_s),
        }
        return found if self.allowed else {**found, "Retry-After": str(self.retry_s)}


class Buckets:
    """A bucket for each asker: `per_minute` requests flow in, and as many fit, or `size`."""

    def __init__(self, per_minute: int, size: int | None = None) -> None:
        self._size = float(size or per_minute)
        self._per_s = per_minute / 60
        self._filled: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, asker: str, now: float) -> Verdict:
        """One request of this asker."""
        level = self._level(asker, now)
        allowed = level >= 1
        left = level - 1 if allowed else level
        self._filled.pop(asker, None)
        self._filled[asker] = (left, now)
        if len(self._filled) > MOST:
            self._filled.popitem(last=False)
        return self._verdict(allowed, left)

    def look(self, asker: str, now: float) -> Verdict:
        """What `take` would say; nothing is taken."""
        level = self._level(asker, now)
        return self._verdict(level >= 1, level)

    def _level(self, asker: str, now: float) -> float:
        level, then = self._filled.get(asker, (self._size, now))
        return min(self._size, level + (now - then) * self._per_s)

    def _verdict(self, allowed: bool, left: float) -> Verdict:
        return Verdict(
            allowed=allowed,
            limit=int(self._size),
            remaining=int(left),
            full_s=math.ceil((self._size - left) / self._per_s),
            retry_s=max(1, math.ceil((1 - left) / self._per_s)),
        )

"""Phones that are in use though no call is known in which they are: said only when it lasts.

In: whether a phone is so at this moment. Out: whether it has been so for a while. Must not know: why it is, clocks. A
device and the call that it rings for are told apart, and what lasts no longer than that is no news.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from callserver.facts import Instant
from callserver.people import UserId

PUZZLED_MS: Final = 2_000


class Puzzles:
    """Since when whose phone is so."""

    def __init__(self) -> None:
        self._since: dict[UserId, Instant] = {}
        self._told: set[UserId] = set()

    def __contains__(self, user: UserId) -> bool:
        """Whether it has lasted."""
        return user in self._told

    @property
    def open(self) -> frozenset[UserId]:
        """Who is to be looked at again."""
        return frozenset(self._since)

    def look(self, user: UserId, unexplained: bool, now: Instant) -> bool:
        """How it is at this moment; whether there is something to say, or to take back."""
        before = user in self._told
        if not unexplained:
            self._since.pop(user, None)
            self._told.discard(user)
        elif self._since.setdefault(user, now) + PUZZLED_MS <= now:
            self._told.add(user)
        return before != (user in self._told)

    def ends(self) -> Iterator[Instant]:
        """When time alone makes something to say."""
        return (since + PUZZLED_MS for user, since in self._since.items() if user not in self._told)

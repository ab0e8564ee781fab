"""Which channels are one call.

In: pairs of ids that belong together. Out: for each id, the one that stands for its whole group. Must not
know: why they belong together.
"""

from __future__ import annotations


class Kin:
    """Groups of ids that only ever grow; the group is named by its oldest member in order of appearance."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._order: dict[str, int] = {}

    def head(self, one: str) -> str:
        """The id that stands for the group of `one`."""
        self._order.setdefault(one, len(self._order))
        self._parent.setdefault(one, one)
        path = []
        while (above := self._parent[one]) != one:
            path.append(one)
            one = above
        for below in path:
            self._parent[below] = one
        return one

    def join(self, one: str, other: str) -> None:
        """These two belong together."""
        first, second = sorted((self.head(one), self.head(other)), key=self._order.__getitem__)
        self._parent[second] = first

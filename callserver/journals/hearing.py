"""Who hears whom: channels in bridges -> talks.

In: channels entering and leaving bridges, in order. Out: talks. Must not know: what the channels are for.

The two halves of a Local channel (names ending in `;1` and `;2`) carry sound between their bridges and are
nobody themselves. Between two events of one step nobody talks yet (three-way: the target enters a bridge
just before the transferer), and Local optimisation moves a channel to another bridge while its people go on
talking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from callserver.facts import Instant, LegId
from callserver.journals.story import Talk

_SAME_TALK_MS: Final = 1000
_ONE_STEP_MS: Final = 20


class Hearing:
    """The bridges of one call, and the talks that they made."""

    def __init__(self) -> None:
        self._bridges: dict[LegId, str] = {}
        self._names: dict[LegId, str] = {}
        self._order: dict[LegId, int] = {}
        self._talks: list[Talk] = []
        self._latest: dict[frozenset[LegId], int] = {}
        self._going_on: set[frozenset[LegId]] = set()

    def meet(self, leg: LegId) -> None:
        """A channel of this call; who was met first is named first."""
        self._order.setdefault(leg, len(self._order))

    def enter(self, leg: LegId, name: str, bridge: str, at: Instant) -> None:
        """A channel entered a bridge."""
        self.meet(leg)
        self._names[leg] = name
        self._bridges[leg] = bridge
        self._listen(at)

    def leave(self, leg: LegId, at: Instant) -> None:
        """A channel left the bridge that it was in, if any."""
        if self._bridges.pop(leg, None) is not None:
            self._listen(at)

    def bridge_of(self, leg: LegId) -> str | None:
        return self._bridges.get(leg)

    def others_in(self, bridge: str, leg: LegId) -> list[LegId]:
        """Who is in that bridge beside `leg`."""
        return [other for other, inside in self._bridges.items() if inside == bridge and other != leg]

    def behind(self, name: str) -> Iterator[LegId]:
        """Who is in the bridge of the other half of a Local channel."""
        half = next((leg for leg in self._bridges if self._names[leg] == _other_half(name)), None)
        if half is not None:
            yield from self.others_in(self._bridges[half], half)

    def talks(self) -> tuple[Talk, ...]:
        """All talks so far."""
        return tuple(
            talk for talk in self._talks if talk.ended is None or talk.ended - talk.begun > _ONE_STEP_MS
        )

    def _listen(self, at: Instant) -> None:
        """Compare who hears whom now with the talks going on."""
        now = self._hearing()
        for legs in self._going_on - now:
            index = self._latest[legs]
            self._talks[index] = replace(self._talks[index], ended=at)
        for legs in sorted(now - self._going_on, key=sorted):
            self._begin(legs, at)
        self._going_on = now

    def _begin(self, legs: frozenset[LegId], at: Instant) -> None:
        index = self._latest.get(legs)
        if index is not None and at - (self._talks[index].ended or at) <= _SAME_TALK_MS:
            self._talks[index] = replace(self._talks[index], ended=None)
            return
        self._latest[legs] = len(self._talks)
        self._talks.append(Talk(legs=tuple(sorted(legs, key=self._order.__getitem__)), begun=at))

    def _hearing(self) -> set[frozenset[LegId]]:
        halves = {self._names[leg]: bridge for leg, bridge in self._bridges.items() if self._is_local(leg)}
        one_room: dict[str, str] = {}
        for name, bridge in halves.items():
            other = halves.get(_other_half(name))
            if other is not None:
                first, second = _room(one_room, bridge), _room(one_room, other)
                one_room[max(first, second)] = min(first, second)
        people: dict[str, set[LegId]] = {}
        for leg, bridge in self._bridges.items():
            if not self._is_local(leg):
                people.setdefault(_room(one_room, bridge), set()).add(leg)
        return {frozenset(legs) for legs in people.values() if len(legs) > 1}

    def _is_local(self, leg: LegId) -> bool:
        return self._names[leg].startswith("Local/")


def _other_half(name: str) -> str:
    return name[:-1] + ("2" if name.endswith("1") else "1")


def _room(one_room: dict[str, str], bridge: str) -> str:
    while (above := one_room.get(bridge, bridge)) != bridge:
        bridge = above
    return bridge

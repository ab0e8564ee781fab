"""Who may see what: for whom a message is, and what one client's rights let through.

In: an audience (whose matter it is) and a view (who looks). Out: yes or no. Must not know: sessions, tokens, roles; the
web room makes views from those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, assert_never

from callserver.facts import PbxId


@dataclass(frozen=True, slots=True)
class Everyone:
    """Nobody's secret: whether a switch is seen."""


@dataclass(frozen=True, slots=True)
class Queues:
    """Whoever works in or answers for one of these queues."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seat:
    """Whoever sits there now."""

    pbx: PbxId
    interface: str


@dataclass(frozen=True, slots=True)
class User:
    """One person, on all their screens."""

    id: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Everybody with this right."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """A call or a pop: the agents who have part in it, and the queues that it is a matter of.

    seats: as `seat_key` names them.
    """

    seats: frozenset[str]
    queues: frozenset[str] = frozenset()


Audience: TypeAlias = Everyone | Queues | Seat | User | Scope | Parties

NEEDS: Final[Mapping[str, str]] = {"alert": "alerts:read", "tally": "floor:read"}
"""Rights without which messages of a kind are for nobody, whoever their audience is."""

BESIDE: Final = "beside"
"""Stands among the rights of a page beside the desk: it is told that something changed, and is nobody's screen."""


def seat_key(pbx: str, interface: str) -> str:
    """A seat as the stream names it: `main/PJSIP/1001`."""
    return f"{pbx}/{interface}"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one client may see.

    user: whose screen it is; None: a token's. seat: where they sit, by `seat_key`. queues: those they work in or answer
    for; None: all. callers: also the calls of others in those queues (supervisors, and tokens that may read calls).
    pops: also the pops of others.
    """

    user: int | None = None
    seat: str | None = None
    queues: frozenset[str] | None = frozenset()
    callers: bool = False
    pops: bool = False
    scopes: frozenset[str] = frozenset()

    def unseated(self) -> View:
        """As whoever knows rights made it, without the seat."""
        return replace(self, seat=None)

    def in_queues(self, names: frozenset[str]) -> bool:
        return self.queues is None or not self.queues.isdisjoint(names)

    def sees(self, audience: Audience, kind: str = "") -> bool:
        """Whether a message of this kind for this audience is for this client."""
        if kind in NEEDS and NEEDS[kind] not in self.scopes:
            return False
        match audience:
            case Everyone():
                return True
            case Queues(names):
                return self.in_queues(names)
            case Seat(pbx, interface):
                return self.seat == seat_key(pbx, interface) or (self.pops and self.queues is None)
            case User(id):
                return self.user == id
            case Scope(name):
                return name in self.scopes
            case Parties(seats=seats, queues=queues):
                return self._has_part(seats, queues, kind)
            case _:
                assert_never(audience)

    def _has_part(self, seats: frozenset[str], queues: frozenset[str], kind: str) -> bool:
        if self.seat is not None and self.seat in seats:
            return True
        allowed = {"pop": self.pops, "call": self.callers}.get(kind, True)
        return allowed and self.in_queues(queues)

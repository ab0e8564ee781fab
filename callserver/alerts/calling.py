"""Who is called about alerts, and when: one after the other, until somebody takes care. Pure.

In: who is on duty, what is owed, what became of the last call, `now`. Out: what is to be done. Must not know: the
store, the switch, recordings. There is one call at a time about everything that is owed: whoever has answered hears of
all of it, and nobody is rung by two calls at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from callserver.facts import Instant

What = Literal["links", "queues", "trunks", "promises", "records", "disk", "work"]
_ABOUT: Final[Mapping[str, What]] = {
    "link_down_s": "links",
    "trunk_failures": "trunks",
    "promises_late": "promises",
    "promises_broken": "promises",
    "omission_ppm": "records",
    "disk_free_ratio": "disk",
    "jobs_late": "work",
    "landings_waiting": "work",
    "landings_oldest_s": "work",
}


def about(metric: str) -> What:
    """What a recording says of a number that is bad."""
    return _ABOUT.get(metric, "queues")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """`numbers`: who is called, in this order, as the trunk wants them; `rounds`: how often all of them are;
    `pause_s`: between the end of a call and the next one.
    """

    numbers: tuple[str, ...]
    rounds: int = 3
    pause_s: float = 30.0

    @property
    def most(self) -> int:
        """So many calls are made about one alert."""
        return len(self.numbers) * self.rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Calls that are owed because of one alert. `calls`: how many were begun; `wanted`: it goes on, and nobody takes
    care.
    """

    id: int
    calls: int
    wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The last call about alerts. `ended_at` None: it goes on; `taken`: somebody pressed the key that acknowledges."""

    number: str
    ended_at: Instant | None
    taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be done now, by ids of what is owed. `taken`: acknowledged by the last call's number; `vain`: nobody
    need be called any more; `given_up`: everybody was; `ring`: whom to call, about `page`.
    """

    taken: tuple[int, ...] = ()
    vain: tuple[int, ...] = ()
    given_up: tuple[int, ...] = ()
    ring: str | None = None
    page: tuple[int, ...] = ()


NOTHING: Final = Step()


def step(duty: OnDuty, owed: Sequence[Owed], last: Call | None, now: Instant) -> Step:
    """What to do about what is owed at this moment."""
    heard = last is not None and last.taken
    taken = _ids(one for one in owed if heard and one.calls and one.wanted)
    if last is not None and last.ended_at is None:
        return Step(taken=taken)
    left = [one for one in owed if one.id not in taken]
    vain = _ids(one for one in left if not one.wanted)
    given_up = _ids(one for one in left if one.wanted and one.calls >= duty.most)
    page = [one for one in left if one.id not in (*vain, *given_up)]
    if not page or _rests(duty, page, last, now):
        return Step(taken=taken, vain=vain, given_up=given_up)
    ring = duty.numbers[max(one.calls for one in page) % len(duty.numbers)]
    return Step(taken=taken, vain=vain, given_up=given_up, ring=ring, page=_ids(page))


def _rests(duty: OnDuty, page: Sequence[Owed], last: Call | None, now: Instant) -> bool:
    """What nobody was called about yet does not wait for the pause after a call about something else."""
    if last is None or last.ended_at is None or all(one.calls == 0 for one in page):
        return False
    return 0 <= now - last.ended_at < duty.pause_s * 1000


def _ids(owed: Iterable[Owed]) -> tuple[int, ...]:
    return tuple(one.id for one in owed)

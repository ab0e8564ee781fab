"""Who works and who waits in each queue, counted as it changes.

In: agents and calls as they come, go and change. Out: each queue's value. Must not know: why anything changed. A queue
of 350 agents is not gone through for each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from callserver.facts import CallId, Instant, iso
from callserver.push.agents import Agent
from callserver.push.applying import Value
from callserver.push.calling import LiveCall
from callserver.push.views import seat_key

Place: TypeAlias = tuple[str, str]
"""A switch and one of its queues."""


@dataclass(slots=True)
class _Crew:
    members: set[str] = field(default_factory=set)
    ready: set[str] = field(default_factory=set)
    talking: set[str] = field(default_factory=set)
    waiting: dict[CallId, tuple[Instant, str | None]] = field(
        default_factory=dict
    )  # since when, and as it is told
    line: list[Value] | None = None  # those who wait as the stream has them; None: to be made anew


class Crews:
    """All queues. `touched`: those whose value may be another one now."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles
        self._crews: dict[Place, _Crew] = {}
        self.touched: dict[Place, None] = {}

    def title(self, queue: str) -> str:
        """What people call it."""
        return self._titles.get(queue, queue)

    def retitled(self, queues: Collection[str]) -> None:
        """People call these another name now."""
        self.touched |= dict.fromkeys(place for place in self._crews if place[1] in queues)

    def exist(self, pbx: str, queues: Collection[str]) -> list[Place]:
        """These are the switch's queues now. Those that come back are gone: not on the switch, and nobody in them."""
        for place in ((pbx, queue) for queue in queues):
            if place not in self._crews:
                self._crew(place)
                self.touched[place] = None
        empty = [place for place, crew in self._crews.items() if not (crew.members or crew.waiting)]
        gone = [place for place in empty if place[0] == pbx and place[1] not in queues]
        for place in gone:
            del self._crews[place]
            self.touched.pop(place, None)
        return gone

    def join(self, agent: Agent, queue: str) -> None:
        """The agent is a member of the queue."""
        self._crew((agent.pbx, queue)).members.add(seat_key(agent.pbx, agent.interface))
        self.touched[agent.pbx, queue] = None

    def leave(self, agent: Agent, queue: str) -> None:
        """The agent is a member no longer."""
        crew = self._crew((agent.pbx, queue))
        for some in (crew.members, crew.ready, crew.talking):
            some.discard(seat_key(agent.pbx, agent.interface))
        self.touched[agent.pbx, queue] = None

    def count(self, agent: Agent) -> None:
        """The agent's state, in each of their queues."""
        key = seat_key(agent.pbx, agent.interface)
        for queue, known in agent.queues.items():
            crew = self._crew((agent.pbx, queue))
            ready = agent.state == "ready" and not known.paused
            (crew.ready.add if ready else crew.ready.discard)(key)
            (crew.talking.add if agent.state in ("talking", "held") else crew.talking.discard)(key)
            self.touched[agent.pbx, queue] = None

    def wait(self, call: LiveCall) -> None:
        """Where the call waits now, and where no longer."""
        waiting = call.waiting if call.open and not call.shift else None
        for stay in call.stays:
            place = (call.pbx, stay.queue)
            there = self._crew(place).waiting
            if stay is waiting:
                if call.id not in there:
                    there[call.id] = (stay.since or 0, iso(stay.since))
                    self._moved(place)
            elif (waiting is None or waiting.queue != stay.queue) and call.id in there:
                del there[call.id]
                self._moved(place)

    def _moved(self, place: Place) -> None:
        """Others wait there now."""
        self._crew(place).line = None
        self.touched[place] = None

    def value(self, place: Place) -> Value:
        """The queue as the stream has it; whoever waits longest stands first."""
        pbx, queue = place
        crew = self._crew(place)
        if crew.line is None:
            crew.line = _line(crew.waiting)
        return {
            "pbx": pbx,
            "name": queue,
            "title": self.title(queue),
            "waiting": crew.line,
            "talking": len(crew.talking),
            "ready": len(crew.ready),
            "members": len(crew.members),
        }

    def _crew(self, place: Place) -> _Crew:
        crew = self._crews.get(place)
        if crew is None:
            crew = self._crews[place] = _Crew()
        return crew


def _line(waiting: Mapping[CallId, tuple[Instant, str | None]]) -> list[Value]:
    """Made once for all values of the queue until somebody comes or goes: agents change it far more often."""
    ordered = sorted((since, call, told) for call, (since, told) in waiting.items())
    return [
        {"call": call, "since": told, "position": position}
        for position, (_, call, told) in enumerate(ordered, 1)
    ]

"""A floor in the busy hour, as facts: 350 agents in 60 queues, callers who wait, talk and go.

In: a seed, the passing of time. Out: facts in the order of their time. Must not know: who counts or shows them.

Each agent works in three queues next to one another; a caller takes the first who is free, waits where nobody is,
and sometimes gives up. After each call comes a wrap-up, now and then a pause.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from itertools import count

from callserver import facts
from callserver.facts import CallId, Fact, Instant, LegId, PbxId

PBX = PbxId("main")
AGENTS, QUEUES, EACH = 350, 60, 3
TALK_S, WRAP_S, RING_S, PATIENCE_S = 200.0, 20.0, 4.0, 90.0


def queue(number: int) -> str:
    return f"queue-{number % QUEUES:02}"


def interface(number: int) -> str:
    return f"PJSIP/{1001 + number}"


def members(at: Instant, agents: int = AGENTS) -> list[Fact]:
    """Everybody at work, ready."""
    joined: list[Fact] = [facts.LinkRestored(pbx=PBX, at=at)]
    for number in range(agents):
        phone = interface(number)
        for one in range(EACH):
            joined.append(
                facts.AgentJoinedQueue(
                    pbx=PBX,
                    at=at,
                    queue=queue(number + one),
                    interface=phone,
                    agent=f"Agent {number}",
                    dynamic=True,
                )
            )
        joined.append(facts.DeviceChanged(pbx=PBX, at=at, interface=phone, device="free"))
    return joined


class Hour:
    """Callers who come `per_s` a second."""

    def __init__(self, at: Instant, per_s: float, agents: int = AGENTS, seed: int = 7) -> None:
        self.now = at
        self._per_s = per_s
        self._dice = random.Random(seed)
        self._free = set(range(agents))
        self._waiting: dict[CallId, tuple[int, Instant]] = {}
        self._due: list[tuple[Instant, int, Iterator[list[Fact]]]] = []
        self._order = count()
        self._number = count(1)
        self._later(0.0, self._callers())

    def until(self, at: Instant) -> Iterator[tuple[Instant, list[Fact]]]:
        """What happens until then: moments with their facts."""
        while self._due and self._due[0][0] <= at:
            moment, _, goes_on = heapq.heappop(self._due)
            self.now = moment
            told = next(goes_on, [])
            if told:
                yield moment, told
        self.now = at

    def _later(self, seconds: float, goes_on: Iterator[list[Fact]]) -> None:
        heapq.heappush(self._due, (self.now + round(seconds * 1000), next(self._order), goes_on))

    def _lasts(self, mean_s: float) -> float:
        return self._dice.expovariate(1 / mean_s)

    def _callers(self) -> Iterator[list[Fact]]:
        yield self._arrive(self._callers())

    def _arrive(self, again: Iterator[list[Fact]]) -> list[Fact]:
        self._later(self._lasts(1 / self._per_s), again)
        number = next(self._number)
        call, leg, of = CallId(f"{PBX}:{number}.0"), LegId(f"{number}.0"), self._dice.randrange(QUEUES)
        self._waiting[call] = (of, self.now)
        caller = f"13{self._dice.randrange(10**9):09}"
        told: list[Fact] = [
            facts.CallStarted(
                pbx=PBX, at=self.now, call=call, direction="inbound", caller_number=caller, dialed="800"
            ),
            facts.LegStarted(
                pbx=PBX, at=self.now, call=call, leg=leg, channel=f"PJSIP/trunk-{number}", interface="PJSIP/trunk",
                caller=True,
            ),
            facts.CallQueued(pbx=PBX, at=self.now, call=call, visit=0, queue=queue(of), leg=leg),
        ]  # fmt: skip
        self._later(self._lasts(PATIENCE_S), self._gives_up(call, leg))
        self._seek()
        return told

    def _seek(self) -> None:
        """Whoever waits longest takes the first who is free in their queue."""
        for call, (of, _) in list(self._waiting.items()):
            agent = next((a for a in self._free if (of - a) % QUEUES < EACH), None)
            if agent is not None:
                self._free.discard(agent)
                del self._waiting[call]
                self._later(0.01, self._talk(call, of, agent))

    def _gives_up(self, call: CallId, leg: LegId) -> Iterator[list[Fact]]:
        if self._waiting.pop(call, None) is None:
            return
        yield [
            facts.CallLeftQueue(pbx=PBX, at=self.now, call=call, visit=0, end="abandoned"),
            facts.LegEnded(pbx=PBX, at=self.now, call=call, leg=leg),
            facts.CallEnded(pbx=PBX, at=self.now, call=call, outcome="abandoned"),
        ]

    def _talk(self, call: CallId, of: int, agent: int) -> Iterator[list[Fact]]:
        phone, leg = interface(agent), LegId(call.rpartition(":")[2].replace(".0", ".1"))
        first = LegId(call.rpartition(":")[2])
        goes_on = self._rest(call, of, agent, leg, first)
        self._later(self._dice.uniform(1, RING_S), goes_on)
        yield [
            facts.LegStarted(pbx=PBX, at=self.now, call=call, leg=leg, channel=f"{phone}-1", interface=phone),
            facts.AgentRang(
                pbx=PBX,
                at=self.now,
                call=call,
                visit=0,
                queue=queue(of),
                interface=phone,
                agent=None,
                leg=leg,
            ),
            facts.DeviceChanged(pbx=PBX, at=self.now, interface=phone, device="ringing"),
        ]

    def _rest(self, call: CallId, of: int, agent: int, leg: LegId, first: LegId) -> Iterator[list[Fact]]:
        phone = interface(agent)
        this = self._rest_of(call, agent, leg, first)
        self._later(self._lasts(TALK_S), this)
        yield [
            facts.RingEnded(pbx=PBX, at=self.now, call=call, visit=0, leg=leg, result="answered"),
            facts.LegAnswered(pbx=PBX, at=self.now, call=call, leg=leg),
            facts.AgentAnswered(
                pbx=PBX,
                at=self.now,
                call=call,
                visit=0,
                queue=queue(of),
                interface=phone,
                agent=None,
                leg=leg,
            ),
            facts.TalkStarted(pbx=PBX, at=self.now, call=call, legs=(first, leg)),
            facts.DeviceChanged(pbx=PBX, at=self.now, interface=phone, device="talking"),
        ]

    def _rest_of(self, call: CallId, agent: int, leg: LegId, first: LegId) -> Iterator[list[Fact]]:
        phone = interface(agent)
        self._later(self._lasts(WRAP_S), self._ready(agent))
        yield [
            facts.AgentFinished(pbx=PBX, at=self.now, call=call, visit=0, by="caller"),
            facts.TalkEnded(pbx=PBX, at=self.now, call=call, legs=(first, leg)),
            facts.LegEnded(pbx=PBX, at=self.now, call=call, leg=leg),
            facts.LegEnded(pbx=PBX, at=self.now, call=call, leg=first),
            facts.CallEnded(pbx=PBX, at=self.now, call=call, outcome="answered"),
            facts.DeviceChanged(pbx=PBX, at=self.now, interface=phone, device="free"),
            *self._pause(agent, "wrap-up"),
        ]

    def _ready(self, agent: int) -> Iterator[list[Fact]]:
        if self._dice.random() < 0.1:
            self._later(self._lasts(60.0), self._ready(agent))
            yield self._pause(agent, self._dice.choice(["lunch", "break", "training"]))
            return
        self._free.add(agent)
        self._seek()
        yield self._pause(agent, None)

    def _pause(self, agent: int, reason: str | None) -> list[Fact]:
        return [
            facts.AgentPaused(
                pbx=PBX,
                at=self.now,
                queue=queue(agent + one),
                interface=interface(agent),
                paused=reason is not None,
                reason=reason,
            )
            for one in range(EACH)
        ]

"""The visits of one switch's calls as facts tell them, until each is over and its talk, too.

In: facts of calls in order; records of calls that were not followed from their beginning. Out: `Ended` for each visit
that counts for something else now, `Handled` for each talk of a queue that is over. Must not know: what a visit counts
for, who sits where. A record that the same facts add up to has the same visits (`calls.fold`, tests/metrics/test_live).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from callserver import facts
from callserver.facts import CallId, Instant, LegId, PbxId
from callserver.metrics.sums import Sums
from callserver.metrics.visits import Visit


@dataclass(slots=True)
class Stay:
    """One visit. `counted`: what it was counted for, None: for nothing yet. `hold_ms`: while its talk went on."""

    queue: str
    at: Instant
    visit: Visit
    counted: Sums | None = None
    answered_at: Instant | None = None
    hold_ms: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """A visit as it is now; `stay` remembers what it was counted for before."""

    stay: Stay
    visit: Visit

    @property
    def queue(self) -> str:
        return self.stay.queue

    @property
    def at(self) -> Instant:
        return self.stay.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """A talk of a queue is over; `talk_ms` is without `hold_ms`."""

    interface: str
    at: Instant
    talk_ms: int
    hold_ms: int
    transferred: bool


Came: TypeAlias = Ended | Handled


@dataclass(slots=True)
class _Call:
    stays: list[Stay] = field(default_factory=list)
    held: dict[LegId, Instant] = field(default_factory=dict)
    over: bool = False


class Stays:
    """All calls of one switch that began today or go on."""

    def __init__(self, pbx: PbxId) -> None:
        self.pbx = pbx
        self._calls: dict[CallId, _Call] = {}
        self._waiting: dict[str, dict[tuple[CallId, int], Instant]] = {}

    def knows(self, call: CallId) -> bool:
        return call in self._calls

    def waiting(self, queue: str) -> Iterable[Instant]:
        """Since when each caller waits there."""
        return self._waiting.get(queue, {}).values()

    def all_waiting(self) -> Iterator[Instant]:
        """Since when each caller waits anywhere."""
        for queue in self._waiting.values():
            yield from queue.values()

    # --- calls as a whole --------------------------------------------------------------------------------------------

    def remember(self, record: Any, visits: Iterable[Visit]) -> list[Ended]:
        """A call as its record has it, with its visits."""
        call = self._calls[CallId(record["id"])] = _Call(over=not record.get("open"))
        for visit in visits:
            stay = Stay(visit.queue, visit.entered_at, visit, done=call.over)
            if visit.end == "answered" and not call.over:
                stay.answered_at = visit.entered_at + (visit.wait_ms or 0)
                stay.done = bool(record["queue_visits"][visit.n].get("completed_by"))
            call.stays.append(stay)
            self._note_waiting(visit.call, len(call.stays) - 1, stay)
        return [Ended(stay, stay.visit) for stay in call.stays]

    def forget(self, id: CallId) -> list[Ended]:
        """It is not as it was believed; what it was counted for comes back."""
        call = self._calls.pop(id, None)
        for n, stay in enumerate(call.stays if call is not None else ()):
            self._waiting.get(stay.queue, {}).pop((id, n), None)
        return [] if call is None else [Ended(stay, stay.visit) for stay in call.stays]

    def forget_open(self) -> list[Ended]:
        """Calls that go on are told anew."""
        open_ones = [id for id, call in self._calls.items() if not call.over]
        return [ended for id in open_ones for ended in self.forget(id)]

    def forget_over(self) -> None:
        """Another day: what is over is yesterday's."""
        self._calls = {id: call for id, call in self._calls.items() if not call.over}

    # --- facts -------------------------------------------------------------------------------------------------------

    def follow(self, fact: facts.OfCall, now: Instant) -> list[Came]:
        """One fact of a call. now: for facts that have no time."""
        step = _STEPS.get(type(fact))
        if step is None:
            return []
        at = fact.at if fact.at is not None else now
        call = self._calls.get(fact.call)
        if call is None:
            if not isinstance(fact, facts.CallQueued):
                return []
            call = self._calls[fact.call] = _Call()
        came: list[Came] = list(step(self, call, fact, at))
        return came

    def _queued(self, call: _Call, fact: facts.CallQueued, at: Instant) -> Iterator[Came]:
        n = len(call.stays)
        visit = Visit(pbx=self.pbx, call=fact.call, n=n, queue=fact.queue, entered_at=at)
        stay = Stay(fact.queue, at, visit)
        call.stays.append(stay)
        self._note_waiting(fact.call, n, stay)
        yield Ended(stay, visit)

    def _left(self, call: _Call, fact: facts.CallLeftQueue, at: Instant) -> Iterator[Came]:
        stay = self._stay(call, fact.visit)
        if stay is not None and stay.visit.end != "answered":
            yield self._end(fact.call, fact.visit, stay, fact.end, _wait(stay, fact.at, fact.wait_s))

    def _answered(self, call: _Call, fact: facts.AgentAnswered, at: Instant) -> Iterator[Came]:
        stay = self._stay(call, fact.visit)
        if stay is not None:
            stay.visit = replace(stay.visit, interface=fact.interface)
            stay.answered_at = at
            yield self._end(fact.call, fact.visit, stay, "answered", _wait(stay, fact.at, fact.wait_s))

    def _callback(self, call: _Call, fact: facts.CallbackAsked, at: Instant) -> Iterator[Came]:
        stay = self._stay(call, fact.visit)
        if stay is not None and stay.visit.end != "answered":
            waited = stay.visit.wait_ms if stay.visit.end is not None else max(0, at - stay.at)
            yield self._end(fact.call, fact.visit, stay, "callback", waited)

    def _finished(self, call: _Call, fact: facts.AgentFinished, at: Instant) -> Iterator[Came]:
        stay = self._stay(call, fact.visit)
        if stay is not None:
            yield from self._done(call, stay, at, transferred=fact.by == "transfer")

    def _over(self, call: _Call, fact: facts.CallEnded, at: Instant) -> Iterator[Came]:
        call.over = True
        for n, stay in enumerate(call.stays):
            if stay.visit.end is None:
                yield self._end(fact.call, n, stay, "unknown", None)
            yield from self._done(call, stay, at, transferred=False)

    def _merged(self, call: _Call, fact: facts.CallsMerged, at: Instant) -> Iterator[Came]:
        absorbed = self._calls.pop(fact.absorbed, None)
        for n, stay in enumerate(absorbed.stays if absorbed is not None else ()):
            if self._waiting.get(stay.queue, {}).pop((fact.absorbed, n), None) is not None:
                self._waiting[stay.queue][fact.call, len(call.stays)] = stay.at
            call.stays.append(stay)
        yield from ()

    def _held(self, call: _Call, fact: facts.LegHeld, at: Instant) -> Iterator[Came]:
        call.held.setdefault(fact.leg, at)
        yield from ()

    def _resumed(self, call: _Call, fact: facts.LegResumed, at: Instant) -> Iterator[Came]:
        since = call.held.pop(fact.leg, None)
        talking = next((stay for stay in reversed(call.stays) if stay.answered_at is not None), None)
        if since is not None and talking is not None and not talking.done:
            talking.hold_ms += max(0, at - since)
        yield from ()

    # --- small things ------------------------------------------------------------------------------------------------

    def _stay(self, call: _Call, n: int) -> Stay | None:
        return call.stays[n] if 0 <= n < len(call.stays) else None

    def _end(self, id: CallId, n: int, stay: Stay, end: str, wait_ms: int | None) -> Ended:
        self._waiting.get(stay.queue, {}).pop((id, n), None)
        stay.visit = replace(stay.visit, end=end, wait_ms=wait_ms)
        return Ended(stay, stay.visit)

    def _done(self, call: _Call, stay: Stay, at: Instant, *, transferred: bool) -> Iterator[Handled]:
        if stay.done or stay.answered_at is None or stay.visit.interface is None:
            return
        stay.done = True
        held = stay.hold_ms + sum(max(0, at - since) for since in call.held.values())
        lasted = max(0, at - stay.answered_at)
        yield Handled(
            interface=stay.visit.interface,
            at=at,
            talk_ms=max(0, lasted - held),
            hold_ms=min(held, lasted),
            transferred=transferred,
        )

    def _note_waiting(self, id: CallId, n: int, stay: Stay) -> None:
        if stay.visit.end is None:
            self._waiting.setdefault(stay.queue, {})[id, n] = stay.at


def _wait(stay: Stay, left_at: Instant | None, said_s: float | None) -> int | None:
    """The switch tells whole seconds; instants know better where there are any."""
    if left_at is not None:
        return max(0, left_at - stay.at)
    return None if said_s is None else round(said_s * 1000)


_STEPS: Final[dict[type, Any]] = {
    facts.CallQueued: Stays._queued,
    facts.CallLeftQueue: Stays._left,
    facts.AgentAnswered: Stays._answered,
    facts.CallbackAsked: Stays._callback,
    facts.AgentFinished: Stays._finished,
    facts.CallEnded: Stays._over,
    facts.CallsMerged: Stays._merged,
    facts.LegHeld: Stays._held,
    facts.LegResumed: Stays._resumed,
}

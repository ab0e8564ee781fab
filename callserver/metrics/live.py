"""The numbers of this moment and of today so far, brought up to date by each fact.

In: facts of switches, agents as the screens have them, records of calls that were over before, the passing of time.
Out: numbers by subject, and which of them may be others now. Must not know: clocks, zones (`day_of` says which day it
is), who is told. What a visit counts for is said by `visits.count`, the same as for reports, so that the two cannot
differ; what an event costs does not depend on how many came before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias

from callserver import facts
from callserver.facts import CallId, Fact, Instant, PbxId
from callserver.metrics.crews import Crew, places
from callserver.metrics.people import Person
from callserver.metrics.slots import Span
from callserver.metrics.stays import Ended, Handled, Stays
from callserver.metrics.sums import COUNTS, Sums, value
from callserver.metrics.today import Today, level
from callserver.metrics.visits import SHORT_MS, TARGET_MS, count, of_record

Subject: TypeAlias = tuple[Literal["queue"], str, str] | tuple[Literal["agent"], int] | tuple[Literal["site"]]
"""A queue of a switch; a person, by their id; everything."""
SITE: Final[Subject] = ("site",)
Limits: TypeAlias = Callable[[str], tuple[int, int]]
"""A queue's target and short-abandon threshold, milliseconds."""
Numbers: TypeAlias = Mapping[str, float | None]
_OF_VISITS: Final = COUNTS[:11]  # offered ... unknown
_WAITS: Final = ("asa", "wait_median", "wait_p95", "wait_max")
_MINUTE_MS: Final = 60_000


def usual_limits(_: str) -> tuple[int, int]:
    """Where nothing is set."""
    return TARGET_MS, SHORT_MS


class Live:
    """Everything of one process. `day_of`: the site's day around an instant."""

    def __init__(
        self, day_of: Callable[[Instant], Span], now: Instant, limits: Limits = usual_limits
    ) -> None:
        self._day_of = day_of
        self._limits = limits
        self.now = now
        self.day = day_of(now)
        self._stays: dict[PbxId, Stays] = {}
        self._queues: dict[tuple[str, str], Today] = {}
        self._site = Today(self.day)
        self._crews: dict[tuple[str, str], Crew] = {}
        self._everybody = Crew()
        self._agents: dict[str, Mapping[str, Any]] = {}
        self._people: dict[int, Person] = {}
        self._told: dict[Subject, dict[str, float | None]] = {}  # what others measure
        self._touched: set[str] = set()  # switches of which a part of today was not seen
        self._blind: set[str] = set()
        self._changed: set[Subject] = {SITE}

    # --- in: switches ------------------------------------------------------------------------------------------------

    def begin(self, pbx: PbxId, records: Iterable[Mapping[str, Any]] = ()) -> None:
        """A switch is followed from now on, and not seen yet; the calls that go on there, as they are remembered."""
        self._sight(pbx, False, self.now)
        stays = self._stays.setdefault(pbx, Stays(pbx))
        for ended in stays.forget_open():
            self._take(pbx, ended)
        self.remember(pbx, records)

    def remember(self, pbx: PbxId, records: Iterable[Mapping[str, Any]]) -> None:
        """Calls of today that are not followed from their beginning. One that is known already is left as it is."""
        stays = self._stays.setdefault(pbx, Stays(pbx))
        for record in records:
            if stays.knows(CallId(record["id"])):
                continue
            for ended in stays.remember(record, of_record(record)):
                self._add(pbx, ended, ended.at, count(ended.visit, *self._limits(ended.queue)))

    def missed(self, pbx: PbxId) -> None:
        """A part of today was not seen there."""
        self._touched.add(pbx)
        self._changed |= {SITE, *(("queue", *place) for place in self._queues if place[0] == pbx)}

    def feed(self, pbx: PbxId, told: Iterable[Fact]) -> None:
        """What happened on a switch, in order."""
        stays = self._stays.setdefault(pbx, Stays(pbx))
        for fact in told:
            if isinstance(fact, facts.LinkLost):
                self._sight(pbx, False, self.now if fact.at is None else fact.at)
                self.missed(pbx)
            elif isinstance(fact, facts.LinkRestored):
                self._sight(pbx, True, self.now if fact.at is None else fact.at)
                if fact.lost_at is not None:
                    self.missed(pbx)
            elif isinstance(fact, facts.CallCorrected | facts.CallRecovered):
                self._correct(pbx, stays, fact)
            elif isinstance(fact, facts.OfCall):
                for came in stays.follow(fact, self.now):
                    self._came(pbx, came)

    def _sight(self, pbx: PbxId, seen: bool, at: Instant) -> None:
        """No time is counted for anybody that nobody sees."""
        (self._blind.discard if seen else self._blind.add)(pbx)
        for key, agent in self._agents.items():
            if key.startswith(f"{pbx}/"):
                self._follow_person(key, agent, agent, at)

    def _came(self, pbx: PbxId, came: Ended | Handled) -> None:
        if isinstance(came, Handled):
            self._handled(pbx, came)
            return
        self._take(pbx, came)
        self._add(pbx, came, came.at, count(came.visit, *self._limits(came.queue)))

    def _add(self, pbx: PbxId, one: Ended, at: Instant, sums: Sums) -> None:
        one.stay.counted = sums
        for today in (self._today(pbx, one.queue), self._site):
            today.add(at, sums)
        self._changed |= {("queue", pbx, one.queue), SITE}

    def _take(self, pbx: PbxId, one: Ended) -> None:
        if one.stay.counted is not None:
            for today in (self._today(pbx, one.queue), self._site):
                today.take(one.stay.at, one.stay.counted)
            one.stay.counted = None
            self._changed |= {("queue", pbx, one.queue), SITE}

    def _correct(self, pbx: PbxId, stays: Stays, fact: facts.CallCorrected | facts.CallRecovered) -> None:
        """The switch's journals know better how it went."""
        for ended in stays.forget(fact.call):
            self._take(pbx, ended)
        self.remember(pbx, [fact.record])

    def _handled(self, pbx: PbxId, one: Handled) -> None:
        agent = self._agents.get(f"{pbx}/{one.interface}")
        user = None if agent is None else agent.get("user")
        if user is not None:
            self.handled(user, one.at, one.talk_ms, one.hold_ms, transferred=one.transferred)

    # --- in: agents --------------------------------------------------------------------------------------------------

    def agent(self, key: str, agent: Mapping[str, Any] | None, at: Instant) -> None:
        """An agent (`PBX/INTERFACE`) as they are from that moment on; None: nowhere."""
        before = self._agents.pop(key, None)
        if agent is not None:
            self._agents[key] = agent
        pbx = key.partition("/")[0]
        was, now = places(before), places(agent)
        for queue in was.keys() | now.keys():
            if was.get(queue) != now.get(queue):
                self._crew(pbx, queue).move(was.get(queue), now.get(queue))
                self._changed.add(("queue", pbx, queue))
        self._everybody.move(_state(before), _state(agent))
        self._follow_person(key, before, agent, at)

    def _follow_person(
        self, key: str, before: Mapping[str, Any] | None, agent: Mapping[str, Any] | None, at: Instant
    ) -> None:
        user, state = None if agent is None else agent.get("user"), _state(agent)
        was = None if before is None else before.get("user")
        if was is not None and was != user:
            self._person(was).is_(key, None, at)
        if user is not None:
            seen = key.partition("/")[0] not in self._blind
            self._person(user).is_(key, state if seen else None, at)

    def spent(self, user: int, state: str, begin: Instant, end: Instant) -> None:
        """Somebody was that for so long, before anybody looked."""
        self._person(user).was(state, begin, end)

    def handled(
        self, user: int, at: Instant, talk_ms: int, hold_ms: int, *, transferred: bool = False
    ) -> None:
        """A call of a queue that they had was over at that moment."""
        self._person(user).handled(at, talk_ms, hold_ms, transferred=transferred)

    def tell(self, subject: Subject, numbers: Mapping[str, float | None]) -> None:
        """What others measure: promises due and late, for example."""
        known = self._told.setdefault(subject, {})
        if any(known.get(key, -1.0) != number for key, number in numbers.items()):
            known.update(numbers)
            self._changed.add(subject)

    # --- in: time ----------------------------------------------------------------------------------------------------

    def tick(self, now: Instant) -> None:
        """It is later. What was more than half an hour ago leaves the short view; at midnight all begins anew."""
        minute = now // _MINUTE_MS != self.now // _MINUTE_MS
        self.now = max(now, self.now)
        if self.now >= self.day.end:
            self._begin_day()
        elif minute:
            self._pass_minute()

    def _pass_minute(self) -> None:
        for (pbx, name), today in self._queues.items():
            if today.pass_to(self.now):
                self._changed.add(("queue", pbx, name))
        if self._site.pass_to(self.now):
            self._changed.add(SITE)
        self._changed |= {("agent", user) for user in self._people}

    def _begin_day(self) -> None:
        self.day = self._day_of(self.now)
        self._site = Today(self.day)
        self._queues = {place: Today(self.day) for place in self._queues}
        for stays in self._stays.values():
            stays.forget_over()
        for person in self._people.values():
            person.begin_day(self.day)
        self._touched = set(self._blind)
        self._changed |= {SITE, *(("queue", *place) for place in self._queues)}
        self._changed |= {("agent", user) for user in self._people}

    # --- out ---------------------------------------------------------------------------------------------------------

    def taken(self) -> set[Subject]:
        """Whose numbers may be others than the last time; takes that away."""
        taken, self._changed = self._changed, set()
        return taken

    def numbers(self, now: Instant | None = None) -> Mapping[Subject, Numbers]:
        """Everything as it is now, by the keys of `definitions`; None: there is nobody to count it of."""
        moment = self.now if now is None else now
        return {subject: self.of(subject, moment) for subject in self.subjects()}

    def subjects(self) -> list[Subject]:
        """Everything that has numbers."""
        queues: list[Subject] = [("queue", *place) for place in self._queues.keys() | self._crews.keys()]
        return [*queues, *(("agent", user) for user in self._people), SITE]

    def of(self, subject: Subject, now: Instant) -> dict[str, float | None]:
        """One subject's numbers."""
        match subject:
            case ("agent", user):
                return (self._people.get(user) or Person(self.day)).numbers(now)
            case ("queue", pbx, name):
                today, waits = self._today(pbx, name), self._waits(pbx, name)
                crew = self._crew(pbx, name)
            case _:
                today, crew = self._site, self._everybody
                waits = [since for stays in self._stays.values() for since in stays.all_waiting()]
        told = self._told.get(subject, {})
        return {**_visits(today), **_now(waits, now), **crew.numbers(len(waits)), **told}

    def told(self, subject: Subject) -> dict[str, Any]:
        """One subject's numbers as the screens have them: sums from which those of any group can be made, too."""
        if subject[0] == "agent":
            return {"user": subject[1], **self.of(subject, self.now)}
        pbx = subject[1] if len(subject) == 3 else None
        today = self._site if len(subject) != 3 else self._today(subject[1], subject[2])
        recent = {f"{key}_30m": number for key, number in _summed(today.recent).items() if key in _RECENT}
        return {
            "pbx": pbx,
            "name": subject[2] if len(subject) == 3 else None,
            **_summed(today.sums),
            **recent,
            "asa": value("asa", today.sums),
            "promises_owed": None,
            "promises_late": None,
            **self._told.get(subject, {}),
            "touched": bool(self._touched) if pbx is None else pbx in self._touched,
            "spark": today.spark(self.now),
        }

    def _waits(self, pbx: str, name: str) -> list[Instant]:
        stays = self._stays.get(PbxId(pbx))
        return [] if stays is None else list(stays.waiting(name))

    def _today(self, pbx: str, name: str) -> Today:
        today = self._queues.get((pbx, name))
        if today is None:
            today = self._queues[pbx, name] = Today(self.day)
        return today

    def _crew(self, pbx: str, name: str) -> Crew:
        return self._crews.setdefault((pbx, name), Crew())

    def _person(self, user: int) -> Person:
        """Somebody whose numbers are about to change."""
        person = self._people.get(user)
        if person is None:
            person = self._people[user] = Person(self.day)
        self._changed.add(("agent", user))
        return person


def _visits(today: Today) -> dict[str, float | None]:
    recent = level(today.recent)
    return {
        **{key: value(key, today.sums) for key in (*_OF_VISITS, *_WAITS)},
        **level(today.sums),
        "sl_offered_30m": recent["sl_offered"],
        "sl_answered_30m": recent["sl_answered"],
    }


def _now(waits: list[Instant], now: Instant) -> dict[str, float | None]:
    longest = max(0, now - min(waits)) / 1000 if waits else None
    return {"waiting": float(len(waits)), "longest_wait": longest}


def _state(agent: Mapping[str, Any] | None) -> str | None:
    return None if agent is None else str(agent["state"])


def _summed(sums: Sums) -> dict[str, Any]:
    """Counts that can be added up, and the shares that are made of them."""
    counts = {name: getattr(sums, name) for name in _SUMMED}
    return counts | level(sums)


_SUMMED: Final = ("offered", "undecided", "answered", "answered_in_target", "abandoned", "short")
_RECENT: Final = frozenset(_SUMMED) - {"abandoned"} | {"sl_offered", "sl_answered"}

"""When an alert is raised, and when it is over.

In: rules, what is measured, which switches nobody sees, `now`. Out: events: raised, cleared. Must not know: how
anything is measured, who is told.

THE ONE RULE: what is not known changes nothing. A switch that we do not see makes neither an alert of its queues nor
ends one, and what was bad before a gap has to be bad for its whole time after it: nobody knows what was in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, assert_never

from callserver.alerts.rule import Readings, Rule, RuleId, Subject
from callserver.facts import Instant

Ending = Literal["good", "gone", "rule"]
"""good: the number is; gone: nobody measures it any more; rule: nobody wants to know any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A rule at one subject. `bad_since`: since when the number is bad without an alert; `good_since`: good with one.

    `worst`: of an alert, the number that was farthest beyond the threshold.
    """

    raised: bool = False
    bad_since: Instant | None = None
    good_since: Instant | None = None
    worst: float | None = None


FINE = State()


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """From now on it is an alert."""

    rule: Rule
    subject: Subject
    value: float
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """It is over. `value`: the number at the end, None where there is none; `worst`: None where it is not known."""

    rule: RuleId
    subject: Subject
    value: float | None
    worst: float | None
    at: Instant
    why: Ending


Event: TypeAlias = Raised | Cleared
Place: TypeAlias = tuple[RuleId, Subject]


def evaluate(
    rule: Rule, subject: Subject, value: float | None, state: State, now: Instant
) -> tuple[State, Event | None]:
    """One look at one number that is known. The state after it holds only once its event, if any, was written down."""
    if not state.raised:
        return _quiet(rule, subject, value, state, now)
    worst = _worse(rule, value, state.worst)
    if not rule.good(value):
        return State(raised=True, worst=worst), None
    since = now if state.good_since is None else min(now, state.good_since)
    if now - since < rule.clear_for_s * 1000:
        return replace(state, good_since=since, worst=worst), None
    return FINE, Cleared(rule=rule.id, subject=subject, value=value, worst=worst, at=now, why="good")


def unknown(state: State) -> State:
    """A look at a number that nobody can know."""
    return replace(state, bad_since=None, good_since=None)


def _quiet(
    rule: Rule, subject: Subject, value: float | None, state: State, now: Instant
) -> tuple[State, Event | None]:
    if value is None or not rule.bad(value):
        return FINE, None
    since = now if state.bad_since is None else min(now, state.bad_since)
    if now - since < rule.for_s * 1000:
        return State(bad_since=since), None
    return State(raised=True, worst=value), Raised(rule=rule, subject=subject, value=value, at=now)


def _worse(rule: Rule, value: float | None, worst: float | None) -> float | None:
    if value is None or worst is None:
        return worst if value is None else value
    return max(value, worst) if rule.side == "above" else min(value, worst)


class Judge:
    """All rules at all subjects. What `look` says is believed once it was `settle`d; until then it is said again."""

    def __init__(self) -> None:
        self._states: dict[Place, State] = {}

    def begin(self, raised: Iterable[Place]) -> None:
        """What is an alert already, by what is on record; forgets everything else."""
        self._states = {place: State(raised=True) for place in raised}

    @property
    def raised(self) -> Set[Place]:
        """What is an alert now."""
        return {place for place, state in self._states.items() if state.raised}

    def look(self, rules: Iterable[Rule], readings: Readings, blind: Set[str], now: Instant) -> list[Event]:
        """One look at everything; `blind`: the switches of which nobody sees the queues."""
        events = list[Event]()
        seen = set[Place]()
        for rule in rules:
            for subject, numbers in readings.items():
                if rule.watches(subject):
                    seen.add((rule.id, subject))
                    events += self._one(rule, subject, numbers, blind, now)
        known = {rule.id: rule for rule in rules}
        for place in self._states.keys() - seen:
            events += self._missing(place, known.get(place[0]), blind, now)
        return events

    def settle(self, event: Event) -> None:
        """It was written down."""
        match event:
            case Raised():
                self._states[event.rule.id, event.subject] = State(raised=True, worst=event.value)
            case Cleared():
                self._states.pop((event.rule, event.subject), None)
            case _:
                assert_never(event)

    def _one(
        self, rule: Rule, subject: Subject, numbers: Mapping[str, float | None], blind: Set[str], now: Instant
    ) -> Iterable[Event]:
        place = (rule.id, subject)
        before = self._states.get(place, FINE)
        if rule.metric not in numbers or _hidden(subject, blind):
            self._keep(place, unknown(before))
            return
        after, event = evaluate(rule, subject, numbers[rule.metric], before, now)
        if event is None:
            self._keep(place, after)
        else:
            yield event

    def _missing(self, place: Place, rule: Rule | None, blind: Set[str], now: Instant) -> Iterable[Event]:
        """A rule or a subject is not there any more."""
        before, subject = self._states[place], place[1]
        if not before.raised:
            del self._states[place]
        elif rule is None or not rule.watches(subject):
            yield Cleared(rule=place[0], subject=subject, value=None, worst=before.worst, at=now, why="rule")
        elif _hidden(subject, blind):
            self._keep(place, unknown(before))
        else:
            after, event = evaluate(rule, subject, None, before, now)
            if isinstance(event, Cleared):
                yield replace(event, why="gone")
            else:
                self._keep(place, after)

    def _keep(self, place: Place, state: State) -> None:
        if state == FINE:
            self._states.pop(place, None)
        else:
            self._states[place] = state


def _hidden(subject: Subject, blind: Set[str]) -> bool:
    """Of a queue nothing is known while its switch is not seen; switches themselves are looked at from here."""
    return subject.about == "queue" and subject.pbx in blind

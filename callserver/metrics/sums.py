"""What can be added up: counts, milliseconds and distributions; and the numbers that are made of them.

In: what single visits, handlings, promises and tickets count for. Out: sums of any span and any group, and a metric's
value by its key. Must not know: what the sums are of. Every ratio is made here and nowhere else, of sums of the whole
span: a mean of means would be another number.

Sums are added in place because a report adds thousands; nobody keeps one that somebody else may still change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from math import ceil
from typing import Any, Final, TypeAlias

Histogram: TypeAlias = dict[int, int]
"""Whole units (cut, not rounded) -> how often."""


@dataclass(slots=True, kw_only=True)
class Sums:
    """Additive parts of all metrics. Counts; `..._ms` milliseconds; distributions by whole seconds (`ages`: hours).

    `offered` is how many visits began; those that have not ended are `undecided` and in no denominator. `short` are
    some of the `abandoned`. `waits` and `wait_ms` are of answered visits whose wait is known. `gap`: a part of it was
    not seen by the server.
    """

    offered: int = 0
    undecided: int = 0
    answered: int = 0
    answered_in_target: int = 0
    abandoned: int = 0
    short: int = 0
    timed_out: int = 0
    left_by_key: int = 0
    queue_empty: int = 0
    withdrawn: int = 0
    callback_taken: int = 0
    unknown: int = 0
    wait_ms: int = 0
    max_wait_ms: int = 0
    abandoned_wait_ms: int = 0

    handled: int = 0
    transfers: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_ms: int = 0
    ready_ms: int = 0
    paused_ms: int = 0

    calls: int = 0
    known_callers: int = 0
    first_contact: int = 0

    promises_due: int = 0
    promises_kept: int = 0
    ratings: int = 0
    rating_sum: int = 0
    dissatisfied: int = 0
    tickets_visited: int = 0
    tickets_one_visit: int = 0
    tickets_repeated: int = 0
    switch_calls: int = 0
    omitted: int = 0

    gap: bool = False
    waits: Histogram = field(default_factory=dict)
    lateness: Histogram = field(default_factory=dict)
    ages: Histogram = field(default_factory=dict)

    def add(self, other: Sums) -> None:
        """Add another's parts to these."""
        for name in _ADDED:
            if more := getattr(other, name):
                setattr(self, name, getattr(self, name) + more)
        self.max_wait_ms = max(self.max_wait_ms, other.max_wait_ms)
        self.gap = self.gap or other.gap
        for name in _HISTOGRAMS:
            _pour(getattr(self, name), getattr(other, name))

    def add_json(self, body: Mapping[str, Any]) -> None:
        """`add(from_json(body))` without making the other one: a report adds tens of thousands."""
        for name, more in body.items():
            if name in _ADDED_SET:
                setattr(self, name, getattr(self, name) + more)
            elif name in _HISTOGRAMS:
                _pour_named(getattr(self, name), more)
        self.max_wait_ms = max(self.max_wait_ms, body.get("max_wait_ms", 0))
        self.gap = self.gap or body.get("gap", False)

    def to_json(self) -> dict[str, Any]:
        """What is not nothing, under its name; distributions as `{"12": 3}`."""
        plain = {name: value for name in _PLAIN if (value := getattr(self, name))}
        spread = {name: value for name in _HISTOGRAMS if (value := getattr(self, name))}
        return plain | {name: {str(unit): n for unit, n in sorted(of.items())} for name, of in spread.items()}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Sums:
        """The inverse; names that this version does not know are left out."""
        made = cls(**{name: body[name] for name in _PLAIN if name in body})
        for name in _HISTOGRAMS:
            getattr(made, name).update((int(unit), n) for unit, n in body.get(name, {}).items())
        return made


_HISTOGRAMS: Final = ("waits", "lateness", "ages")
_PLAIN: Final = tuple(one.name for one in fields(Sums) if one.name not in _HISTOGRAMS)
_ADDED: Final = tuple(name for name in _PLAIN if name not in ("max_wait_ms", "gap"))
_ADDED_SET: Final = frozenset(_ADDED)


def merge(many: Iterable[Sums]) -> Sums:
    """The sum of all; of none: nothing."""
    total = Sums()
    for one in many:
        total.add(one)
    return total


def value(key: str, sums: Sums) -> float | None:
    """A metric's value; None where there is nothing to count it of (never 0 of 0 as 0 or as 100 %).

    Seconds for durations, 0 to 1 for ratios. Raises KeyError for a key that is not made of sums.
    """
    return FORMULAS[key](sums)


def percentile(of: Histogram, share: float) -> int | None:
    """The smallest unit that at least `share` of all are at or below (nearest rank); None of none."""
    wanted = ceil(share * sum(of.values()))
    for unit in sorted(of):
        wanted -= of[unit]
        if wanted <= 0:
            return unit
    return None


def _pour(into: Histogram, more: Histogram) -> None:
    for unit, n in more.items():
        into[unit] = into.get(unit, 0) + n


def _pour_named(into: Histogram, more: Mapping[str, int]) -> None:
    if into:
        _pour(into, {int(unit): n for unit, n in more.items()})
    else:  # as most often: one cell is one row of a report
        into.update(zip(map(int, more), more.values(), strict=True))


def _per(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _decided(sums: Sums) -> int:
    """The denominator of the headline: who was not gone at once, and of whom is known how it went."""
    return sums.offered - sums.undecided - sums.short


def _handling_ms(sums: Sums) -> int:
    return sums.talk_ms + sums.hold_ms + sums.wrap_ms


def _seconds_each(name: str, of: str) -> Formula:
    return lambda sums: _per(getattr(sums, name) / 1000, getattr(sums, of))


def _count(name: str) -> Formula:
    return lambda sums: float(getattr(sums, name))


def _rank(name: str, share: float) -> Formula:
    return lambda sums: percentile(getattr(sums, name), share)


Formula: TypeAlias = Callable[[Sums], float | None]
COUNTS: Final = (
    *("offered", "answered", "answered_in_target", "abandoned", "short", "timed_out", "left_by_key"),
    *("queue_empty", "withdrawn", "callback_taken", "unknown", "handled", "transfers", "calls"),
    *("promises_due", "promises_kept", "ratings"),
)
FORMULAS: Final[Mapping[str, Formula]] = {
    **{name: _count(name) for name in COUNTS},
    "sl_offered": lambda sums: _per(sums.answered_in_target, _decided(sums)),
    "sl_answered": lambda sums: _per(sums.answered_in_target, sums.answered),
    "abandon_rate": lambda sums: _per(sums.abandoned - sums.short, _decided(sums)),
    "asa": lambda sums: _per(sums.wait_ms / 1000, sum(sums.waits.values())),
    "wait_median": _rank("waits", 0.5),
    "wait_p95": _rank("waits", 0.95),
    "wait_max": lambda sums: sums.max_wait_ms / 1000 if sums.offered > sums.undecided else None,
    "wait_abandoned": _seconds_each("abandoned_wait_ms", "abandoned"),
    "aht": lambda sums: _per(_handling_ms(sums) / 1000, sums.handled),
    "talk_mean": _seconds_each("talk_ms", "handled"),
    "hold_mean": _seconds_each("hold_ms", "handled"),
    "wrap_mean": _seconds_each("wrap_ms", "handled"),
    "transfer_rate": lambda sums: _per(sums.transfers, sums.handled),
    "occupancy": lambda sums: _per(_handling_ms(sums), sums.ready_ms and _handling_ms(sums) + sums.ready_ms),
    "fcr": lambda sums: _per(sums.first_contact, sums.known_callers),
    "promise_kept": lambda sums: _per(sums.promises_kept, sums.promises_due),
    "promise_lateness_median": _rank("lateness", 0.5),
    "promise_lateness_p95": _rank("lateness", 0.95),
    "promise_lateness_max": lambda sums: max(sums.lateness, default=None),
    "csat": lambda sums: _per(sums.rating_sum, sums.ratings),
    "dissatisfied_ppm": lambda sums: _per(sums.dissatisfied * 1_000_000, sums.ratings),
    "first_visit_fix": lambda sums: _per(sums.tickets_one_visit, sums.tickets_visited),
    "repeat_repair": lambda sums: _per(sums.tickets_repeated, sums.tickets_visited),
    "ticket_age_median": lambda sums: _hours(percentile(sums.ages, 0.5)),
    "ticket_age_p95": lambda sums: _hours(percentile(sums.ages, 0.95)),
    "omission_ppm": lambda sums: _per(sums.omitted * 1_000_000, sums.switch_calls),
}
"""Every metric that is made of sums, by its key."""


def _hours(number: int | None) -> float | None:
    return None if number is None else number * 3600.0

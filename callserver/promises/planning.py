"""The moments of a promise that is made now: when it is due, not before when, and when it is too late.

In: a policy, the moment of the promise, the customer's zone, a time or window that was named. Out: instants. Must not
know: what time it is now, who keeps it, SQL.

The rule that all else follows: IF A DEADLINE FALLS OUTSIDE THE ALLOWED HOURS IT MOVES EARLIER, NEVER LATER. And what
was promised for an exact moment (watching a product, a time that the customer named) is due at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Final

from callserver.errors import BadValue
from callserver.facts import Instant
from callserver.promises.hours import allowed, last_allowed, moment, next_allowed, shown
from callserver.promises.policy import Policy

LAST_DAY_MS: Final = 24 * 3_600_000
"""A call that must move before its wished time may be made in this much before its deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """earliest_at <= due_at < deadline_at. `fits`: an allowed moment is in time; without one nothing moved."""

    due_at: Instant
    earliest_at: Instant
    deadline_at: Instant
    fits: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From when until when a reminder or a survey makes sense."""

    begin_at: Instant
    end_at: Instant


def plan(
    policy: Policy,
    made_at: Instant,
    zone: tzinfo,
    *,
    named_at: Instant | None = None,
    window: Window | None = None,
) -> Planned:
    """The moments of a promise made then.

    named_at: the time that the customer chose, or the appointment that is reminded of. Raises BadValue for a window
    that ends before it begins, and for a deadline that is over when the promise is made.
    """
    wished = _wished(policy, made_at, named_at, window)
    if wished.deadline_at <= made_at:
        raise BadValue("deadline_at", "is over already")
    exact = policy.kind == "watch" or (policy.kind == "requested" and named_at is not None)
    return _exact(policy, wished, zone) if exact else _moved(policy, wished, made_at, zone)


def reminders(policy: Policy, made_at: Instant, zone: tzinfo, appointment_at: Instant) -> tuple[Planned, ...]:
    """The calls that remind of an appointment: the evening before, and some time before; none whose time is over.

    The evening's is too late when the other one is due, so that nobody is called twice in an hour; where the other one
    would have to move before its time (an appointment at dawn), the evening's is the only one.
    """
    if appointment_at <= made_at:
        return ()
    soon = _soon_before(policy, made_at, zone, appointment_at)
    evening = _evening_before(policy, made_at, zone, soon.due_at if soon else appointment_at, appointment_at)
    return tuple(one for one in (evening, soon) if one is not None)


# --- how -------------------------------------------------------------------------------------------------------------


def _wished(policy: Policy, made_at: Instant, named_at: Instant | None, window: Window | None) -> Planned:
    """As the policy says, before any hours are looked at; nothing is due before it is promised."""
    if window is not None:
        if window.end_at <= window.begin_at:
            raise BadValue("window.end_at", "is not after the window begins")
        begin = max(window.begin_at, made_at)
        return Planned(due_at=begin, earliest_at=begin, deadline_at=window.end_at)
    base = made_at if named_at is None else named_at
    due = max(base + policy.due_ms, made_at)
    earliest = min(max(base + policy.earliest_ms, made_at), due)
    return Planned(due_at=due, earliest_at=earliest, deadline_at=base + policy.deadline_ms)


def _exact(policy: Policy, wished: Planned, zone: tzinfo) -> Planned:
    """Due at that very moment, whatever the hours; the deadline still moves earlier, as far as the due time lets it."""
    ends = last_allowed(policy.hours, wished.deadline_at, zone)
    deadline = wished.deadline_at if ends is None or ends <= wished.due_at else ends
    fits = _fits(policy, wished.due_at, deadline, zone)
    return Planned(due_at=wished.due_at, earliest_at=wished.earliest_at, deadline_at=deadline, fits=fits)


def _fits(policy: Policy, begin: Instant, end: Instant, zone: tzinfo) -> bool:
    first = next_allowed(policy.hours, begin, zone)
    return first is not None and first < end


def _moved(policy: Policy, wished: Planned, made_at: Instant, zone: tzinfo) -> Planned:
    """The deadline at the end of allowed time; due when that time begins after the wished moment, or else before it."""
    deadline = last_allowed(policy.hours, wished.deadline_at, zone)
    if deadline is None or deadline <= made_at:
        return Planned(
            due_at=wished.due_at,
            earliest_at=wished.earliest_at,
            deadline_at=wished.deadline_at,
            fits=False,
        )
    due = next_allowed(policy.hours, wished.due_at, zone)
    if due is None or due >= deadline:
        due = next_allowed(policy.hours, max(made_at, deadline - LAST_DAY_MS), zone)
    assert due is not None and due < deadline, "before a deadline there is allowed time"
    return Planned(due_at=due, earliest_at=min(wished.earliest_at, due), deadline_at=deadline)


def _soon_before(policy: Policy, made_at: Instant, zone: tzinfo, appointment_at: Instant) -> Planned | None:
    wished = appointment_at + policy.due_ms
    if wished < made_at or not _fits(policy, wished, appointment_at, zone):
        return None
    return _moved(policy, _wished(policy, made_at, appointment_at, None), made_at, zone)


def _evening_before(
    policy: Policy, made_at: Instant, zone: tzinfo, too_late_at: Instant, appointment_at: Instant
) -> Planned | None:
    if policy.evening is None:
        return None
    day = shown(appointment_at, zone).date() - timedelta(days=1)
    due = moment(day, policy.evening, zone)
    if due < made_at:
        return None
    if not allowed(policy.hours, due, zone):  # an evening outside the hours: their last hour of that day
        end = last_allowed(policy.hours, due, zone)
        due = due if end is None else end - 3_600_000
    deadline = last_allowed(policy.hours, too_late_at, zone)
    if deadline is None or not made_at <= due < deadline:
        return None
    return Planned(due_at=due, earliest_at=due, deadline_at=deadline)

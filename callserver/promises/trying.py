"""What follows from an attempt: kept, tried again (when, at which number), or left to a person.

In: a policy, the attempts so far, the customer's numbers as they are now, the present moment. Out: `Next`. Must not
know: the store, who dials, whether it may be dialled at that moment (`holding` asks again then).

* An attempt that never rang the customer (`agent_no_answer`, `not_sent`) uses nothing up: the same number again.
* Other numbers come in their order. Who did not answer, or has a machine answer, or a number that does not work, is
  tried at the next number a minute later; whoever is there (busy, rejected, silent, no agent came) at the same one,
  after the outcome's delay. After the last number the first one has its next turn, after the delay.
* A number is used up when it had an outcome once more often than its retries; the promise is, when all numbers are or
  when the policy's `most_tries` attempts rang. The machinery is then done with it and its deadline comes.
* A retry that would come after the deadline comes sooner, where half of what is left is a minute or more; failing that
  it comes after the deadline if the policy goes on then, and not at all otherwise.
* `unknown` is nobody's to try again: only evidence that it did not ring, or a person, leads on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final, Literal

from callserver.facts import Instant
from callserver.promises.hours import next_allowed
from callserver.promises.outcomes import NEVER_RANG, REACHED, AttemptOutcome
from callserver.promises.policy import Policy, Retry
from callserver.tickets.promise import PromiseStatus

LEAST_MS: Final = 60_000
"""Between two attempts at a customer, whatever the numbers."""

Why = Literal[
    "reached",
    "outcome_unknown",
    "again",
    "next_number",
    "sooner_for_deadline",
    "no_number",
    "used_up",
    "no_time_left",
    "never_allowed",
]
_NOT_THERE: Final = frozenset({"no_answer", "failed", "machine"})
_UNSAID: Final = Retry(delay_ms=30 * 60_000, times=1)  # an outcome that the policy does not speak of


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt that is over: the number it was made at (E.164), and what it came to."""

    number: str | None
    outcome: AttemptOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What follows. `next_at` None: the machinery does nothing more; `number`: whom to try then."""

    status: PromiseStatus
    why: Why
    next_at: Instant | None = None
    number: str | None = None


def after(
    policy: Policy,
    tries: Sequence[Tried],
    outcome: AttemptOutcome,
    numbers: Sequence[str],
    now: Instant,
    *,
    deadline_at: Instant,
    zone: tzinfo,
) -> Next:
    """What follows from the last of `tries` (oldest first), which came to `outcome` at `now`.

    `numbers`: those of the customer that may be dialled, in order.
    """
    if outcome in REACHED:
        return Next(status="kept", why="reached")
    if outcome == "unknown":
        return Next(status="unknown", why="outcome_unknown")
    waits: PromiseStatus = "broken" if now >= deadline_at else "to_retry"
    if not numbers:
        return Next(status=waits, why="no_number")
    chosen = choose(policy, tries, numbers)
    if chosen is None:
        return Next(status=waits, why="used_up")
    at, why = _moment(policy, _delay(policy, tries, outcome, numbers, chosen), now, deadline_at, zone)
    if at is not None and why == "again" and tries and chosen != tries[-1].number:
        why = "next_number"
    return Next(status=waits, why=why, next_at=at, number=None if at is None else chosen)


def choose(policy: Policy, tries: Sequence[Tried], numbers: Sequence[str]) -> str | None:
    """The number to dial now; None: the machinery has used up all of them, or there is none."""
    if sum(1 for one in tries if one.outcome not in NEVER_RANG) >= policy.most_tries:
        return None
    left = [number for number in numbers if not _used_up(policy, tries, number)]
    for number in _in_turn(tries, numbers):
        if number in left:
            return number
    return None


def _in_turn(tries: Sequence[Tried], numbers: Sequence[str]) -> Sequence[str]:
    """The numbers, beginning with whose turn it is after the last attempt."""
    last = _place(tries, numbers)
    if last is None:
        return numbers
    first = last + (tries[-1].outcome in _NOT_THERE)
    return [*numbers[first:], *numbers[:first]]


def _place(tries: Sequence[Tried], numbers: Sequence[str]) -> int | None:
    """Where the last attempt's number stands among those of now."""
    last = tries[-1].number if tries else None
    return None if last is None or last not in numbers else list(numbers).index(last)


def _used_up(policy: Policy, tries: Sequence[Tried], number: str) -> bool:
    had = [one.outcome for one in tries if one.number == number]
    return any(_spent(policy.retries.get(outcome, _UNSAID), had.count(outcome)) for outcome in set(had))


def _spent(retry: Retry, had: int) -> bool:
    return retry.times is not None and had > retry.times


def _delay(
    policy: Policy,
    tries: Sequence[Tried],
    outcome: AttemptOutcome,
    numbers: Sequence[str],
    chosen: str,
) -> int:
    """A minute on the way through the numbers; the outcome's own delay at the same one, or when a round begins anew."""
    delay = policy.retries.get(outcome, _UNSAID).delay_ms
    last = _place(tries, numbers)
    onwards = chosen not in {one.number for one in tries} if last is None else numbers[last] != chosen
    wraps = last is not None and list(numbers).index(chosen) < last
    return min(delay, LEAST_MS) if onwards and not wraps else delay


def _moment(
    policy: Policy, delay: int, now: Instant, deadline_at: Instant, zone: tzinfo
) -> tuple[Instant | None, Why]:
    wanted = next_allowed(policy.hours, now + delay, zone)
    if wanted is None:
        return None, "never_allowed"
    if wanted < deadline_at:
        return wanted, "again"
    if now < deadline_at and (policy.hard or not policy.after_broken):
        sooner = _sooner(policy, now, deadline_at, zone)
        if sooner is not None:
            return sooner, "sooner_for_deadline"
    return (wanted, "again") if policy.after_broken else (None, "no_time_left")


def _sooner(policy: Policy, now: Instant, deadline_at: Instant, zone: tzinfo) -> Instant | None:
    half = (deadline_at - now) // 2
    if half < LEAST_MS:
        return None
    at = next_allowed(policy.hours, now + half, zone)
    return at if at is not None and at < deadline_at else None

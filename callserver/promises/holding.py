"""Why a promise is not dialled now: rules in order, the first one that fits holds it.

In: a look at one promise: its policy, the customer, what is paused, who is free. Out: the hold, or None: dial now; and
for people every rule with its answer. Must not know: the store, the floor, languages of screens (`wording.py`).

What only a person can end comes before what time ends, and that before what is full at the moment: so the answer to
"why has this not been dialled yet?" is the one that matters. The dialler asks right before each attempt, and so
do-not-call, allowed hours and the customer's zone are what they are at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final, Literal

from callserver.facts import Instant, iso
from callserver.promises.hours import allowed, next_allowed
from callserver.promises.policy import Policy
from callserver.tickets.promise import SETTLED, Promise

Args = Mapping[str, Any]
OwnerState = Literal["free", "busy", "paused", "absent", "gone"]
"""busy: on a call, ringing or in wrap-up; absent: at work without a screen; gone: not at work."""
CustomerState = Literal["known", "merged", "erased"]

SOON_MS: Final = 5_000
"""After which something that is full at the moment is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One promise and all that decides whether it is dialled at `now`.

    number_ok: there is a number that can be dialled. switch_seen: there is a switch to dial by. at_once: calls of this
    kind under way. waiting_past_target: callers who have waited too long where this call would take an agent.
    owner_state None: it has no owner; customer_state None: nobody knows whose number it is. retry_at: when its next
    attempt is planned, for people who ask (the dialler looks when that has come). used_up: every try that the policy
    allows was made.
    """

    now: Instant
    promise: Promise
    policy: Policy
    zone: tzinfo
    do_not_call: bool = False
    number_ok: bool = True
    dialling_paused: bool = False
    kind_paused: bool = False
    switch_seen: bool = True
    trunk_busy: bool = False
    at_once: int = 0
    waiting_past_target: int = 0
    free_agents: int = 0
    owner_state: OwnerState | None = None
    ticket_open: bool = True
    customer_state: CustomerState | None = "known"
    retry_at: Instant | None = None
    used_up: bool = False

    @property
    def needs_agent(self) -> bool:
        """Whether one has to be free before the call is made."""
        return self.promise.mode != "automatic"

    @property
    def alone_until(self) -> Instant:
        """Until then it is its owner's before anybody else's."""
        return self.promise.due_at + self.policy.pass_on_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one rule says when it holds. `again_at`: when time may have ended it; None: time alone does not."""

    args: Args = field(default_factory=dict)
    again_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Held):
    """The rule that holds a promise."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule's answer, for people. `args` are JSON values: instants as ISO 8601."""

    code: str
    holds: bool
    args: Args


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When `look` gives something, that holds the promise."""

    code: str
    look: Callable[[Look], Held | None]


def held(look: Look) -> Hold | None:
    """The first rule that holds this promise; None: dial now."""
    for rule in RULES:
        found = rule.look(look)
        if found is not None:
            return Hold(code=rule.code, args=found.args, again_at=found.again_at)
    return None


def explain(look: Look) -> tuple[Line, ...]:
    """Every rule in order, with its answer. A promise that is over, or in somebody's hands, has one line."""
    lines = []
    for rule in RULES:
        found = rule.look(look)
        lines.append(Line(code=rule.code, holds=found is not None, args=found.args if found else {}))
        if found is not None and rule.code in _ENDS:
            return (lines[-1],)
    return tuple(lines)


# --- the rules -------------------------------------------------------------------------------------------------------


def _settled(look: Look) -> Held | None:
    status = look.promise.status
    return Held(args={"status": status}) if status in SETTLED else None


def _in_hands(look: Look) -> Held | None:
    status = look.promise.status
    return Held(args={"status": status}) if status in ("reserved", "dialling", "in_call") else None


def _outcome_unknown(look: Look) -> Held | None:
    return Held() if look.promise.status == "unknown" else None


def _when(condition: Callable[[Look], bool]) -> Callable[[Look], Held | None]:
    return lambda look: Held() if condition(look) else None


def _customer_gone(look: Look) -> Held | None:
    gone = look.customer_state in ("merged", "erased")
    return Held(args={"state": look.customer_state}) if gone else None


def _past_deadline(look: Look) -> Held | None:
    late = look.now >= look.promise.deadline_at and not look.policy.after_broken
    return Held(args={"deadline_at": iso(look.promise.deadline_at)}) if late else None


def _until(at: Instant | None, now: Instant) -> Held | None:
    return Held(args={"at": iso(at)}, again_at=at) if at is not None and at > now else None


def _outside_hours(look: Look) -> Held | None:
    if allowed(look.policy.hours, look.now, look.zone):
        return None
    opens = next_allowed(look.policy.hours, look.now, look.zone)
    return Held(args={"at": iso(opens), "zone": str(look.zone)}, again_at=opens)


def _owner_first(look: Look) -> Held | None:
    """The owner is at work and cannot take it: it waits for them, but not for long."""
    waits = look.needs_agent and look.policy.first == "owner"
    if not waits or look.owner_state not in ("busy", "paused", "absent") or look.now >= look.alone_until:
        return None
    again = min(look.now + SOON_MS, look.alone_until)
    return Held(args={"state": look.owner_state, "at": iso(look.alone_until)}, again_at=again)


def _shown(look: Look) -> Held | None:
    return Held() if look.needs_agent and look.policy.offer == "show" else None


def _kind_full(look: Look) -> Held | None:
    most = look.policy.at_once
    full = most is not None and look.at_once >= most
    return Held(args={"count": look.at_once, "most": most}, again_at=look.now + SOON_MS) if full else None


def _no_switch(look: Look) -> Held | None:
    return None if look.switch_seen else Held(again_at=look.now + SOON_MS)


def _trunk_busy(look: Look) -> Held | None:
    return Held(again_at=look.now + SOON_MS) if look.trunk_busy else None


def _callers_first(look: Look) -> Held | None:
    if not look.needs_agent or look.waiting_past_target <= 0:
        return None
    return Held(args={"waiting": look.waiting_past_target}, again_at=look.now + SOON_MS)


def _nobody_free(look: Look) -> Held | None:
    return Held(again_at=look.now + SOON_MS) if look.needs_agent and look.free_agents <= 0 else None


RULES: Final[tuple[Rule, ...]] = (
    Rule(code="settled", look=_settled),
    Rule(code="in_hands", look=_in_hands),
    Rule(code="outcome_unknown", look=_outcome_unknown),
    Rule(code="dialling_paused", look=_when(lambda look: look.dialling_paused)),
    Rule(code="kind_paused", look=_when(lambda look: look.kind_paused)),
    Rule(code="ticket_over", look=_when(lambda look: not look.ticket_open)),
    Rule(code="customer_gone", look=_customer_gone),
    Rule(code="do_not_call", look=_when(lambda look: look.do_not_call)),
    Rule(code="no_number", look=_when(lambda look: not look.number_ok)),
    Rule(code="past_deadline", look=_past_deadline),
    Rule(code="used_up", look=_when(lambda look: look.used_up)),
    Rule(code="too_early", look=lambda look: _until(look.promise.earliest_at, look.now)),
    Rule(code="not_due", look=lambda look: _until(look.promise.due_at, look.now)),
    Rule(code="retry_later", look=lambda look: _until(look.retry_at, look.now)),
    Rule(code="outside_hours", look=_outside_hours),
    Rule(code="shown", look=_shown),
    Rule(code="owner_first", look=_owner_first),
    Rule(code="kind_full", look=_kind_full),
    Rule(code="no_switch", look=_no_switch),
    Rule(code="trunk_busy", look=_trunk_busy),
    Rule(code="callers_first", look=_callers_first),
    Rule(code="nobody_free", look=_nobody_free),
)
_ENDS: Final = frozenset({"settled", "in_hands"})

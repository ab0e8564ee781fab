"""The policy of a kind of promise: what an administrator decides about its calls.

In: nothing. Out: values, and `check`, which says what is wrong with one. Must not know: SQL, HTTP, clocks. The shipped
set is in `defaults.py`, JSON is read by `reading.py`. Durations are milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from callserver.errors import BadValues
from callserver.promises.days import countries
from callserver.promises.hours import DAY, Hours, Span
from callserver.promises.outcomes import RETRIED, AttemptOutcome
from callserver.tickets.promise import Mode, PromiseKind

First = Literal["owner", "team"]
"""Who is asked first: whoever promised it, or anybody of the team."""
Offer = Literal["ring", "show"]
"""ring: when it is time the agent's screen shows it and their phone rings; show: it waits there for their key."""

LONGEST_MS: Final = 400 * 24 * 3_600_000
LONGEST_TEXT: Final = 500  # characters of a script
MOST_SPANS: Final = 8  # of one day
MOST_TIMES: Final = 50
LANGUAGES: Final = ("en", "zh")
_CALLER_ID: Final = re.compile(r"\+?[0-9]{0,20}")
_QUEUE: Final = re.compile(r"[^\s,|;&\x00-\x1f\x7f\ud800-\udfff]{0,79}")
_PROMPT: Final = re.compile(r"[A-Za-z0-9_-]{0,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """After an outcome: again after `delay_ms`, at most `times` times a number; None: as often as it takes."""

    delay_ms: int
    times: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the calls of one kind are dialled. `version` 0: as it is shipped.

    due_ms, earliest_ms, deadline_ms: after the promise was made; where a moment is named (a time the customer chose, an
    appointment) they are relative to that, and may be negative; a window's begin and end go before due and deadline.
    hard: no retry is planned past the deadline while one before it is possible. evening: the minute of the local day
    at which an appointment's first reminder is due, the day before; None: there is none.
    pass_on_ms: so long after it is due its owner has it alone. most_tries: attempts that rang a customer.
    after_broken: the machinery goes on past the deadline. at_once, per_trunk: most calls of this kind at a time, and on
    one trunk; None: no limit. prompt: a name under the prompts. caller_id, queue empty: the trunk's own, the ticket's.
    """

    kind: PromiseKind
    mode: Mode
    due_ms: int
    deadline_ms: int
    hours: Hours
    earliest_ms: int = 0
    hard: bool = False
    evening: int | None = None
    first: First = "team"
    pass_on_ms: int = 0
    retries: Mapping[AttemptOutcome, Retry] = field(default_factory=dict)
    most_tries: int = 6
    after_broken: bool = True
    offer: Offer = "ring"
    caller_id: str = ""
    queue: str = ""
    prompt: str = ""
    script: Mapping[str, str] = field(default_factory=dict)
    per_trunk: int | None = None
    at_once: int | None = None
    version: int = 0

    def changed(self, version: int) -> Policy:
        """The same one as the version that it became by being kept."""
        return replace(self, version=version)


def check(policy: Policy) -> Policy:
    """The policy, if it can be worked by. Raises BadValues: every field that is wrong, and why."""
    problems = tuple(_problems(policy))
    if problems:
        raise BadValues(problems)
    return policy


def _problems(policy: Policy) -> Iterator[tuple[str, str]]:
    yield from _moments(policy)
    yield from _hours(policy.hours)
    yield from _retries(policy)
    yield from _limits(policy)
    yield from _texts(policy)


def _moments(policy: Policy) -> Iterator[tuple[str, str]]:
    for name in ("due_ms", "earliest_ms", "deadline_ms"):
        if not -LONGEST_MS <= getattr(policy, name) <= LONGEST_MS:
            yield name, "is more than 400 days"
    if not 0 <= policy.pass_on_ms <= LONGEST_MS:
        yield "pass_on_ms", "must be between 0 and 400 days"
    if policy.deadline_ms <= policy.due_ms:
        yield "deadline_ms", "is not after the call is due"
    if policy.earliest_ms > policy.due_ms:
        yield "earliest_ms", "is after the call is due"
    if policy.evening is not None and not 0 <= policy.evening < DAY:
        yield "evening", "is no minute of a day: 0 to 1439"


def _hours(hours: Hours) -> Iterator[tuple[str, str]]:
    for number, spans in enumerate(hours.weekly):
        path = f"hours.weekly[{number}]"
        if len(spans) > MOST_SPANS:
            yield path, f"has more than {MOST_SPANS} spans"
        for place, span in enumerate(spans):
            if said := _span(span):
                yield f"{path}[{place}]", said
    if hours.country and hours.country not in countries():
        yield "hours.country", "is no country whose holidays are known, such as CN"
    if not any(hours.weekly):
        yield "hours.weekly", "never allows an hour: nothing could ever be dialled"
    both = sorted(set(hours.closed) & set(hours.working))
    if both:
        yield "hours.working", f"{both[0].isoformat()} is among the closed days too"


def _span(span: Span) -> str | None:
    if not 0 <= span.begin < DAY:
        return "begins outside its day: 0 to 1439 minutes"
    if span.end <= span.begin:
        return "ends before it begins; a span over midnight ends after minute 1440"
    return "is longer than a day" if span.end - span.begin > DAY else None


def _retries(policy: Policy) -> Iterator[tuple[str, str]]:
    for outcome, retry in policy.retries.items():
        if outcome not in RETRIED:
            yield f"retries.{outcome}", "is nothing that is tried again"
        if not 1_000 <= retry.delay_ms <= LONGEST_MS:
            yield f"retries.{outcome}.delay_ms", "must be between a second and 400 days"
        if retry.times is not None and not 0 <= retry.times <= MOST_TIMES:
            yield f"retries.{outcome}.times", f"must be between 0 and {MOST_TIMES}"


def _limits(policy: Policy) -> Iterator[tuple[str, str]]:
    if not 1 <= policy.most_tries <= MOST_TIMES:
        yield "most_tries", f"must be between 1 and {MOST_TIMES}"
    for name in ("per_trunk", "at_once"):
        limit = getattr(policy, name)
        if limit is not None and not 1 <= limit <= 10_000:
            yield name, "must be between 1 and 10,000; to dial none, pause the kind"


def _texts(policy: Policy) -> Iterator[tuple[str, str]]:
    if not _CALLER_ID.fullmatch(policy.caller_id):
        yield "caller_id", "must be digits, 20 at most, with or without +"
    if not _QUEUE.fullmatch(policy.queue):
        yield "queue", "is no name of a queue"
    if not _PROMPT.fullmatch(policy.prompt):
        yield "prompt", "is no name of a prompt"
    if policy.mode == "automatic" and not policy.prompt:
        yield "prompt", "is needed: an automatic call has something to say"
    for language, text in policy.script.items():
        if language not in LANGUAGES:
            yield f"script.{language}", f"is no language of the screens: {', '.join(LANGUAGES)}"
        if len(text) > LONGEST_TEXT:
            yield f"script.{language}", f"is longer than {LONGEST_TEXT} characters"

"""Policies as JSON, and JSON as policies, whoever wrote it.

In: a policy; or a body that anybody may have made up. Out: its JSON; or a policy that was checked, or every field that
is wrong with the reason (BadValues). Must not know: HTTP, the store. Moments of a day are minutes, days are ISO dates.

A field that is missing is as it is shipped for the kind, so that what an older version kept can be read; unknown fields
are ignored for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any, Final, cast, get_args

from callserver.errors import BadValues
from callserver.promises.defaults import DEFAULTS
from callserver.promises.hours import HolidayRule, Hours, Span, Week
from callserver.promises.outcomes import RETRIED, AttemptOutcome
from callserver.promises.policy import First, Offer, Policy, Retry, check
from callserver.tickets.promise import MODES, PROMISE_KINDS, PromiseKind

MOST_DAYS: Final = 400  # single days, closed or worked
_RULES: Final[tuple[str, ...]] = get_args(HolidayRule)


def to_json(policy: Policy) -> dict[str, Any]:
    """Every field by its name."""
    body = asdict(policy)
    body["retries"] = {outcome: asdict(retry) for outcome, retry in policy.retries.items()}
    body["hours"] = _hours_told(policy.hours)
    body["script"] = dict(policy.script)
    return body


def from_json(body: Any) -> Policy:
    """The inverse of `to_json`. Raises BadValues: everything that is wrong, each with its path."""
    reader = _Reader()
    given = reader.mapping(body, "") or {}
    kind = reader.one_of(given.get("kind"), "kind", PROMISE_KINDS)
    if kind is None:
        raise BadValues(reader.problems)
    values = {
        name: _READ[name](reader, given[name], name)
        for name in (one.name for one in fields(Policy))
        if name in given and name != "kind"
    }
    if reader.problems:
        raise BadValues(reader.problems)
    shipped = DEFAULTS[cast(PromiseKind, kind)]
    known = {one.name: getattr(shipped, one.name) for one in fields(Policy)}
    return check(Policy(**{**known, **values}))


def _hours_told(hours: Hours) -> dict[str, Any]:
    return {
        "weekly": [[asdict(span) for span in spans] for spans in hours.weekly],
        "holidays": hours.holidays,
        "country": hours.country,
        "closed": [day.isoformat() for day in hours.closed],
        "working": [day.isoformat() for day in hours.working],
    }


class _Reader:
    """Reads values one after the other and remembers what was wrong with each."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def wrong(self, path: str, why: str) -> None:
        self.problems.append((path, why))

    def mapping(self, value: Any, path: str) -> Mapping[str, Any] | None:
        if isinstance(value, Mapping):
            return value
        self.wrong(path, "must be an object")
        return None

    def items(self, value: Any, path: str, most: int) -> list[Any]:
        if not isinstance(value, list | tuple):
            self.wrong(path, "must be a list")
        elif len(value) > most:
            self.wrong(path, f"has more than {most} entries")
        else:
            return list(value)
        return []

    def one_of(self, value: Any, path: str, known: tuple[str, ...]) -> str | None:
        if isinstance(value, str) and value in known:
            return value
        self.wrong(path, f"must be one of {', '.join(known)}")
        return None

    def whole(self, value: Any, path: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self.wrong(path, "must be a whole number")
        return 0

    def whole_or_none(self, value: Any, path: str) -> int | None:
        return None if value is None else self.whole(value, path)

    def yes_or_no(self, value: Any, path: str) -> bool:
        if not isinstance(value, bool):
            self.wrong(path, "must be true or false")
        return value is True

    def text(self, value: Any, path: str) -> str:
        if isinstance(value, str):
            return value
        self.wrong(path, "must be text")
        return ""

    def day(self, value: Any, path: str) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except (TypeError, ValueError):
            self.wrong(path, "must be a day such as 2026-11-22")
            return date.min

    def days(self, value: Any, path: str) -> tuple[date, ...]:
        found = self.items(value, path, MOST_DAYS)
        return tuple(sorted({self.day(one, f"{path}[{place}]") for place, one in enumerate(found)}))

    def hours(self, value: Any, path: str) -> Hours | None:
        body = self.mapping(value, path)
        if body is None:
            return None
        return Hours(
            weekly=self.week(body.get("weekly"), f"{path}.weekly"),
            holidays=cast(
                HolidayRule, self.one_of(body.get("holidays", "as_usual"), f"{path}.holidays", _RULES)
            ),
            country=self.text(body.get("country", ""), f"{path}.country"),
            closed=self.days(body.get("closed", ()), f"{path}.closed"),
            working=self.days(body.get("working", ()), f"{path}.working"),
        )

    def week(self, value: Any, path: str) -> Week:
        days = self.items(value, path, 7)
        if len(days) != 7:
            self.wrong(path, "must have seven lists of spans, Monday to Sunday")
        found = [self.spans(day, f"{path}[{place}]") for place, day in enumerate(days)]
        return cast(Week, tuple(found))

    def spans(self, value: Any, path: str) -> tuple[Span, ...]:
        found = self.items(value, path, 24)
        return tuple(self.span(one, f"{path}[{place}]") for place, one in enumerate(found))

    def span(self, value: Any, path: str) -> Span:
        body = self.mapping(value, path) or {}
        return Span(
            begin=self.whole(body.get("begin"), f"{path}.begin"),
            end=self.whole(body.get("end"), f"{path}.end"),
        )

    def retries(self, value: Any, path: str) -> dict[AttemptOutcome, Retry]:
        body = self.mapping(value, path) or {}
        known = [(outcome, one) for outcome, one in body.items() if self.one_of(outcome, path, RETRIED)]
        return {cast(AttemptOutcome, outcome): self.retry(one, f"{path}.{outcome}") for outcome, one in known}

    def retry(self, value: Any, path: str) -> Retry:
        body = self.mapping(value, path) or {}
        return Retry(
            delay_ms=self.whole(body.get("delay_ms"), f"{path}.delay_ms"),
            times=self.whole_or_none(body.get("times"), f"{path}.times"),
        )

    def script(self, value: Any, path: str) -> dict[str, str]:
        body = self.mapping(value, path) or {}
        return {str(language): self.text(said, f"{path}.{language}") for language, said in body.items()}

    def mode(self, value: Any, path: str) -> str | None:
        return self.one_of(value, path, MODES)

    def first(self, value: Any, path: str) -> str | None:
        return self.one_of(value, path, get_args(First))

    def offer(self, value: Any, path: str) -> str | None:
        return self.one_of(value, path, get_args(Offer))


_READ: Final[Mapping[str, Callable[[_Reader, Any, str], Any]]] = {
    "mode": _Reader.mode,
    "due_ms": _Reader.whole,
    "deadline_ms": _Reader.whole,
    "hours": _Reader.hours,
    "earliest_ms": _Reader.whole,
    "hard": _Reader.yes_or_no,
    "evening": _Reader.whole_or_none,
    "first": _Reader.first,
    "pass_on_ms": _Reader.whole,
    "retries": _Reader.retries,
    "most_tries": _Reader.whole,
    "after_broken": _Reader.yes_or_no,
    "offer": _Reader.offer,
    "caller_id": _Reader.text,
    "queue": _Reader.text,
    "prompt": _Reader.text,
    "script": _Reader.script,
    "per_trunk": _Reader.whole_or_none,
    "at_once": _Reader.whole_or_none,
    "version": _Reader.whole,
}

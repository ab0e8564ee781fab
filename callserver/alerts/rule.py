"""A rule: which number is watched, where, from when on it is an alert, and who is told.

In: what an administrator writes. Out: values, and `check`, which says what is wrong with one. Must not know: SQL, HTTP,
clocks. The shipped set is in `defaults.py`, JSON is made and read by `reading.py`. Spans of time are seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import Final, Literal, NewType, TypeAlias, get_args

from callserver.alerts.watched import WATCHED, About, Side
from callserver.errors import BadValues
from callserver.facts import Instant
from callserver.tickets.wording import line

RuleId = NewType("RuleId", str)
Severity = Literal["warning", "critical"]
SEVERITIES: tuple[str, ...] = get_args(Severity)
SIDES: tuple[str, ...] = get_args(Side)

LANGUAGES: Final = ("en", "zh")
DAY: Final = 1440  # minutes
LONGEST_S: Final = 86_400
LONGEST_TITLE: Final = 80
MOST: Final = 50  # addresses, queues, switches of one rule
_MAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
)
_NAME: Final = re.compile(r"[^\s,|;&/\x00-\x1f\x7f\ud800-\udfff]{1,79}")


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What a number is of. `pbx`: "" for the site; `name`: of a queue."""

    about: About
    pbx: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        """As the stream and the store name it: `queue|main/repair`, `switch|main`, `site|`."""
        return f"{self.about}|{self.pbx}/{self.name}" if self.name else f"{self.about}|{self.pbx}"


Readings: TypeAlias = Mapping[Subject, Mapping[str, float | None]]
"""What everything measures at this moment; None: there is nothing to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """No e-mail and no call from minute `begin` of these days (0: Monday) until before `end`, at most a day later."""

    days: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`metric` of each of `queues` (or `switches`; none: of all) is `side` of `threshold` for `for_s`: an alert.

    It is over once the number was on the good side of `clear` for `clear_for_s`; between the two nothing changes. Told
    on `screens`, by `mail` (addresses), to each `webhook` that wants it, by `call` to who is on duty by the settings;
    mails and calls wait while it is `quiet`. Until somebody
    acknowledges it, it is told again each `repeat_s`; 0: never. `version` 0: as shipped.
    """

    id: RuleId
    metric: str
    title: Mapping[str, str]
    threshold: float
    clear: float
    side: Side = "above"
    queues: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    for_s: float = 0.0
    clear_for_s: float = 10.0
    severity: Severity = "warning"
    screens: bool = True
    mail: tuple[str, ...] = ()
    webhook: bool = True
    call: bool = False
    quiet: tuple[Quiet, ...] = ()
    repeat_s: float = 0.0
    enabled: bool = True
    version: int = field(default=0)

    def changed(self, version: int) -> Rule:
        """The same one as the version that it became by being kept."""
        return replace(self, version=version)

    def watches(self, subject: Subject) -> bool:
        """Whether the numbers of this subject are looked at."""
        if not self.enabled or subject.about != WATCHED[self.metric].about:
            return False
        if self.switches and subject.pbx not in self.switches:
            return False
        return subject.about != "queue" or not self.queues or subject.name in self.queues

    def bad(self, value: float | None) -> bool:
        """Whether this is on the wrong side of the threshold."""
        if value is None or not math.isfinite(value):
            return False
        return value > self.threshold if self.side == "above" else value < self.threshold

    def good(self, value: float | None) -> bool:
        """Whether this is on the right side of what ends an alert; so is nothing at all."""
        if value is None or not math.isfinite(value):
            return True
        return value <= self.clear if self.side == "above" else value >= self.clear

    def loud_at(self, now: Instant, zone: tzinfo) -> Instant:
        """The first moment from now on at which e-mails may go out, by the site's clock; full minutes."""
        at = datetime.fromtimestamp(now / 1000, zone)
        if not _is_quiet(self.quiet, at):
            return now
        at = at.replace(second=0, microsecond=0)
        for _ in range(7 * DAY):  # ends in a week at most, where everything is quiet
            at = datetime.fromtimestamp(at.timestamp() + 60, zone)
            if not _is_quiet(self.quiet, at):
                break
        return round(at.timestamp() * 1000)


def _is_quiet(spans: tuple[Quiet, ...], at: datetime) -> bool:
    """By the clock on the wall, as everything that people agree upon."""
    minute = at.hour * 60 + at.minute
    day, before = at.weekday(), (at.date() - timedelta(days=1)).weekday()
    return any(
        (day in one.days and one.begin <= minute < one.end)
        or (before in one.days and one.begin <= minute + DAY < one.end)
        for one in spans
    )


def check(rule: Rule) -> Rule:
    """The rule, with its titles on one line, if it can be worked by. Raises BadValues: what is wrong, and why."""
    problems = tuple(_problems(rule))
    if problems:
        raise BadValues(problems)
    return replace(rule, title={language: line(text) for language, text in rule.title.items()})


def _problems(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.metric not in WATCHED:
        yield "metric", "is nothing that can be watched"
        return
    yield from _title(rule.title)
    yield from _limits(rule)
    yield from _places(rule)
    yield from _ways(rule)
    yield from _quiet_hours(rule.quiet)


def _title(title: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if not any(line(text) for text in title.values()):
        yield "title", "is needed: what the alert is called"
    for language, text in title.items():
        if language not in LANGUAGES:
            yield "title", "is for other languages than the screens have: en, zh"
        if len(text) > LONGEST_TITLE:
            yield f"title.{language}"[:20], f"is longer than {LONGEST_TITLE} characters"


def _limits(rule: Rule) -> Iterator[tuple[str, str]]:
    for name in ("threshold", "clear"):
        if not abs(getattr(rule, name)) <= 1e12:
            yield name, "is no number that can be reached"
    if rule.side == "above" and rule.clear > rule.threshold:
        yield "clear", "is above the threshold: the alert would end while it is raised"
    if rule.side == "below" and rule.clear < rule.threshold:
        yield "clear", "is below the threshold: the alert would end while it is raised"
    for name in ("for_s", "clear_for_s"):
        if not 0 <= getattr(rule, name) <= LONGEST_S:
            yield name, "must be between 0 seconds and a day"
    if rule.repeat_s and not 60 <= rule.repeat_s <= LONGEST_S:
        yield "repeat_s", "must be 0 (never) or between a minute and a day"


def _places(rule: Rule) -> Iterator[tuple[str, str]]:
    about = WATCHED[rule.metric].about
    for name, fits in (("queues", about == "queue"), ("switches", about != "site")):
        given: tuple[str, ...] = getattr(rule, name)
        if given and not fits:
            yield name, "this number is not counted by that"
        if len(given) > MOST:
            yield name, f"has more than {MOST} entries"
        for place, one in enumerate(given):
            if not _NAME.fullmatch(one):
                yield f"{name}[{place}]", "is no such name"


def _ways(rule: Rule) -> Iterator[tuple[str, str]]:
    if len(rule.mail) > MOST:
        yield "mail", f"has more than {MOST} entries"
    for place, address in enumerate(rule.mail):
        if not _MAIL.fullmatch(address) or ".." in address:
            yield f"mail[{place}]", "is no e-mail address"
    if not (rule.screens or rule.mail or rule.webhook or rule.call):
        yield "screens", "nobody would hear of it: choose a way"


def _quiet_hours(spans: tuple[Quiet, ...]) -> Iterator[tuple[str, str]]:
    if len(spans) > 14:
        yield "quiet", "has more than 14 entries"
    for place, one in enumerate(spans):
        if not one.days or not set(one.days) <= set(range(7)):
            yield f"quiet[{place}].days", "must be days from 0 (Monday) to 6"
        if not 0 <= one.begin < DAY:
            yield f"quiet[{place}].begin", "begins outside its day: 0 to 1439 minutes"
        if not one.begin < one.end <= one.begin + DAY:
            yield (
                f"quiet[{place}].end",
                "must be after the beginning, by a day at most; over midnight it is above 1440",
            )

"""What an administrator may write, what is shipped, and when it is quiet by the clock on the wall."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callserver.alerts.defaults import DEFAULTS
from callserver.alerts.reading import from_json, to_json
from callserver.alerts.rule import Quiet, Rule, RuleId, Subject, check
from callserver.alerts.watched import WATCHED
from callserver.errors import BadValues

BERLIN = ZoneInfo("Europe/Berlin")
RULE = DEFAULTS[RuleId("long_wait")]
NIGHT = Quiet(days=(0, 1, 2, 3, 4, 5, 6), begin=22 * 60, end=30 * 60)


def at(text: str, fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp() * 1000)


def loud(rule: Rule, text: str) -> str:
    return datetime.fromtimestamp(rule.loud_at(at(text), BERLIN) / 1000, BERLIN).strftime("%m-%d %H:%M")


@pytest.mark.parametrize("rule", DEFAULTS.values(), ids=str)
def test_what_is_shipped_can_be_worked_by(rule: Rule) -> None:
    assert check(rule) == rule == from_json(to_json(rule))
    assert set(rule.title) == {"en", "zh"}
    assert rule.side == WATCHED[rule.metric].bad


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"metric": "mood"}, "metric"),
        ({"threshold": float("nan")}, "threshold"),
        ({"clear": 61}, "clear"),
        ({"for_s": 86_401}, "for_s"),
        ({"repeat_s": 59}, "repeat_s"),
        ({"title": {"en": "\r\n"}}, "title"),
        ({"title": {"fr": "Long"}}, "title"),
        ({"switches": ("a|b",)}, "switches[0]"),
        ({"mail": ("a@b..c",)}, "mail[0]"),
        ({"mail": ("Li <li@example.com>",)}, "mail[0]"),
        ({"quiet": (Quiet(days=(7,), begin=0, end=1),)}, "quiet[0].days"),
        ({"quiet": (Quiet(days=(1,), begin=1440, end=1500),)}, "quiet[0].begin"),
        ({"quiet": (Quiet(days=(1,), begin=10, end=1451),)}, "quiet[0].end"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(BadValues) as refused:
        check(replace(RULE, **wrong))
    assert field in [name for name, _ in refused.value.problems]


def test_a_title_is_one_line() -> None:
    kept = check(replace(RULE, title={"en": " Too\r\nlong \x00<b>", "zh": "太久😀"}))
    assert kept.title == {"en": "Too long \ufffd<b>", "zh": "太久😀"}


def test_a_rule_looks_only_where_it_is_to_look() -> None:
    here = replace(RULE, queues=("repair",), switches=("main",))
    assert here.watches(Subject("queue", "main", "repair"))
    assert not here.watches(Subject("queue", "main", "sales"))
    assert not here.watches(Subject("queue", "west", "repair"))
    assert not here.watches(Subject("switch", "main"))
    assert not replace(here, enabled=False).watches(Subject("queue", "main", "repair"))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-23 21:59:59", "11-23 21:59"),
        ("2026-11-23 22:00", "11-24 06:00"),
        ("2026-11-24 05:59:30", "11-24 06:00"),
        ("2026-03-28 23:30", "03-29 06:00"),  # the clock is put forward in that night
        ("2026-10-24 23:30", "10-25 06:00"),  # and back
    ],
)
def test_mails_wait_for_the_morning(now: str, then: str) -> None:
    assert loud(replace(RULE, quiet=(NIGHT,)), now) == then


def test_a_span_belongs_to_the_day_on_which_it_begins() -> None:
    friday = replace(RULE, quiet=(Quiet(days=(4,), begin=22 * 60, end=26 * 60),))
    assert loud(friday, "2026-11-28 01:30") == "11-28 02:00"  # Saturday, by Friday's span
    assert loud(friday, "2026-11-27 01:30") == "11-27 01:30"


def test_who_is_quiet_all_week_is_told_after_a_week() -> None:
    always = replace(RULE, quiet=(Quiet(days=tuple(range(7)), begin=0, end=1440),))
    assert loud(always, "2026-11-23 12:00") == "11-30 12:00"

"""When an alert begins and ends: after its time, with two thresholds, and never by what nobody could see."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.alerts.judging import Cleared, Event, Judge, Raised
from callserver.alerts.rule import Rule, RuleId, Subject

RULE = Rule(
    id=RuleId("r"),
    metric="longest_wait",
    title={"en": "Long"},
    threshold=60,
    clear=30,
    for_s=30,
    clear_for_s=10,
)
REPAIR, SALES = Subject("queue", "main", "repair"), Subject("queue", "main", "sales")
S = 1_000


def seen(
    judge: Judge, value: float | None, at: int, *, blind: Sequence[str] = (), rule: Rule = RULE
) -> list[Event]:
    """One look at one queue; what comes of it is settled."""
    return looked(judge, {REPAIR: {"longest_wait": value}}, at, blind=blind, rules=[rule])


def looked(
    judge: Judge,
    readings: Mapping[Subject, Mapping[str, float | None]],
    at: int,
    *,
    blind: Sequence[str] = (),
    rules: Sequence[Rule] = (RULE,),
) -> list[Event]:
    events = judge.look(rules, readings, frozenset(blind), at)
    for event in events:
        judge.settle(event)
    return events


def raised(judge: Judge) -> None:
    """As it is after an alert began at 30 s."""
    assert seen(judge, 61, 0) == []
    (event,) = seen(judge, 75, 30 * S)
    assert isinstance(event, Raised)


def test_an_alert_begins_when_it_was_bad_for_its_time() -> None:
    judge = Judge()
    assert seen(judge, 61, 0) == []
    assert seen(judge, 80, 29_999) == []
    (event,) = seen(judge, 90, 30 * S)
    assert event == Raised(rule=RULE, subject=REPAIR, value=90, at=30 * S)
    assert seen(judge, 95, 31 * S) == []


def test_what_was_good_in_between_begins_anew() -> None:
    judge = Judge()
    seen(judge, 61, 0)
    seen(judge, 60, 20 * S)  # the threshold itself is good
    assert seen(judge, 61, 30 * S) == []
    assert len(seen(judge, 61, 60 * S)) == 1


def test_between_the_two_numbers_nothing_changes() -> None:
    judge = Judge()
    raised(judge)
    assert [seen(judge, 45, at * S) for at in range(31, 100, 10)] == [[]] * 7


def test_it_is_over_after_its_time_and_knows_its_worst() -> None:
    judge = Judge()
    raised(judge)
    seen(judge, 120, 40 * S)
    assert seen(judge, 30, 50 * S) == []
    (event,) = seen(judge, 10, 60 * S)
    assert event == Cleared(rule=RULE.id, subject=REPAIR, value=10, worst=120, at=60 * S, why="good")
    assert judge.raised == set()


def test_a_blind_switch_begins_and_ends_nothing() -> None:
    judge = Judge()
    seen(judge, 61, 0)
    assert seen(judge, 99, 30 * S, blind=["main"]) == []
    assert seen(judge, 99, 40 * S) == []  # what was before the gap does not count
    assert len(seen(judge, 99, 70 * S)) == 1
    assert [seen(judge, 0, at * S, blind=["main"]) for at in range(80, 200, 10)] == [[]] * 12
    assert looked(judge, {}, 300 * S, blind=["main"]) == []
    assert judge.raised == {(RULE.id, REPAIR)}


def test_a_lost_link_is_told_although_nothing_else_is() -> None:
    lost = replace(RULE, metric="link_down_s", threshold=10, clear=0, for_s=0)
    readings = {Subject("switch", "main"): {"link_down_s": 11.0}}
    (event,) = looked(Judge(), readings, 0, blind=["main"], rules=[lost])
    assert isinstance(event, Raised)


def test_a_queue_that_is_gone_is_no_alert_any_more() -> None:
    judge = Judge()
    raised(judge)
    assert looked(judge, {}, 40 * S) == []
    (event,) = looked(judge, {}, 50 * S)
    assert isinstance(event, Cleared) and event.why == "gone"


@pytest.mark.parametrize("other", [[], [replace(RULE, enabled=False)], [replace(RULE, queues=("sales",))]])
def test_what_nobody_watches_any_more_is_over_at_once(other: list[Rule]) -> None:
    judge = Judge()
    raised(judge)
    (event,) = looked(judge, {REPAIR: {"longest_wait": 99.0}}, 31 * S, rules=other)
    assert isinstance(event, Cleared) and event.why == "rule"


def test_what_was_not_written_down_is_said_again() -> None:
    judge = Judge()
    seen(judge, 61, 0)
    first = judge.look([RULE], {REPAIR: {"longest_wait": 70}}, frozenset(), 30 * S)
    again = judge.look([RULE], {REPAIR: {"longest_wait": 71}}, frozenset(), 31 * S)
    assert len(first) == len(again) == 1


def test_after_a_restart_an_alert_goes_on() -> None:
    judge = Judge()
    judge.begin([(RULE.id, REPAIR)])
    assert seen(judge, 99, 0) == []
    assert looked(judge, {REPAIR: {}}, 1 * S) == []  # measured, but not yet this number
    assert [len(seen(judge, 0, at * S)) for at in (10, 20)] == [0, 1]


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_is_no_alert(value: float | None) -> None:
    judge = Judge()
    assert [seen(judge, value, at * S) for at in range(0, 100, 10)] == [[]] * 10


def test_a_clock_that_steps_back_makes_nobody_wait_longer() -> None:
    judge = Judge()
    seen(judge, 61, 3_600 * S)
    seen(judge, 61, 0)
    assert len(seen(judge, 61, 30 * S)) == 1


def test_each_queue_is_looked_at_for_itself() -> None:
    judge = Judge()
    both = {REPAIR: {"longest_wait": 99.0}, SALES: {"longest_wait": 1.0}}
    looked(judge, both, 0)
    (event,) = looked(judge, both, 30 * S)
    assert isinstance(event, Raised) and event.subject == REPAIR


@given(
    st.lists(
        st.tuples(st.integers(1, 20), st.one_of(st.none(), st.integers(0, 100)), st.booleans()), max_size=60
    )
)
def test_begin_and_end_take_turns_and_never_happen_unseen(steps: list[tuple[int, int | None, bool]]) -> None:
    judge, now, last = Judge(), 0, "Cleared"
    for seconds, value, blind in steps:
        now += seconds * S
        for event in seen(judge, value, now, blind=["main"] if blind else []):
            assert not blind
            assert type(event).__name__ != last
            last = type(event).__name__
            if isinstance(event, Raised):
                assert value is not None and value > 60
            else:
                assert value is None or value <= 30

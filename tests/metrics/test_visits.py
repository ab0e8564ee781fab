"""Visits: what each stay in a queue counts for, on days made by hand and by the queue_log of every recorded run."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from callserver.facts import instant
from callserver.metrics.handlings import DIRECT, handlings
from callserver.metrics.sums import Sums, merge, value
from callserver.metrics.visits import count, of_record
from tests.calls.queue_log import LoggedVisit, visits
from tests.calls.traces import Trace, records, traces, whole
from tests.metrics.days import call, visit

AT = instant("2026-11-20T09:00:00+08:00") or 0
ENDS = ["answered", "abandoned", "timed_out", "left_by_key", "queue_empty", "withdrawn"]
TARGETS_S = (0, 2, 5, 9, 20)
"""So far apart that one of them is nobody's wait: queue_log knows whole seconds only."""

TIMED = [one for one in traces() if "no-timestamps" not in one.name]
"""Who has no instants belongs to no interval."""


def summed(*calls: dict[str, Any], target_ms: int = 20_000) -> Sums:
    return merge(count(one, target_ms) for record in calls for one in of_record(record))


@pytest.mark.parametrize("trace", [pytest.param(one, id=one.name) for one in TIMED])
def test_numbers_of_a_run_are_those_of_the_switchs_own_queue_log(trace: Trace) -> None:
    logged = [one for one in visits(trace.queue_log) if one.end is not None]
    ours = [record for record in records(whole(trace)) if record["queue_visits"]]
    told = summed(*ours)
    by_end = Counter(one.end for one in logged)
    unseen = told.offered - len(logged)  # the switch died before it wrote how they ended
    assert 0 <= unseen <= told.unknown + told.undecided + told.answered
    if unseen == 0:
        assert {end: getattr(told, end) for end in ENDS} == {end: by_end[end] for end in ENDS}
        _compare_waits(ours, told, logged)


def _compare_waits(ours: list[dict[str, Any]], told: Sums, logged: list[LoggedVisit]) -> None:
    waits = [one.wait_s or 0 for one in logged if one.end == "answered"]
    assert told.wait_ms / 1000 == pytest.approx(sum(waits), abs=1.0 * len(waits) or 1)
    target_s = next(one for one in TARGETS_S if all(abs(one - wait) > 1 for wait in waits))
    judged = summed(*ours, target_ms=target_s * 1000)
    given_up = by_wait(logged, "abandoned")
    if any(abs(5 - wait) <= 1 for wait in given_up):
        return
    in_time, short = sum(wait <= target_s for wait in waits), sum(wait < 5 for wait in given_up)
    whom = len(logged) - short
    assert value("sl_offered", judged) == (in_time / whom if whom else None)
    assert value("sl_answered", judged) == (in_time / len(waits) if waits else None)
    assert value("abandon_rate", judged) == ((len(given_up) - short) / whom if whom else None)


def by_wait(logged: list[LoggedVisit], end: str) -> list[int]:
    return [one.wait_s or 0 for one in logged if one.end == end]


@pytest.mark.parametrize(
    "trace", [pytest.param(one, id=one.name) for one in TIMED if one.name.startswith("22/")]
)
def test_handling_of_a_run_is_what_its_queue_log_says_of_talks(trace: Trace) -> None:
    logged = [one for one in visits(trace.queue_log) if one.talk_s is not None]
    found = [one for record in records(whole(trace)) for one in handlings(record) if not one.direct]
    if len(found) == len(logged):  # otherwise the switch was stopped in a talk
        seconds = sum(one.talk_ms + one.hold_ms for one in found) / 1000
        assert seconds == pytest.approx(sum(one.talk_s or 0 for one in logged), abs=1.0 * len(logged) or 1)


def test_an_empty_day_has_counts_of_nothing_and_no_ratios() -> None:
    assert summed() == Sums()


def test_one_call_in_time_is_a_service_level_of_one() -> None:
    sums = summed(call(1, visit(AT, 20, talk_s=60)))
    assert [value(key, sums) for key in ("sl_offered", "sl_answered", "abandon_rate", "asa")] == [1, 1, 0, 20]
    assert value("sl_offered", summed(call(1, visit(AT, 20.001, talk_s=60)))) == 0


@pytest.mark.parametrize(("wait_s", "short"), [(4.999, 1), (5, 0)])
def test_short_is_before_the_threshold(wait_s: float, short: int) -> None:
    assert summed(call(1, visit(AT, wait_s, end="abandoned"))).short == short


def test_a_caller_who_took_a_callback_did_not_abandon() -> None:
    sums = summed(call(1, visit(AT, 40, end="callback")))
    assert (sums.callback_taken, value("abandon_rate", sums)) == (1, 0)


def test_whose_end_nobody_saw_is_unknown_when_the_call_is_over() -> None:
    seen = visit(AT, None, end=None)
    assert summed(call(1, seen)).unknown == 1
    assert summed(call(1, seen, open=True)).undecided == 1


def test_an_answered_visit_without_a_wait_is_answered_and_in_no_mean() -> None:
    sums = summed(call(1, visit(AT, None, talk_s=5)), call(2, visit(AT, 7, talk_s=5)))
    assert (sums.answered, sums.answered_in_target, value("asa", sums)) == (2, 1, 7)


def test_a_stay_without_an_instant_belongs_to_the_calls_beginning_or_to_no_interval() -> None:
    lost = {**visit(AT, 3), "entered_at": None}
    assert of_record(call(1, lost, at=AT))[0].entered_at == AT
    assert of_record({**call(1, lost, at=AT), "started_at": None}) == ()


def test_hold_is_part_of_the_talk_and_is_dealt_out_by_its_length() -> None:
    one, other = of_record(
        call(1, visit(AT, 1, talk_s=30), visit(AT, 1, talk_s=10, queue="sales"), held_s=20.0)
    )
    assert [(one.talk_ms, one.hold_ms), (other.talk_ms, other.hold_ms)] == [(15_000, 15_000), (5_000, 5_000)]


def test_handling_ends_with_the_talk_and_not_before() -> None:
    (one,) = handlings(call(1, visit(AT, 10, talk_s=30), held_s=5.0))
    assert (one.ended_at, one.talk_ms, one.hold_ms, one.direct) == (AT + 40_000, 25_000, 5_000, False)
    assert handlings(call(1, visit(AT, 10), open=True)) == ()


def test_phones_that_talked_without_a_queue_may_be_agents() -> None:
    def talk(begin: int, end: int, *phones: str) -> dict[str, Any]:
        who, *others = [{"leg": phone, "interface": phone} for phone in phones]
        return {
            "who": who,
            "with": others,
            "from": visit(AT + begin)["entered_at"],
            "to": visit(AT + end)["left_at"],
        }

    out = call(1, at=AT, direction="outbound", talks=[talk(0, 60_000, "PJSIP/1001", "PJSIP/trunk")])
    assert [(one.n - DIRECT, one.interface, one.talk_ms) for one in handlings(out)] == [
        (0, "PJSIP/1001", 60_000),
        (1, "PJSIP/trunk", 60_000),
    ]
    assert handlings({**out, "direction": "internal"}) == handlings({**out, "shift": True}) == ()

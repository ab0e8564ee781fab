"""Every recorded trace: golden facts, any chunking, and agreement with the switch's own queue_log."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.ami.events import QueueResult
from callserver.calls.channels import Names
from callserver.calls.floor import Floor

from .queue_log import LoggedVisit, visits
from .traces import PBX, Trace, heard, in_words, records, told, traces, whole
from .traces import trace as trace_named

TRACES = [pytest.param(trace, id=trace.name) for trace in traces()]
TOLERANCE_S = 1.0  # queue_log counts whole seconds between two truncated clocks


@pytest.mark.parametrize("trace", TRACES)
def test_facts_are_the_golden_ones(trace: Trace) -> None:
    golden = trace.path.with_suffix(".golden")
    assert in_words(told(trace.events())) == golden.read_text("utf-8").splitlines()


@pytest.mark.parametrize("trace", TRACES)
def test_one_byte_at_a_time_tells_the_same(trace: Trace) -> None:
    assert list(trace.one_byte_at_a_time()) == trace.events() == list(heard([trace.raw]))


@pytest.mark.parametrize("trace", TRACES)
def test_visits_agree_with_the_queue_log_of_the_same_run(trace: Trace) -> None:
    logged = visits(trace.queue_log)
    ours = [visit for record in records(whole(trace)) for visit in record["queue_visits"]]
    assert len(ours) == len(logged)
    for theirs in logged:
        mine = next(visit for visit in ours if _matches(visit, theirs))
        ours.remove(mine)
        assert mine["end"] == theirs.end or theirs.end is None
        assert _name(mine) == theirs.agent
        assert _close(mine["wait_s"], theirs.wait_s)
        assert _close(mine["talk_s"], theirs.talk_s)
        unanswered = [ring["name"] for ring in mine["rings"] if ring["result"] in ("no_answer", "rejected")]
        assert unanswered == theirs.no_answers


def _matches(visit: dict[str, Any], theirs: LoggedVisit) -> bool:
    return bool(visit["leg"] == theirs.callid and visit["queue"] == theirs.queue)


def _name(visit: dict[str, Any]) -> str | None:
    return visit["agent"]["name"] if visit["agent"] else None


def _close(mine: float | None, theirs: float | None) -> bool:
    if theirs is None:
        return True
    return mine is not None and abs(mine - theirs) <= TOLERANCE_S


@pytest.mark.parametrize("trace", TRACES)
def test_every_call_is_over_when_every_channel_is(trace: Trace) -> None:
    floor = whole(trace)
    for record in records(floor):
        assert record["open"] == any(not leg["over"] for leg in record["legs"])


@pytest.mark.parametrize("trace", TRACES)
def test_no_step_surprises_the_tables(trace: Trace) -> None:
    assert whole(trace).surprises == 0


def test_facts_alone_make_the_same_record_again() -> None:
    from callserver.calls.book import Book

    for trace in traces():
        floor, book = Floor(PBX), Book()
        for fact in told(trace.events(), floor):
            book.apply(fact)
        assert [record.to_json() for _, record in sorted(book.records.items())] == records(floor)


@pytest.mark.parametrize(
    ("name", "end"), [("timeout-hangup", "timed_out"), ("abandoned-waiting", "abandoned")]
)
def test_an_account_that_hears_no_variables_still_tells_time_outs_from_callers_who_gave_up(
    name: str, end: str
) -> None:
    floor = Floor(PBX, names=Names(queue_status=False))
    told((event for event in trace_named(name).events() if not isinstance(event, QueueResult)), floor)
    assert [record["outcome"] for record in records(floor)] == [end]

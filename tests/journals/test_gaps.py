"""Blind for a while in a real trace: after reconciling, the call reads as if nothing had been missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callserver.ami.events import Snapshot
from callserver.ami.snapshot import Recorded
from callserver.calls.floor import Floor
from callserver.facts import instant
from callserver.journals.reconcile import Reconciliation, Span, apply, reconcile
from tests.calls.traces import PBX, Trace, last_seen, records, told, traces, whole

from .words import FOREVER, recorded

ALWAYS = Span(begin=0, end=FOREVER)
EMPTY = Snapshot(at=None, booted_at=None, channels=(), queues=(), members=(), waiting=())
# Restarts are two traces of one journal (below); without timestamps there is nothing to compare instants
# with.
TRACES = [
    pytest.param(trace, id=trace.name)
    for trace in traces()
    if "restarted" not in trace.name and not trace.name.endswith("no-timestamps")
]

Record = dict[str, Any]


def journals(trace: Trace) -> Path:
    return trace.path.with_suffix(".queue_log")


def put_right(ours: list[Record], trace: Trace) -> tuple[dict[str, Record], Reconciliation]:
    stories = recorded(journals(trace)).stories
    found = reconcile(ours, stories, ALWAYS)
    fixed = apply(ours, found.corrections)
    again = reconcile(fixed, stories, ALWAYS)
    assert (again.omitted, again.corrections) == ((), ())
    return {record["id"]: record for record in fixed}, found


def cut(trace: Trace, lost: Recorded, restored: Recorded) -> list[Record]:
    """What we have of the trace when nothing is seen between two moments."""
    floor = Floor(PBX)
    floor.resync(EMPTY)
    told(trace.events(0, lost.offset), floor)
    floor.lost(last_seen(trace, lost.offset))
    floor.resync(restored.snapshot)
    told(trace.events(restored.offset), floor)
    return records(floor)


@pytest.mark.parametrize("trace", TRACES)
def test_in_full_sight_nothing_is_omitted_and_nothing_to_repair(trace: Trace) -> None:
    ours = records(whole(trace))
    _, found = put_right(ours, trace)
    assert (found.switch_calls, found.matched) == (len(ours), len(ours))
    assert (found.omitted, found.surplus, found.corrections) == ((), (), ())


@pytest.mark.parametrize("trace", TRACES)
def test_whatever_was_missed_is_completed_from_the_journals(trace: Trace) -> None:
    truth = {record["id"]: record for record in records(whole(trace))}
    agreed = not put_right(list(truth.values()), trace)[1].differences
    for i, lost in enumerate(trace.snapshots):
        for restored in (lost, _later(trace, i)):
            fixed, _ = put_right(cut(trace, lost, restored), trace)
            assert fixed.keys() == truth.keys()
            assert not any(record["open"] for record in fixed.values())
            for call, record in fixed.items():
                if agreed:
                    assert _essence(record) == _essence(truth[call]), (lost.offset, restored.offset)
                assert _close(record["ended_at"], truth[call]["ended_at"])


def _later(trace: Trace, i: int) -> Recorded:
    """A later moment than the i-th, a near one and a far one in turn."""
    later = trace.snapshots[i:]
    return later[-1] if i % 2 else later[len(later) // 2]


def _essence(record: Record) -> Record:
    visits = [
        (
            visit["queue"],
            visit["end"],
            (visit["agent"] or {}).get("name"),
            visit["completed_by"],
            len(visit["rings"]),
        )
        for visit in record["queue_visits"]
    ]
    return {
        # a queue that refuses somebody writes nothing, unless the dialplan does
        "outcome": record["outcome"] if not record["refused"] else "refused",
        "visits": visits,
        "transfers": [(moved["kind"], moved["by"]) for moved in record["transfers"]],
        "talks": len(record["talks"]),
        "legs": sorted(leg["leg"] for leg in record["legs"]),
    }


def _close(one: str | None, other: str | None) -> bool:
    return abs((instant(one) or 0) - (instant(other) or 0)) <= 1000


@pytest.mark.parametrize("major", ["16", "22"])
@pytest.mark.parametrize("how", ["graceful", "killed"])
def test_a_restart_of_the_switch_omits_no_call(how: str, major: str) -> None:
    known = {trace.name: trace for trace in traces(major)}
    before, after = known[f"{major}/asterisk-restarted-{how}"], known[f"{major}/asterisk-restarted-{how}-2"]
    floor = Floor(PBX)
    floor.resync(EMPTY)
    told(before.events(), floor)
    floor.lost(last_seen(before, len(before.raw)))
    first = after.snapshots[0]
    told(after.events(0, first.offset), floor)
    floor.resync(first.snapshot)
    told(after.events(first.offset), floor)
    fixed, found = put_right(records(floor), before)
    assert (found.switch_calls, found.matched) == (2, 2)
    assert [record["outcome"] for record in fixed.values()] == ["answered", "answered"]
    assert not any(record["open"] for record in fixed.values())

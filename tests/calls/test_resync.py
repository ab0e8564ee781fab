"""Reconnect is an ordinary day: cut every trace wherever the recorder also took a snapshot."""

from __future__ import annotations

import pytest

from callserver.ami.events import Snapshot
from callserver.calls.floor import Floor

from .traces import PBX, Trace, last_seen, records, shape, told, traces, whole, without

EMPTY = Snapshot(at=None, booted_at=None, channels=(), queues=(), members=(), waiting=())
TRACES = [pytest.param(trace, id=trace.name) for trace in traces()]


def _plain(floor: Floor) -> list[dict[str, object]]:
    return [without(record, "gap") for record in records(floor)]


def _open(floor: Floor) -> list[str]:
    return [record["id"] for record in records(floor) if record["open"]]


@pytest.mark.parametrize("trace", TRACES)
def test_a_link_lost_and_restored_at_once_changes_nothing_but_the_gap(trace: Trace) -> None:
    for cut in trace.snapshots:
        floor = Floor(PBX)
        told(trace.events(0, cut.offset), floor)
        floor.lost(last_seen(trace, cut.offset))
        floor.resync(cut.snapshot)
        told(trace.events(cut.offset), floor)
        assert _plain(floor) == _plain(whole(trace)), f"cut at {cut.offset}"


@pytest.mark.parametrize("trace", TRACES)
def test_a_restart_of_this_program_changes_nothing_but_the_gap(trace: Trace) -> None:
    for cut in trace.snapshots:
        before = Floor(PBX)
        told(trace.events(0, cut.offset), before)
        stored = records(before)
        after = Floor.restore(
            PBX, [record for record in stored if record["open"]], lost_at=last_seen(trace, cut.offset)
        )
        after.resync(cut.snapshot)
        told(trace.events(cut.offset), after)
        closed = [without(record, "gap") for record in stored if not record["open"]]
        assert sorted(closed + _plain(after), key=_id) == _plain(whole(trace)), f"cut at {cut.offset}"


@pytest.mark.parametrize("trace", TRACES)
def test_whatever_was_missed_no_call_stays_open_and_none_contradicts_the_whole_story(trace: Trace) -> None:
    truth = {record["id"]: record for record in records(whole(trace))}
    for i, lost in enumerate(trace.snapshots):
        for restored in trace.snapshots[i + 1 :: max(1, len(trace.snapshots) // 6)]:
            floor = Floor(PBX)
            told(trace.events(0, lost.offset), floor)
            floor.lost(last_seen(trace, lost.offset))
            floor.resync(restored.snapshot)
            told(trace.events(restored.offset), floor)
            still_open = {call for call, record in truth.items() if record["open"]}
            assert set(_open(floor)) <= still_open
            for record in records(floor):
                known = truth.get(record["id"])
                if known is not None and not record["open"]:
                    assert record["outcome"] in (known["outcome"], "unknown"), (lost.offset, restored.offset)


@pytest.mark.parametrize("trace", TRACES)
def test_an_empty_switch_after_a_gap_closes_every_call(trace: Trace) -> None:
    for cut in trace.snapshots:
        floor = Floor(PBX)
        told(trace.events(0, cut.offset), floor)
        floor.lost(last_seen(trace, cut.offset))
        floor.resync(EMPTY)
        assert _open(floor) == []
        assert floor.scene.chans == {}
        assert floor.scene.bridges == {}


@pytest.mark.parametrize("trace", TRACES)
def test_starting_in_the_middle_finds_every_call_that_is_there(trace: Trace) -> None:
    whole_story = {record["id"]: record for record in records(whole(trace))}
    for cut in trace.snapshots:
        floor = Floor(PBX)
        floor.resync(cut.snapshot)
        assert {record["id"] for record in records(floor)} >= {
            f"{PBX}:{live.channel.linkedid}" for live in cut.snapshot.channels
        }
        assert all(record["gap"] for record in records(floor))
        told(trace.events(cut.offset), floor)
        assert set(_open(floor)) <= {call for call, record in whole_story.items() if record["open"]}


def test_the_gap_is_marked_on_the_calls_that_it_touched_only() -> None:
    trace = next(known for known in traces() if known.name == "22/answered-agent-ends")
    cut = trace.snapshots[len(trace.snapshots) // 2]
    floor = Floor(PBX)
    told(trace.events(0, cut.offset), floor)
    floor.lost(last_seen(trace, cut.offset))
    floor.resync(cut.snapshot)
    told(trace.events(cut.offset), floor)
    [record] = records(floor)
    assert record["gap"] is True
    assert records(whole(trace))[0]["gap"] is False
    assert shape(record) == shape(records(whole(trace))[0])


@pytest.mark.parametrize("trace", [one for one in TRACES if one.id == "22/supervisor-changes-mode"])
def test_who_began_to_listen_unseen_or_changed_the_mode_is_known_from_the_snapshot(trace: Trace) -> None:
    begun = trace.snapshots[0]
    for cut in trace.snapshots:
        known = Floor(PBX)
        told(trace.events(0, cut.offset), known)
        wanted = _listeners(known)
        floor = Floor(PBX)
        told(trace.events(0, begun.offset), floor)
        floor.lost(last_seen(trace, begun.offset))
        floor.resync(cut.snapshot)
        assert _listeners(floor) == wanted, f"from {begun.offset} to {cut.offset}"


def _listeners(floor: Floor) -> list[tuple[object, object]]:
    """Who listens now, and how."""
    calls = (record["listeners"] for record in records(floor) if record["open"] and "listeners" in record)
    return [(one["interface"], one["mode"]) for listeners in calls for one in listeners if not one["over"]]


def _id(record: dict[str, object]) -> str:
    return str(record["id"])


@pytest.mark.parametrize("how", ["graceful", "killed"])
def test_a_restart_of_the_switch_ends_its_calls_and_new_ones_begin(how: str) -> None:
    known = {trace.name: trace for trace in traces()}
    before, after = known[f"22/asterisk-restarted-{how}"], known[f"22/asterisk-restarted-{how}-2"]
    floor = Floor(PBX)
    told(before.events(), floor)
    floor.lost(last_seen(before, len(before.raw)), "connection lost")
    first = after.snapshots[0]
    told(after.events(0, first.offset), floor)
    floor.resync(first.snapshot)
    told(after.events(first.offset), floor)
    assert [record["outcome"] for record in records(floor)] == ["answered", "answered"]
    assert _open(floor) == []

"""The floor in the cases that no recorded trace holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callserver import facts
from callserver.ami.events import Snapshot
from callserver.calls.channels import Names
from callserver.calls.floor import Floor
from callserver.facts import CallCorrected, CallId, LinkRestored

from .traces import PBX, last_seen, records, told, trace, whole

EMPTY = Snapshot(at=2_000_000, booted_at=None, channels=(), queues=(), members=(), waiting=())


@pytest.mark.parametrize(
    ("before", "now", "restarted"),
    [
        (500_000, 500_000, False),
        (500_000, 501_000, False),  # whole seconds, told twice
        (500_000, 1_000_000, True),  # up again within the second in which we lost it
        (None, 1_500_000, True),
        (None, 900_000, False),
        (500_000, None, False),
    ],
)
def test_a_restart_of_the_switch_is_known_by_when_it_began(
    before: int | None, now: int | None, restarted: bool
) -> None:
    floor = Floor.restore(PBX, [], lost_at=1_000_000, booted_at=before)
    (restored,) = [
        fact for fact in floor.resync(replace(EMPTY, booted_at=now)) if isinstance(fact, LinkRestored)
    ]
    assert restored.restarted is restarted
    assert restored.lost_at == 1_000_000


def test_a_corrected_call_keeps_its_correction_when_a_late_event_comes() -> None:
    known = trace("answered-agent-ends")
    events = known.events()
    completed = next(i for i, event in enumerate(events) if type(event).__name__ == "AgentComplete")
    floor = Floor(PBX)
    told(events[:completed] + events[completed + 1 :], floor)
    (record,) = records(floor)
    corrected = {**record, "caller_name": "as the journal says"}
    fact = CallCorrected(pbx=PBX, at=None, call=CallId(record["id"]), record=corrected, source="queue_log")
    assert floor.correct(fact) == [fact]
    told([events[completed]], floor)
    (after,) = records(floor)
    assert after["caller_name"] == "as the journal says"
    assert after["queue_visits"][0]["completed_by"] == "agent"


def test_a_correction_of_a_call_that_is_not_at_hand_is_left_to_the_caller() -> None:
    fact = CallCorrected(pbx=PBX, at=None, call=CallId("main:1.0"), record={}, source="cel")
    assert Floor(PBX).correct(fact) == []


def test_settings_decide_which_side_is_outside() -> None:
    known = trace("outbound-by-agent")
    floor = Floor(PBX, names=Names(trunks=("PJSIP/1001",)))
    told(known.events(), floor)
    assert records(floor)[0]["direction"] == "inbound"
    assert records(whole(known))[0]["direction"] == "outbound"


def test_calls_that_are_long_over_are_let_go() -> None:
    known = trace("same-second-burst")
    floor = Floor(PBX)
    told(known.events(), floor)
    floor.take_changes()
    floor.scene.forget_over(keep=3)
    assert len(floor.scene.over) == len(floor.scene.book.records) == 3
    assert len(floor.scene.call_of) == sum(len(r["legs"]) for r in records(floor))


def test_losing_the_link_twice_is_one_gap() -> None:
    known = trace("answered-agent-ends")
    cut = known.snapshots[2]
    floor = Floor(PBX)
    floor.resync(replace(EMPTY, at=1))
    told(known.events(0, cut.offset), floor)
    at = last_seen(known, cut.offset)
    assert [type(fact) for fact in floor.lost(at, "closed")] == [facts.LinkLost]
    assert floor.lost(at, "refused") == []

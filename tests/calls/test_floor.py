"""The floor in the cases that no recorded trace holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callserver import facts
from callserver.ami.events import Snapshot, parse
from callserver.calls.channels import Names
from callserver.calls.floor import Floor
from callserver.calls.record import Record
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


# --- what our own dialplan tells

CALLER = {"Channel": "PJSIP/trunk-00000001", "Uniqueid": "1.0", "Linkedid": "1.0", "ChannelState": "6"}


def said(floor: Floor, *messages: dict[str, str]) -> list[facts.Fact]:
    """The facts that these messages are told as; each with the caller's channel and a second later."""
    found = []
    for at, message in enumerate(messages):
        event = parse({**CALLER, "Timestamp": f"{100 + at}.000000", **message})
        assert event is not None, message
        found += floor.feed(event)
    return found


BEGIN = {"Event": "Newchannel", "ChannelState": "4", "CallerIDNum": "13800138000", "Exten": "4009"}
JOIN = {"Event": "QueueCallerJoin", "Queue": "repair", "Position": "1"}
BY_KEY = {"Event": "QueueCallerLeave", "Queue": "repair"}
ASKED = {"Event": "UserEvent", "UserEvent": "CallserverCallback", "Queue": "repair", "Number": "13900139000"}
GONE = {"Event": "Hangup", "Cause": "16"}


def test_a_caller_who_is_to_be_called_back_was_neither_answered_nor_has_given_up() -> None:
    floor = Floor(PBX)
    told = said(floor, BEGIN, JOIN, BY_KEY, {**ASKED, "Joined": "101"}, GONE)
    assert [fact.end for fact in told if isinstance(fact, facts.CallLeftQueue)] == ["callback"]
    (record,) = records(floor)
    assert (record["outcome"], record["queue_visits"][0]["end"]) == ("callback", "callback")
    assert record["callback"] == {
        "queue": "repair",
        "number": "13900139000",
        "joined_at": "1970-01-01T00:01:41.000Z",
        "at": "1970-01-01T00:01:43.000Z",
    }
    assert Record.from_json(record).to_json() == record


def test_saying_a_number_may_take_longer_than_a_visit_waits_for_its_reason() -> None:
    floor = Floor(PBX)
    said(floor, BEGIN, JOIN, BY_KEY)
    floor.tick(120_000)
    assert records(floor)[0]["queue_visits"][0]["end"] == "left_by_key"
    said(floor, {**ASKED, "Timestamp": "121.0"}, GONE)
    (record,) = records(floor)
    assert (record["outcome"], record["queue_visits"][0]["end"]) == ("callback", "callback")
    assert record["callback"]["joined_at"] == "1970-01-01T00:01:41.000Z"


def test_a_callback_asked_for_in_a_gap_makes_its_own_visit() -> None:
    floor = Floor(PBX)
    said(floor, {**ASKED, "Joined": "90"}, GONE)
    (record,) = records(floor)
    assert [(visit["queue"], visit["end"]) for visit in record["queue_visits"]] == [("repair", "callback")]


def test_keys_and_what_a_recording_met_are_on_the_record() -> None:
    floor = Floor(PBX)
    key = {"Event": "UserEvent", "UserEvent": "CallserverKey", "Promise": "7", "Menu": "survey", "Key": "5"}
    heard = {"Event": "UserEvent", "UserEvent": "CallserverHeard", "Promise": "7", "Kind": "human"}
    said(floor, BEGIN, heard, {**heard, "Kind": "ghost"}, key, {**key, "Key": ""}, GONE)
    (record,) = records(floor)
    assert [(one["menu"], one["key"]) for one in record["keys"]] == [("survey", "5")]
    assert record["heard"] == ["human"]
    assert Record.from_json(record).to_json() == record


def test_what_other_dialplans_tell_is_their_own() -> None:
    assert parse({**CALLER, "Event": "UserEvent", "UserEvent": "Queuemetrics", "Key": "5"}) is None

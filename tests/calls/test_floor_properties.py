"""Whatever Asterisk says, in whatever order: feeding never raises, and no call is open for ever."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callserver import facts
from callserver.ami import events
from callserver.ami.events import Snapshot
from callserver.calls.book import Book
from callserver.calls.floor import Floor
from callserver.calls.record import Record

from .traces import PBX, records, traces

REAL = [event for trace in traces("22") for event in trace.events()]
EMPTY = Snapshot(at=None, booted_at=None, channels=(), queues=(), members=(), waiting=())
_IDS = st.sampled_from(["", "1.0", "1.1", "1.2", "2.0", "3.9"])
_NAMES = st.sampled_from(
    ["", "PJSIP/1001-00000001", "PJSIP/trunk-00000002", "Local/1@a-00000001;1", "Local/1@a-00000001;2", "x"]
)


def _invented() -> st.SearchStrategy[Any]:
    headers = st.fixed_dictionaries(
        {"Event": st.sampled_from(sorted(events.WANTED))},
        optional={
            "Timestamp": st.sampled_from(["1.5", "2", "99999999999999999999", "x", "-4"]),
            "Uniqueid": _IDS,
            "Linkedid": _IDS,
            "Channel": _NAMES,
            "ChannelState": st.sampled_from(["0", "4", "5", "6", "?"]),
            "DestUniqueid": _IDS,
            "DestLinkedid": _IDS,
            "DestChannel": _NAMES,
            "BridgeUniqueid": st.sampled_from(["", "b1", "b2"]),
            "SwapUniqueid": _IDS,
            "Queue": st.sampled_from(["", "hotline", "repair"]),
            "Interface": _NAMES,
            "HoldTime": st.sampled_from(["", "3", "-1", "9" * 30]),
            "DialStatus": st.sampled_from(["ANSWER", "BUSY", "NOANSWER", "CANCEL", "?"]),
            "Variable": st.just("QUEUESTATUS"),
            "Value": st.sampled_from(["TIMEOUT", "FULL", "JOINEMPTY", "LEAVEEMPTY", "WITHDRAW", "CONTINUE"]),
            "OrigTransfererUniqueid": _IDS,
            "SecondTransfererUniqueid": _IDS,
            "TransfereeUniqueid": _IDS,
            "TransferTargetUniqueid": _IDS,
            "TransfererUniqueid": _IDS,
            "TargetUniqueid": _IDS,
            "LocalOneUniqueid": _IDS,
            "LocalTwoUniqueid": _IDS,
            "Newname": _NAMES,
            "Cause": st.sampled_from(["16", "17", "x"]),
        },
    )
    return headers.map(events.parse).filter(lambda event: event is not None)


_ANY = st.lists(st.one_of(st.sampled_from(REAL), _invented()), max_size=60)


def _holds(floor: Floor) -> None:
    for chan in floor.scene.chans.values():
        assert chan.call.chans[chan.leg] is chan
        assert chan.call.id in floor.scene.calls
    for call in floor.scene.calls.values():
        assert call.record.open
        assert len(call.visits) == len(call.record.visits)
    for bridge, inside in floor.scene.bridges.items():
        assert all(chan.bridge == bridge for chan in inside.values())
        assert inside


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(_ANY)
def test_feeding_never_raises_and_an_empty_switch_closes_every_call(heard: list[Any]) -> None:
    floor = Floor(PBX)
    for event in heard:
        floor.feed(event)
        _holds(floor)
    floor.lost(None)
    floor.resync(EMPTY)
    assert floor.calls() == []
    assert all(not record["open"] for record in records(floor))


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(_ANY)
def test_facts_survive_json_and_make_the_same_records(heard: list[Any]) -> None:
    floor, book = Floor(PBX), Book()
    for event in heard:
        for fact in floor.feed(event):
            book.apply(facts.from_json(json.loads(json.dumps(facts.to_json(fact)))))
    ours = [record.to_json() for _, record in sorted(book.records.items())]
    assert ours == records(floor)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(_ANY)
def test_a_record_survives_json(heard: list[Any]) -> None:
    floor = Floor(PBX)
    for event in heard:
        floor.feed(event)
    for body in records(floor):
        assert Record.from_json(json.loads(json.dumps(body))).to_json() == body


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_lost_and_doubled_events_leave_nothing_open(data: st.DataObject) -> None:
    trace = data.draw(st.sampled_from(traces("22")))
    floor = Floor(PBX)
    for event in trace.events():
        for _ in range(data.draw(st.sampled_from([1, 1, 1, 0, 2]))):
            floor.feed(event)
    _holds(floor)
    floor.lost(None)
    floor.resync(EMPTY)
    assert floor.calls() == []


def test_time_going_backwards_gives_no_negative_duration() -> None:
    for trace in traces("22"):
        floor = Floor(PBX)
        for i, event in enumerate(trace.events()):
            if event.at is not None:
                floor.feed(dataclasses.replace(event, at=event.at - i * 500))
        for record in records(floor):
            for visit in record["queue_visits"]:
                assert (visit["wait_s"] or 0) >= 0
                assert (visit["talk_s"] or 0) >= 0
                assert all((ring["ring_s"] or 0) >= 0 for ring in visit["rings"])


def test_a_thousand_events_of_channels_never_seen_begin_calls_and_do_not_break() -> None:
    floor = Floor(PBX)
    for event in REAL:
        if not isinstance(event, events.Newchannel):
            floor.feed(event)
    _holds(floor)

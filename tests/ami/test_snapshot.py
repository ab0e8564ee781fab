"""Lists that were read one after the other become one picture of the switch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.ami import events, snapshot, wire
from callserver.ami.snapshot import Assembly, Uptime, assemble, boot_time, recorded
from callserver.facts import instant

BOOTED = instant("2026-11-21T21:28:25.000Z")
assert BOOTED is not None
TRACES = Path(__file__).parent.parent / "traces"

CHANNEL = {"Event": "CoreShowChannel", "Channel": "PJSIP/1001-00000001", "Uniqueid": "1.1", "Linkedid": "1.0"}
CALLER = {"Event": "QueueEntry", "Queue": "hotline", "Position": "1", "Uniqueid": "1.0", "Wait": "7"}
MEMBER = {
    "Event": "QueueMember",
    "Queue": "hotline",
    "Name": "Zhang Wei",
    "Location": "PJSIP/1001",
    "StateInterface": "PJSIP/1001",
    "Membership": "dynamic",
    "Status": "1",
    "Paused": "1",
    "PausedReason": "lunch",
}


def heard(text: str) -> events.AmiEvent:
    """The one event in these lines."""
    (event,) = wire.read([text.replace("\n", "\r\n").encode() + b"\r\n\r\n"])
    assert not isinstance(event, wire.Reply)
    return event


def test_every_list_finds_its_place() -> None:
    shown = assemble(
        [
            {"Response": "Success", "CoreStartupDate": "2026-11-21", "CoreStartupTime": "21:28:25"},
            {
                "Event": "QueueParams",
                "Queue": "hotline",
                "Strategy": "linear",
                "Max": "0",
                "ServiceLevel": "20",
            },
            MEMBER,
            CALLER,
            {"Event": "BridgeListItem", "BridgeUniqueid": "b1", "BridgeTechnology": "holding_bridge"},
            {"Event": "BridgeListItem", "BridgeUniqueid": "b2", "BridgeTechnology": "simple_bridge"},
            CHANNEL | {"Duration": "26:01:07", "BridgeId": "b2", "Application": "AppQueue"},
            {"Response": "Success", "Ping": "Pong", "Timestamp": "1795296507.058123"},
        ]
    )
    assert shown.at == 1795296507058
    assert shown.booted_at == BOOTED
    (queue,), (member,), (caller,), (live,) = shown.queues, shown.members, shown.waiting, shown.channels
    assert (queue.strategy, queue.max_len, queue.service_level_s) == ("linear", None, 20)
    assert (member.interface, member.member, member.dynamic, member.paused) == (
        "PJSIP/1001",
        "Zhang Wei",
        True,
        True,
    )
    assert (caller.uniqueid, caller.wait_s) == ("1.0", 7)
    assert (live.age_s, live.bridge, live.application) == (26 * 3600 + 67, "b2", "AppQueue")
    assert shown.holding_bridges == {"b1"}


@given(
    st.integers(-12 * 4, 14 * 4), st.integers(0, 999), st.integers(0, 10_000_000), st.integers(-2000, 2000)
)
def test_the_boot_time_is_the_same_at_every_login_in_every_zone(
    quarters: int, millis: int, ran: int, skew: int
) -> None:
    """The zone, the moment within the second, the length of the run and a little skew change nothing."""
    assert BOOTED is not None
    local = BOOTED + quarters * 900_000
    login = BOOTED + millis + ran * 1000 + 500
    uptime = Uptime(seconds=(login - BOOTED - millis) // 1000, at=login + skew)
    assert boot_time(local, uptime) == BOOTED


def test_without_a_start_time_the_uptime_tells_and_without_both_nothing() -> None:
    assert boot_time(None, Uptime(seconds=10, at=1_795_296_515_400)) == 1_795_296_505_000
    assert boot_time(None, None) is None
    assert assemble([{"CoreStartupTime": "25:99:00", "CoreStartupDate": "x"}]).booted_at is None


@pytest.mark.parametrize("text", ["", "1:2", "a:b:c", "1:2:3:4"])
def test_a_duration_that_is_none_is_unknown(text: str) -> None:
    assert snapshot.age(text) is None


def test_who_was_heard_to_hang_up_meanwhile_is_not_there() -> None:
    assembly = Assembly()
    assembly.reply(CHANNEL)
    assembly.event(heard("Event: Hangup\nUniqueid: 1.1"))
    shown = assembly.finish()
    assert (shown.channels, shown.fresh) == ((), frozenset())


def test_who_was_heard_to_come_meanwhile_is_fresh_until_gone_again() -> None:
    assembly = Assembly()
    assembly.event(heard("Event: Newchannel\nUniqueid: 2.1"))
    assembly.event(heard("Event: Newchannel\nUniqueid: 2.2"))
    assembly.event(heard("Event: Hangup\nUniqueid: 2.1"))
    assert assembly.finish().fresh == {"2.2"}


def test_who_was_heard_to_leave_the_queue_meanwhile_waits_no_more() -> None:
    assembly = Assembly()
    assembly.reply(CALLER)
    assembly.event(heard("Event: QueueCallerLeave\nUniqueid: 1.0\nQueue: other"))
    assert len(assembly.finish().waiting) == 1
    assembly.event(heard("Event: QueueCallerLeave\nUniqueid: 1.0\nQueue: hotline"))
    assert assembly.finish().waiting == ()


def test_the_last_bridge_heard_counts() -> None:
    assembly = Assembly()
    assembly.reply(CHANNEL | {"BridgeId": "b1"})
    assembly.event(heard("Event: BridgeLeave\nUniqueid: 1.1\nBridgeUniqueid: b1"))
    assert assembly.finish().channels[0].bridge is None
    assembly.event(heard("Event: BridgeEnter\nUniqueid: 1.1\nBridgeUniqueid: b2"))
    assert assembly.finish().channels[0].bridge == "b2"


def test_a_member_paused_or_removed_meanwhile_is_shown_so() -> None:
    assembly = Assembly()
    assembly.reply(MEMBER)
    assembly.event(heard("Event: QueueMemberPause\nQueue: hotline\nInterface: PJSIP/1001\nPaused: 0"))
    (member,) = assembly.finish().members
    assert (member.paused, member.change) == (False, "listed")
    assembly.event(heard("Event: QueueMemberRemoved\nQueue: hotline\nInterface: PJSIP/1001"))
    assert assembly.finish().members == ()


@given(
    st.lists(st.dictionaries(st.sampled_from([*CHANNEL, *MEMBER, "Duration", "CoreStartupTime"]), st.text()))
)
def test_assembling_never_raises(replies: list[dict[str, str]]) -> None:
    assemble(replies)


def test_recorded_snapshots_show_the_call_come_wait_and_go() -> None:
    with (TRACES / "22" / "abandoned-waiting.snapshots").open() as lines:
        shown = [row.snapshot for row in recorded(lines)]
    assert max(len(one.waiting) for one in shown) == 1
    assert (len(shown[-1].channels), len(shown[-1].waiting)) == (0, 0)
    assert len({one.booted_at for one in shown}) == 1


@pytest.mark.parametrize("row", ["{}", "[]", '{"offset": "x", "at": 1, "raw": ""}', "rubbish"])
def test_a_file_that_holds_no_snapshots_is_refused(row: str) -> None:
    with pytest.raises(ValueError):
        list(recorded([row]))


def test_bytes_that_are_no_utf_8_come_through_the_recording() -> None:
    raw = b"Event: QueueMember\r\nQueue: q\r\nLocation: x\r\nName: \xff\r\n\r\n".decode(
        "utf-8", "surrogateescape"
    )
    (row,) = recorded([json.dumps({"offset": 3, "at": 1, "raw": raw})])
    assert row.snapshot.members[0].member == "\N{REPLACEMENT CHARACTER}"
    assert row.clean

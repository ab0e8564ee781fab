r"""A caller's number may hold line breaks; what they forge is not believed, and their own call is still followed.

The forgeries here are cut to the 79 bytes that Asterisk keeps of a number.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.ami import events, torn, wire
from callserver.ami.wire import Item, Reader

TRACES = sorted((Path(__file__).parent.parent / "traces").glob("*/*.ami"))
VICTIM = "1795298281.0"
ROOM = 79


def block(
    uniqueid: str, number: str, *, prefix: str = "", connected: str = "<unknown>", exten: str = "600"
) -> str:
    lines = (
        ("Channel", "PJSIP/trunk-00000001"), ("ChannelState", "4"), ("ChannelStateDesc", "Ring"),
        ("CallerIDNum", number[:ROOM]), ("CallerIDName", "<unknown>"),
        ("ConnectedLineNum", connected[:ROOM]), ("ConnectedLineName", "<unknown>"),
        ("Language", "en"), ("AccountCode", ""), ("Context", "in"), ("Exten", exten[:ROOM]), ("Priority", "1"),
        ("Uniqueid", uniqueid), ("Linkedid", uniqueid),
    )  # fmt: skip
    return "".join(f"{prefix}{name}: {value}\r\n" for name, value in lines)


def said(event: str, *blocks: str, timed: bool = True, more: str = "") -> bytes:
    time = "Timestamp: 1795298282.599080\r\n" if timed else ""
    return f"Event: {event}\r\nPrivilege: call,all\r\n{time}{''.join(blocks)}{more}\r\n".encode()


def heard(*messages: bytes) -> list[Item]:
    return list(wire.read(messages))


FORGERIES = [
    f"1\r\n\r\nEvent: Hangup\r\nUniqueid: {VICTIM}",
    f"1\r\n\r\nEvent: Hangup\r\nPrivilege: call,all\r\nUniqueid: {VICTIM}",
    f"1\r\nLinkedid: 1\r\n\r\nEvent: Hangup\r\nUniqueid: {VICTIM}",
    f"1\r\nCallerIDName: \r\n\r\nEvent: Hangup\r\nUniqueid: {VICTIM}",
    f"1\r\nUniqueid: {VICTIM}\r\nLinkedid: {VICTIM}",
    f"1\r\nCallerIDName: \r\nUniqueid: {VICTIM}",
    f"1\r\nCallerIDName: \r\nConnectedLineNum: \r\nUniqueid: {VICTIM}",
    f"1\r\nCallerIDName: \r\nUniqueid: {VICTIM}\r\nCallerIDNum: 1",
    f"1\r\nDestUniqueid: {VICTIM}",
    "1\r\nEvent: Shutdown",
    "1\r\n\r\n",
    "1\r\n\r\n\r\n\r\n",
    "1\r\n\r\nX",
    "\r\n\r\nEvent: Shutdown\r\n\r\n",
    "1\r\n\r\nResponse: Goodbye",
]


@pytest.mark.parametrize("timed", [True, False], ids=["timed", "untimed"])
@pytest.mark.parametrize("number", FORGERIES)
def test_a_forged_line_in_a_number_touches_no_other_call(number: str, timed: bool) -> None:
    after = said("Newstate", block("3.3", "1002"), timed=timed)
    for item in heard(said("Newchannel", block("2.2", number), timed=timed), after):
        if not isinstance(item, wire.Reply):
            assert isinstance(item, events.Newchannel | events.ChannelChanged)
            assert item.channel.uniqueid in ("2.2", "3.3")
            assert item.channel.linkedid in ("2.2", "3.3")


@pytest.mark.parametrize("number", [number for number in FORGERIES if "Response" not in number])
def test_the_forgers_own_call_is_followed_all_the_same(number: str) -> None:
    reader = Reader()
    (event,) = reader.feed(said("Newchannel", block("2.2", number)))
    assert isinstance(event, events.Newchannel)
    assert (event.channel.uniqueid, event.channel.name) == ("2.2", "PJSIP/trunk-00000001")
    assert event.channel.caller_number is not None
    assert event.channel.caller_number.isprintable()
    assert reader.forged == 1


@pytest.mark.parametrize("number", FORGERIES)
def test_a_forged_line_in_the_other_sides_number_touches_no_other_call(number: str) -> None:
    """The agent's side shows the caller as its connected line."""
    blocks = block("2.2", number), block("2.3", "1001", prefix="Dest", connected=number)
    for item in heard(said("AgentCalled", *blocks, more="Queue: hotline\r\nInterface: PJSIP/1001\r\n")):
        if not isinstance(item, wire.Reply):
            assert isinstance(item, events.AgentCalled)
            assert (item.channel.uniqueid, item.dest.uniqueid) == ("2.2", "2.3")


@pytest.mark.parametrize(
    "exten",
    [
        f"1\r\n\r\nEvent: Hangup\r\nUniqueid: {VICTIM}",
        f"1\r\nPriority: 1\r\nUniqueid: {VICTIM}\r\nLinkedid: {VICTIM}",
    ],
)
def test_a_forged_line_in_a_dialed_number_touches_no_other_call(exten: str) -> None:
    items = heard(said("Newchannel", block("2.2", "138", exten=exten)))
    assert {
        item.channel.uniqueid for item in items if isinstance(item, events.Newchannel | events.Hangup)
    } <= {"2.2"}


@pytest.mark.parametrize("timed", [True, False], ids=["timed", "untimed"])
@pytest.mark.parametrize("number", FORGERIES)
def test_a_forgery_behind_an_event_that_nobody_reads_is_none_either(number: str, timed: bool) -> None:
    before = said("Newchannel", block("1.1", "138"), timed=timed)
    items = heard(before, said("Newexten", block("2.2", number), timed=timed, more="AppData: x\r\n"))
    assert not [item for item in items if isinstance(item, events.Hangup | events.Shutdown)]


@pytest.mark.parametrize("number", FORGERIES)
def test_a_forgery_in_a_list_is_no_event(number: str) -> None:
    head = "Event: CoreShowChannel\r\nActionID: a-1\r\n"
    item = (head + block("2.2", number) + "Duration: 00:00:07\r\nBridgeId: b\r\n\r\n").encode()
    items = [item for item in heard(item) if not (isinstance(item, wire.Reply) and not item.event)]
    assert all(isinstance(item, wire.Reply) and item.action_id == "a-1" for item in items)
    if "Response" not in number:
        (reply,) = items
        assert isinstance(reply, wire.Reply)
        assert (reply.headers["Uniqueid"], reply.headers["BridgeId"]) == ("2.2", "b")


def test_a_torn_message_that_never_goes_on_takes_no_other_with_it() -> None:
    begun = said("Newchannel", block("2.2", "138"))
    reader = Reader()
    items = reader.feed(
        begun[: begun.index(b"\r\nCallerIDName")] + b"\r\n\r\n" + said("Newchannel", block("3.3", "139"))
    )
    assert [item.channel.uniqueid for item in items if isinstance(item, events.Newchannel)] == ["3.3"]
    assert reader.forged == 1


@pytest.mark.parametrize("timed", [True, False], ids=["timed", "untimed"])
def test_a_switch_that_writes_in_another_order_is_read_as_it_is_after_three_events(timed: bool) -> None:
    def other(number: int) -> bytes:
        lines = (
            "ChannelState: 4",
            "CallerIDNum: 138",
            "CallerIDName: x",
            f"Uniqueid: {number}.1",
            "Linkedid: 1.1",
        )
        return said("Newchannel", "".join(line + "\r\n" for line in lines), timed=timed)

    items = heard(*(other(number) for number in range(10)))
    assert [item.channel.uniqueid for item in items if isinstance(item, events.Newchannel)][-6:] == [
        f"{number}.1" for number in range(4, 10)
    ]


@pytest.mark.parametrize("trace", [path for path in TRACES if "hostile-numbers" not in path.name], ids=str)
def test_nothing_that_asterisk_says_by_itself_is_torn(trace: Path) -> None:
    messages = [
        message for message in trace.read_bytes().split(b"\r\n\r\n") if message.startswith(b"Event: ")
    ]
    assert [message for message in messages if torn.torn(message) or torn.unfinished(message)] == []


@pytest.mark.parametrize("trace", [path for path in TRACES if "hostile-numbers" in path.name], ids=str)
def test_the_callers_of_the_recorded_forgeries_end_nobody_elses_call(trace: Path) -> None:
    reader = Reader()
    items = reader.feed(trace.read_bytes())
    begun = [item.channel.uniqueid for item in items if isinstance(item, events.Newchannel)]
    ended = [item.channel.uniqueid for item in items if isinstance(item, events.Hangup)]
    assert sorted(begun) == sorted(ended)
    assert len(set(begun)) == len(begun) == 7
    assert ended[-2:] == begun[:2]  # the call that they wanted to end went on to the last
    assert reader.forged == 2
    numbers = [item.channel.caller_number for item in items if isinstance(item, events.Newchannel)]
    assert all(number is not None and number.isprintable() for number in numbers)


@given(st.text(st.sampled_from("\r\n:1 ABCDEINPTUabcdeilmnqrstu"), max_size=ROOM))
def test_no_number_makes_an_event_about_another_channel(number: str) -> None:
    for item in heard(said("Newchannel", block("2.2", number)), said("Newstate", block("3.3", "1002"))):
        if not isinstance(item, wire.Reply):
            assert isinstance(item, events.Newchannel | events.ChannelChanged)
            assert item.channel.uniqueid in ("2.2", "3.3")


@given(st.binary(max_size=300))
def test_mending_never_raises(data: bytes) -> None:
    message = b"Event: Newchannel\r\nChannelState: 4\r\nCallerIDNum: " + data
    torn.torn(message)
    torn.mended(message)

"""Whatever bytes come, in whatever pieces: the same messages, and never an exception."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callserver.ami import events, wire
from callserver.ami.splitter import Splitter
from callserver.ami.wire import Reader, Reply

TRACES = sorted((Path(__file__).parent.parent / "traces").glob("*/*.ami"))

HANGUP = b"Event: Hangup\r\nChannel: PJSIP/1001-00000001\r\nUniqueid: 1.1\r\nCause: 16\r\n\r\n"
PONG = b"Response: Success\r\nActionID: a-1\r\nPing: Pong\r\n\r\n"

pieces = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"\r\n",
                b"\n",
                b"\r",
                b"\r\n\r\n",
                b"\n\n",
                b"Event: Hangup\r\n",
                b"Event: VarSet\r\nVariable: QUEUESTATUS\r\n",
                b"Event: QueueMember\r\n",
                b"Response: Success\r\n",
                b"Asterisk Call Manager/11.0.0\r\n",
                b"Uniqueid: 1.1\r\n",
                "CallerIDName: 王芳\r\n".encode(),
                b": \r\n",
                b"Timestamp: 1e999\r\n",
                b"x" * 50,
            ]
        ),
    ),
    max_size=20,
).map(b"".join)


def cuts(data: bytes, sizes: list[int]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    return [*chunks, data]


def split(chunks: list[bytes], limit: int = 100) -> tuple[list[bytes], int, bool]:
    splitter = Splitter(limit)
    found = [message for chunk in chunks for message in splitter.feed(chunk)]
    return found, splitter.oversize, splitter.unfinished > limit


@given(pieces, st.lists(st.integers(0, 30)))
@example(b"x" * 97 + b"\r\n\r\n" + HANGUP, [1] * 110)
@example(b"x" * 101 + b"\r\n\r\n" + HANGUP, [104, 1])
@example(b"a\n\n\nb\n\r\nc\n\n", [1] * 20)
def test_the_cut_depends_on_the_bytes_and_never_on_the_chunks(data: bytes, sizes: list[int]) -> None:
    at_once = split([data])
    assert split(cuts(data, sizes)) == at_once
    assert split([data[i : i + 1] for i in range(len(data))]) == at_once


@given(pieces, st.lists(st.integers(0, 30)))
def test_reading_never_raises_and_never_depends_on_the_chunks(data: bytes, sizes: list[int]) -> None:
    assert list(wire.read(cuts(data, sizes))) == list(wire.read([data]))


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_recorded_trace_reads_the_same_byte_by_byte(trace: Path) -> None:
    data = trace.read_bytes()
    items = list(wire.read([data]))
    assert any(
        isinstance(item, events.Newchannel | events.QueueMember | events.FullyBooted) for item in items
    )
    assert list(wire.read(data[i : i + 1] for i in range(len(data)))) == items


def test_a_letter_shared_by_two_reads_is_whole() -> None:
    message = "Event: Newchannel\r\nUniqueid: 1.1\r\nCallerIDName: 王芳\r\n\r\n".encode()
    for cut in range(len(message)):
        (event,) = wire.read([message[:cut], message[cut:]])
        assert isinstance(event, events.Newchannel)
        assert event.channel.caller_name == "王芳"


def test_bytes_that_are_no_utf_8_are_replaced_and_the_rest_survives() -> None:
    (event,) = wire.read([b"Event: Newchannel\r\nCallerIDName: \xff\xfe ok\r\nUniqueid: 1.1\r\n\r\n"])
    assert isinstance(event, events.Newchannel)
    assert event.channel.caller_name == "\N{REPLACEMENT CHARACTER}" * 2 + " ok"
    assert event.channel.uniqueid == "1.1"


def test_the_banner_is_no_message_and_gives_the_version() -> None:
    reader = Reader()
    assert len(reader.feed(b"Asterisk Call Manager/11.0.0\r\n" + PONG)) == 1
    assert reader.version == "11.0.0"
    assert reader.rubbish == 0


def test_a_second_banner_in_a_recorded_stream_is_read_too() -> None:
    reader = Reader()
    items = reader.feed(
        b"Asterisk Call Manager/5.0.5\r\n" + PONG + b"Asterisk Call Manager/11.0.0\r\n" + HANGUP
    )
    assert [type(item) for item in items] == [Reply, events.Hangup]
    assert reader.version == "11.0.0"


def test_a_trace_whose_line_ends_an_editor_changed_reads_the_same() -> None:
    data = b"Asterisk Call Manager/11.0.0\r\n" + PONG + HANGUP
    assert list(wire.read([data.replace(b"\r\n", b"\n")])) == list(wire.read([data]))


def test_a_bare_line_feed_in_a_value_forges_no_message() -> None:
    forged = b"\n\nEvent: Hangup\nUniqueid: 2.2\n\n"
    (event,) = wire.read([b"Event: Newchannel\r\nExten: 1" + forged + b"\r\nUniqueid: 1.1\r\n\r\n"])
    assert isinstance(event, events.Newchannel)
    assert event.channel.uniqueid == "1.1"


def test_the_first_occurrence_of_a_header_wins() -> None:
    assert wire.headers(b"Uniqueid: 1.1\r\nUniqueid: 2.2") == {"Uniqueid": "1.1"}


def test_a_line_that_is_no_header_hurts_no_other() -> None:
    assert wire.headers(b"rubbish\r\nA: 1\r\nB:2\r\nC: x: y\r\nD: ") == {"A": "1", "C": "x: y", "D": ""}


def test_events_nobody_needs_are_dropped_and_counted() -> None:
    reader = Reader()
    noise = b"Event: RTCPSent\r\nUniqueid: 1.1\r\n\r\n"
    other_variable = b"Event: VarSet\r\nVariable: DIALSTATUS\r\nValue: QUEUESTATUS\r\nUniqueid: 1.1\r\n\r\n"
    status = b"Event: VarSet\r\nUniqueid: 1.1\r\nVariable: QUEUESTATUS\r\nValue: TIMEOUT\r\n\r\n"
    (item,) = reader.feed(noise + other_variable + status)
    assert isinstance(item, events.QueueResult)
    assert item.status == "TIMEOUT"
    assert reader.dropped == 2
    assert reader.heard == {"VarSet": 1}


def test_an_event_whose_name_only_begins_like_a_wanted_one_is_none() -> None:
    assert list(wire.read([b"Event: Hangups\r\n\r\nEvent: Hangup \r\n\r\nEvent: \r\n\r\n"])) == []


def test_an_event_without_any_other_header_is_still_typed() -> None:
    (event,) = wire.read([b"Event: Hangup\r\n\r\n"])
    assert isinstance(event, events.Hangup)
    assert event.channel.uniqueid == ""


def test_a_message_without_end_is_left_out_and_the_next_one_is_read() -> None:
    reader = Reader(limit=1000)
    for _ in range(300):
        assert reader.feed(b"Event: Hangup\r\nX: " + b"y" * 100) == []
    assert reader.unfinished > 30_000
    assert [type(item) for item in reader.feed(b"\r\n\r\n" + HANGUP)] == [events.Hangup]
    assert reader.oversize == 1


def test_an_endless_message_takes_no_endless_memory() -> None:
    splitter = Splitter(limit=1000)
    for _ in range(300):
        splitter.feed(b"x" * 100)
    assert sum(map(len, splitter._held)) <= 1100


def test_rubbish_is_counted() -> None:
    reader = Reader()
    assert [type(item) for item in reader.feed(b"\x00\xff\r\n\r\nhello\r\n\r\n" + HANGUP)] == [events.Hangup]
    assert reader.rubbish == 2


def test_a_half_message_at_the_end_of_a_trace_is_left_out() -> None:
    assert [type(item) for item in wire.read([HANGUP + HANGUP[:-2]])] == [events.Hangup]


def test_an_error_reply_says_so() -> None:
    (reply,) = wire.read([b"Response: Error\r\nActionID: a-7\r\nMessage: Permission denied\r\n\r\n"])
    assert isinstance(reply, Reply)
    assert (reply.ok, reply.action_id, reply.message, reply.event) == (False, "a-7", "Permission denied", "")


def test_an_item_of_a_list_is_a_reply_and_no_event() -> None:
    (reply,) = wire.read([b"Event: QueueMember\r\nActionID: a-7\r\nQueue: hotline\r\n\r\n"])
    assert isinstance(reply, Reply)
    assert (reply.ok, reply.action_id, reply.event) == (True, "a-7", "QueueMember")

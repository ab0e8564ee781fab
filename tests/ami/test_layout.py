"""A message read by its known shape says the same as one that is read line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.ami import wire
from callserver.ami.layout import Layouts

TRACES = sorted((Path(__file__).parent.parent / "traces").glob("*/*.ami"))

lines = st.lists(
    st.tuples(
        st.sampled_from(["Uniqueid", "DestUniqueid", "Queue", "A.b", "(", "名"]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=8),
    ),
    min_size=1,
    max_size=8,
)


def kind(message: bytes) -> bytes:
    return message.partition(b"\r\n")[0]


def written(headers: list[tuple[str, str]]) -> bytes:
    return "\r\n".join(f"{name}: {value}" for name, value in headers).encode()


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_recorded_event_reads_the_same_once_its_shape_is_known(trace: Path) -> None:
    layouts, fast = Layouts(), 0
    for message in trace.read_bytes().split(b"\r\n\r\n"):
        said = layouts.headers(kind(message), message)
        if said is None:
            layouts.learn(kind(message), message)
            said = layouts.headers(kind(message), message) or wire.headers(message)
        else:
            fast += 1
        assert said == wire.headers(message)
    assert fast


@given(lines, lines)
def test_a_known_shape_never_reads_something_else_than_the_lines_say(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    layouts = Layouts()
    layouts.learn(b"Hangup", written(first))
    for message in (written(first), written(second)):
        said = layouts.headers(b"Hangup", message)
        assert said is None or dict(said) == wire.headers(message)
    assert layouts.headers(b"Hangup", written(first)) is not None


@given(lines, st.data())
def test_one_line_more_is_another_shape(headers: list[tuple[str, str]], data: st.DataObject) -> None:
    layouts = Layouts()
    layouts.learn(b"Newchannel", written(headers))
    forged = list(headers)
    forged.insert(data.draw(st.integers(0, len(headers))), ("Uniqueid", "1.0"))
    assert layouts.headers(b"Newchannel", written(forged)) is None


def test_a_message_with_a_line_that_is_no_header_has_no_shape() -> None:
    layouts = Layouts()
    layouts.learn(b"Hangup", b"Event: Hangup\r\nrubbish")
    assert layouts.headers(b"Hangup", b"Event: Hangup\r\nrubbish") is None


def test_whoever_writes_in_ever_new_shapes_is_not_learned_for_ever() -> None:
    layouts = Layouts()
    for number in range(100):
        layouts.learn(b"Hangup", b"Event: Hangup\r\nA%d: 1" % number)
    known = [
        number
        for number in range(100)
        if layouts.headers(b"Hangup", b"Event: Hangup\r\nA%d: 2" % number) is not None
    ]
    assert known == list(range(8))


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    layouts = Layouts()
    layouts.learn(b"Hangup", b"Event: Hangup\r\nA: 1")
    said = layouts.headers(b"Hangup", b"Event: Hangup\r\nA: \xff")
    assert said is not None
    assert said["A"] == "\N{REPLACEMENT CHARACTER}"

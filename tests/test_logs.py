"""What the service says: one line a thing, for people or machines, and nothing that a terminal obeys."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from callserver.logs import printable, set_up
from callserver.settings import Secret

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(as_json: bool = False, level: str = "info", stream: io.StringIO | None = None) -> io.StringIO:
    stream = stream or io.StringIO()
    set_up(level, as_json, stream)
    return stream


def test_one_json_object_a_line_with_time_level_and_event() -> None:
    stream = said(as_json=True)
    structlog.get_logger("x").info(
        "call ended", call="main:1.0", caller_name="李娜", wait_s=1.5, queues=["a"]
    )
    (line,) = stream.getvalue().splitlines()
    body = json.loads(line)
    assert body.pop("timestamp").endswith("Z")
    assert body == {
        "level": "info",
        "event": "call ended",
        "call": "main:1.0",
        "caller_name": "李娜",
        "wait_s": 1.5,
        "queues": ["a"],
    }
    assert "李娜" in line


def test_text_for_people_has_colours_on_a_terminal_only() -> None:
    plain, terminal = said(), Terminal()
    structlog.get_logger("x").info("link up", pbx="main")
    assert "link up" in plain.getvalue()
    assert "\x1b[" not in plain.getvalue()
    said(stream=terminal)
    structlog.get_logger("x").info("link up", pbx="main")
    assert "\x1b[" in terminal.getvalue()


@pytest.mark.parametrize("as_json", [False, True])
def test_a_callers_name_cannot_write_lines_or_colours(as_json: bool) -> None:
    stream = said(as_json)
    structlog.get_logger("x").info("call ended", caller_name="a\n2026 [error] fake\x1b[2J", who=["b\r\n"])
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert "\r" not in text


def test_lines_of_libraries_look_the_same() -> None:
    stream = said(as_json=True)
    logging.getLogger("some.library").warning("odd %s", "thing\x07")
    body = json.loads(stream.getvalue())
    assert (body["event"], body["level"], body["logger"]) == (r"odd thing\x07", "warning", "some.library")


def test_less_important_lines_are_left_out_and_libraries_are_quiet() -> None:
    stream = said(level="warning")
    structlog.get_logger("x").info("nothing")
    logging.getLogger("panoramisk").info("nothing")
    assert stream.getvalue() == ""
    structlog.get_logger("x").warning("something")
    assert "something" in stream.getvalue()


def test_a_mistake_comes_with_its_traceback() -> None:
    for as_json in (False, True):
        stream = said(as_json)
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            structlog.get_logger("x").exception("duty failed")
        assert "RuntimeError: broken" in stream.getvalue()
        assert "Traceback" in stream.getvalue()


def test_a_secret_stays_hidden_in_a_line() -> None:
    stream = said(as_json=True)
    structlog.get_logger("x").info("settings", secret=Secret("s3cret"))
    assert "s3cret" not in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("李娜 a", "李娜 a"),
        ("a\tb\n", r"a\tb\n"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u2028\u202e", r"\u2028\u202e"),
        ("\ud800", r"\ud800"),
        ("", ""),
    ],
)
def test_everything_that_is_not_printable_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown

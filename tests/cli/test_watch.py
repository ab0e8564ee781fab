"""`callserver watch`: a terminal reads the stream like anybody else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from websockets.sync.server import ServerConnection, serve

from callserver.cli import picture
from callserver.client import Screen, apply, read
from callserver.client.stream import PROTOCOL
from tests.cli.conftest import Command
from tests.client.test_messages import KEY, POP, told

NOW = datetime(2026, 11, 22, 4, 13, 0, tzinfo=UTC)
TOKEN = "cs_t0k3n"
SNAPSHOT: dict[str, Any] = {
    "type": "snapshot",
    "seq": 1,
    "screen": {
        "agents": {
            "main/PJSIP/1001": {
                "pbx": "main", "interface": "PJSIP/1001", "name": "李娜", "login": "li.na", "device": "ringing",
                "queues": {"repair": {"paused": False, "reason": None, "penalty": 0, "dynamic": True}},
                "state": "ringing", "reason": None, "since": "2026-11-22T04:11:55.000Z", "call": "main:1.1",
            },
        },
        "queues": {
            "main/repair": {
                "pbx": "main", "name": "repair", "title": "Repairs", "talking": 0, "ready": 0, "members": 1,
                "waiting": [{"call": "main:1.1", "since": "2026-11-22T04:11:50.000Z", "position": 1}],
            },
        },
        "calls": {
            "main:1.1": {
                "id": "main:1.1", "pbx": "main", "direction": "inbound", "number": "13800138000", "name": "\x1b[31mX",
                "started_at": "2026-11-22T03:00:00.000Z", "answered_at": None, "state": "ringing", "queue": "repair",
                "with": ["PJSIP/1001"], "held": False, "outcome": None, "ticket": 17, "legs": {},
            },
        },
        "pops": {KEY: POP | {"name": "[bold]王[/bold]"}},
        "switches": {"main": {"link": "down", "blind_since": "2026-11-22T04:00:00.000Z"}},
    },
}  # fmt: skip
HELLO = {
    "type": "hello", "v": 1, "stream": "s", "server_time": "2026-11-22T04:13:00.000Z", "node": "node-a",
    "user": None, "heartbeat_s": 15, "resumed": False,
}  # fmt: skip
GONE = {"type": "call", "seq": 2, "key": "main:1.1", "value": None}


@contextmanager
def saying(
    *bodies: dict[str, Any], code: int = 4401, why: str = "the token is not good any more"
) -> Iterator[str]:
    """A server that says this to whoever has the token, and sends them away."""

    def script(connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.request.headers["Authorization"] == f"Bearer {TOKEN}"
        for body in bodies:
            connection.send(json.dumps(body))
        connection.close(code, why)

    with serve(script, "127.0.0.1", 0, subprotocols=[PROTOCOL]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join(10)


def painted(screen: Screen, words: str = "", now: datetime = NOW) -> str:
    console = Console(width=200)
    with console.capture() as shown:
        console.print(picture.picture(screen, now, words))
    return shown.get()


def test_the_floor_is_shown_once(callserver: Command) -> None:
    with saying(HELLO, SNAPSHOT) as url:
        shown = callserver("watch", "--once", "--url", url, CALLWATCH_TOKEN=TOKEN)
    assert shown.code == 0, shown.err
    for words in (
        "main: not seen since 2026-11-22 04:00:00 UTC",
        "Repairs (repair)",
        "1:10",
        "1:13:00",
        "李娜",
    ):
        assert words in shown.out


def test_json_gives_messages_as_they_came_and_ends_when_sent_away(callserver: Command) -> None:
    with saying(HELLO, SNAPSHOT, GONE) as url:
        shown = callserver("watch", "--json", "-u", url, CALLWATCH_TOKEN=TOKEN)
    assert shown.json == [HELLO, SNAPSHOT, GONE]
    assert (shown.code, shown.err) == (8, "callserver: the token is not good any more\n")


def test_without_a_terminal_each_message_is_a_line(callserver: Command, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    with saying(HELLO, SNAPSHOT, {"type": "several", "seq": 2, "messages": [GONE]}) as url:
        shown = callserver("watch", "-u", url, "-t", tmp_path / "token")
    assert [line.split("  ", 1)[1] for line in shown.out.splitlines()][-1] == "call        main:1.1  gone"


def test_the_token_may_come_from_standard_input(callserver: Command) -> None:
    with saying(HELLO, SNAPSHOT) as url:
        shown = callserver("watch", "--once", "-u", url, "-t", "-", input=TOKEN.encode())
    assert shown.code == 0, shown.err


@pytest.mark.parametrize("token", ["", "two words", "名"])
def test_a_token_that_is_none_is_said_and_not_shown(callserver: Command, token: str) -> None:
    said = callserver("watch", CALLWATCH_TOKEN=token)
    assert said.code == 3
    assert "callserver token create" in said.err
    assert token == "" or token not in said.err


def test_who_cannot_be_reached_is_said(callserver: Command) -> None:
    said = callserver("watch", "--once", "-u", "http://127.0.0.1:1", CALLWATCH_TOKEN=TOKEN)
    assert said.code == 8
    assert "no connection" in said.err
    assert callserver("watch", "-u", "ftp://x", CALLWATCH_TOKEN=TOKEN).code == 2


def test_nothing_that_a_caller_says_is_obeyed() -> None:
    shown = painted(apply(Screen(), read(SNAPSHOT)))
    assert "\x1b" not in shown
    assert "\\x1b[31mX" in shown
    assert "[bold]王[/bold]" in shown
    assert (
        picture.line({"type": "call", "key": "a\nb", "value": {"name": "\x07"}})
        == "call        a\\nb  name=\\x07"
    )


def test_customers_of_a_pop_are_named_with_what_to_know_of_them() -> None:
    caller = {"customers": [{"customer": {"name": "王伟", "vip": True, "caution": "dog"}}]}
    screen = told({"type": "pop", "key": KEY, "value": POP | {"caller": caller}})
    assert "王伟 [vip] [caution]" in painted(screen)


def test_a_clock_that_is_wrong_shows_no_time_below_zero() -> None:
    screen = apply(Screen(), read(SNAPSHOT))
    assert "1:05" in painted(screen)
    early = painted(screen, now=NOW - timedelta(days=1)).replace("2026-11-22", "")
    assert "0:00" in early
    assert "-" not in early


def test_nothing_to_see_is_no_error() -> None:
    assert painted(Screen(), "node-a  live") == "node-a  live\n"

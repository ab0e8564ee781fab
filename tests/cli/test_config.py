"""`callserver config`: what is set, what is wrong, what one may set."""

from __future__ import annotations

import tomllib
from pathlib import Path

from callserver.settings import load
from callserver.settings.example import example
from tests.cli.conftest import Command


def test_right_settings_are_said_to_be_right(callserver: Command, settings: Path) -> None:
    said = callserver("config", "check")
    assert (said.code, said.err) == (0, "")
    assert "right. Asterisk: main (127.0.0.1:1)" in said.out


def test_what_is_set_is_shown_without_secrets(callserver: Command, settings: Path) -> None:
    said = callserver("config", "show", CALLSERVER_WEB_TOKEN="tok3n", CALLSERVER_WEB_PORT="9000")
    tables = tomllib.loads(said.out)
    assert tables["web"]["port"] == 9000
    assert tables["asterisk"][0]["trunks"] == ["PJSIP/trunk"]
    assert "s3cret" not in said.out + said.err
    assert "tok3n" not in said.out + said.err
    (shown,) = callserver("config", "show", "--json").json
    assert shown["asterisk"][0]["secret"] == "********"


def test_the_example_is_printed_and_is_right(callserver: Command, tmp_path: Path) -> None:
    said = callserver("config", "example")
    assert said.out == example()
    (tmp_path / "callserver.toml").write_text(said.out)
    (tmp_path / "ami.secret").write_text("s")
    assert load(tmp_path / "callserver.toml", {}).asterisk[0].id == "main"


def test_doubtful_settings_are_warned_of_and_work(callserver: Command, settings: Path) -> None:
    settings.with_name("ami.secret").chmod(0o644)
    said = callserver("config", "check")
    assert said.code == 0
    assert "warning" in said.err
    assert "chmod o-r" in said.err

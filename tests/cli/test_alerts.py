"""`callserver alerts`: as an operator uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def database(settings: Path, tmp_path: Path, callserver: Command) -> None:
    settings.write_text(settings.read_text() + f'[database]\nurl = "sqlite:///{tmp_path}/alerts.db"\n')
    callserver("db", "upgrade")


def test_a_rule_is_tried_and_somebody_takes_care(callserver: Command) -> None:
    assert callserver("alerts", "list").out == "nothing is wrong\n"
    said = callserver("alerts", "test", "link_lost").out
    assert said.startswith("1  test  critical  ") and "The switch is not seen" in said
    assert callserver("alerts", "list").out == said
    taken = callserver("alerts", "ack", "1", "--why", "me \x1b[31m").out
    assert "taken by" in taken and "me" in taken and "\x1b" not in taken
    again = callserver("alerts", "ack", "1")
    assert (again.code, again.out) != (0, taken)
    (line,) = callserver("alerts", "list", "--all", "--json").out.splitlines()
    assert json.loads(line)["test"] is True


def test_what_is_watched_is_listed(callserver: Command) -> None:
    lines = callserver("alerts", "rules").out.splitlines()
    assert "long_wait  warning  longest_wait above 60 for 30 s" in lines
    assert len(callserver("alerts", "rules", "--json").out.splitlines()) == len(lines)
    assert callserver("alerts", "test", "no such rule").code != 0

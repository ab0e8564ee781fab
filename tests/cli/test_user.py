"""Users and teams from the command line."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import pytest

from callserver.cli import user
from callserver.errors import BadValue
from callserver.web import passwords
from callserver.web.passwords import Cost
from tests.cli.conftest import Command

PASSWORD = b"correct pony battery\n"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing that costs nothing."""
    monkeypatch.setattr(passwords.Passwords.__init__, "__defaults__", (Cost(memory_kib=8, passes=1), 60, 400))


def test_a_user_is_made_with_a_password_from_standard_input(callserver: Command, settings: Path) -> None:
    callserver("team", "add", "repair", "--queue", "repair", "-q", "parts")
    made = callserver(
        "user", "add", "li.na", "--name", "李娜", "--team", "repair", "--language", "zh-cn", input=PASSWORD
    )
    assert (made.code, made.out) == (0, "user li.na (李娜, agent): made\n")
    (shown,) = callserver("user", "show", "LI.NA", "--json").json
    assert (shown["language"], shown["has_password"]) == ("zh-CN", True)
    assert shown["queues"] == [{"queue": "repair", "penalty": 0}, {"queue": "parts", "penalty": 0}]
    assert "argon2" not in str(shown)
    assert "1  repair  repair, parts  1 people" in callserver("team", "list").out


def test_a_user_goes_and_comes_back(callserver: Command, settings: Path) -> None:
    callserver("user", "add", "boss", "--role", "administrator", "--no-password")
    callserver("user", "add", "li", "--no-password")
    assert callserver("user", "disable", "li").out == "user li (li, agent): disabled\n"
    assert "li  li  agent  no team  disabled 2" in callserver("user", "list").out
    assert callserver("user", "enable", "li").code == 0
    assert callserver("user", "role", "li", "supervisor").code == 0
    assert (
        callserver("user", "passwd", "li", input=PASSWORD).out
        == "user li (li, supervisor): has a new password\n"
    )
    last = callserver("user", "disable", "boss")
    assert (last.code, "last administrator" in last.err) == (2, True)
    said = [line["action"] for line in callserver("audit", "export").json]
    assert said == ["user.create"] * 2 + ["user.change"] * 3 + ["user.password"]


def test_own_queues_have_penalties(callserver: Command, settings: Path) -> None:
    callserver("user", "add", "li", "--no-password")
    callserver("team", "add", "repair")
    callserver("team", "queues", "repair", "repair")
    assert callserver("user", "teams", "li", "repair", "-q", "sales:5", "-q", "repair").code == 0
    assert "queues: sales (penalty 5), repair (penalty 0)" in callserver("user", "show", "li").out
    callserver("user", "teams", "li", "repair")
    assert "queues: repair (penalty 0)" in callserver("user", "show", "li").out


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (("user", "add", "li"), b"short\n", "password: at least 10 characters"),
        (("user", "add", "li"), b"", "password: at least 10 characters"),
        (("user", "add", "li"), b"\xff\xfe" * 10 + b"\n", "password: is among"),
        (("user", "add", "王芳"), PASSWORD, "login: 1 to 64"),
        (("user", "add", "li", "--role", "king"), PASSWORD, "there is no role 'king'"),
        (("user", "add", "li", "--language", "tlh"), PASSWORD, "--language: one of en, zh-CN"),
        (("user", "add", "li", "--team", "sales"), PASSWORD, "there is no team 'sales'"),
        (("user", "disable", "li"), b"", "there is no user 'li'"),
        (("user", "teams", "li", "-q", "sales:many"), b"", "--queue: write NAME or NAME:PENALTY"),
        (("team", "queues", "sales", "a"), b"", "there is no team 'sales'"),
        (("team", "add", "x", "-q", "a,b"), b"", "without a comma"),
    ],
)
def test_what_cannot_be_is_said(
    callserver: Command, settings: Path, arguments: tuple[str, ...], typed: bytes, said: str
) -> None:
    told = callserver(*arguments, input=typed)
    assert (told.code, said in told.err) == (2, True), told


def test_a_password_at_a_terminal_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["correct pony battery", "correct pony batery"])
    monkeypatch.setattr(os, "isatty", lambda _: True)
    monkeypatch.setattr(getpass, "getpass", lambda _: next(typed))
    with pytest.raises(BadValue, match="not the same"):
        user._typed()

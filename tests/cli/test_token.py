"""Tokens from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from callserver.cli.token import milliseconds
from callserver.errors import BadValue
from callserver.store import tokens
from tests.cli.conftest import Command


def test_a_token_is_printed_once_and_alone_on_standard_output(callserver: Command, settings: Path) -> None:
    made = callserver("token", "create", "crm", "--scope", "customers:read", "-s", "tickets:write")
    assert made.code == 0
    assert tokens.genuine(made.out.strip())
    assert "cannot be shown again" in made.err
    listed = callserver("token", "list")
    assert made.out.strip() not in listed.out
    assert "crm  good for ever  never used  customers:read tickets:write" in listed.out


def test_a_token_ends_when_it_was_said(callserver: Command, settings: Path) -> None:
    (made,) = callserver("token", "create", "x", "--all", "--expires", "90d", "--json").json
    assert tokens.genuine(made["token"])
    assert sorted(made["scopes"]) == sorted(tokens.SCOPES)
    (listed,) = callserver("token", "list", "--json").json
    assert listed["tokens"][0]["expires_at"] == made["expires_at"] > listed["tokens"][0]["created_at"]
    assert "token" not in listed["tokens"][0]


def test_a_revoked_token_stays_in_the_list(callserver: Command, settings: Path) -> None:
    (made,) = callserver("token", "create", "x", "-s", "calls:read", "--json").json
    assert "revoked since" in callserver("token", "revoke", str(made["id"])).out
    assert "revoked" in callserver("token", "list").out
    assert callserver("token", "revoke", "99").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x",), "--scope: name at least one right"),
        (("x", "-s", "everything"), "there is no scope 'everything'"),
        (("", "-s", "calls:read"), "name: must not be empty"),
        (("x", "-s", "calls:read", "--expires", "soon"), "--expires: write a number"),
    ],
)
def test_what_cannot_be_is_said(
    callserver: Command, settings: Path, arguments: tuple[str, ...], said: str
) -> None:
    told = callserver("token", "create", *arguments)
    assert (told.code, said in told.err) == (2, True), told


def test_spans_of_time_are_a_number_and_a_letter() -> None:
    assert milliseconds("90d") == 90 * 86_400_000
    assert milliseconds("12h") == 12 * 3_600_000
    for wrong in ("0d", "-1d", "1.5d", "d", "1y", "9999999w", "１d"):
        with pytest.raises(BadValue):
            milliseconds(wrong)

"""What we send is one action with the values we meant, or nothing."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_conf import contract
from callserver.ami import commands, wire
from callserver.ami.commands import Action
from callserver.errors import UnsafeValue

EVERY = get_args(commands.Command)


def example(kind: type[Action], value: str) -> Action:
    """This action with `value` in each of its texts."""
    filled: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if "str" in str(field.type) and "Literal" not in str(field.type) and "Mapping" not in str(field.type):
            filled[field.name] = value
        elif "bool" in str(field.type):
            filled[field.name] = True
    return kind(**filled)


def texts(kind: type[Action]) -> int:
    return sum(value == "x" for _, value in example(kind, "x").fields())


def written(action: Action) -> bytes:
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in commands.headers(action, "a-1"))


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    "value", ["a\rb", "a\nb", "a\r\n\r\nAction: Hangup\r\nChannel: x", "a\0b", "\ud800", "é" * 512]
)
def test_a_value_that_would_leave_its_line_is_refused(kind: type[Action], value: str) -> None:
    if texts(kind):
        with pytest.raises(UnsafeValue):
            commands.headers(example(kind, value), "a-1")


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_every_text_of_an_action_reaches_a_header(kind: type[Action]) -> None:
    asked = sum(
        value == "x" for value in (getattr(example(kind, "x"), f.name) for f in dataclasses.fields(kind))
    )
    assert texts(kind) == asked


@given(st.sampled_from(EVERY), st.text(max_size=1100))
def test_what_is_written_reads_back_as_it_was_meant_or_is_refused(kind: type[Action], value: str) -> None:
    action = example(kind, value)
    try:
        raw = written(action)
    except UnsafeValue:
        return
    assert wire.headers(raw) == {"Action": kind.name, "ActionID": "a-1", **dict(action.fields())}
    assert max(map(len, raw.split(b"\r\n"))) <= 1022
    assert raw.count(b"\n") == raw.count(b"\r") == 2 + len(list(action.fields()))


def test_a_refusal_does_not_repeat_the_secret() -> None:
    login = commands.Login(user="callserver", secret="hunter2\r\n")
    with pytest.raises(UnsafeValue) as refused:
        commands.headers(login, "a-1")
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(login)


@pytest.mark.parametrize(
    "variables", [{"A": "1,SECRET=2"}, {"A,B": "1"}, {"A=B": "1"}, {"A": '"'}, {"A": "\\"}]
)
def test_a_variable_cannot_set_another_one(variables: dict[str, str]) -> None:
    call = commands.Originate(channel="PJSIP/1", context="c", exten="1", channel_id="i", variables=variables)
    with pytest.raises(UnsafeValue):
        commands.headers(call, "a-1")


def test_more_headers_than_asterisk_reads_are_refused() -> None:
    many = {f"V{number}": "1" for number in range(130)}
    call = commands.Originate(channel="PJSIP/1", context="c", exten="1", channel_id="i", variables=many)
    with pytest.raises(UnsafeValue, match="128"):
        commands.headers(call, "a-1")


def test_originate_is_asynchronous_and_has_an_id_of_its_own() -> None:
    call = commands.Originate(
        channel="Local/1@c", context="c", exten="1", channel_id="i", other_channel_id="j"
    )
    sent = dict(call.fields())
    assert (sent["Async"], sent["ChannelId"], sent["OtherChannelId"]) == ("true", "i", "j")


def test_an_action_id_is_never_used_twice() -> None:
    assert len({commands.new_action_id() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "name", ["Originate", "Atxfer", "BlindTransfer", "Redirect", "QueueAdd", "QueueRemove", "Hangup"]
)
def test_what_does_something_is_never_repeated(name: str) -> None:
    assert name in commands.ALL
    assert name not in commands.IDEMPOTENT


def test_the_account_that_we_recommend_may_send_what_we_send() -> None:
    free = {"Events", "ListCommands"}  # open to every account
    extra = {"GetConfig"}  # asked for by `check` alone, which does without
    assert commands.ALL - free - extra <= contract.ACTIONS.keys()

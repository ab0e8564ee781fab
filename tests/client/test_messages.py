"""Messages as a program reads them, and the picture that they make."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.client import Lost, Misread, Other, PopTold, Screen, Snapshot, SwitchTold, apply, read
from callserver.client.messages import parts

POP: dict[str, Any] = {
    "pbx": "main", "interface": "PJSIP/1001", "call": "main:1.1", "direction": "inbound", "state": "offered",
    "queue": "repair", "queue_title": None, "offered_at": "2026-11-22T04:11:55.120Z", "answered_at": None,
    "waited_s": 3.5, "visits": [], "name": "<script>", "transfer": None, "caller": None, "repeat": 0, "ticket": None,
    "number": {"received": "138", "e164": None, "shown": "138", "place": None, "kind": "rubbish"},
}  # fmt: skip
KEY = "main/PJSIP/1001|main:1.1"


def told(*bodies: dict[str, Any], screen: Screen | None = None) -> Screen:
    """The screen after these messages."""
    screen = screen or Screen()
    for body in bodies:
        for part in parts(body):
            screen = apply(screen, read(part))
    return screen


def pop(**more: Any) -> dict[str, Any]:
    return {"type": "pop", "seq": 2, "key": KEY, "value": POP | more}


def closed(why: str) -> dict[str, Any]:
    return {"type": "pop.closed", "key": KEY, "why": why}


def test_a_pop_is_offered_completed_and_over() -> None:
    offered = told(pop())
    assert offered.pops[KEY].name == "<script>"
    update = {"type": "pop.update", "key": KEY, "value": {"state": "answered", "repeat": 2}}
    answered = told(update, screen=offered)
    assert (answered.pops[KEY].state, answered.pops[KEY].repeat) == ("answered", 2)
    assert answered.pops[KEY].waited_s == 3.5
    assert told(closed("ended"), screen=answered) == Screen()
    assert offered.pops[KEY].state == "offered", "the one that was given is left as it was"


def test_an_abandoned_call_stays_as_missed_until_it_is_dismissed() -> None:
    missed = told(pop(), closed("abandoned"))
    assert missed.pops[KEY].state == "missed"
    assert told(closed("dismissed"), screen=missed).pops == {}


def test_news_of_pops_that_are_not_there_change_nothing() -> None:
    assert told(closed("abandoned"), {"type": "pop.update", "key": KEY, "value": {"repeat": 1}}) == Screen()


def test_a_snapshot_takes_the_place_of_everything() -> None:
    assert told(pop(), {"type": "snapshot", "seq": 9, "screen": {}}) == Screen()


def test_several_are_applied_in_order() -> None:
    up = {"type": "switch", "key": "main", "value": {"link": "up", "blind_since": None}}
    gone = {"type": "switch", "key": "main", "value": None}
    assert told({"type": "several", "seq": 3, "messages": [gone, up]}).switches["main"].link == "up"
    assert told({"type": "several", "seq": 3, "messages": [up, gone]}) == Screen()


def test_what_a_newer_server_says_is_passed_on_as_it_came() -> None:
    new = {"type": "weather", "seq": 4, "value": {"rain": True}}
    assert read(new) == Other(type="weather", body=new)
    assert told(new) == Screen()
    newer = pop(state="whispered", mood="good")
    assert told(newer).pops[KEY].state == "whispered"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": 7},
        {"type": "pop", "key": KEY},
        {"type": "pop", "key": KEY, "value": {}},
        {"type": "agent", "key": 5, "value": None},
        {"type": "snapshot", "screen": []},
        {"type": "several", "messages": 5},
        {"type": "several", "messages": [5]},
    ],
)
def test_what_cannot_be_understood_is_said_and_not_guessed(body: dict[str, Any]) -> None:
    with pytest.raises(Misread):
        told(body)


def test_members_of_a_pop_that_are_none_are_said() -> None:
    with pytest.raises(Misread):
        told(pop(), {"type": "pop.update", "key": KEY, "value": {"repeat": "many"}})


def test_messages_are_of_their_types() -> None:
    assert isinstance(read(pop()), PopTold)
    assert isinstance(read({"type": "snapshot", "screen": {}}), Snapshot)
    assert isinstance(read({"type": "switch", "key": "m", "value": None}), SwitchTold)
    assert read({"type": "lost", "why": "x", "again_s": 1}) == Lost(why="x", again_s=1.0)

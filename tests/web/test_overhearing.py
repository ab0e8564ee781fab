"""Whom a supervisor hears, on their own screens: by a recorded switch."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.calls.floor import Floor
from callserver.facts import PbxId
from callserver.people import UserId
from callserver.push.views import Audience, User
from callserver.web.overhearing import Overhearing
from tests.node.fakes import PBX, events
from tests.push.described import fits

BOSS = UserId(7)


class Shown:
    """The hub, as far as it is needed."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any, Audience]] = []

    def put(self, kind: str, key: str, value: Any, audience: Audience) -> None:
        assert kind == "notice"
        self.told.append((key, value, audience))


def sitter(pbx: PbxId, interface: str) -> UserId | None:
    return BOSS if interface == "PJSIP/1003" else None


@pytest.mark.parametrize(
    ("scenario", "modes"),
    [("supervisor-changes-mode", ["listen", "whisper", "barge"]), ("supervisor-takes-over", ["listen"])],
)
def test_a_supervisor_sees_how_they_listen_until_the_line_is_gone_or_talks(
    scenario: str, modes: list[str]
) -> None:
    shown, floor = Shown(), Floor(PBX)
    overhearing = Overhearing(shown, sitter)
    overhearing.begin(PBX)
    for event in events(scenario):
        overhearing.feed(PBX, floor.feed(event))
    *heard, last = shown.told
    fits("notice", heard[0][1])
    assert [value["args"]["mode"] for _, value, _ in heard] == modes
    assert all(value["args"]["line"] == f"{PBX}:callserver-listen-1" for _, value, _ in heard)
    assert last == ("listening:7", None, User(BOSS))
    assert {audience for _, _, audience in shown.told} == {User(BOSS)}


def test_after_a_restart_it_is_shown_again_as_soon_as_it_is_known_who_sits_there() -> None:
    shown, floor = Shown(), Floor(PBX)
    for event in events("supervisor-changes-mode"):
        floor.feed(event)
        if any(call.record.listeners for call in floor.scene.calls.values()):
            break
    records = [call.record.to_json() for call in floor.scene.calls.values()]
    seats: dict[str, UserId] = {}
    overhearing = Overhearing(shown, lambda pbx, interface: seats.get(interface))
    overhearing.begin(PBX, records)
    overhearing.look()
    assert shown.told == []
    seats["PJSIP/1003"] = BOSS
    for _ in range(2):
        overhearing.look()
    ((key, value, _),) = shown.told
    assert (key, value["args"]["mode"]) == ("listening:7", "listen")
    assert value["args"]["line"] == f"{PBX}:callserver-listen-1"


def test_a_phone_at_which_nobody_sits_is_nobodys_to_see() -> None:
    shown, floor = Shown(), Floor(PBX)
    overhearing = Overhearing(shown, lambda pbx, interface: None)
    for event in events("supervisor-changes-mode"):
        overhearing.feed(PBX, floor.feed(event))
    assert shown.told == []

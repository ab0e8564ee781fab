"""Which extension leads where, as a dialplan says it."""

from __future__ import annotations

import pytest

from callserver.node.directory import Directory, by_trunk, dial_string, included, own_number

STEPS = [
    {"Extension": "1001", "Priority": "hint", "Application": "PJSIP/1001&Custom:dnd1001"},
    {"Extension": "1001", "Priority": "1", "Application": "Dial", "AppData": "PJSIP/1001,30,tT"},
    {"Extension": "9001", "Priority": "1", "Application": "Dial", "AppData": "PJSIP/1001,30"},
    {"Extension": "_0X.", "Priority": "1", "Application": "Dial", "AppData": "PJSIP/${EXTEN}@trunk,30"},
    {"Extension": "600", "Priority": "2", "Application": "Queue", "AppData": "hotline,t,,,60"},
    {"Extension": "699", "Priority": "1", "Application": "Hangup"},
    {"IncludeContext": "after-hours,18:00-8:00,*,*,*"},
    {"IncludeContext": "old|9:00-17:00|*|*|*"},
    {"IncludeContext": "old"},
]


def test_agents_and_queues_are_found_by_what_an_extension_does() -> None:
    known = Directory.of(STEPS)
    assert known.queues == {"hotline": "600"}
    assert known.phones == {"PJSIP/1001": "1001", "Custom:dnd1001": "1001"}


def test_what_is_included_is_named_once_and_without_its_hours() -> None:
    assert included(STEPS) == ["after-hours", "old"]


@pytest.mark.parametrize(
    ("interface", "number"),
    [("PJSIP/1001", "1001"), ("Local/1001@agents/n", "1001"), ("SIP/ann", "ann"), ("nothing", "")],
)
def test_by_custom_a_phones_number_is_its_name(interface: str, number: str) -> None:
    assert own_number(interface) == number


@pytest.mark.parametrize(
    ("device", "dialled"),
    [
        ("PJSIP/${EXTEN}@trunk", "PJSIP/02012345678@trunk"),
        ("SIP/carrier/${EXTEN:1}", "SIP/carrier/2012345678"),
        ("${TRUNK}/${EXTEN}", None),
        ("PJSIP/${EXTEN}@a&PJSIP/${EXTEN}@b", None),
    ],
)
def test_the_dialplans_own_way_outside_is_taken_where_it_can_be_read(
    device: str, dialled: str | None
) -> None:
    steps = [{"Application": "Set", "AppData": "X=1"}, {"Application": "Dial", "AppData": f"{device},30,tT"}]
    assert dial_string(steps, "02012345678") == dialled


def test_a_number_by_a_trunk_of_the_settings() -> None:
    assert by_trunk("PJSIP/trunk", "138") == "PJSIP/138@trunk"
    assert by_trunk("DAHDI/g1", "138") == "DAHDI/g1/138"

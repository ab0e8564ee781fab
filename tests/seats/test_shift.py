"""What a seat, a reason and a name may look like: everything here may come from anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.ami import commands
from callserver.errors import BadValue
from callserver.seats import wording
from callserver.seats.shift import reason, seat
from callserver.seats.wording import OURS, REASONS, fitting

HOSTILE = [
    "PJSIP/1001\r\nAction: Originate",
    "PJSIP/1001\0",
    "PJSIP/" + "1" * 10_000,
    "PJSIP",
    "",
    "PJSIP/10|01",
    "PJSIP/1001,hint:x@y",
    "PJSIP/1001&PJSIP/1002",
    "PJSIP/\u202e1001",
    "PJSIP/\ud800",
]


@pytest.mark.parametrize(
    "interface", ["PJSIP/1001", "SIP/li-na", "Local/1001@members/n", "Agent/1001", "DAHDI/1-1"]
)
def test_any_interface_that_a_queue_can_ring_is_a_seat(interface):
    assert seat("main", interface).interface == interface


@pytest.mark.parametrize("interface", HOSTILE)
def test_what_no_queue_could_ring_is_none(interface):
    with pytest.raises(BadValue):
        seat("main", interface)
    with pytest.raises(BadValue):
        seat("main", "PJSIP/1001", interface or "x")


def test_a_phone_is_its_own_state_and_a_local_channel_has_that_of_its_hint():
    assert seat("main", "PJSIP/1001").state_interface == "PJSIP/1001"
    assert seat("main", "Local/1001@members").state_interface == "hint:1001@members"
    assert seat("main", "Local/1001@members/n", "Custom:desk1").state_interface == "Custom:desk1"


def test_a_pause_needs_a_reason_of_the_persons_own():
    assert reason("ready", "lunch") is None
    assert reason("pause", "lunch") == "lunch"
    assert reason("pause", "  feeding the cat 喂猫 ") == "feeding the cat 喂猫"
    for said in (None, "", "  ", "\0\r\n", *OURS):
        with pytest.raises(BadValue):
            reason("pause", said)


@given(st.text())
def test_whatever_is_typed_the_switch_gets_one_short_line_of_it(text):
    fits = fitting(text)
    assert len(fits.encode()) <= wording.MOST_BYTES
    assert fits.isprintable()
    assert "|" not in fits
    assert fitting(fits) == fits
    commands.headers(commands.QueuePause(interface="PJSIP/1001", paused=True, reason=fits), "1")


def test_every_reason_fits_and_has_words_in_both_languages():
    assert all(fitting(one.code) == one.code and one.en and one.zh for one in REASONS)
    assert {one.code for one in REASONS if not one.chosen} == OURS

"""What one switch says of phones, folded from its facts; proven on recorded calls, too."""

from __future__ import annotations

import pytest

from callserver import facts
from callserver.calls.record import Record
from callserver.facts import CallId
from callserver.seats.picture import Finished, Picture
from callserver.seats.shift import Phones, seat
from tests.calls.traces import story, told, trace
from tests.seats.people import (
    CALL,
    NOW,
    PBX,
    PHONE,
    SEAT,
    answered,
    at_work,
    blind,
    device,
    left,
    leg,
    over,
    paused,
    picture,
    queued,
    sees,
    started,
    up,
)


def finished(name: str) -> list[str]:
    """Whose part in a call is over, in the order of a recorded trace, each once in a row."""
    seen = Picture(PBX)
    seen.feed(told(trace(name).events()))
    return list(dict.fromkeys(one.interface for one in seen.take()[1]))


def test_memberships_pauses_and_devices_are_as_the_facts_leave_them():
    seen = at_work(paused("repair", "lunch"), device("talking"))
    assert {queue: (one.paused, one.reason) for queue, one in seen.memberships(PHONE).items()} == {
        "hotline": (False, None),
        "repair": (True, "lunch"),
    }
    assert seen.device(PHONE) == "talking"
    seen.feed([left("hotline"), left("repair")])
    assert seen.memberships(PHONE) == {}
    assert seen.device(PHONE) is None


def test_a_lost_line_is_known_with_its_moment():
    seen = at_work(blind())
    assert (seen.sees, seen.blind_since) == (False, NOW)
    seen.feed([sees()])
    assert (seen.sees, seen.blind_since) == (True, None)


def test_news_name_the_interfaces_they_are_of_and_a_new_line_is_of_all():
    seen = at_work()
    seen.feed([device("ringing")])
    assert seen.take() == (frozenset({PHONE}), [])
    assert seen.take() == (frozenset(), [])
    seen.feed([sees()])
    assert seen.take() == (None, [])


def test_the_end_of_an_answered_leg_is_the_end_of_the_phones_part():
    call: list[facts.Fact] = [started(), leg("A", "PJSIP/trunk"), up("A"), leg("B", PHONE), up("B")]
    seen = picture(*call)
    assert list(seen.calls_of(SEAT)) == [CALL]
    seen.feed([over("B")])
    assert seen.take()[1] == [Finished(interface=PHONE, call=CALL, at=NOW)]
    assert seen.calls_of(SEAT) == {}


def test_a_phone_that_only_rang_has_no_end_to_write_up():
    seen = picture(started(), leg("B", PHONE), over("B"))
    assert seen.take()[1] == []


def test_calls_between_colleagues_have_none_either():
    seen = picture(started(direction="internal"), leg("B", PHONE), up("B"), over("B"))
    assert seen.take()[1] == []


def test_a_call_that_ended_unseen_ends_the_part_of_whoever_was_on_it():
    seen = picture(started(), leg("B", PHONE), up("B"))
    seen.feed([facts.CallEnded(pbx=PBX, at=NOW, call=CALL, outcome="unknown")])
    assert [one.interface for one in seen.take()[1]] == [PHONE]


def test_callers_wait_until_they_are_answered_or_gone():
    seen = picture(started(), queued())
    assert seen.waiting("hotline") == 1
    seen.feed([answered()])
    assert seen.waiting("hotline") == 0


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("answered-agent-ends", [PHONE, "PJSIP/trunk"]),
        ("local-member", ["Local/1001@callserver-members/n", PHONE, "PJSIP/trunk"]),
        ("local-member-optimized", ["Local/1001@callserver-members", "PJSIP/trunk", PHONE]),
        ("originate-agent-first-answered", ["PJSIP/trunk", PHONE]),
        ("originate-agent-first-busy", [PHONE]),
        ("originate-agent-first-noanswer", []),
        ("internal-call", []),
        ("abandoned-ringing", ["PJSIP/trunk"]),
    ],
)
def test_on_a_real_switch_the_part_of_these_phones_is_over(name, whose):
    assert sorted(finished(name)) == sorted(whose)


@pytest.mark.parametrize("name", ["answered-agent-ends", "blind-to-agent", "atxfer-finished", "three-way"])
def test_after_a_whole_trace_nobody_is_on_a_call(name):
    seen = Picture(PBX)
    seen.feed(told(trace(name).events()))
    assert seen.calls == {}


def test_a_number_that_turns_out_to_be_withheld_is_known_no_longer():
    seen = picture(started())
    assert seen.calls[CALL].number == "13800138000"
    seen.feed([facts.CallDescribed(pbx=PBX, at=NOW, call=CALL, withheld=True)])
    assert seen.calls[CALL].number is None


def test_a_picture_begun_from_records_knows_who_is_on_a_call():
    floor = story("answered-agent-ends")
    (record,) = floor.scene.book.records.values()
    open_again = Record.from_json(record.to_json())
    open_again.open, open_again.visits[0].completed_by = True, None
    for one in open_again.legs.values():
        one.over = False
    seen = Picture(PBX)
    seen.remember_calls([open_again.to_json()])
    assert list(seen.calls_of(SEAT)) == [record.id]
    seen.feed([facts.AgentFinished(pbx=PBX, at=NOW, call=CallId(record.id), visit=0)])
    assert [one.interface for one in seen.take()[1]] == [PHONE]


def test_a_local_members_phone_is_that_of_its_state_interface_or_hint():
    assert seat("main", "Local/1001@members/n", PHONE).is_phone(PHONE)
    by_hint = seat("main", "Local/1001@members/n")
    assert by_hint.state_interface == "hint:1001@members"
    assert by_hint.is_phone(PHONE)
    assert not by_hint.is_phone("PJSIP/1002")


NAMES = ["PJSIP/1001", "PJSIP/1002", "SIP/1001", "Local/1001@members/n", "Custom:1001", "1001"]


@pytest.mark.parametrize("state", ["PJSIP/1001", "hint:1001@members", "Custom:1001", "hint:9@x"])
@pytest.mark.parametrize("phones", [[], *([one] for one in NAMES), NAMES])
def test_a_seat_is_among_many_phones_where_it_is_one_of_them(state, phones):
    one = seat("main", "Local/1001@members/n", state)
    assert one.is_among(Phones(phones)) is any(map(one.is_phone, phones))

"""What the switch is told of a shift: the difference, as often as makes sense."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callserver.people import Profile
from callserver.seats.asking import QueueAdd, QueuePause, QueueRemove
from callserver.seats.picture import Order, Picture
from callserver.seats.shift import Shift
from callserver.seats.steering import Tries, as_wished, due, vacating
from tests.seats.people import NOW, PHONE, WRAP, at_work, joined, left, paused, picture, shift, unpaused


def orders(of: Shift, seen: Picture, tries: Tries | None = None) -> list[Order]:
    return due(of, seen.memberships(of.seat.interface), tries or Tries())


def pause(queue: str | None, reason: str | None) -> QueuePause:
    return QueuePause(queue=queue, interface=PHONE, paused=reason is not None, reason=reason)


def test_whoever_signs_in_is_put_into_every_queue_of_their_profile_paused_from_the_first_moment():
    new = shift(wish="pause", reason="signed in", carried=False)
    first, second = orders(new, picture())
    assert first == QueueAdd(
        queue="hotline",
        interface=PHONE,
        member="Zhang Wei 张伟",
        state_interface=PHONE,
        penalty=0,
        paused=True,
        reason="signed in",
    )
    assert isinstance(second, QueueAdd)
    assert (second.queue, second.penalty) == ("repair", 2)


def test_what_is_as_wished_is_left_alone():
    assert orders(shift(), at_work()) == []
    assert as_wished(shift(), at_work().memberships(PHONE))


def test_a_pause_is_one_order_for_all_queues():
    assert orders(shift(wish="pause", reason="lunch"), at_work()) == [pause(None, "lunch")]


def test_ready_after_a_pause_is_one_order_too():
    seen = at_work(paused("hotline", "lunch"), paused("repair", "lunch"))
    assert orders(shift(carried=False), seen) == [pause(None, None)]


def test_wrap_up_comes_before_the_wish_and_back_to_it():
    seen, tries = at_work(), Tries()
    assert orders(shift(wrap_up=WRAP), seen, tries) == [pause(None, "wrap-up")]
    seen.feed([paused("hotline", "wrap-up"), paused("repair", "wrap-up")])
    assert orders(shift(wrap_up=WRAP), seen, tries) == []
    assert orders(shift(), seen, tries) == [pause(None, None)]


def test_wrap_up_of_somebody_on_a_pause_ends_in_that_pause():
    seen = at_work(paused("hotline", "wrap-up"), paused("repair", "wrap-up"))
    assert orders(shift(wish="pause", reason="lunch"), seen) == [pause(None, "lunch")]


def test_a_new_wish_is_put_down_once_even_over_somebody_elses_pause():
    seen = at_work(paused("repair", "by supervisor"))
    assert orders(shift(carried=False), seen) == [pause("repair", None)]


def test_somebody_elses_pause_is_not_fought():
    seen = at_work(paused("repair", "by supervisor"), paused("hotline", None))
    assert orders(shift(), seen) == []


def test_a_pause_ended_by_somebody_else_is_renewed_once_and_then_left():
    seen, tries, lunch = at_work(), Tries(), shift(wish="pause", reason="lunch")
    given = []
    for _ in range(5):
        given += orders(lunch, seen, tries)
    assert given == [pause(None, "lunch"), pause(None, "lunch")]


def test_a_membership_that_somebody_ends_is_renewed_once_and_then_left():
    seen, tries = at_work(), Tries()
    given = []
    for _ in range(5):
        seen.feed([left("hotline")])
        new = orders(shift(), seen, tries)
        for one in new:
            seen.came(one, done=True)
        given += new
    assert [type(one) for one in given] == [QueueAdd, QueueAdd]


def test_a_new_wish_that_finds_it_all_right_still_leaves_one_repair():
    seen, tries = at_work(), Tries()
    assert orders(shift(), seen, tries) == []
    given = []
    for _ in range(3):
        seen.feed([left("repair")])
        new = orders(shift(), seen, tries)
        given += new
        for one in new:
            seen.came(one, done=True)
    assert [type(one) for one in given] == [QueueAdd]


def test_a_new_line_to_the_switch_begins_the_count_anew():
    tries = Tries(joins={"hotline": 2, "repair": 2}, wished_at=NOW)
    assert orders(shift(), picture(), tries) == []
    tries.begin_anew()
    assert len(orders(shift(), picture(), tries)) == 2


def test_a_new_wish_begins_the_count_anew():
    tries = Tries(joins={"hotline": 2, "repair": 2}, wished_at=NOW)
    assert len(orders(shift(wished_at=NOW + 1), picture(), tries)) == 2


def test_what_the_switch_refused_is_not_asked_again():
    tries = Tries(wished_at=NOW, refused={"repair": "there is no such queue"})
    assert [one.queue for one in orders(shift(), picture(), tries)] == ["hotline"]


def test_a_members_name_that_is_another_persons_is_replaced():
    seen = at_work(joined("hotline", agent="Li Na"))
    first, second = orders(shift(), seen)
    assert first == QueueRemove(queue="hotline", interface=PHONE)
    assert isinstance(second, QueueAdd)
    assert second.member == "Zhang Wei 张伟"


def test_a_member_of_queues_conf_keeps_its_name_and_penalty():
    seen = picture(joined("hotline", agent="1001", dynamic=False), joined("repair"))
    assert orders(shift(), seen) == []


def test_a_pause_reaches_queues_that_are_not_of_the_profile():
    seen = at_work(joined("vip"))
    assert orders(shift(wish="pause", reason="lunch"), seen) == [pause(None, "lunch")]


def test_whoever_is_leaving_gets_no_more_calls():
    assert orders(shift(leaving=True), at_work()) == [pause(None, "signing out")]


@pytest.mark.parametrize("wish", ["ready", "pause"])
def test_told_once_and_believed_there_is_nothing_more_to_tell(wish):
    seen, tries = picture(), Tries()
    of = shift(wish=wish, reason="lunch" if wish == "pause" else None, carried=False)
    for one in orders(of, seen, tries):
        seen.came(one, done=True)
    assert orders(of, seen, tries) == []
    assert as_wished(of, seen.memberships(PHONE))
    assert orders(replace(of, carried=True), seen, Tries()) == []


def test_a_seat_that_was_left_is_taken_out_of_its_queues_and_paused_where_it_cannot_be():
    seen = picture(joined("hotline"), joined("repair", dynamic=False), joined("vip"))
    found = vacating(PHONE, frozenset({"hotline", "repair", "gone"}), seen.memberships(PHONE))
    assert found == [QueueRemove(queue="hotline", interface=PHONE), pause("repair", "signed out")]
    seen.feed([left("hotline"), paused("repair", "signed out")])
    assert vacating(PHONE, frozenset({"hotline", "repair"}), seen.memberships(PHONE)) == []


def test_nobody_without_queues_is_as_wished_by_accident():
    nowhere = shift(queues=(Profile(queue="hotline"),))
    assert not as_wished(nowhere, picture().memberships(PHONE))
    assert not as_wished(shift(), at_work(unpaused("hotline"), paused("repair", "x")).memberships(PHONE))


def test_no_queue_rings_a_phone_that_is_about_to_ring_for_a_promise_and_it_is_free_again_after_a_crash():
    seen, tries = at_work(), Tries()
    assert orders(shift(promised=True), seen, tries) == [pause(None, "promise")]
    seen.feed([paused("hotline", "promise"), paused("repair", "promise")])
    assert orders(shift(promised=True), seen, tries) == []
    assert orders(shift(), seen) == [pause(None, None)], "nothing is remembered of how it came to be paused"


def test_whoever_is_on_a_pause_or_finishes_a_record_stays_so_while_a_promise_is_made():
    lunch = at_work(paused("hotline", "lunch"), paused("repair", "lunch"))
    assert orders(shift(wish="pause", reason="lunch", promised=True), lunch) == []
    wrapping = at_work(paused("hotline", "wrap-up"), paused("repair", "wrap-up"))
    assert orders(shift(wrap_up=WRAP, promised=True), wrapping) == []

"""A working day driven through the keeper: what is written, what the switch is told, whose screens show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from callserver import facts
from callserver.facts import CallId, Fact, Instant, PbxId
from callserver.people import UserId
from callserver.seats.asking import CommandId, Outcome, QueueAdd, QueuePause, QueueRemove
from callserver.seats.explaining import explain
from callserver.seats.keeping import Keeper
from callserver.seats.picture import Order, Picture
from callserver.seats.shift import Seat, Shift, Vacated, WrapUp
from callserver.seats.steps import (
    SeatCleared,
    ShiftOver,
    Step,
    WentAway,
    WishCarried,
    WrapUpBegun,
    WrapUpOver,
)
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
    joined,
    left,
    leg,
    over,
    paused,
    picture,
    sees,
    shift,
    started,
    unpaused,
    up,
)

WRAP_MS = 60_000
OTHER = CallId("main:2.0")
ON_CALL = (started(), leg("B", PHONE), up("B"), answered())


@dataclass
class Day:
    """A keeper, and a switch that does what it is told unless `refuses` says otherwise."""

    keeper: Keeper
    now: Instant = NOW
    refuses: dict[str, Outcome] = field(default_factory=dict)
    told: list[Order] = field(default_factory=list)
    written: list[object] = field(default_factory=list)

    def step(self, *news: Fact) -> Step:
        """Facts, one step, and what the switch says to its orders."""
        self.keeper.feed(PBX, news)
        step = self.keeper.step(self.now)
        self.written += step.changes
        for whose, pbx, orders in step.orders:
            self.told += orders
            self.keeper.came(whose, pbx, [(order, self.outcome(order)) for order in orders])
        return step

    def outcome(self, order: Order) -> Outcome:
        refused = self.refuses.get(order.queue or "")
        return refused or Outcome(id=CommandId(1), state="done", code="done")

    def until_quiet(self, *news: Fact) -> list[Order]:
        """Steps until there is nothing more to tell; what was told."""
        before = len(self.told)
        self.step(*news)
        for _ in range(9):
            if not self.step().orders:
                break
        else:
            raise AssertionError("it never ends")
        return self.told[before:]

    def later(self, seconds: float) -> None:
        self.now += round(seconds * 1000)

    @property
    def mine(self) -> Shift:
        return self.keeper.shifts[UserId(7)]


def day(seen: Picture | None, *shifts: Shift, left: Iterable[Vacated] = (), absent_s: int = 60) -> Day:
    keeper = Keeper([PBX], wrap_up_ms=WRAP_MS, absent_ms=absent_s * 1000)
    if seen is not None:
        keeper.begin(seen)
    keeper.read(shifts, left)
    return Day(keeper)


def kinds(orders: Iterable[Order]) -> list[str]:
    return [order.kind for order in orders]


def test_signing_in_makes_a_member_and_says_when_the_switch_has_it():
    new = shift(wish="pause", reason="signed in", carried=False)
    it = day(picture(), new)
    assert not it.keeper.settled(UserId(7))
    assert kinds(it.until_quiet()) == ["queue_add", "queue_add"]
    assert it.written == [WishCarried(shift=new)]
    assert it.keeper.settled(UserId(7))


def test_after_a_call_from_the_queue_the_agent_is_in_wrap_up_and_then_ready_again():
    it = day(at_work(), shift())
    it.step(*ON_CALL)
    finished = facts.AgentFinished(pbx=PBX, at=NOW, call=CALL, visit=0)
    (order,) = it.until_quiet(finished)
    assert order == QueuePause(interface=PHONE, paused=True, reason="wrap-up")
    wrap = WrapUp(call=CALL, since=NOW, until=NOW + WRAP_MS)
    assert it.written == [WrapUpBegun(user=UserId(7), wrap_up=wrap)]
    assert it.keeper.next_at(NOW) == NOW + WRAP_MS
    assert it.until_quiet(over("B")) == [], "the phone's leg tells the same end"
    it.later(60)
    assert it.until_quiet() == [QueuePause(interface=PHONE, paused=False)]
    assert it.written[1:] == [WrapUpOver(user=UserId(7), call=CALL)]


def test_the_same_end_told_late_does_not_begin_a_wrap_up_that_was_over():
    it = day(at_work(), shift())
    it.step(*ON_CALL)
    it.until_quiet(facts.AgentFinished(pbx=PBX, at=NOW, call=CALL, visit=0))
    it.keeper.read([shift()], [])  # the record was saved
    it.later(2)
    assert kinds(it.until_quiet(over("B"))) == ["queue_pause"]
    assert it.mine.wrap_up is None


def test_a_call_that_was_made_and_one_that_was_dialled_directly_are_wrapped_up_too():
    for direction in ("outbound", "inbound"):
        it = day(at_work(), shift())
        it.step(started(direction=direction), leg("B", PHONE), up("B"))
        assert kinds(it.until_quiet(over("B"))) == ["queue_pause"]
        assert it.mine.wrap_up is not None


def test_a_second_call_meanwhile_puts_its_wrap_up_in_the_place_of_the_first_and_time_waits_for_it():
    it = day(at_work(), shift())
    it.step(*ON_CALL)
    it.until_quiet(over("B"))
    it.step(started(OTHER), leg("C", PHONE, OTHER), up("C", OTHER))
    it.later(120)
    assert it.until_quiet() == [], "not while the phone is on a call"
    it.until_quiet(over("C", OTHER))
    assert it.mine.wrap_up == WrapUp(call=OTHER, since=it.now, until=it.now + WRAP_MS)
    it.later(60)
    assert it.until_quiet() == [QueuePause(interface=PHONE, paused=False)]


def test_no_wrap_up_where_the_site_wants_none():
    keeper = Keeper([PBX], wrap_up_ms=0, absent_ms=60_000)
    keeper.begin(at_work(*ON_CALL))
    keeper.read([shift()], [])
    it = Day(keeper)
    assert it.until_quiet(over("B")) == []


def test_wrap_up_goes_on_after_a_restart_of_callserver():
    wrap = WrapUp(call=CALL, since=NOW - 30_000, until=NOW + 30_000)
    in_wrap = (paused("hotline", "wrap-up"), paused("repair", "wrap-up"))
    it = day(at_work(*in_wrap), shift(wrap_up=wrap))
    assert it.until_quiet() == []
    it.later(30)
    assert it.until_quiet() == [QueuePause(interface=PHONE, paused=False)]


def test_a_call_that_ended_while_callserver_was_away_is_wrapped_up_when_it_is_seen():
    seen = Picture(PBX)
    seen.feed([joined("hotline"), joined("repair"), *ON_CALL])  # as the store remembers it; no line yet
    it = day(seen, shift())
    assert it.until_quiet() == []
    ended = facts.CallEnded(pbx=PBX, at=NOW, call=CALL, outcome="answered")
    assert it.until_quiet(sees(), ended) == [QueuePause(interface=PHONE, paused=True, reason="wrap-up")]


def test_a_restarted_switch_gets_its_members_back_with_their_pause():
    it = day(at_work(), shift(wish="pause", reason="lunch"))
    it.until_quiet()
    told = it.until_quiet(blind(), left("hotline"), left("repair"), sees())
    assert kinds(told) == ["queue_add", "queue_add"]
    assert all(isinstance(one, QueueAdd) and one.paused and one.reason == "lunch" for one in told)


def test_nothing_is_told_while_the_line_is_down():
    it = day(at_work(blind()), shift(wish="pause", reason="lunch"))
    assert it.until_quiet() == []
    assert it.keeper.settled(UserId(7)), "there is nothing to wait for"
    assert kinds(it.until_quiet(sees())) == ["queue_pause"]


def test_what_somebody_undoes_is_done_once_more_and_never_again():
    it = day(at_work(), shift(wish="pause", reason="lunch"))
    it.until_quiet()
    told = [kinds(it.until_quiet(unpaused("hotline"), unpaused("repair"))) for _ in range(4)]
    assert told == [["queue_pause"], [], [], []]


@pytest.mark.parametrize("heard", [True, False])
def test_the_switchs_answer_does_not_take_back_what_its_events_told_before_it(heard):
    """A busy machine: the answer to an order is looked at after its event, and after that of who undid it at once."""
    it = day(picture(joined("hotline"), unpaused("hotline")), shift())
    (((whose, pbx, (order,)),)) = it.keeper.step(NOW).orders
    assert (order.kind, order.queue) == ("queue_add", "repair")
    if heard:
        it.keeper.feed(PBX, [joined("repair"), left("repair")])
    it.keeper.came(whose, pbx, [(order, it.outcome(order))])
    assert ("repair" in it.keeper.pictures[PBX].memberships(PHONE)) is not heard


def test_the_answer_to_a_pause_is_believed_of_the_queues_whose_event_is_still_to_come():
    it = day(at_work(), shift(wish="pause", reason="lunch"))
    (((whose, pbx, (order,)),)) = it.keeper.step(NOW).orders
    it.keeper.feed(PBX, [paused("hotline", "lunch"), unpaused("hotline")])
    it.keeper.came(whose, pbx, [(order, it.outcome(order))])
    found = it.keeper.pictures[PBX].memberships(PHONE)
    assert {queue: one.paused for queue, one in found.items()} == {"hotline": False, "repair": True}


def test_a_queue_that_is_not_there_is_asked_for_once():
    it = day(picture(), shift(carried=False))
    it.refuses["repair"] = Outcome(id=CommandId(1), state="refused", code="no_queue", said="no such queue")
    assert kinds(it.until_quiet()) == ["queue_add", "queue_add"]
    assert it.keeper.situation(UserId(7)).tries.refused == {"repair": "no such queue"}
    assert it.keeper.settled(UserId(7))


def test_whoever_has_no_screen_for_too_long_is_paused_and_whoever_wishes_a_pause_is_left():
    away = replace(shift(), absent_since=NOW)
    it = day(at_work(), away)
    it.later(59)
    assert it.until_quiet() == []
    assert it.keeper.next_at(it.now) == NOW + 60_000
    it.later(1)
    assert it.until_quiet() == [QueuePause(interface=PHONE, paused=True, reason="absent")]
    assert WentAway(user=UserId(7), before=NOW) in it.written
    it = day(at_work(), replace(away, wish="pause", reason="lunch"))
    it.later(600)
    assert kinds(it.until_quiet()) == ["queue_pause"]
    assert it.mine.reason == "lunch"


def test_signing_out_happens_at_once_and_in_a_call_when_it_is_over():
    it = day(at_work(), shift(leaving=True))
    assert it.step().changes == (ShiftOver(user=UserId(7)),)
    it = day(at_work(*ON_CALL), shift(leaving=True))
    assert it.until_quiet() == [QueuePause(interface=PHONE, paused=True, reason="signing out")]
    assert it.keeper.settled(UserId(7)), "the rest happens when the call is over"
    it.step(over("B"))
    assert it.written[-1] == ShiftOver(user=UserId(7))
    assert not any(isinstance(one, WrapUpBegun) for one in it.written)


def test_a_seat_that_was_left_is_cleared_and_said_to_be():
    empty = Vacated(pbx=PBX, interface=PHONE, queues=frozenset({"hotline", "repair"}), since=NOW)
    it = day(at_work(), left=[empty])
    assert not it.keeper.vacant(PBX, PHONE)
    assert kinds(it.until_quiet()) == ["queue_remove", "queue_remove"]
    assert it.written == [SeatCleared(seat=empty)]
    assert it.keeper.vacant(PBX, PHONE)


def test_a_left_seat_on_which_somebody_sits_by_now_is_cleared_only_of_what_is_not_theirs():
    empty = Vacated(pbx=PBX, interface=PHONE, queues=frozenset({"hotline", "vip"}), since=NOW)
    it = day(at_work(joined("vip")), shift(), left=[empty])
    assert it.until_quiet() == [QueueRemove(queue="vip", interface=PHONE)]


def test_a_seat_that_cannot_be_cleared_is_given_up():
    empty = Vacated(pbx=PBX, interface=PHONE, queues=frozenset({"hotline"}), since=NOW)
    it = day(picture(joined("hotline")), left=[empty])
    it.refuses["hotline"] = Outcome(id=CommandId(1), state="refused", code="switch_refused", said="no")
    assert kinds(it.until_quiet()) == ["queue_remove"] * 3
    assert it.written == [SeatCleared(seat=empty)]


def test_whose_screens_have_something_new():
    it = day(at_work(), shift())
    assert it.step().shown == {7}
    assert it.step().shown == frozenset()
    assert it.step(paused("hotline", "by 1002")).shown == {7}
    assert it.step(joined("hotline", "PJSIP/1002")).shown == frozenset()


def test_who_left_and_who_moved_is_told():
    it = day(at_work(), shift())
    elsewhere = replace(shift(), seat=Seat(pbx=PBX, interface="PJSIP/1002", state_interface="PJSIP/1002"))
    assert it.keeper.read([elsewhere], []) == [(shift(), elsewhere)]
    assert it.keeper.read([], []) == [(elsewhere, None)]
    assert it.step().shown == {7}


def test_a_phone_behind_a_hint_is_known_by_its_name():
    seat = Seat(pbx=PBX, interface="Local/1001@members/n", state_interface="hint:1001@members")
    it = day(at_work(), shift(seat=seat, queues=()))
    it.step(started(), leg("B", PHONE), up("B"))
    it.step(over("B"))
    assert it.mine.wrap_up is not None


def test_another_nodes_switch_is_left_to_it_and_one_that_is_gone_from_the_settings_holds_nobody():
    it = day(None, shift(leaving=True, wrap_up=WrapUp(call=CALL, since=NOW, until=NOW)))
    it.later(600)
    assert it.step().changes == ()
    gone = replace(SEAT, pbx=PbxId("old"))
    it = day(None, shift(leaving=True, seat=gone))
    assert it.step().changes == (ShiftOver(user=UserId(7)),)


def test_a_line_that_stays_up_all_shift_is_no_call():
    it = day(at_work(), shift(leaving=True))
    it.keeper.feed(PBX, [*ON_CALL, facts.CallDescribed(pbx=PBX, at=NOW, call=CALL, shift=True)])
    assert it.step().changes == (ShiftOver(user=UserId(7)),)


def why(it: Day) -> set[str]:
    return {problem.code for problem in explain(it.keeper.situation(UserId(7)))}


def test_a_phone_in_use_is_a_riddle_only_when_no_call_explains_it_for_a_while():
    it = day(at_work(), shift())
    it.step(device("ringing"))
    assert "phone_in_use" not in why(it), "the call that rings is told a moment later"
    assert it.keeper.next_at(it.now) == NOW + 2_000
    it.later(1.9)
    assert not it.step().shown
    it.later(0.1)
    assert it.step().shown == {UserId(7)}
    assert "phone_in_use" in why(it)
    assert it.step(started(), leg("B", PHONE)).shown == {UserId(7)}
    assert "phone_in_use" not in why(it)


def test_a_ringing_that_is_known_is_never_a_riddle():
    it = day(at_work(), shift())
    it.step(started(), leg("B", PHONE), device("ringing"))
    assert it.keeper.next_at(it.now) is None
    it.later(30)
    it.step(device("ringing"))
    assert "phone_in_use" not in why(it)
    it.step(over("B"))  # the device is free a moment later
    it.later(1)
    it.step(device("free"))
    it.later(30)
    it.step()
    assert "phone_in_use" not in why(it)

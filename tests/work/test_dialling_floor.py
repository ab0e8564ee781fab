"""Who could take a call that we owe: shifts and pictures as they come from the switch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callserver import facts
from callserver.facts import PbxId
from callserver.people import UserId
from callserver.seats.keeping import Keeper
from callserver.seats.shift import Seat
from callserver.work.dialling_floor import Hall
from tests.seats.people import (
    NOW,
    PBX,
    PHONE,
    SEAT,
    WRAP,
    answered,
    at_work,
    blind,
    device,
    joined,
    leg,
    paused,
    queued,
    shift,
    started,
    up,
)

ZHANG = UserId(7)


def hall(*told: facts.Fact, **values: object) -> Hall:
    """Zhang Wei at work, and what the switch said."""
    keeper = Keeper([PBX], wrap_up_ms=60_000, absent_ms=60_000)
    keeper.begin(at_work(*told))
    keeper.read([shift(**values)], [])
    return Hall(keeper, targets_s={"hotline": 30})


def test_who_is_ready_and_on_no_call_is_free() -> None:
    (one,) = hall().free(PBX)
    assert (one.user, one.seat, one.queues) == (ZHANG, SEAT, frozenset({"hotline", "repair"}))
    assert hall().owner(ZHANG) == "free"
    assert hall().agent(ZHANG) == one


@pytest.mark.parametrize(
    ("state", "told", "values"),
    [
        ("paused", (), {"wish": "pause", "reason": "lunch"}),
        ("paused", (paused("hotline", "boss"), paused("repair", "boss")), {}),
        ("free", (paused("hotline", "boss"),), {}),
        ("free", (paused("hotline", "promise"), paused("repair", "promise")), {"promised": True}),
        ("absent", (), {"absent_since": NOW}),
        ("busy", (), {"wrap_up": WRAP}),
        ("busy", (paused("hotline", "wrap-up"), paused("repair", "wrap-up")), {"wrap_up": WRAP}),
        ("busy", (device("ringing"),), {}),
        ("busy", (started(), leg("B", PHONE)), {}),
        ("busy", (started(), leg("B", PHONE), up("B"), answered()), {}),
        ("gone", (device("free"), blind()), {}),
        ("gone", (), {"leaving": True}),
    ],
)
def test_everybody_else_is_left_alone(
    state: str, told: tuple[facts.Fact, ...], values: dict[str, object]
) -> None:
    seen = hall(*told, **values)
    assert seen.owner(ZHANG) == state
    assert bool(seen.free(PBX)) == (state == "free")
    assert (seen.agent(ZHANG) is not None) == (state == "free")


def test_a_phone_that_is_in_no_queue_can_ring_too() -> None:
    """Whoever follows up calls answers no queue: nobody asked for the state of their phone."""
    keeper = Keeper([PBX], wrap_up_ms=0, absent_ms=60_000)
    keeper.begin(at_work())
    keeper.read(
        [shift(seat=Seat(pbx=PBX, interface="PJSIP/1009", state_interface="PJSIP/1009"), queues=())], []
    )
    assert Hall(keeper).owner(ZHANG) == "free"


def test_whoever_has_been_ready_longest_is_first() -> None:
    keeper = Keeper([PBX], wrap_up_ms=0, absent_ms=60_000)
    keeper.begin(at_work(joined("hotline", "PJSIP/1002"), device("free", "PJSIP/1002")))
    li = shift(user=UserId(8), seat=replace(SEAT, interface="PJSIP/1002", state_interface="PJSIP/1002"))
    keeper.read([shift(wished_at=NOW + 1), li], [])
    assert [one.user for one in Hall(keeper).free(PBX)] == [8, 7]


def test_people_at_another_switch_are_not_free_here() -> None:
    seen = hall()
    assert seen.free(PbxId("north")) == ()
    assert seen.owner(UserId(99)) == "gone"
    assert seen.switches() == (PBX,)
    assert hall(blind()).switches() == ()


def test_who_waits_past_the_target_is_counted_by_their_own_queue() -> None:
    seen = hall(started(), queued())
    assert seen.waiting(PBX, "hotline") == (NOW,)
    assert [seen.past_target(PBX, "hotline", NOW + ms) for ms in (29_999, 30_000)] == [0, 1]
    assert seen.past_target(PBX, "repair", NOW + 60_000) == 0
    assert seen.past_target(PbxId("north"), "hotline", NOW + 60_000) == 0

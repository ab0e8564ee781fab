"""A picture brought forward equals a fresh one; over every recorded trace, after every fact, from every cut."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import pytest

from callserver.calls.floor import Floor
from callserver.facts import Device, Instant
from callserver.push.screen import Delta, Screen, apply, empty
from tests.calls.traces import PBX, Trace, records, trace, traces

TRACES = [pytest.param(one, id=one.name) for one in traces("22", "20")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A membership as the store has it."""

    queue: str
    interface: str
    agent: str | None
    state_interface: str | None
    penalty: int
    dynamic: bool
    paused: bool
    pause_reason: str | None
    device: Device
    since: Instant | None = None


def remembered(floor: Floor) -> list[Remembered]:
    return [
        Remembered(
            queue=queue,
            interface=agent.interface,
            agent=known.name,
            state_interface=known.state_interface,
            penalty=known.penalty,
            dynamic=known.dynamic,
            paused=known.pause == "paused",
            pause_reason=known.reason,
            device=agent.device,
        )
        for agent in floor.agents.by_interface.values()
        for queue, known in agent.queues.items()
    ]


def lines(deltas: list[Delta]) -> list[str]:
    """Pops as a story: `pop PJSIP/1001 offered`."""
    found = []
    for delta in deltas:
        if delta.type.startswith("pop"):
            what = delta.why or (delta.value or {}).get("state") or ",".join(sorted(delta.value or {}))
            found.append(f"{delta.type} {delta.key.partition('|')[0].removeprefix('main/')} {what}")
    return found


def story(name: str, *seats: str) -> list[str]:
    """What the agents' screens of a trace are told of pops; their phones are known before it begins."""
    screen, floor = Screen(), Floor(PBX)
    members = [
        Remembered(
            queue="hotline", interface=seat, agent=seat[-4:], state_interface=seat, penalty=0, dynamic=False,
            paused=False, pause_reason=None, device="free",
        )
        for seat in seats
    ]  # fmt: skip
    screen.begin(PBX, members=members)
    deltas = [delta for event in trace(name).events() for delta in screen.feed(PBX, floor.feed(event))]
    return lines(deltas)


@pytest.mark.parametrize("one", TRACES)
def test_after_every_fact_the_picture_brought_forward_is_the_fresh_one(one: Trace):
    screen, floor, shown = Screen(), Floor(PBX), empty()
    for event in one.events():
        for fact in floor.feed(event):
            for delta in screen.feed(PBX, [fact]):
                shown = apply(shown, copy.deepcopy(delta.message()))
            assert shown == screen.snapshot(), fact


@pytest.mark.parametrize("one", TRACES)
def test_a_screen_begun_from_stored_records_is_the_one_that_saw_everything(one: Trace):
    """What the store does not remember: since when an agent is in a state, and missed calls that are over."""
    for cut in one.snapshots:
        floor, seen = Floor(PBX), Screen()
        seen.begin(PBX)
        for event in one.events(0, cut.offset):
            seen.feed(PBX, floor.feed(event))
        begun = Screen()
        begun.begin(PBX, [body for body in records(floor) if body["open"]], remembered(floor))
        assert comparable(begun) == comparable(seen), f"cut at {cut.offset}"


def comparable(screen: Screen) -> dict[str, Any]:
    picture = copy.deepcopy(screen.snapshot())
    for agent in picture["agents"].values():
        del agent["since"]
    picture["pops"] = {key: pop for key, pop in picture["pops"].items() if pop["state"] != "missed"}
    picture["queues"] = {
        key: queue for key, queue in picture["queues"].items() if queue["members"] or queue["waiting"]
    }
    return picture


@pytest.mark.parametrize("one", TRACES)
def test_what_has_ended_is_off_the_screen(one: Trace):
    screen, floor = Screen(), Floor(PBX)
    for event in one.events():
        screen.feed(PBX, floor.feed(event))
    going_on = {record.id for record in floor.calls()}
    picture = screen.snapshot()
    assert set(picture["calls"]) == {call for call in going_on if not floor.scene.calls[call].record.shift}
    assert {pop["call"] for pop in picture["pops"].values() if pop["state"] != "missed"} <= going_on


def test_the_phone_rings_and_is_answered():
    assert story("answered-caller-ends") == [
        "pop PJSIP/1001 offered",
        "pop.update PJSIP/1001 answered",
        "pop.closed PJSIP/1001 ended",
    ]


def test_who_loses_a_ringall_sees_the_pop_go():
    told = story("ringall-losers")
    assert told[:3] == ["pop PJSIP/1003 offered", "pop PJSIP/1002 offered", "pop PJSIP/1001 offered"]
    assert sorted(told[3:5]) == [
        "pop.closed PJSIP/1001 answered_elsewhere",
        "pop.closed PJSIP/1003 answered_elsewhere",
    ]
    assert told[5:] == ["pop.update PJSIP/1002 answered", "pop.closed PJSIP/1002 ended"]

"""A picture brought forward equals a fresh one; over every recorded trace, after every fact, from every cut."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass
from typing import Any

import pytest

from callserver import facts
from callserver.ami.events import Snapshot
from callserver.calls.floor import Floor
from callserver.facts import AgentLeftQueue, CallId, Device, Instant, LegId, instant
from callserver.push.agents import Sitter
from callserver.push.screen import Delta, Screen, apply, empty
from callserver.push.values import MISSED_MS
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


def member(seat: str) -> Remembered:
    return Remembered(
        queue="hotline", interface=seat, agent=seat[-4:], state_interface=seat, penalty=0, dynamic=False,
        paused=False, pause_reason=None, device="free",
    )  # fmt: skip


def story(name: str, *seats: str) -> list[str]:
    """What the agents' screens of a trace are told of pops; their phones are known before it begins."""
    screen, floor = Screen(), Floor(PBX)
    screen.begin(PBX, members=[member(seat) for seat in seats])
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


def test_a_supervisor_who_listens_is_neither_ready_nor_talking():
    screen, floor = Screen(), Floor(PBX)
    boss = member("PJSIP/1003")
    screen.begin(PBX, members=[boss])
    seen = list[str]()
    for event in trace("supervisor-changes-mode").events():
        for delta in screen.feed(PBX, floor.feed(event)):
            if (
                delta.type == "agent"
                and delta.key == "main/PJSIP/1003"
                and (delta.value or {})["state"] not in seen[-1:]
            ):
                seen.append((delta.value or {})["state"])
                assert (delta.value or {})["call"] is None
    assert seen in (["listening", "ready"], ["ready", "listening", "ready"])


def test_a_queue_is_there_before_anybody_is_in_it_and_goes_with_the_last_one_when_the_switch_has_it_no_more():
    screen = Screen()
    screen.begin(PBX, members=[member("PJSIP/1001")])
    (new,) = screen.has_queues(PBX, {"hotline", "fresh"})
    assert (new.key, (new.value or {})["members"]) == ("main/fresh", 0)
    screen.has_queues(PBX, {"other"})
    assert {key for key, one in screen.snapshot()["queues"].items() if one["members"]} == {"main/hotline"}
    assert "main/fresh" not in screen.snapshot()["queues"]
    left = AgentLeftQueue(pbx=PBX, at=1, queue="hotline", interface="PJSIP/1001")
    screen.feed(PBX, [left])
    screen.has_queues(PBX, {"other"})
    assert set(screen.snapshot()["queues"]) == {"main/other"}


def test_who_loses_a_ringall_sees_the_pop_go():
    told = story("ringall-losers")
    assert told[:3] == ["pop PJSIP/1003 offered", "pop PJSIP/1002 offered", "pop PJSIP/1001 offered"]
    assert sorted(told[3:5]) == [
        "pop.closed PJSIP/1001 answered_elsewhere",
        "pop.closed PJSIP/1003 answered_elsewhere",
    ]
    assert told[5:] == ["pop.update PJSIP/1002 answered", "pop.closed PJSIP/1002 ended"]


@pytest.mark.parametrize(
    "name", ["22/same-second-burst", "22/atxfer-by-phone", "22/queue-call-picked-up", "22/ringall-losers"]
)
def test_facts_in_any_order_with_any_of_them_missing_leave_a_true_picture(name: str):
    """Not that it happens: but whatever is wrong above, a screen must not contradict itself."""
    floor = Floor(PBX)
    told = [fact for event in trace(name).events() for fact in floor.feed(event)]
    for seed in range(20):
        chance = random.Random(seed)
        some = [fact for fact in told if chance.random() < 0.8]
        chance.shuffle(some)
        screen, shown = Screen(), empty()
        for fact in some:
            for delta in screen.feed(PBX, [fact]):
                shown = apply(shown, delta.message())
        for delta in screen.tick(2**50):
            shown = apply(shown, delta.message())
        assert shown == screen.snapshot(), seed


def test_a_call_handed_on_pops_at_the_colleague_with_who_handed_it_on_and_what_they_wrote():
    screen, floor = Screen(), Floor(PBX)
    screen.begin(PBX, members=[member("PJSIP/1001"), member("PJSIP/1002")])
    seen: list[dict[str, Any]] = []
    for event in trace("blind-to-agent").events():
        for fact in floor.feed(event):
            if type(fact).__name__ == "CallTransferred":
                note = {"by": "PJSIP/1001", "note": "drum does not turn", "ticket": 5}
                screen.learn(fact.call, {"transfer": note})  # type: ignore[union-attr]
            seen += [delta.value or {} for delta in screen.feed(PBX, [fact]) if delta.type == "pop"]
    first, second = seen
    assert first["transfer"] is None
    assert (second["interface"], second["queue"]) == ("PJSIP/1002", None)
    told = second["transfer"]
    assert (told["by"], told["by_name"], told["note"], told["ticket"]) == (
        "PJSIP/1001",
        "Zhang Wei",
        "drum does not turn",
        5,
    )
    assert [visit["end"] for visit in second["visits"]] == ["answered"]


def test_a_second_call_stands_beside_the_first_and_takes_nothing_from_it():
    screen = Screen()
    screen.begin(PBX, members=[member("PJSIP/1001")])
    first, second = (CallId(f"main:{n}.1") for n in (1, 2))
    for call in (first, second):
        screen.feed(PBX, [
            facts.CallStarted(pbx=PBX, at=1, call=call, direction="inbound", caller_number="138"),
            facts.CallQueued(pbx=PBX, at=1, call=call, visit=0, queue="hotline", leg=LegId("a")),
            facts.AgentRang(
                pbx=PBX, at=2, call=call, visit=0, queue="hotline", interface="PJSIP/1001", agent=None,
                leg=LegId(f"b{call}"),
            ),
        ])  # fmt: skip
        if call is first:
            screen.feed(PBX, [
                facts.AgentAnswered(
                    pbx=PBX, at=3, call=call, visit=0, queue="hotline", interface="PJSIP/1001", agent=None,
                    leg=LegId(f"b{call}"),
                ),
            ])  # fmt: skip
    states = {pop["call"]: pop["state"] for pop in screen.snapshot()["pops"].values()}
    assert states == {first: "answered", second: "offered"}


def test_the_same_offer_once_more_is_no_second_pop():
    screen = Screen()
    screen.begin(PBX, members=[member("PJSIP/1001")])
    call = CallId("main:1.1")

    def ring(at: int, leg: str) -> facts.AgentRang:
        return facts.AgentRang(
            pbx=PBX,
            at=at,
            call=call,
            visit=0,
            queue="hotline",
            interface="PJSIP/1001",
            agent=None,
            leg=LegId(leg),
        )

    deltas = screen.feed(PBX, [
        facts.CallStarted(pbx=PBX, at=1, call=call, direction="inbound", caller_number="138"),
        facts.CallQueued(pbx=PBX, at=1, call=call, visit=0, queue="hotline", leg=LegId("a")),
        ring(2000, "b"),
    ])  # fmt: skip
    deltas += screen.feed(PBX, [ring(7000, "c")])
    assert lines(deltas) == ["pop PJSIP/1001 offered", "pop.update PJSIP/1001 offered_at,waited_s"]


def test_who_stopped_ringing_without_a_reason_is_not_offered_the_call_for_long():
    screen = Screen()
    screen.begin(PBX, members=[member("PJSIP/1001")])
    call = CallId("main:1.1")
    screen.feed(PBX, [
        facts.CallStarted(pbx=PBX, at=1, call=call, direction="inbound", caller_number="138"),
        facts.CallQueued(pbx=PBX, at=1, call=call, visit=0, queue="hotline", leg=LegId("a")),
        facts.AgentRang(
            pbx=PBX, at=2, call=call, visit=0, queue="hotline", interface="PJSIP/1001", agent=None, leg=LegId("b")
        ),
        facts.RingEnded(pbx=PBX, at=3, call=call, visit=0, leg=LegId("b"), result="canceled"),
    ])  # fmt: skip
    assert lines(screen.tick(1000)) == []
    assert lines(screen.tick(2000)) == ["pop.closed PJSIP/1001 not_answered"]


def test_a_missed_call_is_gone_after_half_an_hour_and_is_nothing_to_the_next_in_that_seat():
    def missed() -> Screen:
        screen, floor = Screen(), Floor(PBX)
        screen.sit(PBX, "PJSIP/1001", Sitter(user=7))
        for event in trace("abandoned-ringing").events():
            screen.feed(PBX, floor.feed(event))
        return screen

    screen = missed()
    (pop,) = screen.snapshot()["pops"].values()
    assert pop["state"] == "missed"
    gone_at = instant(pop["offered_at"]) or 0
    assert lines(screen.tick(gone_at + MISSED_MS - 1000)) == []
    assert lines(screen.tick(gone_at + MISSED_MS + 60_000)) == ["pop.closed PJSIP/1001 dismissed"]
    screen = missed()
    assert lines(screen.sit(PBX, "PJSIP/1001", Sitter(user=8))) == ["pop.closed PJSIP/1001 dismissed"]


def test_a_gap_shows_and_what_ended_in_it_is_taken_away():
    screen, floor = Screen(), Floor(PBX)
    one = trace("answered-caller-ends")
    screen.feed(PBX, floor.resync(one.snapshots[0].snapshot))
    for event in one.events(0, one.snapshots[len(one.snapshots) // 2].offset):
        screen.feed(PBX, floor.feed(event))
    screen.feed(PBX, floor.lost(one.events()[-1].at, "gone"))
    assert screen.snapshot()["switches"]["main"]["link"] == "down"
    assert screen.snapshot()["switches"]["main"]["blind_since"] is not None
    nothing = Snapshot(at=one.events()[-1].at, booted_at=None, channels=(), queues=(), members=(), waiting=())
    screen.feed(PBX, floor.resync(nothing))
    picture = screen.snapshot()
    assert picture["switches"]["main"] == {"link": "up", "blind_since": None}
    assert (picture["calls"], picture["agents"]) == ({}, {})
    assert all(pop["state"] == "missed" for pop in picture["pops"].values())

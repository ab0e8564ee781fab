"""Help for agents, as far as no switch is needed: what is sent, what is not, what recorded calls say came of it."""

from __future__ import annotations

import asyncio

import pytest

from callserver import facts
from callserver.calls.floor import Floor
from callserver.facts import CallId, LegId
from callserver.node.helping import still_behind
from callserver.node.judging import Judge, Listens, Requeued, Rung, TakenOver
from callserver.node.performing import Performer
from callserver.seats.asking import (
    CallerPriority,
    CallerToQueue,
    Listen,
    Request,
    TakeOver,
    from_json,
    to_json,
)
from tests.node.conftest import eventually
from tests.node.fakes import PBX, FakeLine, events

WANG, LISTENER = "PJSIP/1003", LegId("callserver-listen-1")


def at(scenario: str, last: str) -> tuple[Performer, FakeLine, Floor]:
    """A recorded switch, as it was when the first fact of this name was told."""
    floor, line = Floor(PBX), FakeLine()
    for event in events(scenario):
        if any(type(one).__name__ == last for one in floor.feed(event)):
            break
    line.state = "up"
    return Performer(PBX, line, floor), line, floor


def call_of(floor: Floor) -> tuple[CallId, LegId, LegId]:
    """The first call of the floor, its customer's leg and its agent's."""
    call = next(iter(floor.scene.calls.values()))
    caller, agent = [*call.record.legs, LegId("")][:2]
    return call.id, caller, agent


def listening(call: CallId, leg: LegId, mode: facts.ListenMode = "listen") -> Listen:
    return Listen(call=call, leg=leg, interface=WANG, mode=mode, channel=LISTENER)


def sent(line: FakeLine) -> list[str]:
    return [one.name for one in line.sent if one.name != "ShowDialPlan"]


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_supervisors_phone_rings_and_hears_the_agent_when_the_switch_says_so() -> None:
    performer, line, floor = at("supervisor-changes-mode", "TalkStarted")
    call, _, agent = call_of(floor)
    task = asyncio.create_task(performer.perform(listening(call, agent), now()))
    await eventually(lambda: "Originate" in sent(line))
    started = facts.ListenStarted(pbx=PBX, at=1, call=call, leg=agent, by=WANG, by_leg=LISTENER)
    performer.ears.hear([facts.LegAnswered(pbx=PBX, at=1, call=CallId("main:x"), leg=LISTENER), started])
    came = await task
    assert (came.state, came.code, came.detail) == ("done", "listening", {"call": call})
    fields = dict(line.sent[-1].fields())
    assert (fields["Channel"], fields["Context"], fields["Exten"]) == (WANG, "callserver-spy", "listen")
    assert fields["Variable"] == f"CALLSERVER_SPIED={agent}"


async def test_a_phone_that_listens_changes_without_ringing() -> None:
    performer, line, floor = at("supervisor-changes-mode", "ListenStarted")
    call, caller, agent = call_of(floor)
    task = asyncio.create_task(performer.perform(listening(call, agent, "whisper"), now()))
    await eventually(lambda: "Redirect" in sent(line))
    assert sent(line) == ["Setvar", "Redirect"]
    whispers = facts.ListenStarted(
        pbx=PBX, at=1, call=call, leg=agent, by=WANG, by_leg=LISTENER, mode="whisper"
    )
    performer.ears.hear([whispers])
    assert (await task).code == "listening"
    take = TakeOver(call=call, leg=caller, interface=WANG, channel=LegId("callserver-listen-2"))
    task = asyncio.create_task(performer.perform(take, now()))
    await eventually(lambda: len(sent(line)) == 4)
    performer.ears.hear([facts.TalkStarted(pbx=PBX, at=1, call=call, legs=(caller, LISTENER))])
    assert ((await task).code, dict(line.sent[-1].fields())["Exten"]) == ("taken", "take")


@pytest.mark.parametrize(
    ("last", "change", "code"),
    [
        ("CallQueued", "listen", "over"),  # nobody has answered: there is no agent's leg
        ("CallQueued", "take", "not_talking"),
        ("TalkStarted", "priority", "not_waiting"),
        ("TalkStarted", "queue", "not_waiting"),
    ],
)
async def test_what_fits_no_more_is_refused_and_nothing_is_sent(last: str, change: str, code: str) -> None:
    performer, line, floor = at("supervisor-changes-mode", last)
    call, caller, agent = call_of(floor)
    requests: dict[str, Request] = {
        "listen": listening(call, agent),
        "take": TakeOver(call=call, leg=caller, interface=WANG, channel=LISTENER),
        "priority": CallerPriority(call=call, leg=caller, queue="hotline", priority=10),
        "queue": CallerToQueue(call=call, leg=caller, queue="repair"),
    }
    came = await performer.perform(requests[change], now())
    assert (came.state, came.code) == ("refused", code)
    assert sent(line) == []


async def test_a_dialplan_without_the_context_and_a_phone_in_a_call_are_refused() -> None:
    performer, line, floor = at("supervisor-changes-mode", "TalkStarted")
    call, _, agent = call_of(floor)
    busy = Listen(call=call, leg=agent, interface="PJSIP/1001", mode="listen", channel=LISTENER)
    assert (await performer.perform(busy, now())).code == "in_a_call"
    line.refuses = {"ShowDialPlan": "Did not find context callserver-spy"}
    assert (await performer.perform(listening(call, agent), now())).code == "no_context"
    assert sent(line) == []


def test_a_switch_that_notes_a_priority_and_moves_nobody_is_found_out() -> None:
    def entry(position: int, priority: int) -> dict[str, str]:
        return {"Event": "QueueEntry", "Position": str(position), "Priority": str(priority)}

    entries = [{"Event": "QueueParams"}, entry(1, 0), entry(2, 10)]
    assert still_behind(entries[2], entries)
    assert not still_behind(entry(1, 10), [entry(1, 10), entry(2, 0)])
    assert not still_behind(entry(2, 5), [entry(1, 10), entry(2, 5)])


async def test_a_waiting_caller_is_withdrawn_so_that_nobody_calls_it_abandoned() -> None:
    performer, line, floor = at("callers-moved", "CallQueued")
    call, caller, _ = call_of(floor)
    move = CallerToQueue(call=call, leg=caller, queue="repair", in_front=True)
    queued = facts.CallQueued(pbx=PBX, at=1, call=call, visit=1, queue="repair", leg=caller)
    task = asyncio.create_task(performer.perform(move, now()))
    await eventually(lambda: "QueueWithdrawCaller" in sent(line))
    performer.ears.hear([queued])
    assert (await task).code == "queued"
    assert sent(line) == ["Setvar", "Setvar", "QueueWithdrawCaller"]


@pytest.mark.parametrize(
    ("scenario", "make", "code"),
    [
        ("supervisor-changes-mode", lambda leg: Listens(by_leg=LISTENER, leg=leg, mode="barge"), "listening"),
        ("supervisor-changes-mode", lambda leg: TakenOver(by_leg=LISTENER, leg=leg), "over"),
        ("supervisor-takes-over", lambda leg: Listens(by_leg=LISTENER, leg=leg, mode="barge"), "over"),
    ],
)
def test_a_recorded_switch_says_what_came_of_it(scenario: str, make: object, code: str) -> None:
    floor = Floor(PBX)
    told = [fact for event in events(scenario) for fact in floor.feed(event)]
    agent = next(one.leg for one in told if isinstance(one, facts.AgentAnswered))
    judge: Judge = make(agent)  # type: ignore[operator]
    assert next(came for one in told if (came := judge(one)) is not None).code == code


def test_a_recorded_caller_was_taken_over_and_another_one_moved() -> None:
    floor = Floor(PBX)
    told = [fact for event in events("supervisor-takes-over") for fact in floor.feed(event)]
    caller = next(one.leg for one in told if isinstance(one, facts.CallQueued))
    judge = TakenOver(by_leg=LISTENER, leg=caller, rung=Rung(channel=LISTENER, who=WANG))
    assert next(came for one in told if (came := judge(one)) is not None).code == "taken"
    floor = Floor(PBX)
    told = [fact for event in events("callers-moved") for fact in floor.feed(event)]
    moved = next(one.call for one in told if isinstance(one, facts.CallQueued) and one.queue == "repair")
    requeued = Requeued(call=moved, queue="repair")
    assert next(came for one in told if (came := requeued(one)) is not None).code == "queued"


async def test_after_a_restart_the_switch_tells_what_came_of_it() -> None:
    performer, _, floor = at("supervisor-changes-mode", "ListenStarted")
    call, caller, agent = call_of(floor)
    assert (await performer.recall(listening(call, agent), 1)).state == "done"
    assert (await performer.recall(listening(call, agent, "barge"), 1)).state == "unknown"
    take = TakeOver(call=call, leg=caller, interface=WANG, channel=LISTENER)
    assert (await performer.recall(take, 1)).state == "unknown"


@pytest.mark.parametrize(
    "request_",
    [
        listening(CallId("main:1"), LegId("2"), "barge"),
        TakeOver(call=CallId("main:1"), leg=LegId("2"), interface=WANG, channel=LISTENER),
        CallerPriority(call=CallId("main:1"), leg=LegId("2"), queue="hotline", priority=10),
        CallerToQueue(call=CallId("main:1"), leg=LegId("2"), queue="repair", in_front=True),
    ],
)
def test_a_request_is_the_same_after_it_was_kept(request_: Request) -> None:
    assert from_json(request_.kind, to_json(request_)) == request_

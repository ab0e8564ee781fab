"""Calls to customers, as far as no switch is needed: what is sent, what is not, and what is proof of nothing rung."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from callserver import facts
from callserver.ami.events import Snapshot
from callserver.calls.floor import Floor
from callserver.errors import OutcomeUnknown
from callserver.facts import CallId, Instant, LegId
from callserver.journals.evidence import UNKNOWN, Evidence
from callserver.node import calling_out, telephone
from callserver.node.performing import Performer
from callserver.seats.asking import NOT_RUNG, DialCustomer, Originate, Warn
from tests.node.conftest import eventually
from tests.node.fakes import PBX, FakeLine, events

ASKED = DialCustomer(
    number="02012345678",
    channel=LegId("callserver-7"),
    context="automatic",
    promise=7,
    prompt="survey",
    keys="12345",
    language="zh",
    caller_id="4008001234",
    amd=True,
)

OURS = LegId("callserver-dial-1-a")  # in recordings


def at_work(
    found: Evidence = UNKNOWN, trunks: tuple[str, ...] = ("PJSIP/trunk",), floor: Floor | None = None
) -> tuple[Performer, FakeLine]:
    async def evidence(channel: LegId, sent_at: Instant) -> Evidence:
        return found

    line = FakeLine()
    line.state = "up"
    return Performer(PBX, line, floor or Floor(PBX), trunks=trunks, evidence=evidence), line


def now() -> float:
    return asyncio.get_running_loop().time()


def originates(line: FakeLine) -> list[dict[str, str]]:
    return [
        {name: value for name, value in one.fields() if name != "Variable"}
        for one in line.sent
        if one.name == "Originate"
    ]


async def test_a_customer_is_called_by_our_own_id_and_hears_what_was_asked_for() -> None:
    performer, line = at_work()
    task = asyncio.create_task(performer.perform(ASKED, now()))
    await eventually(lambda: bool(originates(line)))
    performer.ears.hear(
        [facts.LegAnswered(pbx=PBX, at=1, call=CallId("main:callserver-7"), leg=ASKED.channel)]
    )
    came = await task
    assert (came.state, came.code, came.detail) == ("done", "answered", {"call": "main:callserver-7"})
    (sent,) = originates(line)
    assert (sent["Channel"], sent["Context"], sent["ChannelId"], sent["Timeout"]) == (
        "PJSIP/02012345678@trunk",
        "callserver-promise-auto",
        "callserver-7",
        "30000",
    )
    variables = {value for name, value in line.sent[-1].fields() if name == "Variable"}
    assert {"CALLERID(num)=02012345678", "CONNECTEDLINE(num)=4008001234", "CHANNEL(language)=zh"} <= variables
    assert {
        "CALLSERVER_PROMISE=7",
        "CALLSERVER_PROMPT=survey",
        "CALLSERVER_KEYS=12345",
        "CALLSERVER_AMD=1",
    } <= variables


async def test_who_is_on_duty_is_called_and_hears_how_grave_it_is_and_what_it_is_about() -> None:
    performer, line = at_work()
    warn = Warn(
        number="13800138000", channel=LegId("callserver-alert-7"), critical=True, about="links", several=True
    )
    task = asyncio.create_task(performer.perform(warn, now()))
    await eventually(lambda: bool(originates(line)))
    call = CallId("main:callserver-alert-7")
    performer.ears.hear([facts.LegAnswered(pbx=PBX, at=1, call=call, leg=warn.channel)])
    assert (await task).detail == {"call": call}
    (sent,) = originates(line)
    assert (sent["Channel"], sent["Context"]) == ("PJSIP/13800138000@trunk", "callserver-warn")
    variables = {value for name, value in line.sent[-1].fields() if name == "Variable"}
    assert variables == {"CALLERID(num)=13800138000", "CALLSERVER_ALERT=critical-links-several"}
    for wrong in ({"number": "1\r\n2"}, {"about": "../x"}, {"language": "zh,x"}, {"ring_s": 0}):
        assert (await performer.perform(replace(warn, **wrong), now())).code in NOT_RUNG
    assert len(originates(line)) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number": "138\r\nAction: Logoff"}, "bad_number"),
        ({"number": "1" * 10_000}, "bad_number"),
        ({"number": "\u0661\u0663\u0668"}, "bad_number"),
        ({"prompt": "../../etc/passwd"}, "bad_request"),
        ({"prompt": "${SHELL(ls)}"}, "bad_request"),
        ({"keys": "]|.*"}, "bad_request"),
        ({"language": "zh,x=1"}, "bad_request"),
        ({"caller_id": "=cmd()"}, "bad_request"),
        ({"context": "queue"}, "bad_request"),
        ({"context": "agent", "interface": "PJSIP/1&PJSIP/2"}, "bad_request"),
        ({"ring_s": 0}, "bad_request"),
        ({"ring_s": 100_000}, "bad_request"),
    ],
)
async def test_what_no_dialplan_may_be_given_is_refused_and_nothing_is_sent(
    change: dict[str, object], code: str
) -> None:
    performer, line = at_work()
    came = await performer.perform(replace(ASKED, **change), now())  # type: ignore[arg-type]
    assert (came.state, came.code) == ("refused", code)
    assert code in NOT_RUNG
    assert line.sent == []


async def test_without_a_way_outside_or_a_dialplan_for_it_nobody_is_called() -> None:
    performer, line = at_work(trunks=())
    assert (await performer.perform(ASKED, now())).code == "no_trunk"
    performer, line = at_work()
    line.refuses = {"ShowDialPlan": "Did not find context callserver-promise-auto"}
    assert (await performer.perform(ASKED, now())).code == "no_context"
    assert originates(line) == []


async def test_a_process_that_was_stopped_after_the_mark_calls_nobody_any_more() -> None:
    performer, line = at_work()
    late = now() - calling_out.SEND_S - 1
    agent_first = Originate(
        interface="PJSIP/1001", way="number", to="02012345678", channel=LegId("callserver-8")
    )
    for request in (ASKED, agent_first):
        came = await performer.perform(request, late)
        assert (came.state, came.code) == ("refused", "expired")
    assert originates(line) == []
    assert calling_out.LOOK_S > calling_out.SEND_S


async def test_a_call_of_which_nothing_is_heard_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling_out, "GRACE_S", -0.99)
    performer, _ = at_work()
    with pytest.raises(OutcomeUnknown):
        await performer.perform(replace(ASKED, ring_s=1), now())


@pytest.mark.parametrize(
    ("found", "state", "code"),
    [
        (Evidence(kind="not_there"), "refused", "not_sent"),
        (Evidence(kind="rang"), "unknown", "unknown"),
        (UNKNOWN, "unknown", "unknown"),
        (Evidence(kind="rang", cause=17), "refused", "busy"),
        (Evidence(kind="rang", cause=16, answered=True), "done", "answered"),
    ],
)
async def test_a_call_that_was_left_behind_is_what_the_journal_shows(
    monkeypatch: pytest.MonkeyPatch, found: Evidence, state: str, code: str
) -> None:
    monkeypatch.setattr(calling_out, "LOOK_S", 0.0)
    performer, line = at_work(found)
    came = await performer.recall(ASKED, 1_000)
    assert (came.state, came.code) == (state, code)
    assert (code in NOT_RUNG) is (found.kind == "not_there")
    assert line.sent == []


@pytest.mark.parametrize(
    ("found", "code"),
    [(UNKNOWN, "unknown"), (Evidence(kind="rang", cause=16, answered=True), "answered")],
)
async def test_an_agents_phone_whose_end_nobody_saw_may_have_called_the_customer(
    monkeypatch: pytest.MonkeyPatch, found: Evidence, code: str
) -> None:
    """It rang when the line was cut; that it rings no longer does not say that nobody answered."""
    monkeypatch.setattr(telephone, "LOOK_S", 0.0)
    floor = Floor(PBX)
    for event in events("originate-agent-first-answered"):
        floor.feed(event)
        if OURS in floor.scene.chans and floor.scene.chans[OURS].state == "ringing":
            break
    floor.lost(None, "cut")
    floor.resync(Snapshot(at=None, booted_at=None, channels=(), queues=(), members=(), waiting=()))
    performer, _ = at_work(found, floor=floor)
    asked = Originate(interface="PJSIP/1001", way="number", to="02012345678", channel=OURS)
    assert (await performer.recall(asked, 1_000)).code == code

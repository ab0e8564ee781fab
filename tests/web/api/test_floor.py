"""A supervisor's help over HTTP: what is asked of the switch, whose calls and people they are; the node is played."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.facts import LISTENING, Instant, LegId, iso
from callserver.people import Profile
from callserver.seats.asking import CallerPriority, CallerToQueue, Hangup, Listen, TakeOver
from callserver.store.schema import calls as calls_table
from callserver.store.text import dump
from tests.web.api.test_phone import node
from tests.web.conftest import NOW, Site
from tests.web.people import Browser, team, user

OWN, AGENT, CALL, WAITS = "PJSIP/1009", "PJSIP/1001", "main:1.0", "main:2.0"
DIRECT = "main:3.0"


async def signed_in(
    site: Site, login: str, role: str = "agent", seat: str | None = None, **more: Any
) -> Browser:
    await user(site, login, role, name=login.title(), **more)  # type: ignore[arg-type]
    browser = Browser(site)
    assert (await browser.sign_in(login)).status == 204
    if seat is not None:
        assert (await browser.ask("PUT", "me/seat", {"interface": seat})).status == 200
    return browser


def leg(name: str, interface: str, *, caller: bool = False) -> dict[str, Any]:
    return {"leg": name, "interface": interface, "caller": caller, "up": True, "over": False}


async def recorded(site: Site, call: str, queue: str | None, *, talks: bool) -> None:
    """A caller who talks with the agent at 1001, or waits in the queue."""
    legs = [leg("c", "PJSIP/trunk", caller=True), *([leg("a", AGENT)] if talks else [])]
    visit = {
        "queue": queue,
        "leg": "c",
        "end": "answered" if talks else None,
        "agent_leg": "a" if talks else None,
    }
    talk = {"who": {"leg": "c"}, "with": [{"leg": "a"}], "from": iso(NOW), "to": None, "over": False}
    record = {
        "id": call,
        "pbx": "main",
        "started_at": iso(NOW),
        "open": True,
        "legs": legs,
        "queue_visits": [visit] if queue else [],
        "talks": [talk] if talks else [],
    }
    row = {"pbx": "main", "call_id": call, "seq": 1, "gap": False, "open": True, "record": dump(record)}
    await site.store.write(lambda c: c.execute(calls_table.insert().values(**row)))


async def house(site: Site) -> tuple[Browser, Browser, Browser]:
    """Wang, who answers for repair, Li, who works there, and Zhao, who answers for sales."""
    site.vitals.switch("main", "127.0.0.1:5038")
    await team(site, "repair", "repair", "spare")
    await team(site, "sales", "sales")
    wang = await signed_in(site, "wang", "supervisor", OWN, teams=["repair"])
    zhao = await signed_in(site, "zhao", "supervisor", "PJSIP/1008", teams=["sales"])
    li = await signed_in(site, "li.na", seat=AGENT, queues=[Profile(queue="repair")])
    await recorded(site, CALL, "repair", talks=True)
    await recorded(site, WAITS, "repair", talks=False)
    await recorded(site, DIRECT, None, talks=True)
    return wang, li, zhao


async def test_a_supervisor_listens_whispers_and_takes_over(site: Site) -> None:
    wang, li, _ = await house(site)
    async with node(site, code="listening") as seen:
        for mode in ("listen", "whisper", "barge"):
            told = await wang.ask("POST", f"floor/calls/{CALL}/listen", {"mode": mode})
            assert (told.status, told.body["outcome"]) == (200, "done")
        assert (await wang.ask("POST", f"floor/calls/{DIRECT}/take_over", {"why": "shouting"})).status == 200
    *listens, taken = seen
    assert [one.mode for one in listens if isinstance(one, Listen)] == ["listen", "whisper", "barge"]
    assert all(isinstance(one, Listen) and (one.leg, one.interface) == ("a", OWN) for one in listens)
    assert isinstance(taken, TakeOver)
    assert (taken.leg, taken.interface, taken.channel.startswith(LISTENING)) == ("c", OWN, True)
    mine = (await wang.ask("GET", "floor/messages")).body["messages"]
    assert mine == [], "what was done is no message of the supervisor's own"
    read = await li.ask("POST", "me/messages/1/read")
    assert read.status == 204, "but Li is told who took the customer"


async def test_who_waits_is_moved_and_a_call_is_ended(site: Site) -> None:
    wang, _, _ = await house(site)
    async with node(site) as seen:
        for what, given in (
            ("priority", {"priority": 10}),
            ("queue", {"queue": "spare", "in_front": True, "why": "the wrong queue"}),
            ("hang_up", {"why": "a prank"}),
        ):
            assert (await wang.ask("POST", f"floor/calls/{WAITS}/{what}", given)).body["outcome"] == "done"
    assert [type(one) for one in seen] == [CallerPriority, CallerToQueue, Hangup]
    assert {one.leg for one in seen} == {LegId("c")}  # type: ignore[union-attr]
    noted = (await site.api("audit?action=floor.*"))["lines"]
    assert sorted((one["action"], one["subject"]) for one in noted) == [
        ("floor.caller_priority", f"call:{WAITS}"),
        ("floor.caller_to_queue", f"call:{WAITS}"),
        ("floor.hangup", f"call:{WAITS}"),
    ]


@pytest.mark.parametrize(
    ("call", "what", "given"),
    [
        (CALL, "listen", {}),
        (CALL, "take_over", {}),
        (CALL, "hang_up", {}),
        (WAITS, "priority", {"priority": 1}),
        (WAITS, "queue", {"queue": "sales"}),
        (DIRECT, "listen", {}),
    ],
)
async def test_a_call_of_other_teams_is_refused_like_one_that_there_is_not(
    site: Site, call: str, what: str, given: dict[str, Any]
) -> None:
    _, li, zhao = await house(site)
    refused = await zhao.ask("POST", f"floor/calls/{call}/{what}", given)
    unknown = await zhao.ask("POST", f"floor/calls/main:9.9/{what}", given)
    assert (refused.status, refused.body["detail"]) == (404, unknown.body["detail"])
    assert (await li.ask("POST", f"floor/calls/{call}/{what}", given)).status == 403, "no agent helps"


async def test_what_does_not_fit_the_call_is_refused_in_words(site: Site) -> None:
    wang, _, _ = await house(site)
    for call, what, given, status in (
        (WAITS, "listen", {}, 409),
        (CALL, "priority", {"priority": 1}, 409),
        (WAITS, "queue", {"queue": "repair"}, 409),
        (WAITS, "queue", {"queue": "sales"}, 422),
        (CALL, "listen", {"agent": "PJSIP/1002"}, 409),
        (CALL, "listen", {"mode": "shout"}, 422),
        (CALL, "listen", {"seat": {"pbx": "main", "interface": AGENT}}, 403),
        ("main:1\r\nAction: Logoff", "listen", {}, 404),
    ):
        said = await wang.ask("POST", f"floor/calls/{call}/{what}", given)
        assert said.status in (status, 400 if status == 422 else status), (call, what, said.body)
    assert (await wang.ask("DELETE", "me/seat")).status == 204


async def test_an_agent_is_paused_made_ready_and_signed_out_with_a_reason_that_they_read(site: Site) -> None:
    wang, li, _ = await house(site)
    me = (await li.ask("GET", "me")).body["user"]["id"]
    paused = await wang.ask("POST", f"floor/agents/{me}/pause", {"reason": "training", "why": "row 4"})
    assert (paused.body["wish"], paused.body["reason"]) == ("pause", "training")
    assert (paused.body["deed"]["by"], paused.body["deed"]["number"]) == ("Wang", 1)
    assert (await li.ask("GET", "me/seat")).body["reason"] == "training"
    ready = await wang.ask("POST", f"floor/agents/{me}/ready", {"seen": 1})
    assert ready.body["wish"] == "ready"
    gone = await wang.ask("POST", f"floor/agents/{me}/sign_out", {"why": "home"})
    assert gone.body["leaving"]
    assert [(await li.ask("POST", f"me/messages/{one}/read")).status for one in (1, 2, 3, 4)] == [
        204,
        204,
        204,
        404,
    ]


async def test_the_second_of_two_supervisors_is_told_of_the_first(site: Site) -> None:
    wang, li, _ = await house(site)
    ma = await signed_in(site, "ma", "supervisor", teams=["repair"])
    me = (await li.ask("GET", "me")).body["user"]["id"]
    assert (await wang.ask("POST", f"floor/agents/{me}/pause", {"reason": "lunch"})).status == 200
    refused = await ma.ask("POST", f"floor/agents/{me}/ready", {})
    assert (refused.status, refused.body["detail"]) == (409, "Li.Na was paused by Wang 0 s ago (lunch)")
    assert (await ma.ask("POST", f"floor/agents/{me}/ready", {"seen": 0})).status == 409
    assert (await ma.ask("POST", f"floor/agents/{me}/ready", {"seen": 1})).status == 200
    assert (await wang.ask("POST", f"floor/agents/{me}/sign_out", {"seen": 1})).status == 409


async def test_an_agent_gets_other_queues_of_the_supervisors_own(site: Site) -> None:
    wang, li, _ = await house(site)
    me = (await li.ask("GET", "me")).body["user"]["id"]
    given = await wang.ask("POST", f"floor/agents/{me}/queues", {"add": ["spare"], "remove": ["repair"]})
    assert [one["queue"] for one in given.body["queues"]] == ["spare"]
    for wrong in ({"add": ["sales"]}, {"remove": ["nowhere"]}, {}):
        assert (await wang.ask("POST", f"floor/agents/{me}/queues", {**wrong, "seen": 1})).status in (
            400,
            422,
        )


@pytest.mark.parametrize("what", ["pause", "ready", "sign_out", "queues", "why"])
async def test_people_of_other_teams_are_refused_like_those_that_there_are_not(site: Site, what: str) -> None:
    _, li, zhao = await house(site)
    me = (await li.ask("GET", "me")).body["user"]["id"]
    given = {"pause": {"reason": "lunch"}, "queues": {"add": ["sales"]}}.get(what, {})
    method = "GET" if what == "why" else "POST"
    refused = await zhao.ask(method, f"floor/agents/{me}/{what}", given if method == "POST" else None)
    unknown = await zhao.ask(method, f"floor/agents/999/{what}", given if method == "POST" else None)
    assert (refused.status, refused.body["detail"]) == (404, unknown.body["detail"])


async def test_why_an_agent_gets_no_calls_is_said_about_them(site: Site) -> None:
    wang, li, _ = await house(site)
    me = (await li.ask("GET", "me")).body["user"]["id"]
    told = (await wang.ask("GET", f"floor/agents/{me}/why")).body
    assert (told["name"], told["seat"]["interface"], told["wish"]) == ("Li.Na", AGENT, "pause")
    assert told["problems"][0]["text"].startswith("Another callserver looks after Asterisk main")
    assert (await li.ask("DELETE", "me/seat")).status == 204


async def test_messages_reach_a_person_a_team_and_everybody_and_say_who_read_them(site: Site) -> None:
    wang, li, zhao = await house(site)
    me = (await li.ask("GET", "me")).body["user"]["id"]
    await signed_in(site, "chen", teams=["repair"])
    one = await wang.ask(
        "POST", "floor/messages", {"text": "<b>水管</b>\n=cmd()", "user": me, "urgent": True}
    )
    assert (one.status, [reader["name"] for reader in one.body["readers"]]) == (201, ["Li.Na"])
    crew = await wang.ask("POST", "floor/messages", {"text": "Storm", "team": "repair"})
    assert [reader["name"] for reader in crew.body["readers"]] == ["Chen"]
    everybody = await wang.ask("POST", "floor/messages", {"text": "Tea", "all": True})
    assert sorted(reader["name"] for reader in everybody.body["readers"]) == ["Chen", "Li.Na"]
    site.now = Instant(NOW + 5_000)
    assert (await li.ask("POST", f"me/messages/{one.body['id']}/read")).status == 204
    newest, _, oldest = (await wang.ask("GET", "floor/messages")).body["messages"]
    assert (newest["text"], newest["to"]) == ("Tea", None)
    assert oldest["text"] == "<b>水管</b>\n=cmd()"
    assert oldest["readers"][0]["read_at"] == iso(NOW + 5_000)
    assert (await zhao.ask("POST", f"me/messages/{one.body['id']}/read")).status == 404, "it is not Zhao's"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"text": "x"}, 422),
        ({"text": "  ", "all": True}, 422),
        ({"text": "x" * 501, "all": True}, 422),
        ({"text": "x", "all": True, "team": "repair"}, 422),
        ({"text": "x", "team": "sales"}, 404),
        ({"text": "x", "user": 999}, 404),
    ],
)
async def test_a_message_to_nobody_of_ones_own_is_refused(
    site: Site, given: dict[str, Any], status: int
) -> None:
    wang, _, _ = await house(site)
    said = await wang.ask("POST", "floor/messages", given)
    assert said.status in (status, 400 if status == 422 else status)

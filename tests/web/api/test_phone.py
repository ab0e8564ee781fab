"""The telephone over HTTP: who may do what with which call, and what is asked of the switch; a node is played here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callserver.facts import PbxId, iso
from callserver.people import Profile
from callserver.seats.asking import (
    AttendedTransfer,
    BlindTransfer,
    CommandId,
    Hangup,
    Originate,
    Outcome,
    Request,
)
from callserver.store import commands, leases
from callserver.store.commands import Owner
from callserver.store.schema import calls as calls_table
from callserver.store.text import dump
from callserver.web.switchboard import Switchboard
from tests.ami.fake_switch import eventually
from tests.web.conftest import NOW, Site
from tests.web.people import Browser, user

PHONE, OTHERS = "PJSIP/1001", "PJSIP/1002"
PBX = PbxId("main")
CALL = "main:1795289156.0"
SEAT = {"pbx": "main", "interface": PHONE}
NUMBER = "13800138000"


async def agent(site: Site, login: str = "li.na", **more: Any) -> Browser:
    """Somebody who is signed in and sits at a phone."""
    site.vitals.switch("main", "127.0.0.1:5038")
    await user(site, login, name=login.title(), queues=[Profile(queue="repair")], **more)
    browser = Browser(site)
    assert (await browser.sign_in(login)).status == 204
    interface = PHONE if login == "li.na" else "PJSIP/1009"
    assert (await browser.ask("PUT", "me/seat", {"interface": interface})).status == 200
    return browser


async def on_record(site: Site, call: str = CALL, interface: str = PHONE, queue: str = "repair") -> None:
    """A call between the trunk and a phone, through a queue."""
    legs = [
        {"leg": f"{call}-t", "interface": "PJSIP/trunk", "up": True, "over": False},
        {"leg": f"{call}-old", "interface": interface, "up": True, "over": True},
        {"leg": f"{call}-p", "interface": interface, "up": True, "over": False},
    ]
    record = {"id": call, "pbx": "main", "started_at": iso(NOW), "legs": legs, "open": True}
    row = {
        "pbx": "main",
        "call_id": call,
        "seq": 1,
        "gap": False,
        "open": True,
        "record": dump({**record, "queue_visits": [{"queue": queue}]}),
    }
    await site.store.write(lambda connection: connection.execute(calls_table.insert().values(**row)))


@asynccontextmanager
async def node(site: Site, answer: str = "done", code: str = "done") -> AsyncIterator[list[Request]]:
    """Takes what is asked for as the owner of the switch does, and settles it so; what it was."""
    lease = await leases.acquire(site.store, leases.lease_of(PBX), "node/1", 600)
    assert lease is not None
    owner, seen = Owner(pbx=PBX, holder=lease.holder, epoch=lease.epoch), list[Request]()

    async def work() -> None:
        while True:
            for one in await commands.take(site.store, owner):
                assert one.request is not None
                seen.append(one.request)
                came = Outcome(id=one.id, state=answer, code=code, said="", detail={"call": CALL})  # type: ignore[arg-type]
                await commands.settle(site.store, came)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(work())
    yield seen
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
def waited_for(monkeypatch: pytest.MonkeyPatch) -> list[CommandId]:
    """The requests whose outcome is waited for: one each time that somebody begins to."""
    begun: list[CommandId] = []
    outcome = Switchboard.outcome

    async def noted(board: Switchboard, id: CommandId, timeout_s: float) -> Outcome:
        begun.append(id)
        return await outcome(board, id, timeout_s)

    monkeypatch.setattr(Switchboard, "outcome", noted)
    return begun


async def test_a_number_is_dialled_from_the_own_phone(site: Site) -> None:
    li = await agent(site)
    async with node(site, code="answered") as seen:
        told = await li.ask("POST", "phone/calls", {"number": "+86 138 0013 8000", "name": "王"})
    assert told.body == {"outcome": "done", "code": "answered", "said": "", "call": CALL}
    (dialled,) = seen
    assert isinstance(dialled, Originate)
    assert (dialled.interface, dialled.way, dialled.to) == (PHONE, "number", NUMBER)
    assert (dialled.shown_number, dialled.shown_name) == (NUMBER, "王")
    assert dialled.channel.startswith("callserver-")


async def test_two_clicks_dial_once_and_another_number_waits(site: Site, waited_for: list[CommandId]) -> None:
    li = await agent(site)
    clicks = []
    for click in (1, 2):
        clicks.append(asyncio.create_task(li.ask("POST", "phone/calls", {"number": NUMBER})))
        await eventually(lambda click=click: len(waited_for) == click)  # type: ignore[misc]
    other = await li.ask("POST", "phone/calls", {"number": "13900139000"})
    assert (other.body["outcome"], other.body["code"]) == ("refused", "in_hand")
    async with node(site) as seen:
        assert [(await one).body["outcome"] for one in clicks] == ["done", "done"]
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("119", "service_number"),
        ("+1 202 555 0100", "abroad"),
        ("=cmd|' /C calc'!A0", "not_a_number"),
        ("138\r\nAction: Hangup", "not_a_number"),
        ("<script>", "not_a_number"),
        ("9" * 60, "not_a_number"),
    ],
)
async def test_what_is_not_dialled_from_here_is_asked_of_no_switch(
    site: Site, number: str, code: str
) -> None:
    li = await agent(site)
    told = await li.ask("POST", "phone/calls", {"number": number})
    assert (told.status, told.body["outcome"], told.body["code"]) == (200, "refused", code)
    assert not await commands.waiting(site.store, PBX)


async def test_who_does_not_want_to_be_called_is_rung_with_a_reason_on_a_ticket_only(site: Site) -> None:
    li = await agent(site)
    await on_record(site)
    number = {"received": NUMBER, "do_not_call": True}
    made = await site.ask("POST", "customers", {"name": "Wang", "numbers": [number]})
    assert made.status == 201, made.body
    ticket = (await site.ask("POST", "tickets", {"kind": "repair", "caller": NUMBER})).body["id"]
    refused = await li.ask("POST", "phone/calls", {"number": NUMBER})
    assert refused.body["code"] == "do_not_call"
    nowhere = await li.ask("POST", "phone/calls", {"number": NUMBER, "override": "they asked"})
    assert nowhere.status in (400, 422)
    ways = [{"call": CALL, "how": how, "to": {"number": NUMBER}} for how in ("blind", "attended")]
    ways.append(
        {"call": CALL, "how": "blind", "to": {"queue": NUMBER}}
    )  # dialled where there is no such queue
    for passed in ways:
        assert (await li.ask("POST", "phone/transfers", passed | {"ticket": ticket})).body[
            "code"
        ] == "do_not_call"
        assert (await li.ask("POST", "phone/transfers", passed | {"override": "x"})).status in (400, 422)
    assert not await commands.waiting(site.store, PBX)
    async with node(site):
        asked = {"number": NUMBER, "override": "asked by mail", "ticket": ticket}
        assert (await li.ask("POST", "phone/calls", asked)).body["outcome"] == "done"
        passed = ways[0] | {"note": "his wife", "override": "is waited for", "ticket": ticket}
        assert (await li.ask("POST", "phone/transfers", passed)).body["outcome"] == "done"
    told = str((await site.api(f"tickets/{ticket}/timeline"))["entries"])
    assert all(words in told for words in ("asked by mail", "his wife", "passed on to", "is waited for"))


async def test_the_own_leg_of_the_own_call_is_what_is_meant(site: Site) -> None:
    li = await agent(site)
    await on_record(site)
    async with node(site) as seen:
        for path, more in (
            ("hangup", {}),
            ("transfers", {"how": "blind", "to": {"queue": "sales"}}),
            ("transfers", {"how": "attended", "to": {"agent": OTHERS}}),
            ("transfers/finish", {}),
            ("transfers/cancel", {}),
        ):
            assert (await li.ask("POST", f"phone/{path}", {"call": CALL, **more})).body["outcome"] == "done"
    leg = {"call": CALL, "leg": f"{CALL}-p"}
    assert seen == [
        Hangup(**leg),  # type: ignore[arg-type]
        BlindTransfer(**leg, way="queue", to="sales"),  # type: ignore[arg-type]
        AttendedTransfer(**leg, step="begin", way="agent", to=OTHERS),  # type: ignore[arg-type]
        AttendedTransfer(**leg, step="finish"),  # type: ignore[arg-type]
        AttendedTransfer(**leg, step="cancel"),  # type: ignore[arg-type]
    ]


async def test_calls_of_others_are_none_of_an_agents(site: Site) -> None:
    li = await agent(site)
    await on_record(site, interface=OTHERS)
    named = {"pbx": "main", "interface": OTHERS}
    for path in ("hangup", "transfers/finish", "transfers/cancel"):
        assert (await li.ask("POST", f"phone/{path}", {"call": CALL})).status == 404
        assert (await li.ask("POST", f"phone/{path}", {"call": CALL, "seat": named})).status == 403
    assert (await li.ask("POST", "phone/calls", {"number": NUMBER, "seat": named})).status == 403
    assert (await li.ask("POST", "phone/hangup", {"call": "main:none"})).status == 404
    assert not await commands.waiting(site.store, PBX)


async def test_a_supervisor_ends_calls_of_their_queues_and_of_no_others(site: Site) -> None:
    chief = await agent(site, "chief", role="supervisor")
    await on_record(site, interface=OTHERS)
    await on_record(site, "main:2.0", OTHERS, queue="sales")
    named = {"pbx": "main", "interface": OTHERS}
    async with node(site) as seen:
        ended = await chief.ask("POST", "phone/hangup", {"call": CALL, "seat": named})
    assert ended.body["outcome"] == "done"
    assert [type(one) for one in seen] == [Hangup]
    assert (await chief.ask("POST", "phone/hangup", {"call": "main:2.0", "seat": named})).status == 403


async def test_who_sits_nowhere_calls_nobody_and_a_token_names_its_phone(site: Site) -> None:
    site.vitals.switch("main", "127.0.0.1:5038")
    await user(site, "wang")
    wang = Browser(site)
    assert (await wang.sign_in("wang")).status == 204
    assert (await wang.ask("POST", "phone/calls", {"number": NUMBER})).status == 409
    token = await site.token("phone:use")
    assert (await site.ask("POST", "phone/calls", {"number": NUMBER}, token=token)).status in (400, 422)
    async with node(site):
        asked = {"number": NUMBER, "seat": SEAT}
        assert (await site.ask("POST", "phone/calls", asked, token=token)).body["outcome"] == "done"
    nobody = await site.token("calls:read")
    assert (await site.ask("POST", "phone/calls", {"number": NUMBER}, token=nobody)).status == 403


async def test_a_note_goes_onto_the_ticket_and_everything_into_the_audit(site: Site) -> None:
    li = await agent(site)
    await on_record(site)
    ticket = (await site.ask("POST", "tickets", {"kind": "repair", "caller": NUMBER})).body["id"]
    body = {"call": CALL, "how": "blind", "to": {"queue": "sales"}, "note": "<b>=1+1", "ticket": ticket}
    async with node(site):
        assert (await li.ask("POST", "phone/transfers", body)).body["outcome"] == "done"
    told = await site.api(f"tickets/{ticket}/timeline")
    assert any("<b>=1+1" in str(entry) for entry in told["entries"])
    lines = (await site.api("audit"))["lines"]
    assert [line["subject"] for line in lines if line["action"] == "phone.blind_transfer"] == [f"call:{CALL}"]


async def test_what_was_refused_stands_on_no_ticket_and_asking_again_writes_it_once(site: Site) -> None:
    li = await agent(site)
    await on_record(site)
    ticket = (await site.ask("POST", "tickets", {"kind": "repair", "caller": NUMBER})).body["id"]
    body = {
        "call": CALL,
        "how": "blind",
        "to": {"agent": OTHERS},
        "note": "wants her money",
        "ticket": ticket,
    }

    async def noted() -> int:
        entries = (await site.api(f"tickets/{ticket}/timeline"))["entries"]
        return len([one for one in entries if one["kind"] == "note"])

    async with node(site, answer="refused", code="busy"):
        assert (await li.ask("POST", "phone/transfers", body)).body["code"] == "busy"
        assert await noted() == 0
    async with node(site) as seen:
        assert (await li.ask("POST", "phone/transfers", {**body, "anyway": True})).body["outcome"] == "done"
    assert [getattr(one, "anyway", None) for one in seen] == [True]
    assert await noted() == 1


@pytest.mark.parametrize("to", [{}, {"queue": "a", "number": NUMBER}])
async def test_a_transfer_goes_to_one_place(site: Site, to: dict[str, str]) -> None:
    li = await agent(site)
    await on_record(site)
    body = {"call": CALL, "how": "blind", "to": to}
    assert (await li.ask("POST", "phone/transfers", body)).status in (400, 422)


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ({"agent": "PJSIP/110"}, "service_number"),
        ({"agent": "PJSIP/0012025550100"}, "abroad"),
        ({"agent": "Local/0012025550100@phones/n"}, "abroad"),
        ({"agent": "x/-110"}, "service_number"),
        ({"agent": "PJSIP/"}, "not_a_number"),
        ({"queue": "110"}, "service_number"),
        ({"queue": "-1-1-0"}, "service_number"),
        ({"queue": "0012025550100"}, "abroad"),
        ({"queue": "138 0013 8000"}, "not_a_number"),
        ({"queue": "013800138000@trunk&Local/1@x,60,g(${SHELL(id)})"}, "not_a_number"),
    ],
)
async def test_no_name_of_an_agent_or_a_queue_is_a_way_round_the_rules_of_dialling(
    site: Site, to: dict[str, str], code: str
) -> None:
    li = await agent(site)
    await on_record(site)
    for how in ("blind", "attended"):
        told = await li.ask("POST", "phone/transfers", {"call": CALL, "how": how, "to": to})
        assert (told.status, told.body["outcome"], told.body["code"]) == (200, "refused", code)
    assert not await commands.waiting(site.store, PBX)


async def test_the_right_to_telephone_is_none_to_write_on_tickets(site: Site) -> None:
    site.vitals.switch("main", "127.0.0.1:5038")
    await on_record(site)
    ticket = (await site.ask("POST", "tickets", {"kind": "repair", "caller": NUMBER})).body["id"]
    token = await site.token("phone:use")
    body = {"call": CALL, "how": "blind", "to": {"queue": "sales"}, "note": "x", "seat": SEAT}
    refused = await site.ask("POST", "phone/transfers", {**body, "ticket": ticket}, token=token)
    assert refused.status == 403
    assert not await commands.waiting(site.store, PBX), "nothing is done where not all of it can be"
    async with node(site):
        assert (await site.ask("POST", "phone/transfers", body, token=token)).body["outcome"] == "done"
    assert "note" not in [one["kind"] for one in (await site.api(f"tickets/{ticket}/timeline"))["entries"]]


async def test_what_was_not_seen_is_said_to_be_unknown(site: Site) -> None:
    li = await agent(site)
    await on_record(site)
    async with node(site, answer="unknown", code="unknown"):
        told = await li.ask("POST", "phone/hangup", {"call": CALL})
    assert (told.body["outcome"], told.body["code"]) == ("unknown", "unknown")

"""Calls that are owed, started by hand: what is asked of the switch, what holds a call back; a node is played here."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callserver.facts import PbxId
from callserver.seats.asking import CommandId, Originate
from callserver.store import commands
from callserver.store.outbox import Event
from tests.ami.fake_switch import eventually
from tests.web.api.test_keeping import owed
from tests.web.api.test_phone import NUMBER, PBX, PHONE, agent, node, waited_for
from tests.web.conftest import BOTH, Site
from tests.web.people import Browser

__all__ = ["waited_for"]
HOUR = 3_600_000


async def start(browser: Browser, path: str, **body: Any) -> dict[str, Any]:
    said = await browser.ask("POST", f"{path}/start", body)
    assert said.status == 200, said.body
    return dict(said.body)


@BOTH
async def test_a_promise_is_started_from_the_own_phone_and_on_record_before(site: Site) -> None:
    li = await agent(site)
    _, path = await owed(site)
    async with node(site, code="answered") as seen:
        told = await start(li, path)
    assert (told["outcome"], told["code"]) == ("done", "answered")
    (dialled,) = seen
    assert isinstance(dialled, Originate)
    assert (dialled.interface, dialled.to, dialled.promise) == (PHONE, NUMBER, 1)
    (tried,) = (await site.api(f"{path}/attempts"))["attempts"]
    assert (tried["n"], tried["mode"], tried["number"], tried["outcome"]) == (
        1,
        "agent_first",
        "+86" + NUMBER,
        None,
    )
    assert tried["call"] == f"main:{dialled.channel}"
    now = await site.api(path)
    assert (now["status"], now["tries"], now["reserved"]["login"]) == ("dialling", 1, "li.na")


async def test_two_clicks_are_one_call(site: Site, waited_for: list[CommandId]) -> None:
    li = await agent(site)
    _, path = await owed(site)
    clicks = []
    for click in (1, 2):
        clicks.append(asyncio.create_task(li.ask("POST", f"{path}/start", {})))
        await eventually(lambda click=click: len(waited_for) == click)  # type: ignore[misc]
    async with node(site) as seen:
        assert [(await one).body["outcome"] for one in clicks] == ["done", "done"]
    assert len(seen) == 1
    assert len((await site.api(f"{path}/attempts"))["attempts"]) == 1


async def test_whoever_does_not_want_to_be_called_is_not_unless_somebody_answers_for_it(site: Site) -> None:
    li = await agent(site)
    number = {"received": NUMBER, "do_not_call": True}
    await site.ask("POST", "customers", {"name": "Wang", "numbers": [number]})
    ticket, path = await owed(site, "return_visit")
    assert (await start(li, path))["code"] == "do_not_call"
    async with node(site):
        assert (await start(li, path, override="asked for it by mail"))["outcome"] == "done"
    told = await site.api(f"tickets/{ticket}/timeline")
    assert any("asked for it by mail" in str(entry) for entry in told["entries"])


async def test_outside_the_hours_of_its_policy_a_call_needs_a_reason(site: Site) -> None:
    li = await agent(site)
    _, path = await owed(site, "return_visit")
    hours = {"weekly": [[{"begin": 0, "end": 1}]] * 7}
    assert (await site.ask("PUT", "policies/return_visit", {"hours": hours}, If_Match='"0"')).status == 200
    assert (await start(li, path))["code"] == "outside_hours"
    assert not await commands.waiting(site.store, PbxId(PBX))


@pytest.mark.parametrize("scope", ["all", "callback"])
async def test_what_is_paused_is_started_by_nobody(site: Site, scope: str) -> None:
    li = await agent(site)
    _, path = await owed(site)
    told: list[Any] = []
    site.store.on_told(told.extend)
    paused = await site.ask("PUT", f"dialling/{scope}", {"paused": True, "why": "storm"})
    assert (paused.body["paused"], paused.body["why"]) == (True, "storm")
    assert (await start(li, path))["code"] == "paused"
    assert {one["scope"] for one in (await site.api("dialling"))["switches"] if one["paused"]} == {scope}
    assert (await site.ask("PUT", f"dialling/{scope}", {"paused": False})).body["paused"] is False
    events = [one for one in told if isinstance(one, Event) and one.subject == f"dialling:{scope}"]
    thrown = [(one.type, one.body["by"]) for one in events]
    assert [one for one, _ in thrown] == ["callserver.dialling.paused", "callserver.dialling.resumed"]
    assert all(by for _, by in thrown)
    async with node(site):
        assert (await start(li, path))["outcome"] == "done"


async def test_a_pause_needs_a_reason_and_something_that_there_is(site: Site) -> None:
    assert (await site.ask("PUT", "dialling/all", {"paused": True, "why": " "})).fields == ["why"]
    assert (await site.ask("PUT", "dialling/<script>", {"paused": True, "why": "x"})).status == 404


async def test_who_sits_nowhere_starts_nothing(site: Site) -> None:
    _, path = await owed(site)
    token = await site.token("promises:dial")
    assert (await site.ask("POST", f"{path}/start", {}, token=token)).fields == ["seat"]
    assert (await site.ask("POST", "promises/99/start", {})).status == 404


async def test_what_somebody_else_is_dialling_is_not_started_again(site: Site) -> None:
    li, bo = await agent(site), await agent(site, "bo.wen")
    _, path = await owed(site)
    async with node(site):
        await start(li, path)
        said = await bo.ask("POST", f"{path}/start", {})
    assert said.status == 409

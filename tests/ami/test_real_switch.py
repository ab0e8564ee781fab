"""The link and the check against a real Asterisk: what the fake one cannot vouch for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from asterisk_conf import contract
from callserver.ami import commands, events
from callserver.ami.check import Finding, Places, ask, findings
from callserver.ami.link import Connected, Heard, Link, LinkSettings, Lost, Restored
from callserver.ami.session import Session
from callserver.errors import ActionRefused, LoginRefused
from callserver.facts import Instant, PbxId
from tests.ami.test_link import running, until
from tests.rig.asterisk import FILTERED, LOOPBACK, SECRET, UNFILTERED, Asterisk
from tests.rig.provision import Switch
from tests.rig.scenarios import hotline, stage_plan

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.fixture(params=["asterisk_22", "asterisk_16"])
async def asterisk(request: pytest.FixtureRequest) -> AsyncIterator[Asterisk]:
    software: Switch = request.getfixturevalue(request.param)
    async with Asterisk(stage_plan(hotline(wrapup_s=2)), software=software) as started:
        yield started


def settings(
    asterisk: Asterisk, user: str = FILTERED.user, secret: str = SECRET, **changes: Any
) -> LinkSettings:
    return LinkSettings(
        pbx=PbxId("main"),
        host=LOOPBACK,
        port=asterisk.ports.manager,
        user=user,
        secret=secret,
        backoff_s=0.1,
        **changes,
    )


@pytest.fixture
async def newest(asterisk_22: Switch) -> AsyncIterator[Asterisk]:
    async with Asterisk(stage_plan(), software=asterisk_22) as started:
        yield started


@asynccontextmanager
async def linked(asterisk: Asterisk) -> AsyncIterator[Link]:
    async with running(Link(settings(asterisk))) as link:
        await until(link, Restored)
        yield link


async def member_event(link: Link) -> events.QueueMember:
    """The next event about a queue's member; states of devices come in between."""
    while not isinstance(event := (await until(link, Heard)).event, events.QueueMember):
        pass
    return event


def ringing() -> commands.Originate:
    """A call that makes the switch talk."""
    return commands.Originate(
        channel=f"Local/600@{contract.QUEUES}",
        context=contract.PHONES,
        exten="1001",
        channel_id=commands.new_action_id(),
    )


def wrong(found: list[Finding]) -> list[str]:
    return [finding.what for finding in found if finding.severity in ("error", "warning")]


async def test_a_link_sees_the_queues_and_when_the_switch_began(asterisk: Asterisk) -> None:
    async with running(Link(settings(asterisk))) as link:
        connected = await until(link, Connected)
        shown = (await until(link, Restored)).snapshot
        again = await link.snapshot()
        assert abs(link.tally.clock_ahead_s) < 30  # and not hours
    assert connected.version
    assert [queue.queue for queue in shown.queues] == ["hotline"]
    assert [(member.interface, member.member) for member in shown.members] == [("PJSIP/1001", "Zhang Wei")]
    assert shown.booted_at == again.booted_at is not None
    assert 0 <= shown.at - shown.booted_at < 60_000


async def test_the_recommended_account_may_do_what_we_send_and_nothing_else(newest: Asterisk) -> None:
    async with linked(newest) as link:
        allowed = (await link.send(commands.ListCommands())).headers.keys()
        assert commands.ALL - allowed == {"GetConfig"}
        assert not {"Command", "UpdateConfig", "GetConfig", "ModuleLoad"} & allowed
        with pytest.raises(ActionRefused, match="Permission denied"):
            await link.send(commands.GetConfig(file="manager.conf"))


async def test_a_member_comes_is_paused_and_goes_and_its_name_is_as_it_was_sent(asterisk: Asterisk) -> None:
    name = r'王 \n "q" \\'
    async with linked(asterisk) as link:
        await link.send(commands.QueueAdd(queue="hotline", interface="PJSIP/1002", member=name))
        await link.send(commands.QueuePause(interface="PJSIP/1002", paused=True, reason="午饭"))
        listed = (await link.snapshot()).members[-1]
        await link.send(commands.QueueRemove(queue="hotline", interface="PJSIP/1002"))
        heard = [await member_event(link) for _ in range(3)]
    assert [event.change for event in heard] == ["added", "paused", "removed"]
    assert {event.member for event in (*heard, listed)} == {name}
    assert (listed.paused, listed.paused_reason) == (True, "午饭")


async def test_the_longest_line_that_we_send_is_read(newest: Asterisk) -> None:
    reason = "x" * (commands.MAX_LINE - len("Reason: \r\n"))
    async with linked(newest) as link:
        await link.send(commands.QueuePause(interface="PJSIP/1001", paused=True, reason=reason))
        kept = (await member_event(link)).paused_reason
    assert kept is not None
    assert reason.startswith(kept)  # Asterisk itself keeps 79 letters of it


async def test_an_originate_that_fails_is_heard_with_our_own_id(newest: Asterisk) -> None:
    call = commands.Originate(
        channel="PJSIP/1001", context=contract.PHONES, exten="1002", channel_id="ours-1", timeout_ms=500
    )
    async with linked(newest) as link:
        assert (await link.send(call)).ok
        while not isinstance(event := (await until(link, Heard)).event, events.OriginateResponse):
            pass
    assert event.success is False


async def _a_second_later(moment: Instant | None) -> None:
    """A switch tells the beginning of its run in whole seconds."""
    assert moment is not None
    await asyncio.sleep(max(0, moment + 1000 - time.time_ns() // 1_000_000) / 1000)


async def test_a_killed_switch_is_noticed_found_again_and_known_as_another_run(asterisk: Asterisk) -> None:
    async with running(Link(settings(asterisk))) as link:
        first = (await until(link, Restored)).snapshot
        await _a_second_later(first.booted_at)
        await asterisk.kill()
        lost = await until(link, Lost)
        await asterisk.start()
        again = await until(link, Restored)
    assert first.at <= lost.at <= again.at
    assert again.snapshot.booted_at > first.booted_at
    assert [queue.queue for queue in again.snapshot.queues] == ["hotline"]


async def test_a_wrong_secret_is_an_error_of_its_own(newest: Asterisk) -> None:
    session = Session(settings(newest, secret="wrong"))
    with pytest.raises(LoginRefused, match="Authentication failed"):
        await session.open()
    session.drop("done")


async def test_the_check_finds_nothing_wrong_with_what_we_render(asterisk: Asterisk) -> None:
    places = Places(queue_log=asterisk.queue_log, cel=asterisk.cel, config=asterisk.home / "etc")
    asterisk.cel.touch()  # Asterisk makes it with the first call
    assert wrong(findings(await ask(settings(asterisk), places, listen_s=0.2))) == []


async def test_the_check_names_what_is_wrong_with_another_switch(asterisk_22: Switch) -> None:
    plan = replace(stage_plan(hotline(), timestamp_events=False), managers=(UNFILTERED,))
    async with (
        Asterisk(plan, software=asterisk_22) as asterisk,
        running(Link(settings(asterisk, UNFILTERED.user))) as link,
    ):
        await until(link, Restored)
        await link.send(commands.QueueAdd(queue="hotline", interface="Local/1002@callserver-phones/n"))
        asking = asyncio.create_task(ask(settings(asterisk, UNFILTERED.user), listen_s=1))
        while link.tally.heard.get("Newchannel", 0) < 1 or not asking.done():
            await link.send(ringing())
            await asyncio.sleep(0.2)
        found = wrong(findings(await asking))
    for what in (
        "may do more",
        "is not needed",
        "carry no time",
        "has no state interface",
        "queue_log is not set",
    ):
        assert any(what in finding for finding in found), (what, found)

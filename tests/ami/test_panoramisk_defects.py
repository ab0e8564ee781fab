"""What plain panoramisk 1.4 does on a bad day, and what our link does on the same one.

Each test shows the defect first, so that it tells when panoramisk is mended and our cure can go.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from panoramisk.manager import Manager

from callserver.ami import commands, events
from callserver.ami.link import Heard, Link, Lost, Restored
from callserver.errors import LinkDown, OutcomeUnknown, UnsafeValue
from tests.ami.fake_switch import FakeSwitch, eventually, message, newchannel
from tests.ami.test_link import ORIGINATE, linked, running, settings, until

PLAIN_ORIGINATE = {"Action": "Originate", "Channel": "PJSIP/1001", "Async": "true"}


@asynccontextmanager
async def plain(switch: FakeSwitch, **config: Any) -> AsyncIterator[Manager]:
    """panoramisk as its documentation shows it, logged in, reconnecting at once."""
    values: dict[str, Any] = {"port": switch.port, "username": "u", "secret": "right", "reconnect_timeout": 0}
    manager = Manager(loop=asyncio.get_running_loop(), **(values | config))
    first = manager.connect()
    try:
        await asyncio.wait({first})
        yield manager
    finally:
        manager.connect = lambda: None  # nothing else stops it
        manager.close()
        await asyncio.sleep(0.01)


@asynccontextmanager
async def plain_logged_in(switch: FakeSwitch, **config: Any) -> AsyncIterator[Manager]:
    async with plain(switch, **config) as manager:
        await eventually(lambda: manager.authenticated)
        yield manager


def names_heard(manager: Manager) -> list[str]:
    heard: list[str] = []
    manager.register_event("*", lambda manager, event: heard.append(event.calleridname))
    return heard


def count(switch: FakeSwitch, action: str) -> Callable[[], int]:
    return lambda: switch.names().count(action)


async def test_a_letter_that_two_reads_share(switch: FakeSwitch) -> None:
    said = newchannel("1.1", "王芳")
    cut = said.index("芳".encode()) + 1
    async with plain_logged_in(switch) as manager:
        heard = names_heard(manager)
        manager.protocol.data_received(said[:cut])
        manager.protocol.data_received(said[cut:])
        assert heard == ["王"], "plain panoramisk loses the letter"
    async with linked(switch) as link:
        session = link._session
        assert session is not None
        session._client.protocol.data_received(said[:cut])
        session._client.protocol.data_received(said[cut:])
        event = (await until(link, Heard)).event
    assert event.channel.caller_name == "王芳"


async def test_a_handler_that_raises(switch: FakeSwitch) -> None:
    def raises(manager: Manager, event: Any) -> None:
        raise ValueError("a bug in one handler")

    two = newchannel("1.1") + newchannel("1.2")
    async with plain_logged_in(switch) as manager:
        manager.register_event("Newchannel", raises)
        heard = names_heard(manager)
        lost = asyncio.Event()
        manager.on_disconnect = lambda *_: lost.set()
        switch.say(two)
        await asyncio.wait_for(lost.wait(), 60)
        assert heard == [], "plain panoramisk closes the link and the rest of the chunk is gone"
    before = switch.connections
    async with linked(switch) as link:
        switch.say(two)
        with pytest.raises(ValueError):
            raises(None, await until(link, Heard))
        assert (await until(link, Heard)).event.channel.uniqueid == "1.2"
        assert (link.state, switch.connections) == ("up", before + 1)


async def test_the_order_of_events(switch: FakeSwitch) -> None:
    waits = {"1.1": 0.03, "1.2": 0.0}
    done: list[str] = []

    async def handle(uniqueid: str) -> None:
        await asyncio.sleep(waits.get(uniqueid, 0))
        done.append(uniqueid)

    async with plain_logged_in(switch) as manager:
        manager.register_event("Newchannel", lambda manager, event: handle(event.uniqueid))
        switch.say(newchannel("1.1") + newchannel("1.2"))
        await eventually(lambda: len(done) == 2)
        assert done == ["1.2", "1.1"], "coroutine handlers of plain panoramisk overtake each other"
    done.clear()
    async with linked(switch) as link:
        switch.say(newchannel("1.1") + newchannel("1.2"))
        for _ in range(2):
            await handle((await until(link, Heard)).event.channel.uniqueid)
    assert done == ["1.1", "1.2"]


async def test_an_originate_whose_answer_was_not_seen(switch: FakeSwitch) -> None:
    switch.mute = {"Originate"}
    originates = count(switch, "Originate")
    async with plain_logged_in(switch) as manager:
        manager.send_action(dict(PLAIN_ORIGINATE))
        await switch.until(lambda: originates() == 1)
        switch.cut()
        await switch.until(lambda: originates() == 2)  # plain panoramisk dials the customer twice
    switch.received.clear()
    async with linked(switch) as link:
        asked = asyncio.create_task(link.send(ORIGINATE))
        await switch.until(lambda: originates() == 1)
        switch.cut()
        with pytest.raises(OutcomeUnknown):
            await asked
        await until(link, Restored)
        await link.send(commands.Ping())
        assert originates() == 1


async def test_an_action_under_way_when_the_link_is_lost(switch: FakeSwitch) -> None:
    switch.mute = {"QueueStatus"}
    async with plain_logged_in(switch) as manager:
        future = manager.send_action({"Action": "QueueStatus"})
        await switch.until(lambda: "QueueStatus" in switch.names())
        connections = switch.connections
        switch.cut()
        await switch.until(lambda: switch.connections > connections)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(future), 0.1)
        assert not future.done(), "plain panoramisk lets its caller wait for ever"
        future.cancel()
    switch.mute = set()
    async with linked(switch) as link:
        switch.mute = {"QueueAdd"}
        asked = asyncio.create_task(link.send(commands.QueueAdd(queue="q", interface="i"), timeout=600))
        await switch.until(lambda: "QueueAdd" in switch.names())
        switch.cut()
        with pytest.raises(OutcomeUnknown):
            await asyncio.wait_for(asked, 60)


async def test_an_answer_that_looks_like_the_beginning_of_a_list(switch: FakeSwitch) -> None:
    async with plain_logged_in(switch) as manager:
        future = manager.send_action({"Action": "QueueAdd", "Queue": "q", "Interface": "i"})
        await manager.send_action({"Action": "CoreStatus"})
        assert not future.done(), "plain panoramisk waits for a list behind 'Added interface to queue'"
        future.cancel()
    async with linked(switch) as link:
        assert (await link.send(commands.QueueAdd(queue="q", interface="i"))).ok


async def test_a_line_break_in_a_value(switch: FakeSwitch) -> None:
    hostile = "lunch\r\n\r\nAction: Hangup\r\nChannel: PJSIP/1002-00000001"
    async with plain_logged_in(switch) as manager:
        manager.send_action({"Action": "QueuePause", "Reason": hostile})
        await switch.until(lambda: "Hangup" in switch.names())  # somebody else's call is gone
    switch.received.clear()
    async with linked(switch) as link:
        with pytest.raises(UnsafeValue):
            await link.send(commands.QueuePause(interface="PJSIP/1001", paused=True, reason=hostile))
        await link.send(commands.Ping())
    assert not {"Hangup", "QueuePause"} & set(switch.names())


async def test_a_peer_that_is_gone_and_nobody_said_so(switch: FakeSwitch) -> None:
    async with plain_logged_in(switch, ping_delay=0, ping_interval=1) as manager:
        switch.deaf = True
        async with linked_to_deaf(switch) as link:
            lost = await until(link, Lost)
            assert "nothing heard" in lost.reason
        assert manager._connected, "plain panoramisk has noticed nothing in the same time"


@asynccontextmanager
async def linked_to_deaf(switch: FakeSwitch) -> AsyncIterator[Link]:
    switch.deaf = False
    async with linked(switch, deadline_s=1) as link:
        switch.deaf = True
        yield link


async def test_pings_without_an_answer(switch: FakeSwitch) -> None:
    switch.mute = {"Ping"}
    async with plain_logged_in(switch, ping_delay=0, ping_interval=0) as manager:
        await switch.until(lambda: switch.names().count("Ping") > 20)
        assert len(manager.protocol.responses) > 20, "plain panoramisk keeps one entry a ping"
    switch.mute = set()
    async with linked(switch, deadline_s=1) as link:
        switch.mute = {"Ping"}
        session = link._session
        assert session is not None
        await until(link, Lost)
        assert session._client.protocol.responses == {}


async def test_a_wrong_secret(switch: FakeSwitch) -> None:
    switch.secret = "other"
    async with plain(switch):
        await switch.until(lambda: switch.names().count("Login") > 10)  # as fast as it can, for ever
    switch.received.clear()
    async with running(Link(settings(switch, refused_retry_s=60))) as link:
        await eventually(lambda: link.state == "refused")
        assert switch.names() == ["Login"]
        assert "Authentication failed" in link.reason


async def test_an_action_sent_while_the_link_is_down(switch: FakeSwitch) -> None:
    originates = count(switch, "Originate")
    async with plain_logged_in(switch) as manager:
        connected = manager.connect
        manager.connect = lambda: None  # hold it in the wait
        switch.cut()
        await eventually(lambda: not manager._connected)
        manager.send_action(dict(PLAIN_ORIGINATE))
        manager.connect = connected
        manager.connect()
        await switch.until(lambda: originates() == 1)  # minutes later, when nobody wants that call any more
    switch.received.clear()
    link = Link(settings(switch, backoff_s=0.05), chance=lambda: 1.0)
    async with running(link):
        await until(link, Restored)
        switch.cut()
        await until(link, Lost)
        with pytest.raises(LinkDown):
            await link.send(ORIGINATE)
        await until(link, Restored)
        await link.send(commands.Ping())
    assert originates() == 0


async def test_close_during_the_wait(switch: FakeSwitch) -> None:
    async with plain_logged_in(switch) as manager:
        waits: list[float] = []
        manager.reconnect_timeout = 0.05
        manager.on_disconnect = lambda *_: waits.append(time.monotonic())
        before = switch.connections
        switch.cut()
        await eventually(lambda: bool(waits))
        manager.close()
        await switch.until(lambda: switch.connections > before)  # plain panoramisk comes back after close()
    link = Link(settings(switch, backoff_s=0.05), chance=lambda: 1.0)
    task = asyncio.create_task(link.run())
    await until(link, Restored)
    before = switch.connections
    switch.cut()
    await until(link, Lost)
    await link.close()
    assert task.done()
    await asyncio.sleep(0.1)  # for something that must not happen there is nothing to wait for
    assert switch.connections == before


async def test_an_error_that_is_no_os_error(switch: FakeSwitch) -> None:
    impossible = "x" * 70  # too long a label: UnicodeError, from deep below
    told: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: told.append(context))
    async with plain(switch, host=impossible) as manager:
        await eventually(lambda: bool(told) or gc.collect() < 0)  # asyncio tells when the task is collected
        assert manager.protocol is None, "plain panoramisk never tries again"
    loop.set_exception_handler(None)
    link = Link(dataclasses.replace(settings(switch), host=impossible))
    async with running(link):
        await eventually(lambda: link._failures >= 3 and "UnicodeError" in link.reason)


async def test_the_result_of_an_originate(switch: FakeSwitch) -> None:
    def failure(action_id: str) -> bytes:
        return message(
            "Event: OriginateResponse",
            f"ActionID: {action_id}",
            "Response: Failure",
            "Reason: 5",
            "Uniqueid: ours-1",
        )

    async with plain_logged_in(switch) as manager:
        heard = names_heard(manager)
        future = manager.send_action(dict(PLAIN_ORIGINATE))
        await switch.until(lambda: "Originate" in switch.names())
        switch.say(failure(switch.received[-1]["ActionID"]))
        result = (await future)[-1]
        assert heard == [], "no handler of plain panoramisk hears the result"
        assert result.success is True, "and it takes a failure for a success"
    async with linked(switch) as link:
        assert (await link.send(ORIGINATE)).ok
        switch.say(failure(switch.received[-1]["ActionID"]))
        event = (await until(link, Heard)).event
    assert isinstance(event, events.OriginateResponse)
    assert (event.success, event.reason, event.uniqueid) == (False, 5, "ours-1")

"""The link comes back by itself, tells when it was blind, and never says a thing twice to the switch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from callserver.ami import commands, events
from callserver.ami.link import Connected, Heard, Link, LinkSettings, Lost, Restored
from callserver.ami.session import Session
from callserver.errors import ActionRefused, LinkDown, OutcomeUnknown, SettingsError, UnsafeValue
from callserver.facts import PbxId
from tests.ami.fake_switch import FakeSwitch, eventually, fake_switch, message, newchannel
from tests.ami.test_torn import block, said
from tests.ami.test_wire import pieces

ORIGINATE = commands.Originate(channel="PJSIP/1001", context="c", exten="1", channel_id="ours-1")


def settings(switch: FakeSwitch, **changes: Any) -> LinkSettings:
    quick: dict[str, Any] = {"heartbeat_s": 0.1, "deadline_s": 30.0, "backoff_s": 0.01, "backoff_max_s": 0.05}
    values = quick | {"refused_retry_s": 0.05, "snapshot_s": 30.0} | changes
    return LinkSettings(
        pbx=PbxId("main"), host="127.0.0.1", port=switch.port, user="u", secret="right", **values
    )


@asynccontextmanager
async def running(link: Link) -> AsyncIterator[Link]:
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        await asyncio.wait_for(link.close(), 60)
        await task


@asynccontextmanager
async def linked(switch: FakeSwitch, *, road_size: int = 1000, **changes: Any) -> AsyncIterator[Link]:
    async with running(Link(settings(switch, **changes), road_size=road_size)) as link:
        await until(link, Restored)
        yield link


async def until(link: Link, kind: type[Any], within_s: float = 60) -> Any:
    """The next item of this kind; what comes before it is left behind."""
    async with asyncio.timeout(within_s):
        while not isinstance(item := await link.road.get(), kind):
            pass
    return item


async def events_heard(link: Link, count: int) -> list[events.AmiEvent]:
    return [(await until(link, Heard)).event for _ in range(count)]


# --- coming up


async def test_a_link_logs_in_asks_for_events_and_then_looks(switch: FakeSwitch) -> None:
    async with running(Link(settings(switch, heartbeat_s=20))) as link:
        connected = await until(link, Connected)
        restored = await until(link, Restored)
    assert connected.version == "11.0.0"
    assert switch.names()[:3] == ["Login", "Events", "Ping"]
    assert set(switch.names()[3:8]) == {"CoreStatus", "QueueStatus", "BridgeList", "CoreShowChannels", "Ping"}
    assert restored.snapshot.channels == ()


async def test_what_is_said_right_after_login_comes_before_the_snapshot(switch: FakeSwitch) -> None:
    switch.after_login = newchannel("1.1")
    switch.between = newchannel("1.2")
    switch.channels = ["1.1"]
    async with running(Link(settings(switch))) as link:
        items = [await link.road.get() for _ in range(7)]
    heard = [type(item.event).__name__ for item in items if isinstance(item, Heard)]
    assert isinstance(items[0], Connected)
    assert heard == ["FullyBooted", "Newchannel", "Newchannel", "Newchannel", "Newchannel"]
    assert isinstance(restored := items[6], Restored)
    assert [live.channel.uniqueid for live in restored.snapshot.channels] == ["1.1"]
    assert restored.snapshot.fresh == {"1.2"}


async def test_every_event_after_the_snapshot_comes_in_wire_order(switch: FakeSwitch) -> None:
    async with linked(switch) as link:
        switch.say(b"".join(newchannel(f"1.{number}") for number in range(500)))
        heard = await events_heard(link, 500)
    assert [event.channel.uniqueid for event in heard if isinstance(event, events.Newchannel)] == [
        f"1.{number}" for number in range(500)
    ]


async def test_the_start_of_the_switch_is_known_in_utc(switch: FakeSwitch) -> None:
    switch.clock = lambda: 1_795_300_000.0
    async with running(Link(settings(switch))) as link:
        restored = await until(link, Restored)
    assert restored.at == restored.snapshot.at == 1_795_300_000_000
    assert abs(restored.snapshot.booted_at - (1_795_300_000_000 - 3_600_000)) <= 1000


async def test_a_switch_that_is_still_booting_is_looked_at_when_it_is_done(switch: FakeSwitch) -> None:
    switch.booted = False
    async with running(Link(settings(switch))) as link:
        await until(link, Connected)
        await switch.until(lambda: "Ping" in switch.names())
        assert "QueueStatus" not in switch.names()
        switch.say(message("Event: FullyBooted", "Uptime: 1"))
        await until(link, Restored)


async def test_a_switch_that_does_not_say_that_it_booted_is_looked_at_all_the_same(
    switch: FakeSwitch,
) -> None:
    switch.booted = False
    async with running(Link(settings(switch, deadline_s=0.4))) as link:
        await until(link, Restored)
        switch.say(message("Event: FullyBooted", "Uptime: 1"))
        assert isinstance(await until(link, Restored), Restored)


async def test_a_gap_does_not_begin_before_the_last_event_that_was_heard(switch: FakeSwitch) -> None:
    switch.clock = lambda: 1_795_296_506.9  # some milliseconds behind what its events say
    async with linked(switch) as link:
        link._clock.ours = lambda: 1_795_296_506_900
        switch.say(newchannel("1.1", at="1795296506.975580"))
        await until(link, Heard)
        switch.cut()
        assert (await until(link, Lost)).at == 1_795_296_506_976


async def test_a_link_runs_once(switch: FakeSwitch) -> None:
    async with linked(switch) as link:
        with pytest.raises(RuntimeError):
            await link.run()


def test_a_heartbeat_slower_than_the_deadline_is_refused() -> None:
    with pytest.raises(SettingsError, match="heartbeat_s"):
        LinkSettings(pbx=PbxId("main"), host="h", user="u", secret="s", heartbeat_s=10, deadline_s=10)


def test_the_secret_is_in_no_repr() -> None:
    assert "hush" not in repr(LinkSettings(pbx=PbxId("main"), host="h", user="u", secret="hush"))


# --- time


async def test_an_event_without_a_time_gets_one_on_the_switchs_clock(switch: FakeSwitch) -> None:
    switch.clock = lambda: 1_600_000_000.0
    async with linked(switch) as link:
        assert [link.tally.timestamps] == [None]
        switch.say(newchannel("1.1", at=None))
        (event,) = await events_heard(link, 1)
        assert event.at is not None
        assert abs(event.at - 1_600_000_000_000) < 5_000
        assert [link.tally.timestamps] == [False]
        switch.say(newchannel("1.2"))
        (event,) = await events_heard(link, 1)
        assert event.at == 1_795_296_506_976
        assert [link.tally.timestamps] == [True]


async def test_the_clocks_difference_is_told(switch: FakeSwitch) -> None:
    link = Link(settings(switch), clock=lambda: 1_000_000_000_000)
    switch.clock = lambda: 1_000_000_007.5
    async with running(link):
        await until(link, Restored)
        assert link.tally.clock_ahead_s == 7.5
        assert link.tally.ping_s is not None


# --- going down


async def test_a_half_open_peer_is_noticed_within_the_deadline(switch: FakeSwitch) -> None:
    async with linked(switch, deadline_s=1) as link:
        switch.deaf = True
        began = asyncio.get_running_loop().time()
        lost = await until(link, Lost)
        assert asyncio.get_running_loop().time() - began < 30  # TCP would wait for hours
        assert "nothing heard" in lost.reason
        switch.deaf = False
        await until(link, Restored)


async def test_an_unanswered_ping_ends_the_link_though_events_go_on(switch: FakeSwitch) -> None:
    async with linked(switch, deadline_s=1) as link:
        switch.mute.add("Ping")

        async def chatter() -> None:
            while True:
                switch.say(newchannel("1.1"))
                await asyncio.sleep(0.02)

        talking = asyncio.create_task(chatter())
        lost = await until(link, Lost)
        talking.cancel()
        assert "Ping" in lost.reason


async def test_a_cut_link_comes_back_and_the_gap_begins_when_something_was_last_heard(
    switch: FakeSwitch,
) -> None:
    now = [1_000_000_000_000]
    switch.clock = lambda: now[0] / 1000
    async with running(Link(settings(switch, heartbeat_s=1.9), clock=lambda: now[0])) as link:
        await until(link, Restored)
        switch.say(newchannel("1.1", at=None))
        await until(link, Heard)
        now[0] += 60_000
        switch.cut()
        assert (await until(link, Lost)).at == 1_000_000_000_000
        await until(link, Connected)
        assert (await until(link, Restored)).at == 1_000_000_060_000


async def test_a_link_lost_before_it_was_whole_again_does_not_shorten_the_gap(switch: FakeSwitch) -> None:
    async with linked(switch, snapshot_s=0.3) as link:
        switch.mute.add("CoreShowChannels")
        switch.cut()
        first = await until(link, Lost)
        again = await until(link, Lost)
        assert again.at == first.at is not None


async def test_a_link_that_was_never_whole_has_seen_nothing(switch: FakeSwitch) -> None:
    switch.mute.add("CoreShowChannels")
    async with running(Link(settings(switch, snapshot_s=0.3))) as link:
        assert (await until(link, Lost)).at is None


async def test_a_switch_that_shows_no_channels_is_no_link(switch: FakeSwitch) -> None:
    switch.refuses["CoreShowChannels"] = "Permission denied"
    async with running(Link(settings(switch))) as link:
        assert "CoreShowChannels: Permission denied" in (await until(link, Lost)).reason


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        (
            "QueueStatus",
            "Invalid/unknown command: QueueStatus. Use Action: ListCommands to show available commands.",
        ),
        ("BridgeList", "Permission denied"),
        ("CoreStatus", "Permission denied"),
    ],
)
async def test_a_switch_without_queues_or_with_fewer_rights_is_followed(
    switch: FakeSwitch, action: str, answer: str
) -> None:
    switch.refuses[action] = answer
    async with running(Link(settings(switch))) as link:
        assert (await until(link, Restored)).snapshot.queues == ()


async def test_a_full_road_is_loss_and_the_link_begins_anew(switch: FakeSwitch) -> None:
    async with linked(switch, road_size=20) as link:
        switch.say(b"".join(newchannel(f"1.{number}") for number in range(50)))
        await eventually(lambda: link.tally.overflows == 1)
        assert link.road.full()
        heard = [await link.road.get() for _ in range(20)]
        assert all(isinstance(item, Heard) for item in heard)
        lost = await until(link, Lost)
        assert "road is full" in lost.reason
        await until(link, Restored)


async def test_nobody_listening_is_waited_for_with_growing_patience() -> None:
    switch = FakeSwitch()
    await switch.start()
    await switch.stop()
    link = Link(settings(switch, backoff_s=1, backoff_max_s=60), chance=lambda: 1.0)
    waits = [link._back_off() for _ in range(8)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert Link(settings(switch, backoff_s=1, backoff_max_s=60), chance=lambda: 0.25)._back_off() == 0.25


async def test_a_switch_that_comes_up_later_is_found() -> None:
    switch = FakeSwitch()
    await switch.start()
    await switch.stop()
    async with running(Link(settings(switch))) as link:
        await eventually(lambda: link.state == "down")
        await switch.start()
        await until(link, Restored)
        await eventually(lambda: link.state == "up")
    await switch.stop()


async def test_a_port_that_speaks_no_ami_is_given_up(switch: FakeSwitch) -> None:
    switch.greets, switch.mute = False, {"Login"}
    async with running(Link(settings(switch, deadline_s=0.4))) as link:
        await eventually(lambda: link.state == "down" and "Login" in link.reason)
        assert link.road.empty()


async def test_a_callers_forgery_makes_the_link_look_again(switch: FakeSwitch) -> None:
    async with linked(switch) as link:
        switch.say(said("Newchannel", block("2.2", "1\r\n\r\nEvent: Shutdown")))
        assert (await until(link, Heard)).event.channel.uniqueid == "2.2"
        await until(link, Restored)
        assert link.tally.forged == 1
        assert link.tally.connections == 1


async def test_rubbish_is_survived_and_counted(switch: FakeSwitch) -> None:
    async with linked(switch) as link:
        switch.say(b"\x00\xff\xfe rubbish\r\n\r\n" + newchannel("1.1"))
        await until(link, Heard)
        assert link.tally.rubbish == 1


async def test_a_sign_of_life_counts_only_while_the_switch_is_seen_whole(switch: FakeSwitch) -> None:
    switch.mute = {"CoreShowChannels"}
    async with running(Link(settings(switch, snapshot_s=1))) as link:
        await until(link, Heard)
        assert link.seen_at is None
        switch.mute = set()
        await until(link, Restored)
        assert link.seen_at is not None


@profile(max_examples=30, deadline=None)
@given(st.lists(pieces, max_size=5))
def test_a_session_survives_whatever_it_is_told(chunks: list[bytes]) -> None:
    async def told() -> None:
        async with fake_switch() as switch:
            session = Session(settings(switch))
            await session.open()
            asked = asyncio.ensure_future(session.look())
            for chunk in chunks:
                session._received(chunk)
            session._received(b"\r\n\r\n")
            await session.send(commands.Ping())
            await asked
            session.drop("done")

    asyncio.run(told())


# --- wrong credentials


async def test_a_wrong_login_is_said_loudly_once_and_tried_slowly(switch: FakeSwitch) -> None:
    switch.secret = "other"
    with structlog.testing.capture_logs() as said:
        async with running(Link(settings(switch))) as link:
            await switch.until(lambda: switch.names().count("Login") >= 3)
            await eventually(lambda: link.state == "refused")
            switch.secret = "right"
            await until(link, Restored)
    errors = [line for line in said if line["log_level"] == "error"]
    assert len(errors) == 1
    assert "manager.conf" in errors[0]["event"]


async def test_a_wrong_login_waits_the_long_time(switch: FakeSwitch) -> None:
    switch.secret = "other"
    async with running(Link(settings(switch, refused_retry_s=60))) as link:
        await eventually(lambda: link.state == "refused")
        assert switch.names() == ["Login"]


# --- asking


async def test_a_switch_that_stops_when_its_calls_have_ended_is_listened_to_until_then(
    switch: FakeSwitch,
) -> None:
    async with running(Link(settings(switch))) as link:
        await until(link, Restored)
        switch.refuses = dict.fromkeys(("Ping", "Login"), "Asterisk is shutting down")
        pings = switch.names().count("Ping")
        await switch.until(lambda: switch.names().count("Ping") > pings + 2)
        switch.say(newchannel("1795296506.1"))
        await until(link, Heard)
        assert (link.state, switch.connections) == ("up", 1)


async def test_a_switch_that_is_about_to_stop_is_no_wrong_login(switch: FakeSwitch) -> None:
    switch.refuses["Login"] = "Asterisk is shutting down"
    async with running(Link(settings(switch, refused_retry_s=60))) as link:
        await switch.until(lambda: switch.connections > 2)
        assert link.state != "refused"
        switch.refuses.clear()
        await until(link, Restored)


async def test_an_action_is_answered(switch: FakeSwitch) -> None:
    async with linked(switch) as link:
        reply = await link.send(commands.QueueAdd(queue="hotline", interface="PJSIP/1001"))
    assert reply.message == "Added interface to queue"


async def test_a_list_is_answered_whole(switch: FakeSwitch) -> None:
    switch.channels = ["1.1", "1.2"]
    async with linked(switch) as link:
        reply = await link.send(commands.CoreShowChannels())
        shown = await link.snapshot()
    assert [item.get("Uniqueid") for item in reply.items] == ["1.1", "1.2", None]
    assert [live.channel.uniqueid for live in shown.channels] == ["1.1", "1.2"]


async def test_a_new_look_comes_down_the_road_at_its_place(switch: FakeSwitch) -> None:
    async with linked(switch) as link:
        asked = asyncio.create_task(link.resync())
        switch.channels = ["1.1"]
        assert [live.channel.uniqueid for live in (await until(link, Restored)).snapshot.channels] == ["1.1"]
        await asked


async def test_a_refusal_is_told_in_the_switchs_own_words(switch: FakeSwitch) -> None:
    switch.refuses["Originate"] = "Permission denied"
    async with linked(switch) as link:
        with pytest.raises(ActionRefused, match="Originate: Permission denied"):
            await link.send(ORIGINATE)


async def test_a_refused_list_is_told_at_once(switch: FakeSwitch) -> None:
    async with linked(switch) as link:
        switch.refuses["QueueStatus"] = "Permission denied"
        with pytest.raises(ActionRefused):
            await link.send(commands.QueueStatus())
        with pytest.raises(ActionRefused):
            await link.snapshot()


async def test_nothing_is_sent_while_the_link_is_down() -> None:
    switch = FakeSwitch()
    await switch.start()
    await switch.stop()
    async with running(Link(settings(switch))) as link:
        with pytest.raises(LinkDown):
            await link.send(ORIGINATE)
        await switch.start()
        await until(link, Restored)
        assert "Originate" not in switch.names()
    await switch.stop()


async def test_an_unsafe_value_never_leaves(switch: FakeSwitch) -> None:
    async with linked(switch) as link:
        with pytest.raises(UnsafeValue):
            await link.send(commands.QueueRemove(queue="q\r\n\r\nAction: Hangup", interface="x"))
        await link.send(commands.Ping())
    assert "QueueRemove" not in switch.names()


async def test_a_late_answer_is_an_unknown_outcome_and_leaves_nothing_behind(switch: FakeSwitch) -> None:
    switch.mute.add("Originate")
    async with linked(switch) as link:
        with pytest.raises(OutcomeUnknown):
            await link.send(ORIGINATE, timeout=0.02)
        assert link._session is not None
        assert link._session._client.protocol.responses == {}
        assert link._session._pending == {}


async def test_an_answer_that_came_in_time_counts_though_this_process_was_held_up(switch: FakeSwitch) -> None:
    switch.mute.add("Originate")
    async with linked(switch, heartbeat_s=20) as link:
        asked = asyncio.create_task(link.send(ORIGINATE, timeout=0.2))
        await switch.until(lambda: "Originate" in switch.names())
        switch.say(message("Response: Success", f"ActionID: {switch.received[-1]['ActionID']}"))
        time.sleep(0.3)  # noqa: ASYNC251 (the loop sees the answer and the end of the time at once)
        assert (await asked).ok


async def test_pings_leave_nothing_behind(switch: FakeSwitch) -> None:
    async with linked(switch) as link:
        await switch.until(lambda: switch.names().count("Ping") > 5)
        await eventually(lambda: link._session is not None and not link._session._client.protocol.responses)


# --- closing


async def test_close_logs_off_and_nothing_comes_back(switch: FakeSwitch) -> None:
    link = Link(settings(switch))
    task = asyncio.create_task(link.run())
    await until(link, Restored)
    await link.close()
    assert task.done()
    assert switch.names()[-1] == "Logoff"
    assert link.state == "closed"
    assert isinstance(link.road.get_nowait(), Lost)
    with pytest.raises(LinkDown):
        await link.send(commands.Ping())


async def test_close_during_the_wait_is_the_end_of_it(switch: FakeSwitch) -> None:
    switch.secret = "other"
    link = Link(settings(switch, refused_retry_s=60))
    task = asyncio.create_task(link.run())
    await eventually(lambda: link.state == "refused")
    await asyncio.wait_for(link.close(), 30)
    assert task.done()
    assert switch.connections == 1


async def test_close_while_nobody_answers_does_not_wait_long(switch: FakeSwitch) -> None:
    switch.mute = {"Login"}
    link = Link(settings(switch, deadline_s=600))
    task = asyncio.create_task(link.run())
    await switch.until(lambda: switch.names() == ["Login"])
    await asyncio.wait_for(link.close(), 30)
    assert task.done()


async def test_close_with_a_full_road_does_not_hang(switch: FakeSwitch) -> None:
    async with linked(switch, road_size=5) as link:
        switch.say(b"".join(newchannel(f"1.{number}") for number in range(50)))
        await eventually(lambda: link.tally.overflows == 1)


async def test_a_cancelled_link_ends_its_connection(switch: FakeSwitch) -> None:
    link = Link(settings(switch))
    task = asyncio.create_task(link.run())
    await until(link, Restored)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert link.state == "closed"
    assert isinstance(link.road.get_nowait(), Lost)


async def test_the_tally_grows_over_connections(switch: FakeSwitch) -> None:
    async with linked(switch) as link:
        switch.say(newchannel("1.1") + message("Event: RTCPSent"))
        await until(link, Heard)
        before = link.tally
        switch.cut()
        await until(link, Restored)
        after = link.tally
    assert (before.heard["Newchannel"], before.dropped, before.connections, before.losses) == (1, 1, 1, 0)
    assert (after.heard["FullyBooted"], after.dropped, after.connections, after.losses) == (2, 1, 2, 1)
    assert after.octets > before.octets

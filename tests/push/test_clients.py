"""Who is there: who comes back, who is too many, and what happens to those who do not listen."""

from __future__ import annotations

import pytest

from callserver.push import wire
from callserver.push.client import BACKLOG, KEPT_S, OUTBOX, STALL_S
from callserver.push.clients import MOST_OF_ONE, TooMany
from callserver.push.views import Everyone, User, View
from tests.push.watching import AGENT, SUPERVISOR, Clock, Someone, hub_of


async def test_a_stream_goes_on_where_it_was_and_its_numbers_too():
    hub = hub_of()
    mine = Someone(hub, AGENT)
    hub.put("shift", "7", {"wish": "ready"}, User(7))
    mine.news()
    seen = mine.heard[-1]["seq"]
    hub.clients.leave(mine.client)
    hub.put("shift", "7", {"wish": "pause"}, User(7))
    back = Someone(hub, AGENT, place=(mine.hello["stream"], seen))
    assert back.hello["resumed"] is True
    assert [(one["seq"], one["type"]) for one in back.heard] == [(seen + 1, "shift")]


@pytest.mark.parametrize(
    "why", ["another's", "too long ago", "too much", "other rights", "from the future", "unknown"]
)
async def test_what_cannot_go_on_begins_anew(why: str):
    clock = Clock()
    hub = hub_of(clock)
    mine = Someone(hub, AGENT)
    stream, seen, view, owner = mine.hello["stream"], 1, AGENT, "user:7"
    hub.clients.leave(mine.client)
    if why == "another's":
        owner = "user:8"
    elif why == "too long ago":
        clock.s += KEPT_S + 1
        hub.tick()
    elif why == "too much":
        for number in range(20):
            hub.put("notice", str(number), {"text": "x" * (BACKLOG // 10)}, User(7))
    elif why == "other rights":
        view = View(user=7, queues=frozenset({"sales"}))
    elif why == "from the future":
        seen = 2
    else:
        stream = "nobody's"
    back = Someone(hub, view, owner=owner, place=(stream, seen))
    assert back.hello["resumed"] is False
    assert [one["type"] for one in back.heard] == ["snapshot"]


async def test_what_was_acknowledged_is_not_kept():
    hub = hub_of()
    mine = Someone(hub, AGENT)
    hub.put("shift", "7", {"wish": "ready"}, User(7))
    hub.heard(mine.client, b'{"type":"ack","seq":2,"more":"than asked for"}')
    assert not mine.client.backlog
    with pytest.raises(wire.Unreadable):
        hub.heard(mine.client, b'{"type":"ack","seq":3}')


async def test_who_does_not_read_is_cut_and_all_others_get_everything():
    clock = Clock()
    hub = hub_of(clock)
    deaf = Someone(hub, AGENT)
    others = [Someone(hub, View(user=100 + n, queues=AGENT.queues)) for n in range(50)]
    deaf.socket.reads = False
    for number in range(40):
        hub.put("notice", str(number), {"text": "x" * (OUTBOX // 30)}, Everyone())
    assert deaf.socket.aborted
    for one in others:
        one.news()
        assert len(one.screen["notices"]) == 40
        assert not one.socket.aborted


async def test_who_stopped_reading_is_cut_after_a_while_even_when_little_happens():
    clock = Clock()
    hub = hub_of(clock)
    deaf = Someone(hub, AGENT)
    deaf.socket.reads = False
    hub.put("notice", "1", {"text": "hello"}, Everyone())
    hub.tick()
    assert not deaf.socket.aborted
    clock.s += STALL_S + 1
    hub.tick()
    assert deaf.socket.aborted


async def test_who_reads_slowly_is_not_cut():
    clock = Clock()
    hub = hub_of(clock)
    slow = Someone(hub, AGENT)
    slow.socket.reads = False
    for _ in range(3 * round(STALL_S)):
        hub.put("notice", str(clock.s), {"text": "x" * 1000}, Everyone())
        slow.socket.stuck -= 900  # never empty, but it moves
        hub.tick()
        clock.s += 1
    assert not slow.socket.aborted


async def test_too_many_streams_of_one_are_refused():
    hub = hub_of()
    for _ in range(MOST_OF_ONE):
        Someone(hub, AGENT)
    with pytest.raises(TooMany):
        Someone(hub, AGENT)
    assert Someone(hub, SUPERVISOR).hello["resumed"] is False


async def test_presence_is_told_with_the_first_screen_and_the_last():
    hub, told = hub_of(), []
    hub.clients.on_presence(lambda user, here: told.append((user, here)))
    one, two = Someone(hub, AGENT), Someone(hub, AGENT)
    assert hub.clients.watching(7) == 2
    hub.clients.leave(one.client)
    hub.clients.leave(one.client)
    hub.clients.leave(two.client)
    assert told == [(7, True), (7, False)]

"""Who is told what, when."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from callserver import facts
from callserver.facts import CallId, LegId
from callserver.push import wire
from callserver.push.clients import TooMany
from callserver.push.details import CallerAsk
from callserver.push.views import Everyone, Queues, Scope, Seat, User, View
from tests.push.watching import (
    AGENT,
    AT,
    CALL,
    COLLEAGUE,
    PBX,
    PHONE,
    SUPERVISOR,
    Clock,
    Someone,
    abandoned,
    arriving,
    hub_of,
    joined,
    looked_up,
    ringing,
)


async def test_an_agent_gets_their_own_pop_and_a_colleague_gets_none():
    hub = hub_of()
    hub.seat(7, PBX, PHONE, login="wei", name="Zhang Wei")
    hub.seat(8, PBX, COLLEAGUE)
    mine, other = Someone(hub, AGENT), Someone(hub, View(user=8, queues=AGENT.queues))
    hub.feed(PBX, arriving() + ringing())
    await looked_up(hub)
    assert "pop offered" in mine.news()
    assert mine.screen["pops"][f"main/{PHONE}|{CALL}"]["waited_s"] == 5
    assert not [word for word in other.news() if word.startswith(("pop", "call"))]
    assert mine.screen["agents"][f"main/{PHONE}"]["login"] == "wei"


async def test_what_a_client_has_equals_a_fresh_snapshot_of_what_it_may_see():
    hub = hub_of()
    hub.seat(7, PBX, PHONE)
    people = [
        Someone(hub, AGENT),
        Someone(hub, SUPERVISOR),
        Someone(hub, View(user=5, queues=frozenset({"other"}))),
    ]
    for told in (arriving(), ringing(), [joined(COLLEAGUE, "other")], abandoned()):
        hub.feed(PBX, told)
        await hub._directory.flush()
        await looked_up(hub)
        for one in people:
            one.news()
            assert one.screen == hub.screen.snapshot(one.client.view.sees)


async def test_a_call_that_is_an_agents_no_longer_is_taken_from_their_screen_and_stays_on_the_supervisors():
    hub = hub_of()
    hub.seat(7, PBX, PHONE)
    mine, supervisor = Someone(hub, AGENT), Someone(hub, SUPERVISOR)
    hub.feed(PBX, arriving() + ringing())
    mine.news()
    assert CALL in mine.screen["calls"]
    hub.feed(PBX, [
        facts.RingEnded(pbx=PBX, at=AT, call=CALL, visit=0, leg=LegId("1.2"), result="no_answer"),
        facts.LegEnded(pbx=PBX, at=AT, call=CALL, leg=LegId("1.2")),
    ])  # fmt: skip
    await looked_up(hub)
    mine.news()
    supervisor.news()
    assert CALL not in mine.screen["calls"]
    assert CALL in supervisor.screen["calls"]


async def test_a_pop_takes_with_it_what_was_looked_up_while_the_caller_waited():
    async def look_up(ask: CallerAsk) -> dict[str, Any]:
        return {"caller": {"customers": []}, "repeat": 2, "ticket": {"id": 5, "number": "T5"}}

    hub = hub_of(details=look_up)
    hub.seat(7, PBX, PHONE)
    mine = Someone(hub, AGENT)
    hub.feed(PBX, arriving())
    await looked_up(hub)
    hub.feed(PBX, ringing())
    mine.news()
    assert [message["value"]["repeat"] for message in mine.heard if message["type"] == "pop"] == [2]
    assert mine.screen["calls"][CALL]["ticket"] == 5


async def test_whoever_calls_us_is_looked_up_before_any_queue_has_them_and_once():
    asked: list[CallerAsk] = []

    async def look_up(ask: CallerAsk) -> dict[str, Any]:
        asked.append(ask)
        return {}

    hub = hub_of(details=look_up)
    begins, *rest = arriving()
    outbound = facts.CallStarted(
        pbx=PBX, at=AT, call=CallId("main:2.1"), direction="outbound", dialed="13800138000"
    )
    hub.feed(PBX, [begins, outbound])
    await looked_up(hub)
    assert [ask.call for ask in asked] == [CALL]
    hub.feed(PBX, rest + ringing())
    await looked_up(hub)
    assert len(asked) == 1


async def test_a_pop_waits_a_moment_for_its_details_and_no_longer():
    late = asyncio.Event()

    async def look_up(ask: CallerAsk) -> dict[str, Any]:
        await late.wait()
        return {"repeat": 3}

    hub = hub_of(details=look_up)
    hub.seat(7, PBX, PHONE)
    mine = Someone(hub, AGENT)
    hub.feed(PBX, arriving() + ringing())
    assert "pop offered" not in mine.news()
    await mine.until("pop offered")
    late.set()
    await mine.until("pop.update")
    assert mine.screen["pops"][f"main/{PHONE}|{CALL}"]["repeat"] == 3


async def test_a_pop_withdrawn_while_it_waited_for_its_details_was_never_there_unless_it_was_missed():
    async def never(ask: CallerAsk) -> dict[str, Any] | None:
        await asyncio.Event().wait()
        return None

    hub = hub_of(details=never)
    hub.seat(7, PBX, PHONE)
    hub.seat(8, PBX, COLLEAGUE)
    mine, loser = Someone(hub, AGENT), Someone(hub, View(user=8, queues=AGENT.queues))
    hub.feed(PBX, arriving() + ringing() + ringing(COLLEAGUE, "1.3"))
    hub.feed(PBX, [facts.RingEnded(pbx=PBX, at=AT, call=CALL, visit=0, leg=LegId("1.3"), result="no_answer")])
    hub.feed(PBX, abandoned())
    assert [word for word in loser.news() if word.startswith("pop")] == []
    assert [word for word in mine.news() if word.startswith("pop")] == ["pop missed"]
    await hub.stop()


async def test_a_missed_call_stays_until_its_agent_has_seen_it():
    hub = hub_of()
    hub.seat(7, PBX, PHONE)
    mine, supervisor = Someone(hub, AGENT), Someone(hub, SUPERVISOR)
    hub.feed(PBX, arriving() + ringing())
    await looked_up(hub)
    hub.feed(PBX, abandoned())
    mine.news()
    key = f"main/{PHONE}|{CALL}"
    assert mine.screen["pops"][key]["state"] == "missed"
    hub.heard(supervisor.client, orjson.dumps({"type": "dismiss", "key": key}))
    assert mine.news() == []
    hub.heard(mine.client, orjson.dumps({"type": "dismiss", "key": key}))
    assert mine.news() == ["pop.closed dismissed"]


async def test_what_others_know_of_a_call_reaches_the_pops_that_are_there_and_those_to_come():
    hub = hub_of()
    hub.seat(7, PBX, PHONE)
    hub.seat(8, PBX, COLLEAGUE)
    mine, other = Someone(hub, AGENT), Someone(hub, View(user=8, queues=AGENT.queues))
    hub.feed(PBX, arriving() + ringing())
    await looked_up(hub)
    mine.news()
    hub.pop_update(CALL, {"ticket": {"id": 5, "number": "T5"}})
    assert "pop.update" in mine.news()
    hub.feed(PBX, ringing(COLLEAGUE, "1.3"))
    await looked_up(hub)
    other.news()
    assert other.screen["pops"][f"main/{COLLEAGUE}|{CALL}"]["ticket"]["id"] == 5
    assert hub.calls_where(lambda learned: learned.get("ticket", {}).get("id") == 5) == [CALL]


async def test_values_and_events_of_others_go_to_whom_they_concern():
    hub = hub_of()
    hub.seat(7, PBX, PHONE)
    mine, supervisor = Someone(hub, AGENT), Someone(hub, SUPERVISOR)
    hub.put("shift", "7", {"wish": "ready"}, User(7))
    hub.event("ticket", {"id": 3}, Queues(frozenset({"repair"})))
    hub.event("ticket", {"id": 4}, Scope("floor:read"))
    hub.event("ticket", {"id": 5}, Seat(PBX, PHONE))
    hub.event("ticket", {"id": 6}, Everyone())
    assert tickets_of(mine) == [5], "one's own come at once"
    await hub._directory.flush()
    mine.news()
    supervisor.news()
    assert mine.screen["shift"] == {"7": {"wish": "ready"}}
    assert tickets_of(mine) == [5, 3, 6]
    assert tickets_of(supervisor) == [3, 4, 6]


def tickets_of(one: Someone) -> list[int]:
    """The tickets that somebody heard of."""
    one.news()
    told = [inner for message in one.heard for inner in message.get("messages", [message])]
    return [message["id"] for message in told if message["type"] == "ticket"]


async def test_the_time_from_the_event_to_the_acknowledgement_of_its_pop_is_measured():
    took: list[float] = []

    class Gauges:
        def acknowledged(self, seconds: float) -> None:
            took.append(seconds)

        def written(self, seconds: float) -> None: ...
        def cut(self, why: str) -> None: ...
        def resumed(self, found: bool) -> None: ...
        def clients(self, open: int, kept: int, outbox: int) -> None: ...

    clock = Clock()
    hub = hub_of(clock, gauges=Gauges())
    hub.seat(7, PBX, PHONE)
    mine = Someone(hub, AGENT)
    hub.feed(PBX, arriving() + ringing(), clock())
    await looked_up(hub)
    mine.news()
    clock.s += 0.25
    hub.heard(mine.client, orjson.dumps({"type": "ack", "seq": mine.heard[-1]["seq"]}))
    assert took == [pytest.approx(0.25)]


async def test_who_talks_too_much_is_refused():
    hub = hub_of()
    mine = Someone(hub, AGENT)
    with pytest.raises(TooMany):
        for _ in range(1_000):
            hub.heard(mine.client, b'{"type":"ping","at":1}')


@pytest.mark.parametrize(
    "said",
    [b"", b"[]", b'{"type":"launch"}', b'{"type":"ack"}', b'{"type":"ack","seq":-1}', b"\xff", b"[" * 5000],
)
async def test_what_is_no_word_of_this_version_is_refused(said: bytes):
    hub = hub_of()
    with pytest.raises(wire.Unreadable):
        hub.heard(Someone(hub, AGENT).client, said)


async def test_taking_a_seat_shows_what_is_offered_there_at_once():
    hub = hub_of()
    mine = Someone(hub, AGENT)
    hub.feed(PBX, arriving() + ringing())
    await looked_up(hub)
    mine.news()
    assert mine.screen["pops"] == {}
    hub.seat(7, PBX, PHONE)
    assert "snapshot" in mine.news()
    assert len(mine.screen["pops"]) == 1
    hub.seat(7, PBX, None)
    mine.news()
    assert mine.screen["pops"] == {}


async def test_a_mistake_in_the_screens_never_reaches_whoever_follows_the_calls():
    hub = hub_of()
    hub.feed(PBX, [object()])  # type: ignore[list-item]
    hub.feed(PBX, arriving())
    assert hub.screen.call(CALL) is not None

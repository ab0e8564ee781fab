"""Who is told what, when, and what happens to those who do not listen."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from callserver import facts
from callserver.facts import CallId, Fact, LegId, PbxId
from callserver.push import wire
from callserver.push.client import BACKLOG, KEPT_S, OUTBOX, STALL_S, Client
from callserver.push.details import CallerAsk
from callserver.push.hub import MOST_OF_ONE, Hub, TooMany
from callserver.push.screen import apply, empty
from callserver.push.views import Everyone, Queues, Scope, Seat, User, View
from tests.push.frames import messages

PBX = PbxId("main")
PHONE, COLLEAGUE = "PJSIP/1001", "PJSIP/1002"
AGENT = View(user=7, queues=frozenset({"repair"}))
SUPERVISOR = View(user=9, queues=frozenset({"repair"}), callers=True, scopes=frozenset({"floor:read"}))
CALL = CallId("main:1.1")
AT = 1_795_000_000_000


class Socket:
    """A transport that keeps what is written; `reads` False: it takes nothing."""

    def __init__(self) -> None:
        self.data = b""
        self.stuck = 0
        self.aborted = False
        self.reads = True

    def write(self, data: bytes) -> None:
        if self.reads:
            self.data += data
        else:
            self.stuck += len(data)

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_write_buffer_size(self) -> int:
        return self.stuck

    def take(self) -> list[dict[str, Any]]:
        data, self.data = self.data, b""
        return messages(data)


class Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


class Someone:
    """One browser."""

    def __init__(self, hub: Hub, view: View, owner: str | None = None, **more: Any) -> None:
        self.socket = Socket()
        self.closed: tuple[int, str] | None = None
        self.client: Client = hub.join(view, owner or f"user:{view.user}", self.socket, self.close, **more)
        self.hello, *rest = self.socket.take()
        self.screen = empty()
        self.heard: list[dict[str, Any]] = []
        self.hear(rest)

    def close(self, code: int, why: str) -> None:
        self.closed = (code, why)

    def hear(self, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for message in told:
            self.screen = apply(self.screen, message)
        self.heard += told
        return told

    def news(self) -> list[str]:
        """What came since last asked, as `pop offered`."""
        return [_word(message) for message in self.hear(self.socket.take())]


def _word(message: dict[str, Any]) -> str:
    value = message.get("value") or {}
    return " ".join(filter(None, [message["type"], message.get("why") or value.get("state")]))


def hub_of(clock: Clock | None = None, **more: Any) -> Hub:
    hub = Hub("node-a", titles={"repair": "Repairs"}, monotonic=clock or Clock(), clock=lambda: AT, **more)
    hub.begin(PBX)
    hub.feed(PBX, [joined(PHONE), joined(COLLEAGUE), facts.LinkRestored(pbx=PBX, at=AT)])
    return hub


def joined(interface: str, queue: str = "repair") -> Fact:
    return facts.AgentJoinedQueue(
        pbx=PBX, at=AT, queue=queue, interface=interface, agent=interface[-4:], state_interface=interface
    )


def arriving(number: str = "13800138000") -> list[Fact]:
    return [
        facts.CallStarted(pbx=PBX, at=AT, call=CALL, direction="inbound", caller_number=number),
        facts.LegStarted(
            pbx=PBX, at=AT, call=CALL, leg=LegId("1.1"), channel="PJSIP/t-1", interface="PJSIP/t", caller=True
        ),
        facts.CallQueued(pbx=PBX, at=AT, call=CALL, visit=0, queue="repair", leg=LegId("1.1")),
    ]  # fmt: skip


def ringing(interface: str = PHONE, leg: str = "1.2") -> list[Fact]:
    return [
        facts.LegStarted(pbx=PBX, at=AT + 5000, call=CALL, leg=LegId(leg), channel=interface, interface=interface),
        facts.AgentRang(
            pbx=PBX, at=AT + 5000, call=CALL, visit=0, queue="repair", interface=interface, agent=None, leg=LegId(leg)
        ),
    ]  # fmt: skip


def abandoned() -> list[Fact]:
    return [
        facts.RingEnded(pbx=PBX, at=AT + 9000, call=CALL, visit=0, leg=LegId("1.2"), result="canceled"),
        facts.CallLeftQueue(pbx=PBX, at=AT + 9000, call=CALL, visit=0, end="abandoned"),
        facts.CallEnded(pbx=PBX, at=AT + 9000, call=CALL, outcome="abandoned"),
    ]


async def test_an_agent_gets_their_own_pop_and_a_colleague_gets_none():
    hub = hub_of()
    hub.seat(7, PBX, PHONE, login="wei", name="Zhang Wei")
    hub.seat(8, PBX, COLLEAGUE)
    mine, other = Someone(hub, AGENT), Someone(hub, View(user=8, queues=AGENT.queues))
    hub.feed(PBX, arriving() + ringing())
    await asyncio.sleep(0.01)
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
        await asyncio.sleep(0.01)
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
    await asyncio.sleep(0.01)
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
    await asyncio.sleep(0.01)
    hub.feed(PBX, ringing())
    mine.news()
    assert [message["value"]["repeat"] for message in mine.heard if message["type"] == "pop"] == [2]
    assert mine.screen["calls"][CALL]["ticket"] == 5


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
    await asyncio.sleep(0.06)
    assert "pop offered" in mine.news()
    late.set()
    await asyncio.sleep(0.01)
    assert "pop.update" in mine.news()
    assert mine.screen["pops"][f"main/{PHONE}|{CALL}"]["repeat"] == 3


async def test_a_pop_withdrawn_while_it_waited_for_its_details_was_never_there_unless_it_was_missed():
    async def never(ask: CallerAsk) -> dict[str, Any] | None:
        await asyncio.sleep(3600)
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
    await asyncio.sleep(0.01)
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
    await asyncio.sleep(0.01)
    mine.news()
    hub.pop_update(CALL, {"ticket": {"id": 5, "number": "T5"}})
    assert "pop.update" in mine.news()
    hub.feed(PBX, ringing(COLLEAGUE, "1.3"))
    await asyncio.sleep(0.01)
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


async def test_a_stream_goes_on_where_it_was_and_its_numbers_too():
    hub = hub_of()
    mine = Someone(hub, AGENT)
    hub.put("shift", "7", {"wish": "ready"}, User(7))
    mine.news()
    seen = mine.heard[-1]["seq"]
    hub.leave(mine.client)
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
    hub.leave(mine.client)
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
    await asyncio.sleep(0.01)
    mine.news()
    clock.s += 0.25
    hub.heard(mine.client, orjson.dumps({"type": "ack", "seq": mine.heard[-1]["seq"]}))
    assert took == [pytest.approx(0.25)]


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


async def test_presence_is_told_with_the_first_screen_and_the_last():
    hub, told = hub_of(), []
    hub.on_presence(lambda user, here: told.append((user, here)))
    one, two = Someone(hub, AGENT), Someone(hub, AGENT)
    assert hub.watching(7) == 2
    hub.leave(one.client)
    hub.leave(one.client)
    hub.leave(two.client)
    assert told == [(7, True), (7, False)]


async def test_taking_a_seat_shows_what_is_offered_there_at_once():
    hub = hub_of()
    mine = Someone(hub, AGENT)
    hub.feed(PBX, arriving() + ringing())
    await asyncio.sleep(0.01)
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

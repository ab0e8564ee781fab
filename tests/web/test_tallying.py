"""The day's numbers reach the screens of those who may see them, with what was before this process began."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from typing import Any

import pytest_asyncio

from callserver import facts
from callserver.facts import CallId, Instant, LegId, iso
from callserver.limits import limits_of
from callserver.people import UserId
from callserver.push.applying import Value
from callserver.push.hub import Hub
from callserver.push.views import View
from callserver.settings import QueueSettings
from callserver.store import spans
from callserver.store.engine import Store
from callserver.store.rows import Batch
from callserver.store.spans import Span
from callserver.web.tallying import Tallying
from tests.push.described import fits
from tests.push.watching import AT, CALL, PBX, PHONE, SUPERVISOR, Clock, Someone, arriving, joined
from tests.store.conftest import own, prepared_file, sqlite_store
from tests.store.samples import record, started

__all__ = ["prepared_file", "sqlite_store"]
ELSEWHERE = View(user=10, queues=frozenset({"parts"}), callers=True, scopes=frozenset({"floor:read"}))
AGENT = View(user=7, queues=frozenset({"repair"}))
EVERYTHING = View(user=1, queues=None, scopes=frozenset({"floor:read"}))
QUEUE, SITE, WEI = "queue|main/repair", "site|", "agent|7"
HOUR = 3_600_000


class Floor:
    """A store, live screens, and the numbers between them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.hub = Hub("node-a", monotonic=Clock(), clock=lambda: AT)
        queues = {"repair": QueueSettings(target_s=10, short_s=2)}
        self.tallying = Tallying(store, self.hub, UTC, lambda: AT, limits_of(queues))

    def begins(self) -> None:
        for watcher in (self.tallying, self.hub):
            watcher.begin(PBX)
            watcher.feed(PBX, [joined(PHONE), facts.LinkRestored(pbx=PBX, at=AT)])

    def tells(self, *told: facts.Fact) -> None:
        self.tallying.feed(PBX, told)
        self.hub.feed(PBX, told)

    async def seen(self, view: View) -> dict[str, Value]:
        """The numbers on this screen once everything is told."""
        await asyncio.gather(*self.tallying._loading)
        watching = Someone(self.hub, view)
        await self.hub._directory.flush()
        watching.news()
        return dict(watching.screen["tallies"])


@pytest_asyncio.fixture
async def floor(sqlite_store: Store) -> AsyncIterator[Floor]:
    made = Floor(sqlite_store)
    yield made
    await asyncio.gather(*made.tallying._loading)


def answered(at: Instant = AT) -> facts.Fact:
    return facts.AgentAnswered(
        pbx=PBX, at=at, call=CALL, visit=0, queue="repair", interface=PHONE, agent=None, leg=LegId("1.2")
    )


async def test_a_call_is_in_the_numbers_of_its_queue_by_the_queues_own_target(floor: Floor):
    floor.begins()
    floor.tells(*arriving())
    assert (await floor.seen(SUPERVISOR))[QUEUE]["undecided"] == 1
    floor.tells(answered(AT + 11_000))
    found = (await floor.seen(SUPERVISOR))[QUEUE]
    assert (found["offered"], found["answered"], found["sl_offered"], found["spark"][-1]) == (1, 1, 0.0, 1)


async def test_what_changed_is_told_once(floor: Floor):
    floor.begins()
    await floor.seen(SUPERVISOR)
    watching = Someone(floor.hub, SUPERVISOR)
    await floor.hub._directory.flush()
    watching.socket.take()
    floor.tells(*arriving())
    await floor.hub._directory.flush()
    assert _tallies(watching) == [QUEUE]
    await floor.hub._directory.flush()
    assert _tallies(watching) == []


def _tallies(watching: Someone) -> list[str]:
    several = [one for message in watching.socket.take() for one in message.get("messages", [message])]
    return [one["key"] for one in several if one["type"] == "tally"]


async def test_numbers_are_for_who_answers_for_the_queue_and_the_sites_for_who_sees_all(floor: Floor):
    floor.hub.seat(7, PBX, PHONE, login="wei", name="Wei")
    floor.begins()
    floor.tells(*arriving(), answered())
    assert (await floor.seen(SUPERVISOR)).keys() == {QUEUE, WEI}
    everything = await floor.seen(EVERYTHING)
    assert everything.keys() == {QUEUE, WEI, SITE}
    for value in everything.values():
        fits("tally", value)
    assert await floor.seen(ELSEWHERE) == {}
    assert await floor.seen(AGENT) == {}


async def test_the_day_so_far_comes_from_the_store(floor: Floor, sqlite_store: Store):
    await _an_hour_ago(sqlite_store)
    floor.hub.seat(7, PBX, PHONE, login="wei", name="Wei")
    floor.begins()
    floor.tells(*arriving())
    found = await floor.seen(EVERYTHING)
    assert (found[QUEUE]["offered"], found[QUEUE]["answered"], found[SITE]["offered"]) == (2, 1, 2)
    assert (found[WEI]["handled"], found[WEI]["aht"]) == (1, 60 + 30)
    assert found[WEI]["occupancy"] == 90 / (90 + 60)


async def _an_hour_ago(store: Store) -> None:
    """A call of a minute that Wei had, a minute of waiting for it and half a minute of wrap-up."""
    at = AT - HOUR
    visit = {
        "queue": "repair",
        "entered_at": iso(at),
        "wait_s": 5.0,
        "talk_s": 60.0,
        "end": "answered",
        "agent": {"interface": PHONE},
        "completed_by": "caller",
    }
    journal = await own(store)
    whole: dict[str, Any] = record(1, at=at, open=False, queue_visits=[visit], ended_at=iso(at + 65_000))
    await journal.append(Batch(facts=[started(1, at)], records=[whole]))
    await journal.close()
    states = [("ready", -55_000, 5_000), ("talking", 5_000, 65_000), ("wrap_up", 65_000, 95_000)]
    written = [
        Span(user=UserId(7), pbx=PBX, interface=PHONE, state=state, begin=at + begin, to=at + to)
        for state, begin, to in states
    ]
    await store.write(lambda c: spans.write(c, {}, written))


async def test_a_restart_marks_the_day_as_seen_in_part(floor: Floor):
    floor.begins()
    floor.tells(*arriving())
    assert (await floor.seen(SUPERVISOR))[QUEUE]["touched"] is False
    floor.tells(facts.LinkRestored(pbx=PBX, at=AT, lost_at=AT - 5_000))
    assert (await floor.seen(SUPERVISOR))[QUEUE]["touched"] is True


async def test_what_cannot_be_counted_stops_nothing(floor: Floor):
    floor.begins()
    floor.tells(facts.CallCorrected(pbx=PBX, at=AT, call=CallId("main:9"), record={}))
    floor.tells(*arriving())
    assert (await floor.seen(SUPERVISOR))[QUEUE]["offered"] == 1

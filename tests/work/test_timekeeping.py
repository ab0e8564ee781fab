"""Times at work, followed from what the screens show: each state where it began and ended, nothing where nobody saw."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from callserver.facts import FOLLOWED_ELSEWHERE, LinkLost, LinkRestored, PbxId, iso
from callserver.people import UserId
from callserver.store import spans
from callserver.store.engine import Store
from callserver.work.timekeeping import Timekeeping
from tests.store.conftest import prepared_file, sqlite_store
from tests.store.samples import MORNING, PBX

__all__ = ["prepared_file", "sqlite_store"]

ZHANG, LI = 7, 8
KEY = f"{PBX}/PJSIP/1001"


class Day:
    """A timekeeper, a clock in seconds since the morning, and what it wrote."""

    def __init__(self, store: Store) -> None:
        self.at = 0
        self.store = store
        self.keeper = Timekeeping(store, lambda: MORNING + self.at * 1000)

    def follows(self, seen_until: int | None = None) -> None:
        self.keeper.begin(PBX, blind_since=None if seen_until is None else MORNING + seen_until * 1000)

    def sees(self) -> None:
        self.keeper.feed(PBX, [LinkRestored(pbx=PBX, at=MORNING + self.at * 1000)])

    def loses_sight(self, reason: str = "") -> None:
        self.keeper.feed(PBX, [LinkLost(pbx=PBX, at=MORNING + self.at * 1000, reason=reason)])

    def is_(self, state: str | None, user: int | None = ZHANG, since: int | None = None, **more: Any) -> None:
        told = MORNING + (self.at if since is None else since) * 1000
        value = {"state": state, "user": user, "since": iso(told), "reason": None, "call": None, **more}
        self.keeper.changed(KEY, None if state is None else value)

    async def wrote(self, user: int = ZHANG) -> list[tuple[str, float, float | None]]:
        await self.keeper.flush()
        found = await self.store.read(lambda c: spans.of(c, UserId(user), 0, MORNING + 86_400_000))
        return [
            (one.state, (one.begin - MORNING) / 1000, None if one.to is None else (one.to - MORNING) / 1000)
            for one in found
        ]


@pytest_asyncio.fixture
async def day(sqlite_store: Store) -> Day:
    """A switch that is followed and seen from the first second on."""
    made = Day(sqlite_store)
    made.follows()
    made.sees()
    return made


async def test_each_state_ends_where_the_next_begins_by_the_switchs_own_time(day: Day):
    day.is_("ready")
    day.at = 10
    day.is_("talking", since=9, call="main:1.0")
    assert await day.wrote() == [("ready", 0, 9), ("talking", 9, None)]
    day.at = 40
    day.is_("wrap_up", since=39, reason="wrap-up")
    day.is_("ready", since=40)
    assert await day.wrote() == [
        ("ready", 0, 9),
        ("talking", 9, 39),
        ("wrap_up", 39, 40),
        ("ready", 40, None),
    ]


async def test_whoever_sits_down_does_so_now_although_the_phone_was_free_before(day: Day):
    day.is_("ready", user=None)
    day.at = 60
    day.is_("ready", user=LI, since=0)
    day.at = 90
    day.is_(None)
    assert await day.wrote(LI) == [("ready", 60, 90)]


async def test_nobody_is_ready_while_nobody_can_see(day: Day):
    day.is_("ready")
    day.at = 10
    day.loses_sight()
    day.at = 30
    day.is_("paused", reason="lunch")
    day.at = 50
    day.sees()
    assert await day.wrote() == [("ready", 0, 10), (spans.UNSEEN, 10, 50), ("paused", 50, None)]


async def test_what_changes_and_changes_back_at_once_leaves_nothing(day: Day):
    day.is_("ready")
    await day.wrote()
    day.is_("ringing")
    day.is_("ready")
    assert await day.wrote() == [("ready", 0, 0), ("ready", 0, None)]


async def test_after_a_crash_the_next_process_ends_what_was_open(day: Day):
    day.is_("talking")
    await day.wrote()
    again = Day(day.store)
    again.at = 100
    again.follows(seen_until=70)
    again.is_("talking", since=0)
    again.at = 102
    again.sees()
    assert await again.wrote() == [
        ("talking", 0, 70),
        (spans.UNSEEN, 70, 100),
        (spans.UNSEEN, 100, 102),
        ("talking", 102, None),
    ]


async def test_a_switch_that_another_node_follows_is_its_matter(day: Day):
    day.is_("ready")
    await day.wrote()
    day.at = 5
    day.loses_sight(FOLLOWED_ELSEWHERE)
    day.is_("talking")
    assert await day.wrote() == [("ready", 0, None)]
    day.keeper.changed("other/PJSIP/1001", {"state": "ready", "user": ZHANG, "since": None})
    day.keeper.feed(PbxId("other"), [LinkRestored(pbx=PbxId("other"), at=MORNING)])
    assert await day.wrote() == [("ready", 0, None)]


async def test_a_process_that_stops_ends_what_goes_on(day: Day):
    day.is_("ready")
    await day.wrote()
    day.at = 20
    day.keeper.stop()
    await day.keeper.run()
    assert await day.wrote() == [("ready", 0, 20)]

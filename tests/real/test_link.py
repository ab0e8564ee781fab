"""The AMI link breaks in the middle of calls. Two callservers watch one switch: the line of one is cut, that of the
other falls silent, which no TCP stack tells. What they missed comes back by itself, out of the switch's journals.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.real.comparing import everything_is_on_record, last_visit
from tests.real.stages import Desk, desk
from tests.real.wire import Way, Wire
from tests.rig import provision
from tests.rig.asterisk import until
from tests.rig.scenarios import REPAIR
from tests.rig.service import DEADLINE_S, Service

pytestmark = [pytest.mark.real, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]
WAYS: Final[tuple[Way, ...]] = ("cut", "silent")
PATIENCE_S = 30
"""So much later a busy machine may notice."""

THROUGH = "13800138001"
"""Talks before the gap, in it and after it."""
ENDING = "13800138002"
"""Talks when the gap begins, and ends the call in it."""
INSIDE = "13800138003"
"""Calls, is answered and hangs up, all in the gap."""
IMPATIENT = "13800138004"
"""Calls and hangs up again in the gap, before anybody answered."""
LATE = "13800138005"
"""Calls and is answered in the gap, and talks on after it."""
EVERYBODY = {THROUGH, ENDING, INSIDE, IMPATIENT, LATE}


@dataclass(slots=True)
class Watcher:
    """A callserver, its line to the switch, and when it noticed that the line was broken."""

    wire: Wire
    service: Service
    noticed_s: float = 0.0
    known_in_the_gap: set[str] = field(default_factory=set)

    def record(self, number: str) -> dict[str, Any]:
        """The one call of this customer."""
        (call,) = self.service.calls(f"caller_number = '{number}'")
        return call

    async def sees_talks_of(self, *numbers: str) -> None:
        service = self.service
        await service.until(lambda: all(map(self._talks, numbers)), 60, "the talks to be on record")

    def _talks(self, number: str) -> bool:
        calls = self.service.calls(f"caller_number = '{number}'")
        return any(visit["agent"] for call in calls for visit in call["queue_visits"])

    async def notices(self, broken_at: float) -> None:
        service = self.service
        await service.until(lambda: not service.ready, 60, "the loss to be noticed")
        self.noticed_s = time.monotonic() - broken_at

    async def sees_again(self) -> None:
        service = self.service
        await service.until(lambda: service.ready, 60, "the switch to be seen again")


@dataclass(slots=True)
class Gap:
    """The switch after the gap, and who watched it."""

    desk: Desk
    watchers: dict[Way, Watcher]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gap(asterisk_22: provision.Switch, sipp: list[str]) -> AsyncIterator[Gap]:
    """The whole play, once: a talk, a gap with calls in it, sight again, everybody hangs up, the journals are read."""
    async with contextlib.AsyncExitStack() as stack:
        stage = await stack.enter_async_context(desk(asterisk_22))
        watchers = {way: await _watcher(stack, stage, way) for way in WAYS}
        for number in (THROUGH, ENDING):
            await stage.calls(number)
        for watcher in watchers.values():
            await watcher.sees_talks_of(THROUGH, ENDING)
        for way, watcher in watchers.items():
            watcher.wire.fails(way)
        broken_at = time.monotonic()
        await asyncio.gather(*(watcher.notices(broken_at) for watcher in watchers.values()))
        await _meanwhile(stage)
        for watcher in watchers.values():
            watcher.known_in_the_gap = {call["caller_number"] for call in watcher.service.calls()}
            watcher.wire.is_mended()
        await asyncio.gather(*(watcher.sees_again() for watcher in watchers.values()))
        for number in (THROUGH, LATE):
            await stage.hang_up(number)
        for watcher in watchers.values():
            await watcher.service.settled()
        yield Gap(stage, watchers)


async def _watcher(stack: contextlib.AsyncExitStack, stage: Desk, way: Way) -> Watcher:
    wire = await stack.enter_async_context(Wire(stage.switch.ports.manager))
    home = stage.switch.home / f"callserver-{way}"
    service = Service(stage.switch, home=home, manager_port=wire.port)
    return Watcher(wire, await stack.enter_async_context(service))


async def _meanwhile(stage: Desk) -> None:
    """What happens while nobody sees it; over when the switch has written it down."""
    await stage.hang_up(ENDING)
    await stage.calls(INSIDE)
    await _until_written(stage, answered=(INSIDE,))
    await stage.hang_up(INSIDE)
    await stage.calls(IMPATIENT, stay_ms=1000, dialed=REPAIR)
    await stage.calls(LATE)
    await _until_written(stage, answered=(LATE,), ended=(ENDING, INSIDE, IMPATIENT))


async def _until_written(stage: Desk, *, answered: tuple[str, ...], ended: tuple[str, ...] = ()) -> None:
    def has_ended(number: str) -> bool:
        visit = last_visit(stage.switch, number)
        return visit is not None and (visit.talk_s is not None or visit.end == "abandoned")

    def is_answered(number: str) -> bool:
        visit = last_visit(stage.switch, number)
        return visit is not None and visit.end == "answered"

    await until(
        lambda: all(map(is_answered, answered)) and all(map(has_ended, ended)),
        60,
        "the switch to write it down",
    )


@pytest.mark.parametrize("way", WAYS)
async def test_the_loss_is_noticed_within_the_deadline(gap: Gap, way: Way) -> None:
    """A cut is told; silence is known for what it is when the deadline is over. Else TCP would wait for hours."""
    latest = {"cut": DEADLINE_S - 1, "silent": DEADLINE_S + PATIENCE_S}[way]
    assert gap.watchers[way].noticed_s < latest


@pytest.mark.parametrize("way", WAYS)
async def test_calls_that_begin_and_end_inside_the_gap_appear_by_themselves(gap: Gap, way: Way) -> None:
    watcher = gap.watchers[way]
    assert not {INSIDE, IMPATIENT, LATE} & watcher.known_in_the_gap
    for number, outcome in ((INSIDE, "answered"), (IMPATIENT, "abandoned")):
        record = watcher.record(number)
        assert (record["outcome"], record["gap"], record["open"]) == (outcome, True, False)
        assert {"queue_log", "cel"} >= set(record["sources"]) > set()


@pytest.mark.parametrize("way", WAYS)
async def test_calls_running_into_through_or_out_of_the_gap_end_right(gap: Gap, way: Way) -> None:
    watcher = gap.watchers[way]
    for number in (THROUGH, ENDING, LATE):
        record = watcher.record(number)
        assert (record["outcome"], record["gap"], record["open"]) == ("answered", True, False)
        assert "ami" in record["sources"]
        assert record["queue_visits"][0]["agent"]
        assert len(record["queue_visits"]) == 1


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_is_omitted_and_nothing_is_told_twice(gap: Gap, way: Way) -> None:
    watcher = gap.watchers[way]
    assert sorted(call["caller_number"] for call in watcher.service.calls()) == sorted(EVERYBODY)
    await everything_is_on_record(gap.desk.switch, watcher.service)


@pytest.mark.parametrize("way", WAYS)
async def test_the_gap_is_counted(gap: Gap, way: Way) -> None:
    metrics = gap.watchers[way].service.get("/metrics").text
    assert 'callserver_gaps_total{pbx="main"} 1.0' in metrics
    assert 'callserver_links_made_total{pbx="main"} 2.0' in metrics
    assert 'callserver_omission_ppm{pbx="main"} 0.0' in metrics

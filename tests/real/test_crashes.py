"""Power pulled in the middle of fifty calls: nothing is omitted, and every record equals what the switch wrote."""

from __future__ import annotations

import asyncio

import pytest

from tests.real.comparing import everything_is_on_record
from tests.real.stages import Busy, desk
from tests.rig import provision
from tests.rig.service import DEADLINE_S, HEARTBEAT_S, Service

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
MOST = 40
"""So many calls are on record when the power is pulled: the other ten come while it is off."""


def _inbound(service: Service) -> int:
    return len(service.calls("direction = 'inbound'"))


def _stages(service: Service) -> set[str]:
    """What the calls that go on now are doing."""
    found = set()
    for call in service.calls("open"):
        visits = [visit for visit in call["queue_visits"] if visit["end"] is None or visit["agent"]]
        if visits and visits[-1]["agent"]:
            found.add("talking")
        elif visits and any(ring["result"] is None for ring in visits[-1]["rings"]):
            found.add("ringing")
        elif visits:
            found.add("waiting")
    return found


async def _in_the_middle(service: Service) -> None:
    """Most of the fifty have come; some wait, some ring, some talk."""
    await service.until(lambda: service.count() >= MOST, 60, f"{MOST} calls on record")
    everything = {"waiting", "ringing", "talking"}
    await service.until(
        lambda: _stages(service) == everything, 60, "callers to wait, phones to ring, agents to talk"
    )


async def test_nothing_happens_to_an_undisturbed_floor(busy: Busy) -> None:
    async with Service(busy.switch) as service:
        placed = await busy.over(await busy.crowd())
        await service.settled()
        await everything_is_on_record(busy.switch, service)
        assert _inbound(service) == placed == 50
        assert not any(call["gap"] for call in service.calls())
        assert await service.stop() == 0


async def test_callserver_killed_in_the_middle_of_fifty_calls(busy: Busy) -> None:
    async with Service(busy.switch) as service:
        crowds = await busy.crowd()
        await _in_the_middle(service)
        await service.kill()
        touched = {call["id"] for call in service.calls("open")}
        await service.start()
        placed = await busy.over(crowds)
        await service.settled()
        await everything_is_on_record(busy.switch, service)
        assert _inbound(service) == placed == 50
        assert touched <= {call["id"] for call in service.calls() if call["gap"]}


@pytest.mark.parametrize("how", ["gracefully", "by kill -9"])
async def test_asterisk_restarted_in_the_middle_of_fifty_calls(busy: Busy, how: str) -> None:
    async with Service(busy.switch) as service:
        crowds = await busy.crowd()
        await _in_the_middle(service)
        await (busy.switch.stop() if how == "gracefully" else busy.switch.kill())
        for crowd in crowds:
            await crowd.kill()
        await busy.switch.start()
        await service.until(lambda: service.ready, 60, "the switch to be seen again")
        await busy.at_work()
        placed = await busy.over(await busy.crowd(patient=15, hasty=5))
        await service.settled()
        await everything_is_on_record(busy.switch, service)
        assert placed == 20
        assert _inbound(service) >= placed + MOST


async def test_a_switch_that_stops_when_its_calls_have_ended_is_heard_to_the_end(
    asterisk_22: provision.Switch, sipp: list[str]
) -> None:
    async with desk(asterisk_22) as stage, Service(stage.switch) as service:
        await stage.calls("13800138000", stay_ms=(DEADLINE_S + 4 * HEARTBEAT_S) * 1000)
        await service.until(lambda: any(call["answered_at"] for call in service.calls()), 60, "a talk")
        stopping = asyncio.create_task(stage.switch.stop(60, how="core stop gracefully"))
        await service.until(lambda: not service.open_calls(), 60, "the call to be over on record")
        await stopping
        (call,) = service.calls()
        assert (call["outcome"], call["gap"], call["sources"]) == ("answered", False, ["ami"])
        await stage.switch.start()
        await service.until(lambda: service.ready, 60, "the switch to be seen again")
        await everything_is_on_record(stage.switch, service)

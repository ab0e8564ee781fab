"""Power pulled in the middle of fifty calls: nothing is omitted, and every record equals what the switch wrote."""

from __future__ import annotations

import json

import pytest

from tests.real.comparing import callers, cel_channels, differences
from tests.real.conftest import Busy
from tests.rig.service import Service

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]


async def _settled(service: Service) -> None:
    """Every call is over on record and every repair has been made."""
    await service.until(lambda: service.open_calls() == 0, 60, "every call to be over on record")
    await service.until(lambda: service.repairs_waiting() == 0, 90, "the reconciliations to be done")


async def _nothing_omitted(busy: Busy, service: Service, placed: int) -> None:
    code, said = await service.run("reconcile", "--from", _yesterday(), "--json")
    assert callers(busy.switch) <= service.legs()
    assert cel_channels(busy.switch) <= service.legs()
    assert differences(busy.switch, service.calls()) == []
    assert len([call for call in service.calls() if call["direction"] == "inbound"]) == placed
    assert code == 0, said


def _yesterday() -> str:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    return (datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=1)).date().isoformat()


async def test_nothing_happens_to_an_undisturbed_floor(busy: Busy) -> None:
    async with Service(busy.switch) as service:
        placed = await busy.over(await busy.fifty())
        await _settled(service)
        await _nothing_omitted(busy, service, placed)
        assert not any(call["gap"] for call in service.calls())
        assert await service.stop() == 0


async def test_killed_in_the_middle_of_fifty_calls(busy: Busy) -> None:
    service = Service(busy.switch)
    await service.start()
    try:
        crowds = await busy.fifty()
        await service.until(lambda: len(service.calls()) >= 40, 60, "forty calls on record")
        await service.kill()
        touched = service.open_calls()
        await service.start()
        placed = await busy.over(crowds)
        await _settled(service)
        await _nothing_omitted(busy, service, placed)
        assert touched > 0
        assert sum(call["gap"] for call in service.calls()) >= touched
        assert json.loads(service.get("/readyz").text)
    finally:
        await service.kill()


@pytest.mark.parametrize("how", ["graceful", "killed"])
async def test_asterisk_restarted_in_the_middle_of_fifty_calls(busy: Busy, how: str) -> None:
    async with Service(busy.switch) as service:
        crowds = await busy.fifty()
        await service.until(lambda: len(service.calls()) >= 40, 60, "forty calls on record")
        await (busy.switch.stop() if how == "graceful" else busy.switch.kill())
        for crowd in crowds:
            await crowd.kill()
        await busy.switch.start()
        await service.until(lambda: service.ready, 60, "the switch to be seen again")
        await busy.at_work()
        again = await busy.fifty()
        await busy.over(again)
        await _settled(service)
        assert callers(busy.switch) <= service.legs()
        assert cel_channels(busy.switch) <= service.legs()
        assert differences(busy.switch, service.calls()) == []
        code, said = await service.run("reconcile", "--from", _yesterday(), "--json")
        assert code == 0, said

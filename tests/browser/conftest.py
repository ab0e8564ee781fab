"""One switch, one callserver and one browser for a module of tests; every test finds all phones free."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser.stage import RING_MS, Stage, opened
from tests.rig import provision
from tests.rig.scenarios import LI, ZHANG


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole_day(
    request: pytest.FixtureRequest,
    asterisk_22: provision.Switch,
    sipp: list[str],
    chromium: provision.Browser,
) -> AsyncIterator[Stage]:
    """A module that is about promises says so by DIALS: others miss calls, and nobody is to be rung about them."""
    async with opened(asterisk_22, chromium, dials=getattr(request.module, "DIALS", False)) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def stage(whole_day: Stage) -> AsyncIterator[Stage]:
    for phone in (ZHANG, LI):
        await whole_day.stands(phone, "answers", ring_ms=RING_MS)
    yield whole_day
    await whole_day.clear()

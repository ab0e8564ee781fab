"""A floor of its own for every test that pulls the power."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.real.stages import Busy, busy_floor
from tests.rig import provision


@pytest.fixture
async def busy(asterisk_22: provision.Switch, sipp: list[str]) -> AsyncIterator[Busy]:
    async with busy_floor(asterisk_22) as floor:
        yield floor

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.ami.fake_switch import FakeSwitch, fake_switch


@pytest.fixture
async def switch() -> AsyncIterator[FakeSwitch]:
    async with fake_switch() as made:
        yield made

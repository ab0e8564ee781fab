"""The service tells others: what is put down while it runs arrives, and its metrics say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from callserver.app import App
from callserver.errors import SettingsError
from callserver.store import engine
from callserver.store.engine import Store
from tests.node.conftest import eventually
from tests.test_app import settings_of
from tests.work.receivers import receiver, subscribed, told


@pytest_asyncio.fixture
async def app(tmp_path, monkeypatch) -> AsyncIterator[App]:
    monkeypatch.setattr("callserver.work.webhooks.LOOK_S", 0.05)
    made = App(settings_of(tmp_path))
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def store(app, tmp_path) -> AsyncIterator[Store]:
    opened = await engine.open(f"sqlite:///{tmp_path}/calls.db")
    yield opened
    await opened.close()


def sample(app: App, name: str, **labels: str) -> float | None:
    return app.vitals.registry.get_sample_value(f"callserver_webhook_{name}", labels)


async def test_what_is_put_down_arrives_though_another_receiver_is_down_and_the_metrics_tell_both(app, store):
    async with receiver() as there, receiver(status=503) as down:
        well, ill = await subscribed(store, there.url), await subscribed(store, down.url)
        await told(store, 1)
        await eventually(lambda: there.heard)
        assert there.heard[0].event["source"] == "/callserver"
        await eventually(lambda: sample(app, "tries_total", webhook=str(well.id), result="delivered") == 1)
        await eventually(lambda: sample(app, "tries_total", webhook=str(ill.id), result="down") == 1)
        await eventually(lambda: sample(app, "unsent", webhook=str(well.id)) == 0)
        await eventually(lambda: (sample(app, "oldest_age_seconds", webhook=str(ill.id)) or 0) > 0)
    assert sample(app, "unsent", webhook=str(ill.id)) == 1
    assert sample(app, "dead", webhook=str(ill.id)) == 0
    assert all(check.ok for check in app.vitals.checks() if check.name != "asterisk main")


async def test_a_file_of_certificates_that_cannot_be_read_is_said(tmp_path):
    app = App(settings_of(tmp_path, more='[webhooks]\nca_file = "nowhere.pem"\n'))
    with pytest.raises(SettingsError, match=r"webhooks\.ca_file: .*nowhere\.pem"):
        async with asyncio.timeout(60):
            await app.start()

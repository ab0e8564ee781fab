"""The real application behind a real port of its own, on a real SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from callserver.settings import Secret, WebSettings
from callserver.store.engine import Store
from callserver.vitals import Vitals
from callserver.web.server import application
from tests.node.conftest import store

__all__ = ["store"]
TOKEN = "tok3n"


class Site:
    """What a client of the port can do."""

    def __init__(self, client: TestClient[Any, Any], vitals: Vitals) -> None:
        self.client = client
        self.vitals = vitals

    async def get(self, path: str, token: str | None = None, **headers: str) -> ClientResponse:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self.client.get(path, headers=headers)

    async def api(self, path: str) -> Any:
        """The JSON of an answer that must be there."""
        response = await self.get("/api/v1/" + path, TOKEN)
        assert response.status == 200, await response.text()
        return await response.json()


@pytest_asyncio.fixture
async def site(store: Store) -> AsyncIterator[Site]:
    vitals = Vitals("node-a")
    async with TestClient(TestServer(application(WebSettings(token=Secret(TOKEN)), store, vitals))) as client:
        yield Site(client, vitals)

"""The real application behind a real port of its own, on a real SQLite file."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from callserver.facts import Actor, Instant
from callserver.numbers import Plan
from callserver.settings import Secret, WebSettings
from callserver.store import engine, tokens
from callserver.store.engine import Store
from callserver.vitals import Vitals
from callserver.web.passwords import Cost, Passwords
from callserver.web.server import application
from callserver.work import dialling_choosing
from callserver.work.dialling_answers import Answering
from callserver.work.dialling_choosing import Choosing
from tests.store.conftest import BOTH as DATABASES
from tests.store.conftest import EMPTYING, administer, prepared_file, shared_postgres

__all__ = ["prepared_file", "shared_postgres"]
BOTH = pytest.mark.parametrize("store", DATABASES, indirect=True)
TOKEN = "tok3n"
NOW: Instant = 1_795_000_000_000  # 2026-11-18
PLAN = Plan(area_code="0532")
CHEAP = Cost(memory_kib=8, passes=1)
ADMIN = Actor(name="admin", through="cli")


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, read to its end."""

    status: int
    body: Any
    headers: Mapping[str, str]  # in any case of letters

    @property
    def fields(self) -> list[str]:
        """Which fields a problem names."""
        return [wrong["field"] for wrong in self.body["errors"]]


class Site:
    """What a client of the port can do. `now` is the clock of the server."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.vitals = Vitals("node-a")
        self.now = NOW
        self.trunks: dict[str, tuple[str, ...]] = {}
        self.client: TestClient[Any, Any]

    def tick(self) -> Instant:
        return self.now

    async def get(self, path: str, token: str | None = None, **headers: str) -> ClientResponse:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self.client.get(path, headers=headers)

    async def api(self, path: str) -> Any:
        """The JSON of an answer that must be there."""
        response = await self.get("/api/v1/" + path, TOKEN)
        assert response.status == 200, await response.text()
        return await response.json()

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str = TOKEN, **headers: str
    ) -> Said:
        """Any request; underscores in the names of headers stand for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.client.request(
            method, f"/api/v1/{path}", json=body, headers={"Authorization": f"Bearer {token}", **sent}
        )
        text = await response.text()
        parsed = await response.json(content_type=None) if text else None
        return Said(response.status, parsed, response.headers)

    async def token(self, *scopes: str, expires_at: Instant | None = None) -> str:
        """A new token with these rights."""
        _, text = await self.store.write(
            lambda connection: tokens.create(
                connection, "test", scopes, ADMIN, self.now, expires_at=expires_at
            )
        )
        return text


@pytest_asyncio.fixture
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """SQLite; the other one too for a module that says `pytestmark = BOTH`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(request.getfixturevalue("prepared_file"), tmp_path / "calls.db")
        url = f"sqlite:///{tmp_path}/calls.db"
    else:
        url = request.getfixturevalue("shared_postgres")
        await administer(url, EMPTYING)
    opened = await engine.open(url, synchronous="OFF")
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def site(store: Store) -> AsyncIterator[Site]:
    site = Site(store)
    settings = WebSettings(token=Secret(TOKEN), requests_per_minute=1_000_000)
    app = application(
        settings,
        store,
        site.vitals,
        plan=PLAN,
        clock=site.tick,
        passwords=Passwords(CHEAP),
        trunks=site.trunks,
        why=Answering(Choosing(dialling_choosing.Site(plan=PLAN))).why,
    )
    async with TestClient(TestServer(app)) as site.client:
        yield site

"""Who read what is written before they get to see it, and together with what others read at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from callserver.errors import StoreError
from callserver.facts import Actor
from callserver.store.desk import audit as table
from callserver.store.engine import Connection, Store
from callserver.web.api.auditing import Auditing
from tests.web.conftest import NOW, Site

LI = Actor(name="Li Na", through="api")


class Counted:
    """A store that counts its transactions, and fails when it is told to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.transactions = 0
        self.broken = False

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        self.transactions += 1
        if self.broken:
            raise StoreError("away")
        return await self._store.write(work)


def noted(connection: Connection) -> list[str]:
    return [row.subject for row in connection.execute(table.select().order_by(table.c.seq))]


async def test_what_many_read_at_one_moment_is_written_together(store: Store) -> None:
    counted = Counted(store)
    auditing = Auditing(counted)  # type: ignore[arg-type]
    await asyncio.gather(*(auditing.seen(LI, "read", [f"customer:{number}"], NOW) for number in range(50)))
    assert sorted(await store.read(noted)) == sorted(f"customer:{number}" for number in range(50))
    assert counted.transactions <= 3


async def test_one_who_is_seen_twice_in_an_answer_is_noted_once(store: Store) -> None:
    await Auditing(store).seen(LI, "read", ["customer:1", "customer:2", "customer:1"], NOW)
    assert await store.read(noted) == ["customer:1", "customer:2"]


async def test_where_it_cannot_be_written_everybody_hears_so(store: Store) -> None:
    counted = Counted(store)
    auditing = Auditing(counted)  # type: ignore[arg-type]
    counted.broken = True
    readers = (auditing.seen(LI, "read", [f"customer:{number}"], NOW) for number in range(5))
    assert all(isinstance(one, StoreError) for one in await asyncio.gather(*readers, return_exceptions=True))
    counted.broken = False
    await auditing.seen(LI, "read", ["customer:9"], NOW)
    assert "customer:9" in await store.read(noted)


async def test_what_cannot_be_noted_is_not_shown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await site.ask("POST", "customers", {"name": "王芳"})

    async def away(work: object) -> None:
        raise StoreError("away")

    monkeypatch.setattr(site.store, "write", away)
    said = await site.ask("GET", f"customers/{made.body['id']}")
    assert (said.status, "王芳" in str(said.body)) == (503, False)
    assert said.headers["Retry-After"]

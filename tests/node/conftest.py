"""An SQLite file of this program's schema, and a duty at work on it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_asyncio

from callserver.node import Duty, Myself
from callserver.store import engine
from callserver.store.engine import Store
from callserver.store.rows import Batch
from callserver.vitals import Vitals
from tests.node.fakes import MAIN, FakeLine
from tests.store.conftest import prepared_file

__all__ = ["prepared_file"]

DEADLINE_S = 60.0


async def eventually(condition: Callable[[], Any]) -> None:
    """Until it is so; the test fails where it never is."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.005)


@pytest_asyncio.fixture
async def store(prepared_file: Path, tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite:///{shutil.copy(prepared_file, tmp_path / 'calls.db')}"
    opened = await engine.open(url, synchronous="OFF")
    yield opened
    await opened.close()


class AtWork:
    """A duty that runs, the line it listens to, what it wrote."""

    def __init__(
        self, store: Store, run: str = "run-1", node: str = "node-a", *, lease_s: float = 60
    ) -> None:
        self.line = FakeLine()
        self.vitals = Vitals(node)
        self.written: list[Batch] = []
        self.duty = Duty(
            MAIN,
            Myself(node=node, holder=f"{node}/{run}", lease_s=lease_s, stop_s=DEADLINE_S),
            store,
            self.vitals,
            open_line=lambda settings: self.line,
            on_written=self.written.append,
        )
        self.task = asyncio.create_task(self.duty.run())

    @property
    def kinds(self) -> list[str]:
        """The facts that are on disk, by name."""
        return [type(fact).__name__ for batch in self.written for fact in batch.facts]

    @property
    def jobs(self) -> list[str]:
        """The keys of the jobs that gaps caused."""
        return [job.key for batch in self.written for job in batch.jobs if ":gap:" in job.key]

    async def stop(self) -> None:
        self.duty.stop()
        async with asyncio.timeout(DEADLINE_S):
            await self.task

    async def crash(self) -> None:
        """As after kill -9: nothing more is said or written, nothing is released."""
        self.task.cancel()
        await asyncio.wait([self.task])


@asynccontextmanager
async def at_work(store: Store, run: str = "run-1", node: str = "node-a") -> AsyncIterator[AtWork]:
    """A duty that owns its switch and whose line runs; stopped in the end."""
    work = AtWork(store, run, node)
    try:
        await eventually(work.line.running.is_set)
        yield work
    finally:
        if not work.task.done():
            await work.stop()

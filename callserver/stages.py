"""One thing that is started and stopped, and a loop as such a thing.

In: what begins and ends it. Out: stages, for whoever puts them in order. Must not know: what they do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """One thing that runs; `stop` is called only if `start` came to its end."""

    name: str
    start: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]


class Running:
    """A loop as a stage: `run` in a task, `ask` it to end, wait for it."""

    def __init__(self, run: Callable[[], Awaitable[None]], ask: Callable[[], None]) -> None:
        self._run = run
        self._ask = ask
        self._task: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Begin; returns at once."""
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Ask, and wait; cancelled while waiting, the loop is cancelled too."""
        self._ask()
        if self._task is not None:
            await self._task


async def nothing() -> None:
    """Where a stage has nothing to do at its beginning or end."""


def soon(start: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """A beginning that waits for nothing, as a stage has it."""

    async def begin() -> None:
        start()

    return begin

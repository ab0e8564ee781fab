"""One thing that is started and stopped, and a loop as such a thing.

In: what begins and ends it. Out: stages, for whoever puts them in order. Must not know: what they do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stage:
    """One thing that runs; `stop` is called only if `start` came to its end."""

    name: str
    start: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]


class Loop(Protocol):
    """What does something again and again."""

    async def run(self) -> None:
        """Until it is asked to stop."""

    def stop(self) -> None:
        """Ask: `run` returns soon."""


class Running:
    """A loop as a stage: `run` in a task, ask it to end, wait for it."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._task: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Begin; returns at once."""
        self._task = asyncio.ensure_future(self._loop.run())

    async def stop(self) -> None:
        """Ask, and wait; cancelled while waiting, the loop is cancelled too."""
        self._loop.stop()
        if self._task is not None:
            await self._task

    def leave(self) -> None:
        """End it at once, wherever it is."""
        if self._task is not None:
            self._task.cancel()


async def nothing() -> None:
    """Where a stage has nothing to do at its beginning or end."""


def soon(start: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """A beginning that waits for nothing, as a stage has it."""

    async def begin() -> None:
        start()

    return begin

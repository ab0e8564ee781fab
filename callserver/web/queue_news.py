"""Keeps what is set of queues current: here as soon as it is changed here, and what others change within a second.

In: the store, the book that the running parts hold. Out: the book laid anew; the names of queues that are set
otherwise now, for whoever wants to hear. Must not know: who holds the book, what they do with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict
from typing import Final

import structlog

from callserver.errors import StoreError
from callserver.settings import QueueBook, QueueSettings
from callserver.store import queue_settings
from callserver.store.engine import Store
from callserver.store.queue_settings import Kept, Said

log = structlog.get_logger(__name__)
LOOK_S: Final = 1.0


class QueueNews:
    """`start` before anything works by the book, `close` at the end."""

    def __init__(
        self,
        store: Store,
        book: QueueBook,
        on_changed: Callable[[Collection[str]], None] = lambda names: None,
    ) -> None:
        self._store = store
        self._book = book
        self._on_changed = on_changed
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look now, and then again and again."""
        await self._look()
        self._task = asyncio.create_task(self._run(), name="queue settings")

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def refresh(self) -> None:
        """Lay the book by what the store says now. Raises StoreError."""
        changed = self._book.lay(laid(await self._store.read(queue_settings.every)))
        if changed:
            self._on_changed(changed)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._look()

    async def _look(self) -> None:
        """What cannot be read now stays as it was."""
        try:
            await self.refresh()
        except StoreError as error:
            log.warning("nobody knows what is set of queues", why=str(error))


def laid(kept: Iterable[Kept]) -> dict[str, QueueSettings]:
    """What goes before the settings file, as the running parts read it."""
    return {one.queue: settings(one.said) for one in kept if one.said is not None}


def settings(said: Said) -> QueueSettings:
    """The same, as the settings file would say it."""
    return QueueSettings(**asdict(said))


def said(settings: QueueSettings) -> Said:
    """The same, as an administrator would set it."""
    return Said(**asdict(settings))

"""What the commands that look after the archive share: its store, who acts, what time it is.

In: settings. Out: an open store, an actor. Must not know: any single command.
"""

from __future__ import annotations

import asyncio
import getpass
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from callserver.cli.common import settings
from callserver.facts import Actor, Instant, Through
from callserver.settings import Settings

if TYPE_CHECKING:
    from callserver.store.engine import Connection, Store, Synchronous

T = TypeVar("T")


@asynccontextmanager
async def opened(found: Settings, *, synchronous: Synchronous = "FULL") -> AsyncIterator[Store]:
    """The settings' database, with its tables; closed when the block ends. Raises StoreErrors."""
    from callserver.store import engine, migrations

    url = found.database.url.reveal()
    await migrations.prepare(url)
    store = await engine.open(url, synchronous=synchronous)
    try:
        yield store
    finally:
        await store.close()


def actor(through: Through = "cli") -> Actor:
    """Who sits at this terminal, as far as the system knows."""
    try:
        return Actor(name=getpass.getuser(), through=through)
    except (OSError, KeyError):  # a user id without a name, as containers have
        return Actor(name="operator", through=through)


def milliseconds() -> Instant:
    """Now."""
    return time.time_ns() // 1_000_000


def written(config: Path | None, work: Callable[[Connection], T]) -> T:
    """One transaction on the settings' database, made first where there is none yet; what it gives."""

    async def do() -> T:
        async with opened(settings(config)) as store:
            return await store.write(work)

    return asyncio.run(do())

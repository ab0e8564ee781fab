"""What the commands that look after the archive share: its store, who acts, what time it is.

In: settings. Out: an open store, an actor. Must not know: any single command.
"""

from __future__ import annotations

import getpass
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from callserver.facts import Actor, Instant, Through
from callserver.settings import Settings

if TYPE_CHECKING:
    from callserver.store.engine import Store, Synchronous


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

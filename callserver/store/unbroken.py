"""A database action that comes to its end although whoever asked is cancelled.

In: an action. Out: its result, or the cancellation once the action is over. Must not know: what the action
does. On SQLite a task cancelled inside `BEGIN IMMEDIATE` leaves a connection behind that holds the write
lock, and every later writer waits for ever; so whatever may be cancelled writes through here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unbroken(action: Coroutine[Any, Any, T]) -> T:
    """Await `action`; a cancellation meanwhile is raised when it is over."""
    task = asyncio.ensure_future(action)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at, or asyncio complains that nobody did
        raise

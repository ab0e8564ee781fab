"""Who read whose record, noted before they get to see it.

In: readers and what they read. Out: notes in the audit; `seen` returns when they are written. Must not know: HTTP.
Notes that come while others are being written are written together, so reading costs one small transaction where it is
quiet, and a part of one where it is busy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from callserver.facts import Actor, Instant
from callserver.store import audit
from callserver.store.audit import Note
from callserver.store.engine import Connection, Store


@dataclass(frozen=True, slots=True)
class _Reading:
    actor: Actor
    notes: Sequence[Note]
    now: Instant


class Auditing:
    """Writes notes of readings, as many at once as there are."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Reading] = []
        self._turn = asyncio.Lock()

    async def seen(self, actor: Actor, operation: str, subjects: Sequence[str], now: Instant) -> None:
        """Note that somebody saw these; returns when it is written. Raises StoreError: then nothing may be shown."""
        mine = _Reading(actor, [_note(one, operation) for one in dict.fromkeys(subjects)], now)
        self._waiting.append(mine)
        async with self._turn:
            if not any(one is mine for one in self._waiting):
                return  # written together with somebody else's
            batch, self._waiting = self._waiting, []
            try:
                await self._store.write(lambda connection: _write(connection, batch))
            except BaseException:
                # Whoever waits for the others of this batch writes them again, or hears the same trouble.
                self._waiting = [one for one in batch if one is not mine] + self._waiting
                raise


def _note(subject: str, operation: str) -> Note:
    return Note(action=f"{subject.partition(':')[0]}.read", subject=subject, detail={"operation": operation})


def _write(connection: Connection, batch: Sequence[_Reading]) -> None:
    for one in batch:
        audit.note_all(connection, one.actor, one.notes, one.now)

"""What the floor told -> the journal: in order, together where it can be, kept while it cannot be written.

In: facts with the records and jobs that belong to them. Out: `on_written(batch)` after each commit, and
vitals that say why nothing can be written. Must not know: links, the floor. Telling never waits; `full`
says when the memory set aside is used up, and whoever tells must then stop looking (a gap, which the
switch's journals fill later).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from callserver.errors import LeaseLost, StoreError
from callserver.facts import CallId, Fact, Instant
from callserver.store.jobs import NewJob
from callserver.store.positions import JournalPosition
from callserver.store.rows import Batch, SwitchNews
from callserver.vitals import SwitchVitals

log = structlog.get_logger(__name__)

LIMIT = 100_000  # facts kept while the database cannot be written: half an hour of a busy centre, some 100 MB
GATHER_S = 0.02  # what a ringing phone needs, and its pop, is then over: two threads' Python takes turns (docs/why.md)
SLOW_S = 3.0  # a commit that takes longer is trouble worth saying


class Appends(Protocol):
    """The journal, as far as the scribe needs it."""

    async def append(self, batch: Batch) -> int: ...


@dataclass(slots=True)
class _Pending:
    """Told, not yet on its way to disk. Of a call only the newest record counts."""

    facts: list[Fact] = field(default_factory=list)
    records: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    removed: dict[CallId, None] = field(default_factory=dict)
    jobs: list[NewJob] = field(default_factory=list)
    positions: dict[str, JournalPosition] = field(default_factory=dict)
    booted_at: Instant | None = None
    version: str | None = None
    seen_at: Instant | None = None

    def add(self, batch: Batch) -> None:
        self.facts += batch.facts
        self.records |= {str(record["id"]): record for record in batch.records}
        for call in batch.removed:
            self.removed[call] = None
            self.records.pop(call, None)
        self.jobs += batch.jobs
        self.positions |= {place.source: place for place in batch.positions}
        self.booted_at = batch.switch.booted_at or self.booted_at
        self.version = batch.switch.version or self.version
        self.seen_at = batch.seen_at or self.seen_at

    def batch(self) -> Batch:
        return Batch(
            facts=tuple(self.facts),
            records=tuple(self.records.values()),
            removed=tuple(self.removed),
            jobs=tuple(self.jobs),
            positions=tuple(self.positions.values()),
            switch=SwitchNews(booted_at=self.booted_at, version=self.version),
            seen_at=self.seen_at,
        )


class Scribe:
    """Writes down what is told; one commit at a time, all that was told meanwhile in the next one."""

    def __init__(
        self,
        journal: Appends,
        vitals: SwitchVitals,
        *,
        on_written: Callable[[Batch], None] = lambda batch: None,
        limit: int = LIMIT,
        retry_s: float = 1.0,
        gather_s: float = GATHER_S,
    ) -> None:
        self._journal = journal
        self._vitals = vitals
        self._on_written = on_written
        self._limit = limit
        self._retry_s = retry_s
        self._gather_s = gather_s
        self._pending = _Pending()
        self._writing = 0  # facts in the commit that runs now
        self._begun: float | None = None  # when it began
        self._told = asyncio.Event()
        self._tellings = 0  # batches told so far, and how many of them are on disk
        self._on_disk = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    def tell(self, batch: Batch) -> None:
        """Something to be written. Never waits, never raises."""
        self._pending.add(batch)
        self._tellings += 1
        self._told.set()

    @property
    def pending(self) -> int:
        """Facts that are not on disk yet."""
        return len(self._pending.facts) + self._writing

    @property
    def full(self) -> bool:
        """Whether the memory set aside is used up."""
        return self.pending >= self._limit

    async def run(self) -> None:
        """Write until cancelled. Raises LeaseLost: another node writes for this switch now."""
        while True:
            await self._told.wait()
            if not self._waiting:
                await asyncio.sleep(self._gather_s)
            await self._write()

    async def drained(self, deadline_s: float) -> bool:
        """Whether everything told by now is on disk, waiting at most so long; what is told later does not count."""
        if self._on_disk >= self._tellings:
            return True
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._tellings, done))
        try:
            async with asyncio.timeout(deadline_s):
                await done
        except TimeoutError:
            return False
        return True

    def look(self) -> None:
        """Called every second: a commit that does not end is trouble, too."""
        if self._begun is not None and time.monotonic() - self._begun > SLOW_S and not self._vitals.trouble:
            self._in_trouble("the database does not answer")

    async def _write(self) -> None:
        batch, tellings = self._take(), self._tellings
        self._begun = time.monotonic()
        try:
            await self._journal.append(batch)
        except LeaseLost:
            raise
        except ValueError:  # a mistake of ours; kept, it would stop everything behind it for ever
            log.exception("facts cannot be written and are dropped", pbx=self._vitals.pbx, facts=batch.facts)
        except StoreError as error:
            self._keep(batch)
            self._in_trouble(str(error))
            await asyncio.sleep(self._retry_s)
            return
        else:
            self._on_written(batch)
        finally:
            self._begun, self._writing = None, 0
        self._out_of_trouble()
        self._settle(tellings)

    def _settle(self, tellings: int) -> None:
        """So many tellings are on disk (or dropped): whoever waits for one of them may go on."""
        self._on_disk = tellings
        for wanted, done in self._waiting:
            if wanted <= tellings and not done.done():
                done.set_result(None)
        self._waiting = [(wanted, done) for wanted, done in self._waiting if not done.done()]

    def _take(self) -> Batch:
        batch = self._pending.batch()
        self._pending = _Pending()
        self._told.clear()
        self._writing = len(batch.facts)
        return batch

    def _keep(self, batch: Batch) -> None:
        """Back to the front of what is pending."""
        later, self._pending = self._pending.batch(), _Pending()
        self._pending.add(batch)
        self._pending.add(later)
        self._writing = 0
        self._told.set()

    def _in_trouble(self, why: str) -> None:
        if self._vitals.trouble != why:
            log.error("facts cannot be written", pbx=self._vitals.pbx, why=why, pending=self.pending)
        self._vitals.trouble = why

    def _out_of_trouble(self) -> None:
        if self._vitals.trouble:
            log.info("facts are written again", pbx=self._vitals.pbx)
        self._vitals.trouble = ""

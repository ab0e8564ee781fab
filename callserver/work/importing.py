"""An import: rows from the process that reads (reader.py) into the database, batch by batch.

In: a store, what the user says about a file, who imports. Out: a summary, and the reject file. Must not know: argv,
terminals. It may be killed at any moment and begun again; it may run beside `serve`, and makes room for it.

SQLite has one writer, and who waits for it looks again after 1, 2, 5, 10 ... ms, so an import that only paused for a
moment between its transactions could keep all others out. It pauses long enough to be noticed as soon as somebody else
has written, and shortly where nobody does.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

from callserver.customers.updating import Update
from callserver.errors import CallserverError, Conflict
from callserver.facts import Actor, Instant
from callserver.numbers import Plan
from callserver.store import categories, later
from callserver.store import importing as store_importing
from callserver.store.engine import Connection as Database
from callserver.store.engine import Store
from callserver.store.faults import StoreBusy
from callserver.store.importing import Counts, Landed, Position
from callserver.work import reader
from callserver.work.entries import Rejected
from callserver.work.reader import Asked, Batch, Opened
from callserver.work.rejects import Rejects

SHOWN = 20  # rejected rows that a summary holds
_AT_ONCE = 20  # batches in one transaction where nobody else is there
_TRIES = 20
_AGAIN_S = 0.1
_PAUSE_S, _ROOM_S = 0.001, 0.02  # between transactions: where nobody else writes, and where somebody does
_LOOKED_FOR_S = 5.0  # after somebody wrote
_GARBAGE = 200_000  # objects; rows are many and leave no cycles behind, and to look for them takes a tenth of the time

Clock: TypeAlias = Callable[[], Instant]
Progress: TypeAlias = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an import did. `resumed`: so many rows had been done before. `rejects`: the file, None if there is none."""

    opened: Opened
    counts: Counts
    resumed: int
    rejected: tuple[Rejected, ...]
    rejects: Path | None
    said: tuple[str, ...] = ()


async def bring_in(
    store: Store,
    asked: Asked,
    plan: Plan,
    change: Update,
    actor: Actor,
    rejects: Path,
    *,
    clock: Clock,
    shown: Callable[[Opened, int], Progress] = lambda _opened, _done: lambda _rows: None,
) -> Summary:
    """Import a file, or go on with it. `shown` is told what was opened and where it begins, then how far it is.

    Raises BadValue for a file that cannot be read, Conflict where somebody else imports it too, OSError, StoreError.
    """
    async with _reading(await _by_rules(store, asked), plan) as pipe:
        opened = await _opened(pipe)
        digest = f"{opened.digest}-{change}"
        begun = await store.write(
            lambda database: store_importing.begin(
                database, digest, asked.path.name, actor, clock(), about=opened.about
            )
        )
        work = _Import(store, digest, change, actor, clock, begun, Rejects(rejects, opened.headings))
        said = () if work.rejects.go_on(begun.rejects) else ("the reject file of the first part is gone",)
        progress = shown(opened, begun.rows)
        await asyncio.to_thread(pipe.send, begun.rows)
        try:
            with _garbage_left():
                async with aclosing(_batches(pipe)) as batches:
                    async for several in _together(batches, lambda: work.at_once):
                        await work.land(several)
                        progress(several[-1].rows)
                        await work.make_room()
            await work.complete()
            await store.write(work.finish)
        finally:
            work.rejects.close()
    return Summary(
        opened=opened,
        counts=work.at.counts,
        resumed=begun.rows,
        rejected=tuple(work.rejected),
        rejects=rejects if work.rejects.size else None,
        said=said,
    )


async def look_at(
    store: Store,
    asked: Asked,
    plan: Plan,
    change: Update,
    *,
    shown: Callable[[Opened, int], Progress] = lambda _opened, _done: lambda _rows: None,
) -> Summary:
    """What `bring_in` would do, without doing it: a dry run."""
    counts, rejected = Counts(), list[Rejected]()
    async with _reading(await _by_rules(store, asked), plan) as pipe:
        opened = await _opened(pipe)
        progress = shown(opened, 0)
        await asyncio.to_thread(pipe.send, 0)
        async with aclosing(_batches(pipe)) as batches:
            async for batch in batches:
                landed = await _weighed(store, batch, change)
                all_rejected = _rejected(batch, landed)
                counts += replace(landed.counts, rejected=len(all_rejected))
                rejected += all_rejected[: SHOWN - len(rejected)]
                progress(batch.rows)
    return Summary(opened=opened, counts=counts, resumed=0, rejected=tuple(rejected), rejects=None)


@contextmanager
def _garbage_left() -> Iterator[None]:
    """Look for garbage seldom."""
    usual = gc.get_threshold()
    gc.set_threshold(_GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


async def _weighed(store: Store, batch: Batch, change: Update) -> Landed:
    entries = [*(batch.plain.entries() if batch.plain else ()), *batch.entries]
    return await store.report(lambda database: store_importing.weigh(database, entries, change))


def _rejected(batch: Batch, landed: Landed) -> list[Rejected]:
    """The rows of a batch that are no customers and those that the store refused, in their order."""
    refused = [Rejected(one.line, field, why, list(one.cells)) for one, field, why in landed.refused]
    return sorted([*batch.rejected, *refused], key=lambda one: one.line)


class _Unwritable(CallserverError):
    """The reject file could not be written; the transaction is taken back."""


class _Import:
    """One import under way: where it is, and what it has to show."""

    def __init__(
        self,
        store: Store,
        digest: str,
        change: Update,
        actor: Actor,
        clock: Clock,
        at: Position,
        rejects: Rejects,
    ) -> None:
        self._store, self._digest, self._change = store, digest, change
        self._actor, self._clock = actor, clock
        self.at = at
        self.rejects = rejects
        self.rejected: list[Rejected] = []
        self._theirs: int | None = None  # what changes when somebody else writes to the database
        self._heard = -_LOOKED_FOR_S
        self.at_once = 1  # batches in one transaction

    async def land(self, batches: Sequence[Batch]) -> None:
        """Write batches and the position behind them; again where others were in the way."""
        for tries in range(_TRIES):
            try:
                self.at, rejected = await self._store.write(lambda database: self._written(database, batches))
            except (StoreBusy, Conflict):
                if tries == _TRIES - 1:
                    raise
                await asyncio.sleep(_AGAIN_S)
            except _Unwritable as error:
                raise error.__cause__ or error from None
            else:
                self.rejected += rejected[: SHOWN - len(self.rejected)]
                break
        if self.at_once == 1:
            await self.complete()

    async def complete(self) -> None:
        """Make the indexes that were put off, for the end or because somebody may search."""
        if await self._store.read(later.is_missing):
            while await self._store.write(later.make_one):
                pass

    def _written(self, database: Database, batches: Sequence[Batch]) -> tuple[Position, list[Rejected]]:
        """In the transaction. Rejected rows are on disk before it commits; cut off again if it does not."""
        self._listen(database)
        counts, rejected = self.at.counts, list[Rejected]()
        for batch in batches:
            landed = store_importing.land(
                database, batch.entries, self._change, self._actor, self._clock(), batch.plain
            )
            refused = _rejected(batch, landed)
            counts += replace(landed.counts, rejected=len(refused))
            rejected += refused
        after = Position(rows=batches[-1].rows, rejects=self._keep(rejected), counts=counts)
        store_importing.advance(database, self._digest, self.at, after)
        return after, rejected

    def _keep(self, rejected: Sequence[Rejected]) -> int:
        self.rejects.size = self.at.rejects  # of what counts, also after a try that failed
        try:
            if rejected:
                self.rejects.write(rejected)
        except OSError as error:
            raise _Unwritable("the reject file") from error
        return self.rejects.size

    def finish(self, database: Database) -> None:
        store_importing.finish(database, self._digest, self.at, self._actor, self._clock())

    async def make_room(self) -> None:
        """Let others write: shortly, or long enough to be noticed where somebody else does write."""
        await asyncio.sleep(_ROOM_S if time.monotonic() - self._heard < _LOOKED_FOR_S else _PAUSE_S)

    def _listen(self, database: Database) -> None:
        theirs = store_importing.written_by_others(database)
        if theirs != self._theirs and self._theirs is not None:
            self._heard = time.monotonic()
        self._theirs = theirs
        heard = time.monotonic() - self._heard < _LOOKED_FOR_S
        self.at_once = 1 if heard or not store_importing.is_alone(database) else _AT_ONCE


# --- the reading process ---------------------------------------------------------------------------------------------


async def _by_rules(store: Store, asked: Asked) -> Asked:
    """With the categories as they are at this site."""
    rules = await store.read(categories.rules)
    return replace(asked, rules=tuple(rules.values()))


@asynccontextmanager
async def _reading(asked: Asked, plan: Plan) -> AsyncIterator[Connection]:
    """The process that reads, and our end of its pipe; it is gone when the block ends.

    Not one of multiprocessing's own: those leave a process behind that looks after their resources.
    """
    ours, its = multiprocessing.Pipe()
    begin = f"from callserver.work.reader import begin; begin({its.fileno()})"
    process = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-c", begin],
        pass_fds=[its.fileno()],
        stdin=subprocess.DEVNULL,
    )
    its.close()
    try:
        with contextlib.suppress(BrokenPipeError):  # then it is told when we listen
            ours.send((asked, plan))
        yield ours
    finally:
        process.kill()  # first, or a thread that listens to the pipe would listen for ever
        await asyncio.to_thread(process.wait)
        ours.close()


async def _received(pipe: Connection) -> Opened | Batch | None:
    try:
        return await asyncio.to_thread(reader.received, pipe)
    except EOFError:
        raise CallserverError("the process that reads the file is gone; begin again to go on") from None


async def _opened(pipe: Connection) -> Opened:
    found = await _received(pipe)
    assert isinstance(found, Opened)
    return found


async def _batches(pipe: Connection) -> AsyncGenerator[Batch, None]:
    """The batches; others are fetched while one is written."""
    fetched = asyncio.Queue[Batch | Exception | None](_AT_ONCE)
    fetching = asyncio.create_task(_fetch(pipe, fetched))
    try:
        while isinstance(batch := await fetched.get(), Batch):
            yield batch
        if batch is not None:
            raise batch
    finally:
        fetching.cancel()


async def _fetch(pipe: Connection, fetched: asyncio.Queue[Batch | Exception | None]) -> None:
    """Fetch until the end of the file, or until there is a reason that it cannot be reached."""
    try:
        while isinstance(batch := await _received(pipe), Batch):
            await fetched.put(batch)
    except Exception as error:  # for whoever waits for batches
        await fetched.put(error)
    else:
        await fetched.put(None)


async def _together(batches: AsyncIterator[Batch], at_once: Callable[[], int]) -> AsyncIterator[list[Batch]]:
    """As many of them together as may be."""
    several: list[Batch] = []
    async for batch in batches:
        several.append(batch)
        if len(several) >= at_once():
            yield several
            several = []
    if several:
        yield several

"""The second process: hears what is to be done, does it on a database connection of its own, tells what came of it.

In: orders on standard input. Out: news on standard output. Must not know: screens, the switch. It ends when it is told
to, and when the first process is gone: signals, which a terminal or a service manager sends to both, are that one's.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
from threading import Lock
from typing import Final

import structlog

from callserver import garbage, logs
from callserver.back_office.office import Office
from callserver.back_office.post import (
    Append,
    Appended,
    Brief,
    Failed,
    JobOver,
    News,
    Order,
    Put,
    Said,
    Stop,
    Up,
    Wake,
    packed,
    received,
)
from callserver.errors import StoreError
from callserver.event_loop import fast_loop
from callserver.settings import QueueBook
from callserver.store import engine, jobs
from callserver.store.engine import Store
from callserver.store.writing import Ownership, Writing
from callserver.web.queue_news import QueueNews

log = structlog.get_logger(__name__)

NICE: Final = 10
"""The first process goes before: where both want a core, a phone rings there and nobody waits here."""


class Back:
    """One run of it. `tell` takes news at once and in order."""

    def __init__(self, store: Store, brief: Brief, out: Out) -> None:
        self._store = store
        self._out = out
        self._charter = brief.charter
        book = QueueBook(brief.charter.queues)
        self._news = QueueNews(store, book)
        self._office = Office(
            store,
            brief.charter,
            book,
            on_landed=lambda row, late_s: out.tell(Put(row, late_s)),
            on_result=lambda kind, result: out.tell(JobOver(kind, result)),
        )
        self._writers: dict[Ownership, Writing] = {}
        self._appending: set[asyncio.Task[None]] = set()

    async def work(self, reader: asyncio.StreamReader, stop_s: float) -> None:
        """Until it is told to stop, or nobody is there any more. Raises StoreError where it cannot begin."""
        self._store.on_told(lambda things: self._out.tell(Said(list(things))))
        first, _, _ = self._charter.holder.rpartition("/")
        await jobs.take_back(self._store, first, self._charter.holder)
        await self._news.start()
        await self._office.start()
        garbage.settle()
        self._out.tell(Up())
        try:
            while not isinstance(order := await received(reader), Stop):
                self._heard(order)
        except EOFError:
            log.warning("the first process is gone")
            self._office.leave()
        await self._end(stop_s)

    def _heard(self, order: Order) -> None:
        match order:
            case Wake():
                self._office.wake()
            case Append():
                task = asyncio.create_task(self._append(order))
                self._appending.add(task)
                task.add_done_callback(self._appending.discard)

    async def _append(self, order: Append) -> None:
        writer = self._writers.get(order.owner)
        if writer is None:  # of a switch we need the present owner's only
            self._writers = {one: it for one, it in self._writers.items() if one.pbx != order.owner.pbx}
            writer = self._writers[order.owner] = Writing(self._store, order.owner)
        writer.hoped = order.hoped
        try:
            last = await writer.write(order.rows)
        except Exception as error:
            self._out.tell(Failed(order.number, _portable(error)))
            return
        self._out.tell(Appended(order.number, last))
        if order.rows.jobs:
            self._office.wake()

    async def _end(self, stop_s: float) -> None:
        if self._appending:
            await asyncio.wait(self._appending)
        try:
            async with asyncio.timeout(stop_s):
                await self._office.stop()
        except TimeoutError:
            log.error("the back office did not stop in time", deadline_s=stop_s)
        await self._news.close()


class Out:
    """The way back to the first process; one message after the other, also from several threads."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._one = Lock()

    def tell(self, news: News) -> None:
        """Written before it returns. Who is not there any more is told nothing."""
        rest = memoryview(packed(news))
        with self._one:
            try:
                while rest:
                    rest = rest[os.write(self._pipe, rest) :]
            except BrokenPipeError:
                pass  # reading tells us so, too


def _portable(error: Exception) -> Exception:
    """An error that can travel."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return StoreError(f"{type(error).__name__}: {error}")
    return error


async def _main(reading: int, out: Out) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb"))
    brief = await received(reader)
    logs.set_up(brief.log_level, brief.log_json)
    store = await engine.open(brief.database)
    try:
        await Back(store, brief, out).work(reader, brief.charter.stop_s)
    finally:
        await store.close()


def begin() -> None:
    """The process. What anybody prints goes to standard error: standard output is the way back."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICE)
    out = Out(os.dup(sys.stdout.fileno()))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(_main(os.dup(sys.stdin.fileno()), out))


if __name__ == "__main__":
    begin()

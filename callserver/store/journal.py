"""The one way in: facts, the tables that follow from them, and the work that they cause, in ONE transaction.

In: batches, from the one task that owns a switch. Out: the number of the last fact, once it is on disk. Must
not know: how facts come about. Appends that arrive while a commit runs are committed together by the next
one; nothing waits for company. Each transaction checks that this process still holds the switch's lease, in
the same epoch, and keeps the lease's row locked until it ends, so a new owner's first fact comes after our
last.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Protocol

from callserver.errors import LeaseLost, StoreError
from callserver.facts import PbxId
from callserver.store.engine import Store
from callserver.store.faults import StoreBusy, StoreGone
from callserver.store.rows import Batch, Rows, rows
from callserver.store.writing import Ownership, Writing

log = logging.getLogger(__name__)

_LARGEST = 5_000  # facts in one transaction: bounds how long the next append waits
_PATIENCE_S = (
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
)  # between tries while the database is locked or away; the last one repeats


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction, for a histogram: how long it took from begin to end, and how much was in it."""

    seconds: float
    facts: int
    batches: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    rows: Rows
    done: asyncio.Future[int]


class Writer(Protocol):
    """Who does the transactions: `Writing`, here or in another process."""

    @property
    def in_doubt(self) -> bool:
        """True: the last rows may or may not be written; only writing them again can tell."""
        ...

    async def write(self, together: Rows) -> int:
        """As `Writing.write`."""
        ...


class Journal:
    """The writer of one switch's facts. `holder` and `epoch` are those of the lease; it must be held already."""

    def __init__(
        self,
        store: Store,
        pbx: PbxId,
        *,
        holder: str,
        epoch: int,
        on_commit: Callable[[Commit], None] = lambda commit: None,
        writer: Writer | None = None,
    ) -> None:
        """writer: who does it for this owner; None: we do, on `store`."""
        self._pbx = pbx
        self._writing = writer or Writing(store, Ownership(pbx=pbx, holder=holder, epoch=epoch))
        self._on_commit = on_commit
        self._waiting: list[_Waiting] = []
        self._committing: asyncio.Task[None] | None = None
        self._closed = False
        self.trouble: StoreError | None = None  # why nothing can be written just now, while it is tried again

    async def append(self, batch: Batch) -> int:
        """Write the batch; returns the number of the switch's last fact when it is on disk (0: none yet).

        Order is that of the calls. A caller that is cancelled leaves its batch behind: it is still written.
        Raises ValueError for a batch that is not this switch's (nothing else is touched), LeaseLost,
        StoreFull and StoreError; then nothing of it was written, nor of what was appended behind it by then,
        and all of that can be appended again in the same order. While the database is away or locked it
        waits instead, since a broken connection cannot say whether the last commit happened: it looks, then
        goes on.
        """
        if self._closed:
            raise StoreError("the journal is closed")
        waiting = _Waiting(rows(self._pbx, batch), asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all(), name=f"journal of {self._pbx}")
        return await waiting.done

    async def close(self, deadline_s: float = 10.0) -> None:
        """Take nothing more, finish what is waiting. What is not written by the deadline fails with StoreError.

        Of the transaction that runs then, the error says that it may still be written.
        """
        self._closed = True
        if self._committing is None:
            return
        _done, late = await asyncio.wait([self._committing], timeout=deadline_s)
        if late:
            self._committing.cancel()
            await asyncio.wait([self._committing])

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                group = self._take()
                try:
                    last = await self._commit(group)
                except Exception as error:
                    self._fail([*group, *self._waiting], error)
                    self._waiting.clear()
                else:
                    for waiting in group:
                        if not waiting.done.done():
                            waiting.done.set_result(last)
        except asyncio.CancelledError:
            self._fail(
                group, StoreError("the journal was closed while this was written: it may be there or not")
            )
            self._fail(self._waiting, StoreError("the journal was closed before this was written"))
            self._waiting.clear()
        finally:
            self._committing = None

    def _take(self) -> list[_Waiting]:
        """All that waits, but no more than a transaction should hold."""
        facts = count = 0
        while count < len(self._waiting) and facts < _LARGEST:
            facts += len(self._waiting[count].rows.facts)
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    async def _commit(self, group: list[_Waiting]) -> int:
        together = Rows()
        for waiting in group:
            together.add(waiting.rows)
        begun = time.perf_counter()
        last = await self._write_patiently(together)
        self._tell(Commit(seconds=time.perf_counter() - begun, facts=len(together.facts), batches=len(group)))
        return last

    def _tell(self, commit: Commit) -> None:
        """A counter that fails must not make a commit look as if it had."""
        try:
            self._on_commit(commit)
        except Exception:
            log.exception("journal of %s: counting a commit failed", self._pbx)

    async def _write_patiently(self, together: Rows) -> int:
        for pause in chain(_PATIENCE_S, repeat(_PATIENCE_S[-1])):
            try:
                last = await self._writing.write(together)
            except StoreError as error:
                if isinstance(error, LeaseLost) or not self._may_pass(error):
                    self.trouble = None
                    raise
                if self.trouble is None:
                    log.warning("journal of %s: %s; trying again until it works", self._pbx, error)
                self.trouble = error
                await asyncio.sleep(pause)
            else:
                self.trouble = None
                return last
        raise AssertionError("patience has no end")

    def _may_pass(self, error: StoreError) -> bool:
        """Whether to try again. After a lost answer always: to say "not written" then could be a lie."""
        return self._writing.in_doubt or isinstance(error, StoreBusy | StoreGone)

    @staticmethod
    def _fail(group: list[_Waiting], error: Exception) -> None:
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_exception(error)

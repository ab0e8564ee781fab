"""The back office as the first process has it: begins it, tells it what to do, hears what came of it.

In: what it works by. Out: what transactions there have said, told to those who listen to our own store; what became
of jobs; facts on disk. Must not know: how the work is done.

It is begun again when it is gone, and nothing is lost by that: jobs are in the database, and rows whose answer was not
seen are written once more by a writer who is told which number they would have (`Writing.hoped`).
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Final

import structlog

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
from callserver.errors import CallserverError
from callserver.store import log as log_of_facts
from callserver.store.engine import Store
from callserver.store.faults import StoreGone
from callserver.store.rows import Rows
from callserver.store.writing import Ownership

log = structlog.get_logger(__name__)

BEGIN_S: Final = 60.0
AGAIN_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Before it is begun once more; the last one repeats."""
LEAVING_S: Final = 1.0
"""From its last word to its end."""
AWAY: Final = "the process that writes is away and begins again"


class Front:
    """Our end of it: `start`, then `stop`."""

    def __init__(
        self,
        store: Store,
        brief: Brief,
        *,
        on_landed: Callable[[str, float], None],
        on_result: Callable[[str, str], None],
        on_begun: Callable[[], None] = lambda: None,
    ) -> None:
        """on_begun: it is there, for the first time or again."""
        self._store = store
        self._brief = brief
        self._on_landed, self._on_result, self._on_begun = on_landed, on_result, on_begun
        self._process: Process | None = None
        self._up = asyncio.Event()
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._numbers = count(1)
        self._keeping: asyncio.Task[None] | None = None
        self._stopping = False
        self._begun = 0  # how often it was there
        self._vain = 0  # how often in a row it was not

    @property
    def pid(self) -> int | None:
        """Its process, where there is one."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Begin it, and wait until it works. Raises CallserverError where it does not."""
        self._keeping = asyncio.create_task(self._keep(), name="back office")
        up = asyncio.create_task(self._up.wait())
        try:
            async with asyncio.timeout(BEGIN_S):
                await asyncio.wait([up, self._keeping], return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise CallserverError(f"the back office did not begin within {BEGIN_S:.0f} s") from None
        finally:
            up.cancel()
            if not self._up.is_set():
                await self._end()
        if self._keeping.done() and not self._keeping.cancelled() and (error := self._keeping.exception()):
            raise error
        if not self._up.is_set():
            raise CallserverError(
                "the back office could not begin; the reason is in the log before this line"
            )

    async def stop(self) -> None:
        """It finishes what it has begun. Cancelled while waiting, it is ended at once."""
        self._stopping = True
        try:
            if self._keeping is not None and not self._keeping.done():
                self._tell(Stop())
                await asyncio.wait([self._keeping])
        finally:
            await self._end()

    def wake(self) -> None:
        """A call may be without a ticket; it learns of what it wrote itself."""
        self._tell(Wake())

    def writer(self, owner: Ownership) -> Remote:
        """Who writes that switch's facts."""
        return Remote(self, self._store, owner)

    async def append(self, owner: Ownership, rows: Rows, hoped: int | None) -> int:
        """Have the rows written; the switch's last number. Raises as `Writing.write` does: StoreGone where nobody can
        tell whether it was done.
        """
        if not self._up.is_set():
            raise StoreGone(AWAY)
        number = next(self._numbers)
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._tell(Append(number, owner, rows, hoped))
            return await answer
        finally:
            del self._asked[number]

    # --- its process -------------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Have it there until we stop; once it has not even begun, that is for whoever started us."""
        for tries in count():
            begun = self._begun
            try:
                await self._run(self._named(tries))
            except Exception:  # no memory for a process, an answer that nobody can read
                if not self._begun:
                    raise
                log.exception("the back office cannot be heard")
            if self._stopping or not self._begun:
                return
            log.error("the back office is gone; it is begun again")
            self._vain = 0 if self._begun > begun else self._vain + 1
            await asyncio.sleep(AGAIN_S[min(self._vain, len(AGAIN_S) - 1)])

    def _named(self, tries: int) -> Brief:
        """Each run claims jobs under a name of its own, and takes back what the one before had claimed."""
        charter = self._brief.charter
        return replace(self._brief, charter=replace(charter, holder=f"{charter.holder}/{tries}"))

    async def _run(self, brief: Brief) -> None:
        """One run of the process, to its end."""
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "callserver.back_office.back", stdin=PIPE, stdout=PIPE
        )
        assert process.stdout is not None
        self._tell(brief)
        try:
            while True:
                self._heard(await received(process.stdout))
        except EOFError:
            return
        finally:
            self._up.clear()
            self._give_up()
            await _ended(process)

    def _heard(self, news: News) -> None:
        match news:
            case Up():
                self._begun += 1
                self._up.set()
                self._on_begun()
            case Said(things):
                self._store.tell(things)
            case Put(row, late_s):
                self._on_landed(row, late_s)
            case JobOver(kind, result):
                self._on_result(kind, result)
            case Appended(number, last):
                if (answer := self._asked.get(number)) is not None and not answer.done():
                    answer.set_result(last)
            case Failed(number, error):
                if (answer := self._asked.get(number)) is not None and not answer.done():
                    answer.set_exception(error)

    def _give_up(self) -> None:
        """Of what was asked nobody knows whether it was done."""
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(StoreGone(AWAY))

    def _tell(self, order: Order) -> None:
        """Who is gone is told nothing: whoever waits for an answer hears that."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(packed(order))

    async def _end(self) -> None:
        """At once, where it is still there."""
        self._stopping = True
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])


async def _ended(process: Process) -> None:
    """It has ended, or is ended: nothing of it stays behind."""
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING_S):
                await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Remote:
    """Writes one switch's facts there, for one owner."""

    def __init__(self, front: Front, store: Store, owner: Ownership) -> None:
        self._front = front
        self._store = store
        self._owner = owner
        self._last: int | None = None
        self._hoped: int | None = None

    @property
    def in_doubt(self) -> bool:
        """As `Writing.in_doubt`."""
        return self._hoped is not None

    async def write(self, together: Rows) -> int:
        """As `Writing.write`."""
        if self._last is None:
            self._last = await log_of_facts.last_seq(self._store, self._owner.pbx)
        try:
            last = await self._front.append(self._owner, together, self._hoped)
        except StoreGone:
            self._hoped = self._last + len(together.facts)
            raise
        self._hoped, self._last = None, last
        return last

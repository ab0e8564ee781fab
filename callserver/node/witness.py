"""Asterisk's queue_log read along while it is written: a caller that it knows and we do not is noticed at once.

In: the file, the position stored last, the switch's legs on record. Out: reconcile jobs and the new position, in one
batch. Must not know: the floor, how a comparison is made. Without this a call that AMI never showed though the link was
up would only be found in the night.

A line is checked one round after it was read, when the events of the same call have long been written; the position is
stored only then. So a crash makes lines be checked again, never left out, and a job's key makes that harmless.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

from callserver.errors import JournalUnreadable, StoreError
from callserver.facts import CallId, Instant, LegId, PbxId
from callserver.journals import queue_log
from callserver.journals.files import Position, Tail
from callserver.journals.queue_log import Entered
from callserver.journals.tally import Tally
from callserver.node.understanding import SETTLE_MS, reconcile_kind
from callserver.store import calls, positions
from callserver.store.engine import Store
from callserver.store.jobs import NewJob
from callserver.store.positions import JournalPosition
from callserver.store.rows import Batch

log = structlog.get_logger(__name__)

EVERY_S = 15.0
SOURCE = "queue_log"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """Callers of one round, not checked yet, and how far the file was read with them."""

    entered: tuple[Entered, ...]
    position: Position


class Witness:
    """Reads one switch's queue_log along."""

    def __init__(
        self,
        store: Store,
        pbx: PbxId,
        path: Path,
        tell: Callable[[Batch], None],
        *,
        clock: Callable[[], Instant],
        sees: Callable[[], bool] = lambda: True,
        every_s: float = EVERY_S,
    ) -> None:
        """`tell` takes what is to be written; `sees`: whether the switch is seen now (else the gap's own job looks)."""
        self._store = store
        self._pbx = pbx
        self._path = path
        self._tell = tell
        self._clock = clock
        self._sees = sees
        self._every_s = every_s
        self._tail: Tail | None = None
        self._read: _Read | None = None
        self._trouble = ""

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            if self._sees():
                await self.look()

    async def look(self) -> None:
        """One round: check what the round before read, then read on. What cannot be read now is tried again."""
        try:
            await self._check()
            await self._read_on()
        except JournalUnreadable as error:
            self._say(str(error))
        except StoreError:
            return  # whoever writes says why
        else:
            self._say("")

    async def _check(self) -> None:
        read, self._read = self._read, None
        if read is None:
            return
        try:
            unseen = [entry for entry in read.entered if await self._unknown(entry.call)]
        except StoreError:
            self._read = read
            raise
        for entry in unseen:
            log.warning(
                "queue_log knows a caller that was not seen", pbx=self._pbx, leg=entry.call, queue=entry.queue
            )
        jobs = {job.key: job for job in self._jobs(unseen)}
        self._tell(Batch(jobs=tuple(jobs.values()), positions=(_stored(self._path, read.position),)))

    async def _unknown(self, leg: LegId | None) -> bool:
        call: CallId | None = (
            await calls.call_of_leg(self._store, self._pbx, leg) if leg is not None else None
        )
        return call is None

    def _jobs(self, unseen: Iterable[Entered]) -> Iterable[NewJob]:
        for entry in unseen:
            yield witness_job(self._pbx, entry.at, run_at=self._clock() + SETTLE_MS)

    async def _read_on(self) -> None:
        tail = self._tail or await self._begin()
        self._tail = tail
        batch = await asyncio.to_thread(tail.read)
        if batch.lines:
            lines = queue_log.believable(batch.lines, Tally())
            entered = tuple(one for one in queue_log.parse(lines, Tally()) if isinstance(one, Entered))
            self._read = _Read(entered=entered, position=tail.position)

    async def _begin(self) -> Tail:
        """Where the last look ended; the first time of all, behind all there is: the past is the night's work."""
        known = await positions.position(self._store, self._pbx, SOURCE)
        if known is not None and known.path == str(self._path):
            return Tail(self._path, Position.from_json(dict(known.detail)), when=queue_log.when)
        return await asyncio.to_thread(lambda: Tail.at_end(self._path, when=queue_log.when))

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.warning("queue_log cannot be read along", pbx=self._pbx, why=trouble)
        self._trouble = trouble


def _stored(path: Path, position: Position) -> JournalPosition:
    return JournalPosition(
        source=SOURCE,
        path=str(path),
        inode=position.inode,
        offset=position.offset,
        detail=position.to_json(),
    )


def witness_job(pbx: str, at: Instant, *, run_at: Instant) -> NewJob:
    """Reconcile the minute in which the journal knows a caller whom we did not see; one job a minute."""
    minute = at // 60_000 * 60_000
    return NewJob(
        kind=reconcile_kind(pbx),
        key=f"reconcile:{pbx}:witness:{minute}",
        body={"pbx": pbx, "begin": minute, "end": minute + 60_000, "why": "witness", "apply": True},
        run_at=run_at,
    )

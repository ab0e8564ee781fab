"""Looking things up where the event loop itself runs, as long as that is quick.

In: an SQLite file, a lane to it, and work that only looks. Out: what the work returns. Must not know: tables.

A caller waits for one look-up of less than a millisecond. On the lane's own thread it takes four: the way there and
back waits for this program's other threads (a record is just being written), and once more after each step of SQLite.
So it is done here, between two events. A file that is not in memory yet, or that somebody locks, must not stop the
loop: after a look-up that took long, the lane's thread does them for a while; what finds a lock goes there at once.

Long is what waited for the disk or was much work. Time in which others had the processor is no reason: on a busy
machine the lane's thread would get it still later, and did, for five seconds after each such moment.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from resource import RUSAGE_THREAD, getrusage
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.exc import OperationalError

from callserver.store.lane import STATEMENTS, Lane, laid_over, looked

T = TypeVar("T")

LONG_S: Final = 0.01
REST_S: Final = 5.0


class Spent(NamedTuple):
    """What the thread has had so far: seconds on the clock, seconds of processor, blocks read from a disk."""

    clock_s: float
    processor_s: float
    blocks: int

    def long_since(self, before: Spent, long_s: float) -> bool:
        """Whether what was done since then would hold the loop up again."""
        if self.clock_s - before.clock_s <= long_s:
            return False
        return self.blocks > before.blocks or self.processor_s - before.processor_s > long_s


def spent() -> Spent:
    """By this thread."""
    blocks = getrusage(RUSAGE_THREAD).ru_inblock
    return Spent(time.monotonic(), time.thread_time(), blocks)


class AtOnce:
    """Both ways of looking. Only one thread uses it: the loop's."""

    def __init__(
        self, url: URL, lane: Lane, *, spent: Callable[[], Spent] = spent, long_s: float = LONG_S
    ) -> None:
        """Raises sqlite3.Error, SQLAlchemyError where the file cannot be opened."""
        (file,), options = dialect().create_connect_args(url)
        options.update(isolation_level=None, check_same_thread=True, timeout=0, cached_statements=STATEMENTS)
        self._lane = lane
        self._raw = sqlite3.connect(file, **options)
        self._looking = laid_over(url, None, ("query_only = ON",), self._raw).connect()
        self._spent = spent
        self._long_s = long_s
        self._rest_until = 0.0
        self._open = True

    async def do(self, work: Callable[[Connection], T]) -> T:
        """What the work returns. Raises what it raises, SQLAlchemyError, and StoreError once it is closed."""
        before = self._spent()
        if not self._open or before.clock_s < self._rest_until:
            return await self._lane.do(work)
        try:
            return looked(self._looking, work)
        except OperationalError as error:
            if not _locked(error):
                raise
        finally:
            after = self._spent()
            if after.long_since(before, self._long_s):
                self._rest_until = after.clock_s + REST_S
        return await self._lane.do(work)

    async def close(self) -> None:
        """Give both connections back."""
        if self._open:
            self._open = False
            self._looking.close()
            self._raw.close()
        await self._lane.close()


def _locked(error: OperationalError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

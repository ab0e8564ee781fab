"""Looking things up where the event loop itself runs, as long as that is quick.

In: an SQLite file, a lane to it, and work that only looks. Out: what the work returns. Must not know: tables.

A caller waits for one look-up of less than a millisecond. On the lane's own thread it takes four: the way there and
back waits for this program's other threads (a record is just being written), and once more after each step of SQLite.
So it is done here, between two events. A file that is not in memory yet, or that somebody locks, must not stop the
loop: after a look-up that took long, the lane's thread does them for a while; what finds a lock goes there at once.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.exc import OperationalError

from callserver.store.lane import STATEMENTS, Lane, laid_over, looked

T = TypeVar("T")

LONG_S: Final = 0.01
REST_S: Final = 5.0


class AtOnce:
    """Both ways of looking. Only one thread uses it: the loop's."""

    def __init__(
        self, url: URL, lane: Lane, *, monotonic: Callable[[], float] = time.monotonic, long_s: float = LONG_S
    ) -> None:
        """Raises sqlite3.Error, SQLAlchemyError where the file cannot be opened."""
        (file,), options = dialect().create_connect_args(url)
        options.update(isolation_level=None, check_same_thread=True, timeout=0, cached_statements=STATEMENTS)
        self._lane = lane
        self._raw = sqlite3.connect(file, **options)
        self._looking = laid_over(url, None, ("query_only = ON",), self._raw).connect()
        self._monotonic = monotonic
        self._long_s = long_s
        self._rest_until = 0.0
        self._open = True

    async def do(self, work: Callable[[Connection], T]) -> T:
        """What the work returns. Raises what it raises, SQLAlchemyError, and StoreError once it is closed."""
        begun = self._monotonic()
        if not self._open or begun < self._rest_until:
            return await self._lane.do(work)
        try:
            return looked(self._looking, work)
        except OperationalError as error:
            if not _locked(error):
                raise
        finally:
            if self._monotonic() - begun > self._long_s:
                self._rest_until = self._monotonic() + REST_S
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

"""What a database says when it fails -> the one tree of errors, so that nobody else reads SQLSTATEs.

In: exceptions of SQLAlchemy and its drivers. Out: StoreFull (no space or not writable), StoreBusy (somebody
else holds the write lock), StoreGone (the connection broke: a commit that was running may or may not have
happened), or StoreError. Must not know: which statement it was.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from callserver.errors import StoreError, StoreFull


class StoreBusy(StoreError):
    """Another writer holds the lock; nothing was written, try again."""


class StoreGone(StoreError):
    """The connection to the database broke; what was being committed may or may not be there."""


# The primary result codes are the low byte. IOERR: a write beyond a file-size limit or onto a dying disk;
# CANTOPEN: a directory where SQLite may not create its -wal and -shm; PERM, READONLY: as they say.
_SQLITE_FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_PG_FULL = ("53100", "25006")  # disk_full, read_only_sql_transaction
_PG_BUSY = (
    "40",
    "55P03",
    "53300",
)  # serialization failure and deadlock, lock_not_available, too_many_connections
_PG_GONE = (
    "08",
    "57P",
    "25P03",
)  # connection exceptions, shut-down and crash, idle_in_transaction_session_timeout


def translate(error: Exception) -> StoreError:
    """The StoreError that says what `error` means to us; its text is the database's own."""
    if isinstance(error, DBAPIError):
        return _kind(error)(_without_values(str(error.orig)))
    if isinstance(error, sqlite3.Error):  # while connecting, before SQLAlchemy is laid over it
        return _sqlite_kind(getattr(error, "sqlite_errorcode", 0) & 0xFF)(str(error))
    if isinstance(error, PoolTimeout):
        return StoreBusy("every connection to the database is in use")
    if isinstance(error, TimeoutError | asyncio.TimeoutError | OSError):
        return StoreGone(f"the database does not answer: {error or type(error).__name__}")
    return StoreError(str(error))


def _without_values(said: str) -> str:
    """PostgreSQL quotes the row below its message (`DETAIL: Key (name)=(...)`): a person, and this is logged."""
    return said.partition("\nDETAIL")[0]


def _kind(error: DBAPIError) -> type[StoreError]:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _sqlite_kind(code & 0xFF)
    state = getattr(error.orig, "sqlstate", None) or ""
    if state.startswith(_PG_FULL):
        return StoreFull
    if state.startswith(_PG_GONE) or error.connection_invalidated:
        return StoreGone
    return StoreBusy if state.startswith(_PG_BUSY) else StoreError


def _sqlite_kind(code: int) -> type[StoreError]:
    if code in _SQLITE_FULL:
        return StoreFull
    return StoreBusy if code in _SQLITE_BUSY else StoreError


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the database leave this block as StoreErrors; all others as they are."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, TimeoutError) as error:
        raise translate(error) from error

"""What the two processes say to each other, and how it travels: a length, then the message, pickled.

In: messages of either side. Out: bytes, and messages again. Must not know: what is done about them. Both ends are one
program, started by one another over a pipe that nobody else holds, so what comes in is ours.
"""

from __future__ import annotations

import asyncio
import pickle
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from callserver.back_office.office import Charter
from callserver.store.rows import Rows
from callserver.store.writing import Ownership

_LENGTH = struct.Struct("!I")


# --- from the first process ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Brief:
    """The first message: by what to work, where, and how to log. The URL holds the database's password: it travels by
    this pipe and no other way.
    """

    charter: Charter
    database: str
    log_level: str
    log_json: bool


@dataclass(frozen=True, slots=True)
class Wake:
    """There may be calls without a ticket."""


@dataclass(frozen=True, slots=True)
class Append:
    """Write these rows for that switch's owner. `hoped`: as `Writing.write` takes it."""

    number: int
    owner: Ownership
    rows: Rows
    hoped: int | None


@dataclass(frozen=True, slots=True)
class Stop:
    """Come to an end in good order."""


# --- from the back office --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Up:
    """The database is open, work begins."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a transaction said once it was committed (`store.after`)."""

    things: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Put:
    """A call found its ticket by this row of the table, so many seconds after it was due."""

    row: str
    late_s: float


@dataclass(frozen=True, slots=True)
class JobOver:
    """A job of this kind ended so."""

    kind: str
    result: str


@dataclass(frozen=True, slots=True)
class Appended:
    """The rows of that `Append` are on disk; the switch's last number."""

    number: int
    last: int


@dataclass(frozen=True, slots=True)
class Failed:
    """That `Append` was refused."""

    number: int
    error: Exception


Order: TypeAlias = Brief | Wake | Append | Stop
News: TypeAlias = Up | Said | Put | JobOver | Appended | Failed


def packed(message: Order | News) -> bytes:
    """As it travels."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


async def received(reader: asyncio.StreamReader) -> Any:
    """The next message. Raises EOFError where the other side is gone."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return pickle.loads(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        raise EOFError from None

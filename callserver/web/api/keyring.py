"""Who a token belongs to: answered from memory, as the store said it a moment ago.

In: the text of a token. Out: its bearer, or None. Must not know: HTTP, what a scope allows. All usable tokens are read
together, at most every `FRESH_S` and only while somebody asks: a request costs no look-up, a forged token costs
a checksum and a look into a dictionary, and a revoked one is good for `FRESH_S` at most, on every node. When a token
was last used is written at most once a minute, not while anybody waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from callserver.errors import StoreError
from callserver.facts import Instant
from callserver.people import Person, UserId
from callserver.settings import Secret
from callserver.store import tokens
from callserver.store.engine import Store
from callserver.store.sessions import SessionId
from callserver.store.tokens import Token

log = structlog.get_logger(__name__)

FRESH_S = 2.0
USED_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whoever asks. `id`: "token:17", "user:3", or "operator" for the token of the settings, which may do everything.

    `person`: who is signed in; None: a token. `owner`: the user whose rights bound it: the person, or who made the
    token.
    """

    id: str
    name: str
    scopes: frozenset[str]
    person: Person | None = None
    owner: UserId | None = None
    session: SessionId | None = None
    through: Literal["api", "screen"] = "api"


class Keyring:
    """All tokens that open something."""

    def __init__(
        self, store: Store, operator: Secret | None, scopes: frozenset[str], clock: Callable[[], Instant]
    ) -> None:
        self._store = store
        self._operator = operator
        self._everything = Bearer(id="operator", name="operator", scopes=scopes)
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self._read_at: float | None = None
        self._reading = asyncio.Lock()
        self._used: dict[int, Instant] = {}
        self._noting: set[asyncio.Task[None]] = set()

    async def bearer(self, text: str, *, anew: bool = False) -> Bearer | None:
        """Whose token this is. Raises StoreError where the store cannot be asked.

        anew: the store is asked now, because the token may have been made a moment ago.
        """
        if self._operator is not None and self._operator.matches(text):
            return self._everything
        if not tokens.genuine(text):
            return None
        await self._refresh(0.0 if anew else FRESH_S)
        found = self._tokens.get(tokens.hashed(text))
        now = self._clock()
        if found is None or not found.good(now):
            return None
        self._note_use(found.id, now)
        return _bearer(found)

    async def off(self) -> bool:
        """Whether there is no token at all, so that nobody can use the API."""
        if self._operator is not None:
            return False
        await self._refresh(FRESH_S)
        return not self._tokens

    async def current(self, id: str) -> Bearer | None:
        """A bearer that had this id, with the rights that it has now; None where it may ask no more. Raises
        StoreError."""
        if id == self._everything.id:
            return self._everything if self._operator is not None else None
        await self._refresh(FRESH_S)
        now = self._clock()
        found = (one for one in self._tokens.values() if id == f"token:{one.id}" and one.good(now))
        return next(map(_bearer, found), None)

    async def close(self) -> None:
        """Let what is being written come to its end."""
        while self._noting:
            await asyncio.wait(self._noting)

    async def _refresh(self, age_s: float) -> None:
        oldest = asyncio.get_running_loop().time() - age_s
        if self._read_since(oldest):
            return
        async with self._reading:
            if self._read_since(oldest):  # somebody else has read while we waited
                return
            begun = asyncio.get_running_loop().time()
            now = self._clock()
            self._tokens = await self._store.read(lambda connection: tokens.usable(connection, now))
            self._read_at = begun

    def _read_since(self, moment: float) -> bool:
        return self._read_at is not None and self._read_at > moment

    def _note_use(self, id: int, now: Instant) -> None:
        if now - self._used.get(id, now - USED_EVERY_MS) < USED_EVERY_MS:
            return
        self._used[id] = now
        task = asyncio.create_task(self._write_use(id, now), name=f"last use of token {id}")
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _write_use(self, id: int, now: Instant) -> None:
        with contextlib.suppress(StoreError):  # the next use says it again
            await self._store.write(lambda connection: tokens.used(connection, [id], now))


def _bearer(token: Token) -> Bearer:
    return Bearer(id=f"token:{token.id}", name=token.name, scopes=token.scopes, owner=token.user_id)

"""Passwords, hashed: the one place that knows argon2.

In: passwords that were checked. Out: what is kept of them; whether one fits. Must not know: users. Hashing takes a
tenth of a second of a processor and `memory_kib` of memory on purpose, so it happens in threads of its own, never on
the loop, a few at once: the calls of a whole hotline run on the same machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")
KEPT = "utf-8", "surrogatepass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """argon2id's: measured (docs/people.md). Another one here, and every password is hashed anew at its next use."""

    memory_kib: int = 47_104
    passes: int = 2
    lanes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`right`: it fits; `outdated`: and was hashed at another cost."""

    right: bool
    outdated: bool = False


class Crowded(Exception):
    """So many wait that another one would wait too long."""


class Passwords:
    """Hashes and compares. `strangers_wait`: so many at once may wait; people in browsers that are known have their own
    way past them."""

    def __init__(self, cost: Cost = Cost(), strangers_wait: int = 60, known_wait: int = 400) -> None:
        self._hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        self._lanes = {
            False: _Lane("strangers' passwords", strangers_wait),
            True: _Lane("known browsers' passwords", known_wait),
        }
        self._nobody: str | None = None

    async def hashed(self, password: str, *, known: bool = True) -> str:
        """What is kept of a password. Raises Crowded."""
        return await self._lanes[known].do(self._hashed, password)

    async def fits(self, kept: str | None, password: str, *, known: bool = False) -> Verdict:
        """Whether it is the password of which this was kept; None, a user that there is not, takes as long. Raises
        Crowded."""
        return await self._lanes[known].do(self._fits, kept, password)

    def close(self) -> None:
        """What is being hashed is left to its end."""
        for lane in self._lanes.values():
            lane.close()

    def _hashed(self, password: str) -> str:
        return self._hasher.hash(password.encode(*KEPT))

    def _fits(self, kept: str | None, password: str) -> Verdict:
        if self._nobody is None:  # also where it is not needed: nobody's first try must not take longer
            self._nobody = self._hashed("nobody's password")
        try:
            right = self._hasher.verify(kept or self._nobody, password.encode(*KEPT))
        except (VerificationError, InvalidHashError):
            return Verdict(right=False)
        outdated = kept is not None and self._hasher.check_needs_rehash(kept)
        return Verdict(right=right and kept is not None, outdated=outdated)


class _Lane:
    """One thread, and a line before it that is not endless."""

    def __init__(self, name: str, most: int) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._most = most
        self._inside = 0

    async def do(self, work: Callable[..., T], *arguments: str | None) -> T:
        """The work, after what waits before it. Raises Crowded."""
        if self._inside >= self._most:
            raise Crowded
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        finally:
            self._inside -= 1

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

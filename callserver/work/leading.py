"""Being the one of a cluster who does something.

In: a lease's name, who we are. Out: whether it is us, now. Must not know: what is done.
"""

from __future__ import annotations

import contextlib
import time

from callserver.errors import LeaseLost, StoreError
from callserver.store import leases
from callserver.store.engine import Store
from callserver.store.leases import Lease


class Leading:
    """One lease, asked for again and again. After a crash the same node takes its own back at once."""

    def __init__(self, store: Store, name: str, *, holder: str, node: str, ttl_s: float = 30.0) -> None:
        self._store, self._name, self._holder, self._node = store, name, holder, node
        self._ttl_s = ttl_s
        self._lease: Lease | None = None
        self._asked_at = float("-inf")
        self._first = True

    async def ours(self) -> bool:
        """Whether it is us. Raises StoreError."""
        now = time.monotonic()
        if now - self._asked_at < self._ttl_s / 3:
            return self._lease is not None
        self._lease = await (self._acquired() if self._lease is None else self._renewed(self._lease))
        self._asked_at, self._first = now, False
        return self._lease is not None

    async def give_up(self) -> None:
        """Let another one do it at once."""
        lease, self._lease, self._asked_at = self._lease, None, float("-inf")
        if lease is not None:
            with contextlib.suppress(StoreError):
                await leases.release(self._store, lease)

    async def _acquired(self) -> Lease | None:
        node, first = self._node, self._first
        return await leases.acquire(
            self._store, self._name, self._holder, self._ttl_s, node=node, take_over=first
        )

    async def _renewed(self, lease: Lease) -> Lease | None:
        try:
            return await leases.renew(self._store, lease, self._ttl_s)
        except LeaseLost:
            return None

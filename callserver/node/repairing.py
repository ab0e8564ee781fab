"""Putting a switch's record right from outside the process that follows it (or follows it not).

In: a comparison with corrections. Out: the number of calls put right. Must not know: who asks. A switch has
one writer: where no node owns it now, its lease is taken for as long as the repair needs; where one does,
the repair becomes a job for that node, which compares again by itself, and we wait for the outcome.
"""

from __future__ import annotations

import asyncio
import os
import secrets

from callserver.errors import StoreError
from callserver.facts import Instant
from callserver.node.reconciling import Compared, batch, keep, repairs
from callserver.node.understanding import reconcile_kind
from callserver.store import jobs, leases, reconciliations
from callserver.store.engine import Store
from callserver.store.jobs import NewJob
from callserver.store.journal import Journal
from callserver.store.leases import Lease
from callserver.store.reconciliations import Reconciled
from callserver.vitals import wall_clock

LEASE_S = 60.0
WAIT_S = 120.0
POLL_S = 0.5


async def repair(store: Store, compared: Compared, *, wait_s: float = WAIT_S) -> int:
    """How many calls were put right.

    Raises StoreError, also where the owner did not do it within `wait_s`.
    """
    if not compared.result.corrections:
        return 0
    holder = f"reconcile/{os.getpid()}/{secrets.token_hex(6)}"
    lease = await leases.acquire(store, leases.lease_of(compared.pbx), holder, LEASE_S)
    if lease is None:
        return (await _by_the_owner(store, compared, wait_s)).repaired
    try:
        return await _by_ourselves(store, compared, lease)
    finally:
        await leases.release(store, lease)


async def _by_ourselves(store: Store, compared: Compared, lease: Lease) -> int:
    journal = Journal(store, compared.pbx, holder=lease.holder, epoch=lease.epoch)
    try:
        await journal.append(batch(compared.result.corrections))
    finally:
        await journal.close()
    repaired = repairs(compared.result)
    await keep(store, compared, repaired, wall_clock())
    return repaired


async def _by_the_owner(store: Store, compared: Compared, wait_s: float) -> Reconciled:
    span = compared.result.span
    before = {one.at for one in await reconciliations.latest(store, compared.pbx)}
    body = {"pbx": compared.pbx, "begin": span.begin, "end": span.end, "why": "asked", "apply": True}
    key = f"reconcile:{compared.pbx}:asked:{secrets.token_hex(8)}"
    await jobs.enqueue(store, [NewJob(kind=reconcile_kind(compared.pbx), key=key, body=body)])
    try:
        async with asyncio.timeout(wait_s):
            return await _outcome(store, compared, before)
    except TimeoutError:
        raise StoreError(
            f"the node that follows {compared.pbx} has not repaired it within {wait_s:g} s; the job waits, "
            "`callserver reconcile` shows later whether it was done"
        ) from None


async def _outcome(store: Store, compared: Compared, before: set[Instant]) -> Reconciled:
    span = compared.result.span
    while True:
        for one in await reconciliations.latest(store, compared.pbx):
            if (one.begin, one.end) == (span.begin, span.end) and one.at not in before:
                return one
        await asyncio.sleep(POLL_S)

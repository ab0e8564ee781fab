"""A process that appends until it is killed. Prints one line for each append that is on disk: the last number.

Each batch is one more fact of one of three calls, and that call's record, which counts its facts. Several appends are
always under way, so that a kill hits groups of them. `appender.py URL [most bytes in a file]`
"""

import asyncio
import contextlib
import itertools
import resource
import sys

from callserver.errors import StoreFull
from callserver.facts import CallId
from callserver.store import engine, leases, log
from callserver.store.engine import Store
from callserver.store.jobs import NewJob
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from tests.store.samples import PBX, call_id, queued, record

CALLS = 3
AT_ONCE = 5


async def opened(store: Store) -> tuple[Journal, dict[CallId, int]]:
    """The journal, and how many facts each call has so far: what a restart does."""
    name = leases.lease_of(PBX)
    holder = f"appender/{await store.now()}"
    lease = await leases.acquire(store, name, holder, 60, node="appender", take_over=True)
    assert lease is not None
    counts = dict.fromkeys(map(call_id, range(CALLS)), 0)
    async for numbered in log.every_fact(store, PBX):
        counts[numbered.body["call"]] += 1
    return Journal(store, PBX, holder=holder, epoch=lease.epoch), counts


def batch(number: int, counts: dict[CallId, int]) -> Batch:
    """The next fact of one call. Made when it is appended, since order is that of the appends."""
    call = number % CALLS
    counts[call_id(call)] += 1
    count = counts[call_id(call)]
    return Batch(
        facts=[queued(call, at=count)],
        records=[record(call, facts=count)],
        jobs=[NewJob(kind="ticket", key=f"{call}-{count}")],
        seen_at=count,
    )


def say(*words: object) -> None:
    """One line for the test that started this."""
    sys.stdout.write("\t".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def append_for_ever(url: str) -> None:
    store = await engine.open(url)
    journal, counts = await opened(store)
    numbers = itertools.count()

    async def one_after_another() -> None:
        while True:
            say(await journal.append(batch(next(numbers), counts)))

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


async def append_until_full(url: str, most: int) -> None:
    """No file may grow beyond `most` bytes; when that is reached, say so, allow more, and append once again."""
    store = await engine.open(url)
    journal, counts = await opened(store)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    for number in itertools.count():
        before = dict(counts)
        try:
            last = await journal.append(batch(number, counts))
        except StoreFull as error:
            say("full", last, error)
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    say("again", await journal.append(batch(number, before)))
    await journal.close()
    await store.close()


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        if len(sys.argv) > 2:
            asyncio.run(append_until_full(sys.argv[1], int(sys.argv[2])))
        else:
            asyncio.run(append_for_ever(sys.argv[1]))

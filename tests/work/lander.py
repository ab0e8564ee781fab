"""Real calls written down and landed by a process that is killed again and again.

`python -m tests.work.lander URL ROUNDS SEED`: this process never touches the database; each round it forks a child that
opens it, goes on where the last one was killed, appends recorded traces batch by batch and lands their calls, until it
is killed with SIGKILL at a random moment. The last child is left alone until everything has landed. Prints one line a
life: how many landings the one before had left unfinished.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection, select

from callserver.ami.road import Heard
from callserver.ami.wire import Reply, read
from callserver.calls.floor import Floor
from callserver.facts import PbxId
from callserver.node.understanding import Understanding
from callserver.store import engine, jobs, leases, log, text
from callserver.store.desk import call_tickets, promises, tickets, timeline
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.landing import LAND
from callserver.store.rows import Batch
from callserver.store.schema import calls, switches
from callserver.store.schema import jobs as job_table
from callserver.store.situations import Site
from callserver.work.landing import Lander
from callserver.work.worker import Worker
from tests.work.forked import ended, life, say

TRACES = Path(__file__).parents[1] / "traces" / "22"
CUSTOMER = b"13800138000"
SCENARIOS = (
    "answered-caller-ends",
    "abandoned-waiting",
    "atxfer-by-phone",
    "two-calls-one-number",
    "blind-to-queue",
    "withheld-number",
    "queue-full",
    "outbound-by-agent",
    "timeout-overflow",
    "internal-call",
)
CALLERS = 7
"""So few that they call again and again: missed, answered, on tickets of before."""
TOGETHER = 6  # events a batch
BEHIND = 4  # so many landings may wait before the next batch is appended: a kill hits them at every stage
LONGEST_STEPS = (
    9  # of a life: a batch written down or a call landed, so that each life gets on, on a busy machine too
)
LONGEST_S = 0.03  # after its last step: into the middle of the next


# --- what is written down --------------------------------------------------------------------------------------------


def batches(scenario: str, pbx: PbxId, caller: bytes = CUSTOMER) -> list[Batch]:
    """A recorded scenario as the node would have it written: always the same for the same switch and caller."""
    raw = (TRACES / f"{scenario}.ami").read_bytes().replace(CUSTOMER, caller)
    heard = [Heard(item, 0.0) for item in read([raw]) if not isinstance(item, Reply)]
    understanding = Understanding(Floor(pbx), clock=lambda: 0)
    made = []
    for begin in range(0, len(heard), TOGETHER):
        understanding.take(heard[begin : begin + TOGETHER])
        if (batch := understanding.batch()) is not None:
            made.append(batch)
    return made


def rest(every: list[Batch], written: int) -> Iterator[Batch]:
    """The batches behind the first `written` facts; a batch is written whole or not at all."""
    for batch in every:
        if written <= 0:
            yield batch
        written -= len(batch.facts)


def played(number: int) -> tuple[PbxId, list[Batch]]:
    """Scenario `number` of an endless day; each is a switch of its own, so that calls never have the same id."""
    caller = b"138001380%02d" % (number * 5 % CALLERS)
    pbx = PbxId(f"s{number:05d}")
    return pbx, batches(SCENARIOS[number % len(SCENARIOS)], pbx, caller)


# --- a child ---------------------------------------------------------------------------------------------------------


class Life:
    """One run of the process."""

    def __init__(self, store: Store, name: str, step: Callable[[], object]) -> None:
        """`step` is called whenever something was done."""
        self.store, self.name, self.step = store, name, step
        self.worker = Worker(
            store,
            name,
            {LAND: Lander(store, Site()).job},
            kinds=lambda: [LAND],
            on_result=self._did,
            at_once=8,
            poll_s=0.05,
        )

    def _did(self, kind: str, result: str) -> None:
        self.step()

    async def landed(self, all_but: int = 0) -> None:
        """Until so few landings wait."""
        while await unfinished(self.store) > all_but:  # noqa: ASYNC110 (the database has no event for it)
            await asyncio.sleep(0.005)

    async def append(self, pbx: PbxId, every: list[Batch]) -> None:
        """What of a scenario is not written yet."""
        lease = await leases.acquire(
            self.store, leases.lease_of(pbx), self.name, 60, node="lander", take_over=True
        )
        assert lease is not None
        journal = Journal(self.store, pbx, holder=lease.holder, epoch=lease.epoch)
        for batch in rest(every, await log.last_seq(self.store, pbx)):
            await journal.append(batch)
            self.step()
            self.worker.wake()
            await self.landed(all_but=BEHIND)
        await journal.close()

    async def go_on(self, until: int | None) -> None:
        """From the scenario that the last life was at; `until`: a last one, and then until all has landed."""
        await jobs.take_back(self.store, "lander", self.name)
        landing = asyncio.create_task(self.worker.run())
        number = await self.store.read(_reached)
        while until is None or number < until:
            await self.append(*played(number))
            number += 1
        await self.landed()
        self.worker.stop()
        await landing


def _reached(connection: Connection) -> int:
    """The number of the last scenario that was begun: it may not be whole."""
    known = connection.execute(select(switches.c.pbx)).scalars().all()
    return max((int(pbx[1:]) for pbx in known), default=0)


async def live(url: str, steps: int, *, last: bool = False) -> None:
    """`steps`: where to write a byte for each step of the work."""
    store = await engine.open(url, synchronous="OFF")
    say(await unfinished(store))
    until = await store.read(_reached) + 1 if last else None
    name = f"lander/{os.getpid()}/{time.monotonic_ns()}"
    await Life(store, name, partial(os.write, steps, b"!")).go_on(until)
    await store.close()


async def unfinished(store: Store) -> int:
    """How many landings wait or are under way."""
    return (await jobs.count_waiting(store)).get(LAND, 0)


# --- the judge -------------------------------------------------------------------------------------------------------


async def judged(store: Store) -> list[str]:
    """Everything that is wrong with what is in the database, a sentence each; empty: each call is where it belongs."""
    return await store.report(_judged)


def _judged(connection: Connection) -> list[str]:
    links = {row.call_id: row.ticket_id for row in connection.execute(select(call_tickets))}
    told = connection.execute(
        select(timeline.c.call_id, timeline.c.ticket_id).where(timeline.c.kind == "call")
    ).all()
    wrong = []
    for body in connection.execute(select(calls.c.record)).scalars():
        call = text.load(body)
        entries = [row.ticket_id for row in told if row.call_id == call["id"]]
        expected = [links[call["id"]]] if call["id"] in links and not call["open"] else []
        if call["direction"] == "inbound" and not call["open"] and not expected:
            wrong.append(f"{call['id']} ({call['outcome']}) is on no ticket")
        if entries != expected:
            wrong.append(f"{call['id']} is told on {entries} instead of {expected}")
    return wrong + _tickets_judged(connection, Counter(links.values()))


def _tickets_judged(connection: Connection, calls_on: Counter[int]) -> list[str]:
    wrong = []
    missed: Counter[str] = Counter()
    owed = Counter(
        connection.execute(select(promises.c.ticket_id).where(promises.c.status == "planned")).scalars()
    )
    for row in connection.execute(select(tickets)):
        if not calls_on[row.id]:
            wrong.append(f"ticket {row.number} was opened by no call")
        if row.kind == "missed_call" and row.open:
            missed[row.tail] += 1
        if owed[row.id] > 1:
            wrong.append(f"ticket {row.number} owes {owed[row.id]} callbacks")
    wrong += [f"{count} open missed-call tickets of {tail}" for tail, count in missed.items() if count > 1]
    dead = connection.execute(select(job_table.c.key).where(job_table.c.dead_at.is_not(None))).scalars()
    return wrong + [f"{key} was given up" for key in dead]


# --- the one who kills -----------------------------------------------------------------------------------------------


def main(url: str, rounds: int, seed: int) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    chance = random.Random(seed)
    played(0)  # imported and parsed once, for all children
    for _ in range(rounds):
        with life(partial(live, url)) as (child, heard):
            for _step in range(chance.randint(1, LONGEST_STEPS)):
                os.read(heard, 1)
            time.sleep(chance.random() * LONGEST_S)
            os.kill(child, signal.SIGKILL)
            ended(child)
    with life(partial(live, url, last=True)) as (child, heard):
        while os.read(heard, 100):
            pass
        return ended(child)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

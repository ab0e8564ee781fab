"""Work that facts cause: put down in the same transaction as the facts, claimed by one worker at a time, done once.

In: new jobs, and the names of workers. Out: claimed jobs. Must not know: what a kind of job means or how it
is done. Time is the database's clock, the one that all workers share; `now` is an argument for tests only. A
job is waiting until it is done or dead; a worker that dies in between loses its claim when that runs out,
and the job is claimed again: at least once, so a job's effect needs a key of its own wherever twice would
hurt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    Text,
    Update,
    bindparam,
    func,
    or_,
    select,
    update,
)

from callserver.facts import Instant
from callserver.store import text
from callserver.store.engine import Insert, Store
from callserver.store.schema import clock, database_now, waiting
from callserver.store.schema import jobs as table
from callserver.store.upsert import insert

FIRST_RETRY_S = 5.0
LAST_RETRY_S = 3_600.0

_CLAIMED = ("id", "kind", "key", "body", "run_at", "attempts", "claimed_until")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Work that is due from `run_at` on (None: now). A second job with the same `key` is dropped: it is the same."""

    kind: str
    key: str
    body: Mapping[str, Any] = field(default_factory=dict)
    run_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job that `worker` has claimed until `claimed_until` (the database's clock), for the `attempts`th time."""

    id: int
    kind: str
    key: str
    body: dict[str, Any]
    run_at: Instant
    attempts: int
    worker: str
    claimed_until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadJob:
    """A job that was given up after `attempts`, and why; it is kept until somebody lets it be tried again."""

    kind: str
    key: str
    attempts: int
    dead_at: Instant
    error: str


def new_jobs(store: Store) -> Insert:
    """The statement that puts jobs down (columns kind, key, body, run_at); a known key changes nothing."""
    return _dropping_known(store.insert(table))


def put_down(connection: Connection, jobs: Sequence[NewJob]) -> None:
    """`enqueue` inside a transaction: work that is caused by what the transaction does."""
    if jobs:
        connection.execute(_dropping_known(insert(connection, table)), [row(job) for job in jobs])


def _dropping_known(new: Insert) -> Insert:
    due = func.coalesce(bindparam("run_at", type_=BigInteger), database_now())
    return new.values(run_at=due, attempts=0).on_conflict_do_nothing(index_elements=["key"])


def row(job: NewJob) -> dict[str, Any]:
    """The parameters of `new_jobs`."""
    return {
        "kind": text.key(job.kind),
        "key": text.key(job.key),
        "body": text.dump(dict(job.body)),
        "run_at": job.run_at,
    }


async def enqueue(store: Store, jobs: Sequence[NewJob]) -> None:
    """Put jobs down that no fact caused; those that a fact caused go into its `Batch`."""
    if jobs:
        new, given = new_jobs(store), [row(job) for job in jobs]
        await store.write(lambda connection: connection.execute(new, given))


async def claim(
    store: Store,
    worker: str,
    *,
    limit: int = 1,
    hold_s: float = 60.0,
    kinds: Sequence[str] | None = None,
    now: Instant | None = None,
) -> list[Job]:
    """At most `limit` jobs that are due and that nobody else holds, now held by `worker` for `hold_s`, oldest first.

    `worker` is one run of one process, as a lease's holder is. Looking costs no lock when nothing is due.
    """
    wanted = None if kinds is None else tuple(text.key(kind) for kind in kinds)
    due = _due_first(wanted, 1, now)
    if await store.read(lambda connection: connection.execute(due).first()) is None:
        return []
    claiming = _claiming(wanted, limit, now)
    given = {"_worker": text.key(worker), "_hold": round(hold_s * 1000)}
    rows = await store.write(lambda connection: connection.execute(claiming, given).all())
    claimed = [Job(**{**found._mapping, "body": _body(found.body), "worker": worker}) for found in rows]
    return sorted(claimed, key=lambda job: (job.run_at, job.id))


async def heartbeat(store: Store, job: Job, hold_s: float = 60.0, *, now: Instant | None = None) -> bool:
    """Hold the job longer. False: another worker has it by now (or it is over); stop working on it."""
    return await _apply(store, job, _ours().values(claimed_until=clock(now) + round(hold_s * 1000)))


async def take_back(store: Store, node: str, worker: str) -> int:
    """Let what earlier runs of this node had claimed be claimed again at once, not only when their claims run out.

    For the start after a crash: `node` is the name that outlives a run, `worker` (`node/...`) the run that begins.
    Returns how many jobs. Two nodes wrongly given one name do jobs twice by this, which jobs have to bear anyway.
    """
    earlier = table.c.claimed_by.startswith(f"{text.key(node)}/", autoescape=True)
    freeing = (
        update(table)
        .where(waiting, earlier, table.c.claimed_by != text.key(worker))
        .values(claimed_by=None, claimed_until=None)
    )
    return await store.write(lambda connection: connection.execute(freeing).rowcount)


async def done(store: Store, job: Job, *, now: Instant | None = None) -> bool:
    """The work is done. False: it was not ours any more, nothing changed."""
    return await _apply(store, job, _done() if now is None else _ours().values(**_over(done_at=clock(now))))


def end(connection: Connection, job: Job) -> bool:
    """`done` inside the transaction of the work itself: then neither is there without the other."""
    return bool(connection.execute(_done(), _this(job)).rowcount)


async def retry(store: Store, job: Job, error: str, delay_s: float, *, now: Instant | None = None) -> bool:
    """It did not work: let it be claimed again after `delay_s` (see `backoff`). False: it was not ours any more."""
    due = clock(now) + round(delay_s * 1000)
    return await _apply(store, job, _ours().values(**_over(text.storable(error), run_at=due)))


async def bury(store: Store, job: Job, error: str, *, now: Instant | None = None) -> bool:
    """It will never work: keep it, with the reason, for a person. False: it was not ours any more."""
    return await _apply(store, job, _ours().values(**_over(text.storable(error), dead_at=clock(now))))


def backoff(attempts: int) -> float:
    """Seconds to wait after the `attempts`th failure: 5, 10, 20 ... up to an hour."""
    return float(min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(attempts - 1, 30)))


async def count_waiting(store: Store) -> dict[str, int]:
    """How many jobs of each kind are neither done nor dead."""
    wanted = select(table.c.kind, func.count()).where(waiting).group_by(table.c.kind)
    return {row[0]: row[1] for row in await store.report(lambda connection: connection.execute(wanted).all())}


async def dead(store: Store, *, limit: int = 100) -> list[DeadJob]:
    """Jobs that were given up, the last one first."""
    wanted = (
        select(table.c.kind, table.c.key, table.c.attempts, table.c.dead_at, table.c.error)
        .where(table.c.dead_at.is_not(None))
        .order_by(table.c.dead_at.desc(), table.c.id.desc())
        .limit(limit)
    )
    rows = await store.report(lambda connection: connection.execute(wanted).all())
    return [DeadJob(**{**row._mapping, "error": row.error or ""}) for row in rows]


async def count_dead(store: Store) -> int:
    """How many jobs were given up."""
    wanted = select(func.count()).where(table.c.dead_at.is_not(None))
    return await store.report(lambda connection: int(connection.execute(wanted).scalar_one()))


async def again(store: Store, key: str | None, *, now: Instant | None = None) -> int:
    """Let a job that was given up be tried again from the beginning, or all of them (None). Returns how many."""
    chosen = (
        [table.c.dead_at.is_not(None)] if key is None else [table.c.dead_at.is_not(None), table.c.key == key]
    )
    change = update(table).where(*chosen).values(dead_at=None, attempts=0, run_at=clock(now))
    return await store.write(lambda connection: connection.execute(change).rowcount)


def _body(stored: str) -> dict[str, Any]:
    """Empty where it cannot be read: whoever does the job finds that out, and no other job waits behind it."""
    try:
        body = text.load(stored)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


# A worker asks all day: making a statement costs more than asking it, so each is made once (but with a test's clock).
@lru_cache(64)
def _claiming(kinds: tuple[str, ...] | None, limit: int, now: Instant | None) -> Update:
    """SKIP LOCKED lets PostgreSQL's workers pass each other; SQLite's writers have taken turns already.

    The rows are chosen in a CTE, which PostgreSQL evaluates once when it locks rows: chosen in a plain
    subquery they may be chosen again for each row that is updated, and more than `limit` be claimed.
    """
    chosen = _due_first(kinds, limit, now).with_for_update(skip_locked=True).cte("chosen")
    return (
        update(table)
        .where(table.c.id.in_(select(chosen.c.id)))
        .values(
            attempts=table.c.attempts + 1,
            claimed_by=bindparam("_worker", type_=Text),
            claimed_until=clock(now) + bindparam("_hold", type_=BigInteger),
        )
        .returning(*(table.c[name] for name in _CLAIMED))
    )


@lru_cache(64)
def _due_first(kinds: tuple[str, ...] | None, limit: int, now: Instant | None) -> Select[Any]:
    moment = clock(now)
    free = or_(table.c.claimed_until.is_(None), table.c.claimed_until <= moment)
    wanted = [] if kinds is None else [table.c.kind.in_(kinds)]
    due = (waiting, table.c.run_at <= moment, free, *wanted)
    return select(table.c.id).where(*due).order_by(table.c.run_at, table.c.id).limit(limit)


async def _apply(store: Store, job: Job, change: Update) -> bool:
    """A change (of `_ours`) to a job that is still ours: same worker, same attempt, not over."""
    return await store.write(lambda connection: connection.execute(change, _this(job)).rowcount) == 1


def _this(job: Job) -> dict[str, Any]:
    return {"_id": job.id, "_worker": text.key(job.worker), "_attempts": job.attempts}


@cache
def _ours() -> Update:
    ours = (
        table.c.id == bindparam("_id"),
        table.c.claimed_by == bindparam("_worker"),
        table.c.attempts == bindparam("_attempts"),
    )
    return update(table).where(*ours, waiting)


@cache
def _done() -> Update:
    """Of all changes the one that each job needs."""
    return _ours().values(**_over(done_at=database_now()))


def _over(error: str | None = None, **values: Any) -> dict[str, Any]:
    """Nobody holds it any more."""
    return {"claimed_by": None, "claimed_until": None, "error": error, **values}

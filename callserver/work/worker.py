"""Does the work that facts caused: claim, do, renew the claim meanwhile, retry, give up in the end.

In: handlers by kind of job, and which kinds this process may do now. Out: finished jobs, one log line each. Must not
know: what any kind of job does. A job may run more than once (a crash after the work and before the note of it), so
handlers must not mind; what must never happen twice does not belong here.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import structlog

from callserver.errors import CallserverError, StoreError
from callserver.store import jobs
from callserver.store.engine import Store
from callserver.store.jobs import Job

log = structlog.get_logger(__name__)

Handler: TypeAlias = Callable[[Job], Awaitable[Mapping[str, Any]]]
"""Does one job; what it returns is said in the log. Raises HopelessJob where trying again cannot help, Taken."""

POLL_S = 1.0
HOLD_S = 60.0
TAKEN_OVER = "taken over by another worker"
MOST_ATTEMPTS = 15  # with the store's back-off: about seven hours


class HopelessJob(CallserverError):
    """This job will never work; it is kept, with the reason, for a person."""


class Taken(CallserverError):
    """Another worker holds the job by now: what was done about it here was taken back."""


class Ended(dict[str, Any]):
    """What a handler returns that has noted the job's end itself, in the transaction of its work (`jobs.end`)."""


class Worker:
    """One job after the other. `name` is this run of this process; a handler serves its kind and `kind:anything`."""

    def __init__(
        self,
        store: Store,
        name: str,
        handlers: Mapping[str, Handler],
        *,
        kinds: Callable[[], Sequence[str]],
        on_result: Callable[[str, str], None] = lambda kind, result: None,
        poll_s: float = POLL_S,
        hold_s: float = HOLD_S,
        at_once: int = 1,
    ) -> None:
        """at_once: jobs that are claimed together, where each is short beside `hold_s`; done in their order."""
        self._store = store
        self._name = name
        self._handlers = handlers
        self._kinds = kinds
        self._on_result = on_result
        self._poll_s = poll_s
        self._hold_s = hold_s
        self._at_once = at_once
        self._awake = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """There may be something to do."""
        self._awake.set()

    def stop(self) -> None:
        """Take no other job; `run` returns when the one under way is done. Cancel `run` to leave it to others."""
        self._stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Work until stopped."""
        while not self._stopping:
            self._awake.clear()
            try:
                worked = await self.work_once()
            except StoreError as error:
                worked = False
                log.warning("jobs cannot be looked up", why=str(error))
            except Exception:  # one row that nobody can read must not end the work on all others
                worked = False
                log.exception("jobs failed by a mistake in callserver")
            if not worked and not self._stopping:
                await self._rest()

    async def work_once(self) -> bool:
        """Do a job that is due, or as many as are claimed together; False: there is none."""
        kinds = list(self._kinds())
        if not kinds:
            return False
        found = await jobs.claim(
            self._store, self._name, limit=self._at_once, hold_s=self._hold_s, kinds=kinds
        )
        for job in found:
            await self._work(job)
        return bool(found)

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_s):
                await self._awake.wait()

    async def _work(self, job: Job) -> None:
        began = time.monotonic()
        said: Mapping[str, Any] = {}
        try:
            said = await self._held(job)
        except HopelessJob as error:
            await jobs.bury(self._store, job, str(error))
            result, said = "dead", {"why": str(error)}
        except Taken:
            result = TAKEN_OVER
        except Exception as error:
            result, said = await self._failed(job, error)
        else:
            ended = isinstance(said, Ended) or await jobs.done(self._store, job)
            result = "done" if ended else TAKEN_OVER
        self._on_result(job.kind, result)
        say = log.info if result == "done" else log.warning
        took = round(time.monotonic() - began, 3)
        say("job", kind=job.kind, key=job.key, result=result, attempt=job.attempts, took_s=took, **said)

    async def _failed(self, job: Job, error: Exception) -> tuple[str, Mapping[str, Any]]:
        why = str(error) or type(error).__name__
        if not isinstance(error, CallserverError):
            log.exception("job failed by a mistake in callserver", kind=job.kind, key=job.key)
        if job.attempts >= MOST_ATTEMPTS:
            await jobs.bury(self._store, job, why)
            return "dead", {"why": why}
        delay = jobs.backoff(job.attempts)
        await jobs.retry(self._store, job, why, delay)
        return "retry", {"why": why, "again_in_s": delay}

    async def _held(self, job: Job) -> Mapping[str, Any]:
        """Do it, holding the claim; a claim that went to another worker ends the work."""
        handler = self._handlers.get(job.kind.partition(":")[0])
        if handler is None:
            raise HopelessJob(f"no handler for jobs of kind {job.kind!r}")
        work = asyncio.ensure_future(handler(job))
        holding = asyncio.create_task(self._hold(job))
        try:
            await asyncio.wait([work, holding], return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise StoreError("the claim was lost while the work was under way")
            return work.result()
        finally:
            for task in (work, holding):
                task.cancel()
            await asyncio.wait([work, holding])

    async def _hold(self, job: Job) -> None:
        """Returns when the claim is not ours any more."""
        while True:
            await asyncio.sleep(self._hold_s / 3)
            with contextlib.suppress(StoreError):
                if not await jobs.heartbeat(self._store, job, self._hold_s):
                    return

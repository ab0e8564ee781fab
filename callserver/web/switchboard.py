"""Ask a switch for something, and wait until it is known what became of it.

In: requests put into the store; outcomes that this process's node tells, or that are read from the store where another
node owns the switch. Out: outcomes. Must not know: AMI, what is asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence

from callserver.errors import NotFound, StoreError
from callserver.facts import PbxId
from callserver.seats.asking import CommandId, Outcome
from callserver.store import commands
from callserver.store.commands import Ask
from callserver.store.engine import Store

LOOK_S = 0.2  # between two looks at what another node does
EXPIRED_S = 1.0  # between two looks whether requests that nobody takes are too late
_NO_REQUEST = "there is no such request"
PATIENCE_S = 5.0  # how long an outcome is waited for beyond the request's own end


class Switchboard:
    """Where requests are waited for. One a process."""

    def __init__(self, store: Store, *, look_s: float = LOOK_S) -> None:
        self._store = store
        self._look_s = look_s
        self._wake: Callable[[PbxId], None] = lambda pbx: None
        self._waiting: dict[CommandId, list[asyncio.Future[Outcome]]] = {}
        self._news = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    def wakes(self, wake: Callable[[PbxId], None]) -> None:
        """Who is told of new requests: the node of this process."""
        self._wake = wake

    def wake(self, pbx: PbxId) -> None:
        """A request to this switch was put down, and its transaction is committed."""
        self._wake(pbx)

    def over(self, outcome: Outcome) -> None:
        """This process's node knows what became of a request."""
        for waiting in self._waiting.get(outcome.id, ()):
            if not waiting.done():
                waiting.set_result(outcome)

    async def ask(self, wanted: Ask, timeout_s: float | None = None) -> Outcome:
        """Ask in a transaction of its own, wait for what came of it. Raises UnderWay, StoreError.

        timeout_s: None: as long as the request is good, and a little more.
        """
        id = await self._store.write(lambda connection: commands.ask(connection, wanted))
        self.wake(wanted.pbx)
        return await self.outcome(id, wanted.within_s + PATIENCE_S if timeout_s is None else timeout_s)

    async def outcome(self, id: CommandId, timeout_s: float) -> Outcome:
        """What came of a request, waiting at most so long; then its state may not be over.

        Wake first: a request of this process is told at once, one that another node owns is looked for every LOOK_S.
        Raises NotFound, StoreError.
        """
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(id, []).append(told)
        self._look_soon()
        try:
            async with asyncio.timeout(timeout_s):
                return await told
        except TimeoutError:
            return await self._last(id)
        finally:
            self._waiting[id].remove(told)
            if not self._waiting[id]:
                del self._waiting[id]
            if not self._waiting:
                self._rest()

    async def _last(self, id: CommandId) -> Outcome:
        """A request that nobody took while it was good is over then."""
        found = await self._store.write(lambda connection: commands.give_up(connection, id))
        if found is None:
            raise NotFound(_NO_REQUEST)
        return found

    # --- looking: one look for all that wait; 350 who sit down at once are one statement -----------------------------

    def _look_soon(self) -> None:
        self._news.set()
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="outcomes")

    def _rest(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    async def _watch(self) -> None:
        """Until nobody waits."""
        loop = asyncio.get_running_loop()
        expire_at = loop.time() + EXPIRED_S
        while True:
            self._news.clear()
            try:
                waiting = await self._look()
                if waiting and loop.time() >= expire_at:
                    await self._give_up(waiting)
                    expire_at = loop.time() + EXPIRED_S
            except StoreError as error:
                self._fail(list(self._waiting), error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_s):
                    await self._news.wait()

    async def _give_up(self, waiting: Sequence[CommandId]) -> None:
        """What nobody took while it was good."""
        self._tell(await self._store.write(lambda connection: commands.give_up_all(connection, waiting)))

    async def _look(self) -> list[CommandId]:
        """Those that nobody has taken yet."""
        wanted = list(self._waiting)
        found = await self._store.read(lambda connection: commands.outcomes(connection, wanted))
        self._tell(found.values())
        self._fail((id for id in wanted if id not in found), NotFound(_NO_REQUEST))
        return [id for id, known in found.items() if known.state == "waiting"]

    def _tell(self, found: Iterable[Outcome]) -> None:
        for known in found:
            if known.over:
                self.over(known)

    def _fail(self, ids: Iterable[CommandId], why: Exception) -> None:
        for id in ids:
            for told in self._waiting.get(id, ()):
                if not told.done():
                    told.set_exception(why)

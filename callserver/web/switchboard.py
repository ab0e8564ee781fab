"""Ask a switch for something, and wait until it is known what became of it.

In: requests put into the store; outcomes that this process's node tells, or that are read from the store where another
node owns the switch. Out: outcomes. Must not know: AMI, what is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from callserver.errors import NotFound
from callserver.facts import PbxId
from callserver.seats.asking import CommandId, Outcome
from callserver.store import commands
from callserver.store.commands import Ask
from callserver.store.engine import Store

LOOK_S = 0.2  # between two looks at what another node does
EXPIRED_S = 1.0  # between two looks whether a request that nobody takes is too late
PATIENCE_S = 5.0  # how long an outcome is waited for beyond the request's own end


class Switchboard:
    """Where requests are waited for. One a process."""

    def __init__(self, store: Store, *, look_s: float = LOOK_S) -> None:
        self._store = store
        self._look_s = look_s
        self._wake: Callable[[PbxId], None] = lambda pbx: None
        self._waiting: dict[CommandId, list[asyncio.Future[Outcome]]] = {}

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
        """What came of a request, waiting at most so long; then its state may not be over. Raises NotFound, StoreError.

        Wake first: a request of this process is told at once, one that another node owns is looked for every LOOK_S.
        """
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(id, []).append(told)
        try:
            return await self._first(id, told, asyncio.get_running_loop().time() + timeout_s)
        finally:
            self._waiting[id].remove(told)
            if not self._waiting[id]:
                del self._waiting[id]

    async def _first(self, id: CommandId, told: asyncio.Future[Outcome], deadline: float) -> Outcome:
        loop = asyncio.get_running_loop()
        expired_at = loop.time()  # when was last looked whether it is too late
        while True:
            known = await self._look(id)
            if known.state == "waiting" and loop.time() - expired_at >= EXPIRED_S:
                known, expired_at = await self._look(id, give_up=True), loop.time()
            left = deadline - loop.time()
            if known.over or left <= 0:
                return known if known.over else await self._look(id, give_up=True)
            await asyncio.wait([told], timeout=min(self._look_s, left))
            if told.done():
                return told.result()

    async def _look(self, id: CommandId, *, give_up: bool = False) -> Outcome:
        """give_up: a request that nobody took while it was good is over then; that writes."""
        if give_up:
            found = await self._store.write(lambda connection: commands.give_up(connection, id))
        else:
            found = await self._store.read(lambda connection: commands.outcome(connection, id))
        if found is None:
            raise NotFound("there is no such request")
        return found

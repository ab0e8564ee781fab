"""What is known of a caller, fetched before the agent's phone rings.

In: calls as they enter a queue, and a look-up. Out: what the look-up found, told once it is there. Must not know:
screens, clients.

The look-up runs while the caller hears the first announcement, so it costs the pop nothing. Only its failure and a call
that reaches an agent without any queue show how long it takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import structlog

from callserver.facts import CallId, PbxId
from callserver.push.calling import LiveCall

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAsk:
    """A call for which a pop is wanted; `number` and `name` as the switch gave them."""

    pbx: PbxId
    call: CallId
    number: str | None
    name: str | None
    queue: str | None


LookUp: TypeAlias = Callable[[CallerAsk], Awaitable[dict[str, Any] | None]]
"""Members of the pop's value: `number`, `caller`, `repeat`, `ticket` ...; None where nobody can be asked now."""


class Details:
    """The look-ups of the calls that go on; the newest one of a call counts. `found` is told of each end, also of one
    that found nothing.
    """

    def __init__(self, look_up: LookUp, found: Callable[[CallId, dict[str, Any] | None], None]) -> None:
        self._look_up = look_up
        self._found = found
        self._asked: dict[CallId, CallerAsk] = {}
        self._running: dict[CallId, asyncio.Task[None]] = {}

    def ask(self, call: LiveCall) -> None:
        """Look the caller up, unless that was done for the number that the call has now."""
        ask = CallerAsk(
            pbx=PbxId(call.pbx),
            call=call.id,
            number=call.number,
            name=call.caller_name,
            queue=call.stays[-1].queue if call.stays else None,
        )
        known = self._asked.get(call.id)
        if known is None or known.number != ask.number:
            self._begin(ask)

    def again(self, call: CallId) -> None:
        """What was found may have changed. A call that was never asked about is not asked about now."""
        if call in self._asked:
            self._begin(self._asked[call])

    def known(self, call: CallId) -> bool:
        """Whether it was asked about."""
        return call in self._asked

    def awaited(self, call: CallId) -> bool:
        """Whether an answer is still to come."""
        return call in self._running

    def over(self, call: CallId) -> None:
        """The call has ended."""
        self._asked.pop(call, None)

    async def close(self) -> None:
        """Let go of what runs."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def _begin(self, ask: CallerAsk) -> None:
        self._asked[ask.call] = ask
        task = asyncio.create_task(self._fetch(ask), name=f"look-up for {ask.call}")
        self._running[ask.call] = task
        task.add_done_callback(lambda done: self._ended(ask.call, done))

    async def _fetch(self, ask: CallerAsk) -> None:
        try:
            found = await self._look_up(ask)
        except Exception:
            log.exception("look-up failed", call=ask.call)
            found = None
        if self._asked.get(ask.call) == ask:
            self._running.pop(ask.call, None)  # or a pop that comes before this task is put away waits for it
            self._found(ask.call, found)

    def _ended(self, call: CallId, task: asyncio.Task[None]) -> None:
        if self._running.get(call) is task:
            del self._running[call]

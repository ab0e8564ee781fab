"""Whose record a pop showed, noted in the audit when its call is answered.

In: facts of the switches; who sits where; what the screens know of a call. Out: notes in the audit. Must not know: how
pops are made. An offer that somebody else took is not noted: at ringall that would be a line for every agent and call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import structlog

from callserver.errors import StoreError
from callserver.facts import Actor, AgentAnswered, CallId, Fact, Instant, PbxId
from callserver.web.api.auditing import Auditing

log = structlog.get_logger(__name__)

LATER_S: Final = 1.0
"""What is known of a caller may come a moment after the answer."""


class Noting:
    """Watches the switches as the screens do. `sitter`: the name of who sits at a phone; `learned`: of a call."""

    def __init__(
        self,
        auditing: Auditing,
        sitter: Callable[[PbxId, str], str | None],
        learned: Callable[[CallId], Mapping[str, Any]],
        clock: Callable[[], Instant],
        *,
        later_s: float = LATER_S,
    ) -> None:
        self._auditing = auditing
        self._sitter = sitter
        self._learned = learned
        self._clock = clock
        self._later_s = later_s
        self._writing: set[asyncio.Task[None]] = set()

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Any] = (),
        *,
        blind_since: Instant | None = None,
    ) -> None:
        """Nothing is noted of what was before."""

    def feed(self, pbx: PbxId, told: Iterable[Fact], arrived: float | None = None) -> None:
        """What was understood just now."""
        for fact in told:
            if isinstance(fact, AgentAnswered) and (name := self._sitter(pbx, fact.interface)) is not None:
                task = asyncio.create_task(self._note(name, fact.call), name=f"pop of {fact.call}")
                self._writing.add(task)
                task.add_done_callback(self._writing.discard)

    async def stop(self) -> None:
        """What was seen until now is written down."""
        if self._writing:
            await asyncio.wait(self._writing)

    async def _note(self, name: str, call: CallId) -> None:
        await asyncio.sleep(_to_the_next(self._later_s, asyncio.get_running_loop().time()))
        seen = [f"customer:{one['customer']['id']}" for one in _customers(self._learned(call))]
        if not seen:
            return
        try:
            await self._auditing.seen(Actor(name=name, through="screen"), "pop", seen, self._clock())
        except StoreError as error:
            log.error("who saw a pop cannot be noted", call=call, agent=name, seen=seen, why=str(error))


def _to_the_next(later_s: float, now: float) -> float:
    """Seconds until the first whole multiple of `later_s` that is at least so long from now: all that was answered
    meanwhile is noted in the same moment, and so in one transaction or two.
    """
    return 0.0 if later_s <= 0 else later_s + (-now) % later_s


def _customers(learned: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    caller = learned.get("caller")
    return caller.get("customers", ()) if isinstance(caller, Mapping) else ()

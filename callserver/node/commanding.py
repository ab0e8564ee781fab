"""Requests of others, sent to the switch that this process owns: each once, its outcome written down.

In: requests from the store, the link, what the link hears. Out: actions on the wire; outcomes in the store, and told
to whoever waits in this process. Must not know: who asked, HTTP. Marked as sent before it is sent: what is lost between
the mark and the answer is looked for on the switch by the next owner, never sent again. So is, by ourselves, what the
database marked without our hearing of it: a connection that breaks in a commit leaves open whether there was one.

Each request is done by a task of its own, begun in the order in which they were asked for: an action's bytes leave
before its task waits for anything, so the order on the wire is the same, and a phone that rings keeps nobody waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import structlog

from callserver.errors import (
    ActionRefused,
    LeaseLost,
    LinkDown,
    OutcomeUnknown,
    StoreError,
    UnsafeValue,
)
from callserver.node.ears import News
from callserver.node.judging import Came
from callserver.node.performing import Performer
from callserver.seats.asking import CommandId, Outcome
from callserver.store import commands
from callserver.store.commands import Owner, Taken
from callserver.store.engine import Store

log = structlog.get_logger(__name__)

POLL_S = 0.5  # how soon what other nodes put down is seen
RETRY_S = 1.0
DOUBT_S = 60.0
"""How long after the database failed a commit of ours may still come to be: longer than it may take to answer."""
UNREADABLE = Came("refused", "unreadable", "this callserver does not know such a request")


class Commander:
    """The requests to one switch, for as long as its lease is ours."""

    def __init__(
        self,
        store: Store,
        owner: Owner,
        performer: Performer,
        *,
        on_over: Callable[[Outcome], None] = lambda outcome: None,
        poll_s: float = POLL_S,
    ) -> None:
        self.performer = performer
        self._store = store
        self._owner = owner
        self._on_over = on_over
        self._poll_s = poll_s
        self._woken = asyncio.Event()
        self._doing: set[asyncio.Task[None]] = set()
        self._ours: set[CommandId] = set()  # what those tasks do
        self._doubted_at: float | None = None  # when the database failed last, by the loop's clock

    def hear(self, news: Iterable[News]) -> None:
        """What happened on the switch, as soon as it is understood."""
        self.performer.ears.hear(news)

    def wake(self) -> None:
        """Something was put down just now, in this process."""
        self._woken.set()

    async def run(self) -> None:
        """Send what is asked for until cancelled. Raises LeaseLost: somebody else sends now."""
        try:
            self._begin(self._look_back(), "what was left behind")
            while True:
                await self._next()
        finally:
            for task in self._doing:
                task.cancel()
            if self._doing:
                await asyncio.wait(self._doing)

    async def _next(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_s):
                await self._woken.wait()
        now = asyncio.get_running_loop().time()
        try:
            if self._doubted_at is not None:
                await self._look_for_lost(now - self._doubted_at)
            if self._woken.is_set() or await commands.waiting(self._store, self._owner.pbx):
                self._woken.clear()
                for one in await commands.take(self._store, self._owner):
                    self._ours.add(one.id)
                    self._begin(self._do(one, now), f"command {one.id}")
        except LeaseLost:
            raise
        except StoreError as error:
            log.warning("requests cannot be read", pbx=self._owner.pbx, why=str(error))
            self._doubted_at = now
            await asyncio.sleep(RETRY_S)

    async def _look_for_lost(self, after_s: float) -> None:
        """What was marked as sent while the database failed, and never given to us: ask the switch about it."""
        for one in await commands.marked(self._store, self._owner):
            if one.id not in self._ours:
                self._ours.add(one.id)
                self._begin(self._recall(one), f"what became of {one.id}")
        if after_s > DOUBT_S:
            self._doubted_at = None

    def _begin(self, doing: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(doing, name=f"{name} to {self._owner.pbx}")
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    async def _do(self, one: Taken, marked: float) -> None:
        try:
            came = UNREADABLE if one.request is None else await self.performer.perform(one.request, marked)
        except LinkDown:
            came = Came("refused", "no_connection", self.performer.why_blind())
        except ActionRefused as error:
            came = Came("refused", "switch_refused", f"Asterisk said no: {_words(error)}")
        except UnsafeValue as error:
            came = Came("refused", "unsafe", str(error))
        except OutcomeUnknown as error:
            came = Came("unknown", "unknown", f"it was sent, and no answer was seen: {error}")
        except Exception as error:
            log.exception("request failed", pbx=self._owner.pbx, command=one.id)
            came = Came("unknown", "mistake", f"a mistake in callserver: {error!r}")
        await self._over(one.id, came)

    async def _over(self, id: CommandId, came: Came) -> None:
        outcome = Outcome(id=id, state=came.state, code=came.code, said=came.said, detail=came.detail)
        while True:
            try:
                await commands.settle(self._store, outcome)
            except StoreError as error:
                log.warning("an outcome cannot be written", command=id, why=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                break
        self._ours.discard(id)
        self._on_over(outcome)

    async def _look_back(self) -> None:
        """What an earlier owner sent, or was about to send: ask the switch what became of it."""
        while True:
            try:
                left = await commands.left_behind(self._store, self._owner)
                break
            except StoreError:
                await asyncio.sleep(RETRY_S)
        if left:
            await self.performer.sees()
        for one in left:
            self._begin(self._recall(one), f"what became of {one.id}")

    async def _recall(self, one: Taken) -> None:
        came = UNREADABLE if one.request is None else await self.performer.recall(one.request, one.sent_at)
        log.info("a request was left behind", pbx=self._owner.pbx, command=one.id, came=came.state)
        await self._over(one.id, came)


def _words(error: ActionRefused) -> str:
    """The switch's own, without the name of the action in front."""
    return str(error).partition(": ")[2] or str(error)

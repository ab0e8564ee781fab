"""One Asterisk attended to, for as long as its lease is ours: the link, the road, the scribe, the passing of time.

In: a link, a restored floor, a journal. Out: batches in the journal, vitals. Must not know: leases, HTTP.
When the scribe has no room left the road is not read any more; it fills, and a full road makes the link
drop: the gap that follows is known, and the switch's journals fill it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, cast

import structlog

from callserver.ami.commands import Action
from callserver.ami.events import AmiEvent, OriginateResponse, QueueCallerJoin, QueueMember, Reloaded
from callserver.ami.road import Connected, Heard, Lost, Restored, RoadItem
from callserver.ami.wire import Reply
from callserver.errors import SwitchError
from callserver.facts import CallCorrected, CallRecovered, CallsMerged, Instant
from callserver.node.commanding import Commander
from callserver.node.scribe import Scribe
from callserver.node.understanding import Understanding
from callserver.node.witness import Witness
from callserver.vitals import LinkState, SwitchVitals

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 500  # items understood before others get a turn: about 10 ms
SURVEY_EVERY_S = 300.0  # a fresh look against drift
TICK_S = 1.0


class Counts(Protocol):
    """What the link counted."""

    @property
    def heard(self) -> Mapping[str, int]: ...
    @property
    def dropped(self) -> int: ...
    @property
    def timestamps(self) -> bool | None: ...


class Line(Protocol):
    """The link to one Asterisk, as far as it is needed here."""

    @property
    def road(self) -> asyncio.Queue[RoadItem]:
        """What it brings, in the order of the wire."""

    @property
    def state(self) -> str:
        """idle, connecting, up, down, refused, closed."""

    @property
    def reason(self) -> str:
        """Why it is not up."""

    @property
    def seen_at(self) -> Instant | None:
        """When the switch last gave a sign of life, by its own clock; None while there is no link."""

    @property
    def tally(self) -> Counts:
        """Totals for metrics."""

    async def run(self) -> None:
        """Connect and stay connected until closed."""

    async def close(self) -> None:
        """Hang up for good."""

    async def resync(self) -> None:
        """Ask for a fresh look; it comes over the road. Raises SwitchError."""

    async def send(self, action: Action, *, timeout: float | None = None) -> Reply:
        """Send one action, once. Raises as `ami.link.Link.send`."""


class Attending:
    """The tasks of one ownership."""

    def __init__(
        self,
        line: Line,
        understanding: Understanding,
        scribe: Scribe,
        vitals: SwitchVitals,
        *,
        tick_s: float = TICK_S,
        survey_s: float = SURVEY_EVERY_S,
        witness: Witness | None = None,
        commander: Commander | None = None,
        on_queues: Callable[[frozenset[str]], None] = lambda queues: None,
    ) -> None:
        """on_queues: told of the queues that the switch has, after each look at it."""
        self.understanding = understanding
        self.scribe = scribe
        self._line = line
        self._vitals = vitals
        self._tick_s = tick_s
        self._survey_s = survey_s
        self._witness = witness
        self._commander = commander
        self._on_queues = on_queues
        self._stirred = asyncio.Event()  # the switch has another configuration than at the last look
        self._strange: set[str] = set()
        self._writing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Attend until cancelled or until something ends us.

        Raises what ended us: LeaseLost, or a mistake.
        """
        self._writing = asyncio.create_task(self.scribe.run(), name=f"scribe {self._vitals.pbx}")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._written(), name=f"watching the scribe {self._vitals.pbx}")
            tasks.create_task(self._line.run(), name=f"link {self._vitals.pbx}")
            tasks.create_task(self._follow(), name=f"road {self._vitals.pbx}")
            tasks.create_task(self._pass_time(), name=f"time {self._vitals.pbx}")
            tasks.create_task(self._survey(), name=f"survey {self._vitals.pbx}")
            if self._witness is not None:
                tasks.create_task(self._witness.run(), name=f"witness {self._vitals.pbx}")
            if self._commander is not None:
                tasks.create_task(self._commander.run(), name=f"commands {self._vitals.pbx}")

    async def _written(self) -> None:
        """The scribe outlives the rest: what was told last is still to be written when we are cancelled."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    # --- the road -----------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        while True:
            items = [await self._line.road.get()]
            await self._room()
            self.understand(items)
            await asyncio.sleep(0)  # a road that is never empty must not keep the others from their turn

    def understand(self, items: list[RoadItem]) -> None:
        """These items and what has gathered behind them, then one batch for the scribe."""
        with contextlib.suppress(asyncio.QueueEmpty):
            while len(items) < MOST_AT_ONCE:
                items.append(self._line.road.get_nowait())
        for item in items:
            if not isinstance(item, Heard):
                self._note(item)
            elif isinstance(item.event, OriginateResponse) and self._commander is not None:
                self._commander.hear([item.event])
            else:
                self._notice(item.event)
        self.understanding.take(items)
        if any(isinstance(item, Restored) for item in items):
            self._on_queues(self._vitals.queues or frozenset())
        self._tell()

    def _notice(self, event: AmiEvent) -> None:
        """Whether the switch's queues may be others now: it says so, or names one that was not there when we looked."""
        if isinstance(event, Reloaded):
            self._stirred.set()
        elif isinstance(event, QueueMember | QueueCallerJoin):
            known = self._vitals.queues
            if known is not None and event.queue not in known and event.queue not in self._strange:
                self._strange.add(event.queue)  # asked about once: not every list shows every queue
                self._stirred.set()

    def _tell(self) -> None:
        batch = self.understanding.batch()
        if batch is not None:
            self.scribe.tell(batch)
            if self._commander is not None:
                self._commander.hear(batch.facts)

    def correct(self, corrections: Iterable[CallRecovered | CallCorrected | CallsMerged]) -> None:
        """What the switch's journals know better goes the same way as everything else."""
        self.understanding.correct(corrections)
        self._tell()

    async def _room(self) -> None:
        if not self.scribe.full:
            return
        log.error("no room for more facts: not looking until the database takes them", pbx=self._vitals.pbx)
        while self.scribe.full:  # noqa: ASYNC110 (this loop is the wait of an emergency)
            await asyncio.sleep(self._tick_s / 10)

    def _note(self, item: Connected | Restored | Lost) -> None:
        if isinstance(item, Connected):
            self._vitals.version = item.version
            self._vitals.change("connecting", "logged in, looking around")
        elif isinstance(item, Lost):
            self._vitals.change("down", item.reason)
        else:
            self._vitals.queues = frozenset(one.queue for one in item.snapshot.queues)
            if self._vitals.link != "up":
                self._vitals.links_made += 1
                self._vitals.change("up")

    # --- time ---------------------------------------------------------------------------------------------

    async def _pass_time(self) -> None:
        while True:
            await asyncio.sleep(self._tick_s)
            self.scribe.look()
            self._show_link()
            if self.scribe.full:
                continue
            if self._line.road.empty() and self._line.seen_at is not None:
                self.understanding.alive(self._line.seen_at)
            self.understanding.tick()
            self._tell()

    def _show_link(self) -> None:
        """What the road does not bring: that it is tried again, or that the login is refused."""
        state = self._line.state
        if state in ("connecting", "down", "refused") and self._line.road.empty():
            self._vitals.change(cast("LinkState", state), self._line.reason)
        timestamps = self._line.tally.timestamps
        if timestamps is False and self._vitals.timestamps is not False:
            fix = "manager.conf [general]: timestampevents = yes"
            log.warning("events carry no time: ours is taken", pbx=self._vitals.pbx, fix=fix)
        self._vitals.timestamps = timestamps

    async def _survey(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._survey_s):
                    await self._stirred.wait()
                    await asyncio.sleep(self._tick_s)  # what changes together is looked at together
            self._stirred.clear()
            with contextlib.suppress(SwitchError):
                await self._line.resync()

    # --- the end ------------------------------------------------------------------------------------------

    async def end(self, deadline_s: float, reason: str) -> bool:
        """After `run` was cancelled in good order: hang up, understand what is still there, write it down.

        Returns whether everything is on disk by the deadline. What is not is seen again as a gap.
        """
        await self._hang_up(deadline_s)
        self.understand([])
        self.understanding.lost(self.understanding.seen_at, reason)
        self._tell()
        written = await self.scribe.drained(deadline_s)
        await self._put_down()
        return written

    async def abandon(self, deadline_s: float) -> None:
        """After `run` failed: another node writes now, or something is wrong here.

        Nothing more is written.
        """
        await self._put_down()
        await self._hang_up(deadline_s)

    async def _hang_up(self, deadline_s: float) -> None:
        with contextlib.suppress(TimeoutError, SwitchError):
            async with asyncio.timeout(deadline_s):
                await self._line.close()

    async def _put_down(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])

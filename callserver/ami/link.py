"""The link to one Asterisk: it comes back by itself, and says when it was blind.

In: settings, and actions to send. Out: the road, one bounded queue of Connected, Heard, Restored and Lost in
wire order (road.py). Must not know: calls, the store, who listens.

The callback of the socket does nothing but decode and `put_nowait`. A full road is loss: waiting would only
move the queue into Asterisk, which disconnects a slow reader; so the link is dropped, the gap is told, and a
new snapshot says how it is.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, TypeVar

import structlog

from callserver.ami.clock import SwitchClock, wall_clock
from callserver.ami.commands import Action
from callserver.ami.events import AmiEvent, FullyBooted, Snapshot
from callserver.ami.road import Connected, Heard, Lost, Restored, RoadItem
from callserver.ami.session import LinkSettings, Session
from callserver.ami.trace import TraceRecorder
from callserver.ami.wire import Reader, Reply
from callserver.errors import LinkDown, LoginRefused, SwitchError
from callserver.facts import Instant

__all__ = ["Connected", "Heard", "Link", "LinkSettings", "LinkState", "Lost", "Restored", "RoadItem", "Tally"]

log = structlog.get_logger(__name__)
T = TypeVar("T")

LinkState: TypeAlias = Literal["idle", "connecting", "up", "down", "refused", "closed"]
"""connecting: until the first snapshot is whole; down: waiting for the next try; refused: the login is wrong.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the link did so far, all connections together; totals only grow."""

    state: LinkState
    reason: str  # why it is not up
    connections: int  # logged in so often
    losses: int
    overflows: int  # losses because the road was full
    octets: int
    heard: Mapping[str, int]  # events by name
    dropped: int  # events that nobody wanted
    rubbish: int
    oversize: int
    forged: int  # what callers wrote into the stream (torn.py)
    road: int  # items waiting now
    ping_s: float | None  # the last one's round trip
    clock_ahead_s: float  # the switch's clock minus ours
    timestamps: bool | None  # None: no event yet


class Link:
    """Keeps one Asterisk in sight. Make it, `run()` it in a task, take items from `road`, `close()` it."""

    def __init__(
        self,
        settings: LinkSettings,
        *,
        road_size: int = 20_000,
        recorder: TraceRecorder | None = None,
        clock: Callable[[], Instant] = wall_clock,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self.road: asyncio.Queue[RoadItem] = asyncio.Queue(road_size)
        self.state: LinkState = "idle"
        self.reason = ""
        self.timestamps: bool | None = None
        self._clock = SwitchClock(ours=clock)
        self._recorder = recorder
        self._monotonic = monotonic
        self._chance = chance
        self._session: Session | None = None
        self._closing = asyncio.Event()
        self._ended = asyncio.Event()
        self._blind_since: Instant | None = None  # stays where it is until the switch was seen whole again
        self._whole = False  # whether this session's snapshot came
        self._told = False  # whether Connected went down the road, and no Lost behind it
        self._refusal = ""
        self._failures = 0
        self._totals = _Totals()
        self._connections = self._losses = self._overflows = 0

    # --- what others call

    async def run(self) -> None:
        """Connect, and again whenever that ends, until `close()`."""
        if self.state != "idle":
            raise RuntimeError("a link runs once")
        try:
            while not self._closing.is_set():
                wait = await self._until_closing(self._one_life())
                if wait is not None:
                    await self._until_closing(asyncio.sleep(wait))
        finally:
            if self._recorder is not None:
                self._recorder.close()
            if self._told:
                with suppress(asyncio.QueueFull):
                    self.road.put_nowait(Lost(self._blind_since, "closed"))
            self._change("closed", "closed")
            self._ended.set()

    async def close(self) -> None:
        """Log off and stay away. Returns when `run()` is over; the last item on the road is Lost if there is
        room.
        """
        if self._session is not None and self._session.up:
            await self._session.leave()
        self._closing.set()
        if self.state != "idle":
            await self._ended.wait()

    async def send(self, action: Action, *, timeout: float | None = None) -> Reply:
        """Send one action, once. `timeout` in seconds, else the settings' deadline.

        Raises UnsafeValue or LinkDown (nothing was sent), ActionRefused (the switch said no), OutcomeUnknown
        (it was sent and the answer was not seen: look, do not send again).
        """
        return await self._up().send(action, timeout=timeout)

    async def snapshot(self) -> Snapshot:
        """The switch as it is now, for the caller alone; no item is put on the road. Raises as `send`."""
        return await self._up().look()

    async def resync(self) -> None:
        """Look again: a Restored comes down the road at its place. Raises as `send`."""
        await self._up().look(self._restored)

    def drop(self, reason: str) -> None:
        """Give up this connection and come back: whoever takes the items cannot go on without a new
        beginning.
        """
        if self._session is not None:
            self._session.drop(reason)

    @property
    def seen_at(self) -> Instant | None:
        """When the switch last gave a sign of life, by its own clock; None while it is not seen whole."""
        return self._session.seen_at if self._whole and self._session is not None else None

    @property
    def tally(self) -> Tally:
        """For metrics."""
        session = self._session
        totals = self._totals if session is None else self._totals.plus(session.reader)
        return Tally(
            state=self.state,
            reason=self.reason,
            connections=self._connections,
            losses=self._losses,
            overflows=self._overflows,
            octets=totals.octets,
            heard=totals.heard,
            dropped=totals.dropped,
            rubbish=totals.rubbish,
            oversize=totals.oversize,
            forged=totals.forged,
            road=self.road.qsize(),
            ping_s=None if session is None else session.ping_s,
            clock_ahead_s=self._clock.ahead_ms / 1000,
            timestamps=self.timestamps,
        )

    def _up(self) -> Session:
        if self._session is None or not self._session.up:
            raise LinkDown(f"no link to {self.settings.pbx}: {self.reason or self.state}")
        return self._session

    # --- one connection after the other

    async def _until_closing(self, step: Coroutine[Any, Any, T]) -> T | None:
        """Run a step to its end, or give it up when `close()` is called; then None."""
        task = asyncio.create_task(step)
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({task, closing}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()
            closing.cancel()
            await asyncio.gather(task, closing, return_exceptions=True)

    async def _one_life(self) -> float:
        """One connection from its first try to its end; brings the seconds to wait before the next one."""
        self._change("connecting", self.reason)
        self._whole = False
        began = self._monotonic()
        session = self._session = Session(
            self.settings,
            heard=self._heard,
            logged_in=self._logged_in,
            recorder=self._recorder,
            clock=self._clock,
        )
        try:
            await session.open()
            reason = await self._follow(session)
        except LoginRefused as error:
            return self._refused(error)
        except SwitchError as error:
            reason = str(error)
        except Exception as error:  # a fault of ours must not end the watching
            reason = f"{type(error).__name__}: {error}"
            if reason != self.reason:
                log.exception("link failed", pbx=self.settings.pbx)
        finally:
            session.drop("closed")
            self._totals = self._totals.plus(session.reader)
            self._session = None
            if self._whole:
                self._blind_since = session.seen_at
        if self._monotonic() - began > self.settings.backoff_max_s:
            self._failures = 0
        wait = self._back_off()
        self._gone(reason, wait)
        if self._told:
            await self.road.put(Lost(self._blind_since, reason))
            self._told = False
        return wait

    async def _follow(self, session: Session) -> str:
        """Stay with a session that is logged in; brings the reason why it ended."""
        watching = asyncio.create_task(session.watch())
        again = asyncio.create_task(self._look(session))
        try:
            await asyncio.wait({watching, again}, return_when=asyncio.FIRST_COMPLETED)
            if again.done() and not session.ended.done():
                again.result()  # a switch that shows no channels cannot be followed
            return await watching
        finally:
            watching.cancel()
            again.cancel()
            await asyncio.gather(watching, again, return_exceptions=True)

    async def _look(self, session: Session) -> None:
        """The first snapshot, and another one whenever the session has a doubt.

        A switch that is still booting says FullyBooted when it is done, others right after login: Asterisk 16 lets us
        in before app_queue is loaded, and would show no queues. One that stays silent is looked at all the same.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.deadline_s):
                await session.booted.wait()
        session.doubt.clear()
        while True:
            await session.look(self._restored)
            await asyncio.sleep(self.settings.heartbeat_s / 5)  # doubts may come by the dozen
            await session.doubt.wait()
            session.doubt.clear()

    # --- what the session tells, within the callback of the socket

    def _logged_in(self) -> None:
        assert self._session is not None
        self._connections += 1
        self._refusal = ""
        self._told = True
        self._deliver(Connected(self._clock.now(), self._session.reader.version or ""))

    def _heard(self, event: AmiEvent) -> None:
        if event.at is not None:
            self.timestamps = True
        else:
            if not isinstance(event, FullyBooted):  # the one said at login has none in any case
                self.timestamps = False
            event = replace(event, at=self._clock.now())
        self._deliver(Heard(event, self._monotonic()))

    def _restored(self, snapshot: Snapshot) -> None:
        self._deliver(Restored(snapshot, self._clock.now() if snapshot.at is None else snapshot.at))
        if not self._whole:
            self._whole = True
            self._change("up", "")
            log.info(
                "link up", pbx=self.settings.pbx, channels=len(snapshot.channels), queues=len(snapshot.queues)
            )

    def _deliver(self, item: RoadItem) -> None:
        try:
            self.road.put_nowait(item)
        except asyncio.QueueFull:
            self._overflows += 1
            self.drop(f"the road is full: {self.road.maxsize} items wait")

    # --- what the operator hears

    def _change(self, state: LinkState, reason: str) -> None:
        self.state, self.reason = state, reason

    def _gone(self, reason: str, wait: float) -> None:
        said = log.debug if (self.state, self.reason) == ("connecting", reason) else log.warning
        said("link down", pbx=self.settings.pbx, reason=reason, retry_s=round(wait, 1))
        self._losses += self._told
        self._change("down", reason)

    def _refused(self, error: LoginRefused) -> float:
        wait = self.settings.refused_retry_s
        said = log.debug if self._refusal == str(error) else log.error
        said(
            "login refused: check user, secret and permit in manager.conf",
            pbx=self.settings.pbx,
            reason=str(error),
            retry_s=wait,
        )
        self._refusal = str(error)
        self._change("refused", str(error))
        return wait

    def _back_off(self) -> float:
        """Full jitter: many links that lost the same switch must not come back at the same moment."""
        longest: float = min(
            self.settings.backoff_max_s, self.settings.backoff_s * 2 ** min(self._failures, 20)
        )
        self._failures += 1
        return longest * self._chance()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    """What the readers of ended connections counted."""

    octets: int = 0
    heard: Mapping[str, int] = field(default_factory=dict)
    dropped: int = 0
    rubbish: int = 0
    oversize: int = 0
    forged: int = 0

    def plus(self, reader: Reader) -> _Totals:
        return _Totals(
            octets=self.octets + reader.octets,
            heard=Counter(self.heard) + Counter(reader.heard),
            dropped=self.dropped + reader.dropped,
            rubbish=self.rubbish + reader.rubbish,
            oversize=self.oversize + reader.oversize,
            forged=self.forged + reader.forged,
        )

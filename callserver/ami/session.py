"""One connection to the switch, from connecting to its end.

In: actions to send, bytes from the socket. Out: typed items in wire order to one callback, replies to whoever
asked, the reason of the end. Must not know: reconnecting, the road, what events mean for calls.

A half-open peer is noticed by silence: nothing heard for `deadline_s` ends the session, and so does a Ping
that is not answered within it, whatever else is heard; a refusal is an answer. Everything that was sent and
not answered by the end is of unknown outcome.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from callserver.ami import commands
from callserver.ami.clock import SwitchClock
from callserver.ami.commands import Action
from callserver.ami.events import AmiEvent, FullyBooted, Snapshot, instant
from callserver.ami.look import Look
from callserver.ami.snapshot import Uptime
from callserver.ami.wire import Client, Item, Reader, Reply, whole
from callserver.errors import (
    ActionRefused,
    LinkDown,
    LoginRefused,
    OutcomeUnknown,
    SettingsError,
    SwitchError,
)
from callserver.facts import Instant, PbxId

log = structlog.get_logger(__name__)

STOPPING = "shutting down"
"""In the answer to whatever is asked of a switch between `core stop gracefully` and its end (16 and 22)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """Where the switch is and how patient we are with it; all times in seconds."""

    pbx: PbxId
    host: str
    user: str
    secret: str = field(repr=False)
    port: int = 5038
    heartbeat_s: float = 5.0
    deadline_s: float = 10.0
    snapshot_s: float = 30.0
    backoff_s: float = 0.5
    backoff_max_s: float = 30.0
    refused_retry_s: float = 60.0

    def __post_init__(self) -> None:
        if not 0 < self.heartbeat_s < self.deadline_s:
            raise SettingsError(
                f"heartbeat_s ({self.heartbeat_s}) must be above 0 and below deadline_s ({self.deadline_s})"
            )


class Tape(Protocol):
    """Takes every byte as it is read: a TraceRecorder, or whoever counts."""

    def begin(self) -> None: ...
    def received(self, data: bytes) -> None: ...


class Session:
    """One connection. `heard` gets every event in wire order, from login on; `seen_at` is when bytes last
    came.
    """

    def __init__(
        self,
        settings: LinkSettings,
        *,
        heard: Callable[[AmiEvent], None] = lambda event: None,
        logged_in: Callable[[], None] = lambda: None,
        recorder: Tape | None = None,
        clock: SwitchClock | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SwitchClock()
        self.reader = Reader()
        self.up = False  # logged in and not ended
        self.seen_at: Instant | None = None
        self.ping_s: float | None = None  # how long the last Ping took
        self.booted = asyncio.Event()
        self.doubt = asyncio.Event()  # what was heard may not be all that happened: look again
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[str] = loop.create_future()
        self._said_at: Instant = 0  # the time of the last event
        self._heard = heard
        self._logged_in = logged_in
        self._recorder = recorder
        self._now = loop.time
        self._life = self._now()
        self._client = Client(self._received, self._lost, commands.ALL)
        self._pending: dict[asyncio.Future[Any], Action] = {}
        self._login = ""
        self._looks: list[Look] = []
        self._uptime: tuple[int, float] | None = None  # seconds, and our monotonic clock when it was said

    # --- the life of it

    async def open(self) -> None:
        """Connect and log in. Raises LoginRefused, or SwitchError where there is no switch to talk to."""
        settings = self.settings
        if self._recorder is not None:
            self._recorder.begin()
        try:
            async with asyncio.timeout(settings.deadline_s):
                await self._client.open(settings.host, settings.port)
        except TimeoutError:
            raise SwitchError(f"no connection within {settings.deadline_s:g} s") from None
        except OSError as error:
            raise SwitchError(str(error)) from error
        self._life = self._now()
        self._login = commands.new_action_id()
        login = commands.Login(user=settings.user, secret=settings.secret)
        try:
            await self._ask(login, self._login, settings.deadline_s)
        except ActionRefused as error:
            if STOPPING in str(error):  # the login may be right: ask again soon
                raise SwitchError(str(error)) from None
            raise LoginRefused(f"user {settings.user!r}: {error}") from None
        await self.send(commands.Events())
        await self.measure()

    async def watch(self) -> str:
        """Stay until the session ends; the reason of it."""
        async with asyncio.TaskGroup() as group:
            watchers = [
                group.create_task(watcher) for watcher in (self._heartbeat(), self._listen_for_life())
            ]
            reason = await asyncio.shield(self.ended)
            for watcher in watchers:
                watcher.cancel()
        return reason

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(self.settings.heartbeat_s)
            try:
                await self.measure()
            except ActionRefused:
                # An answer, so the switch lives. One that is told to stop when its last call has ended refuses every
                # action and every login from then on, and goes on telling what happens: keep what we have.
                continue
            except OutcomeUnknown:
                self.drop(f"a Ping was not answered within {self.settings.deadline_s:g} s")
            except SwitchError as error:
                self.drop(f"Ping: {error}")

    async def _listen_for_life(self) -> None:
        while True:
            left = self._life + self.settings.deadline_s - self._now()
            if left <= 0:
                self.drop(f"nothing heard for {self.settings.deadline_s:g} s")
                return
            await asyncio.sleep(left)

    async def leave(self) -> None:
        """Say good-bye where that is possible, and end."""
        with suppress(SwitchError):
            await self.send(commands.Logoff(), timeout=min(1.0, self.settings.deadline_s))
        self.drop("closed")

    def drop(self, reason: str) -> None:
        """End it now; the first reason given counts."""
        if self.ended.done():
            return
        self.up = False
        self.ended.set_result(reason)
        self._client.drop()
        for future, action in self._pending.items():
            if not future.done():
                future.set_exception(OutcomeUnknown(f"{action.name}: {reason}"))
        for look in self._looks:
            look.fail(OutcomeUnknown(f"snapshot: {reason}"))

    def _lost(self, error: Exception | None) -> None:
        self.drop(str(error) if error else "the switch closed the connection")

    # --- asking

    async def send(self, action: Action, *, timeout: float | None = None) -> Reply:
        """Send one action and bring its answer, a list's items with it. `timeout` in seconds, else the
        deadline.

        Raises UnsafeValue or LinkDown (nothing was sent), ActionRefused (the switch said no), OutcomeUnknown
        (sent, and the answer was not seen).
        """
        if not self.up:
            raise LinkDown(f"{action.name}: no link to {self.settings.pbx}")
        return await self._ask(action, commands.new_action_id(), timeout or self.settings.deadline_s)

    async def _ask(self, action: Action, action_id: str, timeout: float) -> Reply:
        future = self._post(action, action_id)
        self._pending[future] = action
        try:
            async with asyncio.timeout(timeout):
                reply = whole(await future)
        except TimeoutError:
            if future.cancelled():
                raise OutcomeUnknown(f"{action.name}: no answer within {timeout:g} s") from None
            reply = whole(future.result())  # it came in time: this process was held up, not the switch
        finally:
            self._pending.pop(future, None)
            self._client.forget(action_id)
        if not reply.ok:
            raise ActionRefused(f"{action.name}: {reply.message or 'refused without a word'}")
        return reply

    def _post(self, action: Action, action_id: str) -> asyncio.Future[Any]:
        headers = commands.headers(action, action_id)
        if self.ended.done():
            raise LinkDown(f"{action.name}: {self.ended.result()}")
        return self._client.ask(headers, action.listed)

    async def measure(self) -> None:
        """One Ping: how far it is, and what time it is there."""
        sent, began = self.clock.ours(), self._now()
        reply = await self.send(commands.Ping())
        self.ping_s = self._now() - began
        self.clock.compare(sent, self.clock.ours(), instant(reply.headers.get("Timestamp")))

    def look(self, then: Callable[[Snapshot], None] = lambda snapshot: None) -> Awaitable[Snapshot]:
        """The switch as it is now; `then` gets it at exactly its place between the events.

        Raises LinkDown at once, ActionRefused or OutcomeUnknown when awaited.
        """
        if not self.up:
            raise LinkDown(f"snapshot: no link to {self.settings.pbx}")
        look = Look(then)
        self._looks.append(look)
        for action_id, action in look.open.items():
            # The answers are taken in wire order in _replied; nobody awaits the client's own future.
            self._post(action, action_id).cancel()
            self._client.forget(action_id)
        return self._bounded(look)

    async def _bounded(self, look: Look) -> Snapshot:
        try:
            async with asyncio.timeout(self.settings.snapshot_s):
                return await look.done
        except TimeoutError:
            raise OutcomeUnknown(f"no snapshot within {self.settings.snapshot_s:g} s") from None
        finally:
            self._looks.remove(look)

    # --- hearing

    def _received(self, data: bytes) -> None:
        if self.ended.done():
            return
        self._life = self._now()
        if self._recorder is not None:
            self._recorder.received(data)
        doubts = self.reader.forged + self.reader.rubbish
        try:
            for item in self.reader.feed(data):
                self._take(item)
        except Exception:  # whatever it is: a stream with a hole in it must not go on as if it were whole
            log.exception("ami item not taken", pbx=self.settings.pbx)
            self.drop("an item could not be taken")
        if self.reader.forged + self.reader.rubbish > doubts:
            log.warning("lines in AMI that Asterisk did not mean: a caller's number?", pbx=self.settings.pbx)
            self.doubt.set()
        if not self.ended.done():
            # Our idea of the switch's clock is off by some milliseconds; what it said itself was surely seen.
            self.seen_at = max(self.clock.now(), self._said_at)

    def _take(self, item: Item) -> None:
        if self.ended.done():
            return
        if isinstance(item, Reply):
            self._replied(item)
        elif self.up:
            if isinstance(item, FullyBooted):
                self._uptime = None if item.uptime_s is None else (item.uptime_s, self._now())
                self.booted.set()
                self.doubt.set()
            self._said_at = item.at or 0
            for look in self._looks:
                look.assembly.event(item)  # said while the lists were read
            self._heard(item)

    def _replied(self, reply: Reply) -> None:
        if reply.action_id == self._login and reply.ok and not self.up:
            self.up = True
            self._logged_in()
        look = next((look for look in self._looks if reply.action_id in look.open), None)
        if look is None:
            self._client.answer(reply)
        elif look.answered(reply):
            look.finish(at=self.clock.now(), uptime=self.uptime())

    def uptime(self) -> Uptime | None:
        """How long the switch runs, as it said at login; None where it did not."""
        if self._uptime is None:
            return None
        seconds, said = self._uptime
        return Uptime(seconds=seconds, at=self.clock.now() - round((self._now() - said) * 1000))

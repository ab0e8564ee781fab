"""The duty for one Asterisk: own it and attend to it, or stand by while another node does.

In: one switch's settings, the store. Out: facts in the journal, vitals, a wake-up after each commit. Must
not know: HTTP, what is done because of facts.

A lease that cannot be renewed because the database is away is not given up: every commit checks it anyway,
and nobody else can take it meanwhile. Only the database's own word that it is somebody else's ends our
work, and then at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import structlog

from callserver.errors import LeaseLost, StoreError
from callserver.facts import (
    FOLLOWED_ELSEWHERE,
    CallCorrected,
    CallRecovered,
    CallsMerged,
    Instant,
    LinkLost,
    PbxId,
)
from callserver.node.attending import TICK_S, Attending, Line
from callserver.node.beginning import begin
from callserver.node.commanding import Commander
from callserver.node.evidence import evidence_in
from callserver.node.lines import say
from callserver.node.looking_on import EVERY_S, LookingOn
from callserver.node.performing import Performer
from callserver.node.scribe import Scribe
from callserver.node.understanding import Understanding
from callserver.node.watching import Nobody, Watcher
from callserver.node.witness import Witness
from callserver.seats.asking import Outcome
from callserver.settings import AsteriskSettings
from callserver.store import leases
from callserver.store.commands import Owner
from callserver.store.engine import Store
from callserver.store.journal import Commit, Journal, Writer
from callserver.store.leases import Lease
from callserver.store.rows import Batch
from callserver.store.writing import Ownership
from callserver.vitals import SwitchVitals, Vitals, wall_clock

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Myself:
    """This process among the others: `holder` is this one run, `node` the name that outlives it."""

    node: str
    holder: str
    lease_s: float = 10.0
    stop_s: float = 5.0


class Duty:
    """One Asterisk, owned or waited for, until `stop`."""

    def __init__(
        self,
        settings: AsteriskSettings,
        myself: Myself,
        store: Store,
        vitals: Vitals,
        *,
        open_line: Callable[[AsteriskSettings], Line],
        on_written: Callable[[Batch], None] = lambda batch: None,
        on_command_over: Callable[[Outcome], None] = lambda outcome: None,
        watcher: Watcher | None = None,
        screens: Watcher | None = None,
        zone: tzinfo = UTC,
        clock: Callable[[], Instant] = wall_clock,
        on_queues: Callable[[PbxId, frozenset[str]], None] = lambda pbx, queues: None,
        writer: Callable[[Ownership], Writer] | None = None,
    ) -> None:
        """writer: who writes this switch's facts for an owner; None: `store` itself."""
        self.settings = settings
        self.pbx = PbxId(settings.id)
        self.vitals: SwitchVitals = vitals.switch(settings.id, f"{settings.host}:{settings.port}")
        self._everything = vitals
        self._myself = myself
        self._store = store
        self._open_line = open_line
        self._on_written = on_written
        self._on_command_over = on_command_over
        self._on_queues = on_queues
        self._writer = writer
        self._watcher = watcher or Nobody()
        self._looking_on = None if screens is None else LookingOn(store, self.pbx, screens)
        self._clock = clock
        self._zone = zone
        self._stopping = asyncio.Event()
        self._attending: Attending | None = None
        self._commander: Commander | None = None

    @property
    def owned(self) -> bool:
        """Whether this process is the switch's writer now."""
        return self._attending is not None

    def wake(self) -> None:
        """A request to this switch was put down in this process; does nothing where another one owns it."""
        if self._commander is not None:
            self._commander.wake()

    def stop(self) -> None:
        """End in good order; `run` returns when it is done."""
        self._stopping.set()

    async def run(self) -> None:
        """Own the switch whenever nobody else does, until stopped."""
        first = True
        while not self._stopping.is_set():
            lease = await self._obtained(take_over=first)
            first = False
            if lease is not None:
                await self._own(lease)

    async def correct(
        self, corrections: Iterable[CallRecovered | CallCorrected | CallsMerged], deadline_s: float
    ) -> None:
        """Write what the switch's journals know better.

        Raises LeaseLost where we are not its writer, StoreError.
        """
        attending = self._attending
        if attending is None:
            raise LeaseLost(f"{self.pbx} is not followed by this process")
        attending.correct(corrections)
        if not await attending.scribe.drained(deadline_s):
            raise StoreError(self.vitals.trouble or "the corrections could not be written in time")

    # --- the lease ----------------------------------------------------------------------------------------

    async def _obtained(self, *, take_over: bool) -> Lease | None:
        """The lease, or None after a while."""
        me = self._myself
        try:
            lease = await leases.acquire(
                self._store,
                leases.lease_of(self.pbx),
                me.holder,
                me.lease_s,
                node=me.node,
                take_over=take_over,
            )
            if lease is None:
                await self._elsewhere()
        except StoreError as error:
            lease = None
            self._everything.database = str(error)
            self.vitals.change("idle", "the database cannot be asked who follows this switch")
        else:
            self._everything.database = ""
        if lease is None:
            await self._stand_by(me.lease_s / 3)
        return lease

    async def _stand_by(self, seconds: float) -> None:
        """Until it is worth asking for the lease again; meanwhile screens here show what the other node writes."""
        if self._looking_on is None or self.vitals.link != "elsewhere":
            await self._pause(seconds)
            return
        for _ in range(max(1, round(seconds / EVERY_S))):
            try:
                await self._looking_on.look()
            except StoreError as error:
                self._everything.database = str(error)
            await self._pause(min(seconds, EVERY_S))
            if self._stopping.is_set():
                return

    async def _elsewhere(self) -> None:
        held = {lease.name: lease.holder for lease in await leases.held(self._store)}
        self.vitals.holder = held.get(leases.lease_of(self.pbx), "another node")
        if self.vitals.link != "elsewhere":
            log.info("standing by", pbx=self.pbx, holder=self.vitals.holder)
        self.vitals.change("elsewhere")

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _keep(self, lease: Lease) -> None:
        """Renew for ever. Raises LeaseLost."""
        while True:
            await asyncio.sleep(self._myself.lease_s / 3)
            try:
                lease = await leases.renew(self._store, lease, self._myself.lease_s)
            except LeaseLost:
                raise
            except StoreError as error:
                self._everything.database = str(error)
            else:
                self._everything.database = ""

    # --- owning -------------------------------------------------------------------------------------------

    async def _own(self, lease: Lease) -> None:
        self.vitals.holder = self._myself.holder
        self.vitals.change("connecting")
        log.info("following", pbx=self.pbx, address=self.vitals.address, epoch=lease.epoch)
        owner = Ownership(pbx=self.pbx, holder=lease.holder, epoch=lease.epoch)
        journal = Journal(
            self._store,
            self.pbx,
            holder=lease.holder,
            epoch=lease.epoch,
            on_commit=self._committed,
            writer=None if self._writer is None else self._writer(owner),
        )
        try:
            await self._attend(lease, journal)
        except LeaseLost as error:
            log.error("not the writer any more", pbx=self.pbx, why=str(error))
            self.vitals.change("elsewhere")
        except StoreError as error:
            log.error("cannot begin", pbx=self.pbx, why=str(error))
            self._everything.database = str(error)
            await self._pause(1.0)
        finally:
            self._attending = self._commander = None
            await journal.close(self._myself.stop_s)
            with contextlib.suppress(StoreError):
                await leases.release(self._store, lease)

    async def _attend(self, lease: Lease, journal: Journal) -> None:
        if self._looking_on is not None:
            self._looking_on.begin_anew()
        understanding = await begin(
            self._store, self.settings, clock=self._clock, zone=self._zone, watcher=self._watcher
        )
        scribe = Scribe(journal, self.vitals, on_written=self._written)
        line = self._open_line(self.settings)
        self._commander = commander = self._commands(lease, line, understanding)
        self._attending = attending = Attending(
            line,
            understanding,
            scribe,
            self.vitals,
            tick_s=TICK_S,
            witness=self._witness(scribe),
            commander=commander,
            on_queues=lambda queues: self._on_queues(self.pbx, queues),
        )
        self._show(understanding, scribe, line)
        ending = await self._until_something_ends(attending, lease)
        if ending is not None:
            await attending.abandon(self._myself.stop_s)
            blind = LinkLost(pbx=self.pbx, at=understanding.seen_at, reason=FOLLOWED_ELSEWHERE)
            self._watcher.feed(self.pbx, [blind])
            raise ending
        if not await attending.end(self._myself.stop_s, "callserver was stopped"):
            log.error("stopped with facts that could not be written", pbx=self.pbx, pending=scribe.pending)
        self.vitals.change("down", "stopped")

    def _witness(self, scribe: Scribe) -> Witness | None:
        path = self.settings.queue_log
        if path is None:
            return None
        return Witness(
            self._store, self.pbx, path, scribe.tell, clock=self._clock, sees=lambda: self.vitals.link == "up"
        )

    def _commands(self, lease: Lease, line: Line, understanding: Understanding) -> Commander:
        owner = Owner(pbx=self.pbx, holder=lease.holder, epoch=lease.epoch)
        performer = Performer(
            self.pbx,
            line,
            understanding.floor,
            context=self.settings.dial_context,
            trunks=self.settings.trunks,
            evidence=evidence_in(self.settings, lambda: understanding.floor.scene.sight.booted_at),
            seen_at=lambda: self._by_the_clock(understanding.seen_at),
        )
        return Commander(self._store, owner, performer, on_over=self._on_command_over)

    def _by_the_clock(self, at: Instant | None) -> str:
        """As people say it here."""
        return "" if at is None else f"{datetime.fromtimestamp(at / 1000, self._zone):%H:%M}"

    async def _until_something_ends(self, attending: Attending, lease: Lease) -> BaseException | None:
        """What ended us; None: we were told to stop."""
        stopping = asyncio.create_task(self._stopping.wait())
        tasks = [asyncio.create_task(attending.run()), asyncio.create_task(self._keep(lease))]
        try:
            await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
            failed = [task.exception() for task in tasks if task.done()]
        finally:
            for task in [stopping, *tasks]:
                task.cancel()
            await asyncio.wait([stopping, *tasks])
        return _single(failed[0]) if failed and failed[0] is not None else None

    def _show(self, understanding: Understanding, scribe: Scribe, line: Line) -> None:
        vitals, floor = self.vitals, understanding.floor
        vitals.trouble = ""
        vitals.road = line.road.qsize
        vitals.pending = lambda: scribe.pending
        vitals.open_calls = lambda: len(floor.calls())
        vitals.surprises = lambda: floor.surprises
        vitals.heard = lambda: line.tally.heard
        vitals.unheard = lambda: line.tally.dropped

    def _written(self, batch: Batch) -> None:
        say(batch, self.vitals)
        self._on_written(batch)

    def _committed(self, commit: Commit) -> None:
        self._everything.commit_seconds.observe(commit.seconds)


def _single(error: BaseException) -> BaseException:
    """What a task group wraps, unwrapped: LeaseLost above all else that fell with it."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    inner = [_single(one) for one in error.exceptions]
    return next((one for one in inner if isinstance(one, LeaseLost)), inner[0])

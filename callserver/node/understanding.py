"""One Asterisk understood: what the link brings -> the floor -> what is to be written down.

In: items of the road in order, the passing of time. Out: batches for the scribe. Must not know: sockets,
leases, SQL. Pure but for the clock it is given, so that a whole day can be driven through it in a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as clock_time
from typing import Any

from callserver.ami.events import Snapshot
from callserver.ami.road import Connected, Heard, Lost, Restored, RoadItem
from callserver.calls.floor import Floor
from callserver.facts import (
    CallCorrected,
    CallEnded,
    CallId,
    CallRecovered,
    CallsMerged,
    Fact,
    Instant,
    LinkRestored,
)
from callserver.node.landing import landings
from callserver.node.watching import Nobody, Watcher
from callserver.store.jobs import NewJob
from callserver.store.rows import Batch, SwitchNews

RECONCILE = "reconcile"
NIGHTLY = clock_time(2, 30)  # by the site's clock: yesterday is reconciled when the night is quiet
SETTLE_MS = 15_000  # after a gap, before its journals are read: the switch writes them within a second or two
STEPPED_BACK_MS = 60_000  # events come out of order by much less: the switch's clock was put back
SEEN_EVERY_MS = 2_000  # `seen_at` is written at least so often while nothing happens
"""How old the last sign of life may be when a crash ends us: what the gap is too long by, at most."""


def reconcile_kind(pbx: str) -> str:
    """The kind of job that reconciles one switch; only the node that owns it takes such jobs."""
    return f"{RECONCILE}:{pbx}"


class Understanding:
    """Feeds one floor and says what follows."""

    def __init__(
        self,
        floor: Floor,
        *,
        clock: Callable[[], Instant],
        zone: tzinfo = UTC,
        seen_at: Instant | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        """watcher: who is told of each fact at once; None: nobody."""
        self.floor = floor
        self._watcher = watcher or Nobody()
        self._clock = clock
        self._zone = zone
        self._day: date | None = None
        self._ahead_ms = 0  # the switch's clock against ours, as its last event showed
        self._sees = False
        self.seen_at = seen_at  # the last moment we surely saw, the switch's time
        self._seen_written = seen_at
        self._facts: list[Fact] = []
        self._records: list[dict[str, Any]] = []
        self._removed: list[CallId] = []
        self._jobs: list[NewJob] = []
        self._switch = SwitchNews()

    # --- in -----------------------------------------------------------------------------------------------

    def take(self, items: Iterable[RoadItem]) -> None:
        """Items of the road, in its order."""
        for item in items:
            if isinstance(item, Heard):
                self._say(self.floor.feed(item.event), item.arrived)
                if item.event.at is not None:
                    self._saw(item.event.at)
            elif isinstance(item, Restored):
                self.restored(item.snapshot, item.at)
            elif isinstance(item, Lost):
                self.lost(item.at, item.reason)
            elif isinstance(item, Connected):
                self._switch = SwitchNews(version=item.version)

    def restored(self, snapshot: Snapshot, at: Instant) -> None:
        """The link is up and this is how things are."""
        self._say(self.floor.resync(snapshot))
        self._switch = SwitchNews(booted_at=snapshot.booted_at, version=self._switch.version)
        self._sees = True
        self._saw(snapshot.at if snapshot.at is not None else at)

    def lost(self, at: Instant | None, reason: str) -> None:
        """Nothing is seen from `at` on."""
        self._say(self.floor.lost(at, reason))
        self._sees = False

    def tick(self) -> None:
        """A second has passed."""
        now = self.now()
        self._say(self.floor.tick(now))
        today = datetime.fromtimestamp(now / 1000, self._zone).date()
        if today != self._day:
            self._day = today
            self._jobs.append(day_job(self.floor.pbx, today - timedelta(days=1), self._zone))

    def alive(self, at: Instant) -> None:
        """The switch gave a sign of life at `at` (its clock) that is no event."""
        if self._sees and (self.seen_at is None or at > self.seen_at):
            self.seen_at = at

    def _say(self, told: list[Fact], arrived: float | None = None) -> None:
        """To be written down; whoever watches sees it now. Why before: docs/why.md."""
        if told:
            self._facts += told
            self._watcher.feed(self.floor.pbx, told, arrived)

    def _saw(self, at: Instant) -> None:
        self._ahead_ms = at - self._clock()
        if self.seen_at is None or at > self.seen_at or self.seen_at - at > STEPPED_BACK_MS:
            self.seen_at = at

    def now(self) -> Instant:
        """The switch's own time, as well as we know it: its clock may be minutes off ours."""
        return self._clock() + self._ahead_ms

    def correct(self, corrections: Iterable[CallRecovered | CallCorrected | CallsMerged]) -> None:
        """What the switch's journals know better. A record that the floor still holds is replaced there, too:
        a late event of that call must not bring the old one back.
        """
        for fact in corrections:
            told = self.floor.correct(fact)
            self._say(told or [fact])
            if told:
                continue
            if isinstance(fact, CallsMerged):
                self._removed.append(fact.absorbed)
            else:
                self._records.append(fact.record)

    # --- out ----------------------------------------------------------------------------------------------

    def batch(self) -> Batch | None:
        """What is to be written now, None where there is nothing; asking takes it away."""
        changes = self.floor.take_changes()
        facts, self._facts = self._facts, []
        records, self._records = [*changes.records, *self._records], []
        removed, self._removed = [*changes.absorbed, *self._removed], []
        switch, self._switch = self._switch, SwitchNews()
        jobs, self._jobs = self._jobs + landings(facts) + self._readings(facts), []
        idle = not (facts or records or removed or jobs) and switch == SwitchNews()
        if idle and not self._seen_is_old():
            return None
        self._seen_written = self.seen_at
        return Batch(
            facts=tuple(facts),
            records=tuple(records),
            removed=tuple(removed),
            jobs=tuple(jobs),
            switch=switch,
            seen_at=self.seen_at,
        )

    def _seen_is_old(self) -> bool:
        if self.seen_at is None:
            return False
        return self._seen_written is None or self.seen_at - self._seen_written >= SEEN_EVERY_MS

    def _readings(self, facts: Iterable[Fact]) -> list[NewJob]:
        return [job for fact in facts if (job := self._reading(fact)) is not None]

    def _reading(self, fact: Fact) -> NewJob | None:
        """Every gap is read up in the switch's journals, and every call that it touched once more at its end: only
        then do the journals tell the whole of it. The keys name the gap and the moment, so once is enough.
        """
        if isinstance(fact, CallEnded) and fact.at is not None and self._touched(fact.call):
            return touched_job(fact.pbx, fact.at, run_at=self._clock() + 2 * SETTLE_MS)
        if not isinstance(fact, LinkRestored) or fact.lost_at is None or fact.at is None:
            return None
        return gap_job(fact.pbx, fact.lost_at, fact.at, run_at=self._clock() + SETTLE_MS)

    def _touched(self, call: CallId) -> bool:
        record = self.floor.scene.book.records.get(call)
        return record is not None and record.gap


def gap_job(pbx: str, lost_at: Instant, restored_at: Instant, *, run_at: Instant) -> NewJob:
    """Reconcile the calls of a gap."""
    return NewJob(
        kind=reconcile_kind(pbx),
        key=f"reconcile:{pbx}:gap:{lost_at}:{restored_at}",
        body={"pbx": pbx, "begin": lost_at, "end": restored_at, "why": "gap", "apply": True},
        run_at=run_at,
    )


def touched_job(pbx: str, ended_at: Instant, *, run_at: Instant) -> NewJob:
    """Reconcile the calls that a gap touched and that ended about now: one job for all of the same 15 seconds."""
    since = ended_at // SETTLE_MS * SETTLE_MS
    return NewJob(
        kind=reconcile_kind(pbx),
        key=f"reconcile:{pbx}:touched:{since}",
        body={"pbx": pbx, "since": since, "why": "touched", "apply": True},
        run_at=run_at,
    )


def day_span(day: date, zone: tzinfo) -> tuple[Instant, Instant]:
    """From the day's first moment to the next day's, by the site's clock (23 or 25 hours when it is put back)."""
    begin = datetime.combine(day, clock_time(), zone)
    end = datetime.combine(day + timedelta(days=1), clock_time(), zone)
    return round(begin.timestamp() * 1000), round(end.timestamp() * 1000)


def day_job(pbx: str, day: date, zone: tzinfo) -> NewJob:
    """Reconcile a whole day, in the night after it; the key names the day, so once is enough."""
    begin, end = day_span(day, zone)
    run_at = datetime.combine(day + timedelta(days=1), NIGHTLY, zone)
    return NewJob(
        kind=reconcile_kind(pbx),
        key=f"reconcile:{pbx}:day:{day.isoformat()}",
        body={"pbx": pbx, "begin": begin, "end": end, "why": "nightly", "apply": True},
        run_at=round(run_at.timestamp() * 1000),
    )

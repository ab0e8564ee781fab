"""Whatever has changed is counted soon, and its sums are made again: one process of the cluster does it.

In: the store, what is set of queues, the site's zone. Out: rows that are counted, sums by quarter of an hour and by
day. Must not know: what counts as what (metrics), who reads the numbers. It remembers nothing that a crash could lose:
how far each source was followed is written with what was counted, and counting twice changes nothing. Reading goes
before writing and on another connection, so that calls being written down wait for a few rows only.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from itertools import islice
from typing import Any, Final

import structlog

from callserver.errors import StoreError
from callserver.facts import Instant
from callserver.metrics import slots
from callserver.metrics.definitions import VERSION
from callserver.metrics.slots import QUARTER_MS, Span
from callserver.metrics.visits import SHORT_MS, TARGET_MS
from callserver.store import count_following as following
from callserver.store import counting, counting_owed, tallied, tallying
from callserver.store.count_following import Place, Source, Stamp
from callserver.store.counting import Ref
from callserver.store.engine import Connection, Store
from callserver.store.tallied import Marked
from callserver.work.dialling_rating import RATED, RATINGS
from callserver.work.leading import Leading

log = structlog.get_logger(__name__)

LEASE: Final = "counting"
POLL_S: Final = 2.0
BREATH: Final = 4.0
"""Rests for each second of counting what was left behind (years of calls, after an upgrade): calls come first."""
FACTS_AT_ONCE: Final = 5_000
AT_ONCE: Final = 200
DAYS_S: Final = 60.0
"""The sums of days are made again so often at most: today's rows change all the time."""
DAYS_SHARE: Final = 50.0
"""And after so many times as long as the last of them took. A report adds up a day's rows itself until then."""
PLACES_S: Final = 300.0
"""Where nothing changed, how far that was seen is written so often only."""
DAY_MS: Final = 24 * 3600 * 1000
Terms = tuple[int, int]


class Counting:
    """Counts what changed. `terms`: of each queue that has settings, its target and its short-abandon threshold, in
    milliseconds, as they are now."""

    def __init__(
        self,
        store: Store,
        terms: Callable[[], Mapping[str, Terms]],
        *,
        zone: tzinfo,
        leading: Leading,
        clock: Callable[[], Instant],
    ) -> None:
        self._store = store
        self._terms = terms
        self._zone = zone
        self._leading = leading
        self._clock = clock
        self._seen: dict[str, set[Stamp]] = {}
        self._places: dict[str, Place | None] = {}  # as they are on record; ours alone while the lease is
        self._days_at: Instant = 0
        self._days_ms = round(1000 * DAYS_S)
        self._today: Instant | None = None
        self._begun = False
        self._awake = asyncio.Event()
        self._stopping = False

    # --- running -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look until stopped; where there is more to do, again as soon as others have had their time."""
        while not self._stopping:
            more, begun = False, time.monotonic()
            try:
                if await self._leading.ours():
                    more = await self.look(self._clock())
                else:
                    self._begun = False
            except StoreError as error:
                log.warning("nothing is counted", why=str(error))
            except Exception:  # one row that nobody can read must not end the counting of all others
                log.exception("counting failed by a mistake in callserver")
            await self._rest(BREATH * (time.monotonic() - begun) if more else POLL_S)
        await self._leading.give_up()

    def stop(self) -> None:
        """`run` comes to its end after the look under way."""
        self._stopping = True
        self._awake.set()

    async def _rest(self, lasting_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(lasting_s):
                await self._awake.wait()

    # --- one look ----------------------------------------------------------------------------------------------------

    async def look(self, now: Instant) -> bool:
        """Count what is new, and some of what is old; whether there is more to do."""
        if not self._begun:
            await self._begin(now)
            self._begun = True
        await self._follow_terms(now)
        await self._end_day(now)
        more = False
        for pbx in await self._store.read(following.pbxs):
            more |= await self._follow_facts(pbx, now)
            more |= await self._follow_older(pbx, now)
        for source in following.SOURCES:
            more |= await self._follow(source, now)
        await self._sum_slots(now)
        return await self._sum_days(now, busy=more) or more

    async def all(self, now: Instant) -> None:
        """Look until nothing is left to do, sums of days included."""
        while await self.look(now):
            pass
        self._days_at = 0
        while await self._sum_days(now, busy=False):
            pass

    async def _begin(self, now: Instant) -> None:
        """Numbers that were made by another definition, for another zone or in another form are made again."""
        ours = {"version": VERSION, "zone": str(self._zone), "form": tallied.FORM}

        def compare(connection: Connection) -> None:
            known = following.place(connection, "definition")
            if known is not None and known.detail == ours:
                return
            if known is not None:
                other_days = known.detail.get("zone") != ours["zone"]
                tallied.mark_all(connection, now, self._zone, other_days=other_days)
                if known.detail | {"form": tallied.FORM} != ours:
                    for pbx in following.pbxs(connection):
                        following.keep_place(connection, _older(pbx), 0)
            following.keep_place(connection, "definition", VERSION, ours)

        await self._store.write(compare)
        self._places.clear()

    async def _place(self, source: str) -> Place | None:
        if source not in self._places:
            self._places[source] = await self._store.read(partial(following.place, source=source))
        return self._places[source]

    async def _keep_place(self, source: str, at: int, detail: object = None) -> None:
        await self._store.write(lambda c: following.keep_place(c, source, at, detail))
        self._places[source] = Place(at, detail)

    async def _end_day(self, now: Instant) -> None:
        """A day is summed once more when it is over: with the time that people spent until its end."""
        today = self._day(now)
        if today != self._today:
            ended, self._today = self._day(today - 1), today
            await self._store.write(lambda c: counting.put_on_list(c, [ended], now, self._day))

    # --- calls -------------------------------------------------------------------------------------------------------

    async def _follow_facts(self, pbx: str, now: Instant) -> bool:
        source = f"facts:{pbx}"
        known = await self._place(source)
        if known is None:  # what was before is counted from the calls themselves
            await self._keep_place(source, await self._store.read(partial(following.last_seq, pbx=pbx)))
            return True
        found, until = await self._store.report(
            partial(following.told_of, pbx=pbx, after=known.at, most=FACTS_AT_ONCE)
        )
        if until <= known.at:
            return False
        await self._count(found, now)
        await self._keep_place(source, until)
        return until - known.at >= FACTS_AT_ONCE

    async def _follow_older(self, pbx: str, now: Instant) -> bool:
        """Calls of before anybody counted, backwards."""
        source = _older(pbx)
        known = await self._place(source)
        if known is not None and known.detail == "done":
            return False
        before = None if known is None or known.detail is None else (known.detail[0], known.detail[1])
        page = await self._store.report(partial(following.older, pbx=pbx, before=before, most=AT_ONCE))
        await self._count([(pbx, call) for _, call in page], now)
        await self._keep_place(source, 0, list(page[-1]) if page else "done")
        return bool(page)

    async def _count(self, some: Iterable[Ref], now: Instant) -> None:
        terms = self._terms()
        for batch in _batches(some):
            counted = await self._store.report(
                partial(counting.judge, some=batch, terms=lambda queue: terms.get(queue, _USUAL))
            )
            await self._store.write(partial(counting.put, counted=counted, mark=now, day_of=self._day))

    async def _follow_terms(self, now: Instant) -> None:
        """Whose target changed: their visits are judged again, a day at a time, the latest first."""
        ours = {queue: list(terms) for queue, terms in sorted(self._terms().items())}
        known = await self._place("terms")
        before = {} if known is None else known.detail
        if known is not None and before == ours:
            return
        changed = [name for name in before.keys() | ours.keys() if before.get(name) != ours.get(name)]
        whole = await self._store.read(counting.extent)
        for queue in changed if known is not None and whole is not None else ():
            assert whole is not None
            for begin in range(whole.end - DAY_MS, whole.begin - DAY_MS, -DAY_MS):
                await self._judge_again(queue, Span(begin, begin + DAY_MS), now)
        await self._keep_place("terms", now, ours)

    async def _judge_again(self, queue: str, span: Span, now: Instant) -> None:
        target_ms, short_ms = self._terms().get(queue, _USUAL)

        def judge(connection: Connection) -> None:
            changed = counting.judge_again(connection, queue, target_ms, short_ms, span)
            counting.put_on_list(connection, changed, now, self._day)

        await self._store.write(judge)

    # --- what carries an instant -------------------------------------------------------------------------------------

    async def _follow(self, source: Source, now: Instant) -> bool:
        known = await self._place(source.name)
        after = 0 if known is None else known.at
        stamps, until = await self._store.report(
            partial(following.stamped, source=source, after=after, now=now)
        )
        seen = self._seen.get(source.name, set())
        fresh = [one for one in stamps if one not in seen]
        if source is following.WRAPS:
            await self._count(following.refs(fresh), now)
        elif source is following.TOUCHED:
            await self._count_tickets(following.ids(fresh), now)
        else:
            await self._count_promises(following.ids(fresh), now)
        self._seen[source.name] = {one for one in stamps if one[0] > until - following.LATE_MS}
        if fresh or until - after > PLACES_S * 1000:
            await self._keep_place(source.name, until)
        return until < now

    async def _count_tickets(self, some: Sequence[int], now: Instant) -> None:
        for batch in _batches(some):
            await self._count(await self._store.report(partial(following.of_tickets, some=batch)), now)
            await self._changing(partial(counting_owed.count_tickets, some=batch), now)

    async def _count_promises(self, some: Sequence[int], now: Instant) -> None:
        for batch in _batches(some):
            await self._changing(partial(counting_owed.count_promises, some=batch, rating=rating), now)

    async def _changing(self, change: Callable[[Connection], set[Instant]], now: Instant) -> None:
        await self._store.write(lambda c: counting.put_on_list(c, change(c), now, self._day))

    # --- sums --------------------------------------------------------------------------------------------------------

    async def _sum_slots(self, now: Instant) -> None:
        marks = await self._store.read(partial(tallied.marked, level="slot", limit=1_000))
        for some in _runs(marks):
            span = Span(some[-1].at, some[0].at + QUARTER_MS)
            sums = await self._store.report(partial(tallying.summed, span=span, every_ms=QUARTER_MS))
            await self._store.write(partial(tallied.keep, marks=some, sums={"": sums}, now=now))

    async def _sum_days(self, now: Instant, *, busy: bool) -> bool:
        """One day; whether there is another one. `busy`: others will change, so one a minute is enough."""
        if now - self._days_at < self._days_ms:
            return False
        begun = time.monotonic()
        marks = await self._store.read(partial(tallied.marked, level="day", limit=2))
        if busy or len(marks) < 2:
            self._days_at = now
        for mark in marks[:1]:
            day = slots.day(slots.date_of(mark.at, self._zone), self._zone)
            sums = await self._store.report(partial(tallying.summed_by_all, span=day))
            await self._store.write(partial(tallied.keep, marks=[mark], sums=sums, now=now))
        self._days_ms = round(1000 * max(DAYS_S, DAYS_SHARE * (time.monotonic() - begun)))
        return len(marks) > 1 and not busy

    def _day(self, at: Instant) -> Instant:
        return slots.midnight(slots.date_of(at, self._zone), self._zone)


_USUAL: Final = (TARGET_MS, SHORT_MS)


def rating(kind: str, keys: str) -> int | None:
    """What a customer pressed when they were asked; who presses twice means the second one."""
    if kind not in RATED:
        return None
    return next((int(key) for key in reversed(keys) if key in RATINGS), None)


def _older(pbx: str) -> str:
    return f"older:{pbx}"


def _runs(marks: Sequence[Marked]) -> list[list[Marked]]:
    """Quarter hours that follow one another on one day, the latest first: nothing between them is read."""
    found: list[list[Marked]] = []
    for mark in marks:
        near = found and found[-1][-1].at - mark.at == QUARTER_MS
        if not near or mark.at // DAY_MS != found[-1][-1].at // DAY_MS:
            found.append([])
        found[-1].append(mark)
    return found


def _batches(some: Iterable[Any]) -> Iterable[list[Any]]:
    rest = iter(some)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch

"""The day's numbers on the screens: each fact counted, told with the agents and queues that it changed.

In: facts as the screens have them, agents that change, the calls, gaps and times at work of the day so far, promises
that are owed. Out: values of the stream's collection `tallies`; `live`, for who watches numbers. Must not know: how
anything is counted (`metrics.live`), clients.

A switch is followed from the moment on when this process begins to. What was before that comes from the store, in the
background, so that nobody waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

import structlog

from callserver.errors import StoreError
from callserver.facts import Fact, Instant, PbxId, instant
from callserver.metrics import slots
from callserver.metrics.live import SITE, Limits, Live, Subject, usual_limits
from callserver.metrics.visits import Visit, of_record
from callserver.push.hub import Hub
from callserver.push.views import Audience, Queues
from callserver.store import calls, owing_counts, spans
from callserver.store import log as facts_log
from callserver.store.agents import Member
from callserver.store.engine import Store
from callserver.store.owing_counts import Owed
from callserver.store.spans import Span

log = structlog.get_logger(__name__)

TICK_S: Final = 1.0
OWED_S: Final = 10.0
RETRY_S: Final = 5.0
_AT_ONCE: Final = 100  # records that are counted before others have their turn


class Tallying:
    """`run` until `stop`. It watches switches as the screens do; the hub asks it for what changed before it tells."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        zone: tzinfo,
        clock: Callable[[], Instant],
        limits: Limits = usual_limits,
    ) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self.live = Live(lambda at: slots.day(slots.date_of(at, zone), zone), clock(), limits)
        self._agents: dict[str, Mapping[str, Any]] = {}
        self._of_user: defaultdict[int | None, set[str]] = defaultdict(
            set
        )  # keys of the agents whom a person is
        self._shown: dict[Subject, Audience] = {}
        self._loading: set[asyncio.Task[None]] = set()
        self._owed_at: Instant = 0
        self._stopping = asyncio.Event()
        hub.on_agents(self.agent)
        hub.gathering(self.gather)

    # --- told by others ----------------------------------------------------------------------------------------------

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Member] = (),
        *,
        blind_since: Instant | None = None,
    ) -> None:
        """This process has the switch on its screens from now on; what the store remembers of it."""
        self.live.tick(self._clock())
        self.live.begin(pbx, records)
        task = asyncio.create_task(self._load(pbx, self.live.now), name=f"today so far of {pbx}")
        self._loading.add(task)
        task.add_done_callback(self._loading.discard)

    def feed(self, pbx: PbxId, told: Iterable[Fact], arrived: float | None = None) -> None:
        """What was understood just now. Never raises: whatever is wrong here, calls go on and are written down."""
        try:
            self.live.feed(pbx, told)
        except Exception:
            log.exception("this cannot be counted", pbx=pbx)
        self._hub.stir()

    def agent(self, key: str, agent: Mapping[str, Any] | None) -> None:
        """An agent as the screens have them now."""
        before = self._agents.pop(key, None)
        if before is not None:
            self._of_user[before["user"]].discard(key)
        if agent is not None:
            self._agents[key] = agent
            self._of_user[agent["user"]].add(key)
        self.live.agent(key, agent, _moment(before, agent, self._clock()))

    # --- told to others ----------------------------------------------------------------------------------------------

    def gather(self) -> None:
        """Put what changed on the screens; asked at most four times a second."""
        self.live.tick(self._clock())
        for subject in self.live.taken():
            audience = self._audience(subject)
            self._shown[subject] = audience
            self._hub.put("tally", subject_key(subject), self.live.told(subject), audience)

    def _audience(self, subject: Subject) -> Audience:
        """A queue's numbers are for who sees the queue, a person's for who sees one of theirs; the site's, from which
        every queue's could be inferred, for who sees all.
        """
        match subject:
            case ("queue", _, name):
                return Queues(frozenset({name}))
            case ("agent", user):
                theirs = (self._agents[key] for key in self._of_user.get(user, ()))
                queues = frozenset(queue for agent in theirs for queue in agent["queues"])
                return Queues(queues) if queues else self._shown.get(subject, Queues(queues))
            case _:
                return Queues(frozenset())

    # --- running -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Time passes, and what is owed with it, until stopped."""
        while not self._stopping.is_set():
            now = self._clock()
            self.live.tick(now)
            if now - self._owed_at >= OWED_S * 1000 or now < self._owed_at:
                self._owed_at = now
                await self._look_at_owed(now)
            self._hub.stir()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._stopping.wait()
        for task in self._loading:
            task.cancel()
        if self._loading:
            await asyncio.wait(self._loading)

    def stop(self) -> None:
        """`run` returns soon."""
        self._stopping.set()

    async def _look_at_owed(self, now: Instant) -> None:
        end = self.live.day.end
        try:
            found = await self._store.report(lambda connection: owing_counts.by_queue(connection, now, end))
        except StoreError as error:
            log.warning("nobody knows how much is owed", why=str(error))
            return
        self.live.tell(
            SITE, _owed(Owed(*map(sum, zip(*found.values(), strict=True))) if found else Owed(0, 0))
        )
        for subject in self.live.subjects():
            if len(subject) == 3:
                self.live.tell(subject, _owed(found.get(subject[2], Owed(0, 0))))

    # --- the day so far ----------------------------------------------------------------------------------------------

    async def _load(self, pbx: PbxId, until: Instant) -> None:
        """Until the moment when this process began to follow the switch."""
        while True:
            try:
                await self._load_once(pbx, until)
            except StoreError as error:
                log.warning("the day so far cannot be counted", pbx=pbx, why=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _load_once(self, pbx: PbxId, until: Instant) -> None:
        begin = self.live.day.begin
        if await facts_log.gaps(self._store, pbx, begin=begin, end=until):
            self.live.missed(pbx)
        found = await self._store.report(lambda c: list(spans.overlapping(c, begin, until, pbx)))
        sat = Sat(found)
        visits: list[Visit] = []
        page: list[dict[str, Any]] = []
        async for record in calls.calls_between(self._store, pbx, begin, until):
            page.append(record)
            if not record.get("open"):
                visits += of_record(record)
            if len(page) == _AT_ONCE:
                self.live.remember(pbx, page)
                page = []
                await asyncio.sleep(0)
        self.live.remember(pbx, page)
        self._count_people(found, sat, visits, until)
        self._hub.stir()

    def _count_people(self, found: Iterable[Span], sat: Sat, visits: Iterable[Visit], until: Instant) -> None:
        """At the end, together: what failed half-way is counted once."""
        for span in found:
            if span.user is not None:
                self.live.spent(
                    span.user, span.state, span.begin, until if span.to is None else min(span.to, until)
                )
        for visit in visits:
            over = visit.entered_at + (visit.wait_ms or 0) + visit.talk_ms + visit.hold_ms
            user = None if visit.interface is None else sat.at(visit.interface, over)
            if user is not None and over < until:
                self.live.handled(user, over, visit.talk_ms, visit.hold_ms, transferred=visit.transferred)


class Sat:
    """Who sat at each phone of a switch, from spans."""

    def __init__(self, found: Iterable[Span]) -> None:
        self._by_phone: dict[str, list[tuple[Instant, int | None]]] = defaultdict(list)
        for span in found:
            self._by_phone[span.interface].append((span.begin, span.user))
        for sitters in self._by_phone.values():
            sitters.sort(key=lambda one: one[0])

    def at(self, interface: str, moment: Instant) -> int | None:
        """Whose span was the last to begin by then."""
        sitters: Sequence[tuple[Instant, int | None]] = self._by_phone.get(interface, ())
        at = bisect_right(sitters, moment, key=lambda one: one[0])
        return sitters[at - 1][1] if at else None


def subject_key(subject: Subject) -> str:
    """As the stream names it: `queue|main/repair`, `agent|7`, `site|`."""
    return f"{subject[0]}|{'/'.join(str(part) for part in subject[1:])}"


def _owed(found: Owed) -> dict[str, float | None]:
    return {"promises_owed": float(found.owed), "promises_late": float(found.late)}


def _moment(before: Mapping[str, Any] | None, agent: Mapping[str, Any] | None, now: Instant) -> Instant:
    """The switch's own time where the state is another one; somebody who sat down or a reason has only ours."""
    if before is None or agent is None or before["since"] == agent["since"]:
        return now
    return instant(agent["since"]) or now

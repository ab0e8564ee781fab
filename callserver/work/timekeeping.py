"""Who was in which state when, written down as it passes.

In: agents as the screens have them, the moment they change; which switches this process follows, and when it cannot see
them. Out: spans in the store, gathered for a second. Must not know: how a state comes to be, what the time is counted
for.

It is told of a switch before the screens are: then it knows that the switch is followed, and seen, when it hears what
became of the agents there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

import structlog

from callserver.errors import StoreError
from callserver.facts import (
    FOLLOWED_ELSEWHERE,
    CallId,
    Fact,
    Instant,
    LinkLost,
    LinkRestored,
    PbxId,
    instant,
)
from callserver.people import UserId
from callserver.store import spans
from callserver.store.agents import Member
from callserver.store.engine import Connection, Store
from callserver.store.spans import UNSEEN, Span

log = structlog.get_logger(__name__)

EVERY_S: Final = 1.0
RETRY_S: Final = 1.0
_WITH_REASON: Final = ("paused", "wrap_up")
Phone: TypeAlias = tuple[PbxId, str]


@dataclass(slots=True)
class _Batch:
    """What is to be written together. `taken`: switches that this process follows from now on, when they were seen last
    and when that was said.
    """

    taken: dict[PbxId, tuple[Instant, Instant]] = field(default_factory=dict)
    ended: dict[Phone, Instant] = field(default_factory=dict)
    begun: list[Span] = field(default_factory=list)

    def write(self, connection: Connection) -> None:
        for pbx, (seen_at, now) in self.taken.items():
            spans.close_all(connection, pbx, seen_at, now)
        spans.write(connection, self.ended, self.begun)


class Timekeeping:
    """`run` until `stop`. It watches switches as the screens do, and their agents (`changed`)."""

    def __init__(self, store: Store, clock: Callable[[], Instant]) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[Phone, Mapping[str, Any]] = {}  # every agent of a switch that is followed
        self._seen: dict[PbxId, bool] = {}  # the switches that are followed, and whether they are seen
        self._open: dict[Phone, Span] = {}
        self._fresh: set[Phone] = set()  # those of them that no batch has
        self._batch = _Batch()
        self._woken = asyncio.Event()
        self._stopping = False

    # --- told by others ----------------------------------------------------------------------------------------------

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Member] = (),
        *,
        blind_since: Instant | None = None,
    ) -> None:
        """This process follows the switch from now on, and does not see it yet."""
        now = self._clock()
        self._forget(pbx)
        self._seen[pbx] = False
        self._batch.taken[pbx] = (now if blind_since is None else blind_since, now)
        self._woken.set()

    def feed(self, pbx: PbxId, told: Iterable[Fact], arrived: float | None = None) -> None:
        """Whether the switch is seen; nothing else matters here. Never raises."""
        for fact in told:
            if pbx not in self._seen:
                return
            if isinstance(fact, LinkLost) and fact.reason == FOLLOWED_ELSEWHERE:
                self._forget(pbx)
            elif isinstance(fact, LinkLost | LinkRestored):
                self._sight(pbx, isinstance(fact, LinkRestored), fact.at)

    def changed(self, key: str, value: Mapping[str, Any] | None) -> None:
        """An agent (`PBX/INTERFACE`) as the screens have them now; None: they are nowhere."""
        pbx, _, interface = key.partition("/")
        phone = (PbxId(pbx), interface)
        if phone[0] not in self._seen:
            return
        before = self._known.pop(phone, None)
        if value is not None:
            self._known[phone] = value
        self._go_on(phone, self._moment(before, value) if self._seen[phone[0]] else self._clock())

    # --- spans -------------------------------------------------------------------------------------------------------

    def _moment(self, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> Instant:
        """The switch's own time where the state is another one; somebody who sat down or a reason has only ours."""
        known = now is not None and (before is None or before["since"] != now["since"])
        at = instant(now["since"]) if known and now is not None else None
        return self._clock() if at is None or before is None else at

    def _sight(self, pbx: PbxId, seen: bool, at: Instant | None) -> None:
        self._seen[pbx] = seen
        moment = self._clock() if at is None else at
        for phone in [one for one in self._known.keys() | self._open.keys() if one[0] == pbx]:
            self._go_on(phone, moment)

    def _go_on(self, phone: Phone, at: Instant) -> None:
        """What there is now, from that moment on."""
        value, before, seen = self._known.get(phone), self._open.get(phone), self._seen[phone[0]]
        if before is not None:
            at = max(at, before.begin)
            if value is not None and _span(phone, value, before.begin, seen=seen) == before:
                return
            self._end(phone, before, at)
        if value is not None:
            self._open[phone] = _span(phone, value, at, seen=seen)
            self._fresh.add(phone)
        self._woken.set()

    def _end(self, phone: Phone, span: Span, at: Instant) -> None:
        del self._open[phone]
        if phone not in self._fresh:
            self._batch.ended[phone] = at
            return
        self._fresh.discard(phone)
        if at > span.begin:
            self._batch.begun.append(replace(span, to=at))

    def _forget(self, pbx: PbxId) -> None:
        """Somebody else follows it, or begins anew, and ends what is open."""
        self._seen.pop(pbx, None)
        for some in (self._known, self._open, self._batch.ended):
            for phone in [one for one in some if one[0] == pbx]:
                del some[phone]
        self._fresh = {one for one in self._fresh if one[0] != pbx}

    # --- writing -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write until stopped; what went on then ends there, since nobody looks any more."""
        while not self._stopping:
            await self._woken.wait()
            self._woken.clear()
            await self._rest(EVERY_S)
            await self.flush()
        now = self._clock()
        self._known.clear()
        for phone in list(self._open):
            self._go_on(phone, now)
        await self.flush()

    def stop(self) -> None:
        """`run` returns soon."""
        self._stopping = True
        self._woken.set()

    async def _rest(self, seconds: float) -> None:
        """For what changes together to be written together."""
        for _ in range(round(seconds * 10)):
            if self._stopping:
                return
            await asyncio.sleep(0.1)

    async def flush(self) -> None:
        """Write what has gathered; while the store cannot be written, try again until stopped."""
        batch, self._batch = self._batch, _Batch()
        batch.begun += [self._open[phone] for phone in self._fresh]
        self._fresh = set()
        if not (batch.taken or batch.ended or batch.begun):
            return
        while True:
            try:
                await self._store.write(batch.write)
            except StoreError as error:
                log.warning("times at work cannot be written", why=str(error))
                if self._stopping:
                    return
                await self._rest(RETRY_S)
            else:
                return


def _span(phone: Phone, value: Mapping[str, Any], at: Instant, *, seen: bool) -> Span:
    state, call, user = str(value["state"]), value.get("call"), value.get("user")
    return Span(
        user=None if user is None else UserId(user),
        pbx=phone[0],
        interface=phone[1],
        state=state if seen else UNSEEN,
        reason=value.get("reason") if seen and state in _WITH_REASON else None,
        call=CallId(call) if seen and call is not None else None,
        begin=at,
    )

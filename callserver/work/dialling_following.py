"""Attempts that are under way, followed to their ends: what came of each, and what its promise is at then.

In: what is on record by now. Out: attempts that are over, promises kept, to be tried again, or unknown. Must not know:
who is dialled next. Nothing is kept between two looks: a process that takes over goes on from the same rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any, Final, assert_never

import structlog

from callserver.errors import Refusal
from callserver.facts import Instant, LegId, PbxId
from callserver.promises import judging, trying
from callserver.store import attempts, calls, commands, owing, policies, promises
from callserver.store.attempts import Attempt, Next
from callserver.store.engine import Connection, Store
from callserver.work.dialling_looking import tried, zone_of
from callserver.work.dialling_numbers import customer_of, numbers_of
from callserver.work.dialling_rating import answered, heard, pressed
from callserver.work.dialling_verdicts import Going, Look, Over, Seen, Trace, Verdict, verdict

log = structlog.get_logger(__name__)

Evidence = Callable[[PbxId, LegId, Instant], Awaitable[Trace]]
"""What a switch's journals show of a channel of ours that was sent then."""
LOOK_EVERY_MS: Final = 5_000
"""Between two looks into the journals for one attempt."""


async def nothing_known(pbx: PbxId, channel: LegId, sent_at: Instant) -> Trace:
    """Where no journals are at hand."""
    return "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    attempt: Attempt
    seen: Seen
    verdict: Verdict


class Following:
    """Brings attempts to their ends."""

    def __init__(self, store: Store, zone: tzinfo, evidence: Evidence = nothing_known) -> None:
        """`zone`: the site's."""
        self._store = store
        self._zone = zone
        self._evidence = evidence
        self._looked_at: dict[int, Instant] = {}

    async def look(self, now: Instant) -> int:
        """One look at all that are under way; how many came to their end. Raises StoreError."""
        known = await self._store.read(
            lambda c: tuple(_known(c, one, now) for one in attempts.open_attempts(c))
        )
        self._looked_at = {one.attempt.id: self._looked_at.get(one.attempt.id, 0) for one in known}
        ended = 0
        for one in known:
            ended += await self._follow(one, now)
        return ended

    async def _follow(self, one: _Known, now: Instant) -> bool:
        found = one.verdict
        if isinstance(found, Look):
            found = await self._looked_up(one, now)
        match found:
            case Going(answered_at=None) | Look():
                return False
            case Going(answered_at=at):
                if one.attempt.answered_at is None and at is not None:
                    await self._store.write(lambda c: attempts.answered(c, one.attempt.id, at))
                return False
            case Over():
                return await self._end(one, found, now)
            case _:
                assert_never(found)

    async def _looked_up(self, one: _Known, now: Instant) -> Verdict:
        if now - self._looked_at[one.attempt.id] < LOOK_EVERY_MS:
            return Going()
        self._looked_at[one.attempt.id] = now
        trace = await self._evidence(one.attempt.pbx, one.attempt.channel, one.attempt.sent_at)
        return verdict(replace(one.seen, trace=trace), judging.outcome, now)

    async def _end(self, one: _Known, over: Over, now: Instant) -> bool:
        record = one.seen.record or {}
        try:
            then = await self._store.write(lambda c: end(c, one.attempt, over, record, now, self._zone))
        except Refusal as error:  # a person, or another node, was quicker
            log.info("an attempt was over already", attempt=one.attempt.id, why=str(error))
            return False
        log.info(
            "attempt",
            promise=one.attempt.promise,
            n=one.attempt.n,
            outcome=over.outcome,
            then=then.status,
            again_at=then.next_at,
        )
        return True


def end(
    connection: Connection,
    attempt: Attempt,
    over: Over,
    record: Mapping[str, Any],
    now: Instant,
    site: tzinfo,
) -> Next:
    """Write what came of an attempt, and all that follows from it: one transaction. Raises Refusal."""
    promise = promises.get(connection, attempt.promise)
    customer = customer_of(connection, promise)
    then = trying.after(
        policies.get(connection, promise.kind),
        tried(attempts.of_promise(connection, promise.id), (attempt.id, over.outcome)),
        over.outcome,
        numbers_of(promise, customer),
        now,
        deadline_at=promise.deadline_at,
        zone=zone_of(customer, site),
    )
    keys = pressed(record)
    following = Next(status=then.status, next_at=then.next_at)
    attempts.ended(connection, attempt.id, over.outcome, over.evidence, now, following, keys=keys)
    answered(connection, promise, attempt, keys, now)
    if following.status == "kept":
        heard(connection, promise, over.outcome, keys, now)
    owing.touched(connection, promise.id)
    return following


def _known(connection: Connection, attempt: Attempt, now: Instant) -> _Known:
    seen = Seen(
        mode=attempt.mode,
        channel=attempt.channel,
        sent_at=attempt.sent_at,
        command=commands.outcome(connection, attempt.command),
        record=calls.record_of_leg(connection, attempt.pbx, attempt.channel),
    )
    return _Known(attempt=attempt, seen=seen, verdict=verdict(seen, judging.outcome, now))

"""The sending side of the outbox: which webhook is due, who sends for it, what came of each row.

In: names of workers, what the other side answered. Out: pages of letters, in order. Must not know: HTTP, signatures.
Time is the database's clock, the one that all workers share; `now` is an argument for tests only.

One worker at a time sends for a webhook: a claim, that runs out when its worker dies. What was delivered is marked so
even when the claim was lost meanwhile; a row may be delivered more than once, and is never marked without having been.
Rows go in the order of their ids, one after another. A row that the other side refuses waits a minute for its next
try; what is behind it of the same subject waits with it, the rest goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal, or_, select, update

from callserver.facts import Instant
from callserver.store import text
from callserver.store.desk import outbox, unsent, webhooks
from callserver.store.schema import clock
from callserver.store.webhook import Webhook, WebhookId
from callserver.store.webhooks import from_row, give_up, switch_off

PAGE = 20
TRIES = 3  # of a row that the other side refuses
REFUSED_S = 60.0  # between two of them
GIVE_UP_S = 3 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One event for one webhook. `event` is its key, the same for every webhook and try; `body` is its data as JSON."""

    id: int
    webhook: WebhookId
    event: str
    type: str
    subject: str
    at: Instant
    queued_at: Instant
    attempts: int
    dead_at: Instant | None
    error: str | None
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a worker that holds the claim of a webhook may send now."""

    webhook: Webhook
    letters: tuple[Letter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The other side is down, or is no webhook's receiver: nothing more is sent to it for `delay_s` seconds."""

    letter: int
    why: str
    delay_s: float


@dataclass(slots=True, kw_only=True)
class Sent:
    """What came of a page, filled while it is sent. `refused`: letter -> why; `gone`: it wants no more, and says so."""

    delivered: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    trouble: Trouble | None = None
    gone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How a webhook is doing: rows that wait (the oldest put down at `since`), rows that are dead."""

    webhook: WebhookId
    unsent: int
    since: Instant | None
    dead: int


def due(connection: Connection, *, now: Instant | None = None) -> list[WebhookId]:
    """The webhooks for which something can be sent now and nobody sends."""
    moment = clock(now)
    wanted = select(webhooks.c.id).where(
        *_sendable(moment), _free(moment), exists().where(*_ready(webhooks.c.id, moment))
    )
    return [WebhookId(row.id) for row in connection.execute(wanted.order_by(webhooks.c.id))]


def claim(
    connection: Connection, webhook: WebhookId, worker: str, *, hold_s: float, now: Instant | None = None
) -> bool:
    """Send for this webhook, nobody else does for `hold_s`. False: somebody does, or there is nothing to send now."""
    moment = clock(now)
    taken = update(webhooks).where(webhooks.c.id == webhook, *_sendable(moment), _free(moment))
    held = {"claimed_by": text.key(worker), "claimed_until": moment + round(hold_s * 1000)}
    return connection.execute(taken.values(held)).rowcount == 1


def release(connection: Connection, webhook: WebhookId, worker: str) -> None:
    """Let others send; nothing happens where the claim was lost."""
    given = update(webhooks).where(*_held(webhook, worker))
    connection.execute(given.values(claimed_by=None, claimed_until=None))


def take_back(connection: Connection, node: str, worker: str) -> int:
    """Let what earlier runs of this node had claimed be claimed at once, after a crash; how many (see `jobs`)."""
    earlier = webhooks.c.claimed_by.startswith(f"{text.key(node)}/", autoescape=True)
    freed = update(webhooks).where(earlier, webhooks.c.claimed_by != text.key(worker))
    return connection.execute(freed.values(claimed_by=None, claimed_until=None)).rowcount


def load(
    connection: Connection,
    webhook: WebhookId,
    worker: str,
    *,
    hold_s: float,
    limit: int = PAGE,
    now: Instant | None = None,
) -> Load | None:
    """The next letters, and the claim for `hold_s` from now. None: it was lost or given back, nothing can be sent."""
    moment = clock(now)
    kept = update(webhooks).where(*_held(webhook, worker), *_sendable(moment))
    renewed = kept.values(claimed_until=moment + round(hold_s * 1000)).returning(webhooks)
    row = connection.execute(renewed).one_or_none()
    letters = [] if row is None else _letters(connection, webhook, moment, limit)
    if row is None or not letters:
        release(connection, webhook, worker)
        return None
    return Load(webhook=from_row(row), letters=tuple(letters))


def settle(
    connection: Connection,
    webhook: WebhookId,
    worker: str,
    sent: Sent,
    *,
    give_up_s: float = GIVE_UP_S,
    now: Instant | None = None,
) -> None:
    """Write down what came of a page. Rows that are failing for `give_up_s` become dead letters."""
    moment = clock(now)
    if sent.delivered:
        _delivered(connection, sent.delivered, moment)
    for letter, why in sent.refused.items():
        _refused(connection, letter, why, moment)
    if sent.delivered or sent.refused:
        _answers(connection, webhook)
    if sent.trouble is not None:
        _troubled(connection, webhook, worker, sent.trouble, give_up_s, moment)
    if sent.gone is not None:
        switch_off(connection, webhook, sent.gone, _instant(connection, moment))


def go_on(
    connection: Connection,
    webhook: WebhookId,
    worker: str,
    sent: Sent,
    *,
    hold_s: float,
    give_up_s: float = GIVE_UP_S,
    now: Instant | None = None,
) -> Load | None:
    """Write down what came of the last page, and get the next: `settle`, then `load`."""
    settle(connection, webhook, worker, sent, give_up_s=give_up_s, now=now)
    return load(connection, webhook, worker, hold_s=hold_s, now=now)


def leave(
    connection: Connection,
    webhook: WebhookId,
    worker: str,
    sent: Sent,
    *,
    give_up_s: float = GIVE_UP_S,
    now: Instant | None = None,
) -> None:
    """Write down what came of the last page, and let others send: `settle`, then `release`."""
    settle(connection, webhook, worker, sent, give_up_s=give_up_s, now=now)
    release(connection, webhook, worker)


def backlog(connection: Connection) -> list[Backlog]:
    """How every webhook is doing, in the order of their ids."""
    waiting = outbox.c.dead_at.is_(None)
    wanted = (
        select(
            webhooks.c.id,
            func.count(outbox.c.id).filter(waiting),
            func.min(case((waiting, outbox.c.queued_at))),
            func.count(outbox.c.dead_at),
        )
        .outerjoin(outbox, and_(outbox.c.webhook_id == webhooks.c.id, outbox.c.done_at.is_(None)))
        .group_by(webhooks.c.id)
        .order_by(webhooks.c.id)
    )
    return [
        Backlog(webhook=WebhookId(id_), unsent=count, since=since, dead=gone)
        for id_, count, since, gone in connection.execute(wanted)
    ]


def letter(row: Any) -> Letter:
    """A letter from a row of the outbox."""
    names = ("id", "event", "type", "subject", "at", "queued_at", "attempts", "dead_at", "error", "body")
    return Letter(webhook=WebhookId(row.webhook_id), **{name: row._mapping[name] for name in names})


# --- which -----------------------------------------------------------------------------------------------------------


def _sendable(moment: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    return (webhooks.c.state == "on", _over(webhooks.c.retry_at, moment))


def _free(moment: ColumnElement[int]) -> ColumnElement[bool]:
    return _over(webhooks.c.claimed_until, moment)


def _held(webhook: WebhookId, worker: str) -> tuple[ColumnElement[bool], ...]:
    return (webhooks.c.id == webhook, webhooks.c.claimed_by == text.key(worker))


def _over(column: ColumnElement[Any], moment: ColumnElement[int]) -> ColumnElement[bool]:
    return or_(column.is_(None), column <= moment)


def _ready(webhook: ColumnElement[int], moment: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """The rows of a webhook that can be sent now: none of their subject waits for its next try."""
    other = outbox.alias("other")
    held = select(other.c.subject).where(
        other.c.webhook_id == webhook,
        other.c.done_at.is_(None),
        other.c.dead_at.is_(None),
        other.c.retry_at.is_not(None),
        other.c.retry_at > moment,
    )
    return (outbox.c.webhook_id == webhook, unsent, outbox.c.subject.not_in(held.correlate(webhooks)))


def _letters(
    connection: Connection, webhook: WebhookId, moment: ColumnElement[int], limit: int
) -> list[Letter]:
    page = select(outbox).where(*_ready(literal(webhook), moment)).order_by(outbox.c.id).limit(limit)
    return [letter(row) for row in connection.execute(page)]


# --- what came of it -------------------------------------------------------------------------------------------------


def _delivered(connection: Connection, ids: Sequence[int], moment: ColumnElement[int]) -> None:
    there = update(outbox).where(outbox.c.id.in_(ids), outbox.c.done_at.is_(None))
    connection.execute(
        there.values(done_at=moment, dead_at=None, error=None, attempts=outbox.c.attempts + 1, retry_at=None)
    )


def _refused(connection: Connection, id_: int, why: str, moment: ColumnElement[int]) -> None:
    last = outbox.c.refusals + 1 >= TRIES
    tried = update(outbox).where(outbox.c.id == id_, unsent)
    connection.execute(
        tried.values(
            attempts=outbox.c.attempts + 1,
            refusals=outbox.c.refusals + 1,
            retry_at=case((last, None), else_=moment + round(REFUSED_S * 1000)),
            dead_at=case((last, moment), else_=None),
            error=text.storable(why),
        )
    )


def _answers(connection: Connection, webhook: WebhookId) -> None:
    """The other side is there; nothing is written where it always was."""
    failed = update(webhooks).where(webhooks.c.id == webhook, webhooks.c.failures > 0)
    connection.execute(failed.values(failures=0, failing_since=None, retry_at=None, notice=None))


def _troubled(
    connection: Connection,
    webhook: WebhookId,
    worker: str,
    trouble: Trouble,
    give_up_s: float,
    moment: ColumnElement[int],
) -> None:
    """Only by who holds the claim: another worker may have got through meanwhile."""
    why = text.storable(trouble.why)
    failed = update(webhooks).where(*_held(webhook, worker), webhooks.c.state != "off")
    waits = failed.values(
        failures=webhooks.c.failures + 1,
        failing_since=func.coalesce(webhooks.c.failing_since, moment),
        retry_at=moment + round(trouble.delay_s * 1000),
        notice=why,
    )
    since = connection.execute(waits.returning(webhooks.c.failing_since)).scalar_one_or_none()
    if since is None:
        return
    tried = update(outbox).where(outbox.c.id == trouble.letter, unsent)
    connection.execute(tried.values(attempts=outbox.c.attempts + 1, error=why))
    oldest = _instant(connection, moment) - round(give_up_s * 1000)
    if since <= oldest:
        give_up(connection, webhook, f"given up: {why}", _instant(connection, moment), before=oldest)


def _instant(connection: Connection, moment: ColumnElement[int]) -> Instant:
    return int(connection.execute(select(moment)).scalar_one())

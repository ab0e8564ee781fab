"""What did not get through and was given up, for a person: looked at, sent again, dropped with a reason; and swept.

In: which of them, and who asks. Out: letters; how many were sent again or dropped. Must not know: how anything is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Delete, and_, delete, select, update

from callserver.errors import BadValue, NotFound
from callserver.facts import Actor, Instant
from callserver.store import audit, text
from callserver.store.deliveries import Letter, letter
from callserver.store.desk import dead, not_done, outbox, unsent, webhooks
from callserver.store.webhook import WebhookId

MOST = 500
BITE = 1_000  # rows that one transaction of a sweep deletes at most
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which dead letters: those for which everything that is given is true. `error`: what their error begins with."""

    id: int | None = None
    webhook: WebhookId | None = None
    error: str | None = None


ALL = Which()


def listed(connection: Connection, which: Which = ALL, *, limit: int = 50, after: int = 0) -> list[Letter]:
    """At most `limit` dead letters in the order of their ids, behind the one with id `after`."""
    wanted = (
        select(outbox)
        .where(_chosen(which), outbox.c.id > after)
        .order_by(outbox.c.id)
        .limit(min(limit, MOST))
    )
    return [letter(row) for row in connection.execute(wanted)]


def resend(connection: Connection, which: Which, actor: Actor, now: Instant) -> int:
    """Send them again, as if they were new, in their old places; how many. Those of a webhook that is off stay dead.

    Raises NotFound where one was asked for and it is none of these.
    """
    listening = outbox.c.webhook_id.in_(select(webhooks.c.id).where(webhooks.c.state != "off"))
    again = update(outbox).where(_chosen(which), listening)
    count = connection.execute(
        again.values(dead_at=None, error=None, attempts=0, refusals=0, retry_at=None, queued_at=now)
    ).rowcount
    _note(connection, which, "webhook.resend", "", count, actor, now)
    return count


def drop(connection: Connection, which: Which, reason: str, actor: Actor, now: Instant) -> int:
    """Give them up for good, for a reason; how many. One that is named by its id may also be one that still waits.

    Raises BadValue without a reason, NotFound where one was asked for and it is none of these.
    """
    reason = text.storable(reason.strip())[:500]
    if not reason:
        raise BadValue("reason", "say why")
    dropped = update(outbox).where(_chosen(which, not_done if which.id is not None else dead))
    said = f"dropped by {actor.name}: {reason}"
    count = connection.execute(dropped.values(done_at=now, retry_at=None, error=text.storable(said))).rowcount
    _note(connection, which, "webhook.drop", reason, count, actor, now)
    return count


def sweep(connection: Connection, now: Instant, *, done_days: float, dead_days: float) -> int:
    """Delete what was done or dead for so long, and what waits for a webhook that is gone; at most BITE rows of each.

    How many were deleted; call it again until that is 0.
    """
    done = outbox.c.done_at < now - round(done_days * DAY_MS)
    old = and_(dead, outbox.c.dead_at < now - round(dead_days * DAY_MS))
    orphaned = outbox.c.webhook_id.not_in(select(webhooks.c.id))
    sweeps = (done, old, and_(unsent, orphaned), and_(dead, orphaned))
    return sum(connection.execute(_deleting(condition)).rowcount for condition in sweeps)


def _deleting(condition: ColumnElement[bool]) -> Delete:
    return delete(outbox).where(outbox.c.id.in_(select(outbox.c.id).where(condition).limit(BITE)))


def _chosen(which: Which, state: ColumnElement[bool] = dead) -> ColumnElement[bool]:
    conditions = [state, outbox.c.webhook_id.in_(select(webhooks.c.id))]
    if which.id is not None:
        conditions.append(outbox.c.id == which.id)
    if which.webhook is not None:
        conditions.append(outbox.c.webhook_id == which.webhook)
    if which.error is not None:
        conditions.append(outbox.c.error.startswith(text.storable(which.error), autoescape=True))
    return and_(*conditions)


def _note(
    connection: Connection, which: Which, action: str, reason: str, count: int, actor: Actor, now: Instant
) -> None:
    if which.id is not None and not count:
        raise NotFound(f"there is no dead letter {which.id}, or its webhook is off")
    subject = "outbox" if which.webhook is None else f"webhook:{which.webhook}"
    detail = {"letter": which.id, "reason": reason, "count": count}
    audit.note(connection, actor, action, subject, detail, now)

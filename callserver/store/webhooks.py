"""Who wants to hear of what: made, changed, given new keys, removed; every version that was is kept.

In: subscriptions that somebody asks for, inside the asker's transaction. Out: webhooks. Must not know: how anything is
sent. Keys are never in the history, and never shown after the moment they were made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from callserver.errors import Conflict, NotFound, Outdated
from callserver.facts import MACHINE, Actor, Instant
from callserver.store import audit, text
from callserver.store.audit_changes import NOTHING, changed
from callserver.store.desk import history, outbox, unsent
from callserver.store.desk import webhooks as table
from callserver.store.webhook import (
    HIDDEN,
    Key,
    Subscription,
    Webhook,
    WebhookId,
    checked,
    from_record,
    given_key,
    new_key,
    shown,
    to_record,
)

MOST = 100
OVERLAP_S = 86_400.0
_DOING = ("failing_since", "failures", "retry_at", "notice")
_WELL: dict[str, Any] = {"failing_since": None, "failures": 0, "retry_at": None, "notice": None}


def create(
    connection: Connection, asked: Subscription, actor: Actor, now: Instant, *, secret: str | None = None
) -> Webhook:
    """A new webhook; `secret` is a key that the other side brings along, else one is made: `keys[0].text`.

    Raises BadValue, and Conflict where there are too many already.
    """
    key = new_key() if secret is None else given_key(secret)
    webhook = Webhook(
        id=WebhookId(0),
        version=1,
        asked=checked(asked),
        keys=(key,),
        created_at=now,
        created_by=actor.name,
        updated_at=now,
    )
    if connection.execute(select(func.count()).select_from(table)).scalar_one() >= MOST:
        raise Conflict(f"there are {MOST} webhooks already")
    values = {"version": 1, "state": asked.state, "failures": 0, "record": _record(webhook)}
    id_ = connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    audit.note(connection, actor, "webhook.create", f"webhook:{id_}", changed(NOTHING, _told(asked)), now)
    return replace(webhook, id=WebhookId(id_))


def get(connection: Connection, webhook: WebhookId) -> Webhook:
    """One webhook. Raises NotFound."""
    return _kept(connection.execute(select(table).where(table.c.id == webhook)).one_or_none(), webhook)


def every(connection: Connection) -> list[Webhook]:
    """All of them, the oldest first; never more than MOST."""
    return [from_row(row) for row in connection.execute(select(table).order_by(table.c.id))]


def change(
    connection: Connection,
    webhook: WebhookId,
    asked: Subscription,
    actor: Actor,
    now: Instant,
    *,
    expected: int | None = None,
) -> Webhook:
    """Replace what was asked for; one that was failing is tried again at once.

    Switched off, what it did not get yet is given up: dead letters, that can be sent again later. Raises NotFound,
    Outdated where `expected` is not the present version, BadValue.
    """
    before = _locked(connection, webhook, expected)
    after = replace(before, asked=checked(asked), updated_at=now)
    if asked.state == "off" != before.asked.state:
        give_up(connection, webhook, f"switched off by {actor.name}", now)
    return _put(connection, before, after, "webhook.change", actor, now)


def rotate(
    connection: Connection,
    webhook: WebhookId,
    actor: Actor,
    now: Instant,
    *,
    secret: str | None = None,
    overlap_s: float = OVERLAP_S,
    expected: int | None = None,
) -> Webhook:
    """A new key, `keys[0].text`; for `overlap_s` seconds we sign with the one before as well.

    Keys older than that one are gone at once. Raises NotFound, Outdated, BadValue.
    """
    before = _locked(connection, webhook, expected)
    newest = new_key() if secret is None else given_key(secret)
    last = Key(text=before.keys[0].text, until=now + round(overlap_s * 1000))
    after = replace(before, keys=(newest, last), updated_at=now)
    return _put(connection, before, after, "webhook.rotate", actor, now)


def remove(
    connection: Connection, webhook: WebhookId, actor: Actor, now: Instant, *, expected: int | None = None
) -> None:
    """No more of it. What it did not get yet is dropped, by the next sweep. Raises NotFound, Outdated."""
    before = _locked(connection, webhook, expected)
    _remember(connection, before, actor, now)
    connection.execute(delete(table).where(table.c.id == webhook))
    audit.note(
        connection, actor, "webhook.remove", f"webhook:{webhook}", changed(_told(before.asked), NOTHING), now
    )


def switch_off(connection: Connection, webhook: WebhookId, why: str, now: Instant) -> None:
    """The other side wants no more (410): off, with a notice; what it did not get yet is given up."""
    before = _locked(connection, webhook, None)
    after = replace(before, asked=replace(before.asked, state="off"), updated_at=now)
    give_up(connection, webhook, why, now)
    _put(connection, before, after, "webhook.off", MACHINE, now, notice=why)


def give_up(
    connection: Connection, webhook: WebhookId, why: str, now: Instant, *, before: Instant | None = None
) -> int:
    """What is unsent (and was put down before that instant) becomes dead letters; how many."""
    older = [] if before is None else [outbox.c.queued_at < before]
    given_up = update(outbox).where(outbox.c.webhook_id == webhook, unsent, *older)
    return connection.execute(given_up.values(dead_at=now, error=text.storable(why), retry_at=None)).rowcount


def past(connection: Connection, webhook: WebhookId) -> list[dict[str, Any]]:
    """What it was before each change, the newest first: version, at, actor, through, record as shown."""
    ours = (history.c.subject == "webhook", history.c.subject_id == str(webhook))
    wanted = select(history).where(*ours).order_by(history.c.version.desc())
    return [
        {
            "version": row.version,
            "at": row.at,
            "actor": row.actor,
            "through": row.through,
            "record": text.load(row.record),
        }
        for row in connection.execute(wanted)
    ]


def from_row(row: Row[Any]) -> Webhook:
    """A webhook from a row of the whole table."""
    doing = {name: row._mapping[name] for name in _DOING}
    return from_record(row.id, row.version, text.load(row.record), **doing)


def _kept(row: Row[Any] | None, webhook: WebhookId) -> Webhook:
    if row is None:
        raise NotFound(f"there is no webhook {webhook}")
    return from_row(row)


def _locked(connection: Connection, webhook: WebhookId, expected: int | None) -> Webhook:
    mine = select(table).where(table.c.id == webhook).with_for_update()
    found = _kept(connection.execute(mine).one_or_none(), webhook)
    if expected is not None and expected != found.version:
        raise Outdated(f"webhook {webhook} has version {found.version}, not {expected}")
    return found


def _put(
    connection: Connection,
    before: Webhook,
    after: Webhook,
    action: str,
    actor: Actor,
    now: Instant,
    notice: str | None = None,
) -> Webhook:
    _remember(connection, before, actor, now)
    after = replace(after, version=before.version + 1, **{**_WELL, "notice": notice})
    renewed = update(table).where(table.c.id == after.id)
    connection.execute(
        renewed.values(
            version=after.version,
            state=after.asked.state,
            record=_record(after),
            **{**_WELL, "notice": notice},
        )
    )
    told = changed(_told(before.asked), _told(after.asked, before.asked.headers))
    detail = {"version": after.version, **told}
    audit.note(connection, actor, action, f"webhook:{after.id}", detail, now)
    return after


def _told(asked: Subscription, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A webhook as the audit tells of a change: without what may be a secret. A header whose value is another than in
    `headers` is told to be another.
    """
    url, query, _ = asked.url.partition("?")
    kept = asked.headers if headers is None else headers
    return {
        "name": asked.name,
        "url": url + (f"?{HIDDEN}" if query else ""),
        "events": asked.events,
        "state": asked.state,
        "headers": {
            name: HIDDEN if kept.get(name) == value else f"{HIDDEN} *"
            for name, value in asked.headers.items()
        },
        "timeout_s": asked.timeout_s,
    }


def _record(webhook: Webhook) -> str:
    return text.dump(to_record(webhook))


def _remember(connection: Connection, before: Webhook, actor: Actor, now: Instant) -> None:
    connection.execute(
        insert(history).values(
            subject="webhook",
            subject_id=str(before.id),
            version=before.version,
            at=now,
            actor=text.key(actor.name),
            through=actor.through,
            record=text.dump(shown(before)),
        )
    )

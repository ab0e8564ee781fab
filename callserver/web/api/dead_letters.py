"""The API of dead letters: what a webhook did not get and will not be sent again by itself, for a person to look at.

In: which of them. Out: letters; how many were sent again or dropped. Must not know: how anything is sent.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from callserver.store import dead_letters, text
from callserver.store.dead_letters import Which
from callserver.store.deliveries import Letter
from callserver.store.engine import Connection
from callserver.store.webhook import WebhookId
from callserver.web.api import showing
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.shapes import LIMIT, Cursor, Limit, Moment, NextCursor, cursor, moment, place

api = Operations(
    "dead letters",
    "Events that a webhook refused, or that could not be delivered for days: sent again, or dropped with a reason.",
)

Error = Annotated[str, Meta(max_length=500, description="What its error begins with.", examples=["503"])]
Reason = Annotated[str, Meta(min_length=1, max_length=500, description="Why nobody needs it.")]


class LetterShown(Struct, frozen=True, kw_only=True):
    """An event that one webhook did not get. `body` is what it says; null without the right `personal:read`."""

    id: int
    webhook: int
    type: str
    subject: Annotated[str, Meta(examples=["ticket:17"])]
    at: Moment
    queued_at: Moment
    dead_at: Moment | None
    attempts: int
    error: str | None
    body: Any | None


class Letters(Struct, frozen=True, kw_only=True):
    """Dead letters, the oldest first."""

    letters: list[LetterShown]
    cursor: NextCursor


class HowMany(Struct, frozen=True, kw_only=True):
    """How many."""

    count: int


class LettersQuery(Struct, frozen=True, kw_only=True):
    webhook: Id | None = None
    error: Error | None = None
    limit: Limit = LIMIT
    cursor: Cursor | None = None


class Chosen(Struct, frozen=True, kw_only=True):
    """Those for which everything that is given is true; nothing given: all."""

    webhook: Id | None = None
    error: Error | None = None


class ChosenToDrop(Chosen, frozen=True, kw_only=True):
    """The same, and why."""

    reason: Reason


class WhyDropped(Struct, frozen=True, kw_only=True):
    """Why nobody needs it."""

    reason: Reason


@api("GET", "/dead-letters", scope="webhooks:manage", long=True)
def list_dead_letters(connection: Connection, asked: Asked, query: LettersQuery) -> Done[Letters]:
    """Look through the dead letters."""
    behind = place(query.cursor, int)
    found = dead_letters.listed(
        connection,
        Which(webhook=_webhook(query.webhook), error=query.error),
        limit=query.limit,
        after=behind[0] if behind else 0,
    )
    end = cursor([found[-1].id]) if len(found) == query.limit else None
    letters = [_shown(one, asked) for one in found]
    seen = tuple(one.subject for one in found) if asked.may(showing.PERSONAL) else ()
    return Done(Letters(letters=letters, cursor=end), seen=seen)


@api("POST", "/dead-letters/resend", scope="webhooks:manage")
def resend_dead_letters(connection: Connection, asked: Asked, body: Chosen) -> Done[HowMany]:
    """Send many of them again, in their old places. Those of a webhook that is off stay where they are."""
    which = Which(webhook=_webhook(body.webhook), error=body.error)
    return _done(dead_letters.resend(connection, which, asked.actor, asked.now))


@api("POST", "/dead-letters/drop", scope="webhooks:manage")
def drop_dead_letters(connection: Connection, asked: Asked, body: ChosenToDrop) -> Done[HowMany]:
    """Give many of them up for good."""
    which = Which(webhook=_webhook(body.webhook), error=body.error)
    return _done(dead_letters.drop(connection, which, body.reason, asked.actor, asked.now))


@api("POST", "/dead-letters/{id}/resend", scope="webhooks:manage")
def resend_dead_letter(connection: Connection, asked: Asked, id: Id) -> Done[HowMany]:
    """Send one of them again."""
    return _done(dead_letters.resend(connection, Which(id=id), asked.actor, asked.now))


@api("POST", "/dead-letters/{id}/drop", scope="webhooks:manage")
def drop_dead_letter(connection: Connection, asked: Asked, id: Id, body: WhyDropped) -> Done[HowMany]:
    """Give one up for good; it may also be one that still waits to be sent."""
    return _done(dead_letters.drop(connection, Which(id=id), body.reason, asked.actor, asked.now))


def _webhook(id: int | None) -> WebhookId | None:
    return None if id is None else WebhookId(id)


def _done(count: int) -> Done[HowMany]:
    return Done(HowMany(count=count))


def _shown(letter: Letter, asked: Asked) -> LetterShown:
    """Every event says something else, so there is no masking one: it is shown, or not."""
    return LetterShown(
        id=letter.id,
        webhook=letter.webhook,
        type=letter.type,
        subject=letter.subject,
        at=moment(letter.at) or "",
        queued_at=moment(letter.queued_at) or "",
        dead_at=moment(letter.dead_at),
        attempts=letter.attempts,
        error=letter.error,
        body=text.load(letter.body) if asked.may(showing.PERSONAL) else None,
    )

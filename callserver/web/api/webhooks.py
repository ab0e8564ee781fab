"""The API of webhooks: who hears of what happens, made, changed, given new keys, tried out, removed.

In: what somebody asks for. Out: webhooks without their keys; a new key once, in the answer that makes it. Must not
know: how anything is sent (the site brings a way to try one out). What is sent is not masked, so whoever says where it
goes needs the right to see it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import UNSET, Meta, Struct, UnsetType, convert, field

from callserver.errors import BadValue, Forbidden
from callserver.store import deliveries, outbox, webhooks
from callserver.store.engine import Connection
from callserver.store.webhook import HIDDEN, State, Subscription, Webhook, WebhookId
from callserver.store.webhook import shown as as_shown
from callserver.web.api import showing
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.problems import Refused
from callserver.web.api.shapes import Moment, moment

api = Operations(
    "webhooks",
    "Who hears of what happens: every event is sent as CloudEvents JSON, signed, in order, until it is there.",
)

Name = Annotated[
    str, Meta(min_length=1, max_length=100, description="For people.", examples=["ticket system"])
]
Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2_000,
        description="Where events are posted to: http or https, without a name, a password or a fragment.",
        examples=["https://tickets.example.com/hooks/callserver"],
    ),
]
Events = Annotated[
    list[Annotated[str, Meta(max_length=100)]],
    Meta(
        min_length=1,
        max_length=20,
        description=f"Types, or beginnings of types that end in `*`. Types: {', '.join(outbox.TYPES)}.",
        examples=[["callserver.ticket.*"]],
    ),
]
Headers = Annotated[
    dict[str, str],
    Meta(
        max_length=10,
        description=f"Sent with every event: Authorization, X-...; told as `{HIDDEN}`, which means: as it is.",
    ),
]
Timeout = Annotated[float, Meta(ge=1, le=30, description="Seconds that an answer may take.")]
Secret = Annotated[
    str, Meta(max_length=200, description="`whsec_` and base64 of 24 to 64 bytes; else one is made.")
]


# --- what is told ----------------------------------------------------------------------------------------------------


class KeyShown(Struct, frozen=True, kw_only=True):
    """A key without its text. `until`: it was replaced and signs until then."""

    until: Moment | None


class WebhookShown(Struct, frozen=True, kw_only=True):
    """A webhook, and how it is doing: why and since when nothing gets through, when the next try is due."""

    id: int
    version: int
    name: str
    url: str
    events: list[str]
    state: Annotated[State, Meta(description="paused: events wait; off: none are put down.")]
    headers: dict[str, str]
    timeout_s: float
    keys: list[KeyShown]
    created_at: Moment
    created_by: str
    updated_at: Moment
    failing_since: Moment | None
    failures: int
    retry_at: Moment | None
    notice: str | None


class WebhookWithSecret(WebhookShown, frozen=True, kw_only=True):
    """A webhook with its newest key. `secret` is told now and never again."""

    secret: str


class Webhooks(Struct, frozen=True, kw_only=True):
    """All webhooks, the oldest first. `types`: every type of event that there is."""

    webhooks: list[WebhookShown]
    types: list[str]


class BacklogShown(Struct, frozen=True, kw_only=True):
    """What one webhook did not get: `unsent` wait, since `since`; `dead` are dead letters."""

    webhook: int
    unsent: int
    since: Moment | None
    dead: int


class Backlogs(Struct, frozen=True, kw_only=True):
    """Of every webhook, the oldest first."""

    backlogs: list[BacklogShown]


class TriedShown(Struct, frozen=True, kw_only=True):
    """What came back. `status` is null where there was no answer; `said`: its first words, or what kept us from one."""

    delivered: bool
    status: int | None
    said: str
    took_s: float


# --- what is given ---------------------------------------------------------------------------------------------------


class WebhookGiven(Struct, frozen=True, kw_only=True):
    """A webhook to be."""

    name: Name
    url: Url
    events: Events = field(default_factory=lambda: ["*"])
    state: State = "on"
    headers: Headers = {}
    timeout_s: Timeout = 10.0
    secret: Secret | None = None


class WebhookPatch(Struct, frozen=True, kw_only=True):
    """What is to be different. Another host is not told the headers of the one before: give them again."""

    name: Name | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    state: State | UnsetType = UNSET
    headers: Headers | UnsetType = UNSET
    timeout_s: Timeout | UnsetType = UNSET


class Rotation(Struct, frozen=True, kw_only=True):
    """A new key; the one before signs besides it for `overlap_s` seconds."""

    secret: Secret | None = None
    overlap_s: Annotated[float, Meta(ge=0, le=30 * 86_400)] = webhooks.OVERLAP_S


# --- operations ------------------------------------------------------------------------------------------------------


@api("GET", "/webhooks", scope="webhooks:manage")
def list_webhooks(connection: Connection, asked: Asked) -> Done[Webhooks]:
    """All webhooks."""
    return Done(
        Webhooks(webhooks=[shown(one) for one in webhooks.every(connection)], types=list(outbox.TYPES))
    )


@api("GET", "/webhook-backlogs", scope="webhooks:manage", long=True)
def list_backlogs(connection: Connection, asked: Asked) -> Done[Backlogs]:
    """How many events wait for each webhook, and how many it will not get by itself."""
    found = deliveries.backlog(connection)
    backlogs = [
        BacklogShown(webhook=one.webhook, unsent=one.unsent, since=moment(one.since), dead=one.dead)
        for one in found
    ]
    return Done(Backlogs(backlogs=backlogs))


@api("POST", "/webhooks", scope="webhooks:manage", status=201, versioned=True, secret=True, errors=(409, 422))
def create_webhook(connection: Connection, asked: Asked, body: WebhookGiven) -> Done[WebhookWithSecret]:
    """Make a webhook. The key that its events are signed with is in the answer and can never be read again.

    Numbers and names are sent in full: this needs the right `personal:read`, too.
    """
    _must_see(asked)
    given = showing.values(body)
    secret = given.pop("secret")
    _must_be_said(name for name, value in given["headers"].items() if value == HIDDEN)
    made = webhooks.create(connection, _subscription(given), asked.actor, asked.now, secret=secret)
    return Done(_with_secret(made), version=made.version, location=f"/webhooks/{made.id}")


@api("GET", "/webhooks/{id}", scope="webhooks:manage", versioned=True)
def read_webhook(connection: Connection, asked: Asked, id: Id) -> Done[WebhookShown]:
    """One webhook by its id. Its version is not changed by how it is doing."""
    found = webhooks.get(connection, WebhookId(id))
    return Done(shown(found), version=found.version)


@api("PATCH", "/webhooks/{id}", scope="webhooks:manage", versioned=True)
def change_webhook(connection: Connection, asked: Asked, id: Id, body: WebhookPatch) -> Done[WebhookShown]:
    """Change a webhook; one that was failing is tried again at once. It needs the right `personal:read`, too.

    Switched off, what it did not get yet becomes dead letters, that can be sent again later.
    """
    _must_see(asked)
    before = webhooks.get(connection, WebhookId(id)).asked
    asked_for = _changed(before, showing.values(body))
    changed = webhooks.change(
        connection, WebhookId(id), asked_for, asked.actor, asked.now, expected=asked.expected
    )
    return Done(shown(changed), version=changed.version)


@api("DELETE", "/webhooks/{id}", scope="webhooks:manage", status=204)
def remove_webhook(connection: Connection, asked: Asked, id: Id) -> Done[None]:
    """Remove a webhook; what it did not get yet is dropped."""
    webhooks.remove(connection, WebhookId(id), asked.actor, asked.now, expected=asked.expected)
    return Done(None)


@api("POST", "/webhooks/{id}/rotate", scope="webhooks:manage", versioned=True, secret=True)
def rotate_webhook(connection: Connection, asked: Asked, id: Id, body: Rotation) -> Done[WebhookWithSecret]:
    """Give a webhook a new key, told in the answer and never again; keys older than the last one are gone at once."""
    rotated = webhooks.rotate(
        connection, WebhookId(id), asked.actor, asked.now, secret=body.secret, overlap_s=body.overlap_s
    )
    return Done(_with_secret(rotated), version=rotated.version)


@api("POST", "/webhooks/{id}/test", scope="webhooks:manage")
async def test_webhook(asked: Asked, id: Id) -> Done[TriedShown]:
    """Send a `callserver.test` event now, also where the webhook is paused, off or failing; tell what came back."""
    if asked.site.try_webhook is None:
        raise Refused(503, "this process sends nothing")
    tried = await asked.site.try_webhook(WebhookId(id))
    return Done(
        TriedShown(delivered=tried.delivered, status=tried.status, said=tried.said, took_s=tried.took_s)
    )


# --- how they are told and changed -----------------------------------------------------------------------------------


def shown(webhook: Webhook) -> WebhookShown:
    """As the API tells it."""
    return convert(as_shown(webhook), WebhookShown)


def _with_secret(webhook: Webhook) -> WebhookWithSecret:
    return convert({**as_shown(webhook), "secret": webhook.keys[0].text}, WebhookWithSecret)


def _must_see(asked: Asked) -> None:
    if not asked.may(showing.PERSONAL):
        raise Forbidden(f"events hold numbers and names: this needs the right {showing.PERSONAL}")


def _subscription(values: dict[str, Any]) -> Subscription:
    return Subscription(**{**values, "events": tuple(values["events"])})


def _changed(before: Subscription, given: dict[str, Any]) -> Subscription:
    """What was asked for, with what is given now. Raises BadValue."""
    kept = dict(before.headers)
    moved = "url" in given and _origin(given["url"]) != _origin(before.url)
    headers = given.get("headers", dict.fromkeys(kept, HIDDEN))
    _must_be_said(name for name, value in headers.items() if value == HIDDEN and (moved or name not in kept))
    names = ("name", "url", "events", "state", "timeout_s")
    values = {name: given.get(name, getattr(before, name)) for name in names}
    told = {name: kept[name] if value == HIDDEN else value for name, value in headers.items()}
    return _subscription(values | {"headers": told})


def _must_be_said(headers: Iterable[str]) -> None:
    for name in headers:
        raise BadValue(f"headers.{name}", "say what it is; another host is not told it by itself")


def _origin(url: str) -> tuple[str, str]:
    """Scheme and host with its port; a URL that is none is somewhere else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ("", url)
    return (parts.scheme, parts.netloc.lower())

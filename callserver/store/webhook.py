"""A webhook: who wants to hear of what, where, and by which keys our word can be checked.

In: what somebody asks for (`Subscription`), checked here. Out: frozen webhooks; JSON for the store (with keys) and for
people (without). Must not know: tables, HTTP, clocks. Instants are milliseconds UTC.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NewType, TypeAlias, get_args
from urllib.parse import urlsplit

from callserver.errors import BadValue
from callserver.facts import Instant, iso
from callserver.store.outbox import TYPES, wants

WebhookId = NewType("WebhookId", int)
State = Literal["on", "paused", "off"]
"""on: events are sent; paused: they are put down and wait; off: nothing is put down."""

STATES: tuple[str, ...] = get_args(State)
PREFIX = "whsec_"  # how keys of the standard-webhooks scheme are written
HIDDEN = "********"
_KEY_BYTES = (24, 64)
_LONGEST_URL = 2_000
_MOST_HEADERS = 10
_MOST_PATTERNS = 20
_TIMEOUTS_S = (1.0, 30.0)

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What can be asked for, and changed. `events`: types, or beginnings of types that end in `*`.

    `headers` go out with every event: `Authorization`, or a name that begins with `X-`. `timeout_s`: seconds the other
    side has for one answer.
    """

    name: str
    url: str
    events: tuple[str, ...] = ("*",)
    state: State = "on"
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What we sign with: `whsec_` and base64. `until`: replaced by a newer one, still used until then."""

    text: str = field(repr=False)
    until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A subscription that is kept. The newest key is the first.

    What comes after `updated_at` is how it is doing, no part of the version: since when, how often in a row and why
    it fails, and when the next try is due.
    """

    id: WebhookId
    version: int
    asked: Subscription
    keys: tuple[Key, ...]
    created_at: Instant
    created_by: str
    updated_at: Instant
    failing_since: Instant | None = None
    failures: int = 0
    retry_at: Instant | None = None
    notice: str | None = None

    def keys_at(self, now: Instant) -> list[str]:
        """The keys to sign with now, the newest first."""
        return [key.text for key in self.keys if key.until is None or key.until > now]


def shown(webhook: Webhook) -> dict[str, Any]:
    """The webhook as people and the API see it: without its keys and what its headers say."""
    asked = webhook.asked
    return {
        "id": webhook.id,
        "version": webhook.version,
        "name": asked.name,
        "url": asked.url,
        "events": list(asked.events),
        "state": asked.state,
        "headers": dict.fromkeys(asked.headers, HIDDEN),
        "timeout_s": asked.timeout_s,
        "keys": [{"until": iso(key.until)} for key in webhook.keys],
        "created_at": iso(webhook.created_at),
        "created_by": webhook.created_by,
        "updated_at": iso(webhook.updated_at),
        "failing_since": iso(webhook.failing_since),
        "failures": webhook.failures,
        "retry_at": iso(webhook.retry_at),
        "notice": webhook.notice,
    }


def to_record(webhook: Webhook) -> dict[str, Any]:
    """What the store keeps of it in `record`; its keys are in it."""
    asked = webhook.asked
    return {
        "name": asked.name,
        "url": asked.url,
        "events": list(asked.events),
        "state": asked.state,
        "headers": dict(asked.headers),
        "timeout_s": asked.timeout_s,
        "keys": [{"text": key.text, "until": key.until} for key in webhook.keys],
        "created_at": webhook.created_at,
        "created_by": webhook.created_by,
        "updated_at": webhook.updated_at,
    }


def from_record(id_: int, version: int, record: Mapping[str, Any], **doing: Any) -> Webhook:
    """The inverse of `to_record`; `doing` is how it is doing."""
    asked = {name: record[name] for name in ("name", "url", "state", "headers", "timeout_s")}
    return Webhook(
        id=WebhookId(id_),
        version=version,
        asked=Subscription(events=tuple(record["events"]), **asked),
        keys=tuple(Key(**key) for key in record["keys"]),
        created_at=record["created_at"],
        created_by=record["created_by"],
        updated_at=record["updated_at"],
        **doing,
    )


def subjects(pattern: str) -> list[str]:
    """The types that a pattern stands for."""
    return [type_ for type_ in TYPES if wants([pattern], type_)]


# --- checking --------------------------------------------------------------------------------------------------------


def checked(asked: Subscription) -> Subscription:
    """The same subscription. Raises BadValue for the first thing that is wrong with it."""
    for path, why in _wrong(asked):
        raise BadValue(path, why)
    return asked


def _wrong(asked: Subscription) -> Iterator[tuple[str, str]]:
    if not (0 < len(asked.name) <= 100 and asked.name.isprintable()):
        yield "name", "1 to 100 printable characters"
    if why := _wrong_url(asked.url):
        yield "url", why
    yield from _wrong_events(asked.events)
    if asked.state not in STATES:
        yield "state", f"one of {', '.join(STATES)}"
    yield from _wrong_headers(asked.headers)
    low, high = _TIMEOUTS_S
    if not low <= asked.timeout_s <= high:
        yield "timeout_s", f"{low:g} to {high:g} seconds"


def _wrong_url(url: str) -> str | None:
    if not (len(url) <= _LONGEST_URL and url.isprintable() and " " not in url and "\\" not in url):
        return f"at most {_LONGEST_URL} printable characters, no blanks and no backslashes"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("http", "https") or not host:
        return "must be http://host/... or https://host/..."
    if parts.username is not None or parts.password is not None:
        return "holds a name or a password: give a header instead"
    return "has a part behind '#', which is never sent" if parts.fragment else _wrong_literal(host)


def _wrong_literal(host: str) -> str | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return forbidden(address, private=True)


def _wrong_events(patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
    if not 0 < len(patterns) <= _MOST_PATTERNS:
        yield "events", f"1 to {_MOST_PATTERNS} types or patterns"
    for place, pattern in enumerate(patterns):
        if not subjects(pattern):
            yield f"events[{place}]", f"fits none of {', '.join(TYPES)}"


def _wrong_headers(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if len(headers) > _MOST_HEADERS:
        yield "headers", f"at most {_MOST_HEADERS}"
    for name, value in headers.items():
        if not re.fullmatch(r"(?i:authorization|x-[a-z0-9-]{1,60})", name):
            yield "headers", "only Authorization, and names that begin with X-"
        elif not re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]{0,998}[\x21-\x7e])?", value):
            yield f"headers.{name}", "1 to 1,000 printable ASCII characters, no blank at an end"


# Where it is no link-local address: Alibaba Cloud; Amazon, Google; Oracle; Azure.
_KEEPS_CREDENTIALS = frozenset(
    {"100.100.100.200", "fd00:ec2::254", "fd20:ce::254", "192.0.0.192", "168.63.129.16"}
)


def forbidden(address: Address, *, private: bool) -> str | None:
    """Why nothing may be sent to this address; None: it may. `private`: our own network may be sent to.

    Never: link-local (where most clouds keep their instances' credentials), multicast, unspecified and reserved ones.
    """
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return forbidden(address.ipv4_mapped, private=private)
    if str(address) in _KEEPS_CREDENTIALS:
        return "is where a cloud keeps the credentials of its machines: nothing is sent there"
    if address.is_loopback:
        return None if private else "is this machine's own address"
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return "is a link-local, multicast, unspecified or reserved address: nothing is sent there"
    return None if private or address.is_global else "is an address of a private network"


# --- keys ------------------------------------------------------------------------------------------------------------


def new_key() -> Key:
    """A key that nobody can guess: 32 random bytes."""
    return Key(text=PREFIX + base64.b64encode(secrets.token_bytes(32)).decode())


def given_key(text: str) -> Key:
    """A key that somebody brings along. Raises BadValue, without quoting it."""
    low, high = _KEY_BYTES
    try:
        fits = text.startswith(PREFIX) and low <= len(key_bytes(text)) <= high
    except (binascii.Error, ValueError):
        fits = False
    if not fits:
        raise BadValue("secret", f"{PREFIX} and the base64 of {low} to {high} bytes")
    return Key(text=text)


def key_bytes(text: str) -> bytes:
    """The bytes of a key, for signing."""
    return base64.b64decode(text.removeprefix(PREFIX), validate=True)

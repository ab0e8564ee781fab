"""An event as the other side reads it: CloudEvents 1.0 in JSON, signed as standard-webhooks.com says.

In: a letter of the outbox, keys, the moment of sending. Out: bytes and headers. Must not know: HTTP, tables.
The same event has the same id and the same bytes for every try; only timestamp and signature differ.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

import orjson

from callserver.facts import Instant, iso
from callserver.store.deliveries import Letter
from callserver.store.webhook import key_bytes

CONTENT_TYPE = "application/cloudevents+json"


def event_id(event: str) -> str:
    """The id of an event that the other side sees, from its key: 32 hexadecimal digits."""
    return hashlib.sha256(event.encode()).hexdigest()[:32]


def enveloped(letter: Letter, source: str) -> bytes:
    """The event in CloudEvents' structured mode. `source` names this installation."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": event_id(letter.event),
            "source": source,
            "type": letter.type,
            "subject": letter.subject,
            "time": iso(letter.at),
            "datacontenttype": "application/json",
            "data": orjson.Fragment(letter.body),
        }
    )


def signature(keys: Iterable[str], id_: str, timestamp_s: int, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, once for each key, blanks between."""
    signed = b"%s.%d.%s" % (id_.encode(), timestamp_s, body)
    digests = (hmac.digest(key_bytes(key), signed, "sha256") for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def headers(
    keys: Iterable[str], id_: str, now: Instant, body: bytes, more: Mapping[str, str]
) -> dict[str, str]:
    """All headers of one try at `now`; `more` are the webhook's own."""
    timestamp_s = now // 1000
    return {
        **more,
        "Content-Type": CONTENT_TYPE,
        "Idempotency-Key": id_,
        "Webhook-Id": id_,
        "Webhook-Timestamp": str(timestamp_s),
        "Webhook-Signature": signature(keys, id_, timestamp_s, body),
    }

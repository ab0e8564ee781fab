"""The AsyncAPI 3 description of the stream, made from the types that its readers read.

In: the messages of `client.messages`, the words of `push.wire`. Out: the document as JSON values. Must not know: who
serves it. A test holds what the hub sends against these schemas, so what is described and what is sent cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, get_args

import msgspec
from msgspec import Meta, Struct

from callserver import __version__
from callserver.client.messages import Hello, Pong, Single, Snapshot
from callserver.push import wire

ROOT: Final = "/api/v1/stream"
_REF: Final = "#/components/schemas/{name}"
_ABOUT: Final = """Everything that a screen shows, the moment it happens: `hello`, a `snapshot`, then each change.

Open a websocket with `Authorization: Bearer TOKEN` (or the cookie of somebody who is signed in, from a page of ours)
and the subprotocol `callserver.v1`. Messages are JSON in text frames, numbered by `seq`; acknowledge them with `ack`,
a pop at once, everything else together once a second. After a broken connection go on with `?stream=STREAM&seq=SEQ`:
what was missed follows, or a fresh snapshot. Members and types that you do not know are to be passed over."""


class Several(Struct, frozen=True, kw_only=True, tag_field="type", tag="several"):
    """Changes that were gathered for a quarter of a second, without numbers of their own: apply them in order."""

    seq: Annotated[int, Meta(ge=0, description="1, 2, 3 and so on for one stream.")]
    messages: list[Single]


SENT: Final = (Hello, Snapshot, *get_args(Single), Several, Pong)
"""What the server says."""
HEARD: Final = (wire.Ack, wire.Ping, wire.Resume, wire.Dismiss)
"""What it understands."""


def document() -> dict[str, Any]:
    """The whole description."""
    _, schemas = msgspec.json.schema_components([*SENT, *HEARD], ref_template=_REF)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "callserver: the stream",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "here": {
                "host": "127.0.0.1:8088",
                "protocol": "ws",
                "description": "The example's port; `wss` behind TLS.",
                "security": [{"$ref": "#/components/securitySchemes/token"}],
            }
        },
        "channels": {"stream": _channel()},
        "operations": {
            "told": _operation("send", "What the server says.", SENT),
            "heard": _operation("receive", "What the server understands.", HEARD),
        },
        "components": {
            "messages": {_name(one): _message(one) for one in (*SENT, *HEARD)},
            "schemas": _own(schemas),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "From `callserver token create NAME --scope floor:read`.",
                }
            },
        },
    }


def _own(schema: Any) -> Any:
    """Without OpenAPI's `discriminator`, which is an object there: each message says its `type`."""
    if isinstance(schema, list):
        return [_own(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _own(one) for name, one in schema.items() if name != "discriminator" or isinstance(one, str)
    }


def _channel() -> dict[str, Any]:
    return {
        "address": ROOT,
        "description": f"Subprotocol `{wire.PROTOCOL}`. A client's message has {wire.MOST_IN:,} bytes at most, and "
        f"{wire.RATE:.0f} a second are enough.",
        "messages": {_name(one): {"$ref": f"#/components/messages/{_name(one)}"} for one in (*SENT, *HEARD)},
        "bindings": {
            "ws": {
                "method": "GET",
                "bindingVersion": "0.1.0",
                "query": {
                    "type": "object",
                    "properties": {
                        "stream": {"type": "string", "description": "Of an earlier `hello`."},
                        "seq": {"type": "integer", "description": "The last number that was received there."},
                        "beside": {
                            "type": "boolean",
                            "description": "For a page that lists something: it is told `owed` and nothing of "
                            "calls or people, and is no sign that somebody is at the desk.",
                        },
                    },
                },
            }
        },
    }


def _operation(action: str, summary: str, messages: Iterable[type[Struct]]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/stream"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/stream/messages/{_name(one)}"} for one in messages],
    }


def _message(message: type[Struct]) -> dict[str, Any]:
    """`name`: the word in `type`."""
    return {
        "name": message.__struct_config__.tag,
        "summary": " ".join((message.__doc__ or "").split()),
        "payload": {"$ref": _REF.format(name=message.__name__)},
    }


def _name(message: type[Struct]) -> str:
    """How the document calls it: a dot is not for keys."""
    return str(message.__struct_config__.tag).replace(".", "_")

"""The stream's text: messages out, messages in.

In: messages as dicts; a client's text. Out: bytes that are ready for the socket; checked words of a client. Must not
know: who reads.

A message is serialised once for all who may see it. Each client numbers what it gets, so the number stands first and
the rest is shared. A frame is made here (RFC 6455, section 5.2: a server masks nothing) and written to the transport
as it is: no task a client, no queue beside the transport's own, whose size says how far behind a client is.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

import msgspec
import orjson

VERSION: Final = 1
PROTOCOL: Final = f"callserver.v{VERSION}"
MOST_IN: Final = 4_096
"""Bytes of the largest message that a client may send."""
RATE: Final = 50.0
BURST: Final = 200.0
"""Messages a second that a client may send, and how many at once."""

# Why a stream was closed. 1001 and 1009 are RFC 6455's own.
GOING: Final = 1001
MALFORMED: Final = 4400
UNAUTHORISED: Final = 4401
FORBIDDEN: Final = 4403
TOO_MANY: Final = 4429


class Unreadable(ValueError):
    """What a client sent is no message of this version; the text says what is wrong."""


Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=600)]


class Ack(msgspec.Struct, tag_field="type", tag="ack", frozen=True):
    """Everything up to `seq` is on the client's screen."""

    seq: Number


class Ping(msgspec.Struct, tag_field="type", tag="ping", frozen=True):
    """Is anybody there? `at` comes back as it is."""

    at: int | float | Annotated[str, msgspec.Meta(max_length=64)] | None = None


class Resume(msgspec.Struct, tag_field="type", tag="resume", frozen=True):
    """Go on after `seq` of an earlier connection's stream."""

    stream: Annotated[str, msgspec.Meta(max_length=64)]
    seq: Number


class Dismiss(msgspec.Struct, tag_field="type", tag="dismiss", frozen=True):
    """A missed call was seen."""

    key: Name


Word: TypeAlias = Ack | Ping | Resume | Dismiss
_WORDS: Final[msgspec.json.Decoder[Word]] = msgspec.json.Decoder(Word)


def read(text: str | bytes) -> Word:
    """What a client says; unknown members are passed over. Raises Unreadable."""
    try:
        return _WORDS.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unreadable(str(error)[:100]) from error


def body(message: Mapping[str, Any]) -> bytes:
    """A message's JSON behind its number: everything after the first brace."""
    return orjson.dumps(message)[1:]


def numbered(seq: int, rest: bytes) -> bytes:
    """The whole message."""
    return b'{"seq":%d,' % seq + rest


def frame(payload: bytes) -> bytes:
    """One text frame."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


def several(bodies: list[bytes]) -> bytes:
    """Bodies as one message: `{"type":"several","messages":[...]}`; a single one stays as it is."""
    if len(bodies) == 1:
        return bodies[0]
    return b'"type":"several","messages":[{' + b",{".join(bodies) + b"]}"

"""Any text and any JSON -> what both databases can keep, and back.

In: values that came from a switch, so anything. Out: text without NUL (PostgreSQL refuses it) and without
lone surrogates (no UTF-8 for them), each such character replaced by U+FFFD on both databases alike; keys
short enough for an index. Must not know: tables.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import orjson

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPED_NUL = b"\\u0000"

# PostgreSQL refuses index rows above 2,704 bytes; the longest key here is three texts of up to 4 bytes a
# character.
KEY_LENGTH = 150


def storable(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def key(text: str) -> str:
    """A text that is part of a key or an index: storable, and beyond KEY_LENGTH shortened to a prefix and a digest.

    No name that Asterisk accepts is as long, so this happens to hostile input only; the JSON beside it keeps
    it whole.
    """
    text = storable(text)
    if len(text) <= KEY_LENGTH:
        return text
    return f"{text[: KEY_LENGTH - 33]}~{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def optional_key(text: str | None) -> str | None:
    """`key`, None staying None."""
    return None if text is None else key(text)


def dump(value: object) -> str:
    """JSON text that both databases keep; NaN and the infinities become null.

    Raises ValueError for what is no JSON: bytes, sets, integers above 64 bits.
    """
    try:
        body = orjson.dumps(value)
        if _ESCAPED_NUL in body:  # or a backslash before "u0000": then cleaning changes nothing
            body = orjson.dumps(_clean(value))
    except TypeError:  # orjson's JSONEncodeError is one: a lone surrogate, or no JSON at all
        body = _dump_cleaned(value)
    return body.decode()


def _dump_cleaned(value: object) -> bytes:
    try:
        return orjson.dumps(_clean(value))
    except TypeError as error:
        raise ValueError(f"not JSON: {error}") from error


def load(text: str) -> Any:
    """The value of a JSON text written by `dump`."""
    return orjson.loads(text)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_clean(name): _clean(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value

"""Frames as a server sends them -> messages; written from RFC 6455, not from our own writer."""

from __future__ import annotations

from typing import Any

import orjson


def messages(data: bytes) -> list[dict[str, Any]]:
    """Every whole text frame's JSON."""
    found = []
    while data:
        assert data[0] == 0x81, "a final text frame"
        size, at = data[1], 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(data[2:10], "big"), 10
        found.append(orjson.loads(data[at : at + size]))
        data = data[at + size :]
    return found

"""A byte stream -> raw messages, whatever the chunks are.

In: bytes as the socket gave them. Out: the bytes of one message after the other. Must not know: headers,
events. The cut is a function of the bytes alone; memory is bounded by one message.

The line end is that of the stream's first line: in a CRLF stream, as every Asterisk sends it, a bare LF is
part of a value and cannot begin a line, so it cannot forge a message; a trace whose line ends an editor
changed reads too.
"""

from __future__ import annotations

import re

MAX_MESSAGE = 1 << 20
"""Bytes; what has no blank line for longer is not an AMI message and is left out up to the next blank line.
"""

_BLANK = b"\r\n\r\n"
_BLANK_LF = re.compile(rb"\n\r?\n")


class Splitter:
    """Cuts a byte stream into messages (without their blank line, line ends always CRLF).

    The cut depends on the bytes only, never on the chunks. `oversize` counts messages that were left out.
    """

    __slots__ = ("_bare", "_held", "_known", "_most", "_size", "_tail", "limit", "oversize")

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self.limit = limit
        self._most = limit + 3  # what is longer is given up; three bytes of the blank line may be among it
        self.oversize = 0
        self._held: list[bytes] = []  # pieces of the unfinished message; given up once they exceed the limit
        self._size = 0  # its length so far, also when the pieces were given up
        self._tail = b""  # its last three bytes: a blank line may straddle two chunks
        self._known = False  # whether the first line end was seen
        self._bare = False  # whether it was a bare LF

    @property
    def unfinished(self) -> int:
        """Bytes of a message whose blank line has not come yet."""
        return self._size

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes, oldest first."""
        if not self._known:
            self._learn(data)
        seam = self._tail + data
        if not (_BLANK_LF.search(seam) if self._bare else _BLANK in seam):
            self._hold(data)
            return []
        given_up = self._size > self._most
        messages = self._cut(seam if given_up else b"".join(self._held) + data)
        if given_up:
            self.oversize += 1
            del messages[0]
        rest = messages.pop()
        self._held, self._size, self._tail = [], 0, b""
        if rest:
            self._hold(rest)
        return self._within(messages)

    def _learn(self, data: bytes) -> None:
        end = data.find(b"\n")
        if end >= 0:
            self._known = True
            self._bare = (data[end - 1 : end] if end else self._tail[-1:]) != b"\r"

    def _hold(self, data: bytes) -> None:
        self._size += len(data)
        self._tail = (self._tail + data)[-3:]
        if self._size > self._most:
            self._held.clear()
        else:
            self._held.append(data)

    def _cut(self, whole: bytes) -> list[bytes]:
        if not self._bare:
            return whole.split(_BLANK)
        *messages, rest = _BLANK_LF.split(whole)
        return [message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for message in messages] + [rest]

    def _within(self, messages: list[bytes]) -> list[bytes]:
        if not messages or max(map(len, messages)) <= self.limit:
            return messages
        kept = [message for message in messages if len(message) <= self.limit]
        self.oversize += len(messages) - len(kept)
        return kept

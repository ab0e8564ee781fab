"""AMI bytes -> typed messages, whatever the chunks are.

In: bytes as the socket gave them. Out: the typed events of `events.py`, and `Reply` for everything that
answers an action. Must not know: sockets, clocks, who asked. Nothing here raises: rubbish is counted and left
behind.

A message is cut out first and decoded afterwards, so a UTF-8 letter that two reads share is never lost, and
an event that nobody needs is dropped by its first line, before its headers are looked at (68 % of an
unfiltered stream is VarSet). The line end is that of the stream's first line: in a CRLF stream, as every
Asterisk sends it, a bare LF is part of a value and cannot begin a line, so it cannot forge a message; a trace
whose line ends an editor changed reads too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from callserver.ami import events
from callserver.ami.events import AmiEvent, Headers

MAX_MESSAGE = 1 << 20
"""Bytes; what has no blank line for longer is not an AMI message and is left out up to the next blank line.
"""

_BLANK = b"\r\n\r\n"
_BLANK_LF = re.compile(rb"\n\r?\n")
_BANNER = b"Asterisk Call Manager/"
_QUEUE_STATUS = b"\r\nVariable: QUEUESTATUS\r\n"


class Splitter:
    """Cuts a byte stream into messages (without their blank line, line ends always CRLF).

    The cut depends on the bytes only, never on the chunks. `oversize` counts messages that were left out.
    """

    __slots__ = ("_bare", "_held", "_known", "_size", "_tail", "limit", "oversize")

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self.limit = limit
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
        given_up = self._given_up
        messages = self._cut(seam if given_up else b"".join(self._held) + data)
        if given_up:
            self.oversize += 1
            del messages[0]
        rest = messages.pop()
        self._held, self._size, self._tail = [], 0, b""
        if rest:
            self._hold(rest)
        return self._within(messages)

    @property
    def _given_up(self) -> bool:
        return self._size > self.limit + 3  # three bytes of the blank line may be among them

    def _learn(self, data: bytes) -> None:
        end = data.find(b"\n")
        if end >= 0:
            self._known = True
            self._bare = (data[end - 1 : end] if end else self._tail[-1:]) != b"\r"

    def _hold(self, data: bytes) -> None:
        self._size += len(data)
        self._tail = (self._tail + data)[-3:]
        if self._given_up:
            self._held.clear()
        else:
            self._held.append(data)

    def _cut(self, whole: bytes) -> list[bytes]:
        if not self._bare:
            return whole.split(_BLANK)
        *messages, rest = _BLANK_LF.split(whole)
        return [message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for message in messages] + [rest]

    def _within(self, messages: list[bytes]) -> list[bytes]:
        if all(len(message) <= self.limit for message in messages):
            return messages
        kept = [message for message in messages if len(message) <= self.limit]
        self.oversize += len(messages) - len(kept)
        return kept


@dataclass(frozen=True, slots=True)
class Reply:
    """What answers an action: `Response: ...`, or one `Event: ...` of the list that an action asked for."""

    headers: Headers

    @property
    def event(self) -> str:
        """The name of a list's item, e.g. `QueueMember`; empty for the response itself."""
        return self.headers.get("Event", "")

    @property
    def action_id(self) -> str:
        """The id of the action that this answers, empty where the switch named none."""
        return self.headers.get("ActionID", "")

    @property
    def ok(self) -> bool:
        """True unless the switch answered with an error."""
        return "Event" in self.headers or self.headers.get("Response", "") in (
            "Success",
            "Follows",
            "Goodbye",
        )

    @property
    def message(self) -> str:
        """The switch's own words."""
        return self.headers.get("Message", "")


Item: TypeAlias = AmiEvent | Reply


def headers(message: bytes) -> dict[str, str]:
    """One message's headers; the first occurrence of a header wins, a line that is no header is left out."""
    found: dict[str, str] = {}
    for line in reversed(message.decode("utf-8", "replace").split("\r\n")):
        name, colon, value = line.partition(": ")
        if colon:
            found[name] = value
    return found


_BUILD = {name.encode(): build for name, build in events.BUILD.items()}
_LISTED = frozenset(name.encode() for name in events.LISTED)


class Reader:
    """Typed messages out of a byte stream. Feeding never raises.

    `version` is the AMI version of the last banner; `heard` counts wanted events by name, `dropped` unwanted
    ones, `rubbish` what was neither event nor response.
    """

    __slots__ = ("_heard", "_splitter", "dropped", "octets", "rubbish", "version")

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._splitter = Splitter(limit)
        self.version: str | None = None
        self.octets = 0
        self.dropped = 0
        self.rubbish = 0
        self._heard: Counter[bytes] = Counter()

    @property
    def heard(self) -> dict[str, int]:
        """Wanted events so far, by Asterisk's name."""
        return {name.decode(): count for name, count in self._heard.items()}

    @property
    def oversize(self) -> int:
        """Messages that were left out because they had no end in sight."""
        return self._splitter.oversize

    @property
    def unfinished(self) -> int:
        """Bytes that wait for the end of their message."""
        return self._splitter.unfinished

    def feed(self, data: bytes) -> list[Item]:
        """The wanted messages that `data` completes, in wire order."""
        self.octets += len(data)
        found: list[Item] = []
        for message in self._splitter.feed(data):
            if message.startswith(b"Event: "):
                self._event(message, found)
            else:
                self._other(message, found)
        return found

    def _event(self, message: bytes, found: list[Item]) -> None:
        end = message.find(b"\r", 7)
        name = message[7 : end if end > 0 else None]
        build = _BUILD.get(name)
        if build is None:
            if name in _LISTED:
                found.append(Reply(headers(message)))
            else:
                self.dropped += 1
        elif name == b"VarSet" and _QUEUE_STATUS not in message:
            self.dropped += 1
        else:
            event = build(headers(message))
            if event is None:
                self.dropped += 1
            else:
                self._heard[name] += 1
                found.append(event)

    def _other(self, message: bytes, found: list[Item]) -> None:
        message = message.lstrip(b"\r\n")
        if message.startswith(_BANNER):
            banner, _, message = message.partition(b"\r\n")
            self.version = banner[len(_BANNER) :].decode("ascii", "replace").strip()
            message = message.lstrip(b"\r\n")
        if message.startswith(b"Event: "):
            self._event(message, found)
        elif message.startswith(b"Response: "):
            found.append(Reply(headers(message)))
        elif message:
            self.rubbish += 1


def read(chunks: Iterable[bytes]) -> Iterator[Item]:
    """The messages of a recorded stream; a half message at its end is left out."""
    reader = Reader()
    for chunk in chunks:
        yield from reader.feed(chunk)

"""AMI bytes -> typed messages, whatever the chunks are.

In: bytes as the socket gave them. Out: the typed events of `events.py`, and `Reply` for everything that
answers an action. Must not know: sockets, clocks, who asked. Nothing here raises: rubbish is counted and left
behind.

A message is cut out first (splitter.py) and decoded afterwards, so a UTF-8 letter that two reads share is
never lost, and an event that nobody needs is dropped by its first line, before its headers are looked at (68
% of an unfiltered stream is VarSet). At the end of the file: panoramisk's client, with this reading in place
of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from callserver.ami import events, torn
from callserver.ami.events import AmiEvent, Headers
from callserver.ami.layout import Layouts
from callserver.ami.splitter import MAX_MESSAGE, Splitter

_BANNER = b"Asterisk Call Manager/"
_QUEUE_STATUS = b"\r\nVariable: QUEUESTATUS\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """What answers an action: `Response: ...`, or one `Event: ...` of the list that an action asked for.

    `items` are the events of the list, where the whole answer is meant.
    """

    headers: Headers
    items: tuple[Headers, ...] = ()

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
_LONGEST_TORN = 8192  # bytes
_DOUBTS = 3  # so many in a row, and it is the switch that writes in an order which torn.py does not know
_LISTED = frozenset(name.encode() for name in events.LISTED)


class Reader:
    """Typed messages out of a byte stream. Feeding never raises.

    `version` is the AMI version of the last banner; `heard` counts wanted events by name, `dropped` unwanted
    ones, `rubbish` what was neither event nor response, `forged` what a caller wrote into the stream
    (torn.py).
    """

    __slots__ = (
        "_before",
        "_doubts",
        "_heard",
        "_layouts",
        "_splitter",
        "_torn",
        "dropped",
        "forged",
        "octets",
        "rubbish",
        "version",
    )

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._splitter = Splitter(limit)
        self.version: str | None = None
        self.octets = 0
        self.dropped = 0
        self.rubbish = 0
        self.forged = 0
        self._heard: Counter[bytes] = Counter()
        self._layouts = Layouts()
        self._torn = b""  # a message whose end a caller put off
        self._before = b""  # the message before, if it was dropped unread
        self._doubts = 0  # torn messages in a row that could not be mended

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
        for raw in self._splitter.feed(data):
            message = self._rejoined(raw) if self._torn else raw
            if message.startswith(b"Event: "):
                self._event(message, found)
            else:
                self._other(message, found)
        return found

    def _event(self, message: bytes, found: list[Item]) -> None:
        end = message.find(b"\r", 7)
        name = message[7 : end if end > 0 else None]
        build = _BUILD.get(name)
        if (build is None and name not in _LISTED) or (name == b"VarSet" and _QUEUE_STATUS not in message):
            self.dropped += 1
            self._before = message
            return
        said = self._headers(name, message)
        self._before = b""
        if said is None:
            return
        if build is None:
            found.append(Reply(said))
            return
        event = build(said)
        if event is None:
            self.dropped += 1
        else:
            self._heard[name] += 1
            found.append(event)

    def _headers(self, name: bytes, message: bytes) -> Headers | None:
        """What the message says; None where it is a caller's, or where its end has not come yet."""
        if not (self._before and self._follows_a_cut(message)):
            said = self._layouts.headers(name, message)
            if said is not None:
                if self._doubts and b"CallerIDNum: " in message:
                    self._doubts = 0
                return said
        whole = self._whole(message)
        if whole is None:
            return None
        if whole is message and self._doubts == 0:
            self._layouts.learn(name, message)
        return headers(whole)

    def _follows_a_cut(self, message: bytes) -> bool:
        """Whether the message before, dropped unread, was cut in two by a caller and this is no surely genuine one."""
        return not torn.genuine(message) and torn.cut(self._before)

    def _whole(self, message: bytes) -> bytes | None:
        """The message as Asterisk meant it; None where it is a caller's, or where its end has not come yet."""
        if not torn.torn(message):
            if self._before and self._follows_a_cut(message):
                self.forged += 1
                return None
            if b"CallerIDNum: " in message:
                self._doubts = 0
            return message
        message = torn.mended(message)
        if not torn.torn(message):
            self.forged += 1
            self._doubts = 0
            return message
        if self._doubts < _DOUBTS:
            self._torn = message
            return None
        return None if torn.unfinished(message) else message

    def _rejoined(self, message: bytes) -> bytes:
        """What follows a torn message belongs to it, unless it is surely one of its own."""
        begun, self._torn = self._torn, b""
        self._doubts += 1
        if torn.genuine(message) or len(begun) > _LONGEST_TORN:
            self.forged += 1
            return message
        return begun + b"\r\n\r\n" + message

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


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol with our own reading: bytes go out as they came, loss is told once, and no more."""

    def __init__(self, received: Callable[[bytes], None], ended: Callable[[Exception | None], None]) -> None:
        self._received = received
        self._ended = ended

    def data_received(self, data: bytes) -> None:
        self._received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.close()
        self._ended(exc)


class Client(Manager):  # type: ignore[misc]
    """panoramisk's client for one connection: it keeps the actions under way and matches replies to them.

    Its reconnecting, pinging and sending again are switched off; the link does these where it can be seen. No
    event is ever dispatched here, so no handler can raise, block or come out of order.
    """

    def __init__(
        self,
        received: Callable[[bytes], None],
        ended: Callable[[Exception | None], None],
        actions: Iterable[str],
    ) -> None:
        super().__init__(
            loop=asyncio.get_running_loop(),
            log=logging.getLogger("panoramisk"),
            protocol_factory=lambda: _Protocol(received, ended),
            # Named here, an action is never queued for the next connection: what was sent once is not sent again.
            forgetable_actions=tuple(action.lower() for action in actions),
        )

    async def open(self, host: str, port: int) -> None:
        """Connect. Raises OSError."""
        connection = await self.loop.create_connection(self.config["protocol_factory"], host, port)
        done: asyncio.Future[Any] = self.loop.create_future()
        done.set_result(connection)
        self.connection_made(done)

    def ask(self, headers: Sequence[tuple[str, str]], listed: bool) -> asyncio.Future[Any]:
        """Send one action; the future brings panoramisk's message, or a list of them."""
        action: dict[str, Any] = {}
        for name, value in headers:
            action[name] = [*action[name], value] if name in action else [value]
        single = {name: values[0] if len(values) == 1 else values for name, values in action.items()}
        # Left to itself panoramisk takes "Added interface to queue" for the beginning of a list that never ends.
        future: asyncio.Future[Any] = self.send_action(single, as_list=None if listed else False)
        return future

    def answer(self, reply: Reply) -> None:
        """Hand a reply to the action that waits for it, if one does."""
        message = Message(dict(reply.headers))
        message.reply = reply
        self.protocol.handle_message(message)

    def forget(self, action_id: str) -> None:
        """Nobody waits for this action any more."""
        self.protocol.responses.pop(action_id, None)

    def drop(self) -> None:
        """End the connection now; what is not sent yet never will be."""
        self.close()
        if self.protocol is not None:
            self.protocol.transport.abort()

    def ping(self) -> None:
        """Not here: the link's own heartbeat checks the answers."""


def whole(answer: Any) -> Reply:
    """The reply, with its list's items if it has one, that a future of `Client.ask` brought."""
    first, *rest = [message.reply for message in (answer if isinstance(answer, list) else [answer])]
    return Reply(first.headers, tuple(item.headers for item in rest))

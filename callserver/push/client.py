"""One reader of the stream: its numbers, its backlog, its place in the transport's buffer.

In: bodies of messages. Out: frames on the transport; how far behind the reader is. Must not know: what is in a message.

Nothing here waits. A reader that does not read lets the transport's buffer grow; at `OUTBOX` bytes, or when nothing
left it for `STALL_S`, the hub cuts it off. A reader that is gone keeps its stream for `KEPT_S`: messages are numbered
on, into the backlog, so that it can go on where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from callserver.push import wire
from callserver.push.views import View

OUTBOX: Final = 1 << 20
"""Bytes that may wait for one client's socket, beside a snapshot."""
BACKLOG: Final = 256 << 10
"""Bytes of messages kept for a client that has not acknowledged them."""
STALL_S: Final = 10.0
KEPT_S: Final = 120.0


class Transport(Protocol):
    """Where frames go; asyncio's."""

    def write(self, data: bytes) -> None: ...
    def abort(self) -> None: ...
    def is_closing(self) -> bool: ...
    def get_write_buffer_size(self) -> int: ...


@dataclass(eq=False, slots=True)
class Client:
    """owner: who may take the stream up again ("user:7", "token:3"). close: ends the connection with code and words."""

    stream: str
    owner: str
    view: View
    transport: Transport | None
    close: Callable[[int, str], None]
    user: Mapping[str, Any] | None = None  # the person, as hello says it
    seq: int = 0
    base: int = 0  # the oldest number after which it can go on
    backlog: deque[tuple[int, bytes]] = field(default_factory=deque)
    backlog_bytes: int = 0
    calls: set[str] = field(default_factory=set)  # of which it was told
    unseen: dict[int, float] = field(default_factory=dict)  # number of a pop -> when its event arrived
    outbox: int = OUTBOX  # how much may wait for its socket now
    stuck_since: float | None = None
    written: int = 0  # bytes, at this connection or before
    taken: int = 0  # of them by its socket, last looked
    left_at: float | None = None
    budget: float = wire.BURST
    heard_at: float = 0.0

    def hello(self, message: dict[str, Any]) -> None:
        """The one message without a number."""
        self.write(b"{" + wire.body(message))

    def snapshot(self, screen: dict[str, Any]) -> None:
        """A fresh beginning: what was before is not continued."""
        self.seq += 1
        self.base = self.seq
        self.backlog.clear()
        self.backlog_bytes = 0
        self.unseen.clear()
        self.calls = set(screen["calls"])
        text = wire.numbered(self.seq, wire.body({"type": "snapshot", "screen": screen}))
        self.outbox = OUTBOX + len(text)
        self.write(text)

    def send(self, body: bytes, arrived: float | None = None) -> None:
        """A numbered message. arrived: when its event came (monotonic), for what is measured to the acknowledgement."""
        self.seq += 1
        self.backlog.append((self.seq, body))
        self.backlog_bytes += len(body)
        while self.backlog_bytes > BACKLOG:
            self._forget()
        if arrived is not None and self.transport is not None:
            self.unseen[self.seq] = arrived
        self.write(wire.numbered(self.seq, body))

    def write(self, text: bytes) -> None:
        """To the socket, where there is one."""
        if self.transport is not None and not self.transport.is_closing():
            self._put(wire.frame(text))

    def _put(self, data: bytes) -> None:
        if self.transport is not None:
            self.written += len(data)
            self.transport.write(data)

    @property
    def waiting(self) -> int:
        """Bytes that its socket has not taken yet."""
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def stalled(self, now: float) -> bool:
        """Whether it does not read. Asked every second."""
        waiting = self.waiting
        taken, before = self.written - waiting, self.taken
        self.taken = taken
        if waiting == 0:
            self.outbox = OUTBOX
        if waiting == 0 or taken > before or self.stuck_since is None:  # slow, but it reads
            self.stuck_since = now
        return waiting > self.outbox or now - self.stuck_since > STALL_S

    def acknowledge(self, seq: int) -> list[float]:
        """Everything up to `seq` was seen. When the events of the pops in it arrived."""
        while self.backlog and self.backlog[0][0] <= seq:
            self._forget()
        seen = [number for number in self.unseen if number <= seq]
        return [self.unseen.pop(number) for number in seen]

    def _forget(self) -> None:
        self.base, body = self.backlog.popleft()
        self.backlog_bytes -= len(body)

    def goes_on_from(self, seq: int) -> bool:
        """Whether everything after `seq` is still at hand."""
        return self.base <= seq <= self.seq

    def again(self, seq: int) -> None:
        """Everything after `seq` once more."""
        rest = [wire.frame(wire.numbered(number, body)) for number, body in self.backlog if number > seq]
        if self.transport is not None and rest:
            self._put(b"".join(rest))

    def spend(self, now: float) -> bool:
        """Whether the client may say one more word now."""
        self.budget = min(wire.BURST, self.budget + (now - self.heard_at) * wire.RATE)
        self.heard_at = now
        self.budget -= 1
        return self.budget >= 0

"""Records what a switch says: every byte of the main connection, and snapshots over a second one.

Flows in: the bytes of an AMI port. Flows out: `NAME.ami` and `NAME.snapshots` (see tests/traces/README.md).
Must not know: callserver and panoramisk. A plain socket, so that the record owes nothing to the code it will test.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.rig.asterisk import LOOPBACK, SECRET

Message = Mapping[str, str]

SNAPSHOT_ACTIONS = ("CoreShowChannels", "QueueStatus", "BridgeList", "CoreStatus")
WORTH_A_SNAPSHOT = frozenset(
    {
        "Newchannel",
        "Hangup",
        "QueueCallerJoin",
        "QueueCallerLeave",
        "QueueMemberAdded",
        "QueueMemberRemoved",
        "QueueMemberPause",
        "BridgeEnter",
        "BridgeLeave",
        "AgentCalled",
        "AgentConnect",
        "Hold",
        "Unhold",
        "ContactStatus",
    }
)
QUIET_S = 0.08


class ManagerConnection:
    """One logged-in AMI connection that keeps every byte it was sent and every message in it."""

    def __init__(self, port: int, user: str, secret: str = SECRET, *, events: bool = True) -> None:
        self._port, self.user, self._secret, self._events = port, user, secret, events
        self.raw = bytearray()
        self.messages: list[Message] = []
        self.last_byte_at = 0.0
        self.lost = asyncio.Event()
        self.on_message: Callable[[Message], None] = lambda _: None
        self._parsed = 0
        self._arrived = asyncio.Condition()
        self._number = 0
        self._reader_task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Connect and log in. Raises OSError, or PermissionError when the switch refuses."""
        reader, self._writer = await asyncio.open_connection(LOOPBACK, self._port)
        self._reader_task = asyncio.create_task(self._read(reader))
        wanted = "on" if self._events else "off"
        replies = await self.ask("Login", Username=self.user, Secret=self._secret, Events=wanted)
        if replies[0].get("Response") != "Success":
            raise PermissionError(f"{self.user}: {replies[0].get('Message')}")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65_536):
                self.raw += chunk
                self.last_byte_at = time.monotonic()
                await self._parse()
        self.lost.set()
        async with self._arrived:
            self._arrived.notify_all()

    async def _parse(self) -> None:
        if self._parsed == 0:
            self._parsed = self.raw.find(b"\n") + 1  # the greeting is one line, not a message
            if self._parsed == 0:
                return
        while (end := self.raw.find(b"\r\n\r\n", self._parsed)) >= 0:
            text = self.raw[self._parsed : end].decode("utf-8", "replace")
            self._parsed = end + 4
            message = dict(line.partition(": ")[::2] for line in text.split("\r\n"))
            self.messages.append(message)
            self.on_message(message)
        async with self._arrived:
            self._arrived.notify_all()

    def send(self, action: str, **headers: str | list[str]) -> str:
        """Send one action; return its ActionID."""
        assert self._writer is not None
        self._number += 1
        action_id = str(headers.pop("ActionID", f"rig-{self.user}-{self._number}"))
        lines = [f"Action: {action}", f"ActionID: {action_id}"]
        for name, value in headers.items():
            lines += [f"{name}: {one}" for one in ([value] if isinstance(value, str) else value)]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return action_id

    async def ask(self, action: str, *, within_s: float = 10, **headers: str | list[str]) -> list[Message]:
        """Send one action and return its whole answer: the response, and the list that it may announce."""
        start = len(self.messages)
        action_id = self.send(action, **headers)

        def answer() -> list[Message]:
            return [
                m
                for m in self.messages[start:]
                if m.get("ActionID") == action_id and "OriginateR" not in str(m)
            ]

        def whole() -> bool:
            mine = answer()
            return bool(mine) and (
                mine[0].get("EventList") != "start" or mine[-1].get("EventList") == "Complete"
            )

        await self.until(whole, within_s, f"the answer to {action}")
        return answer()

    async def until(self, condition: Callable[[], bool], within_s: float, what: str) -> None:
        """Wait until `condition` holds, looked at after every message. Raises TimeoutError naming `what`."""
        try:
            async with asyncio.timeout(within_s), self._arrived:
                while not condition():
                    if self.lost.is_set():
                        raise ConnectionError(f"the link was lost while waiting for {what}")
                    await self._arrived.wait()
        except TimeoutError:
            raise TimeoutError(f"waited {within_s} s for {what}") from None

    async def event(self, name: str, *, count: int = 1, within_s: float = 20, **headers: str) -> Message:
        """The `count`-th event of this name and these headers since login, waited for."""

        def seen() -> list[Message]:
            return [m for m in self.messages if m.get("Event") == name and matches(m, headers)]

        await self.until(lambda: len(seen()) >= count, within_s, f"{name} {headers} x{count}")
        return seen()[count - 1]

    async def close(self) -> None:
        """Leave without a word, as a crash would."""
        if self._writer:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        if self._reader_task:
            self._reader_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader_task


def matches(message: Message, headers: Mapping[str, str]) -> bool:
    """Whether each header has this value, or begins with it where the wanted value ends in `*`."""
    return all(
        message.get(name, "").startswith(value[:-1]) if value.endswith("*") else message.get(name) == value
        for name, value in headers.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the switch answered to SNAPSHOT_ACTIONS, and where the main stream stood before and after."""

    offset_begin: int
    offset: int
    at: int
    raw: bytes

    @property
    def clean(self) -> bool:
        """Nothing was said on the main connection while the questions were answered."""
        return self.offset_begin == self.offset

    def line(self) -> str:
        text = self.raw.decode("utf-8", "surrogateescape")
        row = {"offset": self.offset, "offset_begin": self.offset_begin, "at": self.at, "raw": text}
        return json.dumps(row)

    @staticmethod
    def of_line(line: str) -> Snapshot:
        """What `line` made. Raises ValueError or KeyError when it is no such line."""
        row = json.loads(line)
        raw = row["raw"].encode("utf-8", "surrogateescape")
        return Snapshot(offset_begin=row["offset_begin"], offset=row["offset"], at=row["at"], raw=raw)


def read_snapshots(path: Path) -> list[Snapshot]:
    """The snapshots of a `.snapshots` file, in the order in which they were taken."""
    return [Snapshot.of_line(line) for line in path.read_text(encoding="ascii").splitlines()]


class Recorder:
    """Follows one switch on the `callserver` account (or another) and takes snapshots at each change that matters."""

    def __init__(self, port: int, user: str, secret: str = SECRET) -> None:
        self.main = ManagerConnection(port, user, secret)
        self._asking = ManagerConnection(port, user, secret, events=False)
        self.snapshots: list[Snapshot] = []
        self._due = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Log in twice; the first snapshot is taken at once, as after any connect."""
        self.main.on_message = self._look
        await self.main.open()
        await self._asking.open()
        await self._take()
        self._task = asyncio.create_task(self._take_when_due())

    def _look(self, message: Message) -> None:
        if message.get("Event") in WORTH_A_SNAPSHOT:
            self._due.set()

    async def _take_when_due(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError, OSError):
            while not self.main.lost.is_set():
                await self._due.wait()
                if self._stopping:
                    return
                self._due.clear()
                await self._take()

    async def _take(self) -> None:
        """Ask when the stream is quiet; ask again when it was not after all. The last answer is kept as it is."""
        for _ in range(3):
            await self.quiet()
            snapshot = await self._ask_all()
            if snapshot.clean:
                break
        if b"Response: Error" not in snapshot.raw:  # a switch that shuts down tells nothing more
            self.snapshots.append(snapshot)

    async def quiet(self, for_s: float = QUIET_S, at_most_s: float = 1.0) -> None:
        """Wait until nothing has come for `for_s` seconds."""
        deadline = time.monotonic() + at_most_s
        while True:
            wait_s = min(self.main.last_byte_at + for_s, deadline) - time.monotonic()
            if wait_s <= 0:
                return
            await asyncio.sleep(wait_s)

    async def _ask_all(self) -> Snapshot:
        begin, asked_from = len(self.main.raw), len(self._asking.raw)
        for action in SNAPSHOT_ACTIONS:
            await self._asking.ask(action)
        at = time.time_ns() // 1_000_000
        raw = bytes(self._asking.raw[asked_from:])
        # An event that was on its way when the answers were made shows up within this time.
        await asyncio.sleep(QUIET_S / 2)
        return Snapshot(offset_begin=begin, offset=len(self.main.raw), at=at, raw=raw)

    async def stop(self) -> None:
        """A last snapshot, then leave."""
        if self._task:
            # Questions that are under way must be answered first, or the last snapshot would get their answers.
            self._stopping = True
            self._due.set()
            await self._task
        if not self.main.lost.is_set() and not self._asking.lost.is_set():
            with contextlib.suppress(ConnectionError, TimeoutError, OSError):
                await self._take()
        await self.main.close()
        await self._asking.close()

    def write(self, folder: Path, name: str) -> None:
        """`NAME.ami` and `NAME.snapshots`; two snapshots of the same moment are one."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.ami").write_bytes(bytes(self.main.raw))
        lines = (snapshot.line() + "\n" for snapshot in _distinct(self.snapshots))
        (folder / f"{name}.snapshots").write_text("".join(lines), encoding="ascii")


def _distinct(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    by_place: dict[tuple[int, int], Snapshot] = {}
    for snapshot in snapshots:
        by_place.setdefault((snapshot.offset_begin, snapshot.offset), snapshot)
    return list(by_place.values())

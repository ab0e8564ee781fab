"""A link that says what a test wants it to say; everything behind it is real."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callserver.ami.commands import Action, headers
from callserver.ami.events import AmiEvent, Snapshot
from callserver.ami.road import Connected, Heard, Lost, Restored, RoadItem
from callserver.ami.wire import Reply, read
from callserver.errors import ActionRefused, LinkDown, OutcomeUnknown
from callserver.facts import Instant, PbxId
from callserver.settings import AsteriskSettings, Secret

TRACES = Path(__file__).parents[1] / "traces" / "22"
PBX = PbxId("main")
MAIN = AsteriskSettings(id="main", secret=Secret("s"), trunks=("PJSIP/trunk",))


def events(scenario: str) -> list[AmiEvent]:
    """What a recorded trace says."""
    raw = (TRACES / f"{scenario}.ami").read_bytes()
    return [item for item in read([raw]) if not isinstance(item, Reply)]


def empty(at: Instant, booted_at: Instant = 1_000) -> Snapshot:
    """A switch without a call, a queue, a member."""
    return Snapshot(at=at, booted_at=booted_at, channels=(), queues=(), members=(), waiting=())


@dataclass
class Counted:
    heard: Mapping[str, int] = field(default_factory=dict)
    dropped: int = 0
    timestamps: bool | None = True


class FakeLine:
    """Satisfies `node.attending.Line`."""

    def __init__(self) -> None:
        self.road: asyncio.Queue[RoadItem] = asyncio.Queue(1000)
        self.state = "idle"
        self.reason = ""
        self.seen_at: Instant | None = None
        self.tally = Counted()
        self.looks = 0
        self.sent: list[Action] = []
        self.refuses: dict[str, str] = {}  # name of an action -> the switch's words
        self.mute = False  # what is sent is never answered
        self.running = asyncio.Event()
        self._closed = asyncio.Event()

    async def run(self) -> None:
        self.running.set()
        await self._closed.wait()

    async def close(self) -> None:
        self._closed.set()

    async def resync(self) -> None:
        self.looks += 1
        raise LinkDown("a fake has nothing to look at")

    async def send(self, action: Action, *, timeout: float | None = None) -> Reply:
        if self.state != "up":
            raise LinkDown("no link to main")
        headers(action, "id")
        self.sent.append(action)
        if self.mute:
            raise OutcomeUnknown(f"{action.name}: the switch closed the connection")
        if action.name in self.refuses:
            raise ActionRefused(f"{action.name}: {self.refuses[action.name]}")
        return Reply(headers={"Response": "Success"}, items=())

    # --- what a test lets it say

    def up(self, at: Instant, snapshot: Snapshot | None = None) -> None:
        self.state = "up"
        self.road.put_nowait(Connected(at, "11.0.0"))
        self.road.put_nowait(Restored(snapshot or empty(at), at))

    def say(self, heard: Iterable[AmiEvent]) -> None:
        for event in heard:
            self.road.put_nowait(Heard(event, 0.0))

    def lose(self, at: Instant, reason: str = "cut") -> None:
        self.state = "down"
        self.road.put_nowait(Lost(at, reason))

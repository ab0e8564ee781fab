"""A day of a busy centre, replayed: how long it takes to understand it.

In: half a million events of some twenty calls at a time. Out: CPU seconds, beside cutting the same bytes into messages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bench import peers, stream
from bench.ami import CHUNK, PBX
from bench.figures import Figure, Scale
from callserver.ami.events import AmiEvent
from callserver.ami.wire import Reader, Reply
from callserver.calls.floor import Floor

EVENTS = 500_000
BLOCK = 5_000
TURN = 500  # events that the node understands at most before it hands over changed records and lets time pass


class Replay:
    """One reader and one floor through a whole day, as the node drives them."""

    def __init__(self) -> None:
        self.floor = Floor(PBX)
        self.reader = Reader()
        self._turn = 0

    def take(self, chunks: Sequence[bytes]) -> None:
        """Understand what these bytes say."""
        for chunk in chunks:
            for item in self.reader.feed(chunk):
                if not isinstance(item, Reply):
                    self.floor.feed(item)
                    self._turn += 1
                    if self._turn >= TURN:
                        self._pause(item)

    def _pause(self, event: AmiEvent) -> None:
        self._turn = 0
        if event.at is not None:
            self.floor.tick(event.at)
        self.floor.take_changes()


def measure(scale: Scale) -> list[Figure]:
    """The whole day for all contestants, a block of some thousand events at a time in turns."""
    amount = scale.of(EVENTS)
    takers: dict[str, Callable[[Sequence[bytes]], object]] = {
        "splitting only": peers.splitting,
        "ours": Replay().take,
    }
    took: dict[str, list[float]] = {name: [] for name in takers}
    for messages in stream.blocks(filtered=True, events=amount, block=BLOCK):
        chunks = stream.chunked(messages, CHUNK)
        for name, take in takers.items():
            begun = time.process_time()
            take(chunks)
            took[name].append(time.process_time() - begun)
    ours, floor = sum(took["ours"]), sum(took["splitting only"])
    return [
        Figure(
            name=f"a day: {amount:,} events -> facts and records",
            unit="s",
            ours=ours,
            beside="splitting only",
            theirs=floor,
            ratio=ours / floor,
        )
    ]

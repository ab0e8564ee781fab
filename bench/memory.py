"""Whether memory grows with what was understood: it must not, whatever the number of calls that are over.

In: a million events, in a process of its own. Out: its resident memory after a part of them and after all.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench import stream
from bench.ami import CHUNK
from bench.day import Replay
from bench.figures import Figure, Goal, Scale

EVENTS = 1_000_000
SETTLED = 0.2  # after this part of them everything has the size that it keeps
BLOCK = 2_000


def resident() -> int:
    """This process's resident memory in bytes."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def understand(events: int) -> list[tuple[int, int]]:
    """Replay so many events as the node does; (events so far, resident bytes), after each block."""
    replay, seen = Replay(), []
    for number, messages in enumerate(stream.blocks(filtered=True, events=events, block=BLOCK), 1):
        replay.take(stream.chunked(messages, CHUNK))
        seen.append((number * BLOCK, resident()))
    return seen


def measure(scale: Scale) -> list[Figure]:
    """Resident memory at the end against that after a fifth of the events."""
    amount = scale.of(EVENTS)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        seen = process.submit(understand, amount).result()
    settled = next(size for events, size in seen if events >= amount * SETTLED)
    end = seen[-1][1]
    return [
        Figure(
            name=f"memory after {amount:,} events",
            unit="MB",
            ours=end / 1e6,
            beside=f"after {round(amount * SETTLED):,}",
            theirs=settled / 1e6,
            ratio=end / settled,
            goal=Goal(ratio=1.05, at_most=True),
        )
    ]

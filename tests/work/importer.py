"""A file imported by a process that is killed again and again.

`python -m tests.work.importer URL FILE REJECTS KILLS SEED`: each life goes on where the last one was killed; it is
killed with SIGKILL after one or two batches, at a random moment. The last one is left alone. Prints how many rows were
done each time that somebody heard of it, and in the end "resumed" and how many the last life found done.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path

from callserver.facts import Actor
from callserver.numbers import Plan
from callserver.store import engine
from callserver.work.importing import Progress, bring_in
from callserver.work.reader import Asked, Opened
from tests.work.forked import ended, life, say

LONGEST_S = 0.03  # after a batch: into the middle of a transaction, or of writing rejects


async def live(url: str, file: Path, rejects: Path, told: int) -> None:
    """Imports, and writes a line for how much is done: first what it found done, then after each batch."""
    store = await engine.open(url, synchronous="NORMAL")

    def tell(rows: int) -> None:
        os.write(told, f"{rows}\n".encode())

    def shown(_opened: Opened, done: int) -> Progress:
        tell(done)
        return tell

    actor, plan = Actor(name="importer", through="import"), Plan(area_code="0532")
    asked = Asked(path=file)
    await bring_in(store, asked, plan, "all", actor, rejects, clock=lambda: 1_000, shown=shown)
    await store.close()


def main(url: str, file: Path, rejects: Path, kills: int, seed: int) -> int:
    chance = random.Random(seed)
    once = partial(live, url, file, rejects)
    for _ in range(kills):
        with life(once) as (child, heard), os.fdopen(heard, "rb", closefd=False) as lines:
            for _line in range(chance.randrange(1, 3)):
                say(int(lines.readline() or -1))
            time.sleep(chance.random() * LONGEST_S)
            os.kill(child, signal.SIGKILL)
            ended(child)
    with life(once) as (child, heard), os.fdopen(heard, "rb", closefd=False) as lines:
        say("resumed", int(lines.readline() or -1))
        while lines.readline():
            pass
        return ended(child)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])))

"""A process that imports a file until it is killed. Prints how many rows are done after each batch.

`importer.py URL FILE REJECTS`
"""

import asyncio
import sys
from pathlib import Path

from callserver.facts import Actor
from callserver.numbers import Plan
from callserver.store import engine
from callserver.work.importing import Progress, bring_in
from callserver.work.reader import Asked, Opened


def shown(_opened: Opened, done: int) -> Progress:
    _tell(done)
    return _tell


def _tell(rows: int) -> None:
    sys.stdout.write(f"{rows}\n")
    sys.stdout.flush()


async def main(url: str, file: Path, rejects: Path) -> None:
    store = await engine.open(url, synchronous="NORMAL")
    actor = Actor(name="importer", through="import")
    asked = Asked(path=file)
    await bring_in(
        store, asked, Plan(area_code="0532"), "all", actor, rejects, clock=lambda: 1_000, shown=shown
    )
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))

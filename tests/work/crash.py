"""Promises dialled by a process that is killed again and again, while its database, its line and its switch die too.

`python -m tests.work.crash --rounds 100 --mode agent_first --database postgresql`: each round is a life of `promiser`,
which goes on where the last one was killed: it follows the switch of `dialled_switch`, dials what is due, and dies by
SIGKILL at some moment. In half of the rounds something else breaks under it first:

- cut: every connection to the switch
- switch: the switch dies and comes back without its calls
- database: PostgreSQL ends all connections, or is killed and comes back; the SQLite file is locked by somebody else, or
  no file can grow any more, for a while

The last life is left alone until nothing is under way any more. Then what the customers' phones saw is compared with
what is on record (`promiser.judged`), and a table of it is printed; the exit code is 1 where there is a fault, and what
the switch wrote is kept. "in mid-attempt": kills that left one open.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select as select_ready
from typing import Final, Literal, get_args

import asyncpg
import structlog

from callserver.store import engine, migrations
from callserver.tickets.promise import Mode
from tests.rig import postgres
from tests.rig.asterisk import die_with_parent
from tests.work import dialled_switch
from tests.work.forked import ended, say
from tests.work.promiser import Judgement, Stage, hurry, judged, live, prepare

Fault = Literal["none", "cut", "switch", "database"]
Database = Literal["sqlite", "postgresql"]

FAULTS: Final[tuple[Fault, ...]] = ("none", "none", "cut", "switch", "database", "database")
MOST_STEPS = 8  # of a life: attempts begun, requests over; so that each gets on, on a busy machine too
LONGEST_S = 0.3  # after its last step: into the middle of the next
NOTHING_S = 5.0
AWAY_S = 1.0  # how long a database is away at most
BEGUN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run came to. `left_open`: how many attempts each life found that the one before had left open."""

    judgement: Judgement
    faults: Counter[str]
    left_open: tuple[int, ...]
    code: int


@dataclass(slots=True, kw_only=True)
class Run:
    """Some promises, and everything that happens to whoever dials them."""

    stage: Stage
    chance: random.Random
    server: postgres.Server | None = None
    faults: Counter[str] = field(default_factory=Counter)
    switch: int = 0
    port: int = 0

    def begin(self, promises: int) -> None:
        """A database full of promises, and a switch."""
        asyncio.run(prepare(self.stage, promises))
        self.switch = dialled_switch.spawn(self.stage.home, 0)
        self.port = int((self.stage.home / "port").read_text())

    def round(self) -> None:
        """One life, and its end."""
        child, heard = self._life()
        os.read(heard, 1)
        fault = self.chance.choice(FAULTS)
        self._steps(heard)
        self._while()
        self._breaks(fault, child)
        if fault != "none" and self.chance.random() < 0.5:
            self._steps(heard)  # it gets over it, and is killed later
        self._while()
        os.kill(child, signal.SIGKILL)
        ended(child)
        os.close(heard)

    def end(self) -> int:
        """The last life, to its end; its exit code."""
        child, heard = self._life(last=True)
        code = ended(child)
        os.close(heard)
        os.kill(self.switch, signal.SIGKILL)
        ended(self.switch)
        return code

    def _life(self, *, last: bool = False) -> tuple[int, int]:
        """A life: its process id, and where a byte comes from when it sees the switch, and for each of its steps."""
        heard, told = os.pipe()
        child = os.fork()
        if not child:
            os._exit(_lived(self.stage, told, last=last))
        os.close(told)
        return child, heard

    def _steps(self, heard: int) -> None:
        """Until so much was done in a life; one that has nothing to do is not waited for."""
        for _ in range(self.chance.randint(1, MOST_STEPS)):
            if select_ready([heard], [], [], NOTHING_S)[0]:
                os.read(heard, 1)

    def _while(self, most_s: float = LONGEST_S) -> None:
        time.sleep(self.chance.random() * most_s)

    # --- what breaks -------------------------------------------------------------------------------------------------

    def _breaks(self, fault: Fault, child: int) -> None:
        name: str = fault
        if fault == "cut":
            os.kill(self.switch, signal.SIGUSR1)
        elif fault == "switch":
            os.kill(self.switch, signal.SIGKILL)
            ended(self.switch)
            self._while()
            self.switch = dialled_switch.spawn(self.stage.home, self.port)
        elif fault == "database":
            name = self._database(child)
        self.faults[name] += 1

    def _database(self, child: int) -> str:
        """What happened to it."""
        first = self.chance.random() < 0.5
        if self.server is None:
            (self._locked if first else self._full)(child)
            return "locked" if first else "full"
        if first:
            asyncio.run(_cut_off(self.stage.url))
            return "terminated"
        self.server.kill()
        self._while(AWAY_S)
        self.server.start_again()
        return "server killed"

    def _locked(self, child: int) -> None:
        file = sqlite3.connect(self.stage.url.removeprefix("sqlite:///"), timeout=60, isolation_level=None)
        with contextlib.closing(file):
            file.execute("BEGIN IMMEDIATE")
            self._while(AWAY_S)
            file.execute("ROLLBACK")

    def _full(self, child: int) -> None:
        """The kernel refuses to let any file of that process grow."""
        nothing = resource.RLIM_INFINITY
        resource.prlimit(child, resource.RLIMIT_FSIZE, (1, nothing))
        self._while(AWAY_S)
        resource.prlimit(child, resource.RLIMIT_FSIZE, (nothing, nothing))


async def _cut_off(url: str) -> None:
    """Every connection but our own is ended by the server."""
    mine = await asyncpg.connect(url.replace("+asyncpg", ""))
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = $1"
    await mine.execute(others, url.rpartition("/")[2])
    await mine.close()


def _lived(stage: Stage, told: int, *, last: bool) -> int:
    """What a child does; its exit code."""
    die_with_parent()
    hurry()
    try:
        asyncio.run(live(stage, told, last=last))
    except BaseException as error:
        say("failed", repr(error))
        return 1
    return 0


# --- a run -----------------------------------------------------------------------------------------------------------


@contextmanager
def database(kind: Database, home: Path) -> Iterator[tuple[str, postgres.Server | None]]:
    """An empty one of ours: its URL, and the server that may be killed."""
    if kind == "sqlite":
        url = f"sqlite:///{home}/calls.db"
        asyncio.run(migrations.upgrade(url))
        yield url, None
        return
    with postgres.running(synchronous_commit="on") as server:  # what was committed is there after a crash
        asyncio.run(migrations.upgrade(server.url))
        yield server.url, server


def run(mode: Mode, kind: Database, home: Path, *, promises: int, rounds: int, seed: int) -> Result:
    """All of it, in a fresh database; raises what goes wrong in this process."""
    with database(kind, home) as (url, server), _lives_heard(home) as heard:
        whole = Run(stage=Stage(url=url, home=home, mode=mode), chance=random.Random(seed), server=server)
        whole.begin(promises)
        for _ in range(rounds):
            whole.round()
        code = whole.end()
        judgement = asyncio.run(_judged(url, home))
        lines = heard.read_text().splitlines()
    numbers = tuple(int(line) for line in lines if line.isdigit())
    judgement.forgotten += [line for line in lines if not line.isdigit()]
    return Result(judgement=judgement, faults=whole.faults, left_open=numbers, code=code)


async def _judged(url: str, home: Path) -> Judgement:
    store = await engine.open(url)
    try:
        return await judged(store, home)
    finally:
        await store.close()


@contextmanager
def _lives_heard(home: Path) -> Iterator[Path]:
    """What lives say goes into a file meanwhile."""
    file = home / "said"
    kept = os.dup(1)
    sys.stdout.flush()
    with file.open("wb") as said:
        os.dup2(said.fileno(), 1)
    try:
        yield file
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def table(results: Sequence[tuple[str, str, Result]]) -> str:
    """For people, in Markdown."""
    rows = [
        "| mode | database | lives | in mid-attempt | what broke besides | promises | kept | customers rung | attempts "
        "| twice | forgotten | untrue | unknown |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for mode, kind, result in results:
        one = result.judgement
        broke = ", ".join(
            f"{name} {count}" for name, count in sorted(result.faults.items()) if name != "none"
        )
        numbers = (one.promises, one.kept, one.rung, one.attempts)
        faults = (len(one.twice), len(one.forgotten), len(one.untrue), one.unknown)
        killed = sum(1 for count in result.left_open if count)
        cells = (mode, kind, len(result.left_open), killed, broke, *numbers, *faults)
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(rows)


def main(arguments: Sequence[str]) -> int:
    """See the module."""
    modes, kinds = get_args(Mode), get_args(Database)
    parser = argparse.ArgumentParser(
        prog="python -m tests.work.crash", description="Dial while everything dies."
    )
    parser.add_argument("--rounds", type=int, default=50, help="lives of each mode and database")
    parser.add_argument("--mode", choices=(*modes, "all"), default="all")
    parser.add_argument("--database", choices=(*kinds, "both"), default="both")
    parser.add_argument("--promises", type=int, help="owed in each; two a life where not said")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("callserver").setLevel(logging.CRITICAL)
    results = []
    for mode in modes if asked.mode == "all" else (asked.mode,):
        for kind in kinds if asked.database == "both" else (asked.database,):
            home = Path(tempfile.mkdtemp(prefix="callserver-crash-"))
            owed = asked.promises or 2 * asked.rounds
            result = run(mode, kind, home, promises=owed, rounds=asked.rounds, seed=asked.seed)
            results.append((mode, kind, result))
            sys.stderr.writelines(f"{fault} ({home})\n" for fault in result.judgement.faults)
            if not result.judgement.faults:
                shutil.rmtree(home)
    sys.stdout.write(f"seed {asked.seed}\n\n{table(results)}\n")
    return int(any(result.judgement.faults or result.code for _, _, result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`make demo` as a process whose words are read; for the tests of it.

Flows in: its arguments. Flows out: its lines, its table, what it left behind. Must not know: what a test waits for.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from tests.conftest import MARK, ROOT, still_running
from tests.rig.asterisk import until

WITHIN_S = 300


class Demo:
    """One run of it, as a process whose output is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process, mark: str) -> None:
        self._process, self._mark = process, mark
        self.lines: list[str] = []

    async def says(self, wanted: Callable[[str], object]) -> str:
        """Read until a line that is wanted."""
        async with asyncio.timeout(WITHIN_S):
            while line := await self._line():
                if wanted(line):
                    return line
        raise AssertionError("it ended before that:\n" + "".join(self.lines))

    async def starts(self) -> None:
        """Wait until it has started another program."""
        await until(
            lambda: len(still_running(self._mark, grace_s=0)) > 1, WITHIN_S, "a program to be started"
        )

    def ctrl_c(self) -> None:
        self._process.send_signal(signal.SIGINT)

    async def ends(self, within_s: float = WITHIN_S) -> int:
        """Its exit code, once it has said everything."""
        async with asyncio.timeout(within_s):
            while await self._line():
                pass
            return await self._process.wait()

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        self.lines += [line] if line else []
        return line

    @property
    def left_behind(self) -> list[str]:
        """Processes that it started and that run still, folders of its own."""
        return still_running(self._mark, grace_s=30) + list(map(str, self._folders()))

    @property
    def table(self) -> dict[str, int]:
        """The numbers at the end, by what they count."""
        rows = (re.fullmatch(r"  (\S.*?) {2,}(\d+)\n", line) for line in self.lines)
        return {row[1]: int(row[2]) for row in rows if row}

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        for folder in self._folders():
            shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        return list((ROOT / ".local").glob(f"demo-{self._process.pid}-*"))


@contextlib.asynccontextmanager
async def demo(*arguments: str) -> AsyncIterator[Demo]:
    mark = uuid.uuid4().hex
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.rig.demo",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
        env={**os.environ, MARK: mark},
    )
    running = Demo(process, mark)
    try:
        yield running
    finally:
        await running.kill()

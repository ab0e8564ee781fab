"""`make demo` as its user sees it: it ends by itself or by Ctrl-C, counts its calls, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Callable

import pytest

from tests.conftest import MARK, ROOT, still_running
from tests.rig import provision
from tests.rig.asterisk import until

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]
WITHIN_S = 120
AT_ONCE_S = 10
INTERRUPTED = 130


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
        folders = (ROOT / ".local").glob(f"demo-{self._process.pid}-*")
        return still_running(self._mark) + list(map(str, folders))

    @property
    def table(self) -> dict[str, int]:
        """The numbers at the end, by what they count."""
        rows = (re.fullmatch(r"  (\S.*?) {2,}(\d+)\n", line) for line in self.lines)
        return {row[1]: int(row[2]) for row in rows if row}

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


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


def finished_call(line: str) -> object:
    return re.match(r"  \d\d:\d\d:\d\d  .* -> ", line)


async def test_it_ends_by_itself_or_by_ctrl_c_with_nothing_omitted_and_nothing_left(
    asterisk_22: provision.Switch, sipp: list[str]
) -> None:
    async with demo("--seconds", "25") as timed, demo() as endless:
        await endless.says(finished_call)
        endless.ctrl_c()
        codes = await asyncio.gather(timed.ends(), endless.ends())
        assert set(codes) == {0}, "".join(timed.lines + endless.lines)
        for one in (timed, endless):
            placed = one.table["calls placed by SIPp"]
            assert placed > 0
            assert one.table == {
                "calls placed by SIPp": placed,
                "calls in Asterisk's queue_log": placed,
                "calls in Asterisk's CEL": placed,
                "calls logged by callserver": placed,
                "of these on no ticket": 0,
                "tickets": one.table["tickets"],
                "callbacks owed": one.table["callbacks owed"],
                "omitted": 0,
                "omitted, parts per million": 0,
            }
            assert 0 < one.table["tickets"] <= placed
            told = [line for line in one.lines if finished_call(line)]
            assert len(told) == placed
            assert all(re.search(r"\[ticket [\d ]+, .+, open\]$", line.rstrip()) for line in told), told
            assert not any("nobody known" in line for line in told)
            assert one.left_behind == []


@pytest.mark.parametrize("moment", ["while it starts", "while it winds down"])
async def test_ctrl_c_at_once_leaves_nothing_behind(
    asterisk_22: provision.Switch, sipp: list[str], moment: str
) -> None:
    async with demo() as running:
        if moment == "while it starts":
            await running.starts()
        else:
            await running.says(finished_call)
            running.ctrl_c()
            await running.says(lambda line: "no new calls" in line)
        running.ctrl_c()
        assert await running.ends(AT_ONCE_S) == INTERRUPTED
        assert running.left_behind == []

"""`make demo` as its user sees it: it ends by itself or by Ctrl-C, counts its calls, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.real.running_demo import demo
from tests.rig import provision

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]
AT_ONCE_S = 30
INTERRUPTED = 130


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

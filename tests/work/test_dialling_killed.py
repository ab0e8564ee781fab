"""Promises dialled while everything dies: what the customers' phones saw against what is on record.

The switch tells recorded calls again; the line, callserver and the switch itself are killed at random moments (see
`promiser`, which does hundreds of rounds where it is asked to).
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from callserver.store import attempts, engine
from tests.rig.asterisk import die_with_parent
from tests.store.conftest import prepared_file
from tests.work.promiser import judged

__all__ = ["prepared_file"]
ROOT = Path(__file__).parents[2]
PROMISES, ROUNDS = "40", "12"


@pytest.mark.timeout(900)  # a minute and a half; five on a machine as busy as can be
async def test_no_customer_is_called_twice_without_evidence_and_nobody_is_forgotten(
    prepared_file: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{shutil.copy(prepared_file, tmp_path / 'calls.db')}"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.work.promiser", url, str(tmp_path), PROMISES, ROUNDS, "17"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        preexec_fn=die_with_parent,
    )
    try:
        said, _ = await process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    lines = said.decode().splitlines()
    assert process.returncode == 0, lines[-3:]
    left_open = [int(line) for line in lines]
    assert sum(1 for count in left_open if count) > 2, "most kills missed: nothing was shown"
    store = await engine.open(url)
    assert await judged(store, tmp_path) == []
    assert await store.read(attempts.open_attempts) == ()
    await store.close()

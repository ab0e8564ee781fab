"""Promises dialled while everything dies: what the customers' phones saw against what is on record.

The switch tells recorded calls again; callserver, its database, its line and the switch itself are killed at random
moments (see `crash`, which does hundreds of rounds where it is asked to).
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import needed
from tests.rig import provision
from tests.rig.asterisk import die_with_parent

ROOT = Path(__file__).parents[2]
ROUNDS, PROMISES = "3", "8"


@pytest.mark.timeout(400)  # half a minute each; several on a machine as busy as can be
@pytest.mark.parametrize(
    ("mode", "database", "seed"),
    [("customer_first", "sqlite", "17"), ("agent_first", "postgresql", "23"), ("automatic", "sqlite", "31")],
)
async def test_no_customer_is_called_twice_without_evidence_and_nobody_is_forgotten(
    mode: str, database: str, seed: str
) -> None:
    if database == "postgresql":
        needed(provision.postgres)
    asked = ("--mode", mode, "--database", database, "--seed", seed)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.work.crash", "--rounds", ROUNDS, "--promises", PROMISES, *asked),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=die_with_parent,
    )
    try:
        said, wrong = await process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    assert process.returncode == 0, wrong.decode()
    row = [cell.strip() for cell in said.decode().splitlines()[-1].split("|")]
    assert row[1:3] == [mode, database]
    assert (row[6], row[8] != "0") == (
        PROMISES,
        True,
    )  # how often a kill hit an attempt differs with the load

"""The rig itself: a scenario leaves its five files, a crowd is served and counted, nothing is left running."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from asterisk_conf.plan import Member, Phone, Plan
from tests.rig import provision
from tests.rig.asterisk import SECRET, Asterisk
from tests.rig.phones import Counts, Phones
from tests.rig.record import perform
from tests.rig.recorder import Snapshot, read_snapshots
from tests.rig.scenarios import SCENARIOS, hotline, stage_plan

PEOPLE = (("13800138000", "王小明"), ("02188886666", "John Smith"), ("13900139000", "O'Brien"))
AGENTS = tuple(str(1001 + number) for number in range(6))


def test_a_snapshot_survives_being_written_whatever_bytes_came() -> None:
    taken = Snapshot(offset_begin=7, offset=9, at=1_795_296_511_720, raw=b"\xe5\xbc\xa0\xff\xfe\r\n\x00")
    assert Snapshot.of_line(taken.line()) == taken


@pytest.mark.real
@pytest.mark.parametrize("name", ["abandoned-ringing", "asterisk-restarted-killed"])
async def test_a_scenario_leaves_its_files(
    name: str, asterisk_22: provision.Switch, sipp: list[str], tmp_path: Path
) -> None:
    await perform(SCENARIOS[name], asterisk_22, tmp_path)
    for suffix in ("ami", "snapshots", "queue_log", "cel.csv", "json"):
        assert (tmp_path / f"{name}.{suffix}").stat().st_size > 0, suffix
    said = (tmp_path / f"{name}.ami").read_bytes()
    assert all(taken.offset <= len(said) for taken in read_snapshots(tmp_path / f"{name}.snapshots"))


@pytest.mark.real
async def test_a_crowd_is_served_and_counted_and_leaves_nobody_behind(
    asterisk_22: provision.Switch, sipp: list[str]
) -> None:
    async with Asterisk(crowded(), software=asterisk_22) as switch:
        async with Phones(switch, sound=False) as phones:
            await phones.answer_together(*AGENTS, ring_ms=200, stay_ms=500)
            crowd = await phones.crowd(PEOPLE, dialed="4008", calls=20, rate_per_s=20)
            assert await crowd.finished(40) == 0, phones.complaints
            assert crowd.counts == Counts(placed=20, succeeded=20, failed=0, running=0)
            process = switch.pid
        log = switch.queue_log.read_text("utf-8")
        assert log.count("|ENTERQUEUE|") == log.count("|COMPLETEAGENT|") == 20
    assert process is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert not switch.home.exists()


def crowded() -> Plan:
    phones = tuple(Phone(endpoint=agent, secret=SECRET, name=f"Agent {agent}") for agent in AGENTS)
    queue = hotline(strategy="rrmemory", members=tuple(Member(phone=agent) for agent in AGENTS))
    return replace(stage_plan(), phones=phones, queues=(queue,))

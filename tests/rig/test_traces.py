"""The traces that were recorded are whole, and say what they claim to say."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from asterisk_conf import contract
from tests.rig.record import TRACES
from tests.rig.recorder import Snapshot, read_snapshots
from tests.rig.scenarios import SCENARIOS

RECORDED = sorted(TRACES.glob("*/*.ami"))
STORIES = sorted(TRACES.glob("*/*.json"))
END_OF_MESSAGE = b"\r\n\r\n"

each_trace = pytest.mark.parametrize("trace", RECORDED, ids=lambda p: f"{p.parent.name}/{p.stem}")
each_filtered_trace = pytest.mark.parametrize(
    "trace",
    [
        trace
        for trace in RECORDED
        if not trace.stem.endswith("-unfiltered") and trace.stem != "hostile-numbers"
    ],
    ids=lambda p: f"{p.parent.name}/{p.stem}",
)
each_story = pytest.mark.parametrize("story", STORIES, ids=lambda p: f"{p.parent.name}/{p.stem}")


def snapshots(trace: Path) -> list[Snapshot]:
    return read_snapshots(trace.with_suffix(".snapshots"))


@pytest.mark.parametrize("major", [16, 22])
def test_every_scenario_that_a_version_can_play_was_recorded_on_it(major: int) -> None:
    possible = {name for name, scenario in SCENARIOS.items() if scenario.oldest <= major}
    assert {story.stem for story in STORIES if story.parent.name == str(major)} == possible


@each_trace
def test_snapshots_stand_at_the_ends_of_messages(trace: Path) -> None:
    said = trace.read_bytes()
    for snapshot in snapshots(trace):
        for offset in (snapshot.offset_begin, snapshot.offset):
            assert said[:offset].endswith(END_OF_MESSAGE)


@each_trace
def test_every_question_of_a_snapshot_was_answered(trace: Path) -> None:
    for snapshot in snapshots(trace):
        assert snapshot.raw.count(b"\r\nEventList: Complete\r\n") == 3
        assert b"\r\nCoreStartupTime: " in snapshot.raw


@each_trace
def test_most_snapshots_were_taken_in_silence(trace: Path) -> None:
    taken = snapshots(trace)
    assert len(taken) >= 2
    assert sum(snapshot.clean for snapshot in taken) > len(taken) / 2


@each_story
def test_a_story_has_both_journals_of_the_switch(story: Path) -> None:
    log = story.with_suffix(".queue_log").read_text("utf-8").splitlines()
    assert log[0].endswith("|QUEUESTART|")
    assert all(re.match(r"\d{10}\|[^|]+\|[^|]+\|[^|]+\|[A-Z]+\|", line) for line in log)
    with story.with_suffix(".cel.csv").open(newline="", encoding="utf-8") as records:
        rows = list(csv.reader(records))
    assert {len(row) for row in rows} == {len(contract.CEL_FIELDS)}


@each_story
def test_as_many_customers_came_in_as_were_placed(story: Path) -> None:
    told = json.loads(story.read_text("utf-8"))
    with story.with_suffix(".cel.csv").open(newline="", encoding="utf-8") as records:
        rows = [dict(zip(contract.CEL_FIELDS, row, strict=True)) for row in csv.reader(records)]
    arrived = [row for row in rows if row["eventtype"] == "CHAN_START" and row["context"] == contract.INBOUND]
    # A leg to the trunk begins in the same context, but nobody dialled its extension "s".
    assert len([row for row in arrived if row["exten"] != "s"]) == told["callers_placed"]


@each_trace
def test_events_tell_their_time_unless_the_name_says_otherwise(trace: Path) -> None:
    events = [m for m in trace.read_bytes().split(END_OF_MESSAGE) if m.startswith(b"Event: ")]
    untimed = [m for m in events if b"\r\nTimestamp: " not in m and b"Event: FullyBooted" not in m]
    if trace.stem.endswith("-no-timestamps"):
        assert len(untimed) == len(events) - 1
    else:
        assert len(untimed) == (1 if trace.stem == "hostile-numbers" else 0), "the forged one, if any"


@each_filtered_trace
def test_the_usual_account_hears_only_what_the_contract_names(trace: Path) -> None:
    said = trace.read_text("utf-8")
    assert set(re.findall(r"^Event: (.*)$", said.replace("\r", ""), re.MULTILINE)) <= {
        *contract.EVENTS,
        "VarSet",
        "UserEvent",
    }
    assert set(re.findall(r"^Variable: (\w+)", said, re.MULTILINE)) <= {contract.QUEUE_STATUS_VARIABLE}

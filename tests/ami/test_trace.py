"""A recording is exactly what was read, and never in the way."""

from __future__ import annotations

import asyncio
import json
from io import FileIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from callserver.ami import wire
from callserver.ami.link import Connected, Heard, Link, Lost, Restored
from callserver.ami.trace import TraceRecorder, playback
from callserver.facts import PbxId
from tests.ami.fake_switch import FakeSwitch, newchannel
from tests.ami.test_link import running, settings, until

MESSAGE = b"Event: Hangup\r\nUniqueid: 1.1\r\n\r\n"


def recorder(folder: Path, *, max_bytes: int = 1_000_000, keep: int = 8) -> TraceRecorder:
    moments = count(1_795_296_506_000)
    return TraceRecorder(folder, PbxId("main"), max_bytes=max_bytes, keep=keep, clock=lambda: next(moments))


def recordings(folder: Path) -> list[Path]:
    return sorted((folder / "main").glob("*.ami"))


def reads(recording: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in recording.with_suffix(".reads").read_text().splitlines()]


def test_bytes_boundaries_and_times_are_kept(tmp_path: Path) -> None:
    tape = recorder(tmp_path)
    chunks = [MESSAGE[:7], MESSAGE[7:] + MESSAGE, b"\xff\x00"]
    for chunk in chunks:
        tape.received(chunk)
    tape.close()
    (file,) = recordings(tmp_path)
    assert file.read_bytes() == b"".join(chunks)
    rows = reads(file)
    assert [file.read_bytes()[row["offset"] :][: row["len"]] for row in rows] == chunks
    assert [row["at"] for row in rows] == [f"2026-11-21T21:28:26.00{number}Z" for number in (1, 2, 3)]


def test_a_recording_plays_back_read_by_read_with_its_times(tmp_path: Path) -> None:
    tape = recorder(tmp_path)
    chunks = [MESSAGE[:7], MESSAGE[7:], b"\xff"]
    for chunk in chunks:
        tape.received(chunk)
    tape.close()
    (file,) = recordings(tmp_path)
    assert list(playback(file)) == list(
        zip((1_795_296_506_001, 1_795_296_506_002, 1_795_296_506_003), chunks, strict=True)
    )
    sidecar = file.with_suffix(".reads")
    sidecar.write_text(sidecar.read_text().splitlines()[0] + "\nrubbish\n")
    assert list(playback(file)) == [(1_795_296_506_001, MESSAGE[:7]), (None, MESSAGE[7:] + b"\xff")]
    sidecar.unlink()
    assert list(playback(file)) == [(None, b"".join(chunks))]


def test_what_was_read_is_in_the_file_at_once(tmp_path: Path) -> None:
    tape = recorder(tmp_path)
    tape.received(MESSAGE)
    assert recordings(tmp_path)[0].read_bytes() == MESSAGE
    tape.close()


def test_only_its_owner_may_read_a_recording(tmp_path: Path) -> None:
    tape = recorder(tmp_path)
    tape.received(MESSAGE)
    tape.close()
    assert {file.stat().st_mode & 0o077 for file in (tmp_path / "main").iterdir()} == {0}
    assert (tmp_path / "main").stat().st_mode & 0o077 == 0


def test_a_new_connection_begins_a_new_file(tmp_path: Path) -> None:
    tape = recorder(tmp_path)
    for data in (MESSAGE[:10], MESSAGE):
        tape.begin()
        tape.received(data)
    tape.close()
    assert [file.read_bytes() for file in recordings(tmp_path)] == [MESSAGE[:10], MESSAGE]


def test_a_connection_that_says_nothing_leaves_no_file(tmp_path: Path) -> None:
    tape = recorder(tmp_path)
    tape.begin()
    tape.begin()
    tape.close()
    assert recordings(tmp_path) == []


def test_a_full_file_ends_at_a_blank_line_so_that_each_reads_by_itself(tmp_path: Path) -> None:
    tape = recorder(tmp_path, max_bytes=len(MESSAGE), keep=100)
    for chunk in (MESSAGE[:20], MESSAGE[20:] + MESSAGE[:5], MESSAGE[5:], MESSAGE):
        tape.received(chunk)
    tape.close()
    assert [len(list(wire.read([file.read_bytes()]))) for file in recordings(tmp_path)] == [2, 1]


@given(data=st.lists(st.binary(max_size=40)), max_bytes=st.integers(1, 60))
def test_all_files_together_are_the_stream(
    tmp_path_factory: pytest.TempPathFactory, data: list[bytes], max_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("trace")
    tape = recorder(folder, max_bytes=max_bytes, keep=10_000)
    for chunk in data:
        tape.received(chunk)
    tape.close()
    assert b"".join(file.read_bytes() for file in recordings(folder)) == b"".join(data)
    assert tape.octets == len(b"".join(data))


def test_the_newest_recordings_stay_and_another_switchs_are_left_alone(tmp_path: Path) -> None:
    other = TraceRecorder(tmp_path, PbxId("main-2"), max_bytes=1, keep=1, clock=lambda: 0)
    other.received(MESSAGE)
    other.close()
    tape = recorder(tmp_path, max_bytes=1, keep=3)
    for number in range(10):
        tape.received(b"%d\r\n\r\n" % number)
    tape.close()
    assert [file.read_bytes() for file in recordings(tmp_path)] == [b"7\r\n\r\n", b"8\r\n\r\n", b"9\r\n\r\n"]
    assert len(list((tmp_path / "main").iterdir())) == 6
    assert len(list((tmp_path / "main-2").iterdir())) == 2


def test_a_full_disk_ends_the_recording_with_one_loud_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callserver.ami.trace._create", lambda path: FileIO("/dev/full", "wb"))
    tape = recorder(tmp_path)
    with structlog.testing.capture_logs() as said:
        for _ in range(3):
            tape.received(MESSAGE)
        tape.begin()
        tape.close()
    assert [line["log_level"] for line in said] == ["error"]
    assert "No space left" in tape.off


def test_a_folder_that_cannot_be_made_ends_the_recording(tmp_path: Path) -> None:
    (tmp_path / "main").write_text("in the way")
    tape = recorder(tmp_path)
    tape.received(MESSAGE)
    assert tape.off


@pytest.mark.parametrize(("max_bytes", "keep"), [(0, 1), (1, 0)])
def test_a_recorder_that_could_keep_nothing_is_refused(tmp_path: Path, max_bytes: int, keep: int) -> None:
    with pytest.raises(ValueError):
        recorder(tmp_path, max_bytes=max_bytes, keep=keep)


async def test_what_the_link_heard_is_on_tape_and_replays(switch: FakeSwitch, tmp_path: Path) -> None:
    tape = recorder(tmp_path)
    async with running(Link(settings(switch), recorder=tape)) as link:
        await until(link, Restored)
        switch.say(newchannel("1.1", "王芳"))
        heard = (await until(link, Heard)).event
        switch.cut()
        await until(link, Lost)
        await until(link, Restored)
    first, second = recordings(tmp_path)
    assert [item for item in wire.read([first.read_bytes()]) if item == heard] == [heard]
    assert second.read_bytes().startswith(b"Asterisk Call Manager/")


async def test_a_link_goes_on_without_its_recorder(switch: FakeSwitch, tmp_path: Path) -> None:
    (tmp_path / "main").write_text("in the way")
    async with running(Link(settings(switch), recorder=recorder(tmp_path))) as link:
        await until(link, Connected)
        await until(link, Restored)
        await asyncio.wait_for(until_heard(link, switch), 60)


async def until_heard(link: Link, switch: FakeSwitch) -> None:
    switch.say(newchannel("1.1"))
    await until(link, Heard)

"""`callserver trace`: what is in a recording, and the same one about other people."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import TRACES, Command

TRACE = TRACES / "answered-caller-ends.ami"


def test_a_trace_is_summed_up(callserver: Command) -> None:
    (found,) = callserver("trace", "info", "--json", TRACE).json
    assert found["events"]["QueueCallerJoin"] == 1
    assert found["octets"] == TRACE.stat().st_size
    assert found["first_at"] < found["last_at"]
    assert "QueueCallerJoin" in callserver("trace", "info", TRACE).out


def test_a_scrubbed_trace_tells_the_same_call_about_somebody_else(
    callserver: Command, tmp_path: Path
) -> None:
    assert callserver("trace", "scrub", TRACE, "out.ami").code == 0
    assert b"13800138000" not in (tmp_path / "out.ami").read_bytes()
    assert (tmp_path / "out.ami").stat().st_mode & 0o777 == 0o600
    (before,) = callserver("replay", TRACE).json
    (after,) = callserver("replay", "out.ami").json
    assert after["caller_number"] != before["caller_number"]
    for same in ("id", "outcome", "started_at", "ended_at", "held_s"):
        assert after[same] == before[same]


def test_a_recording_is_never_written_over(callserver: Command, tmp_path: Path) -> None:
    (tmp_path / "out.ami").write_text("precious")
    said = callserver("trace", "scrub", TRACE, "out.ami")
    assert (said.code, said.err) == (7, "callserver: out.ami: File exists\n")
    assert (tmp_path / "out.ami").read_text() == "precious"


def test_the_same_seed_gives_the_same_people(callserver: Command, tmp_path: Path) -> None:
    for name in ("a", "b"):
        callserver("trace", "scrub", TRACE, name, "--seed", "s")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

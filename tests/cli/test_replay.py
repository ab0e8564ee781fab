"""`callserver replay`: the calls of a trace, as JSON lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import TRACES, Command

KEYS = {
    "id",
    "pbx",
    "direction",
    "caller_number",
    "caller_name",
    "dialed",
    "started_at",
    "answered_at",
    "ended_at",
    "outcome",
    "queue_visits",
    "talks",
    "transfers",
    "held_s",
    "sources",
    "gap",
}


def test_one_line_a_call_in_the_published_shape(callserver: Command) -> None:
    said = callserver("replay", TRACES / "answered-caller-ends.ami")
    assert (said.code, said.err) == (0, "")
    (call,) = said.json
    assert call.keys() >= KEYS
    assert (call["outcome"], call["caller_number"], call["direction"]) == (
        "answered",
        "13800138000",
        "inbound",
    )
    assert call["started_at"].endswith("Z")
    (visit,) = call["queue_visits"]
    assert visit.keys() >= {"queue", "entered_at", "left_at", "wait_s", "talk_s", "end", "agent", "rings"}


def test_calls_are_sorted_by_their_start(callserver: Command) -> None:
    calls = callserver("replay", TRACES / "same-second-burst.ami").json
    assert len(calls) > 1
    assert [call["started_at"] for call in calls] == sorted(call["started_at"] for call in calls)


def test_a_trace_can_come_through_a_pipe(callserver: Command) -> None:
    path = TRACES / "answered-caller-ends.ami"
    assert callserver("replay", "-", input=path.read_bytes()).out == callserver("replay", path).out


def test_the_switchs_name_is_in_the_ids(callserver: Command) -> None:
    (call,) = callserver("replay", "--pbx", "east", TRACES / "answered-caller-ends.ami").json
    assert call["id"].startswith("east:")
    assert call["pbx"] == "east"


def test_facts_come_in_the_order_in_which_they_happened(callserver: Command) -> None:
    facts = callserver("replay", "--facts", TRACES / "answered-caller-ends.ami").json
    names = [fact["fact"] for fact in facts]
    assert names[0] == "CallStarted"
    assert names.index("CallQueued") < names.index("AgentAnswered") < names.index("CallEnded")
    assert all(fact["at"] is None or fact["at"].endswith("Z") for fact in facts)


def test_a_call_that_is_still_going_on_is_printed_too(callserver: Command) -> None:
    raw = (TRACES / "answered-caller-ends.ami").read_bytes()
    half = raw[: raw.index(b"Event: AgentConnect")]
    (call,) = callserver("replay", "-", input=half).json
    assert (call["open"], call["ended_at"]) == (True, None)


def test_without_timestamps_instants_are_null_and_durations_are_there(callserver: Command) -> None:
    (call,) = callserver("replay", TRACES / "answered-caller-ends-no-timestamps.ami").json
    assert (call["started_at"], call["ended_at"]) == (None, None)
    (visit,) = call["queue_visits"]
    assert visit["wait_s"] >= 1
    assert visit["talk_s"] >= 1


@pytest.mark.parametrize(
    "rubbish", [b"", b"\0\xff" * 1000, b"Event: Newchannel\r\n", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_trace_has_no_calls(callserver: Command, rubbish: bytes) -> None:
    said = callserver("replay", "-", input=rubbish)
    assert (said.code, said.out, said.err) == (0, "", "")


def test_a_file_that_is_not_there_is_said_in_one_line(callserver: Command, tmp_path: Path) -> None:
    said = callserver("replay", "none.ami")
    assert (said.code, said.out) == (7, "")
    assert said.err == "callserver: none.ami: No such file or directory\n"
    assert callserver("replay", tmp_path).code == 7


def test_chinese_names_are_written_as_they_are(callserver: Command) -> None:
    said = callserver("replay", TRACES / "chinese-names.ami")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said.out)


def test_hostile_names_stay_one_line_of_json(callserver: Command) -> None:
    said = callserver("replay", TRACES / "hostile-names.ami")
    assert said.code == 0
    assert said.json

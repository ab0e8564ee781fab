"""The table of outcomes, row by row."""

from __future__ import annotations

import pytest

from callserver.calls.outcome import outcome
from callserver.calls.record import Record, Visit
from callserver.facts import CallId

ROWS = [
    # answered, refused, visits' ends, dial result, direction, caller gone, unseen -> outcome
    (True, None, ["timed_out", "answered"], None, "inbound", True, False, "answered"),
    (True, None, [], "busy", "outbound", False, False, "answered"),
    (False, "queue_full", [], None, "inbound", False, False, "queue_full"),
    (False, "queue_full", ["timed_out"], None, "inbound", False, False, "queue_full"),
    (False, "queue_empty", ["abandoned"], None, "inbound", True, False, "abandoned"),
    (False, None, ["abandoned"], None, "inbound", True, False, "abandoned"),
    (False, None, ["timed_out", "abandoned"], None, "inbound", True, False, "abandoned"),
    (False, None, ["left_by_key"], None, "inbound", False, False, "left_by_key"),
    (False, None, ["unknown"], None, "inbound", False, True, "unknown"),
    (False, None, [], None, "inbound", True, True, "unknown"),
    (False, None, [], "busy", "outbound", False, True, "unknown"),
    (False, None, [], "busy", "outbound", False, False, "busy"),
    (False, None, [], "no_answer", "outbound", True, False, "no_answer"),
    (False, None, [], "no_answer", "inbound", True, False, "abandoned"),
    (False, None, [], "failed", "internal", True, False, "failed"),
    (False, None, [], None, "inbound", True, False, "abandoned"),
    (False, None, [], None, "inbound", False, False, "failed"),
]


@pytest.mark.parametrize(
    ("answered", "refused", "ends", "dial", "direction", "caller_gone", "unseen", "expected"), ROWS
)
def test_the_first_rule_that_fits_decides(
    answered: bool,
    refused: str | None,
    ends: list[str],
    dial: str | None,
    direction: str,
    caller_gone: bool,
    unseen: bool,
    expected: str,
) -> None:
    record = Record(CallId("main:1.0"), "main", direction=direction, answered=answered, refused=refused)
    record.dial_result = dial
    record.visits = [Visit("hotline", None, None, end=end) for end in ends]
    assert outcome(record, caller_gone=caller_gone, unseen=unseen) == expected


def test_whom_we_called_and_who_heard_a_recording_has_answered() -> None:
    record = Record(CallId("main:1.0"), "main", direction="outbound")
    assert outcome(record, caller_gone=True, unseen=False, reached=True) == "answered"
    assert outcome(record, caller_gone=True, unseen=True, reached=True) == "unknown"
    record.dial_result = "no_answer"  # they waited for an agent who did not come
    assert outcome(record, caller_gone=True, unseen=False, reached=True) == "no_answer"
    record.visits = [Visit("hotline", None, None, end="abandoned")]
    assert outcome(record, caller_gone=True, unseen=False, reached=True) == "abandoned"

"""What became of an attempt, by what is on record alone."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.facts import iso
from callserver.promises.judging import outcome
from callserver.seats.asking import CommandId, CommandState, Outcome
from callserver.tickets.promise import Mode
from callserver.work.dialling_verdicts import (
    BELIEVED_MS,
    DOUBT_MS,
    UNSETTLED_MS,
    Going,
    Look,
    Over,
    Seen,
    Trace,
    Verdict,
    verdict,
)

NOW = 1_795_300_000_000
OURS = "callserver-1"


def request(state: CommandState, code: str = "") -> Outcome:
    return Outcome(id=CommandId(1), state=state, code=code)


def call(**values: Any) -> dict[str, Any]:
    """A call of ours that ended a moment ago, unanswered."""
    leg = {"leg": OURS, "answered_at": None, "cause": 17}
    return {
        "id": f"main:{OURS}",
        "open": False,
        "ended_at": iso(NOW),
        "outcome": "busy",
        "legs": [leg],
        **values,
    }


def came(
    state: CommandState | None,
    code: str = "",
    *,
    mode: Mode = "customer_first",
    record: dict[str, Any] | None = None,
    trace: Trace | None = None,
    after: int = 1_000,
) -> Verdict:
    command = None if state is None else request(state, code)
    seen = Seen(mode=mode, channel=OURS, sent_at=NOW, command=command, record=record, trace=trace)
    return verdict(seen, outcome, NOW + after)


@pytest.mark.parametrize("state", ["waiting", "sent"])
def test_what_is_under_way_is_waited_for(state: CommandState) -> None:
    assert came(state, after=UNSETTLED_MS * 10) == Going()


@pytest.mark.parametrize(
    ("state", "code", "mode", "result"),
    [
        ("expired", "expired", "automatic", "not_sent"),
        ("refused", "no_connection", "automatic", "not_sent"),
        ("refused", "not_sent", "automatic", "not_sent"),
        ("refused", "busy", "automatic", "busy"),
        ("refused", "no_answer", "customer_first", "no_answer"),
        ("refused", "rejected", "customer_first", "rejected"),
        ("refused", "failed", "customer_first", "failed"),
        ("refused", "busy", "agent_first", "agent_no_answer"),
        ("refused", "unreachable", "agent_first", "agent_no_answer"),
        ("refused", "in_a_call", "agent_first", "not_sent"),
    ],
)
def test_the_switchs_no_is_an_outcome(state: CommandState, code: str, mode: Mode, result: str) -> None:
    found = came(state, code, mode=mode)
    assert isinstance(found, Over)
    assert found.outcome == result


def test_the_record_of_the_call_goes_before_what_the_request_came_to() -> None:
    found = came("unknown", record=call())
    assert isinstance(found, Over)
    assert (found.outcome, found.evidence["call"]) == ("busy", f"main:{OURS}")


def test_a_call_that_goes_on_is_waited_for_and_says_since_when_the_customer_is_there() -> None:
    leg = {"leg": OURS, "answered_at": iso(NOW + 500)}
    assert came("done", record=call(open=True, legs=[leg])) == Going(NOW + 500)
    assert came("done", record=call(open=True, legs=[leg]), mode="agent_first") == Going(None)


def test_a_record_without_our_channel_is_somebody_elses() -> None:
    assert came("done", record=call(legs=[{"leg": "other"}])) == Going()


def test_an_end_that_nobody_saw_waits_for_the_journals_and_is_then_unknown() -> None:
    unseen = call(outcome="unknown", gap=True)
    assert came("done", record=unseen) == Going()
    found = came("done", record=unseen, after=UNSETTLED_MS)
    assert isinstance(found, Over)
    assert found.outcome == "unknown"


def test_what_the_switch_refused_is_believed_where_its_call_does_not_tell() -> None:
    found = came("refused", "no_answer", record=call(outcome="unknown", gap=True))
    assert found == Over("no_answer", {"request": "no_answer", "said": ""})


@pytest.mark.parametrize("state", ["unknown", None])
def test_what_nobody_saw_is_looked_for_in_the_journals(state: CommandState | None) -> None:
    assert came(state) == Look()
    assert came(state, trace="unknown") == Look()
    assert came(state, trace="rang", after=DOUBT_MS - 1) == Look()
    assert came(state, trace="not_there", after=BELIEVED_MS - 1) == Look()
    assert came(state, trace="not_there", after=BELIEVED_MS) == Over(
        "not_sent", {"journals": "no such channel"}
    )
    assert came(state, trace="rang", after=DOUBT_MS) == Over("unknown", {"journals": "rang"})
    assert came(state, trace="unknown", after=DOUBT_MS) == Over("unknown", {"journals": "unknown"})


def test_an_answer_whose_call_never_came_is_looked_for_too() -> None:
    assert came("done") == Going()
    assert came("done", after=UNSETTLED_MS) == Look()

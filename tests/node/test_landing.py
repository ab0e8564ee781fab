"""Which facts make a call look for its ticket, told by recorded traces of a real switch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callserver.facts import CallCorrected, CallId, CallRecovered, CallsMerged, LinkLost
from callserver.node.landing import landings
from tests.calls.traces import PBX, told, trace

A, B = CallId("main:1.1"), CallId("main:2.2")


def moments(scenario: str) -> list[str]:
    """What the jobs of a recorded scenario are put down for."""
    return [job.body["moment"] for job in landings(told(trace(scenario).events()))]


def recovered(**record: Any) -> CallRecovered:
    return CallRecovered(pbx=PBX, at=1, call=A, record={"id": A, **record})


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("answered-caller-ends", ["answered", "ended"]),
        ("abandoned-waiting", ["ended"]),
        ("queue-full", ["ended"]),
        ("blind-to-queue", ["answered", "ended"]),
        ("outbound-by-agent", ["answered", "ended"]),
        ("outbound-by-agent-busy", ["ended"]),
    ],
)
def test_a_call_looks_for_its_ticket_when_it_is_answered_and_when_it_is_over(
    scenario: str, expected: list[str]
) -> None:
    asked = [moment for moment in moments(scenario) if moment != "merged"]
    assert set(asked) == set(expected)
    assert asked[0] == expected[0]


def test_an_attended_transfer_tells_which_call_became_part_of_which() -> None:
    merged = [
        job for job in landings(told(trace("atxfer-by-phone").events())) if job.body["moment"] == "merged"
    ]
    assert merged
    assert all(job.body["absorbed"] != job.body["call"] for job in merged)


def test_the_same_record_recovered_twice_is_one_job_and_another_record_another() -> None:
    once, again, other = (
        recovered(outcome="abandoned"),
        recovered(outcome="abandoned"),
        recovered(outcome="answered"),
    )
    assert len(landings([once, again])) == 1
    assert len(landings([once, other])) == 2
    assert landings([once])[0].key == landings([replace(again, at=2)])[0].key


def test_a_record_may_hold_anything_that_a_switch_can_send() -> None:
    (job,) = landings([recovered(caller_name="\ud800\x00<script>" + "x" * 10_000)])
    assert len(job.key) < 100


def test_a_correction_says_what_differed() -> None:
    fact = CallCorrected(pbx=PBX, at=1, call=A, record={"id": A}, why=("the end",))
    (job,) = landings([fact])
    assert (job.body["moment"], job.body["why"]) == ("corrected", ["the end"])
    assert job.key.startswith(f"land:{A}:corrected:")


def test_a_merge_names_the_absorbed_call() -> None:
    (job,) = landings([CallsMerged(pbx=PBX, at=1, call=A, absorbed=B)])
    assert job.key == f"land:{A}:merged:{B}"
    assert job.body == {"pbx": PBX, "call": A, "moment": "merged", "absorbed": B}


def test_what_is_no_call_asks_for_nothing() -> None:
    assert landings([LinkLost(pbx=PBX, at=1)]) == []

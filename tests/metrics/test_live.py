"""The numbers of this moment: the same as the records add up to later, whatever happened in between."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import pytest

from callserver import facts
from callserver.calls.floor import Floor
from callserver.facts import CallId, Fact, Instant, LegId, PbxId, iso
from callserver.metrics.live import SITE, Live, Subject
from callserver.metrics.slots import Span
from callserver.metrics.sums import COUNTS, Sums, merge
from callserver.metrics.visits import count, of_record
from tests.calls.queue_log import visits as logged
from tests.calls.traces import PBX, Trace, records, told, traces

TIMELESS = "no-timestamps"
TRACES = [pytest.param(one, id=one.name) for one in traces("22", "20") if TIMELESS not in one.name]
DAY, MINUTE = 86_400_000, 60_000
NOON: Instant = 1_795_305_600_000 // DAY * DAY + DAY // 2
QUEUE: Subject = ("queue", "main", "repair")
OF_VISITS = COUNTS[:11]
ZHANG, LI = 7, 8
PHONE = "main/PJSIP/1001"


def utc_day(at: Instant) -> Span:
    return Span(at // DAY * DAY, at // DAY * DAY + DAY)


def always(_: Instant) -> Span:
    return Span(0, sys.maxsize)


def followed(trace: Trace) -> tuple[Live, list[dict[str, Any]]]:
    """The live numbers after every fact of a trace, and the records that the floor made of it."""
    floor, live = Floor(PBX), Live(always, NOON)
    live.feed(PBX, told(trace.events(), floor))
    return live, records(floor)


@pytest.mark.parametrize("trace", TRACES)
def test_after_every_trace_they_are_what_the_records_add_up_to(trace: Trace):
    live, made = followed(trace)
    visits = [visit for record in made for visit in of_record(record)]
    for queue in {visit.queue for visit in visits}:
        expected = merge(count(visit) for visit in visits if visit.queue == queue)
        found = live.of(("queue", PBX, queue), NOON)
        assert {key: found[key] for key in OF_VISITS} == {key: getattr(expected, key) for key in OF_VISITS}
    assert live.of(SITE, NOON)["offered"] == len(visits)
    assert live.of(SITE, NOON)["waiting"] == sum(visit.end is None for visit in visits)


@pytest.mark.parametrize("trace", TRACES)
def test_a_process_that_begins_late_has_the_same_numbers_from_the_records(trace: Trace):
    live, made = followed(trace)
    late = Live(always, NOON)
    late.begin(PBX, [record for record in made if record["open"]])
    late.remember(PBX, made)
    for subject in live.subjects():
        if subject[0] == "queue":
            for key in (*OF_VISITS, "sl_offered", "sl_answered", "asa", "waiting"):
                assert late.of(subject, NOON)[key] == live.of(subject, NOON)[key], key


# What a switch lost by its own end is in no log of its.
@pytest.mark.parametrize("trace", [one for one in TRACES if "restarted" not in str(one.id)])
def test_who_was_answered_and_who_gave_up_is_what_the_switchs_own_log_says(trace: Trace):
    live, _ = followed(trace)
    theirs = logged(trace.queue_log)
    for queue in {visit.queue for visit in theirs}:
        found = live.of(("queue", PBX, queue), NOON)
        for key in ("answered", "timed_out", "left_by_key"):
            assert found[key] == sum(one.end == key for one in theirs if one.queue == queue), (queue, key)


# --- a day by hand ---------------------------------------------------------------------------------------------------


class Switch:
    """Facts of calls to one queue, by number and minute of the afternoon."""

    def __init__(self, now: Instant = NOON) -> None:
        self.live = Live(utc_day, now)

    def tells(self, *told: Fact) -> None:
        self.live.feed(PBX, told)

    def queued(self, call: int, at: Instant = NOON) -> None:
        self.tells(
            facts.CallStarted(pbx=PBX, at=at, call=_id(call), direction="inbound"),
            facts.CallQueued(pbx=PBX, at=at, call=_id(call), visit=0, queue="repair", leg=LegId("1.0")),
        )

    def answered(self, call: int, at: Instant, by: str = "PJSIP/1001") -> None:
        self.tells(
            facts.AgentAnswered(
                pbx=PBX,
                at=at,
                call=_id(call),
                visit=0,
                queue="repair",
                interface=by,
                agent=None,
                leg=LegId("1.1"),
            )
        )

    def left(self, call: int, end: Any, at: Instant) -> None:
        self.tells(facts.CallLeftQueue(pbx=PBX, at=at, call=_id(call), visit=0, end=end))

    def ended(self, call: int, at: Instant) -> None:
        self.tells(facts.CallEnded(pbx=PBX, at=at, call=_id(call), outcome="answered"))

    def is_(
        self, user: int | None, state: str, at: Instant, key: str = PHONE, *queues: str, paused: bool = False
    ) -> None:
        members = {queue: {"paused": paused} for queue in queues or ("repair",)}
        self.live.agent(key, {"user": user, "state": state, "queues": members}, at)

    def numbers(self, at: Instant = NOON) -> dict[str, float | None]:
        return self.live.of(QUEUE, at)


def _id(call: int) -> CallId:
    return CallId(f"main:{call}.0")


def test_before_the_first_call_there_are_no_shares():
    switch = Switch()
    switch.is_(ZHANG, "ready", NOON)
    found = switch.numbers()
    assert found["offered"] == 0
    assert [found[key] for key in ("sl_offered", "sl_answered", "abandon_rate", "asa", "longest_wait")] == [
        None
    ] * 5


def test_who_waits_is_offered_and_in_no_share_until_it_is_known_how_it_ends():
    switch = Switch()
    switch.queued(1)
    found = switch.numbers(NOON + 25_000)
    assert (found["offered"], found["waiting"], found["longest_wait"]) == (1, 1, 25)
    assert found["sl_offered"] is None
    switch.answered(1, NOON + 30_000)
    found = switch.numbers(NOON + 31_000)
    assert (found["waiting"], found["longest_wait"], found["sl_offered"], found["asa"]) == (0, None, 0.0, 30)


def test_both_denominators_of_today_and_of_the_last_thirty_minutes():
    switch = Switch(NOON - 40 * MINUTE)
    for call, (at, waited, end) in enumerate(
        [
            (-40, 10, "answered"),
            (-5, 10, "answered"),
            (-4, 60, "answered"),
            (-3, 2, "abandoned"),
            (-2, 40, "abandoned"),
        ]
    ):
        begun = NOON + at * MINUTE
        switch.queued(call, begun)
        if end == "answered":
            switch.answered(call, begun + waited * 1000)
        else:
            switch.left(call, end, begun + waited * 1000)
    switch.live.tick(NOON)
    found = switch.numbers()
    assert (found["sl_offered"], found["sl_answered"], found["abandon_rate"]) == (2 / 4, 2 / 3, 1 / 4)
    assert (found["sl_offered_30m"], found["sl_answered_30m"]) == (1 / 3, 1 / 2)
    switch.live.tick(NOON + 30 * MINUTE)
    found = switch.numbers()
    assert (found["sl_offered"], found["sl_offered_30m"]) == (2 / 4, None)


def test_at_midnight_all_begins_anew_and_who_waits_goes_on_waiting():
    midnight = utc_day(NOON).end
    switch = Switch(midnight - MINUTE)
    switch.queued(1, midnight - MINUTE)
    switch.queued(2, midnight - MINUTE)
    switch.answered(1, midnight - 1_000)
    switch.is_(ZHANG, "ready", midnight - 10 * MINUTE)
    switch.live.tick(midnight)
    found = switch.numbers(midnight)
    assert (found["offered"], found["answered"], found["waiting"], found["longest_wait"]) == (0, 0, 1, 60)
    switch.answered(2, midnight + 1_000)  # who came yesterday counts for yesterday
    switch.queued(3, midnight + 2_000)
    assert [switch.numbers(midnight)[key] for key in ("offered", "answered", "waiting")] == [1, 0, 1]
    assert switch.live.told(QUEUE)["spark"] == [1]
    assert switch.live.of(("agent", ZHANG), midnight)["occupancy"] is None


def test_calls_by_quarters_of_an_hour_on_a_day_of_twenty_five():
    begin = NOON
    live = Live(lambda _: Span(begin, begin + 25 * 60 * MINUTE), begin)
    live.feed(
        PBX,
        [
            facts.CallQueued(
                pbx=PBX, at=begin + at * MINUTE, call=_id(at), visit=0, queue="repair", leg=LegId("1.0")
            )
            for at in (0, 14, 15, 25 * 60 - 1)
        ],
    )
    live.tick(begin + 25 * 60 * MINUTE - 1)
    spark = live.told(QUEUE)["spark"]
    assert (len(spark), spark[:2], spark[-1], sum(spark)) == (100, [2, 1], 1, 4)


def test_a_gap_marks_the_numbers_of_its_switch_until_the_day_is_over():
    switch = Switch()
    switch.queued(1)
    switch.live.feed(
        PbxId("other"),
        [
            facts.CallQueued(
                pbx=PbxId("other"), at=NOON, call=CallId("other:1"), visit=0, queue="repair", leg=LegId("1.0")
            )
        ],
    )
    switch.tells(facts.LinkLost(pbx=PBX, at=NOON), facts.LinkRestored(pbx=PBX, at=NOON + MINUTE))
    assert switch.live.told(QUEUE)["touched"] is True
    assert switch.live.told(("queue", "other", "repair"))["touched"] is False
    assert switch.live.told(SITE)["touched"] is True
    switch.live.tick(utc_day(NOON).end)
    assert switch.live.told(SITE)["touched"] is False


def test_a_correction_from_the_journals_counts_instead_of_what_was_believed():
    switch = Switch()
    switch.queued(1)
    switch.left(1, "abandoned", NOON + 40_000)
    switch.ended(1, NOON + 40_000)
    visit = {"queue": "repair", "entered_at": iso(NOON), "end": "answered", "wait_s": 12.0, "talk_s": 60.0}
    record = {"id": _id(1), "pbx": PBX, "open": False, "queue_visits": [visit], "started_at": iso(NOON)}
    for _ in range(2):
        switch.tells(facts.CallCorrected(pbx=PBX, at=NOON, call=_id(1), record=record))
        found = switch.numbers()
        assert [found[key] for key in ("offered", "abandoned", "answered", "sl_offered", "asa")] == [
            1,
            0,
            1,
            1,
            12,
        ]
    assert switch.live.told(QUEUE)["spark"] == [*[0] * 48, 1]


def test_agents_are_counted_where_they_are_members_and_a_pause_in_one_queue_is_one_there():
    switch = Switch()
    switch.is_(ZHANG, "ready", NOON, PHONE, "repair", "parts")
    switch.live.agent(
        "main/PJSIP/1002",
        {"user": LI, "state": "ready", "queues": {"repair": {"paused": True}, "parts": {"paused": False}}},
        NOON,
    )
    switch.queued(1)
    assert [switch.numbers()[key] for key in ("agents_ready", "agents_paused")] == [1, 1]
    assert switch.live.of(("queue", "main", "parts"), NOON)["agents_ready"] == 2
    switch.is_(ZHANG, "held", NOON, PHONE, "repair")
    found = switch.numbers()
    assert [found[key] for key in ("agents_ready", "agents_talking", "nobody_ready_with_callers")] == [
        0,
        1,
        1,
    ]
    assert switch.live.of(("queue", "main", "parts"), NOON)["agents_ready"] == 1
    switch.live.agent(PHONE, None, NOON)
    assert sum(switch.numbers()[f"agents_{one}"] or 0 for one in ("ready", "talking", "paused", "gone")) == 1


def test_a_persons_day_handled_handling_time_and_occupancy():
    switch = Switch()
    switch.is_(ZHANG, "ready", NOON)
    switch.queued(1, NOON + MINUTE)
    switch.answered(1, NOON + 2 * MINUTE)
    switch.is_(ZHANG, "talking", NOON + 2 * MINUTE)
    leg = LegId("1.1")
    switch.tells(
        facts.LegHeld(pbx=PBX, at=NOON + 3 * MINUTE, call=_id(1), leg=leg),
        facts.LegResumed(pbx=PBX, at=NOON + 4 * MINUTE, call=_id(1), leg=leg),
        facts.AgentFinished(pbx=PBX, at=NOON + 6 * MINUTE, call=_id(1), visit=0, by="caller"),
    )
    switch.ended(1, NOON + 6 * MINUTE)
    switch.is_(ZHANG, "wrap_up", NOON + 6 * MINUTE)
    switch.is_(ZHANG, "paused", NOON + 8 * MINUTE)
    found = switch.live.of(("agent", ZHANG), NOON + 20 * MINUTE)
    assert (found["handled"], found["aht"]) == (1, 6 * 60)
    assert found["occupancy"] == 6 / 8  # four of talk and two of wrap-up, two minutes ready before; no pause


def test_whoever_is_at_two_phones_has_the_time_of_both_and_who_leaves_stops_counting():
    switch = Switch()
    switch.is_(ZHANG, "ready", NOON)
    switch.is_(ZHANG, "talking", NOON, "north/PJSIP/2001")
    assert switch.live.of(("agent", ZHANG), NOON + MINUTE)["occupancy"] == 1 / 2
    switch.live.agent("north/PJSIP/2001", None, NOON + MINUTE)
    switch.is_(LI, "ready", NOON + MINUTE)
    assert switch.live.of(("agent", ZHANG), NOON + 9 * MINUTE)["occupancy"] == 1 / 2


def test_only_what_may_be_another_number_is_told():
    switch = Switch()
    switch.is_(ZHANG, "ready", NOON)
    for subject in switch.live.taken():
        switch.live.told(subject)
    assert switch.live.taken() == set()
    switch.live.taken()
    switch.queued(1)
    assert switch.live.taken() == {QUEUE, SITE}
    switch.live.tick(NOON + 1_000)
    assert switch.live.taken() == set()
    switch.live.tell(QUEUE, {"promises_late": 2.0})
    switch.live.tell(QUEUE, {"promises_late": 2.0})
    assert switch.live.taken() == {QUEUE}
    assert switch.live.told(QUEUE)["promises_late"] == 2


def spent(live: Live, calls: Iterable[int]) -> int:
    """How many sums are touched: additions of one to another."""
    added = 0
    real = Sums.add

    def counting(self: Sums, other: Sums) -> None:
        nonlocal added
        added += 1
        real(self, other)

    Sums.add = counting  # type: ignore[method-assign]
    try:
        switch = Switch()
        switch.live = live
        for call in calls:
            switch.queued(call)
            switch.answered(call, NOON + 5_000)
            switch.ended(call, NOON + 65_000)
        live.told(QUEUE)
    finally:
        Sums.add = real  # type: ignore[method-assign]
    return added


def test_an_event_late_in_the_day_costs_what_it_did_early():
    live = Live(utc_day, NOON)
    first = spent(live, range(20))
    spent(live, range(20, 2_000))
    assert spent(live, range(2_000, 2_020)) == first


def test_nobody_is_ready_while_nobody_sees_the_switch():
    switch = Switch()
    switch.is_(ZHANG, "ready", NOON)
    switch.tells(facts.LinkLost(pbx=PBX, at=NOON + MINUTE))
    switch.is_(ZHANG, "talking", NOON + 5 * MINUTE)
    switch.tells(facts.LinkRestored(pbx=PBX, at=NOON + 10 * MINUTE, lost_at=NOON + MINUTE))
    switch.is_(ZHANG, "ready", NOON + 11 * MINUTE)
    assert switch.live.of(("agent", ZHANG), NOON + 11 * MINUTE)["occupancy"] == 1 / 2

"""Our calls against the switch's: counting, differing, repairing."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.facts import CallCorrected, CallRecovered, CallsMerged, from_json, iso, to_json
from callserver.journals import queue_log
from callserver.journals.cel import Layout
from callserver.journals.comparison import Difference
from callserver.journals.reconcile import Reconciliation, Span, apply, reconcile
from callserver.journals.story import Story
from callserver.journals.telling import tell

from .words import FOREVER, PBX, TRACES, recorded

ALWAYS = Span(begin=0, end=FOREVER)
T0 = 1_795_296_000

Record = dict[str, Any]


def seen(story: Story, **changed: Any) -> Record:
    """The record that AMI would have made of this story, with some things different."""
    return {**deepcopy(story.to_json()), "gap": False, "sources": ["ami"], **changed}


def a_story(scenario: str = "rna-then-next-agent") -> Story:
    return recorded(TRACES / "22" / f"{scenario}.queue_log").stories[0]


def repairs(found: Reconciliation) -> list[str]:
    return [difference.field for difference in found.differences if difference.repairable]


def reports(found: Reconciliation) -> list[str]:
    return [difference.field for difference in found.differences if not difference.repairable]


# --- counting ---


def test_a_call_that_both_have_is_matched() -> None:
    story = a_story()
    found = reconcile([seen(story)], [story], ALWAYS)
    assert (found.switch_calls, found.our_calls, found.matched, found.omission_ppm) == (1, 1, 1, 0.0)
    assert (found.omitted, found.surplus, found.differences, found.corrections) == ((), (), (), ())


def test_a_call_matches_by_any_of_its_channels_whatever_its_name() -> None:
    story = a_story()
    record = seen(story, id="main:another.name", legs=seen(story)["legs"][-1:])
    assert reconcile([record], [story], ALWAYS).matched == 1


def test_a_call_that_we_do_not_have_is_omitted_and_recovered_whole() -> None:
    stories = recorded(TRACES / "22" / "same-second-burst.queue_log").stories
    found = reconcile([seen(story) for story in stories[1:]], stories, ALWAYS)
    assert found.omitted == (stories[0],)
    assert found.omission_ppm == 125_000.0
    [recovered] = found.corrections
    assert isinstance(recovered, CallRecovered)
    assert recovered.record == stories[0].to_json()
    assert (recovered.call, recovered.source, recovered.record["gap"]) == (stories[0].id, "queue_log", True)
    assert from_json(to_json(recovered)) == recovered


def test_nothing_to_count_is_no_omission() -> None:
    assert reconcile([], [], ALWAYS).omission_ppm == 0.0


def test_a_call_counts_where_it_began() -> None:
    story = a_story()
    began = story.started_at or 0
    for span, counted in (
        (Span(begin=began, end=began + 1, until=FOREVER), 1),
        (Span(begin=began + 1, end=FOREVER), 0),
        (Span(begin=0, end=began, until=FOREVER), 0),
    ):
        assert reconcile([], [story], span).switch_calls == counted


def test_a_call_whose_beginning_is_not_in_the_journals_is_compared_but_not_counted() -> None:
    [story] = tell(queue_log.parse([f"{T0}|1.0|hotline|Zhang|COMPLETECALLER|5|6|1"]), (), PBX)
    assert reconcile([], [story], ALWAYS).switch_calls == 0
    record = {
        "id": "main:1.0",
        "pbx": "main",
        "legs": [{"leg": "1.0"}],
        "open": True,
        "ended_at": None,
        "outcome": "unknown",
    }
    assert repairs(reconcile([record], [story], ALWAYS)) == ["queue_visits", "answered_at", "open", "outcome"]


def test_a_call_that_goes_on_when_the_journals_end_is_open_and_not_omitted() -> None:
    [story] = tell(queue_log.parse([f"{T0}|1.0|hotline|NONE|ENTERQUEUE||138|1"]), (), PBX)
    found = reconcile([], [story], ALWAYS)
    assert (found.switch_calls, found.open_calls, found.omitted) == (0, 1, ())


def test_a_call_that_just_ended_may_not_have_reached_us_yet() -> None:
    story = a_story()
    now = story.last_at + 4000
    assert reconcile([], [story], Span(begin=0, end=FOREVER, until=now)).open_calls == 1
    assert len(reconcile([], [story], Span(begin=0, end=FOREVER, until=now + 1000)).omitted) == 1


def test_a_call_that_no_journal_knows_is_surplus() -> None:
    story = a_story()
    other = seen(story, id="main:x.0", legs=[{"leg": "x.0"}])
    assert reconcile([seen(story), other], [story], ALWAYS).surplus == ("main:x.0",)


def test_without_cel_only_calls_with_a_queue_are_looked_for() -> None:
    story = recorded(TRACES / "22" / "rna-then-next-agent.queue_log", cel=False).stories[0]
    plain = seen(story, id="main:x.0", legs=[{"leg": "x.0"}], queue_visits=[])
    queued = seen(story, id="main:y.0", legs=[{"leg": "y.0"}])
    assert reconcile([plain, queued], [story], ALWAYS).surplus == ("main:y.0",)


# --- what we saw stays ---


@pytest.mark.parametrize(
    ("field", "value"),
    [("end", "abandoned"), ("wait_s", 99.0), ("talk_s", 99.0), ("agent", {"interface": "x", "name": "y"})],
)
def test_what_we_saw_in_full_sight_is_reported_and_kept(field: str, value: Any) -> None:
    story = a_story()
    record = seen(story)
    record["queue_visits"][0][field] = value
    found = reconcile([record], [story], ALWAYS)
    assert reports(found) == [f"queue_visits[0].{field}"]
    assert found.corrections == ()


def test_a_second_more_or_less_is_no_difference() -> None:
    story = a_story()
    record = seen(story)
    record["queue_visits"][0]["wait_s"] += 0.99
    record["queue_visits"][0]["talk_s"] -= 0.99
    assert reconcile([record], [story], ALWAYS).differences == ()


def test_an_outcome_that_we_saw_differently_is_reported() -> None:
    story = a_story()
    assert reports(reconcile([seen(story, outcome="failed")], [story], ALWAYS)) == ["outcome"]


def test_a_visit_of_ours_that_the_switch_does_not_know_is_reported() -> None:
    story = a_story()
    record = seen(story)
    record["queue_visits"].append({"queue": "repair", "entered_at": None, "end": "abandoned"})
    assert reports(reconcile([record], [story], ALWAYS)) == ["queue_visits"]


def test_what_a_journal_does_not_know_does_not_count_against_us() -> None:
    story = recorded(TRACES / "22" / "queue-full.queue_log").stories[1]
    assert story.outcome == "unknown"
    assert reconcile([seen(story, outcome="queue_full")], [story], ALWAYS).differences == ()


def test_a_local_member_is_the_same_with_and_without_its_options() -> None:
    story = recorded(TRACES / "22" / "local-member.queue_log").stories[0]
    record = seen(story)
    record["queue_visits"][0]["agent"]["interface"] += "/n"
    assert reconcile([record], [story], ALWAYS).differences == ()


# --- where we were blind ---


def test_a_missing_visit_is_put_in_its_place() -> None:
    story = a_story("timeout-overflow")
    record = seen(story)
    del record["queue_visits"][0]
    found = reconcile([record], [story], ALWAYS)
    [corrected] = found.corrections
    assert isinstance(corrected, CallCorrected)
    assert [visit["queue"] for visit in corrected.record["queue_visits"]] == ["hotline", "repair"]
    assert corrected.why
    assert from_json(to_json(corrected)) == corrected


def test_an_unknown_end_becomes_known() -> None:
    story = a_story("abandoned-waiting")
    record = seen(story, outcome="unknown", gap=True, ended_at=iso(FOREVER))
    record["queue_visits"][0].update(end="unknown", wait_s=None, left_at=None)
    [corrected] = reconcile([record], [story], ALWAYS).corrections
    assert isinstance(corrected, CallCorrected)
    body = corrected.record
    assert (body["outcome"], body["ended_at"]) == ("abandoned", iso(story.ended_at))
    assert body["queue_visits"][0]["end"] == "abandoned"
    assert body["sources"] == ["ami", "queue_log", "cel"]
    assert body["gap"] is True


def test_a_call_still_open_here_and_over_there_is_closed() -> None:
    story = a_story()
    record = seen(story, open=True, ended_at=None, outcome="unknown")
    record["legs"][0].update(over=False, ended_at=None)
    record["talks"][0].update(over=False, to=None)
    [corrected] = reconcile([record], [story], ALWAYS).corrections
    assert isinstance(corrected, CallCorrected)
    body = corrected.record
    assert (body["open"], body["ended_at"], body["outcome"]) == (False, iso(story.ended_at), "answered")
    assert all(leg["over"] for leg in body["legs"])
    assert all(talk["over"] and talk["to"] for talk in body["talks"])


def test_a_call_of_a_killed_switch_is_closed_at_its_next_beginning() -> None:
    story = a_story("asterisk-restarted-killed")
    assert story.cut
    [corrected] = reconcile([seen(story, open=True, ended_at=None)], [story], ALWAYS).corrections
    assert isinstance(corrected, CallCorrected)
    assert (corrected.record["open"], corrected.record["ended_at"]) == (False, iso(story.ended_at))


def test_times_at_the_edge_of_a_gap_give_way_to_the_journals() -> None:
    story = a_story()
    late = iso((story.ended_at or 0) + 30_000)
    assert repairs(reconcile([seen(story, gap=True, ended_at=late)], [story], ALWAYS)) == ["ended_at"]
    assert reconcile([seen(story, ended_at=late)], [story], ALWAYS).differences == ()


def test_who_called_and_what_was_dialed_is_learned_of_a_call_that_was_there_before_us() -> None:
    story = a_story()
    record = seen(story, gap=True, direction="outbound", dialed="600", caller_number=None)
    assert repairs(reconcile([record], [story], ALWAYS)) == ["direction", "caller_number", "dialed"]


def test_a_story_without_its_beginning_teaches_nothing_about_it() -> None:
    path = TRACES / "22" / "answered-caller-ends.queue_log"
    steps = [
        line for line in path.with_suffix(".cel.csv").read_text("utf-8").splitlines() if "trunk" not in line
    ]
    [story] = tell((), Layout().parse(steps), PBX)
    record = seen(a_story("answered-caller-ends"), gap=True)
    assert "direction" not in repairs(reconcile([record], [story], ALWAYS))


def test_two_calls_that_became_one_unseen_are_made_one() -> None:
    story = a_story("atxfer-by-phone")
    whole = seen(story, gap=True)
    first = {**whole, "legs": whole["legs"][:2], "transfers": []}
    second = {
        **whole,
        "id": "main:second.0",
        "legs": whole["legs"][2:],
        "queue_visits": [],
        "talks": [],
        "transfers": [],
    }
    found = reconcile([first, second], [story], ALWAYS)
    merged, corrected = found.corrections
    assert isinstance(merged, CallsMerged)
    assert (merged.call, merged.absorbed) == (story.id, "main:second.0")
    assert isinstance(corrected, CallCorrected)
    assert len(corrected.record["legs"]) == len(whole["legs"])
    again = reconcile(apply([first, second], found.corrections), [story], ALWAYS)
    assert (again.differences, again.corrections, again.matched) == ((), (), 1)


def test_two_calls_that_we_saw_apart_in_full_sight_stay_apart() -> None:
    story = a_story("atxfer-by-phone")
    whole = seen(story)
    halves = [
        {**whole, "legs": whole["legs"][:2]},
        {**whole, "id": "main:second.0", "legs": whole["legs"][2:]},
    ]
    found = reconcile(halves, [story], ALWAYS)
    assert (reports(found), found.corrections) == (["id"], ())


def test_one_call_of_ours_may_be_two_to_queue_log() -> None:
    """Without CEL nothing joins two callers whom a phone put together."""
    lines = [
        f"{T0}|1.0|hotline|NONE|ENTERQUEUE||138|1",
        f"{T0 + 3}|1.0|hotline|NONE|ABANDON|1|1|3",
        f"{T0 + 5}|2.0|repair|NONE|ENTERQUEUE||139|1",
        f"{T0 + 9}|2.0|repair|NONE|ABANDON|1|1|4",
    ]
    stories = tell(queue_log.parse(lines), (), PBX)
    record = seen(stories[0], legs=[{"leg": "1.0"}, {"leg": "2.0"}])
    found = reconcile([record], stories, ALWAYS)
    assert repairs(found) == ["queue_visits"]
    again = reconcile(apply([record], found.corrections), stories, ALWAYS)
    assert (again.matched, again.corrections) == (2, ())


def test_a_difference_reads_as_a_sentence_for_people() -> None:
    difference = Difference(
        call=a_story().id, field="outcome", ours="unknown", theirs="answered", repairable=True
    )
    assert str(difference) == "outcome: 'unknown' -> 'answered'"


# --- reconciling twice ---


def every_story() -> Iterator[Story]:
    """Of every recorded scenario, with CEL and without."""
    for path in sorted(TRACES.glob("22/*.queue_log")):
        for cel in (True, False):
            yield from recorded(path, cel=cel).stories


words = st.sampled_from(["answered", "abandoned", "timed_out", "unknown", "failed"])
changes: st.SearchStrategy[Record] = st.fixed_dictionaries(
    {},
    optional={
        "gap": st.booleans(),
        "open": st.booleans(),
        "outcome": words,
        "ended_at": st.sampled_from([None, iso(T0 * 1000)]),
        "started_at": st.sampled_from([None, iso(T0 * 1000)]),
        "answered_at": st.none(),
        "direction": st.sampled_from(["inbound", "outbound"]),
        "caller_number": st.sampled_from([None, "1"]),
        "dialed": st.sampled_from([None, "600"]),
        "transfers": st.just([]),
        "talks": st.just([]),
        "sources": st.just(["ami"]),
    },
)
visit_changes: st.SearchStrategy[Record] = st.fixed_dictionaries(
    {},
    optional={
        "end": st.none() | words,
        "wait_s": st.none() | st.floats(0, 60),
        "talk_s": st.none() | st.floats(0, 60),
        "agent": st.sampled_from(
            [None, {"interface": "PJSIP/9", "name": None}, {"interface": "PJSIP/9", "name": "X"}]
        ),
        "entered_at": st.none(),
        "left_at": st.none(),
        "leg": st.none(),
        "rings": st.just([]),
        "completed_by": st.none(),
    },
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_after_the_corrections_a_second_look_finds_nothing_to_repair(data: st.DataObject) -> None:
    scenario = data.draw(st.sampled_from(sorted(TRACES.glob("22/*.queue_log"))))
    stories = recorded(scenario, cel=data.draw(st.booleans())).stories
    ours = []
    for story in stories:
        if data.draw(st.integers(0, 3)) == 0:
            continue
        record = {**seen(story), **data.draw(changes)}
        for visit in record["queue_visits"]:
            visit.update(data.draw(visit_changes))
        if record["queue_visits"] and data.draw(st.booleans()):
            record["queue_visits"].pop()
        record["legs"] = record["legs"][: data.draw(st.integers(1, len(record["legs"])))]
        ours.append(record)
    before = deepcopy(ours)
    found = reconcile(ours, stories, ALWAYS)
    assert ours == before  # reconciling is looking only
    again = reconcile(apply(ours, found.corrections), stories, ALWAYS)
    assert (again.omitted, again.corrections, repairs(again)) == ((), (), [])
    assert again.matched == again.switch_calls == found.switch_calls


def test_the_switch_agrees_with_itself() -> None:
    for story in every_story():
        assert reconcile([seen(story)], [story], ALWAYS).corrections == ()


# --- a place in the queue that is kept ---


def kept_place() -> Story:
    """Somebody who pressed a key while waiting, confirmed their number, and hung up."""
    lines = [
        f"{T0}|1.0|hotline|NONE|ENTERQUEUE||13800138000|1",
        f"{T0 + 20}|1.0|hotline|NONE|EXITWITHKEY|1|1|1|20",
        f"{T0 + 30}|1.0|hotline|NONE|CALLSERVERCALLBACK|13900139000|{T0}",
    ]
    (story,) = tell(queue_log.parse(lines), (), PBX)
    return story


def test_queue_log_alone_tells_who_is_to_be_called_back() -> None:
    told = kept_place().to_json()
    assert (told["outcome"], told["queue_visits"][0]["end"]) == ("callback", "callback")
    assert told["callback"] == {
        "queue": "hotline",
        "number": "13900139000",
        "joined_at": iso(T0 * 1000),
        "at": iso((T0 + 30) * 1000),
    }


def test_a_callback_that_nobody_heard_of_is_put_on_the_record_though_nothing_else_was_missed() -> None:
    story = kept_place()
    record = seen(story, outcome="left_by_key")
    del record["callback"]
    record["queue_visits"][0]["end"] = "left_by_key"
    (correction,) = reconcile([record], [story], ALWAYS).corrections
    assert isinstance(correction, CallCorrected)
    assert correction.record["callback"]["number"] == "13900139000"
    assert (correction.record["outcome"], correction.record["queue_visits"][0]["end"]) == (
        "callback",
        "callback",
    )


def test_a_journal_that_shows_the_key_only_does_not_take_the_callback_back() -> None:
    story = kept_place()
    bare = [
        f"{T0}|1.0|hotline|NONE|ENTERQUEUE||13800138000|1",
        f"{T0 + 20}|1.0|hotline|NONE|EXITWITHKEY|1|1|1|20",
    ]
    found = reconcile([seen(story, gap=True)], tell(queue_log.parse(bare), (), PBX), ALWAYS)
    assert [one.field for one in found.differences if "end" in one.field or one.field == "outcome"] == []

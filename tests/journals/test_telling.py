"""From lines to stories: what belongs together, what is over, what nobody knows."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_conf.contract import CEL_FIELDS
from callserver.facts import PbxId, iso
from callserver.journals import queue_log
from callserver.journals.cel import Layout
from callserver.journals.story import Story
from callserver.journals.telling import Known, tell

from .words import TRACES, recorded, words

PBX = PbxId("main")
T0 = 1_795_296_000


def said(*lines: str) -> list[queue_log.Entry]:
    """`12 1.0 hotline Zhang CONNECT|...`: seconds after T0, then the fields of queue_log."""
    told = (line.split(" ", 1) for line in lines)
    return list(queue_log.parse(f"{T0 + int(second)}|" + rest.replace(" ", "|", 3) for second, rest in told))


def shown(*steps: str) -> Iterable[object]:
    """`0.5 CHAN_START 1.0 1.0 PJSIP/trunk-1 key=value ...`"""
    lines = []
    for step in steps:
        second, kind, leg, linked, channel, *rest = step.split(" ")
        values = dict(pair.split("=", 1) for pair in rest)
        known = {
            "eventtype": kind,
            "eventtime": f"{T0 + float(second):.6f}",
            "uniqueid": leg,
            "linkedid": linked,
            "channame": channel,
            **values,
        }
        lines.append(",".join('"' + known.get(name, "").replace('"', '""') + '"' for name in CEL_FIELDS))
    return list(Layout().parse(lines))


def stories(
    entries: Iterable[queue_log.Entry] = (), events: Iterable[object] = (), known: Known | None = None
) -> list[Story]:
    return tell(entries, events, PBX, known)  # type: ignore[arg-type]


def test_two_queues_one_after_the_other_are_one_call() -> None:
    [story] = stories(
        said(
            "0 1.0 hotline NONE ENTERQUEUE||138|1",
            "9 1.0 hotline NONE EXITWITHTIMEOUT|1|1|9",
            "9 1.0 repair NONE ENTERQUEUE||138|1",
            "14 1.0 repair PJSIP/1002 CONNECT|5|1.4|3",
            "20 1.0 repair PJSIP/1002 COMPLETEAGENT|5|6|1",
        )
    )
    assert words(story) == (
        "inbound 138 -> ?: hotline 9s timed_out; repair 5s answered by PJSIP/1002 6s agent ended; answered"
    )
    assert [leg.leg for leg in story.legs] == ["1.0", "1.4"]


def test_a_call_that_still_waits_rings_or_talks_is_going_on() -> None:
    entered = "0 1.0 hotline NONE ENTERQUEUE||138|1"
    for lines in (
        [entered],
        [entered, "3 1.0 hotline Zhang RINGNOANSWER|3000"],
        [entered, "3 1.0 hotline Zhang CONNECT|3|1.1|2"],
    ):
        [story] = stories(said(*lines))
        assert (story.over, story.ended_at) == (False, None)


def test_a_new_life_of_the_switch_ends_what_was_open() -> None:
    waiting, talking, later = stories(
        said(
            "0 1.0 hotline NONE ENTERQUEUE||138|1",
            "1 1.1 hotline NONE ENTERQUEUE||139|2",
            "3 1.1 hotline Zhang CONNECT|2|1.2|1",
            "60 NONE NONE NONE QUEUESTART|",
            "70 9.0 hotline NONE ENTERQUEUE||140|1",
        )
    )
    assert (waiting.outcome, waiting.over, waiting.cut, waiting.ended_at) == (
        "unknown",
        True,
        True,
        (T0 + 60) * 1000,
    )
    assert (talking.outcome, talking.over, talking.cut) == ("answered", True, True)
    assert (later.over, later.cut) == (False, False)


def test_cel_alone_shows_a_new_life_by_serial_numbers_that_begin_anew() -> None:
    first, second = stories(
        events=shown(
            "0 CHAN_START 1795296000.40 1795296000.40 PJSIP/trunk-1 exten=4008",
            "9 CHAN_START 1795296009.0 1795296009.0 PJSIP/trunk-0 exten=4008",
        )
    )
    assert (first.cut, first.ended_at, second.cut) == (True, (T0 + 9) * 1000, False)


def test_serial_numbers_a_little_out_of_order_are_one_life() -> None:
    both = stories(
        events=shown(
            "0 CHAN_START 1795296000.41 1795296000.41 PJSIP/trunk-1 exten=4008",
            "0 CHAN_START 1795296000.40 1795296000.40 PJSIP/trunk-0 exten=4008",
        )
    )
    assert [story.over for story in both] == [False, False]


def test_a_phone_that_logs_in_by_dialing_is_no_call_of_a_queue() -> None:
    assert stories(said("0 1.0 hotline Zhang ADDMEMBER|", "5 1.0 hotline Zhang PAUSE|tea")) == []


def test_a_refusal_that_the_dialplan_wrote_is_known() -> None:
    [story] = stories(said("0 1.0 hotline NONE FULL|"))
    assert (story.outcome, story.visits, story.over) == ("queue_full", (), True)


def test_what_began_before_the_lines_we_have_is_told_in_part() -> None:
    [story] = stories(said("20 1.0 hotline Zhang COMPLETECALLER|5|6|1"))
    [visit] = story.visits
    assert (story.started_at, story.outcome) == (None, "answered")
    assert (visit.entered_at, visit.wait_s, visit.talk_s) == ((T0 + 9) * 1000, 5, 6)


def test_a_call_whose_first_channel_began_before_the_lines_we_have_has_its_name_and_no_beginning() -> None:
    [story] = stories(
        events=shown(
            "0 CHAN_START 1.1 1.0 PJSIP/1001-1 exten=s cid_num=1001",
            "5 HANGUP 1.1 1.0 PJSIP/1001-1",
            "5 HANGUP 1.0 1.0 PJSIP/trunk-0",
        )
    )
    assert (story.id, story.started_at, story.over) == ("main:1.0", None, True)


def test_without_cel_the_end_of_a_call_that_left_its_queue_is_not_known() -> None:
    [story] = stories(
        said("0 1.0 hotline NONE ENTERQUEUE||138|1", "9 1.0 hotline NONE EXITWITHTIMEOUT|1|1|9")
    )
    assert (story.over, story.ended_at, story.outcome) == (True, None, "timed_out")


@pytest.mark.parametrize("end", ["5.05", "5.98"])
def test_a_talk_that_ends_in_the_second_in_which_it_began_has_its_length(end: str) -> None:
    bridge = 'eventextra={"bridge_id":"b","bridge_technology":"simple_bridge"}'
    [story] = stories(
        said(
            "0 1.0 hotline NONE ENTERQUEUE||138|1",
            "5 1.0 hotline Zhang CONNECT|5|1.1|2",
            "5 1.0 hotline Zhang COMPLETECALLER|5|0|1",
        ),
        events=shown(
            "0 CHAN_START 1.0 1.0 PJSIP/trunk-0 exten=4008 cid_num=138",
            "0 APP_START 1.0 1.0 PJSIP/trunk-0 exten=600 appname=Queue appdata=hotline,t",
            "2 CHAN_START 1.1 1.0 PJSIP/1001-1 exten=s cid_num=1001",
            "5 ANSWER 1.1 1.0 PJSIP/1001-1 appname=AppQueue",
            f"5.01 BRIDGE_ENTER 1.1 1.0 PJSIP/1001-1 appname=AppQueue {bridge}",
            f"5.02 BRIDGE_ENTER 1.0 1.0 PJSIP/trunk-0 appname=Queue {bridge}",
            f"{end} BRIDGE_EXIT 1.0 1.0 PJSIP/trunk-0 appname=Queue {bridge}",
            f"{end} HANGUP 1.0 1.0 PJSIP/trunk-0",
        ),
    )
    (visit,) = story.visits
    assert visit.talk_s == pytest.approx(float(end) - 5.02)


def test_asterisks_sample_configuration_writes_no_app_end_and_is_enough() -> None:
    """cel.conf as shipped: APP_START, CHAN_START, CHAN_END, ANSWER, HANGUP, BRIDGE_ENTER, BRIDGE_EXIT."""
    bridge = 'eventextra={"bridge_id":"b","bridge_technology":"simple_bridge"}'
    [story] = stories(
        events=shown(
            "0 CHAN_START 1.0 1.0 PJSIP/trunk-0 exten=4008 cid_num=138",
            "0.1 APP_START 1.0 1.0 PJSIP/trunk-0 exten=600 appname=Queue appdata=hotline,t",
            "0.2 CHAN_START 1.1 1.0 PJSIP/1001-1 exten=s cid_num=1001",
            "2.2 ANSWER 1.1 1.0 PJSIP/1001-1 appname=AppQueue",
            f"2.2 BRIDGE_ENTER 1.1 1.0 PJSIP/1001-1 appname=AppQueue {bridge}",
            f"2.2 BRIDGE_ENTER 1.0 1.0 PJSIP/trunk-0 appname=Queue {bridge}",
            f"5.2 BRIDGE_EXIT 1.0 1.0 PJSIP/trunk-0 appname=Queue {bridge}",
            "HANGUP 1.0".join(
                ("5.2 ", ' 1.0 PJSIP/trunk-0 eventextra={"hangupcause":16,"hangupsource":"PJSIP/trunk-0"}')
            ),
            f"5.2 BRIDGE_EXIT 1.1 1.0 PJSIP/1001-1 appname=AppQueue {bridge}",
            "5.2 HANGUP 1.1 1.0 PJSIP/1001-1 appname=AppQueue",
        )
    )
    assert words(story) == (
        "inbound 138 -> 4008: hotline 2s answered by PJSIP/1001 3s caller ended; 1 talk; answered"
    )
    assert (story.over, iso(story.ended_at)) == (True, iso((T0 + 5) * 1000 + 200))


def test_two_calls_joined_by_a_phone_are_one() -> None:
    """SIP attended transfer: two linkedids, named together by ATTENDEDTRANSFER only (trace
    atxfer-by-phone).
    """
    both = "".join(
        (
            'eventextra={"channel2_uniqueid":"1.2","transferee_channel_uniqueid":"1.0",',
            '"transfer_target_channel_uniqueid":"1.3","transfer_target_channel_name":"PJSIP/1003-3"}',
        )
    )
    [story] = stories(
        events=shown(
            "0 CHAN_START 1.0 1.0 PJSIP/trunk-0 exten=4008",
            "0 CHAN_START 1.1 1.0 PJSIP/1001-1 exten=s",
            "5 CHAN_START 1.2 1.2 PJSIP/1001-2 exten=1003",
            "5 CHAN_START 1.3 1.2 PJSIP/1003-3 exten=s",
            f"9 ATTENDEDTRANSFER 1.1 1.0 PJSIP/1001-1 {both}",
        )
    )
    assert [leg.leg for leg in story.legs] == ["1.0", "1.1", "1.2", "1.3"]
    assert [(moved.by, moved.to) for moved in story.transfers] == [("PJSIP/1001", "PJSIP/1003")]


def test_a_channel_whose_end_was_not_written_is_gone_with_the_last_of_its_linkedid() -> None:
    [story] = stories(
        events=shown(
            "0 CHAN_START 1.0 1.0 PJSIP/trunk-0 exten=4008",
            "1 CHAN_START 1.1 1.0 PJSIP/1001-1 exten=s",
            "5 CHAN_END 1.0 1.0 PJSIP/trunk-0",
            "5 LINKEDID_END 1.0 1.0 PJSIP/trunk-0",
        )
    )
    assert story.over


@pytest.mark.parametrize(
    ("interface", "number", "direction"),
    [("PJSIP/trunk", "138", "inbound"), ("PJSIP/1001", "1001", "outbound"), ("SIP/desk", "7", "outbound")],
)
def test_a_call_comes_from_outside_unless_a_phone_of_ours_makes_it(
    interface: str, number: str, direction: str
) -> None:
    [story] = stories(
        events=shown(f"0 CHAN_START 1.0 1.0 {interface}-0 exten=4008 cid_num={number}"),
        known=Known(phones=frozenset({"SIP/desk"}), trunks=("PJSIP/trunk",)),
    )
    assert story.direction == direction


def test_a_number_that_is_hidden_a_moment_after_it_was_shown_is_hidden() -> None:
    """The network's Privacy is obeyed by the dialplan, after CHAN_START has shown the number
    (withheld-number).
    """
    [story] = stories(
        events=shown(
            "0 CHAN_START 1.0 1.0 PJSIP/trunk-0 exten=4008 cid_num=13800138000 cid_name=Wang",
            "0 ANSWER 1.0 1.0 PJSIP/trunk-0 exten=600 cid_num=anonymous cid_name=anonymous",
            "5 HANGUP 1.0 1.0 PJSIP/trunk-0 cid_num=13800138000",
        )
    )
    assert (story.caller_number, story.caller_name) == (None, None)
    assert "13800138000" not in str(story.to_json())


def test_a_members_name_means_the_interface_that_answered_under_it() -> None:
    path = TRACES / "22" / "rna-then-next-agent.queue_log"
    [story] = recorded(path).stories
    assert story.visits[0].agent is not None
    assert story.visits[0].agent.interface == "PJSIP/1002"
    [other] = tell(
        queue_log.parse(path.read_text("utf-8").splitlines()),
        (),
        PBX,
        Known(members={"Li Na 李娜": "PJSIP/1002"}),
    )
    assert other.visits[0].agent == story.visits[0].agent


def test_the_json_of_a_story_has_every_key_of_a_call() -> None:
    [story] = recorded(TRACES / "22" / "blind-to-queue.queue_log").stories
    body = story.to_json()
    who, when = "id pbx direction caller_number caller_name dialed", "started_at answered_at ended_at outcome"
    assert body.keys() >= {*who.split(), *when.split(), "queue_visits", "talks", "transfers", "held_s"}
    assert body.keys() >= {"sources", "gap", "legs", "open"}
    assert (body["gap"], body["sources"], body["open"]) == (True, ["queue_log", "cel"], False)
    visit = body["queue_visits"][0]
    assert visit.keys() >= {"queue", "entered_at", "left_at", "wait_s", "talk_s", "end", "agent", "rings"}
    assert visit["agent"].keys() == {"interface", "name"}
    assert visit["rings"][0].keys() >= {"interface", "name", "at", "ring_s", "result"}


# --- whatever a journal holds ---

LINES = sorted(
    {line for path in TRACES.glob("22/*.queue_log") for line in path.read_text("utf-8").splitlines()}
)
STEPS = sorted(
    {line for path in TRACES.glob("22/*.cel.csv") for line in path.read_text("utf-8", "replace").split("\n")}
)


@given(st.lists(st.sampled_from(LINES), max_size=30), st.lists(st.sampled_from(STEPS), max_size=40))
def test_any_lines_in_any_order_tell_something_and_never_raise(lines: list[str], steps: list[str]) -> None:
    for story in tell(queue_log.parse(lines), Layout().parse(steps), PBX):
        story.to_json()
        assert story.legs


@given(st.data())
def test_a_journal_cut_anywhere_never_raises_and_never_invents_a_call(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(TRACES.glob("22/*.queue_log"))))
    lines = path.read_text("utf-8").splitlines()
    steps = path.with_suffix(".cel.csv").read_text("utf-8", "replace").split("\n")
    begin, end = sorted((data.draw(st.integers(0, len(lines))), data.draw(st.integers(0, len(lines)))))
    first, last = sorted((data.draw(st.integers(0, len(steps))), data.draw(st.integers(0, len(steps)))))
    whole = {leg.leg for story in recorded(path).stories for leg in story.legs}
    for story in tell(queue_log.parse(lines[begin:end]), Layout().parse(steps[first:last]), PBX):
        assert {leg.leg for leg in story.legs} <= whole

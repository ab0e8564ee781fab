"""queue_log lines, one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.facts import LegId
from callserver.journals.queue_log import (
    CallbackAsked,
    Completed,
    Connected,
    Entered,
    Entry,
    Left,
    Membership,
    Noted,
    Pause,
    Refused,
    RingEnded,
    Started,
    Transferred,
    believable,
    entry_of,
    parse,
    when,
)
from callserver.journals.tally import Tally

AT = 1_795_296_555_000
CALL = LegId("1795296555.0")


def entry(rest: str) -> Entry | None:
    return entry_of(f"1795296555|1795296555.0|hotline|{rest}")


HEAD = {"at": AT, "call": CALL, "queue": "hotline"}
ZHANG = {**HEAD, "member": "Zhang Wei"}

LINES: list[tuple[str, Entry]] = [
    ("NONE|ENTERQUEUE||13800138000|1", Entered(**HEAD, caller="13800138000", position=1)),  # type: ignore[arg-type]
    ("NONE|ENTERQUEUE||anonymous|2", Entered(**HEAD, caller=None, position=2)),  # type: ignore[arg-type]
    ("NONE|ENTERQUEUE|||3", Entered(**HEAD, caller=None, position=3)),  # type: ignore[arg-type]
    (
        "Zhang Wei|CONNECT|5|1795296564.2|1",
        Connected(**ZHANG, hold_s=5, leg=LegId("1795296564.2"), ring_s=1),  # type: ignore[arg-type]
    ),
    ("Zhang Wei|RINGNOANSWER|3000", RingEnded(**ZHANG, result="no_answer", ring_ms=3000)),  # type: ignore[arg-type]
    ("Zhang Wei|RINGCANCELED|3102", RingEnded(**ZHANG, result="canceled", ring_ms=3102)),  # type: ignore[arg-type]
    ("Zhang Wei|AGENTDUMP|", RingEnded(**ZHANG, result="rejected")),  # type: ignore[arg-type]
    ("NONE|ABANDON|1|1|3", Left(**HEAD, end="abandoned", wait_s=3)),  # type: ignore[arg-type]
    ("NONE|EXITWITHTIMEOUT|1|1|3", Left(**HEAD, end="timed_out", wait_s=3)),  # type: ignore[arg-type]
    ("NONE|EXITWITHTIMEOUT|1", Left(**HEAD, end="timed_out")),  # type: ignore[arg-type]  # before Asterisk 1.6
    ("NONE|EXITEMPTY|1|1|4", Left(**HEAD, end="queue_empty", wait_s=4)),  # type: ignore[arg-type]
    ("NONE|EXITWITHKEY|1|2|3|4", Left(**HEAD, end="left_by_key", key="1", wait_s=4)),  # type: ignore[arg-type]
    (
        "NONE|CALLSERVERCALLBACK|13800138000|1795296500",
        CallbackAsked(**HEAD, number="13800138000", joined_at=1_795_296_500_000),  # type: ignore[arg-type]
    ),
    ("NONE|CALLSERVERCALLBACK|138;x|soon", CallbackAsked(**HEAD, number="138")),  # type: ignore[arg-type]
    ("NONE|CALLSERVERCALLBACK|", Noted(**HEAD, event="CALLSERVERCALLBACK", parameters=("",))),  # type: ignore[arg-type]
    ("NONE|WITHDRAW|1|1|3|called | back", Left(**HEAD, end="withdrawn", wait_s=3)),  # type: ignore[arg-type]
    ("Zhang Wei|SYSCOMPAT|", Left(**ZHANG, end="failed")),  # type: ignore[arg-type]
    ("NONE|FULL|", Refused(**HEAD, end="queue_full")),  # type: ignore[arg-type]
    ("NONE|JOINEMPTY", Refused(**HEAD, end="queue_empty")),  # type: ignore[arg-type]
    ("Zhang Wei|COMPLETECALLER|2|3|1", Completed(**ZHANG, by="caller", hold_s=2, talk_s=3)),  # type: ignore[arg-type]
    ("Zhang Wei|COMPLETEAGENT|2|3|1", Completed(**ZHANG, by="agent", hold_s=2, talk_s=3)),  # type: ignore[arg-type]
    (
        "Zhang Wei|BLINDTRANSFER|601|callserver-phones|1|2|1",
        Transferred(**ZHANG, transfer="blind", to="601", hold_s=1, talk_s=2),  # type: ignore[arg-type]
    ),
    (
        "Zhang Wei|ATTENDEDTRANSFER|BRIDGE|74177c72-0549|1|8|1",
        Transferred(**ZHANG, transfer="attended", to="", hold_s=1, talk_s=8),  # type: ignore[arg-type]
    ),
    (
        "Zhang Wei|ATTENDEDTRANSFER|LINK|PJSIP/1-1|PJSIP/2-2|1|8|1",
        Transferred(**ZHANG, transfer="attended", to="", hold_s=1, talk_s=8),  # type: ignore[arg-type]
    ),
    (
        "Zhang Wei|ATTENDEDTRANSFER|APP|VoiceMail|1|8|1",
        Transferred(**ZHANG, transfer="attended", to="VoiceMail", hold_s=1, talk_s=8),  # type: ignore[arg-type]
    ),
    ("Zhang Wei|ADDMEMBER|PAUSED", Membership(**ZHANG, member_of=True)),  # type: ignore[arg-type]
    ("Zhang Wei|PAUSE|tea", Pause(**ZHANG, paused=True, reason="tea")),  # type: ignore[arg-type]
    ("Zhang Wei|UNPAUSE|", Pause(**ZHANG, paused=False)),  # type: ignore[arg-type]
    ("NONE|DID|4008", Noted(**HEAD, event="DID", parameters=("4008",))),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("line", "expected"), LINES, ids=[line.split("|")[1] for line, _ in LINES])
def test_a_line_says_what_app_queue_meant(line: str, expected: Entry) -> None:
    assert entry(line) == expected


def test_a_missing_parameter_is_not_known() -> None:
    assert entry("Zhang Wei|CONNECT") == Connected(**ZHANG)  # type: ignore[arg-type]
    assert entry("NONE|ABANDON|x|y|z") == Left(**HEAD, end="abandoned")  # type: ignore[arg-type]


def test_a_caller_number_with_a_bar_stays_one_number() -> None:
    said = entry("NONE|ENTERQUEUE||138|0|ABANDON|7")
    assert isinstance(said, Entered)
    assert (said.caller, said.position) == ("138|0|ABANDON", 7)


def test_an_originated_call_is_named_by_its_own_channel_id() -> None:
    said = entry_of("1795296861|callserver-dial-1-a|hotline|NONE|ENTERQUEUE||4008|1")
    assert said is not None
    assert said.call == "callserver-dial-1-a"


def test_lines_of_nobodys_call_name_none() -> None:
    for who in ("NONE", "MANAGER", "REALTIME"):
        said = entry_of(f"1795296908|{who}|hotline|PJSIP/1003|ADDMEMBER|")
        assert said is not None
        assert said.call is None


def test_a_new_life_is_seen_even_behind_a_line_cut_short() -> None:
    start = "1795296842|NONE|NONE|NONE|QUEUESTART|"
    whole = "1795296555|1795296555.0|hotline|Zhang Wei|COMPLETECALLER|2|3|1"
    for cut in range(len(whole)):
        assert entry_of(whole[:cut] + start) == Started(at=1_795_296_842_000)


def test_unknown_events_and_rubbish_are_counted_and_skipped() -> None:
    tally = Tally()
    lines = [
        "1795296555|NONE|NONE|NONE|CONFIGRELOAD|",
        "1795296555|1795296555.0|hotline|NONE|NEWTHING|1",
        "rubbish",
        "",
        "1795296555|1795296555.0|hotline|NONE|lower|1",
        "99999999999999999|1795296555.0|hotline|NONE|ABANDON|1|1|1",
    ]
    assert len(list(parse(lines, tally))) == 2
    assert (tally.read, dict(tally.unknown), tally.rubbish) == (2, {"NEWTHING": 1}, 4)


def test_a_file_of_rubbish_does_not_fill_the_memory_with_its_words() -> None:
    tally = Tally()
    list(parse((f"1795296555|1.0|q|NONE|EVENT{number}|" for number in range(5000)), tally))
    assert len(tally.unknown) == 100


def test_lines_that_a_caller_may_have_written_are_not_believed() -> None:
    """In front of a dialplan that does not clean it, a number's line ends reach queue_log (trace
    hostile-numbers).
    """
    honest = "1795296560|1795296555.0|hotline|Zhang Wei|COMPLETECALLER|1|3|1"
    file = (
        "1795296556|1795296556.2|hotline|NONE|ENTERQUEUE||138\n"
        "9|1795296555.0|q|NONE|ABANDON|1|1|9\n"
        "1795296557|NONE|NONE|NONE|QUEUESTART|\n"
        "|1\n"
        "1795296559|1795296556.2|hotline|NONE|ABANDON|1|1|3\n"
        f"{honest}"
    )
    tally = Tally()
    told = list(parse(believable(file.split("\n"), tally)))
    assert [type(one).__name__ for one in told] == ["Entered", "Left", "Completed"]
    assert isinstance(told[0], Entered)
    assert (told[0].caller, told[1].call) == (None, "1795296556.2")
    assert tally.rubbish == 3


@given(st.lists(st.sampled_from([line for line, _ in LINES])))
def test_whatever_app_queue_writes_itself_is_believed(rests: list[str]) -> None:
    lines = [f"1795296555|1795296555.0|hotline|{rest}" for rest in rests]
    assert list(believable(lines)) == lines


@given(st.text())
def test_no_line_raises(line: str) -> None:
    entry_of(line)
    when(line)


@given(
    st.lists(
        st.sampled_from(
            [*"|0123456789.-\x00\udcff", "ENTERQUEUE", "CONNECT", "1795296555", "NONE", "QUEUESTART"]
        )
    )
)
def test_no_line_of_familiar_pieces_raises(pieces: list[str]) -> None:
    entry_of("1795296555|1.0|q|" + "".join(pieces))
    entry_of("".join(pieces))

"""CEL lines and rows, one by one."""

from __future__ import annotations

import csv
import io
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_conf.contract import CEL_FIELDS
from callserver.facts import LegId, instant
from callserver.journals.cel import (
    AttendedTransferred,
    BlindTransferred,
    BridgeEntered,
    ChannelStarted,
    Event,
    HungUp,
    Joined,
    Layout,
    Noted,
    Seen,
)
from callserver.journals.rows import rows
from callserver.journals.tally import Tally

OURS = Layout()


def line(kind: str, *, extra: str = "", time: str = "1795296555.419436", **values: str) -> str:
    told = {
        "eventtype": kind,
        "eventtime": time,
        "uniqueid": "1795296555.1",
        "linkedid": "1795296555.0",
        "channame": "PJSIP/1001-00000001",
        "eventextra": extra,
        **values,
    }
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(
        [told.get(name, "") for name in CEL_FIELDS]
    )
    return out.getvalue()


def event(kind: str, *, extra: str = "", **values: str) -> Event:
    [told] = OURS.parse(line(kind, extra=extra, **values).split("\n"))
    return told


def test_a_channel_begins_with_who_and_where() -> None:
    told = event(
        "CHAN_START", cid_num="13800138000", cid_name='say "hi", 李娜', exten="4008", context="inbound"
    )
    assert told == ChannelStarted(
        at=1_795_296_555_419,
        leg=LegId("1795296555.1"),
        linkedid=LegId("1795296555.0"),
        channel="PJSIP/1001-00000001",
        number="13800138000",
        name='say "hi", 李娜',
        exten="4008",
        context="inbound",
    )
    assert told.interface == "PJSIP/1001"


def test_a_hang_up_says_why_and_who_asked_for_it() -> None:
    told = event(
        "HANGUP", extra='{"hangupcause":17,"hangupsource":"PJSIP/1001-00000001","dialstatus":"BUSY"}'
    )
    assert isinstance(told, HungUp)
    assert (told.cause, told.by, told.dialstatus) == (17, "PJSIP/1001-00000001", "BUSY")


def test_a_parked_channel_is_in_a_bridge_that_joins_nobody() -> None:
    told = event("BRIDGE_ENTER", extra='{"bridge_id":"b1","bridge_technology":"holding_bridge"}')
    assert isinstance(told, BridgeEntered)
    assert (told.bridge, told.holding) == ("b1", True)


def test_a_blind_transfer_names_target_and_transferee() -> None:
    told = event("BLINDTRANSFER", extra='{"extension":"601","transferee_channel_uniqueid":"1795296555.0"}')
    assert isinstance(told, BlindTransferred)
    assert (told.to, told.transferee) == ("601", "1795296555.0")


def test_an_attended_transfer_names_all_that_belong_together() -> None:
    told = event(
        "ATTENDEDTRANSFER",
        extra='{"bridge1_id":"b1","channel2_uniqueid":"9.4","transferee_channel_uniqueid":"9.0",'
        '"transfer_target_channel_uniqueid":"9.5","transfer_target_channel_name":"PJSIP/1003-00000002"}',
    )
    assert isinstance(told, AttendedTransferred)
    assert (told.others, told.target, told.bridge) == (("9.4", "9.0", "9.5"), "PJSIP/1003-00000002", "")


def test_a_pick_up_joins_two_channels() -> None:
    told = event("PICKUP", extra='{"pickup_channel":"PJSIP/1002-1","pickup_channel_uniqueid":"9.9"}')
    assert isinstance(told, Joined)
    assert told.other == "9.9"


@pytest.mark.parametrize(
    "extra", ["", "{", "[]", "null", "[" * 5000, '{"hangupcause":{}}', '{"bridge_id":7}']
)
def test_a_damaged_extra_is_no_extra(extra: str) -> None:
    for kind in ("HANGUP", "BRIDGE_ENTER", "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP"):
        assert isinstance(event(kind, extra=extra), Seen)


def test_unknown_kinds_and_rubbish_are_counted() -> None:
    tally = Tally()
    lines = [
        line("CHAN_START"),
        line("STREAM_BEGIN"),
        line("NEW_THING"),
        "rubbish",
        '"CHAN_START"',
        line("HANGUP", time="x"),
    ]
    told = list(OURS.parse(lines, tally))
    assert [type(one) for one in told] == [ChannelStarted, Noted, Noted]
    assert (tally.read, dict(tally.unknown), tally.rubbish) == (3, {"NEW_THING": 1}, 3)


# --- times ---


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        ("1795296555.419436", "2026-11-21T21:29:15.419Z"),
        ("2026-11-22 05:29:15.419436", "2026-11-21T21:29:15.419Z"),
        ("2026-11-22 05:29:15", "2026-11-21T21:29:15.000Z"),
        ("2026-11-21T21:29:15+00:00", "2026-11-21T21:29:15.000Z"),
    ],
)
def test_times_are_epoch_or_the_switchs_local_time(stamp: str, utc: str) -> None:
    layout = Layout(zone=ZoneInfo("Asia/Shanghai"))
    assert layout.when(line("CHAN_START", time=stamp)) == instant(utc)


def test_nonsense_is_no_time() -> None:
    for stamp in ("", "soon", "nan", "inf", "-5", "1e300", "9999-99-99 00:00:00", "0001-01-01 00:00:00"):
        assert Layout(zone=ZoneInfo("Asia/Shanghai")).when(line("CHAN_START", time=stamp)) is None


# --- columns ---


def test_columns_may_be_spelled_in_any_of_asterisks_ways() -> None:
    spellings = [
        ("EventType", "EventTime", "CIDNum", "ChanName", "UniqueID", "LinkedID", "Extra"),
        (
            "eventtype",
            "eventtime",
            "CALLERID(num)",
            "CHANNEL(channame)",
            "CHANNEL(uniqueid)",
            "CHANNEL(linkedid)",
            "eventextra",
        ),
        ('"eventtype"', "event_time", "cid_num", "channame", "unique_id", "linked_id", "extra"),
    ]
    for columns in spellings:
        told = Layout(columns).event_of(
            '"HANGUP","1795296555.1","138","SIP/a-1","9.1","9.0","{""hangupcause"":17}"'
        )
        assert isinstance(told, HungUp)
        assert (told.number, told.channel, told.leg, told.linkedid, told.cause) == (
            "138",
            "SIP/a-1",
            "9.1",
            "9.0",
            17,
        )


def test_a_file_without_a_needed_column_is_refused() -> None:
    with pytest.raises(ValueError, match="linkedid"):
        Layout(("eventtype", "eventtime", "uniqueid"))


def test_a_mapping_that_quotes_nothing_is_read_line_by_line() -> None:
    layout = Layout(("eventtype", "eventtime", "uniqueid", "linkedid"), quoted=False)
    [told] = layout.parse(["CHAN_END,1795296555.1,9.1,9.0"])
    assert told.leg == "9.1"


# --- hostile callers ---

FORGED = "138\nHANGUP,1795296555,,,,,,,,,,,,,1795296555.7,1795296555.7"


def test_no_caller_can_write_an_event() -> None:
    """Trace hostile-numbers: `sip:138%0AHANGUP,...@host` puts a line end into CHAN_START's number."""
    told = list(
        OURS.parse(
            [*line("CHAN_START", cid_num=FORGED).split("\n"), *line("ANSWER", cid_num="138").split("\n")]
        )
    )
    assert [(type(one).__name__, one.leg) for one in told] == [
        ("ChannelStarted", "1795296555.1"),
        ("Answered", "1795296555.1"),
    ]
    assert "\n" not in (told[0].number or "")
    assert told[1].number == "138"


def test_a_further_line_of_a_row_has_no_time_of_its_own() -> None:
    first, second = line("CHAN_START", cid_num=FORGED).split("\n")
    assert (OURS.when(first), OURS.when(second)) == (1_795_296_555_419, None)


@given(st.text(alphabet='"\n,aX1\\ ', max_size=30), st.text(alphabet='"\n,aX1\\ ', max_size=30))
def test_whatever_a_caller_calls_himself_one_row_stays_one_event(number: str, name: str) -> None:
    text = "\n".join((line("CHAN_START"), line("ANSWER", cid_num=number, cid_name=name), line("CHAN_END")))
    kinds = [type(one).__name__ for one in OURS.parse(text.split("\n"))]
    assert kinds == ["ChannelStarted", "Answered", "ChannelEnded"]


@given(st.integers(0, 200))
def test_a_row_cut_short_by_a_crash_costs_that_row_only(cut: int) -> None:
    whole = line("ANSWER", cid_name="李娜")
    tally = Tally()
    told = list(OURS.parse([line("CHAN_START"), whole[: min(cut, len(whole) - 1)], line("CHAN_END")], tally))
    assert [told[0].leg, told[-1].leg] == ["1795296555.1"] * 2
    assert [type(told[0]).__name__, type(told[-1]).__name__] == ["ChannelStarted", "ChannelEnded"]


def test_a_row_that_never_ends_is_given_up() -> None:
    endless = ['"CHAN_START","', *("x" for _ in range(1000)), line("CHAN_END")]
    assert [row is not None for row in rows(endless, quoted=True)][-1]
    assert sum(row is None for row in rows(endless, quoted=True)) == 1001


@given(st.text(), st.booleans())
def test_no_line_raises(text: str, quoted: bool) -> None:
    layout = Layout(zone=ZoneInfo("Asia/Shanghai"), quoted=quoted)
    list(layout.parse(text.split("\n")))
    layout.when(text)

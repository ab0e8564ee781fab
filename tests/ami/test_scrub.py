"""A scrubbed trace tells the same story about nobody."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.ami import wire
from callserver.ami.events import Channel
from callserver.ami.scrub import Scrubber, scrub
from callserver.calls.floor import Floor
from callserver.calls.replay import replay
from callserver.facts import PbxId

TRACES = sorted((Path(__file__).parent.parent / "traces").glob("*/*.ami"))
PEOPLE = re.compile(
    rb"^\w*(?:CallerIDName|ConnectedLineName|MemberName|CallerIDNum|ConnectedLineNum): (.+?)\r$", re.M
)


def scrubbed(data: bytes, seed: str = "a seed") -> bytes:
    out: list[bytes] = []
    scrub([data], out.append, seed=seed)
    return b"".join(out)


def shape(value: Any) -> Any:
    """An event without what may differ: texts become their kind, ids, times and queues stay."""
    if isinstance(value, Channel):
        return [shape(known) for field, known in value.fields().items() if field != "name"]
    if is_dataclass(value) and not isinstance(value, type):
        return type(value), [
            shape(getattr(value, field.name)) for field in fields(value) if field.name != "name"
        ]
    if isinstance(value, str) and not re.fullmatch(r"[\d.]+\.\d+|[0-9a-f-]{36}", value):
        return re.sub(r"\d", "0", re.sub(r"[^\W\d_]", "x", value))
    return value


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_scrubbed_trace_has_the_same_events_about_other_people(trace: Path) -> None:
    data = trace.read_bytes()
    other = scrubbed(data)
    assert list(map(shape, wire.read([other]))) == list(map(shape, wire.read([data])))
    nobody = re.compile(rb"\d{1,4}|<unknown>|Anonymous|anonymous|(Event: )?Hangup|QUEUESTATUS")
    people = {value for value in PEOPLE.findall(data) if not nobody.fullmatch(value)}
    assert {value for value in people if len(value) > 4 and value in other} == set()


@pytest.mark.parametrize("trace", TRACES[:20], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_who_is_the_same_before_is_the_same_after_and_who_is_not_is_not(trace: Path) -> None:
    data = trace.read_bytes()
    pairs = set(zip(PEOPLE.findall(data), PEOPLE.findall(scrubbed(data)), strict=True))
    assert len({before for before, _ in pairs}) == len({after for _, after in pairs}) == len(pairs)


@given(st.text("0123456789", min_size=5, max_size=15), st.text(min_size=1))
def test_a_number_stays_a_number_of_its_length_whatever_stands_before_it(digits: str, seed: str) -> None:
    scrubber = Scrubber(seed)
    fake = scrubber.number(digits)
    assert re.fullmatch(r"\d+", fake)
    assert len(fake) == len(digits)
    assert scrubber.number(digits) == fake
    if len(digits) >= 8:
        assert scrubber.number("0086" + digits) == "0086" + fake


def test_two_numbers_never_become_one() -> None:
    scrubber = Scrubber("s")
    for size in (2, 3):  # longer ones are made in the same way
        every = [f"{number:0{size}d}" for number in range(10**size)]
        assert sorted(scrubber.number(digits) for digits in every) == every


def test_another_seed_gives_other_people() -> None:
    data = b"Event: Newchannel\r\nCallerIDNum: 13800138000\r\nCallerIDName: Zhang Wei\r\n\r\n"
    assert scrubbed(data, "one") != scrubbed(data, "two") != data
    assert scrubbed(data, "one") == scrubbed(data, "one")


@pytest.mark.parametrize(
    ("header", "value", "pattern"),
    [
        ("CallerIDName", "王小明", r"[\u4e00-\u9fff]{3}"),
        ("CallerIDName", "Li Na 李娜", r"[A-Z][a-z] [A-Z][a-z] [\u4e00-\u9fff]{2}"),
        ("CallerIDName", "𠮷野 家", r"\S{2} \S"),
        ("CallerIDName", "O'Brien; DROP", r"[A-Z]'[A-Z][a-z]{4}; [A-Z]{4}"),
        ("CallerIDName", r"say \"hi\"", r'[a-z]{3} \\"[a-z]{2}\\"'),
        ("CallerIDName", "13800138000", r"138\d{8}"),
        ("CallerIDName", "Anonymous", r"Anonymous"),
        ("CallerIDNum", "<unknown>", r"<unknown>"),
        ("CallerIDNum", "+8613800138000", r"\+86138\d{8}"),
        ("CallerIDNum", "1001", r"1001"),
        ("CallerIDNum", "zhang.wei", r"[a-z]{5}\.[a-z]{3}"),
        ("Channel", "PJSIP/13800138000-00000004", r"PJSIP/138\d{8}-00000004"),
        ("Channel", "Local/13800138000@agents-00000004;2", r"Local/138\d{8}@agents-00000004;2"),
        ("DialString", "1001/sip:1001@192.168.7.9:5060", r"1001/sip:1001@10\.\d+\.\d+\.\d+:5060"),
        (
            "DialString",
            "trunk/sip:13800138000@sip.carrier.cn",
            r"trunk/sip:138\d{8}@[a-z]{3}\.[a-z]{7}\.[a-z]{2}",
        ),
        ("Peer", "PJSIP/[2001:470::1]", r"PJSIP/\[2001:db8::[0-9a-f:]+\]"),
        ("LoginTime", "1795296506", "1795296506"),
        ("Uniqueid", "main-1795296506.12", r"main-1795296506\.12"),
        ("Secret", "hunter2", r"[a-z]{6}\d"),
        ("UserField", "Flat 5, 12345 Road", r"[A-Z][a-z]{3} \d, \d{5} [A-Z][a-z]{3}"),
    ],
)
def test_a_fake_has_the_shape_of_what_it_stands_for(header: str, value: str, pattern: str) -> None:
    written = Scrubber("s").message(f"{header}: {value}".encode()).decode()
    assert re.fullmatch(f"{header}: {pattern}", written)
    if pattern not in (value, re.escape(value)) and "\\." + "12" not in pattern and value != "1001":
        assert written != f"{header}: {value}"


def test_a_variables_value_is_unreadable_but_for_the_one_that_we_follow() -> None:
    secret = b"Event: VarSet\r\nVariable: PIN\r\nValue: swordfish"
    status = b"Event: VarSet\r\nVariable: QUEUESTATUS\r\nValue: TIMEOUT"
    assert b"swordfish" not in Scrubber("s").message(secret)
    assert Scrubber("s").message(status) == status


def test_keys_that_our_own_dialplan_tells_stay_and_numbers_and_other_dialplans_words_do_not() -> None:
    key = b"Event: UserEvent\r\nUserEvent: CallserverKey\r\nMenu: survey\r\nKey: 5"
    asked = b"Event: UserEvent\r\nUserEvent: CallserverCallback\r\nQueue: hotline\r\nNumber: 13800138000"
    other = b"Event: UserEvent\r\nUserEvent: Payment\r\nKey: swordfish"
    assert Scrubber("s").message(key) == key
    scrubbed = Scrubber("s").message(asked)
    assert scrubbed.startswith(asked[:-11])
    assert not scrubbed.endswith(b"13800138000")
    assert b"swordfish" not in Scrubber("s").message(other)


def test_a_line_that_is_no_header_is_unreadable() -> None:
    assert b"13800138000" not in scrubbed(b"rubbish 13800138000\r\nZhang: 1\r\n\r\n")


@given(st.binary())
def test_scrubbing_never_raises(data: bytes) -> None:
    scrubbed(data + b"\r\n\r\n")


def test_a_banner_stays() -> None:
    data = b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n"
    assert scrubbed(data) == data


def test_what_had_no_end_is_told() -> None:
    done = scrub([b"Event: Hangup\r\n\r\nEvent: Han"], lambda data: None, seed="s")
    assert (done.messages, done.left_out) == (1, 1)


def told(data: bytes) -> list[tuple[str, str | None, str]]:
    """The floor's facts without what may differ."""
    items = (item for item in wire.read([data]) if not isinstance(item, wire.Reply))
    return [
        (
            type(fact).__name__,
            getattr(fact, "outcome", getattr(fact, "end", None)),
            str(getattr(fact, "call", "")),
        )
        for fact in replay(items, Floor(PbxId("main")))
    ]


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_floor_tells_the_same_story(trace: Path) -> None:
    data = trace.read_bytes()
    assert told(scrubbed(data)) == told(data)

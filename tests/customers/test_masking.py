"""Who may not see everything sees the same shapes with the middle hidden."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.customers import masking
from callserver.customers.masking import HIDDEN, SIGHTS, Sight, Thing, masked

CUSTOMER: dict[str, Any] = {
    "id": 17,
    "version": 3,
    "name": "王芳",
    "numbers": [
        {
            "received": "0138 0013 8000",
            "e164": "+8613800138000",
            "extension": None,
            "kind": "mobile",
            "note": "evenings",
            "do_not_call": True,
        },
        {"received": "8001", "e164": None, "kind": "work", "note": ""},
    ],
    "addresses": [
        {
            "line": "人民路 5 号",
            "area": "黄浦区",
            "city": "上海",
            "postcode": "200001",
            "country": "cn",
            "note": "",
        }
    ],
    "vip": True,
    "caution": "the dog bites",
    "external_id": "CRM-9",
    "notes": "prefers mornings",
    "do_not_call": False,
    "created_at": "2026-11-22T08:00:00.000Z",
}
TICKET: dict[str, Any] = {
    "id": 4,
    "number": "2611-0042-7",
    "kind": "repair",
    "status": "open",
    "subject": "Leaks; call back on 13800138000",
    "customer": 17,
    "caller": "+8613800138000",
    "fields": {
        "fault": "no-drain",
        "symptoms": ["e4", "e5"],
        "day": "2026-11-23",
        "detail": "She says it smells",
        "contact": {"name": "王强", "number": "+8613900139000"},
        "where": {"line": "人民路 5 号", "city": "上海"},
        "visits": 2,
        "urgent": True,
    },
    "closing": "",
}
CALL: dict[str, Any] = {
    "id": "main:1795289156.0",
    "direction": "inbound",
    "caller_number": "+8613800138000",
    "caller_name": "WANG FANG",
    "dialed": "4008001234",
    "queue_visits": [{"queue": "repair", "wait_s": 4.5}],
    "legs": [
        {
            "leg": "1795289156.0",
            "channel": "PJSIP/trunk-00000012",
            "interface": "PJSIP/trunk",
            "number": "13800138000",
        },
        {
            "leg": "1795289156.1",
            "channel": "Local/13800138000@out-01;1",
            "interface": "PJSIP/1001",
            "number": "1001",
        },
    ],
    "talks": [{"who": {"leg": "1", "number": "13800138000"}, "with": [{"leg": "2", "number": "1001"}]}],
    "transfers": [{"by": "PJSIP/1001", "to": "13900139000"}],
}


@pytest.mark.parametrize(
    ("number", "country", "shown"),
    [
        ("+8613800138000", "cn", "138****8000"),
        ("+8613800138000", "", "+86 138 ****8000"),
        ("+4930123456", "cn", "+49 30 ****56"),
        ("+861088888888", "cn", "010****8888"),
        ("+14155552671", "us", "(415****71".replace("(", "")),
        ("+442079460958", "", "+44 20 ****0958"),
        ("013800138000", "cn", "****8000"),
        ("1001", "cn", "1001"),
        ("anonymous", "cn", HIDDEN),
        ("", "cn", ""),
        (None, "cn", None),
    ],
)
def test_a_number_keeps_its_area_and_its_end(number: str | None, country: str, shown: str | None) -> None:
    assert masking.number(number, country) == shown


@given(st.text(), st.sampled_from(["", "cn", "de"]))
def test_any_text_can_be_masked_as_a_number(text: str, country: str) -> None:
    shown = masking.number(text, country)
    assert shown is not None
    assert len(text) < 6 or shown != text or text == HIDDEN or masking.STARS in text


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_at_least_four_digits_of_a_subscriber_or_half_are_hidden(e164: str) -> None:
    shown = masking.number(e164)
    assert shown is not None
    assert sum(letter.isdigit() for letter in shown) <= len(e164) - 1 - 2


def test_a_customer_is_known_by_name_but_not_where_they_are() -> None:
    found = masked("customer", CUSTOMER, "masked", "cn")
    assert found["name"] == "王芳"
    assert [(one["e164"], one["received"], one["note"]) for one in found["numbers"]] == [
        ("138****8000", "138****8000", HIDDEN),
        (None, "8001", ""),
    ]
    assert found["addresses"] == [
        {"line": HIDDEN, "area": "黄浦区", "city": "上海", "postcode": HIDDEN, "country": "cn", "note": ""}
    ]
    assert (found["caution"], found["notes"], found["external_id"]) == (HIDDEN, HIDDEN, "CRM-9")
    assert found["numbers"][0]["do_not_call"] is True


def test_of_an_address_no_single_word_is_left() -> None:
    where = {"line": "rosehill", "postcode": "sw1a1aa", "note": "key-under-the-mat", "city": "bath"}
    for thing, body in (("customer", {"addresses": [where]}), ("ticket", {"fields": {"place": where}})):
        told = json.dumps(masked(thing, body, "masked"))  # type: ignore[arg-type]
        assert "bath" in told
        assert not [one for one in ("rosehill", "sw1a", "mat") if one in told], thing


def test_who_may_not_know_names_sees_a_letter() -> None:
    found = masked("customer", CUSTOMER, "nameless", "cn")
    assert (found["name"], found["external_id"]) == ("王****", HIDDEN)


def test_a_ticket_keeps_what_it_is_about() -> None:
    found = masked("ticket", TICKET, "masked", "cn")
    assert (found["number"], found["caller"]) == ("2611-0042-7", "138****8000")
    assert found["subject"] == "Leaks; call back on ****"
    assert found["fields"] == {
        "fault": "no-drain",
        "symptoms": ["e4", "e5"],
        "day": "2026-11-23",
        "detail": HIDDEN,
        "contact": {"name": "王强", "number": "139****9000"},
        "where": {"line": HIDDEN, "city": "上海"},
        "visits": 2,
        "urgent": True,
    }


def test_a_call_hides_who_is_outside_and_keeps_who_is_inside() -> None:
    found = masked("call", CALL, "nameless", "cn")
    assert (found["caller_number"], found["caller_name"], found["dialed"]) == (
        "138****8000",
        "W****",
        "4008001234",
    )
    assert [leg["number"] for leg in found["legs"]] == ["****8000", "1001"]
    assert [leg["channel"] for leg in found["legs"]] == ["PJSIP/trunk-00000012", "Local/****@out-01;1"]
    assert found["talks"][0]["with"][0]["number"] == "1001"
    assert found["transfers"] == [{"by": "PJSIP/1001", "to": "****"}]
    assert found["queue_visits"] == CALL["queue_visits"]
    assert masked("call", {**CALL, "direction": "outbound"}, "masked", "cn")["dialed"] == "****34"


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        ("note", {"text": "ask for Mrs Wang"}, {"text": HIDDEN}),
        ("change", {"subject": ["Wang leaks", "dry"], "priority": ["low", "high"]}, None),
        (
            "call",
            {"outcome": "answered", "queue": "repair", "caller_number": "+8613800138000", "talk_s": 5.5},
            None,
        ),
        ("call_moved_here", {"from": "2611-0042-7"}, {"from": "2611-0042-7"}),
        ("status", {"from": "open", "to": "closed", "why": "she moved to 人民路"}, None),
    ],
)
def test_an_entry_tells_what_happened_but_not_what_was_said(
    kind: str, body: dict[str, Any], shown: dict[str, Any] | None
) -> None:
    expected = {
        "change": {"subject": [HIDDEN, "dry"], "priority": ["low", "high"]},
        "call": {"outcome": "answered", "queue": "repair", "caller_number": "138****8000", "talk_s": 5.5},
        "status": {"from": "open", "to": "closed", "why": HIDDEN},
    }
    found = masked("entry", {"seq": 1, "kind": kind, "body": body}, "masked", "cn")
    assert found == {"seq": 1, "kind": kind, "body": shown or expected[kind]}


@pytest.mark.parametrize("sight", ["masked", "nameless"])
@pytest.mark.parametrize(("thing", "body"), [("customer", CUSTOMER), ("ticket", TICKET), ("call", CALL)])
def test_no_whole_number_and_no_house_is_left_anywhere(
    thing: Thing, body: dict[str, Any], sight: Sight
) -> None:
    text = json.dumps(masked(thing, body, sight, "cn"), ensure_ascii=False)
    assert not [
        secret for secret in ("13800138000", "0138 0013", "13900139000", "人民路", "smells") if secret in text
    ]
    if sight == "nameless":
        assert not [name for name in ("王芳", "王强", "WANG") if name in text]


@pytest.mark.parametrize(
    ("thing", "body"),
    [
        ("product", {"serial": "SN12345678", "notes": "", "category": "washer"}),
        ("promise", {"number": "+8613800138000", "why": "asked", "tail": "000"}),
        ("attachment", {"name": "passport-wang.jpg", "size": 5}),
    ],
)
def test_products_promises_and_attachments_keep_their_shape(thing: Thing, body: dict[str, Any]) -> None:
    sights: tuple[Sight, ...] = ("masked", "nameless")
    for sight in sights:
        found = masked(thing, body, sight, "cn")
        assert found.keys() == body.keys()
        assert found != body


@pytest.mark.parametrize(
    "text",
    [
        "电话13800138000",
        "Tel13800138000",
        "138·0013·8000",
        "138–0013–8000",
        "138_0013_8000",
        "１３８００１３８０００",
    ],
)
def test_a_number_is_hidden_however_it_is_written_into_a_text(text: str) -> None:
    for thing, field in (("ticket", "subject"), ("customer", "name"), ("call", "caller_name")):
        found = masked(thing, {field: text}, "masked", "cn")[field]  # type: ignore[arg-type]
        assert "8000" not in found and "８０００" not in found, (thing, found)


def test_who_may_see_everything_does() -> None:
    things: tuple[Thing, ...] = ("customer", "ticket", "call")
    for thing in things:
        assert masked(thing, CUSTOMER, "whole") == CUSTOMER
    assert SIGHTS == ("whole", "masked", "nameless")

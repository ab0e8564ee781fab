"""What is left of somebody who is erased: everything that is counted, nothing that says who it was."""

from typing import Any

import pytest

from callserver.customers import forgetting
from callserver.customers.record import Address, Customer, CustomerId, Number, Product, ProductId, to_json
from callserver.numbers import Plan

THEIRS = "+8613912345678"
PLAN = Plan(country="cn", area_code="10")


def is_theirs(text: str) -> bool:
    return PLAN.read(text).e164 == THEIRS


def test_of_a_customer_only_that_there_was_one_is_left() -> None:
    before = Customer(
        id=CustomerId(17),
        version=3,
        name="王芳",
        numbers=(Number(received="1", e164=THEIRS),),
        addresses=(Address(line="x"),),
        language="zh",
        zone="Asia/Shanghai",
        vip=True,
        caution="a dog",
        external_id="CRM-1",
        notes="x",
        created_at=5,
        created_by="mei",
        created_through="screen",
        updated_at=6,
        merged_into=CustomerId(4),
    )
    left = to_json(forgetting.customer(before, 9))
    assert {name: value for name, value in left.items() if value not in ("", (), None, False, [])} == {
        "id": 17,
        "version": 4,
        "do_not_call": True,
        "created_at": 5,
        "created_by": "mei",
        "created_through": "screen",
        "updated_at": 9,
        "merged_into": 4,
        "erased_at": 9,
    }


def test_a_product_keeps_what_was_sold() -> None:
    before = Product(
        id=ProductId(1),
        customer=CustomerId(17),
        version=1,
        category="washer",
        model="X1",
        serial="SN1",
        bought_on="2026-01-01",
        notes="gift",
        created_at=1,
        updated_at=1,
    )
    left = forgetting.product(before, 9)
    assert (left.serial, left.notes, left.version) == (None, "", 2)
    assert (left.category, left.model, left.bought_on) == ("washer", "X1", "2026-01-01")


@pytest.mark.parametrize(
    ("kind", "body", "left"),
    [
        ("note", {"text": "Mrs Wang"}, {"text": ""}),
        (
            "status",
            {"from": "open", "to": "closed", "why": "moved away"},
            {"from": "open", "to": "closed", "why": ""},
        ),
        (
            "change",
            {"subject": ["a", "b"], "priority": ["low", "high"], "fields.contact": [None, {"name": "Li"}]},
            {"subject": [None, None], "priority": ["low", "high"], "fields.contact": [None, None]},
        ),
        (
            "call",
            {
                "outcome": "answered",
                "started_at": "2026-11-22T08:00:00.000Z",
                "waited_s": 4.5,
                "queues": [{"queue": "repair", "agent": "bo", "end": "answered"}],
                "agents": ["bo"],
                "caller_name": "WANG",
                "gap": False,
            },
            {
                "outcome": "answered",
                "started_at": "2026-11-22T08:00:00.000Z",
                "waited_s": 4.5,
                "queues": [{"queue": "repair", "agent": "bo", "end": "answered"}],
                "agents": ["bo"],
                "caller_name": "",
                "gap": False,
            },
        ),
        (
            "call_corrected",
            {"what": ["caller_name: None -> 'WANG'", "outcome: 'x' -> 'y'"]},
            {"what": ["caller_name", "outcome: 'x' -> 'y'"]},
        ),
        (
            "message",
            {"way": "sms", "direction": "out", "text": "Dear Wang"},
            {"way": "sms", "direction": "out", "text": ""},
        ),
        (
            "promise",
            {"promise": 4, "kind": "callback", "what": "owed", "why": "she asked", "number": THEIRS},
            {"promise": 4, "kind": "callback", "what": "owed", "why": "", "number": ""},
        ),
        (
            "attachment",
            {"attachment": 3, "name": "wang.pdf", "size": 9},
            {"attachment": 3, "name": "", "size": 9},
        ),
        (
            "something new",
            {"who": "Wang", "count": 3, "deep": [{"name": "Li"}]},
            {"who": "", "count": 3, "deep": [{"name": ""}]},
        ),
    ],
)
def test_an_entry_keeps_what_happened(kind: str, body: dict[str, Any], left: dict[str, Any]) -> None:
    assert forgetting.entry(kind, body) == left
    assert forgetting.entry(kind, left) == left, "twice is once"


@pytest.mark.parametrize(
    "number", ["13912345678", "+8613912345678", "008613912345678", "013912345678", "913912345678"]
)
def test_a_number_goes_in_every_form_in_which_it_was_received(number: str) -> None:
    body = {
        "id": "main:13912345678.0",
        "caller_number": number,
        "caller_name": "WANG",
        "dialed": "4008001234",
        "legs": [{"leg": "13912345678.1", "number": number, "channel": f"Local/{number}@out-1;1"}],
        "transfers": [{"by": "PJSIP/1001", "to": number}],
    }
    assert forgetting.without_number(body, is_theirs) == {
        "id": "main:13912345678.0",
        "caller_number": None,
        "caller_name": None,
        "dialed": "4008001234",
        "legs": [{"leg": "13912345678.1", "number": None, "channel": "Local/@out-1;1"}],
        "transfers": [{"by": "PJSIP/1001", "to": ""}],
    }


def test_other_peoples_numbers_stay() -> None:
    body = {"caller_number": "13800138000", "caller_name": "LI", "dialed": "1001", "why": ["dialed: 1 -> 2"]}
    assert forgetting.without_number(body, is_theirs) == body


def test_a_text_may_be_mentioned_anywhere() -> None:
    assert forgetting.mentions({"a": [{"b": "ticket 1045836"}]}, frozenset({"1045836"}))
    assert not forgetting.mentions({"a": [1045836, None]}, frozenset({"1045836"}))

"""What is refused, and what becomes of what is not."""

from dataclasses import asdict
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.customers import checking
from callserver.customers.record import Address, Customer, CustomerId, Number, Product, ProductId
from callserver.customers.zones import ZONES
from callserver.errors import BadValue, BadValues
from callserver.numbers import Plan

PLAN = Plan()


def customer(**values: Any) -> Customer:
    """A customer of whom this was said."""
    draft = checking.customer({"name": "王小明", **values}, PLAN)
    said = {name: getattr(draft, name) for name in checking.FIELDS}
    made: dict[str, Any] = {"created_at": 0, "created_by": "li", "created_through": "cli", "updated_at": 0}
    return Customer(id=CustomerId(1), version=1, **said, **made)


def problems(values: dict[str, Any]) -> dict[str, str]:
    """Why, by field."""
    with pytest.raises(BadValues) as refused:
        checking.customer(values, PLAN)
    return dict(refused.value.problems)


def test_what_was_said_is_kept_tidily() -> None:
    draft = checking.customer(
        {
            "name": "  王小明\n",
            "numbers": [
                "138 0013 8000",
                {"received": "0532-88888888-801", "kind": "work", "do_not_call": True},
            ],
            "addresses": ["香港中路12号", {"city": "Berlin", "country": "DE"}],
            "language": "zh-hans-cn",
            "zone": "Asia/Shanghai",
            "notes": "one\ntwo\n",
            "external_id": "",
            "vip": None,
        },
        PLAN,
    )
    assert draft.name == "王小明"
    assert draft.numbers == (
        Number(received="138 0013 8000", e164="+8613800138000", kind="mobile"),
        Number(
            received="0532-88888888-801",
            e164="+8653288888888",
            extension="801",
            kind="work",
            do_not_call=True,
        ),
    )
    assert draft.addresses == (Address(line="香港中路12号"), Address(line="", city="Berlin", country="DE"))
    assert (draft.language, draft.zone, draft.notes) == ("zh-Hans-CN", "Asia/Shanghai", "one\ntwo")
    assert (draft.external_id, draft.vip) == (None, False)


def test_all_problems_are_told_at_once_each_with_its_field() -> None:
    found = problems(
        {
            "name": 5,
            "nmae": "x",
            "numbers": ["13800138000", "\0", {"received": "138", "kind": "cell"}, 7, "anonymous", {}],
            "addresses": [{}, {"line": "x" * 501}, "\ud800"],
            "language": "deutsch-1",
            "zone": "Mars/Olympus",
            "vip": "yes",
            "notes": "x" * 10_001,
        }
    )
    assert found == {
        "name": "must be a text",
        "nmae": "there is no such field",
        "numbers[1].received": "has a character that no text has (NUL or half of a surrogate pair)",
        "numbers[2].kind": "must be one of mobile, home, work, fax, other",
        "numbers[3]": "must be a number, or an object with `received`",
        "numbers[4].received": "is no telephone number",
        "numbers[5].received": "is missing",
        "addresses[0].line": "is missing",
        "addresses[1].line": "has 501 characters, 500 are the most",
        "addresses[2].line": "has a character that no text has (NUL or half of a surrogate pair)",
        "language": "must be a language tag such as zh-CN or de",
        "zone": "must be the name of a time zone such as Asia/Shanghai",
        "vip": "must be true or false",
        "notes": "has 10,001 characters, 10,000 are the most",
    }


def test_somebody_without_name_and_number_is_nobody() -> None:
    assert problems({"notes": "tall"}) == {"name": "is missing, and there is no number either"}
    assert checking.customer({"numbers": ["13800138000"]}, PLAN).name == ""


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "=cmd()", "'; DROP TABLE x", "😀", "שלום\u202e", "a" * 200]
)
def test_whatever_looks_dangerous_is_only_text(text: str) -> None:
    assert checking.customer({"name": text}, PLAN).name == text


def test_a_line_break_in_a_name_is_a_space_and_other_controls_are_shown_as_such() -> None:
    assert checking.customer({"name": "a\r\nb\x07"}, PLAN).name == "a b\ufffd"


@pytest.mark.parametrize("what", ["numbers", "addresses"])
def test_twenty_are_the_most(what: str) -> None:
    assert problems({"name": "x", what: ["13800138000"] * 21}) == {what: "has 21 entries, 20 are the most"}
    assert problems({"name": "x", what: "13800138000"}) == {what: "must be a list"}


def test_a_number_given_twice_is_kept_once() -> None:
    draft = checking.customer(
        {"numbers": ["13800138000", "+86 138 0013 8000", "0532-88888888-1", "0532-88888888-2"]}, PLAN
    )
    assert [one.received for one in draft.numbers] == ["13800138000", "0532-88888888-1", "0532-88888888-2"]


def test_what_is_not_named_stays_and_null_takes_away() -> None:
    before = customer(numbers=["13800138000"], notes="tall", vip=True, external_id="K-1")
    draft = checking.changed(before, {"notes": None, "external_id": None}, PLAN)
    assert (draft.name, draft.numbers, draft.vip) == (before.name, before.numbers, True)
    assert (draft.notes, draft.external_id) == ("", None)
    assert checking.changed(before, {}, PLAN) == checking.draft_of(before)


def test_what_was_read_can_be_sent_back() -> None:
    before = customer(numbers=["0532-88888888-801"], addresses=["香港中路1号"])
    body = asdict(before)
    sent = {name: body[name] for name in checking.FIELDS}
    assert checking.changed(before, sent, PLAN) == checking.draft_of(before)


def test_a_number_keeps_its_reading_when_the_site_moves() -> None:
    before = customer(numbers=["13800138000"])
    draft = checking.changed(before, {"numbers": ["13800138000", "030 123456"]}, Plan(country="de"))
    assert [one.e164 for one in draft.numbers] == ["+8613800138000", "+4930123456"]


@pytest.mark.parametrize(
    ("given_tag", "kept"),
    [
        ("zh", "zh"),
        ("ZH-cn", "zh-CN"),
        ("de-1996", "de-1996"),
        ("sr-latn-rs", "sr-Latn-RS"),
        ("es-419", "es-419"),
    ],
)
def test_languages_are_written_as_everybody_does(given_tag: str, kept: str) -> None:
    assert checking.customer({"name": "x", "language": given_tag}, PLAN).language == kept


@pytest.mark.parametrize(
    "day", ["2024-02-30", "2023-02-29", "2024-13-01", "0001-01-01", "9999-01-01", "20240101", 5]
)
def test_days_that_there_are_not_are_refused(day: object) -> None:
    with pytest.raises(BadValue, match="bought_on"):
        checking.product({"category": "x", "bought_on": day})


def test_a_product_gets_its_warranty_from_the_rule_of_its_category() -> None:
    assert checking.product({"category": "洗衣机", "bought_on": "2024-02-29"}).warranty_until == "2027-02-28"
    given_day = {"category": "洗衣机", "bought_on": "2024-02-29", "warranty_until": "2030-01-01"}
    assert checking.product(given_day).warranty_until == "2030-01-01"
    assert checking.product({"category": "Zeppelin", "bought_on": "2024-02-29"}).warranty_until is None


def test_a_product_without_a_category_is_refused() -> None:
    for values in ({}, {"category": " "}, {"category": None}):
        with pytest.raises(BadValue, match="category: is missing"):
            checking.product(values)


def product(**values: Any) -> Product:
    draft = checking.product({"category": "洗衣机", **values})
    said = {name: getattr(draft, name) for name in checking.PRODUCT_FIELDS}
    return Product(id=ProductId(1), customer=CustomerId(1), version=1, created_at=0, updated_at=0, **said)


def test_a_warranty_that_followed_the_rule_goes_on_following_it() -> None:
    by_rule = product(bought_on="2024-01-01")
    assert checking.product_changed(by_rule, {"bought_on": "2025-01-01"}).warranty_until == "2028-01-01"
    assert checking.product_changed(by_rule, {"category": "空调"}).warranty_until == "2030-01-01"


def test_a_warranty_that_was_given_stays_until_it_is_taken_away() -> None:
    given_day = product(bought_on="2024-01-01", warranty_until="2031-05-05")
    assert checking.product_changed(given_day, {"bought_on": "2025-01-01"}).warranty_until == "2031-05-05"
    assert checking.product_changed(given_day, {"warranty_until": None}).warranty_until == "2027-01-01"
    with pytest.raises(BadValue, match="warranty_until"):
        checking.product_changed(given_day, {"warranty_until": "soon"})


def test_the_zones_are_those_of_the_world() -> None:
    """New ones may be missing here for a while; none may be invented."""
    assert set(ZONES) - available_timezones() == set()
    assert {"UTC", "Asia/Shanghai", "Europe/Berlin", "America/Argentina/Buenos_Aires"} <= ZONES


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(checking.FIELDS), anything))
def test_any_json_is_kept_or_refused_with_a_field(values: dict[str, Any]) -> None:
    try:
        draft = checking.customer(values, PLAN)
    except BadValues as refused:
        assert refused.problems
        assert all(
            field.partition("[")[0].partition(".")[0] in values or field == "name"
            for field, _ in refused.problems
        )
    else:
        assert draft.name or draft.numbers
        repr(asdict(draft)).encode()

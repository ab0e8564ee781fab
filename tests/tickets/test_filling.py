"""What is filled into a ticket's fields: taken in one spelling, or refused by name."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.errors import BadValue, BadValues
from callserver.tickets.filling import check
from callserver.tickets.kinds import FIELD_TYPES, Choice, Field, FieldType, Kind

COLOURS = tuple(
    Choice(value=value, title={"en": value}, retired=value == "blue") for value in ("red", "green", "blue")
)


def a_kind(type_: FieldType, **more: Any) -> Kind:
    choices = COLOURS if type_ in ("choice", "choices") else ()
    return Kind(name="k", title={}, fields=(Field(name="f", title={}, type=type_, choices=choices, **more),))


@pytest.mark.parametrize(
    ("type_", "value", "kept"),
    [
        ("text", " a\r\nb\x00 ", "a b\ufffd"),
        ("text", " \t", None),
        ("text", "x" * 200, "x" * 200),
        ("long", "a\r\nb", "a\nb"),
        ("choice", "red", "red"),
        ("choices", ["green", "red", "green"], ["green", "red"]),
        ("choices", [], None),
        ("number", 3, 3),
        ("number", -0.5, -0.5),
        ("date", "2028-02-29", "2028-02-29"),
        ("date", "20261122", "2026-11-22"),
        ("moment", "2026-11-22T14:00:00+08:00", "2026-11-22T06:00:00.000Z"),
        ("moment", "2026-11-22T06:00:00.000Z", "2026-11-22T06:00:00.000Z"),
        (
            "window",
            {"begin": "2026-11-22T14:00+08:00", "end": "2026-11-22T16:00+08:00"},
            {"begin": "2026-11-22T06:00:00.000Z", "end": "2026-11-22T08:00:00.000Z"},
        ),
        ("boolean", False, False),
        ("person", {"name": " 李 ", "number": ""}, {"name": "李"}),
        ("address", {"line": "香港中路12号", "city": "青岛"}, {"line": "香港中路12号", "city": "青岛"}),
        ("product", 17, 17),
    ],
)
def test_what_is_right_is_kept_in_one_spelling(type_: FieldType, value: Any, kept: Any) -> None:
    assert check(a_kind(type_), {"f": value}, "open") == ({} if kept is None else {"f": kept})


@pytest.mark.parametrize(
    ("type_", "value", "field"),
    [
        ("text", 3, "fields.f"),
        ("text", "x" * 201, "fields.f"),
        ("long", "x" * 10_001, "fields.f"),
        ("choice", "yellow", "fields.f"),
        ("choice", "blue", "fields.f"),
        ("choice", ["red"], "fields.f"),
        ("choices", "red", "fields.f"),
        ("choices", ["red", "yellow"], "fields.f[1]"),
        ("choices", ["red"] * 10_000, "fields.f"),
        ("number", "3", "fields.f"),
        ("number", True, "fields.f"),
        ("number", float("nan"), "fields.f"),
        ("number", float("inf"), "fields.f"),
        pytest.param("number", 10**400, "fields.f", id="400 digits"),
        ("date", "2026-02-29", "fields.f"),
        ("date", "2026-13-01", "fields.f"),
        ("date", "0001-01-01", "fields.f"),
        ("date", "9999-12-31", "fields.f"),
        ("date", "22.11.2026", "fields.f"),
        ("date", 20261122, "fields.f"),
        ("moment", "2026-11-22T14:00:00", "fields.f"),
        ("moment", "yesterday", "fields.f"),
        ("moment", "9999-12-31T23:59:59Z", "fields.f"),
        ("moment", "0001-01-01T00:00:00+14:00", "fields.f"),
        ("window", "tomorrow", "fields.f"),
        ("window", {"begin": "2026-11-22T14:00Z"}, "fields.f.end"),
        ("window", {"begin": "2026-11-22T14:00Z", "end": "2026-11-22T14:00Z"}, "fields.f.end"),
        ("window", {"begin": "2026-11-22T14:00Z", "end": "2027-11-22T14:00Z"}, "fields.f.end"),
        ("window", {"begin": 1, "end": 2}, "fields.f.begin"),
        ("window", {"begin": "2026-11-22T14:00Z", "end": "2026-11-22T15:00Z", "x": 1}, "fields.f"),
        ("boolean", "yes", "fields.f"),
        ("boolean", 1, "fields.f"),
        ("person", {"number": "138"}, "fields.f.name"),
        ("person", {"name": "x" * 201}, "fields.f.name"),
        ("address", {"city": "青岛"}, "fields.f.line"),
        ("address", [], "fields.f"),
        ("product", 0, "fields.f"),
        ("product", True, "fields.f"),
        ("product", 2**63, "fields.f"),
        ("product", "17", "fields.f"),
    ],
)
def test_what_is_wrong_is_refused_by_name(type_: FieldType, value: Any, field: str) -> None:
    with pytest.raises(BadValue) as refused:
        check(a_kind(type_), {"f": value}, "open")
    assert refused.value.field == field


@pytest.mark.parametrize("type_", FIELD_TYPES)
@settings(max_examples=40)
@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(exclude_categories=())),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    )
)
def test_anything_is_kept_or_refused(type_: FieldType, value: Any) -> None:
    with contextlib.suppress(BadValue):
        assert check(a_kind(type_), {"f": value}, None).keys() <= {"f"}


def test_all_that_is_wrong_is_told_together() -> None:
    kind = Kind(
        name="k",
        title={},
        fields=(
            Field(name="a", title={}, type="number"),
            Field(name="b", title={}, type="date", required_when=("open",)),
            Field(name="c", title={}, type="text", required_when=("open",)),
        ),
    )
    with pytest.raises(BadValues) as refused:
        check(kind, {"a": "x", "b": "y", "nonsense\n": 1}, "open")
    fields = [field for field, _ in refused.value.problems]
    assert fields == ["fields.a", "fields.b", "fields.nonsense", "fields.c"]


def test_what_is_required_is_asked_for_on_the_way_into_a_status() -> None:
    kind = a_kind("text", required_when=("closed",))
    assert check(kind, {}, "open") == {}
    assert check(kind, {"f": "x"}, "closed") == {"f": "x"}
    with pytest.raises(BadValue, match="needed for a ticket to be closed"):
        check(kind, {}, "closed")
    assert check(kind, {}, "closed", {"f": "x"}) == {"f": "x"}


def test_what_is_required_once_cannot_be_taken_away() -> None:
    kind = a_kind("text", required_when=("closed",))
    with pytest.raises(BadValue):
        check(kind, {"f": None}, None, {"f": "x"})
    assert check(a_kind("text"), {"f": None}, None, {"f": "x"}) == {}


def test_what_a_ticket_has_stays_whatever_the_kind_says_today() -> None:
    before = {"f": "of old", "gone": [1, 2]}
    kind = a_kind("number")
    assert check(kind, {}, None, before) == before
    assert check(kind, before, None, before) == before
    assert check(kind, {"gone": None}, None, before) == {"f": "of old"}
    with pytest.raises(BadValue, match="no such field"):
        check(kind, {"gone": [3]}, None, before)

"""Kinds of ticket: those that are shipped, and how an administrator's are checked."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.errors import BadValue, BadValues
from callserver.tickets.appliances import FAULTS, SYMPTOMS
from callserver.tickets.defaults import DEFAULTS
from callserver.tickets.defining import defined
from callserver.tickets.kinds import Kind, kind_from_json, to_json
from callserver.tickets.record import PRIORITIES, Status
from callserver.tickets.tables import STEPS

CENTRE = (
    "information guidance design install debug repair maintenance order sale return_visit reminder survey complaint "
    "missed_call"
).split()

every_kind = pytest.mark.parametrize("kind", DEFAULTS.values(), ids=DEFAULTS)


def test_every_function_of_the_telephone_centre_has_its_kind() -> None:
    assert list(DEFAULTS) == CENTRE


@every_kind
def test_a_shipped_kind_passes_the_check_of_an_administrators(kind: Kind) -> None:
    assert defined(to_json(kind)) == kind == kind_from_json(to_json(kind))


@every_kind
def test_every_word_is_there_in_english_and_chinese(kind: Kind) -> None:
    titles = [
        kind.title,
        *(field.title for field in kind.fields),
        *(field.help for field in kind.fields if field.help),
    ]
    titles += [choice.title for field in kind.fields for choice in field.choices]
    for title in titles:
        assert set(title) == {"en", "zh"} and all(title.values())
        assert title["en"].isascii() or "²" in title["en"]
        assert not title["zh"].isascii()


@every_kind
def test_a_shipped_kind_opens_with_nothing_filled_in(kind: Kind) -> None:
    assert not [field.name for field in kind.fields if "open" in field.required_when]


@every_kind
def test_a_shipped_kind_uses_statuses_that_lead_to_each_other(kind: Kind) -> None:
    used: set[Status] = {status for status in get_args(Status) if kind.may_be(status)}
    reached: set[Status] = set()
    edge: set[Status] = {"open"}
    while edge:
        reached |= edge
        edge = {one.to for status in edge for one in STEPS[status]} & used - reached
    assert reached == used
    assert ("serviced" in used) == ("owed_visit" in used) == kind.return_visit
    for field in kind.fields:
        assert set(field.required_when) <= used, field.name


def test_service_kinds_have_what_an_outlet_needs() -> None:
    for name in ("design", "install", "debug", "repair", "maintenance"):
        kind = DEFAULTS[name]
        assert {field.name for field in kind.fields} >= {"place", "contact", "appointment", "outcome"}
    repair = DEFAULTS["repair"].field("fault")
    assert repair is not None and repair.choices == FAULTS
    assert len({choice.value for choice in SYMPTOMS}) == len(SYMPTOMS)


PLAIN: dict[str, Any] = {"name": "loan", "title": {"en": "Loan"}}


def a_field(**more: Any) -> dict[str, Any]:
    return {**PLAIN, "fields": [{"name": "f", "title": {"en": "F"}, "type": "text", **more}]}


def test_a_plain_kind_is_enough() -> None:
    assert defined(PLAIN) == Kind(name="loan", title={"en": "Loan"})
    assert defined({**PLAIN, "version": 7}).version == 0


def test_titles_are_cleaned() -> None:
    kind = defined({**PLAIN, "title": {"en": " Loan\nof\x00 "}, "team": " north "})
    assert (kind.title, kind.team) == ({"en": "Loan of\ufffd"}, "north")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "name"),
        ({**PLAIN, "name": "Loan"}, "name"),
        ({**PLAIN, "name": "x" * 41}, "name"),
        ({**PLAIN, "name": "a'; DROP TABLE tickets"}, "name"),
        ({**PLAIN, "title": "Loan"}, "title"),
        ({**PLAIN, "title": {}}, "title"),
        ({**PLAIN, "title": {"en": ""}}, "title.en"),
        ({**PLAIN, "title": {"english": "Loan"}}, "title"),
        ({**PLAIN, "title": {"en": "x" * 101}}, "title.en"),
        ({**PLAIN, "colour": "red"}, "colour"),
        ({**PLAIN, "priority": "soon"}, "priority"),
        ({**PLAIN, "statuses": ["flying"]}, "statuses[0]"),
        ({**PLAIN, "statuses": "open"}, "statuses"),
        ({**PLAIN, "due_in_s": 0}, "due_in_s"),
        ({**PLAIN, "due_in_s": True}, "due_in_s"),
        ({**PLAIN, "due_in_s": 10**10}, "due_in_s"),
        ({**PLAIN, "return_visit": "no"}, "return_visit"),
        ({**PLAIN, "team": 3}, "team"),
        ({**PLAIN, "fields": [3]}, "fields[0]"),
        ({**PLAIN, "fields": [{}] * 61}, "fields"),
        (a_field(name="F"), "fields[0].name"),
        (a_field(type="colour"), "fields[0].type"),
        (a_field(type=["text"]), "fields[0].type"),
        (a_field(help="x"), "fields[0].help"),
        (a_field(max_length=201), "fields[0].max_length"),
        (a_field(type="number", max_length=5), "fields[0].max_length"),
        (a_field(required_when=["flying"]), "fields[0].required_when[0]"),
        (a_field(type="choice"), "fields[0].choices"),
        (a_field(choices=[{"value": "a", "title": {"en": "A"}}]), "fields[0].choices"),
        (
            a_field(type="choice", choices=[{"value": "a b", "title": {"en": "A"}}]),
            "fields[0].choices[0].value",
        ),
        (
            a_field(type="choice", choices=[{"value": "a", "title": {"en": "A"}}] * 2),
            "fields[0].choices[1].value",
        ),
        ({**PLAIN, "fields": a_field()["fields"] * 2}, "fields[1].name"),
    ],
)
def test_a_wrong_definition_names_what_is_wrong(values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadValues) as refused:
        defined(values)
    assert refused.value.field == field


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(sorted(to_json(DEFAULTS["repair"])))


@given(st.dictionaries(NAMES, ANY, max_size=5), ANY)
def test_any_definition_is_taken_or_refused(values: dict[str, Any], field: Any) -> None:
    for tried in ({**PLAIN, **values}, {**PLAIN, "fields": [field]}):
        try:
            kind = defined(tried)
        except BadValue:
            continue
        assert kind.priority in PRIORITIES and kind_from_json(to_json(kind)) == kind

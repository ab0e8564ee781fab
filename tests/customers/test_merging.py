"""Two customers who are one, and one who is two: the values."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.customers import checking, merging
from callserver.customers.merging import Going
from callserver.customers.record import Customer, CustomerId
from callserver.errors import BadValue, BadValues
from tests.customers.test_checking import customer


def other(**values: Any) -> Customer:
    return replace(customer(**values), id=CustomerId(2))


def test_the_one_who_lives_on_gets_what_it_lacks() -> None:
    one = customer(numbers=["13800138000"], notes="tall", language="zh")
    two = other(
        name="王晓明", numbers=["13900139000", "013800138000"], notes="deaf", zone="Asia/Shanghai", vip=True
    )
    both, part = merging.merged(one, two, 9)
    assert (both.name, both.language, both.zone, both.vip, both.notes) == (
        "王小明",
        "zh",
        "Asia/Shanghai",
        True,
        "tall\ndeaf",
    )
    assert [number.received for number in both.numbers] == ["13800138000", "13900139000"]
    assert (both.version, both.updated_at, both.merged_into) == (2, 9, None)
    assert (part.version, part.merged_into) == (2, one.id)
    assert checking.draft_of(part) == checking.draft_of(two)


def test_an_external_id_goes_over_only_where_there_is_none() -> None:
    both, part = merging.merged(customer(), other(external_id="K-2"), 9)
    assert (both.external_id, part.external_id) == ("K-2", None)
    both, part = merging.merged(customer(external_id="K-1"), other(external_id="K-2"), 9)
    assert (both.external_id, part.external_id) == ("K-1", "K-2")


def test_long_notes_of_two_are_cut_and_stay_with_the_other() -> None:
    both, part = merging.merged(customer(notes="a" * 9_000), other(notes="b" * 9_000), 9)
    assert (len(both.notes), part.notes) == (10_000, "b" * 9_000)


def test_apart_again_each_is_as_before() -> None:
    one, two = customer(numbers=["13800138000"]), other(numbers=["13900139000"], external_id="K-2")
    both, part = merging.merged(one, two, 9)
    apart = merging.apart(both, part, (one, two), 10)
    assert (checking.draft_of(apart.into), checking.draft_of(apart.other)) == (
        checking.draft_of(one),
        checking.draft_of(two),
    )
    assert (apart.into.version, apart.other.version, apart.other.merged_into, apart.kept) == (3, 3, None, ())


def test_an_external_id_that_was_given_on_meanwhile_is_not_taken_back() -> None:
    one, two = customer(), other(external_id="K-2")
    both, part = merging.merged(one, two, 9)
    changed = replace(both, external_id="K-9")
    apart = merging.apart(changed, part, (one, two), 10)
    assert (apart.into.external_id, apart.other.external_id, apart.kept) == ("K-9", "K-2", ("external_id",))


texts = st.sampled_from(["", "a", "b", "c"])
numbers = st.lists(st.sampled_from(["13800138000", "13900139000", "13700137000", "801"]), max_size=3)


@given(st.data())
def test_merging_and_parting_gives_back_everybody(data: st.DataObject) -> None:
    def said() -> dict[str, Any]:
        return {
            "notes": data.draw(texts),
            "caution": data.draw(texts),
            "vip": data.draw(st.booleans()),
            "numbers": data.draw(numbers),
            "addresses": data.draw(st.lists(texts.filter(bool), max_size=2)),
        }

    one, two = customer(**said()), other(**said())
    both, part = merging.merged(one, two, 9)
    apart = merging.apart(both, part, (one, two), 10)
    assert checking.draft_of(apart.into) == checking.draft_of(one)
    assert checking.draft_of(apart.other) == checking.draft_of(two)
    assert apart.kept == ()


def test_what_goes_is_no_longer_there() -> None:
    one = customer(numbers=["13800138000", "13900139000"], addresses=["a", "b"], language="zh", notes="tall")
    rest, draft = merging.split(one, Going(numbers=(1,), addresses=(0,)), "李", 9)
    assert [number.received for number in rest.numbers] == ["13800138000"]
    assert [address.line for address in rest.addresses] == ["b"]
    assert ([number.received for number in draft.numbers], [address.line for address in draft.addresses]) == (
        ["13900139000"],
        ["a"],
    )
    assert (draft.name, draft.language, draft.notes, rest.version) == ("李", "zh", "", 2)


def test_a_split_by_products_alone_leaves_the_customer_as_it_is() -> None:
    one = customer(numbers=["13800138000"])
    rest, draft = merging.split(one, Going(products=(7,)), "李", 9)
    assert (rest, draft.numbers) == (one, ())


def test_what_goes_to_one_who_is_there_is_theirs_once() -> None:
    one, other = customer(numbers=["13800138000", "13900139000"]), customer(numbers=["13900139000"])
    rest, more = merging.given(one, Going(numbers=(1,)), other, 9)
    assert [number.received for number in rest.numbers] == ["13800138000"]
    assert more == other


@given(numbers, numbers, st.sets(st.integers(0, 2)))
def test_giving_and_taking_back_leaves_both_as_they_were(mine: Any, theirs: Any, places: Any) -> None:
    one, two = customer(numbers=mine), other(numbers=theirs)
    going = Going(numbers=tuple(place for place in places if place < len(one.numbers)), products=(7,))
    back = merging.regained(*merging.given(one, going, two, 9), (one, two), 10)
    assert (back.customer.numbers, back.other.numbers, back.kept) == (one.numbers, two.numbers, ())


def test_somebody_without_a_name_keeps_a_number() -> None:
    with pytest.raises(BadValue, match="numbers"):
        merging.split(customer(name="", numbers=["13800138000"]), Going(numbers=(0,)), "李", 9)


def test_every_place_that_is_not_there_is_told() -> None:
    with pytest.raises(BadValues) as refused:
        merging.split(customer(numbers=["13800138000"]), Going(numbers=(0, 1), addresses=(-1,)), "李", 9)
    assert [field for field, _ in refused.value.problems] == ["numbers[1]", "addresses[-1]"]

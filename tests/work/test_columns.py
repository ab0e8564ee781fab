"""Headings, as people write them, become fields; what is not understood is asked."""

import pytest

from callserver.errors import BadValue
from callserver.work.columns import BY_NAME, FIELDS, columns, heading_of, known


@pytest.mark.parametrize(
    ("heading", "field", "place"),
    [
        ("客户姓名", "name", 1),
        ("姓名*", "name", 1),
        (" Name ", "name", 1),
        ("电话2", "phone", 2),
        ("手机号码（2）", "mobile", 2),
        ("phone_kind_3", "phone_kind", 3),
        ("Phone 02", "phone", 2),
        ("SERIAL NO.", "serial", 1),
        ("购买日期", "bought_on", 1),
        ("Ｎａｍｅ", "name", 1),
        ("编号", "external_id", 1),
    ],
)
def test_headings_are_understood(heading, field, place):
    assert known(heading) == (BY_NAME[field], place)


@pytest.mark.parametrize("heading", ["", "星座", "name of dog", "2"])
def test_other_headings_are_not_guessed(heading):
    assert known(heading) is None


def test_our_own_headings_are_all_understood():
    for field in FIELDS:
        assert known(heading_of(field.name, 0)) == (field, 1)
        if field.group:
            assert known(heading_of(field.name, 4)) == (field, 5)


def test_a_row_becomes_values():
    found = columns(
        ["编号", "姓名", "电话", "手机", "手机备注x", "区", "产品", "产品2", "vip"], given={"手机备注x": "-"}
    )
    cells = ["7", "王伟", "0532-88888888", "13800138000", "", "市南区", "冰箱", "", "是"]
    assert found.customer(cells) == {
        "external_id": "7",
        "name": "王伟",
        "vip": True,
        "numbers": [{"received": "0532-88888888"}, {"received": "13800138000", "kind": "mobile"}],
        "addresses": [{"area": "市南区"}],
    }
    assert found.owned(cells) == [{"category": "冰箱"}]


def test_what_the_row_does_not_say_is_not_in_the_values():
    assert columns(["name", "phone", "vip", "model", "category"]).customer(["A", "", "", "", ""]) == {
        "name": "A"
    }


def test_several_numbers_in_a_cell_are_several():
    found = columns(["name", "phone", "phone_note"])
    values = found.customer(["A", "13800138000、13900139000", "old"])
    assert [one["received"] for one in values["numbers"]] == ["13800138000", "13900139000"]
    assert {one["note"] for one in values["numbers"]} == {"old"}


def test_an_extension_behind_a_slash_is_no_number_of_its_own():
    assert len(columns(["name", "phone"]).customer(["A", "0532-88888888/801"])["numbers"]) == 1


def test_a_heading_of_the_users_is_taken_as_the_user_says():
    assert columns(["owner", "phone"], given={"owner": "name"}).said[0] == ("owner", "name")
    assert columns(["Tel", "x y"], given={"xy": "phone_2"}).said[1] == ("x y", "phone_2")


@pytest.mark.parametrize(
    ("headings", "given", "why"),
    [
        (["name", "dog"], {}, "'dog'"),
        (["name", "adress"], {}, r"adress' \(address\?\)"),
        (["name", "姓名"], {}, "'name' is name, too"),
        (["name", "x"], {"x": "phnoe"}, "there is no field 'phnoe'; 'phone'"),
        (["name_2"], {}, "there is no name number 2"),
        (["phone_99"], {}, "there is no phone number 99"),
        (["address"], {}, "no column is a name or a number"),
        (["name", "phone_kind_2"], {}, "no column for the number"),
        (["name", "model"], {}, "--category"),
    ],
)
def test_what_cannot_be_imported_is_said(headings, given, why):
    with pytest.raises(BadValue, match=why):
        columns(headings, given=given)


def test_unknown_columns_can_be_left_out():
    assert columns(["name", "dog"], ignore_unknown=True).unknown == ("dog",)


def test_a_reject_file_can_be_imported_as_it_is():
    assert columns(["rejected_line", "rejected_field", "rejected_reason", "name"]).said == (("name", "name"),)


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("name", "姓名"),
        ("numbers[0].received", "电话"),
        ("numbers[1].received", "手机"),
        ("addresses[0].city", "城市"),
        ("products[0].bought_on", "日期"),
        ("products[0].category", "产品"),
        ("products[0].serial", "产品"),
        ("notes", "notes"),
        ("numbers[7].received", "numbers[7].received"),
    ],
)
def test_a_problem_is_told_with_the_heading_of_its_column(path, heading):
    found = columns(["姓名", "电话", "电话2", "手机", "城市", "产品", "日期"], given={"日期": "bought_on"})
    assert found.heading(path, ["王", "13800138000", "", "13900139000", "青岛", "冰箱", "x"]) == heading

"""A row becomes an entry, quickly or carefully: both give the same."""

import random

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.customers import checking
from callserver.customers.listed import Entry
from callserver.customers.record import CustomerId, ProductId
from callserver.customers.warranty import Rule, rules
from callserver.errors import BadValue
from callserver.facts import Actor
from callserver.numbers import Plan
from callserver.sheets.table import Row
from callserver.store import customers, products
from callserver.work.columns import columns
from callserver.work.entries import Clerk, Rejected
from tests.rig import customer_list

PLAN = Plan(area_code="0532")
HEADINGS = [
    "external_id", "name", "phone", "phone_kind", "phone_note", "phone_do_not_call", "mobile", "address", "area",
    "city", "postcode", "country", "language", "zone", "vip", "caution", "notes", "do_not_call", "category", "model",
    "serial", "bought_on", "seller", "warranty_until", "product_notes", "category_2", "serial_2", "address_note",
]  # fmt: skip
CLERK = Clerk(columns(HEADINGS, category="冰箱"), PLAN)
# What cells are made of: usual ones, and all that comes near the edge between quick and careful.
CELLS = [
    "", "", "", "", "王伟", "John Smith", " x", "x ", "a  b", "a\tb", "a\nb", "x\x00", "\x85", "\xa0", "a\x1fb", "\x7f",
    "x" * 201, "x" * 150, "x" * 151, "x" * 21, "x" * 1001, "x" * 101, "13800138000", "0532-88888888", "88888888转801",
    "anonymous", "110", "1" * 50, "+49 30 123456", "13800138000,13900139000", "8613800138000", "2024-02-29",
    "2023-02-29", "2024/3/5", "3/4/2024", "1899-01-01", "mobile", "手机", "pager", "yes", "no", "是", "perhaps", "de",
    "zh-cn", "x-klingon-", "Asia/Shanghai", "Mars/Olympus", "冰箱", "washer", "Toaster", "SN-123", "sn 1", "\ud800",
    "😀", "שלום", "'x", "<b>", "=1+1", "ﬀ", "İ", "ß", "�",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(CELLS), min_size=len(HEADINGS), max_size=len(HEADINGS)))
def test_the_quick_way_gives_what_the_careful_way_gives(cells):
    same(cells)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(range(len(HEADINGS))), st.text(max_size=30))
def test_also_for_any_text_in_any_column(place, text):
    cells = ["7", "王伟", "13800138000", *[""] * (len(HEADINGS) - 3)]
    cells[place] = text
    same(cells)


def test_the_quick_way_is_taken_where_it_matters():
    clerk = Clerk(columns(customer_list.HEADINGS.split(",")), PLAN)
    rows = [line.split(",") for number, line in enumerate(customer_list.lines(99), 1)]
    assert all(clerk.quick(cells) for cells in rows)
    assert all(clerk.quick(cells) == clerk.careful(cells) for cells in rows)


def test_the_categories_of_the_site_have_their_names_and_their_warranties():
    robot = Rule(category="robot_vacuum", en="Robot vacuum", zh="扫地机器人", months=24, also=("扫地机",))
    clerk = Clerk(columns(["id", "name", "category", "bought_on", "warranty_until"]), PLAN, rules(robot))
    rows = [
        Row(2, ["7", "王伟", "扫地机", "2024-02-29", ""]),
        Row(3, ["8", "张伟", "扫地机", "2024-02-29", "2026-12-31"]),
        Row(4, ["9", "李伟", "扫地机", "2024-02-29", "2026-02-28"]),
    ]
    plain, _ = clerk.batch(rows)
    assert plain is not None
    owned = [orjson.loads(product.record) for product in plain.products()]
    assert {one["category"] for one in owned} == {"robot_vacuum"}
    ends = [(one["warranty_until"], one["warranty_said"]) for one in owned]
    assert ends == [("2026-02-28", False), ("2026-12-31", True), ("2026-02-28", False)]
    assert [clerk.careful(row.cells).products for row in rows] == [[one] for one in owned]


def same(cells):
    quick = CLERK.quick(cells)
    try:
        careful = CLERK.careful(cells)
    except BadValue:
        careful = None
    if quick is not None:
        assert quick == careful


def test_an_entry_is_written_as_the_store_would_write_it():
    """What `customers.put` and `products.put` make of the same drafts."""
    cells = [
        "7",
        "单雄信",
        "13800138000",
        "",
        "",
        "",
        "0532-88888888",
        "香港中路1号",
        "市南区",
        "青岛",
        *[""] * 18,
    ]
    cells[18:22] = ["洗衣机", "XQG-100", "sn-12/3", "2024-03-05"]
    entry = CLERK.entry(Row(2, cells))
    assert isinstance(entry, Entry)
    said = CLERK.careful(cells)
    draft = checking.customer(CLERK._columns.customer(cells), PLAN)
    customer = customers.drafted(draft, CustomerId(1), Actor(name="x", through="import"), 5)
    row = customers.row(customer)
    assert (entry.name_key, entry.initials, entry.external_id, entry.vip) == (
        row["name_key"], row["initials"], row["external_id"], row["vip"],
    )  # fmt: skip
    assert set(entry.tails) == customers.tails(customer)
    assert entry.words == " ".join(customers.words_of(customer))
    assert orjson.loads(entry.record) == said.customer
    [owned] = entry.products
    product = products.drafted(checking.product(CLERK._columns.owned(cells)[0]), ProductId(1), customer.id, 5)
    row_of_product = products.row(product)
    assert (owned.category, owned.model_key, owned.serial_key) == (
        row_of_product["category"], row_of_product["model_key"], row_of_product["serial_key"],
    )  # fmt: skip


# --- what is rejected ------------------------------------------------------------------------------------------------


def rejected(*cells, fault=""):
    clerk = Clerk(columns(["姓名", "电话", "地址", "产品", "购买日期"]), PLAN)
    made = clerk.entry(Row(9, list(cells), fault))
    assert isinstance(made, Rejected), made
    return made


def test_a_rejected_row_names_its_line_the_heading_and_the_reason():
    assert rejected("王伟", "nonsense", "", "", "") == (
        9, "电话", "is no telephone number", ["王伟", "nonsense", "", "", ""],
    )  # fmt: skip


def test_several_problems_are_told_together():
    found = rejected("x" * 999, "", "", "冰箱", "2024-02-30")
    assert found.field == "姓名 / 购买日期"
    assert "姓名: has 999" in found.why and "购买日期: there is no such day" in found.why


def test_nobody_who_could_not_be_recognised_again():
    assert "nobody could tell" in rejected("王伟", "", "", "", "").why


def test_a_row_with_more_cells_than_headings():
    assert "more cells than the 5" in rejected("王伟", "13800138000", "", "", "", "", "x").why


def test_a_row_that_could_not_be_read():
    assert rejected("王伟", fault="a quote that is never closed").why == "a quote that is never closed"


def test_rows_with_fewer_cells_or_empty_ones_behind_are_whole():
    clerk = Clerk(columns(["姓名", "电话", "地址"]), PLAN)
    assert isinstance(clerk.entry(Row(2, ["王伟", "13800138000"])), Entry)
    assert isinstance(clerk.entry(Row(2, ["王伟", "13800138000", "", "", ""])), Entry)


def test_who_has_no_id_is_known_by_name_and_first_number_in_any_writing():
    clerk = Clerk(columns(["姓名", "电话", "地址"]), PLAN)

    def mark(*cells):
        made = clerk.entry(Row(2, list(cells)))
        assert isinstance(made, Entry)
        return made.mark

    assert mark("王伟", "13800138000", "") == mark("王 伟", "+86 138 0013 8000", "x")
    assert mark("王伟", "13800138000", "") != mark("李伟", "13800138000", "")
    assert mark("王伟", "", "香港中路1号") == mark("王伟", "", "香港中路1号 ")
    assert mark("王伟", "", "香港中路1号") != mark("王伟", "", "香港中路2号")


def test_every_bad_row_of_the_rig_is_rejected_and_no_other():
    clerk = Clerk(columns(customer_list.HEADINGS.split(",")), PLAN)
    dice = random.Random(1)
    cells = customer_list._cells(dice, 1)
    for spoil in customer_list.SPOILT:
        line = spoil(cells.copy())
        if '"' not in line:  # those are for the reader of the file
            made = clerk.entry(Row(1, line.split(",")))
            assert isinstance(made, Rejected) or len(line) > 100_000, line[:200]

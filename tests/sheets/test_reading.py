"""Files as people send them: what they are is found out, or asked; a bad row costs itself."""

import io
import os
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from callserver.errors import BadValue
from callserver.sheets.delimited import _Lines, _records
from callserver.sheets.reading import read
from callserver.sheets.table import MAX_CELL, MAX_COLUMNS, Row, Table, each_row

NAMES = (
    "王伟 李娜 张敏 刘洋 陈静 杨勇 赵艳 黄杰 周涛 吴超 "
    "徐霞 孙平 胡刚 朱桂英 高文华 林玉兰 何建国 郭志强 郑海波 谢婷婷"
).split()


def table(tmp_path: Path, content: bytes, name: str = "list.csv", **said: str) -> Table:
    file = tmp_path / name
    file.write_bytes(content)
    return read(file, **said)


def rows(tmp_path: Path, content: bytes, name: str = "list.csv", **said: str) -> list[Row]:
    return list(table(tmp_path, content, name, **said).rows)


def names(codec: str) -> bytes:
    return "\r\n".join(["姓名,电话", *(f"{name},13800138000" for name in NAMES)]).encode(codec)


# --- encodings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_what_proves_itself_is_read_without_a_word(tmp_path, codec):
    found = table(tmp_path, names(codec))
    assert found.headings == ("姓名", "电话")
    assert [row.cells[0] for row in found.rows] == NAMES
    assert found.said == ()


@pytest.mark.parametrize("codec", ["gb18030", "gbk", "gb2312"])
def test_chinese_of_windows_is_recognised_and_said(tmp_path, codec):
    found = table(tmp_path, names(codec))
    assert [row.cells[0] for row in found.rows] == NAMES
    assert "GB18030" in found.said[0]


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Name;Ort\nMüller;Köln\nJörg;Lübeck", "cp1252"),
        ("\n".join(["氏名,住所", *["山田太郎さん,とうきょう"] * 30]), "euc_jp"),
        ("\n".join(["이름,전화", *["김민수,서울특별시 강남구"] * 30]), "euc_kr"),
        ("\n".join(["姓名,地址", *["陳大文,臺北市信義區", "張麗華,臺中市"] * 20]), "big5"),
        ("\n".join(["Имя,Город", *["Иванов,Москва", "Петрова,Казань"] * 20]), "cp1251"),
        ("姓名\n王伟", "gb18030"),
    ],
)
def test_what_cannot_be_known_is_asked_and_both_readings_are_shown(tmp_path, text, codec):
    with pytest.raises(
        BadValue, match=r"(?s)say which one reads well: --encoding .* or --encoding"
    ) as refusal:
        table(tmp_path, text.encode(codec))
    assert refusal.value.field == "encoding"
    assert table(tmp_path, text.encode(codec), encoding=codec).headings[0] in text


def test_utf_16_without_its_mark_is_asked(tmp_path):
    with pytest.raises(BadValue, match="utf-16-le"):
        table(tmp_path, "name,phone\nx,y".encode("utf-16-le"))


def test_an_unknown_encoding_is_refused(tmp_path):
    with pytest.raises(BadValue, match="no encoding"):
        table(tmp_path, b"name\nx", encoding="klingon")
    with pytest.raises(BadValue, match="no encoding"):
        table(tmp_path, b"name\nx", encoding="base64")


def test_a_few_rows_in_another_encoding_are_rejected_one_by_one(tmp_path):
    lines = [f"{name},x".encode() for name in NAMES * 2]
    lines[7] = "王伟,x".encode("gb18030")
    found = table(tmp_path, b"\n".join([b"name,x", *lines]))
    assert "1 line is not" in found.said[0]
    faults = [row for row in found.rows if row.fault]
    assert [row.line for row in faults] == [9]
    assert "no text" in faults[0].fault


# --- delimited text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(tmp_path, sign):
    content = f"name{sign}phone\nA, B{sign}1\n" if sign != "," else 'name,phone\n"A; B",1\n'
    assert rows(tmp_path, content.encode())[0].cells[1] == "1"


def test_a_delimiter_that_may_be_two_is_asked(tmp_path):
    with pytest.raises(BadValue, match="comma or semicolon"):
        table(tmp_path, b"a,b;c\n1,2;3\n")
    assert table(tmp_path, b"a,b;c\n1,2;3\n", delimiter=";").headings == ("a,b", "c")


def test_excels_own_word_for_the_delimiter_is_heard(tmp_path):
    found = table(tmp_path, b"sep=;\r\nname;x\r\nA;1\r\n")
    assert found.headings == ("name", "x")
    assert [row.line for row in found.rows] == [3]


def test_one_column_needs_no_delimiter(tmp_path):
    assert table(tmp_path, b"phone\n13800138000\n").headings == ("phone",)


def test_rows_know_the_line_on_which_they_begin(tmp_path):
    found = rows(tmp_path, b'a,b\r\n1,"x\r\ny"\r\n\r\n,\r\n2,z\r\n')
    assert [(row.line, row.cells) for row in found] == [(2, ["1", "x\r\ny"]), (6, ["2", "z"])]


def test_old_mac_line_ends_are_lines(tmp_path):
    assert [row.line for row in rows(tmp_path, b"a,b\r1,2\r3,4\r")] == [2, 3]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path):
    found = rows(tmp_path, b'a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert [(row.line, bool(row.fault)) for row in found] == [(2, False), (3, True), (4, False), (5, False)]
    assert found[1].cells == ['3,"4']
    assert "never closed" in found[1].fault


def test_a_quote_in_the_middle_costs_one_row(tmp_path):
    found = rows(tmp_path, b'a,b\n"x"y,2\n5,6\n')
    assert [bool(row.fault) for row in found] == [True, False]


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_cell_of_ten_megabytes_is_refused_with_its_line(tmp_path, quote):
    found = rows(tmp_path, b"a,b\n1,2\n3," + quote + b"x" * 10_000_000 + quote + b"\n5,6\n")
    assert [(row.line, bool(row.fault)) for row in found] == [(2, False), (3, True), (4, False)]
    assert f"more than {MAX_CELL}" in found[1].fault
    assert len(found[1].cells[0]) <= MAX_CELL


def test_a_line_too_long_for_any_row_is_refused_even_if_its_cells_are_short(tmp_path):
    found = rows(tmp_path, b"a,b\n" + b"1234567," * 100_000 + b"\n5,6\n")
    assert [(row.line, bool(row.fault)) for row in found] == [(2, True), (3, False)]


def test_too_many_cells_are_refused(tmp_path):
    found = rows(tmp_path, b"a,b\n" + b"1," * 1000 + b"\n")
    assert "more than 300" in found[0].fault


def test_a_NUL_stays_for_others_to_judge(tmp_path):
    assert rows(tmp_path, b"a,b\nx\x00y,2\n")[0].cells == ["x\x00y", "2"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_rows_is_refused(tmp_path, content):
    with pytest.raises(BadValue, match=r"empty|no row"):
        table(tmp_path, content)


def test_an_old_excel_file_is_refused_with_advice(tmp_path):
    with pytest.raises(BadValue, match="save it as"):
        table(tmp_path, b"\xd0\xcf\x11\xe0" + b"\0" * 100, name="list.xls")


# --- workbooks -------------------------------------------------------------------------------------------------------


def book(tmp_path: Path, *sheets: Sequence[Sequence[object]]) -> Path:
    made = Workbook()
    made.remove(made.worksheets[0])
    for number, cells in enumerate(sheets, 1):
        page = made.create_sheet(f"sheet {number}")
        for row in cells:
            page.append(list(row))
    made.save(tmp_path / "list.xlsx")
    return tmp_path / "list.xlsx"


def packed(tmp_path: Path, source: Path, **changed: str) -> Path:
    """The workbook with some parts replaced."""
    target = tmp_path / "changed.xlsx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            stem = Path(part).stem
            new.writestr(part, changed.get(stem, old.read(part)))
    return target


def test_the_largest_sheet_is_read_and_named(tmp_path):
    found = read(book(tmp_path, [["note"]], [["name", "phone"], *[["A", "1"]] * 50]))
    assert found.headings == ("name", "phone")
    assert "sheet 2" in found.said[0]


def test_a_sheet_can_be_asked_for(tmp_path):
    file = book(tmp_path, [["note"]], [["name", "phone"]] * 9)
    assert read(file, sheet="sheet 1").headings == ("note",)
    with pytest.raises(BadValue, match="sheet 1, sheet 2"):
        read(file, sheet="other")


def test_cells_are_read_as_people_see_them(tmp_path):
    cells = [
        13800138000,
        13800138000.0,
        1.5,
        date(2024, 2, 29),
        datetime(2024, 2, 29, 12, 30),  # noqa: DTZ001 (Excel knows no zones)
        True,
        None,
        "x_x000D_y",
    ]
    found = list(read(book(tmp_path, [["a"] * 8, cells])).rows)
    assert found[0].cells == [
        "13800138000", "13800138000", "1.5", "2024-02-29", "2024-02-29 12:30:00", "yes", "", "x\ry",
    ]  # fmt: skip


def test_rows_of_a_workbook_know_their_number_and_empty_ones_are_left_out(tmp_path):
    found = list(read(book(tmp_path, [["a"], ["1"], [], [None], ["2"]])).rows)
    assert [row.line for row in found] == [2, 5]


def test_a_workbook_that_claims_to_be_endless_is_read_to_where_it_ends(tmp_path):
    source = book(tmp_path, [["name"], ["A"]])
    with zipfile.ZipFile(source) as old:
        sheet = old.read("xl/worksheets/sheet1.xml").decode()
    huge = packed(tmp_path, source, sheet1=sheet.replace('ref="A1:A2"', 'ref="A1:XFD1048576"'))
    assert huge.read_bytes() != source.read_bytes()
    assert [row.cells for row in read(huge).rows] == [["A"]]


def test_a_row_with_a_cell_at_the_far_right_is_refused(tmp_path):
    source = book(tmp_path, [["name"], ["A"]])
    with zipfile.ZipFile(source) as old:
        sheet = old.read("xl/worksheets/sheet1.xml").decode()
    far = packed(tmp_path, source, sheet1=sheet.replace('r="A2"', 'r="XFD2"'))
    for row in read(far).rows:
        assert len(row.cells) <= MAX_COLUMNS


def test_a_zip_bomb_is_refused_unopened(tmp_path):
    bomb = packed(tmp_path, book(tmp_path, [["name"]]), sheet1="<x>" + " " * 100_000_000)
    assert bomb.stat().st_size < 1_000_000
    with pytest.raises(BadValue, match="unpacks to 100,000,003 bytes"):
        read(bomb)


def test_entities_are_refused(tmp_path):
    laughs = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>'
    with pytest.raises(BadValue, match="entities"):
        read(packed(tmp_path, book(tmp_path, [["name"]]), sheet1=laughs))


@pytest.mark.parametrize("rest", [b"", b"rubbish" * 100])
def test_a_broken_workbook_is_refused(tmp_path, rest):
    with pytest.raises(BadValue, match="no workbook that can be read"):
        table(tmp_path, b"PK\x03\x04" + rest, name="list.xlsx")


def test_a_workbook_that_breaks_off_says_where(tmp_path):
    source = book(tmp_path, [["name"], ["A"], ["B"]])
    with zipfile.ZipFile(source) as old:
        sheet = old.read("xl/worksheets/sheet1.xml").decode()
    cut = packed(tmp_path, source, sheet1=sheet[: sheet.index('r="A3"')])
    with pytest.raises(BadValue, match="cannot be read on") as refusal:
        list(read(cut).rows)
    assert refusal.value.field.startswith("row ")


def test_a_file_that_is_not_there_is_the_systems_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing.csv")


# --- what is no file -------------------------------------------------------------------------------------------------


def test_what_can_be_read_only_once_is_refused_instead_of_waited_for(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(BadValue, match="save it first"):
            read(path)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=[*"ab,;'=0 \t\r\n\x00é王\ud800"], max_size=40))
def test_a_line_without_quotes_is_cut_as_csv_cuts_it(text):
    """Quick or not; rows without cells are left out later."""
    quick = _Lines(io.StringIO(text, newline=""))
    careful = _Lines(io.StringIO(text, newline=""))
    careful.unquoted = list  # type: ignore[method-assign]
    assert list(filter(itemgetter(1), each_row(_records(quick, ",")))) == list(
        filter(itemgetter(1), each_row(_records(careful, ",")))
    )

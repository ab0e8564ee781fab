"""What is written opens without harm and is read back unchanged."""

import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callserver.errors import BadValue
from callserver.sheets.reading import read
from callserver.sheets.writing import writing

HOSTILE = [
    "=1+1", "+49 30", "-5", "@a", "\tb", "\rc", "\nq", "＝q", "'x", "''y", "'=z", "0138", "1" * 12, "_x000D_",
    "a\r\nb", 'q"u"', "a,b;c|d", "😀", "שלום", "<script>", "x\x0by", " spaces ", "a\tb",
]  # fmt: skip


def written(path, *rows):
    with writing(path, [f"h{place}" for place in range(len(rows[0]))]) as sheet:
        for row in rows:
            sheet.write(row)
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx"])
def test_hostile_texts_come_back_as_they_were(tmp_path, kind):
    found = read(written(tmp_path / f"list.{kind}", HOSTILE, HOSTILE[::-1]))
    assert [row.cells for row in found.rows] == [HOSTILE, HOSTILE[::-1]]
    assert found.said == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4))
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_any_text_comes_back_as_it_was(tmp_path, kind, cells):
    [row] = read(written(tmp_path / f"list.{kind}", ["x", *cells])).rows
    assert row.cells + [""] * (len(cells) + 1 - len(row.cells)) == ["x", *cells]


def test_no_cell_of_a_workbook_is_a_formula(tmp_path):
    with zipfile.ZipFile(written(tmp_path / "list.xlsx", HOSTILE)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "=1+1" in sheet
    assert 't="n"' not in sheet


def test_csv_says_that_it_is_utf_8_and_ends_its_lines_as_the_rfc_says(tmp_path):
    content = written(tmp_path / "list.csv", ["a", "b"]).read_bytes()
    assert content == b"\xef\xbb\xbfh0,h1\r\na,b\r\n"


def test_a_name_that_tells_no_form_is_refused(tmp_path):
    with pytest.raises(BadValue, match=r"\.csv, \.tsv, \.xlsx"), writing(tmp_path / "list.doc", ["a"]):
        pass


def test_a_text_too_long_for_excel_is_refused_and_not_cut(tmp_path):
    with pytest.raises(BadValue, match="does not fit"):
        written(tmp_path / "list.xlsx", ["x" * 40_000])

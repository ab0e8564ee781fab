"""Lists of customers in and out of the archive, and single ones, as a person does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

LIST = "姓名,电话,地址,产品,购买日期\n王伟,13800138000,香港中路1号,冰箱,2024-03-05\n李娜,13900139000,,冰箱,2024-02-30\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    return tmp_path / "list.csv"


def test_a_list_goes_in_and_out_and_in_again(callserver: Command, settings: Path, file: Path) -> None:
    tried = callserver("customers", "import", file, "--dry-run")
    assert tried.code == 1
    assert tried.out.startswith("2 rows: 1 would be new, 0 would be changed, 0 the same, 1 rejected\n")
    assert "line 3: 购买日期: there is no such day" in tried.out
    done = callserver("customers", "import", file)
    assert done.out.startswith("2 rows: 1 new,")
    assert "rejected rows are in list.csv.rejects.csv" in done.out.replace(f"{file.parent}/", "")
    assert callserver("customers", "export", "all.csv").out == "1 customers are in all.csv\n"
    [again] = callserver("customers", "import", "all.csv", "--json").json
    assert (again["same"], again["rejected"], again["rejects"]) == (1, 0, None)
    shown = callserver("customers", "show", "1").out
    assert "王伟  13800138000  香港中路1号" in shown and "refrigerator" in shown
    [found] = callserver("customers", "find", "8000", "--json").json
    assert found["customer"]["name"] == "王伟"


def test_an_import_that_needs_to_know_more_asks(callserver: Command, settings: Path, file: Path) -> None:
    file.write_bytes("姓名,机主\n王伟,x\n".encode("gb18030"))
    said = callserver("customers", "import", file)
    assert said.code == 2
    assert "--encoding gb18030 ('姓名,机主')" in said.err
    said = callserver("customers", "import", file, "--encoding", "gbk")
    assert said.code == 2
    assert "'机主'" in said.err and "--map HEADING=FIELD" in said.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--map", "nonsense"], "write HEADING=FIELD"),
        (["--country", "xyz"], "two letters"),
        (["--delimiter", "ab"], "cannot separate cells"),
        (["--map", "姓名=nickname"], "there is no field 'nickname'"),
    ],
)
def test_what_was_asked_wrongly_is_said(callserver: Command, settings: Path, file: Path, given, said) -> None:
    ended = callserver("customers", "import", file, *given)
    assert ended.code == 2
    assert said in ended.err


def test_a_file_that_is_not_there(callserver: Command, settings: Path) -> None:
    assert callserver("customers", "import", "nothing.csv").code == 7


@pytest.mark.parametrize("where", ["dog=1", "updated=soon", "area="])
def test_an_export_of_nonsense_is_refused(callserver: Command, settings: Path, where: str) -> None:
    assert callserver("customers", "export", "all.csv", "--where", where).code == 2
    assert not Path("all.csv").exists()


def test_two_customers_become_one_and_two_again(callserver: Command, settings: Path, file: Path) -> None:
    file.write_text("姓名,电话\n王伟,13800138000\n王大伟,13900139000\n", "utf-8")
    callserver("customers", "import", file)
    [merged] = callserver("customers", "merge", "1", "2", "--json").json
    assert (merged["into"], merged["from"]) == (1, 2)
    assert "part of customer 1" in callserver("customers", "show", "2").out
    assert "merge 1: 2 into 1" in callserver("customers", "history", "1").out
    assert "are two again" in callserver("customers", "unmerge", "1").out
    assert callserver("customers", "merge", "1", "1").code == 2
    [parts] = callserver("customers", "split", "1", "王小伟", "--number", "1", "--json").json
    assert parts["new"]["numbers"][0]["received"] == "13800138000"
    assert callserver("customers", "show", "99").code == 2


def test_every_command_explains_itself(callserver: Command) -> None:
    for command in ("import", "export", "show", "find", "history", "merge", "unmerge", "split"):
        said = callserver("customers", command, "--help")
        assert said.code == 0
        assert "Example" in said.out

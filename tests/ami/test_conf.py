"""Asterisk's configuration is read as Asterisk reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.ami import conf
from callserver.ami.conf import Conf


def written(folder: Path, text: str, name: str = "x.conf") -> Conf:
    (folder / name).write_text(text, encoding="utf-8")
    return conf.read(folder, name)


def test_sections_have_their_entries(tmp_path: Path) -> None:
    made = written(
        tmp_path,
        "[general]\nenabled = yes ; really\nport=5038\n\n[a]\nmember => PJSIP/1\nmember => PJSIP/2\n",
    )
    assert made.section("general").get("enabled") == "yes"
    assert made.section("general").get("port") == "5038"
    assert made.section("a").all("member") == ["PJSIP/1", "PJSIP/2"]


def test_the_last_value_counts(tmp_path: Path) -> None:
    assert written(tmp_path, "[a]\nx = 1\nx = 2\n").section("a").get("x") == "2"


def test_a_template_gives_its_entries_and_is_no_section_itself(tmp_path: Path) -> None:
    made = written(tmp_path, "[base](!)\nread = call\nwrite = call\n[one](base)\nwrite = agent\n")
    assert [section.name for section in made.sections] == ["one"]
    assert (made.section("one").get("read"), made.section("one").get("write")) == ("call", "agent")


def test_a_section_that_comes_again_goes_on(tmp_path: Path) -> None:
    made = written(tmp_path, "[a]\nx = 1\n[b]\ny = 1\n[a](+)\nz = 1\n")
    assert made.section("a").keys() == ["x", "z"]


def test_comments_are_left_out_and_escaped_ones_are_not(tmp_path: Path) -> None:
    made = written(tmp_path, "[a]\n;-- x = 1\ny = 1 --;\nz = a\\;b ; c\n;------\nw = 1\n")
    assert [(entry.key, entry.value) for entry in made.section("a").entries] == [("z", "a;b"), ("w", "1")]


def test_includes_are_followed_and_nothing_is_executed(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "1.conf").write_text("x = 1\n")
    (tmp_path / "d" / "2.conf").write_text("y = 1\n")
    made = written(tmp_path, '[a]\n#include "d/*.conf"\n#tryinclude none.conf\n#exec /bin/rm -rf /\nz = 1\n')
    assert made.section("a").keys() == ["x", "y", "z"]


def test_a_file_that_includes_itself_is_told(tmp_path: Path) -> None:
    assert "deeper" in written(tmp_path, "#include x.conf\n").trouble


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    made = conf.read(tmp_path, "none.conf")
    assert "none.conf" in made.trouble
    assert made.section("general").get("enabled", "no") == "no"
    assert not made.has("general")


@pytest.mark.parametrize(
    ("value", "yes"), [("yes", True), ("On ", True), ("1", True), ("no", False), ("", False)]
)
def test_truth_is_what_asterisk_takes_for_it(value: str, yes: bool) -> None:
    assert conf.truth(value) is yes


@given(st.text(st.sampled_from('[]()!+ab=>;-# \n\\"includetry./*'), max_size=200))
def test_reading_never_raises(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    written(tmp_path_factory.mktemp("conf"), text)

"""What is not ours: listed, as it was, with its licence; and ours loads nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "agent_ui" / "static"
VENDOR = STATIC / "vendor"
LISTED = {
    cells[1]: cells
    for line in (VENDOR / "VENDORED.md").read_text("utf-8").splitlines()
    if len(cells := [cell.strip() for cell in line.split("|")]) > 6 and cells[1].endswith(".js")
}
OURS = sorted(STATIC.glob("*.js"))


def test_every_file_that_is_not_ours_is_listed_and_as_it_was():
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in VENDOR.glob("*.js")}
    assert found == {name: cells[6] for name, cells in LISTED.items()}


@pytest.mark.parametrize("name", LISTED)
def test_what_is_not_ours_has_its_licence_beside_it(name):
    licence = re.search(r"\((\S+\.txt)\)", LISTED[name][4])
    assert licence is not None
    assert "Copyright" in (VENDOR / licence[1]).read_text("utf-8")


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_a_script_of_ours_makes_no_text_into_html_or_code_and_loads_only_what_lies_beside_it(file):
    text = file.read_text("utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|dangerously", text
    )
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    imported = re.findall(r'(?m)^(?:import|export)\b[^;]*?\bfrom "([^"]+)"', text)
    assert all(one.startswith("./") and (STATIC / one[2:]).is_file() for one in imported), imported

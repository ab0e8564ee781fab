"""What is not ours: listed, as it was, with its licence; and ours loads nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "agent_ui" / "static"
VENDOR = STATIC / "vendor"
LISTED = {
    cells[1]: cells
    for line in (VENDOR / "VENDORED.md").read_text("utf-8").splitlines()
    if len(cells := [cell.strip() for cell in line.split("|")]) > 6 and cells[1].endswith(".js")
}
OURS = sorted(STATIC.glob("*.js"))


def kept(name: str) -> Path:
    """Where a listed file lies: beside the list, or where its path says."""
    return ROOT / name if "/" in name else VENDOR / name


def test_every_file_that_is_not_ours_is_listed():
    assert {file.name for file in VENDOR.glob("*.js")} <= LISTED.keys()


@pytest.mark.parametrize("name", LISTED)
def test_what_is_not_ours_is_as_it_was_and_has_its_licence(name):
    assert hashlib.sha256(kept(name).read_bytes()).hexdigest() == LISTED[name][6]
    licence = re.search(r"\((\S+\.txt)\)", LISTED[name][4])
    assert licence is not None
    beside = kept(name).parent / Path(licence[1]).name
    assert "Copyright" in beside.read_text("utf-8") or "Mozilla" in beside.read_text("utf-8")


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_a_script_of_ours_makes_no_text_into_html_or_code_and_loads_only_what_lies_beside_it(file):
    text = file.read_text("utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|dangerously", text
    )
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    imported = re.findall(r'(?m)^(?:import|export)\b[^;]*?\bfrom "([^"]+)"', text)
    assert all(one.startswith("./") and (STATIC / one[2:]).is_file() for one in imported), imported

"""Definitions: each number that is shown has one, in both languages, and the document is written from them."""

from __future__ import annotations

import re
from pathlib import Path

from callserver.metrics.definitions import DEFINITIONS
from callserver.metrics.sums import FORMULAS
from scripts.write_metrics import page

ROOT = Path(__file__).parents[2]
CHINESE = re.compile("[\u4e00-\u9fff]")


def test_every_number_that_is_made_of_sums_is_defined_and_no_other_is_reported() -> None:
    assert FORMULAS.keys() == {key for key, one in DEFINITIONS.items() if one.reported}


def test_every_definition_is_told_in_both_languages() -> None:
    for one in DEFINITIONS.values():
        for words in (one.title, one.meaning, one.formula):
            assert words.en and not CHINESE.search(words.en), one.key
            assert CHINESE.search(words.zh), one.key
        assert one.live or one.reported


def test_no_two_numbers_have_the_same_name() -> None:
    for language in ("en", "zh"):
        names = [getattr(one.title, language) for one in DEFINITIONS.values()]
        assert len(names) == len(set(names))


def test_the_document_is_written_from_the_definitions() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text("utf-8") == page()

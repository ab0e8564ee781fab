"""Why somebody else gets no calls: every reason has words about them, in both languages, with the same values."""

from __future__ import annotations

from string import Formatter

import pytest

from callserver.seats.about_others import WORDS, said_of
from callserver.seats.explaining import BY_CODE, Problem


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_reason_has_words_about_somebody_else() -> None:
    assert WORDS.keys() == BY_CODE.keys()


@pytest.mark.parametrize("code", WORDS)
def test_the_words_name_only_what_the_reason_knows(code: str) -> None:
    known = values(BY_CODE[code].en) | values(BY_CODE[code].zh) | {"name"}
    for text in WORDS[code]:
        assert values(text) <= known
        assert "You" not in text
        assert "您" not in text


def test_a_reason_is_said_in_the_askers_language() -> None:
    problem = Problem(code="paused", args={"reason": "lunch", "since": "10:31"})
    assert said_of(problem, "Li Na", "en") == "Li Na is on a pause (lunch) since 10:31."
    assert said_of(problem, "李娜", "zh-CN") == "李娜 自 10:31 起处于小休（lunch）。"

"""What a password may be."""

from __future__ import annotations

import pytest

from callserver.errors import BadValue
from callserver.people.passwords import checked, normal


@pytest.mark.parametrize(
    "text",
    [
        "correct pony battery",
        "我喜欢在早上喝热豆浆",
        "tr0ub4dor&three",
        "a b c d e f g h i j",
        "x" * 5 + "yzabcd" * 165,
    ],
)
def test_a_password_that_nobody_guesses_is_taken(text: str) -> None:
    assert checked(text, "li.na", "Li Na") == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("short", "at least 10"),
        ("我喜欢早茶", "at least 10"),
        ("", "at least 10"),
        ("x" * 1001, "at most 1000"),
        ("\ufdfa" * 100, "at most 1000"),  # one letter that becomes eighteen
        ("password123", "first that anybody"),
        ("PassWord123", "first that anybody"),
        ("ｐａｓｓｗｏｒｄ１２３", "first that anybody"),
        ("1234567890", "first that anybody"),
        ("woaini1314520", "first that anybody"),
        ("abcdefghijkl", "first that anybody"),
        ("lkjihgfedcba", "first that anybody"),
        ("aaaaaaaaaaaa", "first that anybody"),
        ("abababababab", "first that anybody"),
        ("abcdeabcdeabc", "first that anybody"),
        ("poiuytrewq", "first that anybody"),
        ("li.na2024!", "login or the name"),
        ("WangFang-88", "login or the name"),
        ("tab\tin the middle", "nobody can type"),
        ("nul\x00in the middle", "nobody can type"),
        ("half \ud83d of a pair", "nobody can type"),
    ],
)
def test_a_password_that_anybody_guesses_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadValue, match=said) as refused:
        checked(text, "li.na", "Wang Fang")
    assert text not in str(refused.value) or not text


def test_it_is_the_same_password_on_every_keyboard() -> None:
    assert normal("Ｃafe\u0301 ﬁve words") == normal("Caf\u00e9 five words")

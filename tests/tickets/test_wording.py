"""Text of strangers, made fit to keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.tickets.wording import file_name, line, lines

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=80)


@given(ANYTHING)
def test_a_line_is_one_line_that_can_be_kept(text: str) -> None:
    kept = line(text)
    assert "\n" not in kept and "\r" not in kept and "\x00" not in kept
    assert (kept.encode() and kept == line(kept)) or kept == ""


@given(ANYTHING)
def test_lines_can_be_kept_and_stay_what_they_are(text: str) -> None:
    kept = lines(text)
    assert "\r" not in kept and "\x00" not in kept
    assert lines(kept) == kept
    kept.encode()


@given(ANYTHING)
def test_a_name_of_a_file_is_short_and_harmless(text: str) -> None:
    name = file_name(text)
    assert 1 <= len(name) <= 150 and not set(name) & set('/\\:*?"<>|\r\n\x00\u202e')
    assert name not in (".", "..") and not name.startswith(".")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\li\\照片.png", "照片.png"),
        ("..", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ('a<b>"c"?.txt', "a_b_c_.txt"),
        ("a" * 300 + ".pdf", "a" * 146 + ".pdf"),
        ("a" * 300, "a" * 150),
    ],
)
def test_names_of_files(given_name: str, kept: str) -> None:
    assert file_name(given_name) == kept


def test_a_line_that_is_too_long_says_that_it_goes_on() -> None:
    assert line("one two three", 8) == "one two…"
    assert line("one two", 7) == "one two"


def test_words_of_any_script_stay() -> None:
    assert line(" 打不着火\t🔥 שלום ") == "打不着火 🔥 שלום"
    assert lines("a\r\nb\rc\x07\x00\ud800\n\n") == "a\nb\nc\ufffd\ufffd"

"""Names and addresses as searches see them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.customers import names


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("王小明", "王小明"),
        ("张　三", "张三"),  # two-character names are spread out in lists
        (" John  SMITH\n", "john smith"),
        ("ＪＯＨＮ", "john"),
        ("Straße", "strasse"),
        ("王 John", "王 john"),
        ("a\u200bb\u202ec", "abc"),
        ("שלום", "שלום"),
        ("a\0b\ud800", "ab"),
        ("", ""),
    ],
)
def test_a_key_is_what_two_writings_of_a_name_have_in_common(name: str, key: str) -> None:
    assert names.key(name) == key


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("张三", "zs"),
        ("欧阳修", "oyx"),
        ("单雄信", "sxx"),  # Shan as a surname, Dan elsewhere
        ("曾国藩", "zgf"),
        ("仇英", "qy"),
        ("解缙", "xj"),
        ("查良镛", "zly"),
        ("尉迟恭", "ycg"),
        ("万俟卨", "mqx"),
        ("长孙无忌", "zswj"),
        ("简单", "jd"),  # not a surname there
        ("解放路商店", "jflsd"),  # too long for a person
        ("John Smith", "js"),
        ("Élodie Ångström", "ea"),
        ("李John", "lj"),
        ("Müller-Lüdenscheidt", "ml"),
        ("3号店", "3hd"),
        ("😀!?", ""),
    ],
)
def test_initials_are_those_that_people_would_type(name: str, initials: str) -> None:
    assert names.initials(name) == initials


def test_an_address_is_cut_into_pairs_and_a_name_into_characters_too() -> None:
    assert names.words("王小明") == ("王", "小", "明", "王小", "小明")
    assert names.words("", ["香港中路12号B座"]) == ("香港", "港中", "中路", "12", "号", "b", "座")
    assert names.words("Jörg Groß") == ("jorg", "gross")


def test_each_word_is_there_once_and_a_monster_is_cut_short() -> None:
    assert names.words("a a", ["A"]) == ("a",)
    assert len(names.words("", [" ".join(map(str, range(5_000)))])) == names.MOST_WORDS
    assert names.words("x" * 10_000) == ("x" * names.WORD_LENGTH,)


def test_a_run_of_characters_is_found_only_in_one_piece() -> None:
    assert names.together("香港中路", ["青岛香港中路1号"])
    assert not names.together("香港中路", ["香港中心", "港中路"])
    assert names.together("Müller 香港", ["anything"])  # pairs and words are for the index


def test_serial_numbers_are_the_same_however_they_are_written() -> None:
    assert names.serial("HR-2024/555 a") == names.serial("ｈｒ2024555A") == "hr2024555a"


@given(st.text())
def test_what_comes_out_can_be_kept_whatever_comes_in(text: str) -> None:
    key = names.key(text)
    assert len(key) <= names.KEY_LENGTH
    assert key == key.strip()
    assert len(names.initials(text)) <= names.INITIALS_LENGTH
    for kept in (key, names.initials(text), names.serial(text), *names.words(text, [text])):
        kept.encode()
        assert "\0" not in kept
    for word in names.words(text, [text]):
        assert word
        assert not any(one.isspace() or (one.isascii() and not one.isalnum()) for one in word), word


@given(st.text(max_size=60))
def test_a_key_is_its_own_key(text: str) -> None:
    assert names.key(names.key(text)) == names.key(text)


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_asked_for_is_among_the_words_of_what_has_it(before: str, wanted: str) -> None:
    there = names.words("", [f"{before} {wanted}"])
    assert set(names.asked(wanted)) <= set(there)


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x9FFF), max_size=20))
def test_plain_texts_are_cut_as_all_others_are(text: str) -> None:
    slow = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    assert names.asked(text) == names.asked(slow)

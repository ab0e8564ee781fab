"""What the world's plans say, asked of the world's data."""

from __future__ import annotations

import subprocess
import sys

import pytest

from callserver.numbers import place, shown
from callserver.numbers.world import country_code, is_short_code, subscriber


@pytest.mark.parametrize(
    ("e164", "country", "words"),
    [
        ("+8613800138000", "cn", "138 0013 8000"),
        ("+8613800138000", "de", "+86 138 0013 8000"),
        ("+8653288888888", "cn", "0532 8888 8888"),
        ("+864008111111", "cn", "400 811 1111"),
        ("+4930901820", "de", "030 901820"),
        ("+12125551234", "us", "(212) 555-1234"),
        ("+12125551234", "cn", "+1 212-555-1234"),
        ("+442079460958", "gb", "020 7946 0958"),
        ("no number", "cn", "no number"),
        ("", "cn", ""),
    ],
)
def test_a_number_is_shown_as_people_of_the_country_write_it(e164, country, words):
    assert shown(e164, country) == words


@pytest.mark.parametrize(
    ("e164", "language", "where"),
    [
        ("+8653288888888", "zh", "山东省青岛市"),
        ("+8653288888888", "en", "Qingdao, Shandong"),
        ("+4930901820", "de", "Berlin"),
        ("+442079460958", "en", "London"),
        ("+99912345", "en", ""),
        ("rubbish", "en", ""),
        ("+8653288888888", "xx", "Qingdao, Shandong"),
        ("+8653288888888", "not a language", "Qingdao, Shandong"),
    ],
)
def test_a_number_has_a_place_where_one_is_known(e164, language, where):
    assert place(e164, language) == where


def test_what_is_no_valid_number_is_none():
    assert subscriber("+8686", "cn") is None
    assert subscriber("", "cn") is None
    assert subscriber("030901820", "zz") is None


def test_a_short_code_belongs_to_its_country():
    assert is_short_code("911", "us")
    assert not is_short_code("911", "cn")
    assert is_short_code("12345", "cn")
    assert not is_short_code("12345", "us")
    assert not is_short_code("012", "us")


def test_a_country_has_digits_of_its_own():
    assert [country_code(country) for country in ("cn", "us", "gb", "zz")] == ["86", "1", "44", "0"]


def test_the_worlds_data_is_not_read_before_it_is_needed():
    code = "import sys, callserver.numbers, callserver.settings; assert 'phonenumbers' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_who_made_ready_waits_for_nothing_later():
    code = """
import sys
from callserver.numbers import Plan
site = Plan(country=sys.argv[1], area_code="20")
site.make_ready()
before = set(sys.modules)
for text in ("0532-88888888", "88888888", "110", "999", "020 7946 0958", "0909 879 0958", "rubbish 1"):
    site.read(text)
assert not set(sys.modules) - before, set(sys.modules) - before
"""
    for country in ("cn", "gb"):
        subprocess.run([sys.executable, "-c", code, country], check=True)

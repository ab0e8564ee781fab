"""`callserver number`: what a number is read as."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command


def test_a_number_is_explained(callserver: Command) -> None:
    (found,) = callserver("number", "--json", "9013800138000").json
    assert found["e164"] == "+8613800138000"
    assert (found["kind"], found["rule"], found["shown"]) == ("mobile", "trunk", "138 0013 8000")
    assert found["why"].startswith("a trunk prefix")
    assert found["place"] == "北京市"


def test_people_get_a_sentence(callserver: Command) -> None:
    said = callserver("number", "0532-88888888转801", "anonymous")
    assert said.code == 0
    assert said.out.splitlines() == [
        "0532-88888888转801: landline, +8653288888888, extension 801, 0532 8888 8888, 山东省青岛市 "
        "(national: as dialled within the site's country, with its country code or without)",
        "anonymous: withheld (withheld: a word or sign for no number, or nothing at all)",
    ]


def test_the_site_of_the_settings_decides(callserver: Command, settings: Path) -> None:
    settings.write_text(settings.read_text() + '[site]\ncountry = "de"\narea_code = "030"\n')
    assert callserver("number", "--json", "9018200").json[0]["e164"] == "+49309018200"
    assert callserver("number", "--json", "--area-code", "040", "9018200").json[0]["e164"] == "+49409018200"
    asked_for = callserver("number", "--json", "--country", "GB", "--area-code", "20", "79460958")
    assert asked_for.json[0]["e164"] == "+442079460958"


def test_rubbish_is_said_and_ends_with_1(callserver: Command) -> None:
    said = callserver("number", "a\r\nAction: Originate", "8" * 500)
    assert said.code == 1
    first, second = said.out.splitlines()
    assert "rubbish (none: no rule makes a number of it)" in first
    assert len(second) < 150


def test_a_column_of_a_list_can_be_tried(callserver: Command) -> None:
    said = callserver(
        "number", "--json", "-", input="13800138000\r\n\n\udcff1\n".encode("utf-8", "surrogateescape")
    )
    assert [found["kind"] for found in said.json] == ["mobile", "withheld", "rubbish"]
    assert said.code == 1


def test_a_country_that_is_none_ends_with_2(callserver: Command) -> None:
    assert callserver("number", "--country", "uk", "1").code == 2
    assert callserver("number", "--area-code", "x", "1").code == 2

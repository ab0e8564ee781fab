"""Every word of the screens is there in every language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import agent_ui
from callserver.facts import instant
from callserver.web import pages, texts
from callserver.web.texts import Texts, chosen, filled
from scripts import refusals
from scripts import texts as catalogs

LOCALES = {"zh_CN": "zh-CN"}
_SAID = re.compile(r'\bt\("([^"\\\n]*)"')


KINDS = {
    "screens": ((), catalogs.ROOT / "locale", catalogs.messages),
    "refusals": (("refusals",), catalogs.REFUSALS, catalogs.refused),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_message_of_the_screens_is_translated(locale, kind):
    _, folder, messages = KINDS[kind]
    missing = catalogs.missing(catalogs.brought_up(locale, messages(), folder))
    assert not missing, "translate these in agent_ui/locale (python -m scripts.texts brings them there)"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", LOCALES)
def test_no_translation_is_of_words_that_nobody_says_any_more(locale, kind):
    of, _, messages = KINDS[kind]
    said = {one.id if isinstance(one.id, str) else one.id[0] for one in messages()}
    kept = {one.id if isinstance(one.id, str) else one.id[0] for one in texts.catalog(LOCALES[locale], *of)}
    assert kept - said == set(), "python -m scripts.texts takes them out"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_translation_fills_in_what_its_message_does(locale, kind):
    for one in texts.catalog(LOCALES[locale], *KINDS[kind][0]):
        if one.id:
            forms = [one.string] if isinstance(one.string, str) else list(one.string or [])
            message = one.id if isinstance(one.id, str) else one.id[-1]
            for form in forms:
                assert set(catalogs.PLACE.findall(form)) == set(catalogs.PLACE.findall(message)), message


def test_no_place_asks_for_words_that_are_put_together():
    assert catalogs.put_together() == []


def test_messages_are_found_in_templates_and_scripts(tmp_path: Path):
    for folder, name, text in (
        ("templates", "page.html", '{{ _("Ready") }} {{ count("one call", "{n} calls", 3) }}'),
        (
            "static",
            "page.js",
            'html`<b>${t("Say \\"hello\\"")}</b>`; tn("{n} day", "{n} days", n); const = set("no")',
        ),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text, "utf-8")
    assert {one.message for one in catalogs.uses(tmp_path)} == {
        "Ready",
        ("one call", "{n} calls"),
        'Say "hello"',
        ("{n} day", "{n} days"),
    }


def test_a_refusal_is_found_where_it_is_raised_with_places_for_its_values(tmp_path: Path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "tickets.py").write_text(
        'GONE = "it is gone"\n'
        "def f(one, two):\n"
        '    problems.append((f"x[{one}]", "is missing"))\n'
        '    raise Conflict(f"{one.number} and {two.number} are {len(two):,}")\n'
        '    raise BadValue("x", "too early" if one else "too late")\n'
        "    raise NotFound(GONE)\n"
        '    raise BadValue("x", "one of " + ", ".join(two))\n'
        '    reader.wrong(path, "must be text")\n'
        '    super().__init__(f"{status} and cannot")\n'
        "def g(one):\n"
        '    yield f"x[{one}]", "is too long"\n',
        "utf-8",
    )
    assert [one for one in refusals.messages(tmp_path) if one not in refusals.OF_MSGSPEC] == [
        "is missing",
        "is too long",
        "it is gone",
        "must be text",
        "one of {values}",
        "too early",
        "too late",
        "{number} and {number2} are {value}",
        "{status} and cannot",
    ]


def test_words_that_are_put_together_are_found(tmp_path: Path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "page.js").write_text('t("a" + b);\nt(name);\nt(`x`);', "utf-8")
    assert [one.split(":")[1] for one in catalogs.put_together(tmp_path)] == ["2", "3"]


# --- languages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "accepted", "language"),
    [
        (None, None, "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        (None, "zh-Hans-SG", "zh-CN"),
        (None, "fr-FR, de;q=0.9", "en"),
        (None, "en;q=0.5, zh;q=0.7", "zh-CN"),
        (None, "zh;q=0, en", "en"),
        ("en", "zh-CN", "en"),
        ("zh-CN", "en", "zh-CN"),
        ("klingon", "zh", "zh-CN"),
        (None, ";;;q=,,\x00,zh;q=x,*", "en"),
        (None, "zh," * 100_000, "zh-CN"),
        ("../../etc/passwd", "<script>", "en"),
    ],
)
def test_the_language_is_what_was_chosen_else_what_the_browser_likes_best(said, accepted, language):
    assert chosen(said, accepted) == language


def test_a_message_without_a_translation_stays_english():
    assert (
        texts.every()["zh-CN"].text("Nobody has translated this {x}", x=1) == "Nobody has translated this 1"
    )


def test_a_count_takes_the_form_of_its_language():
    english = texts.every()["en"]
    assert english.count("{n} call", "{n} calls", 1) == "1 call"
    assert english.count("{n} call", "{n} calls", 1200) == "1,200 calls"
    polish = Texts(language="en", messages={"{n} call": {"one": "{n} rozmowa", "other": "{n} rozmów"}})
    assert polish.count("{n} call", "{n} calls", 5) == "5 rozmów"


def test_what_is_filled_in_is_filled_in_once():
    assert filled("{a} and {b}", {"a": "{b}", "b": "x"}) == "{b} and x"
    assert filled("{missing}", {}) == "{missing}"


def test_moments_and_numbers_are_written_as_the_language_does():
    at = instant("2026-11-22T08:15:00.000Z")
    assert at is not None
    assert texts.every()["zh-CN"].moment(at) == "2026年11月22日 08:15:00"
    assert "Nov 22, 2026" in texts.every()["en"].moment(at)


def test_the_browser_gets_the_catalog_and_the_words_for_codes_of_the_server():
    body = json.loads(texts.every()["zh-CN"].json())
    assert body["messages"]["Ready"] == "就绪"
    assert body["refusals"]["there is no such call"] == "没有这次通话"
    assert re.search("未注册", body["problems"]["phone_unregistered"])
    assert body["reasons"]["lunch"] == {"title": "用餐", "chosen": True}


def test_the_desk_gets_every_word_that_its_own_scripts_say_and_few_others():
    files = Path(agent_ui.__file__).parent.joinpath("static").glob("*.js")
    said = {one.name: set(_SAID.findall(one.read_text("utf-8"))) for one in files}
    later = ("page-", "later-")
    desk = {text for name, words in said.items() if not name.startswith(later) for text in words}
    others = {text for name, words in said.items() if name.startswith(later) for text in words} - desk
    got = json.loads(pages.catalogs()["texts.desk.zh-CN.json"])["messages"]
    assert desk & texts.every()["zh-CN"].messages.keys() <= got.keys()
    assert len(others & got.keys()) < len(others) / 10

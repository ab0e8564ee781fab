"""How a received number is read: the table of rules, numbers of four countries, and what must never match."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.numbers import KINDS, RULES, Plan, Read
from callserver.numbers.reading import read_slowly

QINGDAO = Plan(country="cn", area_code="0532")
BERLIN = Plan(country="de", area_code="030", extension_digits=(2, 4))
NEW_YORK = Plan(country="us", area_code="212", extension_digits=(3, 5))
LONDON = Plan(country="gb", area_code="020", extension_digits=(3, 4))
SITES = {"cn": QINGDAO, "de": BERLIN, "us": NEW_YORK, "gb": LONDON}


@pytest.mark.parametrize(
    ("received", "kind", "e164", "rule"),
    [
        ("13800138000", "mobile", "+8613800138000", "national"),
        ("013800138000", "mobile", "+8613800138000", "national"),
        ("8613800138000", "mobile", "+8613800138000", "national"),
        ("+8613800138000", "mobile", "+8613800138000", "international"),
        ("008613800138000", "mobile", "+8613800138000", "international"),
        ("00 86 138 0013 8000", "mobile", "+8613800138000", "international"),
        ("9013800138000", "mobile", "+8613800138000", "trunk"),
        ("913800138000", "mobile", "+8613800138000", "trunk"),
        ("9,013800138000", "mobile", "+8613800138000", "trunk"),
        ("0013800138000", "mobile", "+8613800138000", "trunk"),
        ("*13800138000", "mobile", "+8613800138000", "national"),
        ("+13800138000", "mobile", "+8613800138000", "national"),
        ("+013800138000", "mobile", "+8613800138000", "national"),
        ("1259313800138000", "mobile", "+8613800138000", "national"),
        ("14012345678", "mobile", "+8614012345678", "national"),
        ("19212345678", "mobile", "+8619212345678", "national"),
        ("0532-88888888", "landline", "+8653288888888", "national"),
        ("(0532) 8888 8888", "landline", "+8653288888888", "national"),
        ("53288888888", "landline", "+8653288888888", "national"),
        ("+86 (0)532 8888 8888", "landline", "+8653288888888", "international"),
        ("88888888", "landline", "+8653288888888", "local"),
        ("9,8888 8888", "landline", "+8653288888888", "trunk"),
        ("053288888888", "landline", "+8653288888888", "national"),
        ("0053288888888", "landline", "+8653288888888", "trunk"),
        ("010-65551234", "landline", "+861065551234", "national"),
        ("02155551234", "landline", "+862155551234", "national"),
        ("0312-5071234", "landline", "+863125071234", "national"),
        ("4008111111", "service", "+864008111111", "national"),
        ("400-811-1111", "service", "+864008111111", "national"),
        ("8008101234", "service", "+868008101234", "national"),
        ("04008111111", "service", "+864008111111", "national"),
        ("95588", "service", None, "short_code"),
        ("9501234", "service", None, "short_code"),
        ("10086", "service", None, "short_code"),
        ("1008611", "service", None, "short_code"),
        ("12345", "service", None, "short_code"),
        ("110", "service", None, "short_code"),
        ("119", "service", None, "short_code"),
        ("106912345678901234", "service", None, "short_code"),
        ("8001", "extension", None, "extension"),
        ("601", "extension", None, "extension"),
        ("*43", "extension", None, "extension"),
        ("+4930901820", "landline", "+4930901820", "international"),
        ("004915112345678", "mobile", "+4915112345678", "international"),
        ("4915112345678", "mobile", "+4915112345678", "bare"),
        ("+12125551234", "other", "+12125551234", "international"),
        ("0044 20 7946 0958", "landline", "+442079460958", "international"),
        ("5", "rubbish", None, "none"),
        ("138001380001", "rubbish", None, "none"),
        ("99999999999", "rubbish", None, "none"),
        ("13800138000/13900139000", "rubbish", None, "none"),
        ("370202198001011234", "rubbish", None, "none"),
    ],
)
def test_at_a_chinese_site(received, kind, e164, rule):
    read = QINGDAO.read(received)
    assert (read.kind, read.e164, read.rule) == (kind, e164, rule)


@pytest.mark.parametrize(
    ("received", "kind", "e164"),
    [
        ("030 901820", "landline", "+4930901820"),
        ("030/901820-123", "landline", "+4930901820123"),
        ("901820", "landline", "+4930901820"),
        ("9030901820", "landline", "+4930901820"),
        ("9 0171 1234567", "mobile", "+491711234567"),
        ("01711234567", "mobile", "+491711234567"),
        ("1711234567", "mobile", "+491711234567"),
        ("491711234567", "mobile", "+491711234567"),
        ("+49 (0)30 901820", "landline", "+4930901820"),
        ("0800 1234567", "service", "+498001234567"),
        ("0900 5 123456", "service", "+499005123456"),
        ("110", "service", None),
        ("112", "service", None),
        ("116117", "service", None),
        ("1001", "extension", None),
        ("+8613800138000", "mobile", "+8613800138000"),
        ("008613800138000", "mobile", "+8613800138000"),
        ("8613800138000", "mobile", "+8613800138000"),
        ("0086 532 8888 8888", "landline", "+8653288888888"),
        ("13800138000", "rubbish", None),
    ],
)
def test_at_a_german_site(received, kind, e164):
    read = BERLIN.read(received)
    assert (read.kind, read.e164) == (kind, e164)


@pytest.mark.parametrize(
    ("received", "kind", "e164"),
    [
        ("2125551234", "other", "+12125551234"),
        ("12125551234", "other", "+12125551234"),
        ("(212) 555-1234", "other", "+12125551234"),
        ("5551234", "other", "+12125551234"),
        ("9,1,212,555,1234", "other", "+12125551234"),
        ("912125551234", "other", "+12125551234"),
        ("1-800-234-5678", "service", "+18002345678"),
        ("1 900 234 5678", "service", "+19002345678"),
        ("911", "service", None),
        ("4916", "extension", None),
        ("011 86 138 0013 8000", "mobile", "+8613800138000"),
        ("+8613800138000", "mobile", "+8613800138000"),
        ("8613800138000", "mobile", "+8613800138000"),
        ("999-999-9999", "rubbish", None),
    ],
)
def test_at_an_american_site(received, kind, e164):
    read = NEW_YORK.read(received)
    assert (read.kind, read.e164) == (kind, e164)


@pytest.mark.parametrize(
    ("received", "kind", "e164"),
    [
        ("020 7946 0958", "landline", "+442079460958"),
        ("79460958", "landline", "+442079460958"),
        ("902079460958", "landline", "+442079460958"),
        ("07400 123456", "mobile", "+447400123456"),
        ("+44 (0)7400 123456", "mobile", "+447400123456"),
        ("447400123456", "mobile", "+447400123456"),
        ("0800 1111", "service", "+448001111"),
        ("999", "service", None),
        ("118500", "service", None),
        ("0015551234567", "rubbish", None),
        ("0012125551234", "other", "+12125551234"),
    ],
)
def test_at_a_british_site(received, kind, e164):
    read = LONDON.read(received)
    assert (read.kind, read.e164) == (kind, e164)


@pytest.mark.parametrize(
    ("received", "e164", "extension"),
    [
        ("0532-88888888-801", "+8653288888888", "801"),
        ("053288888888-8", "+8653288888888", "8"),
        ("+86-532-88888888-801", "+8653288888888", "801"),
        ("0312-5071234-8", "+863125071234", "8"),
        ("053288888888,801", "+8653288888888", "801"),
        ("053288888888 ext. 801", "+8653288888888", "801"),
        ("053288888888 x801", "+8653288888888", "801"),
        ("053288888888#801", "+8653288888888", "801"),
        ("0532-88888888转801", "+8653288888888", "801"),
        ("053288888888（分机801）", "+8653288888888", "801"),
        ("053288888888 分机：８０１", "+8653288888888", "801"),
        ("tel:+86-532-88888888;ext=801", "+8653288888888", "801"),
        ("88888888-801", "+8653288888888", "801"),
        ("17012345678转1234", "+8617012345678", "1234"),
        ("0532-8888-8888", "+8653288888888", None),
        ("138-0013-8000", "+8613800138000", None),
        ("+49 30 901820-123", "+4930901820123", None),
    ],
)
def test_an_extension_is_kept_beside_the_number(received, e164, extension):
    read = QINGDAO.read(received)
    assert (read.e164, read.extension) == (e164, extension)
    assert read.identifies


@pytest.mark.parametrize(
    "received",
    [None, "", " ", "-", "0", "00", "0000000000", "+", "anonymous", "Anonymous", '"Anonymous"', "<unknown>", "unknown",
     "Unavailable", "RESTRICTED", "private", "withheld", "s", "asterisk", "N/A", "未知", "未知号码", "无号码",
     "无", "匿名", "(unknown)", '"Wang" <unknown>', "Anonymous <sip:anonymous@anonymous.invalid>",
     "sip:anonymous@anonymous.invalid",
     "+266696687", "Unbekannt", "Out of area", "\u202aunknown\u202c"],
)  # fmt: skip
def test_a_withheld_number_says_nothing(received):
    read = QINGDAO.read(received)
    assert (read.kind, read.e164, read.rule) == ("withheld", None, "withheld")
    assert not read.identifies


@pytest.mark.parametrize(
    "received",
    ["1" * 10_000, "+" + "9" * 30, "+" + "1" * 19, "++8613800138000", "+86+13800138000", "138\x00001380000", "\x00",
     "\ud800", "📞13800138000", "1' or 1=1", "13800138000' or '1'='1", "a\r\nAction: Originate",
     "13800138000\r\nAction: Originate\r\nChannel: x", "138\n0013\n8000", "<script>alert(1)</script>",
     "=cmd|' /C calc'!A0", "13800138000王先生", "1.38001E+10", "0x13800138000", "½½½½½½½", "②③④⑤⑥⑦⑧⑨", "-13800138000e",
     "PJSIP/1001", "None of it", "${EXTEN}", "138001380oo", "+0000000001", "x" * 300 + "13800138000"],
)  # fmt: skip
def test_rubbish_never_names_anybody(received):
    read = QINGDAO.read(received)
    assert read.kind == "rubbish"
    assert not read.identifies


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
@pytest.mark.parametrize("received", ["110", "112", "1001", "8001", "+1001", "801"])
def test_short_codes_and_telephones_of_the_site_never_name_anybody(site, received):
    read = site.read(received)
    assert read.kind in ("service", "extension")
    assert not read.identifies


@pytest.mark.parametrize("received", ["88888888", "8888888"])
def test_a_local_number_at_a_site_without_area_code_has_no_place(received):
    read = Plan().read(received)
    assert (read.kind, read.rule, read.identifies) == ("other", "unplaced", False)


def test_the_area_code_may_be_written_with_or_without_its_zero():
    assert Plan(area_code="532").read("88888888") == Plan(area_code="0532").read("88888888")
    assert Plan(country="it", area_code="06").read("6982 6982").e164 == "+390669826982"


def test_a_site_without_trunk_prefixes_strips_none():
    bare = Plan(trunk_prefixes=())
    assert bare.read("9013800138000").kind == "rubbish"
    assert bare.read("013800138000").e164 == "+8613800138000"


def test_an_italian_mobile_keeps_the_39_it_begins_with():
    rome = Plan(country="it", area_code="06")
    assert rome.read("3912345678").e164 == "+393912345678"
    assert rome.read("393331234567").e164 == "+393331234567"


def test_a_site_in_no_country_reads_international_numbers_alone():
    nowhere = Plan(country="zz", area_code="1")
    assert nowhere.read("+8613800138000").identifies
    assert nowhere.read("053288888888").kind == "rubbish"


def test_what_came_is_kept_but_for_what_cannot_be_stored():
    assert QINGDAO.read(" 138 0013 8000 ").received == " 138 0013 8000 "
    assert QINGDAO.read("13\x00\udc80").received == "13\ufffd\ufffd"
    assert QINGDAO.read("9" * 10_000).received == "9" * 10_000
    assert QINGDAO.read(None).received == ""


@pytest.mark.parametrize("dressed", [
    '"Wang" <sip:013800138000@10.0.0.1:5060;user=phone>;tag=1', "sip:+8613800138000@trunk", "sips:13800138000@[::1]",
    '"王先生" <13800138000>', "<13800138000>", "13800138000@10.1.1.1", "tel:+86-138-0013-8000;phone-context=+86",
    "１３８００１３８０００", "＋８６１３８００１３８０００", "١٣٨٠٠١٣٨٠٠٠", "\u202a+86 138 0013 8000\u202c",
    "138\u00a00013\u00a08000", "手机：13800138000", "电话: 138-0013-8000", "Tel. 13800138000", "mobile 13800138000",
    "'13800138000", '="13800138000"', "13800138000.0", "138.0013.8000", "(138)00138000", "13800138000#",
    "138–0013–8000",
])  # fmt: skip
def test_dressing_does_not_hide_a_number(dressed):
    assert QINGDAO.read(dressed).e164 == "+8613800138000"


@settings(deadline=None)
@given(st.sampled_from(list(SITES.values())), st.text(max_size=40))
def test_reading_never_raises_and_keeps_its_word(site, text):
    held_to_its_word(site.read(text))


@settings(deadline=None)
@given(st.sampled_from(list(SITES.values())), st.from_regex(r"[+*]?[0-9 ()转x#,;-]{0,22}", fullmatch=True))
def test_reading_what_looks_like_a_number_keeps_its_word(site, text):
    read = site.read(text)
    held_to_its_word(read)
    if read.e164 is not None:
        again = site.read(read.e164)
        assert (again.e164, again.kind) == (read.e164, read.kind), "an E.164 number is read as itself"
        assert {Plan(country=other).read(read.e164).e164 for other in ("cn", "de", "us", "gb", "it")} == {
            read.e164
        }


def held_to_its_word(read: Read) -> None:
    assert read.kind in KINDS
    read.received.encode()
    assert read.identifies == (read.e164 is not None)
    if read.e164 is not None:
        assert read.kind in ("mobile", "landline", "service", "other")
        assert read.e164[0] == "+"
        assert read.e164[1:].isascii()
        assert read.e164[1:].isdigit()
        assert 5 <= len(read.e164) <= 18


WRITTEN_IN_CHINA = (
    r"(\+86|0086|86|0|00|9|90|)[ -]?(1[2-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{3,5}"
    r"|0?(10|2[0-9]|[3-9][0-9]{2})[ -]?[0-9]{6,8}(-[0-9]{1,3})?)"
)


@settings(deadline=None)
@given(st.from_regex(WRITTEN_IN_CHINA, fullmatch=True))
def test_a_glance_says_what_the_rules_say(text):
    for site in (QINGDAO, Plan(), Plan(trunk_prefixes=(), extension_digits=(9, 9))):
        assert site.read(text) == read_slowly(site, text)


@pytest.mark.parametrize("rest", ["5071234", "-88888888", "96123456"])
def test_a_glance_says_what_the_rules_say_for_every_area(rest):
    for area in ["010", *(f"0{area}" for area in range(20, 30)), *(f"0{area}" for area in range(300, 1000))]:
        assert QINGDAO.read(area + rest) == read_slowly(QINGDAO, area + rest)


@pytest.mark.parametrize("front", ["", "0", "86", "+86", "0086"])
def test_a_glance_says_what_the_rules_say_for_every_mobile_prefix(front):
    for prefix in range(1000, 2000):
        text = f"{front}{prefix}0138000"
        assert QINGDAO.read(text) == read_slowly(QINGDAO, text)


def rows_of_the_document() -> list[tuple[str, str, str, str]]:
    """Rule, sentence, one example, what it becomes: from the table of docs/numbers.md."""
    text = (Path(__file__).parents[2] / "docs" / "numbers.md").read_text("utf-8")
    table = re.findall(r"^\| `(\w+)` \| (.+?) \| (`.+`) \| `?([^`|]+?)`? \|$", text, re.MULTILINE)
    rows = [row for row in table if row[0] in RULES]
    return [
        (rule, says, shown, to)
        for rule, says, examples, to in rows
        for shown in re.findall("`(.+?)`", examples)
    ]


def test_the_document_has_the_rules_in_their_order():
    assert dict.fromkeys((rule, says) for rule, says, _, _ in rows_of_the_document()) == dict.fromkeys(
        RULES.items()
    )
    assert list(dict.fromkeys(row[0] for row in rows_of_the_document())) == list(RULES)


@pytest.mark.parametrize(("rule", "says", "example", "becomes"), rows_of_the_document())
def test_every_example_of_the_document_is_right(rule, says, example, becomes):
    read = (Plan() if rule == "unplaced" else QINGDAO).read(example)
    assert (read.rule, read.e164 or read.kind) == (rule, becomes)

"""What the world's numbering plans say: which digits are a real number, of which kind, from where, how people write it.

In: bare digits, with + where they are international. Out: E.164 and kinds, words. Must not know: sites, dressing, the
order in which readings are tried. The only module that touches `phonenumbers`; it is imported at the first question
(0.1 s; the place names 0.7 s and 100 MB more), so that a command that reads no number does not wait for it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from callserver.numbers.china import MOBILE, chinese
from callserver.numbers.values import Kind

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

# Codes that are dialled without any area and belong to no subscriber, beyond the three-digit ones that `phonenumbers`
# knows. (Its longer ones are left alone: too many of them are what a site gives to its own telephones.)
_EUROPEAN = re.compile(r"116\d{3}|118\d{2,3}")
SHORT_CODES = {
    "cn": re.compile(r"1(?:10|19|20|22)|1[0-2]\d{3}|100\d{3,4}|11[68]\d{3}|9[56]\d{3,6}|106\d{5,17}"),
    **dict.fromkeys(("at", "de", "fr", "gb", "ie", "it", "nl"), _EUROPEAN),
}
_LONGEST_KNOWN = 3

_CHINA = 86

# Where a number may have nearly any length, so that a foreign one without its + would pass as one of the country.
OPEN_PLANS = frozenset({"at", "de"})


def subscriber(digits: str, country: str) -> tuple[str, Kind] | None:
    """E.164 and kind of digits dialled in a country (two small letters), None where they are no valid number."""
    return chinese(digits, country) or asked(digits, country)


@lru_cache(maxsize=8192)
def asked(digits: str, country: str) -> tuple[str, Kind] | None:
    """`subscriber` by the data of `phonenumbers` alone: right, and slow (0.1 ms)."""
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, country.upper())
    except phonenumbers.NumberParseException:
        return None
    kind = _kind(number)
    return (
        None
        if kind is None
        else (phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), kind)
    )


def _kind(number: PhoneNumber) -> Kind | None:
    from phonenumbers import number_type

    if number.country_code == _CHINA and MOBILE.fullmatch(str(number.national_number)):
        return "mobile"
    return _kinds()[number_type(number)]


@lru_cache(maxsize=1)
def _kinds() -> dict[int, Kind | None]:
    from phonenumbers import PhoneNumberType as Type

    return {
        Type.MOBILE: "mobile",
        Type.FIXED_LINE: "landline",
        Type.FIXED_LINE_OR_MOBILE: "other",
        Type.VOIP: "other",
        Type.PERSONAL_NUMBER: "other",
        Type.PAGER: "other",
        Type.TOLL_FREE: "service",
        Type.PREMIUM_RATE: "service",
        Type.SHARED_COST: "service",
        Type.UAN: "service",
        Type.VOICEMAIL: "service",
        Type.UNKNOWN: None,
    }


def is_short_code(digits: str, country: str) -> bool:
    """Whether these digits reach an emergency or another service in this country, wherever one is."""
    known = SHORT_CODES.get(country)
    if known and known.fullmatch(digits):
        return True
    return len(digits) <= _LONGEST_KNOWN and _is_known_short_code(digits, country.upper())


@lru_cache(maxsize=1024)
def _is_known_short_code(digits: str, region: str) -> bool:
    import phonenumbers

    if digits.startswith("0"):  # a number of phonenumbers holds no leading zero
        return False
    number = phonenumbers.PhoneNumber(
        country_code=phonenumbers.country_code_for_region(region), national_number=int(digits)
    )
    return phonenumbers.is_valid_short_number_for_region(number, region)


@lru_cache(maxsize=256)
def country_code(country: str) -> str:
    """The digits that stand for a country: "86" for cn, "0" for one that is none."""
    import phonenumbers

    return str(phonenumbers.country_code_for_region(country.upper()))


def read_world(country: str) -> None:
    """Read what the questions of a site in this country need, before the first one comes."""
    is_short_code("999", country)
    subscriber("02155551234", country)
    asked("2155551234", country)


def place(e164: str, language: str = "en") -> str:
    """City or region of a number in a language ("zh", "de" ...), English where that is unknown; "" where neither is.

    The first call reads the place names of the whole world (0.7 s, 100 MB): not on the event loop, and not where nobody
    asked for a place.
    """
    import phonenumbers
    from phonenumbers import geocoder

    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return ""
    return geocoder.description_for_number(number, language)


@lru_cache(maxsize=1024)
def shown(e164: str, country: str) -> str:
    """A number as people of a country write it: "138 0013 8000" at home, "+86 138 0013 8000" elsewhere."""
    import phonenumbers

    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    at_home = number.country_code == phonenumbers.country_code_for_region(country.upper())
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, style.NATIONAL if at_home else style.INTERNATIONAL)


@lru_cache(maxsize=1024)
def dialled_from(e164: str, country: str) -> tuple[str, bool]:
    """What a telephone in a country dials for a number, as people write it, and whether it is one of that country.

    Abroad begins with what the country dials for it: 00 in most, 011 in the United States. `e164` must be a number.
    """
    import phonenumbers

    number, region = phonenumbers.parse(e164), country.upper()
    if number.country_code == phonenumbers.country_code_for_region(region):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL), True
    return phonenumbers.format_out_of_country_calling_number(number, region).replace("+", "00"), False

"""Chinese numbers without asking `phonenumbers`, which takes 100 times as long: a list of customers is full of them.

In: bare digits dialled in China or with +86; text as people in China write numbers. Out: E.164, kind and rule, None for
"look closer". Must not know: sites. Never says anything else than `world.asked` and the rules of `reading` would; tests
try every prefix and random numbers.
"""

from __future__ import annotations

import re
from functools import lru_cache

from callserver.numbers.values import Kind, Rule

# Mobiles by the country's own plan, whether or not the data of `phonenumbers` has heard of the prefix yet: a customer
# with a new one must not be lost until the next release.
MOBILE = re.compile(r"1[3-9][0-9]{9}")
_AT_HOME = re.compile(r"(?:\+?86|0)?(1[3-9][0-9]{9}|(?:10|2[0-9]|[3-9][0-9][0-9])[0-9]{7,8})")
_FROM_ABROAD = re.compile(r"\+86(1[3-9][0-9]{9}|(?:10|2[0-9]|[3-9][0-9][0-9])[0-9]{7,8})")
_MOBILE_WRITTEN = re.compile(r"(\+86|0086|86|0|)[ -]?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})")
_LANDLINE_WRITTEN = re.compile(r"0(?:10|2[0-9]|[3-9][0-9][0-9])-?[0-9]{7,8}")


def at_a_glance(text: str) -> tuple[str, Kind, Rule] | None:
    """E.164, kind and rule of the commonest ways to write a number in China, for a site in China."""
    mobile = _MOBILE_WRITTEN.fullmatch(text)
    if mobile:
        front, first, middle, last = mobile.groups()
        return (
            "+86" + first + middle + last,
            "mobile",
            "international" if front in ("+86", "0086") else "national",
        )
    if not _LANDLINE_WRITTEN.fullmatch(text):
        return None
    found = chinese(text.replace("-", ""), "cn")
    return (*found, "national") if found else None


def chinese(digits: str, country: str) -> tuple[str, Kind] | None:
    """E.164 and kind, None where these digits need a closer look."""
    match = (_AT_HOME if country == "cn" else _FROM_ABROAD).fullmatch(digits)
    if match is None:
        return None
    national = match[1]
    if MOBILE.fullmatch(national):
        return "+86" + national, "mobile"
    service, landline = _plans()
    if service.fullmatch(national):
        return "+86" + national, "service"
    return ("+86" + national, "landline") if landline.fullmatch(national) else None


@lru_cache(maxsize=1)
def _plans() -> tuple[re.Pattern[str], re.Pattern[str]]:
    from phonenumbers import PhoneMetadata

    plan = PhoneMetadata.metadata_for_region("CN")
    assert plan is not None
    service, landline = (
        re.compile("|".join(f"(?:{kind.national_number_pattern})" for kind in kinds if kind is not None))
        for kinds in ((plan.toll_free, plan.premium_rate, plan.shared_cost), (plan.fixed_line,))
    )
    return service, landline

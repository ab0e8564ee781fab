"""The rules by which a number is read, in the order in which they are tried.

In: a number as it was received, the site's plan. Out: `Read`. Must not know: where the number comes from, who owns it.

What is ambiguous (does the leading 9 belong to the number?) is settled by validity: the rules are tried in the order of
`values.RULES`, and the first whose result the world's numbering plans call a number wins. Three places know better than
validity alone, each with its reason beside it: `_ALWAYS_SPLIT`, `_is_internal`, `_national`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from callserver.numbers.china import MOBILE, at_a_glance
from callserver.numbers.dressing import LONGEST, Bare, Nothing, storable, undressed
from callserver.numbers.values import Kind, Read, Rule
from callserver.numbers.world import OPEN_PLANS, country_code, is_short_code, read_world, subscriber

_LONGEST = 20  # digits: 15 of E.164, 00, and what a trunk puts in front
_LONGEST_LOCAL = 8
_SHORTEST_BARE = 11  # fewer digits are more often a slip of the hand than a caller from abroad
_LONGEST_OPEN = 11
_SHORTEST_STRIPPED = 7

# Where a group of digits behind a whole landline is always an extension: elsewhere (Germany) it may be direct dialling,
# that is, part of the number, and in China 7 digits and one more would otherwise pass as a number of 8.
_ALWAYS_SPLIT = {"cn": re.compile(r"(?:\+86|0086|86)?0?(?:10|2\d|[3-9]\d\d)\d{7,8}")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How numbers are dialled and shown at a site.

    `country`: two small letters. `area_code`: the site's own, with or without the leading 0; "" where local numbers
    are not completed. `trunk_prefixes`: digits that the trunk or the switch puts in front of a number.
    `extension_digits`: fewest and most digits of the site's own telephones.
    """

    country: str = "cn"
    area_code: str = ""
    trunk_prefixes: tuple[str, ...] = ("0", "9")
    extension_digits: tuple[int, int] = (2, 6)

    def read(self, received: str | None) -> Read:
        """What this is. Never raises, whatever the text."""
        text = received or ""
        if self.country == "cn" and (glanced := at_a_glance(text)):
            e164, kind, rule = glanced
            return Read(received=text, kind=kind, e164=e164, rule=rule)
        if len(text) > LONGEST:  # nor may it fill the memory of what was read before
            return Read(received=storable(text), kind="rubbish")
        return read_slowly(self, text)

    def plain_mobiles(self, texts: Sequence[str]) -> list[str | None]:
        """E.164 of those that are the bare digits of a mobile of the site's country; of others None, ask `read`."""
        if self.country != "cn":
            return [None] * len(texts)
        return [
            "+86" + text if found else None
            for text, found in zip(texts, map(MOBILE.fullmatch, texts), strict=True)
        ]

    def make_ready(self) -> None:
        """Read the world's plans now (0.15 s), so that the first caller does not wait for them: once, at start."""
        read_world(self.country)


@lru_cache(maxsize=8192)
def read_slowly(plan: Plan, text: str) -> Read:
    """`Plan.read` by the rules alone."""
    received = storable(text)
    bare = undressed(received)
    if isinstance(bare, Nothing):
        return Read(received=received, kind="withheld", rule="withheld")
    if bare is None or len(bare.digits) > _LONGEST or _is_one_key_held_down(bare.digits):
        return Read(received=received, kind="rubbish")
    for digits, extension in _taken_apart(plan, bare):
        for rule, found in _readings(plan, digits, plus=bare.plus):
            if found is not None:
                e164, kind = found
                return Read(received=received, kind=kind, e164=e164, extension=extension, rule=rule)
    return _unreachable(plan, bare, received)


def _is_one_key_held_down(digits: str) -> bool:
    return len(digits) > _LONGEST_LOCAL and len(set(digits)) == 1


def _taken_apart(plan: Plan, bare: Bare) -> Iterator[tuple[str, str | None]]:
    """The digits with the extension that was named, or whole and split at the last dash, the likelier first."""
    whole = (bare.digits, bare.extension)
    if bare.dashed is None:
        yield whole
        return
    always = _ALWAYS_SPLIT.get(plan.country)
    split_first = always is not None and always.fullmatch("+" * bare.plus + bare.dashed[0])
    yield from (bare.dashed, whole) if split_first else (whole, bare.dashed)


def _readings(plan: Plan, digits: str, *, plus: bool) -> Iterator[tuple[Rule, tuple[str, Kind] | None]]:
    """Every reading of the digits in the order of the table, None where a rule makes no number of them."""
    if plus:
        yield "international", subscriber("+" + digits, plan.country)
    if _is_internal(plan, digits):
        return
    yield from _untrunked(plan, digits)
    for rest in _behind_prefixes(plan.trunk_prefixes, digits):
        yield from (("trunk", found) for _, found in _untrunked(plan, rest))
    if len(digits) >= _SHORTEST_BARE and not plus:
        yield "bare", subscriber("+" + digits, plan.country)


def _is_internal(plan: Plan, digits: str) -> bool:
    """Whether the digits are too few for anything but a telephone of the site or a short code."""
    return len(digits) <= plan.extension_digits[1] and not digits.startswith("0")


def _untrunked(plan: Plan, digits: str) -> Iterator[tuple[Rule, tuple[str, Kind] | None]]:
    if digits.startswith("00"):
        yield "international", subscriber("+" + digits[2:], plan.country)
    if plan.area_code and _may_be_local(plan, digits):
        yield "local", subscriber(plan.area_code + digits, plan.country)
    yield "national", _national(plan.country, digits)


def _national(country: str, digits: str) -> tuple[str, Kind] | None:
    """As dialled in the country. Its own country code without + is more likely than an area code of the same digits,
    for trunks that send 491711234567 are many; only a mobile is surer (Italian ones begin with 39).
    """
    found = subscriber(digits, country)
    if digits.startswith("0") or (found and found[1] == "mobile"):
        return found
    if digits.startswith(country_code(country)) and (own := subscriber("+" + digits, country)):
        return own
    return None if country in OPEN_PLANS and len(digits) > _LONGEST_OPEN else found


def _may_be_local(plan: Plan, digits: str) -> bool:
    short = len(digits) <= _LONGEST_LOCAL and not digits.startswith("0")
    return short and not is_short_code(digits, plan.country)


def _behind_prefixes(prefixes: tuple[str, ...], digits: str) -> Iterator[str]:
    """What remains after one prefix, and after several different ones (the switch's, the trunk's behind it)."""
    for prefix in prefixes:
        rest = digits.removeprefix(prefix)
        if prefix and rest != digits and len(rest) >= _SHORTEST_STRIPPED:
            yield rest
            yield from _behind_prefixes(tuple(other for other in prefixes if other != prefix), rest)


def _unreachable(plan: Plan, bare: Bare, received: str) -> Read:
    """What cannot be dialled from everywhere: short codes, telephones of the site, numbers without a place."""
    fewest, most = plan.extension_digits
    if is_short_code(bare.digits, plan.country):
        return Read(received=received, kind="service", rule="short_code")
    if fewest <= len(bare.digits) <= most:
        return Read(received=received, kind="extension", extension=bare.keys + bare.digits, rule="extension")
    if not plan.area_code and not bare.plus and most < len(bare.digits) and _may_be_local(plan, bare.digits):
        return Read(received=received, kind="other", rule="unplaced")
    return Read(received=received, kind="rubbish")

"""A number as this site's telephones dial it, and whether a screen may dial it.

In: text that somebody wrote or clicked on; the site's plan and rules. Out: digits, or why not. Must not know: who asks,
customers, the switch. Nothing but digits, * and # ever leaves here: what is dialled becomes an extension of a dialplan.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from callserver.numbers.dressing import ascii_digits
from callserver.numbers.reading import Plan
from callserver.numbers.values import Read
from callserver.numbers.world import dialled_from, is_short_code

Why = Literal["not_a_number", "service_number", "abroad", "refused_number"]

SAID: Final[dict[Why, str]] = {
    "not_a_number": "this is no number that can be dialled",
    "service_number": "emergency, premium and other service numbers are not dialled from here",
    "abroad": "numbers of other countries are not dialled from here",
    "refused_number": "this number is not dialled from here",
}
_DIALLED: Final = re.compile(r"[0-9*#]{1,32}")
_SHORT: Final = 3  # digits of the codes that call for help
_DRESS: Final = re.compile(r"[\s().-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a site lets its screens dial; see `settings.TelephoneSettings`."""

    abroad: bool = False
    services: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """What is dialled. `e164`: whose number it is, None for a telephone of the house or a service."""

    digits: str
    e164: str | None
    shown: str


def dial(plan: Plan, rules: Rules, received: str) -> Dial | Why:
    """What to dial for what somebody wrote, or why it is not dialled."""
    read = plan.read(received)
    plain = _plain(received)
    if plain in {_plain(one) for one in rules.services}:
        return Dial(digits=plain, e164=None, shown=plain) if _DIALLED.fullmatch(plain) else "not_a_number"
    if read.kind == "extension":
        return "service_number" if _calls_for_help(plan, plain) else _inside(read)
    if read.kind == "service":
        return "service_number"
    if read.e164 is None:
        return "not_a_number"
    return _outside(plan, rules, read.e164)


def _inside(read: Read) -> Dial | Why:
    digits = _plain(read.extension or read.received)
    return Dial(digits=digits, e164=None, shown=digits) if _DIALLED.fullmatch(digits) else "not_a_number"


def _calls_for_help(plan: Plan, digits: str) -> bool:
    """Whether these are a short code behind what the switch dials for an outside line: 0110 is 110. A telephone of the
    house that is called so has to be among the `services`."""
    rest = digits
    for prefix in (*plan.trunk_prefixes, *reversed(plan.trunk_prefixes)):
        rest = rest.removeprefix(prefix)
        if len(rest) == _SHORT and is_short_code(rest, plan.country):
            return True
    return False


def _outside(plan: Plan, rules: Rules, e164: str) -> Dial | Why:
    if any(e164.startswith(one) for one in rules.refused):
        return "refused_number"
    text, home = dialled_from(e164, plan.country)
    digits = _plain(text)
    if not home and not rules.abroad:
        return "abroad"
    return Dial(digits=digits, e164=e164, shown=e164) if _DIALLED.fullmatch(digits) else "not_a_number"


def _plain(text: str) -> str:
    return _DRESS.sub("", ascii_digits(text))

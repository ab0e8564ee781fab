"""What somebody sees who may not see everything: numbers, addresses and free text hidden, the rest as it is.

In: JSON bodies as the API tells them (customers, products, tickets, entries, promises, calls, attachments), and how
much the reader may see. Out: new bodies of the same shape, so that programs need no second way of reading. Must not
know: who may see what, SQL, HTTP.

What is hidden is replaced, not left out; what was empty stays empty. When in doubt a text is hidden: fields of tickets
are kept only where they look like a choice, a day, a number or a yes. An extension (fewer than 6 digits) is nobody's
secret. See docs/privacy.md for who should get which sight.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal, TypeAlias, get_args

from callserver.numbers import shown

Sight = Literal[
    "whole",  # everything
    "masked",  # who it is, but not where and on which number; no notes
    "nameless",  # not who it is either
]
SIGHTS: tuple[str, ...] = get_args(Sight)
Thing = Literal["customer", "product", "ticket", "entry", "promise", "call", "attachment"]
Body: TypeAlias = Mapping[str, Any]

HIDDEN: Final = "***"
STARS: Final = "****"

_SHORTEST = 6  # digits; what is shorter is an extension or a service
# Also right behind a letter: Chinese writes no blank before a number.
_PHONE_LIKE = re.compile(r"[+＋]?\d(?:[^\w\n]{0,3}_?\d){6,}")
_LINE_LIKE = re.compile(r"(?<![\w-])\+?\d{7,}")  # not the running number of a channel: PJSIP/trunk-00000012
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?")  # or an instant
_CHOICE = re.compile(r"[a-z][a-z0-9_-]*")  # or a name in small letters: kept only for who may know names
_NOT_ASCII_DIGIT = re.compile(r"[^0-9]")


def masked(thing: Thing, body: Body, sight: Sight, country: str = "") -> dict[str, Any]:
    """The body as this reader may see it; the one function that the edge of the program calls.

    `country`, two small letters: numbers of this one are shown as at home. The same body comes back for "whole".
    """
    if sight == "whole":
        return dict(body)
    return _MASKS[thing](body, sight, country)


def number(text: str | None, country: str = "") -> str | None:
    """A telephone number with its middle hidden: `138****8000` at home, `+49 30 ****56` elsewhere."""
    if not text:
        return text
    digits = _NOT_ASCII_DIGIT.sub("", text)
    if text.startswith("+") and digits:
        return _in_groups(shown(f"+{digits}", country))
    if not digits:
        return HIDDEN
    return text if len(digits) < _SHORTEST and digits == text else STARS + digits[-_kept(len(digits) - 3) :]


def _in_groups(written: str) -> str:
    """Country and area stay, and 2 or 4 digits of the end."""
    groups = [group for group in re.split(r"[^0-9+]+", written) if group]
    if len(groups) == 1:  # a country that nobody knows
        groups = [groups[0][:3], groups[0][3:]]
    international = groups[0].startswith("+")
    front = groups[: 1 + international] if len(groups) > 1 + international else groups[:1]
    rest = "".join(groups[len(front) :])
    kept = rest[len(rest) - _kept(len(rest)) :]
    return " ".join(front) + (" " if international else "") + STARS + kept


def _kept(digits: int) -> int:
    """How many digits of the end may be seen: never more than half."""
    return 4 if digits >= 8 else 2 if digits >= 4 else 0


def name(text: str | None, sight: Sight) -> str | None:
    """A name, or its first letter where the reader may not know who it is. Many a caller's name is their number."""
    return text[0] + STARS if text and sight == "nameless" else scrubbed(text, sight)


def hidden(text: str | None) -> str | None:
    """That there is something, but not what."""
    return HIDDEN if text else text


def scrubbed(text: str | None, sight: Sight) -> str | None:
    """A short text without the telephone numbers in it; nothing of it where names are hidden."""
    if not text or sight == "nameless":
        return hidden(text)
    return _PHONE_LIKE.sub(STARS, text)


def address(body: Body) -> dict[str, Any]:
    """Area, city and country stay."""
    return {
        key: value if key in ("area", "city", "country") else _unsaid(value) for key, value in body.items()
    }


def _unsaid(value: Any) -> Any:
    """Also a single word, that elsewhere might be a choice: a house may have a name."""
    return hidden(value) if isinstance(value, str) else _anything(value)


# --- things ----------------------------------------------------------------------------------------------------------

_Rule: TypeAlias = Callable[[Any], Any]


def _apply(body: Body, rules: Mapping[str, _Rule]) -> dict[str, Any]:
    return {key: rules[key](value) if key in rules else value for key, value in body.items()}


def _each(rule: _Rule) -> _Rule:
    return lambda values: [rule(value) for value in values or ()]


def _customer(body: Body, sight: Sight, country: str) -> dict[str, Any]:
    rules: dict[str, _Rule] = {
        "name": lambda text: name(text, sight),
        "numbers": _each(partial(_number, country=country)),
        "addresses": _each(address),
        "caution": hidden,
        "notes": hidden,
        "products": _each(lambda one: _product(one, sight, country)),
    }
    if sight == "nameless":
        rules["external_id"] = hidden
    return _apply(body, rules)


def _number(body: Body, country: str) -> dict[str, Any]:
    e164 = number(body.get("e164"), country)
    received = e164 or number(body.get("received"), country)
    return _apply(
        body,
        {
            "e164": lambda _: e164,
            "received": lambda _: received,
            "extension": hidden,
            "note": hidden,
            "shown": lambda _: e164,
        },
    )


def _product(body: Body, sight: Sight, _country: str) -> dict[str, Any]:
    def serial(text: str | None) -> str | None:
        return STARS + text[-4:] if text and len(text) >= 8 and sight == "masked" else hidden(text)

    return _apply(body, {"serial": serial, "notes": hidden})


def _ticket(body: Body, sight: Sight, country: str) -> dict[str, Any]:
    return _apply(
        body,
        {
            "subject": lambda text: scrubbed(text, sight),
            "caller": lambda text: number(text, country),
            "fields": lambda fields: {
                key: _anything(value, sight, country) for key, value in (fields or {}).items()
            },
            "closing": lambda text: scrubbed(text, sight),
        },
    )


_TEXTS = frozenset({"text", "why", "name", "note", "notes", "subject", "closing"})
_MOVES = frozenset({"call_moved_here", "call_moved_away", "status"})
_OURS = frozenset({"from", "to"})  # numbers of tickets, statuses
_NUMBERS = frozenset({"caller", "caller_number", "e164", "received", "to_number", "from_number"})


def _entry(body: Body, sight: Sight, country: str) -> dict[str, Any]:
    """Bodies of entries are as different as what happens: known words by their meaning, changes value by value."""
    inside = body.get("body") or {}
    if body.get("kind") == "change":
        told = {
            field: [_anything(value, sight, country) for value in _pair(both)]
            for field, both in inside.items()
        }
    else:
        kept = _OURS if body.get("kind") in _MOVES else frozenset[str]()
        told = {
            key: value if key in kept else _told(key, value, sight, country) for key, value in inside.items()
        }
    return _apply(body, {"body": lambda _: told})


def _pair(both: Any) -> Sequence[Any]:
    return both if isinstance(both, list | tuple) else [both]


def _told(key: str, value: Any, sight: Sight, country: str) -> Any:
    if key in _NUMBERS and isinstance(value, str):
        return number(value, country)
    if key in _TEXTS and isinstance(value, str):
        return hidden(value)
    if key == "call" and isinstance(value, Mapping):
        return _call(value, sight, country)
    if isinstance(value, str):
        return scrubbed(value, "masked")
    return _anything(value, sight, country)


def _promise(body: Body, sight: Sight, country: str) -> dict[str, Any]:
    return _apply(
        body,
        {
            "number": lambda text: number(text, country),
            "tail": hidden,
            "why": lambda text: scrubbed(text, sight),
        },
    )


def _attachment(body: Body, _sight: Sight, _country: str) -> dict[str, Any]:
    return _apply(body, {"name": hidden, "sha256": hidden})


def _call(body: Body, sight: Sight, country: str) -> dict[str, Any]:
    """Whoever is outside: the caller, and what was dialed unless the call came in (then that is our own number)."""

    def of(text: str | None) -> str | None:
        return number(text, country)

    def party(one: Body) -> dict[str, Any]:
        return _apply(one, {"number": of, "interface": _line, "channel": _line})

    def talk(one: Body) -> dict[str, Any]:
        return _apply(one, {"who": party, "with": _each(party)})

    return _apply(
        body,
        {
            "caller_number": of,
            "caller_name": lambda text: name(text, sight),
            "dialed": (lambda text: text) if body.get("direction") == "inbound" else of,
            "legs": _each(party),
            "talks": _each(talk),
            "transfers": _each(lambda one: _apply(one, {"by": _line, "to": _line})),
        },
    )


def _line(text: str | None) -> str | None:
    """A channel or an extension; `Local/13800138000@...` has a number in it."""
    return _LINE_LIKE.sub(STARS, text) if text else text


def _anything(value: Any, sight: Sight = "masked", country: str = "") -> Any:
    """A value of which nobody says what it is."""
    if isinstance(value, str):
        return _word(value, sight)
    if isinstance(value, list | tuple):
        return [_anything(one, sight, country) for one in value]
    if isinstance(value, Mapping):
        if "line" in value:
            return address(value)
        return {key: _named(key, one, sight, country) for key, one in value.items()}
    return value


def _word(text: str, sight: Sight) -> str:
    if not text or _DAY.fullmatch(text) or (sight == "masked" and _CHOICE.fullmatch(text)):
        return text
    return HIDDEN


def _named(key: str, value: Any, sight: Sight, country: str) -> Any:
    """A part of a value such as {name, number}."""
    if key == "name" and isinstance(value, str):
        return name(value, sight)
    if key in ("number", "e164", "received") and isinstance(value, str):
        return number(value, country)
    return _anything(value, sight, country)


_MASKS: Final[Mapping[Thing, Callable[[Body, Sight, str], dict[str, Any]]]] = {
    "customer": _customer,
    "product": _product,
    "ticket": _ticket,
    "entry": _entry,
    "promise": _promise,
    "attachment": _attachment,
    "call": _call,
}

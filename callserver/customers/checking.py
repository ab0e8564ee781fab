"""The one place where the values of a customer or a product are checked: for the API, imports and screens.

In: values as somebody gave them, by the names of record.py, and the site's plan of numbers. Out: a draft, clean and
ready to be kept; or BadValues with every problem at once, each with the path of its field (`numbers[1].received`). Must
not know: where the values came from, SQL.

None means "nothing" for every field. White space around texts goes; inside single-line texts it becomes single spaces.
`e164` and `extension` of a number are always ours to find out: given ones are ignored, so that what was read can be
sent back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias, TypeVar

from callserver.customers import warranty
from callserver.customers.record import NUMBER_KINDS, Address, Customer, Details, Number, NumberKind, Product
from callserver.customers.zones import ZONES
from callserver.errors import BadValues
from callserver.numbers import Plan

T = TypeVar("T")
Problems: TypeAlias = list[tuple[str, str]]

MOST = 20  # numbers, and addresses
LENGTHS = {
    "name": 200, "caution": 1_000, "external_id": 150, "notes": 10_000, "received": 100, "note": 200, "line": 500,
    "area": 100, "city": 100, "postcode": 20, "country": 60, "category": 80, "model": 150, "serial": 100, "seller": 200,
}  # fmt: skip
_LONG = frozenset({"notes", "caution"})  # may have several lines
_YEARS = range(1900, 2200)

_REFUSED = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x01-\x08\x0e-\x1f\x7f]")
_PLAIN = re.compile("[!-~]+(?: [!-~]+)*|[\u4e00-\u9fff]+")
_LANGUAGE = re.compile(
    r"([a-z]{2,3}|[a-z]{5,8})(-[a-z]{4})?(-(?:[a-z]{2}|\d{3}))?((?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*)",
    re.ASCII | re.I,
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Details):
    """What somebody says about a customer, checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """What somebody says about a product, checked; see record.Product."""

    category: str
    model: str = ""
    serial: str | None = None
    bought_on: str | None = None
    seller: str = ""
    warranty_until: str | None = None
    warranty_said: bool = False
    notes: str = ""


FIELDS = tuple(Draft.__dataclass_fields__)
PRODUCT_FIELDS = tuple(ProductDraft.__dataclass_fields__)


def customer(values: Mapping[str, Any], plan: Plan) -> Draft:
    """A new customer. Raises BadValues."""
    return _customer({}, values, plan, ())


def changed(customer: Customer, values: Mapping[str, Any], plan: Plan) -> Draft:
    """The customer with these values in place of its own; fields that are not named stay. Raises BadValues.

    Lists are given whole. A number that was there keeps its reading.
    """
    before = {name: getattr(customer, name) for name in FIELDS}
    return _customer(before, values, plan, customer.numbers)


def draft_of(customer: Customer) -> Draft:
    """The draft that changes nothing."""
    return Draft(**{name: getattr(customer, name) for name in FIELDS})


def product(values: Mapping[str, Any], rules: warranty.Rules = warranty.DEFAULTS) -> ProductDraft:
    """A new product; where no end of the warranty is given, the rule of its category says it. Raises BadValues."""
    problems: Problems = []
    found = _checked(_PRODUCT, values, "", problems)
    found["category"] = warranty.category(found.get("category") or "", rules)
    if not found["category"] and not any(where == "category" for where, _ in problems):
        problems.append(("category", "is missing"))
    _raise(problems)
    return _with_warranty(ProductDraft(**found), rules)


def product_listed(values: Mapping[str, Any], rules: warranty.Rules = warranty.DEFAULTS) -> ProductDraft:
    """A product of a list: an end of the warranty that its rule gives, too, is the rule's. An export tells both alike.
    Raises BadValues."""
    made = product(values, rules)
    by_rule = warranty.until(made.category, made.bought_on, rules)
    return replace(made, warranty_said=False) if made.warranty_until == by_rule else made


def product_changed(
    product: Product, values: Mapping[str, Any], rules: warranty.Rules = warranty.DEFAULTS
) -> ProductDraft:
    """The product with these values in place of its own. Raises BadValues.

    The end of the warranty follows the day of purchase and the category where it followed them before; the day that
    they gave may be sent back with the others.
    """
    before = {name: getattr(product, name) for name in PRODUCT_FIELDS}
    if not product.warranty_said:
        before["warranty_until"] = None
    problems: Problems = []
    found = before | _checked(_PRODUCT, values, "", problems)
    found["category"] = warranty.category(found["category"], rules)
    if not found["category"] and not problems:
        problems.append(("category", "is missing"))
    _raise(problems)
    draft = ProductDraft(**found)
    sent_back = not product.warranty_said and draft.warranty_until == product.warranty_until
    return _with_warranty(replace(draft, warranty_until=None) if sent_back else draft, rules)


def _with_warranty(draft: ProductDraft, rules: warranty.Rules) -> ProductDraft:
    if draft.warranty_until is not None:
        return replace(draft, warranty_said=True)
    until = warranty.until(draft.category, draft.bought_on, rules)
    return replace(draft, warranty_until=until, warranty_said=False)


def _customer(before: dict[str, Any], values: Mapping[str, Any], plan: Plan, kept: Iterable[Number]) -> Draft:
    problems: Problems = []
    found = before | _checked(_CUSTOMER, values, "", problems)
    if "numbers" in values:
        readings = {one.received: one for one in kept}
        found["numbers"] = _numbers(values["numbers"], plan, readings, problems)
    if "addresses" in values:
        found["addresses"] = _several("addresses", values["addresses"], _address, problems)
    if not problems and not (found.get("name") or found.get("numbers")):
        problems.append(("name", "is missing, and there is no number either"))
    _raise(problems)
    return Draft(**found)


def _raise(problems: Problems) -> None:
    if problems:
        raise BadValues(problems)


# --- one field -------------------------------------------------------------------------------------------------------

Check: TypeAlias = Callable[[str, Any, str, Problems], Any]


def _checked(
    checks: Mapping[str, Check | None], values: Mapping[str, Any], path: str, problems: Problems
) -> dict[str, Any]:
    """What is left of the values; a check of None is made elsewhere."""
    found = {}
    for name, value in values.items():
        if name not in checks:
            problems.append((path + str(name)[:50], "there is no such field"))
        elif (check := checks[name]) is not None:
            found[name] = check(name, value, path, problems)
    return found


def _text(name: str, value: Any, path: str, problems: Problems) -> str:
    if value is None or value == "":
        return ""
    if type(value) is not str:
        problems.append((path + name, "must be a text"))
        return ""
    if len(value) <= LENGTHS[name] and _PLAIN.fullmatch(value):
        return value
    if _REFUSED.search(value):
        problems.append((path + name, "has a character that no text has (NUL or half of a surrogate pair)"))
        return ""
    text = value.strip() if name in _LONG else " ".join(value.split())
    if len(text) > LENGTHS[name]:
        problems.append((path + name, f"has {len(text):,} characters, {LENGTHS[name]:,} are the most"))
    return _CONTROL.sub("\ufffd", text)


def _optional_text(name: str, value: Any, path: str, problems: Problems) -> str | None:
    return _text(name, value, path, problems) or None


def _flag(name: str, value: Any, path: str, problems: Problems) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        problems.append((path + name, "must be true or false"))
    return bool(value)


def _day(name: str, value: Any, path: str, problems: Problems) -> str | None:
    if value is None or value == "":
        return None
    if why := _wrong_day(value):
        problems.append((path + name, why))
        return None
    return str(value)


def _wrong_day(value: Any) -> str:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return "must be a day as YYYY-MM-DD"
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return "there is no such day"
    return "" if day.year in _YEARS else f"must be between {_YEARS[0]} and {_YEARS[-1]}"


def _language(name: str, value: Any, path: str, problems: Problems) -> str | None:
    if value is None or value == "":
        return None
    match = _LANGUAGE.fullmatch(value) if isinstance(value, str) and len(value) <= 35 else None
    if match is None:
        problems.append((path + name, "must be a language tag such as zh-CN or de"))
        return None
    language, script, region, variants = (part or "" for part in match.groups())
    return language.lower() + script.title() + region.upper() + variants.lower()


def _zone(name: str, value: Any, path: str, problems: Problems) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value not in ZONES:
        problems.append((path + name, "must be the name of a time zone such as Asia/Shanghai"))
        return None
    return value


def _number_kind(name: str, value: Any, path: str, problems: Problems) -> NumberKind | None:
    for kind in NUMBER_KINDS:
        if value == kind:
            return kind
    if value is not None:
        problems.append((path + name, f"must be one of {', '.join(NUMBER_KINDS)}"))
    return None


_CUSTOMER: dict[str, Check | None] = {
    "name": _text,
    "numbers": None,
    "addresses": None,
    "language": _language,
    "zone": _zone,
    "vip": _flag,
    "caution": _text,
    "external_id": _optional_text,
    "notes": _text,
    "do_not_call": _flag,
}
_PRODUCT: dict[str, Check | None] = {
    "category": _text,
    "model": _text,
    "serial": _optional_text,
    "bought_on": _day,
    "seller": _text,
    "warranty_until": _day,
    "notes": _text,
}
_NUMBER: dict[str, Check | None] = {
    "received": _text,
    "kind": _number_kind,
    "note": _text,
    "do_not_call": _flag,
    "e164": None,
    "extension": None,
}
_ADDRESS: dict[str, Check | None] = dict.fromkeys(Address.__dataclass_fields__, _text)


# --- lists -----------------------------------------------------------------------------------------------------------


def _several(
    name: str, value: Any, one: Callable[[str, Any, Problems], T | None], problems: Problems
) -> tuple[T, ...]:
    """A list of things; an entry that is nothing is left out."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        problems.append((name, "must be a list"))
        return ()
    if len(value) > MOST:
        problems.append((name, f"has {len(value):,} entries, {MOST} are the most"))
        return ()
    found = [one(f"{name}[{place}]", entry, problems) for place, entry in enumerate(value)]
    return tuple(entry for entry in found if entry is not None)


def _numbers(
    value: Any, plan: Plan, readings: Mapping[str, Number], problems: Problems
) -> tuple[Number, ...]:
    """Each number once."""

    def one(path: str, entry: Any, problems: Problems) -> Number | None:
        return _number(path, entry, plan, readings, problems)

    once: dict[tuple[str, str | None], Number] = {}
    for number in _several("numbers", value, one, problems):
        once.setdefault((number.e164 or number.received, number.extension), number)
    return tuple(once.values())


def _number(
    path: str, entry: Any, plan: Plan, readings: Mapping[str, Number], problems: Problems
) -> Number | None:
    if isinstance(entry, str):
        entry = {"received": entry}
    if not isinstance(entry, Mapping):
        problems.append((path, "must be a number, or an object with `received`"))
        return None
    found = _checked(_NUMBER, entry, f"{path}.", problems)
    received, kind = found.get("received", ""), found.pop("kind", None)
    if not received:
        if not any(where.startswith(path) for where, _ in problems):
            problems.append((f"{path}.received", "is missing"))
        return None
    known = readings.get(received)
    if known is not None:
        return Number(**found, e164=known.e164, extension=known.extension, kind=kind or known.kind)
    read = plan.read(received)
    if read.kind in ("rubbish", "withheld"):
        problems.append((f"{path}.received", "is no telephone number"))
        return None
    if kind is None:
        kind = "mobile" if read.kind == "mobile" else "other"
    return Number(**found, e164=read.e164, extension=read.extension, kind=kind)


def _address(path: str, entry: Any, problems: Problems) -> Address | None:
    if isinstance(entry, str):
        entry = {"line": entry}
    if not isinstance(entry, Mapping):
        problems.append((path, "must be an address, or an object with `line`"))
        return None
    found = _checked(_ADDRESS, entry, f"{path}.", problems)
    if not any(found.get(part) for part in ("line", "area", "city", "postcode")):
        if not any(where.startswith(path) for where, _ in problems):
            problems.append((f"{path}.line", "is missing"))
        return None
    return Address(**{"line": "", **found})

"""One row of a customer list -> an entry ready for the store, or why not.

In: the cells of a row, what the columns are, the site's plan of numbers. Out: an `Entry` (customers.listed), or a
`Rejected`. Must not know: files, databases.

customers.checking says what a customer may be; asking it takes too long for millions of rows. Cells of the usual
shape, which it would leave as they are, are taken as they are here (`quick`), and everything else goes to it. That
both ways give the same is for tests/work/test_entries.py to prove, with rows of every shape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from callserver import numbers
from callserver.customers import checking, names, warranty
from callserver.customers.checking import LENGTHS
from callserver.customers.listed import Entry, OwnedEntry, Plain
from callserver.customers.record import NUMBER_KINDS
from callserver.errors import BadValue, BadValues
from callserver.numbers import Plan
from callserver.sheets.table import Lines, Row
from callserver.work.columns import Columns, Slot
from callserver.work.owned import model_key
from callserver.work.usual import Usual, mark
from callserver.work.wordings import day, several_numbers

# What checking leaves as it is: words with one space between them.
_LETTER = "[^\\s\x00-\x1f\x7f\ud800-\udfff]"
_spaced = re.compile(f"{_LETTER}+(?: {_LETTER}+)*").fullmatch
_TEXTS = frozenset({"name", "external_id", "caution", "notes"})  # of a customer: any text of a certain length
_NUMBER = {"received": "", "e164": None, "extension": None, "kind": "other", "note": "", "do_not_call": False}
_ADDRESS = {"line": "", "area": "", "city": "", "postcode": "", "country": "", "note": ""}
_CUSTOMER: dict[str, Any] = {
    "name": "",
    "numbers": [],
    "addresses": [],
    "language": None,
    "zone": None,
    "vip": False,
    "caution": "",
    "external_id": None,
    "notes": "",
    "do_not_call": False,
}
_PRODUCT: dict[str, Any] = {
    "category": "",
    "model": "",
    "serial": None,
    "bought_on": None,
    "seller": "",
    "warranty_until": None,
    "warranty_said": False,
    "notes": "",
}


def _is_plain(text: str) -> bool:
    return text.isalnum() or _spaced(text) is not None


class Rejected(NamedTuple):
    """A row that is no customer: the line it begins on, the heading or field at fault, why, and its cells."""

    line: int
    field: str
    why: str
    cells: list[str]


class Said(NamedTuple):
    """What a row says, checked: the fields of a draft and of products' drafts by name.

    `not_vip`: it says that this is no VIP. `warranties`: of which products it says the end of the warranty.
    """

    customer: dict[str, Any]
    products: list[dict[str, Any]]
    not_vip: bool
    warranties: list[bool]


class Clerk:
    """Reads the rows of one table."""

    def __init__(self, columns: Columns, plan: Plan, rules: warranty.Rules = warranty.DEFAULTS) -> None:
        self._columns = columns
        self._plan = plan
        self._rules = rules
        self._width = len(columns.headings)
        self._vip = next((column for part, column, _ in columns.plain if part == "vip"), None)
        # Few values and slow to check; the checker is asked once for each.
        self._value = lru_cache(maxsize=4096)(self._checked_value)
        self._product = lru_cache(maxsize=65536)(self._checked_product)
        self._usual = Usual(columns, plan, self._checked_value, self._checked_product, rules)

    def batch(
        self, rows: Sequence[Row], lines: Sequence[Lines] = ()
    ) -> tuple[Plain | None, list[Entry | Rejected]]:
        """Rows together: those of the usual shape, and each of the others as an entry, or why it is none."""
        found, others = self._usual.plain(rows, lines)
        return found, list(map(self.entry, others))

    def entry(self, row: Row) -> Entry | Rejected:
        """The row as an entry, or why it is none."""
        line, cells, fault = row
        if fault:
            return Rejected(line, "", fault, cells)
        if (extra := len(cells) - self._width) < 0:
            cells = cells + [""] * -extra
        elif extra and any(cells[self._width :]):
            return Rejected(line, "", f"more cells than the {self._width} headings", cells)
        try:
            said = self.quick(cells) or self.careful(cells)
        except BadValue as error:
            return self._rejected(line, cells, error)
        return _entry(line, cells, said) or Rejected(line, *_UNKNOWABLE, cells)

    def careful(self, cells: Sequence[str]) -> Said:
        """What the row says, by customers.checking. Raises BadValues."""
        values, owned = self._columns.customer(cells), self._columns.owned(cells)
        problems: list[tuple[str, str]] = []
        draft, products = None, []
        try:
            draft = checking.customer(values, self._plan)
        except BadValues as error:
            problems += error.problems
        for place, one in enumerate(owned):
            try:
                products.append(checking.product_listed(one, self._rules))
            except BadValues as error:
                problems += [(f"products[{place}].{path}", why) for path, why in error.problems]
        if draft is None or problems:
            raise BadValues(problems)
        plain = orjson.loads(orjson.dumps([draft, products]))
        return Said(
            plain[0], plain[1], values.get("vip") is False, ["warranty_until" in one for one in owned]
        )

    def quick(self, cells: Sequence[str]) -> Said | None:
        """The same for a row of the usual shape; None for any other."""
        customer = _CUSTOMER.copy()
        for part, column, _ in self._columns.plain:
            if text := cells[column]:
                if part not in _TEXTS:
                    value = self._value(part, text)
                    if value is None:
                        return None
                    customer[part] = value
                elif len(text) > LENGTHS[part] or not _is_plain(text):
                    return None
                else:
                    customer[part] = text
        found = self._quick_numbers(cells)
        there = [self._quick_address(slot, cells) for slot in self._columns.addresses]
        owned = [self._quick_product(slot, cells) for slot in self._columns.products]
        if found is None or None in there or None in owned or not (customer["name"] or found):
            return None
        customer["numbers"] = found
        customer["addresses"] = [one for one in there if one]
        not_vip = not customer["vip"] and self._vip is not None and cells[self._vip] != ""
        warranties = [
            any(part == "warranty_until" and cells[column] for part, column, _ in slot.parts)
            for slot, one in zip(self._columns.products, owned, strict=True)
            if one
        ]
        return Said(customer, [one for one in owned if one], not_vip, warranties)

    def _quick_numbers(self, cells: Sequence[str]) -> list[dict[str, Any]] | None:
        found: dict[tuple[str, str | None], dict[str, Any]] = {}
        for slot in self._columns.numbers:
            values: dict[str, Any] = {}
            for part, column, read in slot.parts:
                if text := cells[column]:
                    if len(text) > 100 or not _is_plain(text):
                        return None
                    values[part] = read(text)
            if not values:
                continue
            received = values.get("received", "")
            if not received or len(several_numbers(received)) > 1:
                return None
            kind = values.get("kind") or slot.kind
            if (kind and kind not in NUMBER_KINDS) or type(values.get("do_not_call", False)) is not bool:
                return None
            read_as = self._plan.read(received)
            if read_as.kind in ("rubbish", "withheld"):
                return None
            kind = kind or ("mobile" if read_as.kind == "mobile" else "other")
            values |= {"e164": read_as.e164, "extension": read_as.extension, "kind": kind}
            found.setdefault((read_as.e164 or received, read_as.extension), _NUMBER | values)
        return list(found.values()) if len(found) <= checking.MOST else None

    def _quick_address(self, slot: Slot, cells: Sequence[str]) -> dict[str, Any] | None:
        """The address; {} where there is none."""
        values = {part: text for part, column, _ in slot.parts if (text := cells[column])}
        for part, text in values.items():
            if len(text) > LENGTHS[part] or not _is_plain(text):
                return None
        if values and not (values.keys() - {"country", "note"}):
            return None
        return _ADDRESS | values if values else values

    def _quick_product(self, slot: Slot, cells: Sequence[str]) -> dict[str, Any] | None:
        """The product; {} where there is none."""
        values = {part: text for part, column, _ in slot.parts if (text := cells[column])}
        if not values:
            return values
        for part, text in values.items():
            if len(text) > LENGTHS.get(part, 30) or not _is_plain(text):
                return None
        known = self._product(
            values.pop("category", self._columns.category),
            values.pop("bought_on", ""),
            values.pop("warranty_until", ""),
        )
        return None if known is None else _PRODUCT | values | known

    def _checked_value(self, part: str, text: str) -> Any:
        """What checking makes of one value of a customer; None where it refuses."""
        read = next(read for name, _, read in self._columns.plain if name == part)
        try:
            return getattr(checking.customer({"name": "x", part: read(text)}, self._plan), part)
        except BadValues:
            return None

    def _checked_product(self, category: str, bought_on: str, warranty_until: str) -> dict[str, Any] | None:
        """What checking makes of a product's category and days; None where it refuses."""
        values = {"category": category}
        if bought_on:
            values["bought_on"] = day(bought_on)
        if warranty_until:
            values["warranty_until"] = day(warranty_until)
        try:
            made = checking.product_listed(values, self._rules)
        except BadValues:
            return None
        return {
            "category": made.category,
            "bought_on": made.bought_on,
            "warranty_until": made.warranty_until,
            "warranty_said": made.warranty_said,
        }

    def _rejected(self, line: int, cells: list[str], error: BadValue) -> Rejected:
        problems = error.problems if isinstance(error, BadValues) else ((error.field, error.why),)
        named = [(self._columns.heading(path, cells), why) for path, why in problems]
        fields = " / ".join(dict.fromkeys(heading for heading, _ in named))
        whys = [why if len(named) == 1 else f"{heading}: {why}" for heading, why in named]
        return Rejected(line, fields, "; ".join(whys), cells)


_UNKNOWABLE = (
    "name",
    "neither an id, a number nor an address: nobody could tell this one from another of the name",
)


def _entry(line: int, cells: list[str], said: Said) -> Entry | None:
    """The entry of what a row says; None for one that could not be recognised when it comes again."""
    customer, products, not_vip, warranties = said
    name_key = names.key(customer["name"])
    mark = None
    if customer["external_id"] is None and (mark := _mark(name_key, customer)) is None:
        return None
    there = [
        text
        for one in customer["addresses"]
        for text in (one["city"], one["area"], one["line"], one["postcode"])
        if text
    ]
    return Entry(
        line=line,
        before=0,
        external_id=customer["external_id"],
        mark=mark,
        not_vip=not_vip,
        vip=customer["vip"],
        name_key=name_key,
        initials=names.initials_of_key(name_key),
        tails=sorted({numbers.tail(one["e164"]) for one in customer["numbers"] if one["e164"]}),
        words=" ".join(names.words(customer["name"], there)),
        record=orjson.dumps(customer).decode(),
        products=list(map(_owned, products, warranties)),
        cells=cells,
    )


def _owned(product: dict[str, Any], warranty_said: bool) -> OwnedEntry:
    return OwnedEntry(
        category=product["category"],
        model_key=model_key(product["model"]),
        serial_key=names.serial(product["serial"] or "") or None,
        record=orjson.dumps(product).decode(),
        warranty_said=warranty_said,
    )


def _mark(name_key: str, customer: dict[str, Any]) -> str | None:
    """What a customer without an id is known by: its name, and its first number or address."""
    first = next((one["e164"] or one["received"] for one in customer["numbers"]), None)
    if first is None:
        first = next((names.key(f"{one['city']} {one['line']}") for one in customer["addresses"]), None)
    if first is None:
        return None
    return mark(name_key, first)

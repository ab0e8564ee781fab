"""The products of rows that are looked at together.

In: a block of rows, what their columns are. Out: products as the store takes them, and whose each is. Must not know:
files, databases, customers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import compress
from operator import itemgetter
from typing import Any, TypeAlias

import orjson

from callserver.customers import names, warranty
from callserver.customers.listed import OwnedEntry
from callserver.work.block import Block
from callserver.work.columns import Columns, Slot

_REMEMBERED = 1 << 16  # values of a kind
_PRODUCT = (
    '{"category":%s,"model":"%s","serial":%s,"bought_on":%s,"seller":"%s","warranty_until":%s,"warranty_said":%s,'
    '"notes":"%s"}'
)
_OWNED = ("category", "model", "serial", "bought_on", "seller", "warranty_until", "notes")

OwnedParts: TypeAlias = tuple[str, str, str, str, bool]  # of an OwnedEntry; "" for no serial number
_NOTHING = ("", "", "", "", "")


class Owned:
    """Reads products of one table.

    Categories and days are each checked once, by `checked(category, bought_on, warranty_until)`: there are many more
    pairs of them.
    """

    def __init__(
        self,
        columns: Columns,
        checked: Callable[[str, str, str], dict[str, Any] | None],
        rules: warranty.Rules,
    ) -> None:
        self._columns, self._checked, self._rules = columns, checked, rules
        self._said = lru_cache(maxsize=_REMEMBERED)(self._worked_out)
        self._category = lru_cache(maxsize=_REMEMBERED)(self._checked_category)
        self._day = lru_cache(maxsize=_REMEMBERED)(self._checked_day)

    def of(self, block: Block) -> tuple[Sequence[int], Sequence[OwnedParts]]:
        """Whose each product is, and the products, in the order of the rows."""
        found: list[tuple[int, OwnedParts]] = []
        for slot in self._columns.products:
            found += self._of_slot(block, slot)
        if len(self._columns.products) > 1:
            found.sort(key=itemgetter(0))
        owners, products = zip(*found, strict=True) if found else ((), ())
        return owners, products

    def _of_slot(self, block: Block, slot: Slot) -> Iterable[tuple[int, OwnedParts]]:
        columns = block.parts(slot, _OWNED)
        category, model, serial, bought_on, seller, until, notes = columns
        there: Sequence[bool] = [True] * len(category)
        if "" in category:
            there = list(map(any, zip(*columns, strict=True)))
            category = [one or self._columns.category for one in category]
        known = list(map(self._said, category, bought_on, until))
        if None in known:
            block.refuse(is_there and one is None for is_there, one in zip(there, known, strict=True))
            known = [one or _NOTHING for one in known]
        categories, codes, bought, ends, own = zip(*known, strict=True)
        serials = [f'"{one}"' if one else "null" for one in serial]
        json = map(
            _PRODUCT.__mod__, zip(codes, model, serials, bought, seller, ends, own, notes, strict=True)
        )
        keys = map(model_key, model), map(names.serial, serial)
        return compress(enumerate(zip(categories, *keys, json, map(bool, until), strict=True)), there)

    def _worked_out(self, category: str, bought_on: str, until: str) -> tuple[str, str, str, str, str] | None:
        """The category of a product, and the JSON of that, of its two days and of whether the second is its own; None
        for what is refused."""
        name, bought, ends = self._category(category), self._day(bought_on), self._day(until)
        if name is None or bought is None or ends is None:
            return None
        by_rule = warranty.until(name, bought or None, self._rules)
        own = "true" if ends and ends != by_rule else "false"
        return name, orjson.dumps(name).decode(), _day(bought), _day(ends or by_rule), own

    def _checked_category(self, text: str) -> str | None:
        known = self._checked(text, "", "")
        return None if known is None else str(known["category"])

    def _checked_day(self, text: str) -> str | None:
        """The day, "" for none, None for what is no day."""
        known = self._checked("other", text, "") if text else {"bought_on": ""}
        return None if known is None else str(known["bought_on"])


def _day(day: str | None) -> str:
    return f'"{day}"' if day else "null"


def turned(products: Iterable[OwnedParts]) -> Sequence[Sequence[Any]]:
    """As columns: categories, keys of models and of serial numbers, JSON, whether the end of the warranty was said."""
    return list(zip(*products, strict=True)) or [()] * len(OwnedEntry._fields)


model_key = lru_cache(maxsize=4096)(names.key)  # a list of a million products has a few hundred models

"""The products of rows that are looked at together.

In: a block of rows, what their columns are. Out: products as the store takes them, and whose each is. Must not know:
files, databases, customers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain, compress
from operator import and_, itemgetter, not_
from typing import Any, NamedTuple

import orjson

from callserver.customers import names, warranty
from callserver.work.block import Block, Column, woven
from callserver.work.columns import Columns, Slot

_REMEMBERED = 1 << 16  # values of a kind
_OWNED = ("category", "model", "serial", "bought_on", "seller", "warranty_until", "notes")

_NOTHING = ("", "", "", "", "")


class Products(NamedTuple):
    """Products column by column: whose each is, and the parts of an OwnedEntry, "" for no serial number."""

    owners: Sequence[int]
    categories: Column
    models: Column
    serials: Column
    records: Column
    warranties: Sequence[bool]

    def those(self, chosen: Iterable[int]) -> Products:
        """Those for which there is a 1."""
        selectors = bytes(chosen)
        return Products._make(list(compress(column, selectors)) for column in self)


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

    def of(self, block: Block) -> Products:
        """The products of the rows, in the order of these."""
        slots = [self._of_slot(block, slot) for slot in self._columns.products]
        if len(slots) == 1:
            return slots[0]
        rows = sorted(chain.from_iterable(zip(*slot, strict=True) for slot in slots), key=itemgetter(0))
        return Products._make(zip(*rows, strict=True) if rows else [()] * len(Products._fields))

    def _of_slot(self, block: Block, slot: Slot) -> Products:
        columns = block.parts(slot, _OWNED)
        category, model, serial, bought_on, seller, until, notes = columns
        there: Sequence[bool] = ()
        if "" in category:
            there = list(map(any, zip(*columns, strict=True)))
            category = [one or self._columns.category for one in category]
        known = list(map(self._said, category, bought_on, until))
        if None in known:
            refused = map(not_, known)
            block.refuse(map(and_, there, refused) if there else refused)
            known = [one or _NOTHING for one in known]
        categories, codes, bought, ends, own = zip(*known, strict=True)
        serials = [f'"{one}"' if one else "null" for one in serial]
        record = woven(
            '{"category":', codes, ',"model":"', model, '","serial":', serials, ',"bought_on":', bought,
            ',"seller":"', seller, '","warranty_until":', ends, ',"warranty_said":', own, ',"notes":"', notes, '"}\n',
        )  # fmt: skip
        found = Products(
            owners=range(len(model)),
            categories=categories,
            models=list(map(model_key, model)),
            serials=names.serials(serial),
            records=record[:-1].split("\n"),
            warranties=list(map(bool, until)),
        )
        return found.those(there) if there else found

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


model_key = lru_cache(maxsize=4096)(names.key)  # a list of a million products has a few hundred models

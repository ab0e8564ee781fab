"""How long a product is under warranty: rules by category, as data.

In: a category, the day of purchase, a day to ask about. Out: the last day of the warranty, and the state on a day. Must
not know: clocks; today is an argument. Days are ISO dates. The rules are the common ones of the trade in China and
Europe and only a beginning: an administrator makes them the site's own (customers.categories says what may be said).
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from callserver.customers.names import key

if TYPE_CHECKING:
    from callserver.customers.record import Product

State = Literal["in", "out", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A category: how people call it, and how many months from the purchase its warranty lasts; None: nobody knows."""

    category: str
    en: str
    zh: str
    months: int | None
    also: tuple[str, ...] = ()


Rules: TypeAlias = Mapping[str, Rule]


def rules(*them: Rule) -> Rules:
    """Rules by category."""
    return MappingProxyType({rule.category: rule for rule in them})


DEFAULTS: Rules = rules(
    Rule(category="refrigerator", en="Refrigerator", zh="冰箱", months=36, also=("fridge", "电冰箱")),
    Rule(category="freezer", en="Freezer", zh="冷柜", months=36, also=("冰柜",)),
    Rule(category="washing_machine", en="Washing machine", zh="洗衣机", months=36, also=("washer",)),
    Rule(category="dryer", en="Tumble dryer", zh="干衣机", months=24, also=("烘干机",)),
    Rule(category="dishwasher", en="Dishwasher", zh="洗碗机", months=36),
    Rule(
        category="air_conditioner",
        en="Air conditioner",
        zh="空调",
        months=72,
        also=("空调器", "aircon", "air conditioning"),
    ),
    Rule(category="water_heater", en="Water heater", zh="热水器", months=72, also=("燃气热水器", "电热水器")),
    Rule(category="gas_stove", en="Gas stove", zh="燃气灶", months=60, also=("gas cooker", "灶具", "煤气灶")),
    Rule(
        category="range_hood",
        en="Range hood",
        zh="油烟机",
        months=60,
        also=("cooker hood", "抽油烟机", "吸油烟机"),
    ),
    Rule(category="oven", en="Oven", zh="烤箱", months=24),
    Rule(category="microwave", en="Microwave oven", zh="微波炉", months=12),
    Rule(category="television", en="Television", zh="电视", months=12, also=("tv", "电视机")),
    Rule(category="water_purifier", en="Water purifier", zh="净水机", months=12, also=("净水器",)),
    Rule(category="small_appliance", en="Small appliance", zh="小家电", months=12),
)


def category(text: str, known: Rules = DEFAULTS) -> str:
    """The category that people mean by a word of theirs (洗衣机, Fridge); their word where none is known."""
    return _names(known).get(key(text).replace("_", " "), text)


def until(category: str, bought_on: str | None, known: Rules = DEFAULTS) -> str | None:
    """The last day of the warranty; None where the day of purchase or the rule is not known."""
    rule = known.get(category)
    if rule is None or rule.months is None or bought_on is None:
        return None
    return _months_later(date.fromisoformat(bought_on), rule.months)


def ends(product: Product, known: Rules) -> Product:
    """The product with the end of its warranty as it is by now: its own, or what the rule of its category says."""
    if product.warranty_said:
        return product
    end = until(product.category, product.bought_on, known)
    return product if end == product.warranty_until else replace(product, warranty_until=end)


def was_said(body: Mapping[str, Any]) -> bool:
    """Whether a product's end of the warranty is its own, where its JSON does not tell: versions that did not write it
    down knew no rules but those that are shipped.
    """
    end = body.get("warranty_until")
    return end is not None and end != until(body["category"], body.get("bought_on"))


def state(warranty_until: str | None, today: str) -> State:
    """Whether a product is under warranty on a day; its last day counts."""
    if warranty_until is None:
        return "unknown"
    return "in" if today <= warranty_until else "out"


_SHORTEST = 28  # days of a month: every month has so many


def _months_later(day: date, months: int) -> str | None:
    """The same day of the month, or its last: 31 January and a month is 28 or 29 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return None
    last = day.day if day.day <= _SHORTEST else calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)).isoformat()


def _names(known: Rules) -> dict[str, str]:
    if known is DEFAULTS:
        return _DEFAULT_NAMES
    return {name: rule.category for rule in known.values() for name in called(rule)}


def called(rule: Rule) -> tuple[str, ...]:
    """All its names, as they are compared."""
    return tuple(
        key(word).replace("_", " ") for word in (rule.category, rule.en, rule.zh, *rule.also) if word
    )


_DEFAULT_NAMES: dict[str, str] = {}
_DEFAULT_NAMES.update(_names(rules(*DEFAULTS.values())))

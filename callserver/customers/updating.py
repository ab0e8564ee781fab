"""What a list says about a customer whom we know -> what the customer becomes.

In: the customer and its products, what the list says, and how much it may change. Out: drafts. Must not know: files,
SQL.

A list that does not say something says nothing about it: an empty cell never empties a field. It adds numbers and
addresses and takes none away, it can ask not to be called and cannot take that back. What it says else wins over
what is there (`all`), or only where there is nothing (`missing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from callserver.customers import checking, names, warranty
from callserver.customers.checking import Draft, ProductDraft
from callserver.customers.record import Address, Customer, Number, Product

Update = Literal["never", "missing", "all"]
UPDATES: tuple[str, ...] = get_args(Update)
_TEXTS = ("name", "language", "zone", "caution", "external_id", "notes")


def updated(customer: Customer, listed: Draft, update: Update, *, not_vip: bool = False) -> Draft:
    """The customer with what a list says; equal to `draft_of(customer)` where nothing changes."""
    if update == "never":
        return checking.draft_of(customer)
    vip = listed.vip or (customer.vip and not (not_vip and update == "all"))
    return replace(
        checking.draft_of(customer),
        **{part: _chosen(getattr(customer, part), getattr(listed, part), update) for part in _TEXTS},
        vip=vip,
        do_not_call=customer.do_not_call or listed.do_not_call,
        numbers=_numbers(customer.numbers, listed.numbers, update),
        addresses=_addresses(customer.addresses, listed.addresses, update),
    )


def _chosen(here: Any, said: Any, update: Update) -> Any:
    return said if said and (update == "all" or not here) else here


def _numbers(here: Sequence[Number], said: Sequence[Number], update: Update) -> tuple[Number, ...]:
    found = {_same_number(one): one for one in here}
    for one in said:
        known = found.get(_same_number(one))
        found[_same_number(one)] = one if known is None else _number(known, one, update)
    return tuple(found.values())


def _same_number(number: Number) -> tuple[str, str | None]:
    return number.e164 or number.received, number.extension


def _number(here: Number, said: Number, update: Update) -> Number:
    """What kind it is may be our own reading, so it wins only over `other`, which nobody said."""
    kind = said.kind if here.kind == "other" else here.kind
    note = _chosen(here.note, said.note, update)
    return replace(here, kind=kind, note=note, do_not_call=here.do_not_call or said.do_not_call)


def _addresses(here: Sequence[Address], said: Sequence[Address], update: Update) -> tuple[Address, ...]:
    """An address is known by its line. `missing` gives one to who has none."""
    found = {names.key(one.line): one for one in here}
    for one in said:
        known = found.get(names.key(one.line))
        if known is not None:
            parts = Address.__dataclass_fields__.keys() - {"line"}
            chosen = {part: _chosen(getattr(known, part), getattr(one, part), update) for part in parts}
            found[names.key(one.line)] = replace(known, **chosen)
        elif update == "all" or not here:
            found[names.key(one.line)] = one
    return tuple(found.values())


# --- products --------------------------------------------------------------------------------------------------------


def product_updated(
    product: Product, listed: ProductDraft, update: Update, rules: warranty.Rules = warranty.DEFAULTS
) -> ProductDraft:
    """The product with what a list says of it."""
    said = {name: value for name in checking.PRODUCT_FIELDS if (value := getattr(listed, name))}
    if not said.pop("warranty_said", False):
        said.pop("warranty_until", None)
    wins = {name: value for name, value in said.items() if update == "all" or not getattr(product, name)}
    if update == "never" or all(getattr(product, name) == value for name, value in wins.items()):
        return checking.ProductDraft(**{name: getattr(product, name) for name in checking.PRODUCT_FIELDS})
    return checking.product_changed(product, wins, rules)


def matched(products: Sequence[Product], listed: Sequence[ProductDraft]) -> list[Product | None]:
    """For each product of a list the one that it is; None: the customer has it not yet.

    By serial number; where one of the two has none, by category, model and day of purchase as far as both say them.
    """
    left = list(products)
    found: list[Product | None] = []
    for one in listed:
        same = next((known for known in left if _same_serial(known, one)), None)
        same = same or next((known for known in left if _alike(known, one)), None)
        if same is not None:
            left.remove(same)
        found.append(same)
    return found


def _same_serial(product: Product, listed: ProductDraft) -> bool:
    return bool(listed.serial and product.serial) and _serial(product.serial) == _serial(listed.serial)


def _serial(text: str | None) -> str:
    return names.serial(text or "") or (text or "")


def _alike(product: Product, listed: ProductDraft) -> bool:
    if product.serial and listed.serial:
        return False
    return product.category == listed.category and all(
        not here or not said or here == said
        for here, said in (
            (names.key(product.model), names.key(listed.model)),
            (product.bought_on, listed.bought_on),
        )
    )


def refused(customer: Customer, becomes: Draft) -> Mapping[str, str]:
    """What a customer would have too much of: path -> why."""
    return {
        name: f"would be {len(many)} by now, {checking.MOST} are the most"
        for name in ("numbers", "addresses")
        if len(many := getattr(becomes, name)) > max(checking.MOST, len(getattr(customer, name)))
    }

"""A customer and a product: the values, and their JSON.

In: values that were checked (`checking.py`). Out: frozen records; `to_json` is what the store keeps and the API tells.
Must not know: SQL, HTTP, clocks. Instants are milliseconds UTC, days are ISO dates (`2026-11-22`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NewType, get_args

from callserver.customers import warranty
from callserver.facts import Instant

CustomerId = NewType("CustomerId", int)
ProductId = NewType("ProductId", int)
NumberKind = Literal["mobile", "home", "work", "fax", "other"]
NUMBER_KINDS: tuple[NumberKind, ...] = get_args(NumberKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number of a customer: as somebody wrote it, and as E.164 (None where it is no number that can be dialed)."""

    received: str
    e164: str | None = None
    extension: str | None = None
    kind: NumberKind = "other"
    note: str = ""
    do_not_call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a customer, or something of theirs, is."""

    line: str
    area: str = ""
    city: str = ""
    postcode: str = ""
    country: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What people say about a customer. `caution`: why to be careful, empty for nearly everybody. `zone`: IANA name."""

    name: str = ""
    numbers: tuple[Number, ...] = ()
    addresses: tuple[Address, ...] = ()
    language: str | None = None
    zone: str | None = None
    vip: bool = False
    caution: str = ""
    external_id: str | None = None
    notes: str = ""
    do_not_call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Details):
    """A person or a household.

    `merged_into`: this is part of that one now. `erased_at`: only that there was somebody is left.
    """

    id: CustomerId
    version: int
    created_at: Instant
    created_by: str
    created_through: str
    updated_at: Instant
    merged_into: CustomerId | None = None
    erased_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """An appliance of a customer.

    `warranty_until`: the last day of the warranty, None where nobody knows. `warranty_said`: somebody said that day;
    else the rule of its category did, when this version was made (`warranty.ends`: what it says by now).
    """

    id: ProductId
    customer: CustomerId
    version: int
    category: str
    model: str = ""
    serial: str | None = None
    bought_on: str | None = None
    seller: str = ""
    warranty_until: str | None = None
    warranty_said: bool = False
    notes: str = ""
    created_at: Instant
    updated_at: Instant


def to_json(thing: Customer | Product) -> dict[str, Any]:
    """Every field by its name."""
    return asdict(thing)


def customer_from_json(body: dict[str, Any]) -> Customer:
    """The inverse; fields of other versions of this program are ignored, missing ones get their defaults."""
    known = _known(Customer, body)
    known["numbers"] = tuple([Number(**_known(Number, one)) for one in body.get("numbers", ())])
    known["addresses"] = tuple([Address(**_known(Address, one)) for one in body.get("addresses", ())])
    return Customer(**known)


def product_from_json(body: dict[str, Any]) -> Product:
    """The inverse of `to_json` for a product; also of one that was kept before ends were told apart."""
    known = _known(Product, body)
    if "warranty_said" not in known:
        known["warranty_said"] = warranty.was_said(known)
    return Product(**known)


_NAMES = {
    kind: frozenset(field.name for field in fields(kind)) for kind in (Customer, Number, Address, Product)
}


def _known(kind: type[Any], body: dict[str, Any]) -> dict[str, Any]:
    """The body without what is no field; a copy."""
    names = _NAMES[kind]
    if names >= body.keys():
        return dict(body)
    return {name: value for name, value in body.items() if name in names}

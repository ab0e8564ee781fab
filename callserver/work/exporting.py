"""An export: customers with their products, written into a file that import takes back.

In: a store, which customers, a path. Out: the file, complete or not there at all; how many customers. Must not know:
argv, terminals. Memory does not grow with the archive.

A row has as many numbers, addresses and products as the richest customer, found out by going through all of them
once before. Who gets richer meanwhile goes on in a second row, which import understands as the same customer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import orjson

from callserver.customers.record import Customer, Product
from callserver.errors import BadValue
from callserver.sheets.writing import FORMATS, writing
from callserver.store import exporting
from callserver.store.engine import Store
from callserver.store.exporting import Owner, Where
from callserver.work.columns import FIELDS, MOST, Field, heading_of

FORMS = (*(form for form in FORMATS.values()), "jsonl")

_PLAIN = [field for field in FIELDS if not field.group]
_GROUPS = {
    group: [field for field in FIELDS if field.group == group and not field.kind]
    for group in ("numbers", "addresses", "products")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How many numbers, addresses and products a row has."""

    numbers: int = 1
    addresses: int = 1
    products: int = 1

    def widened(self, customer: Customer, products: Sequence[Product]) -> Shape:
        """Wide enough for this one, too."""
        return Shape(
            numbers=min(MOST, max(self.numbers, len(customer.numbers))),
            addresses=min(MOST, max(self.addresses, len(customer.addresses))),
            products=min(MOST, max(self.products, len(products))),
        )

    def headings(self) -> list[str]:
        """Ours, which import knows."""
        return [field.name for field in _PLAIN] + [
            heading_of(field.name, place)
            for group, fields in _GROUPS.items()
            for place in range(getattr(self, group))
            for field in fields
        ]

    def rows(self, customer: Customer, products: Sequence[Product]) -> Iterator[list[str]]:
        """The customer in one row, or in more where it does not fit."""
        plain = [_cell(customer, field) for field in _PLAIN]
        groups = [
            _cut(_GROUPS[group], things, getattr(self, group))
            for group, things in (
                ("numbers", customer.numbers),
                ("addresses", customer.addresses),
                ("products", products),
            )
        ]
        first = [pieces[0] for pieces in groups]
        for place, pieces in enumerate(zip_longest(*groups)):
            # Without an id a customer is known by its name and first number, or address: they stand in every row.
            cells = [piece or first[which] for which, piece in enumerate(pieces)] if place else pieces
            yield plain + [cell for piece in cells for cell in piece]


def _cut(fields: Sequence[Field], things: Sequence[Any], width: int) -> list[list[str]]:
    """The cells of the things, so many in a piece; one empty piece where there are none."""
    pieces = []
    for begin in range(0, max(len(things), 1), width):
        cells = [_cell(thing, field) for thing in things[begin : begin + width] for field in fields]
        pieces.append(cells + [""] * (width * len(fields) - len(cells)))
    return pieces


def _cell(thing: Customer | Product, field: Field) -> str:
    value = getattr(thing, field.part)
    return "yes" if value is True else str(value) if value else ""


# --- the file --------------------------------------------------------------------------------------------------------


async def send_out(
    store: Store,
    path: Path,
    where: Where,
    *,
    form: str | None = None,
    progress: Callable[[int], None] = lambda _seen: None,
) -> int:
    """Write the customers that are wanted; returns how many. `form` is told by the file's name if not given.

    `progress` hears how many customers were looked at. Raises BadValue for a name that tells no form, OSError.
    """
    form = form or (
        "jsonl" if path.suffix.lower() in (".jsonl", ".ndjson") else FORMATS.get(path.suffix.lower())
    )
    if form not in FORMS:
        raise BadValue("file", f"{path.name}: the name should end in {', '.join([*FORMATS, '.jsonl'])}")
    with _aside(path) as file:
        if form == "jsonl":
            return await _lines(store, file, where, progress)
        return await _sheet(store, file, where, form, progress)


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """A path beside the file, which takes its place when everything is written."""
    aside = path.with_name(f".{path.name}.part")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


async def _lines(store: Store, path: Path, where: Where, progress: Callable[[int], None]) -> int:
    written = 0
    with path.open("wb") as file:
        async for customer, products in _owners(store, where, progress):
            body = {**orjson.loads(orjson.dumps(customer)), "products": products}
            file.write(orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE))
            written += 1
    return written


async def _sheet(store: Store, path: Path, where: Where, form: Any, progress: Callable[[int], None]) -> int:
    written, shape = 0, Shape()
    async for owner in _owners(store, where, lambda _seen: None):
        shape = shape.widened(*owner)
    with writing(path, shape.headings(), form=form) as sheet:
        async for customer, products in _owners(store, where, progress):
            for row in shape.rows(customer, products):
                sheet.write(row)
            written += 1
    return written


async def _owners(store: Store, where: Where, progress: Callable[[int], None]) -> AsyncIterator[Owner]:
    after: int | None = 0
    seen = 0
    while after is not None:
        page = await store.report(partial(exporting.page, where=where, after=after))
        for owner in page.owners:
            yield owner
        seen, after = seen + page.seen, page.next
        progress(seen)

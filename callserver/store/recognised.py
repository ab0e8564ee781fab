"""Whom of a list we have already, asked for many at once; and whose rows say nothing new.

In: plain entries (customers.listed), inside the caller's transaction. Out: which of them are new, known, unchanged.
Only looks. Must not know: how anything is changed.

A list that comes again is the commonest one. A record that a list made holds the JSON of its draft as it was, so
whether a row says what is there already is seen without reading either; `updating.updated` of equal ones changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Row

from callserver.customers.listed import Plain
from callserver.store.text import dump

_LIVING = ',"merged_into":null,"erased_at":null}'


class Known(NamedTuple):
    """A customer that we have."""

    id: int
    record: str


def anybody(connection: Connection, plain: Plain) -> bool:
    """Whether any of them may be somebody we have; False: all are new."""
    ids, marks = _said(plain.external_ids), _said(plain.marks)
    if ids and _any(connection, "customers", "external_id", ids):
        return True
    if not marks:
        return False
    return _any(connection, "customers", "mark", marks) or _any(
        connection, "customer_numbers", "tail", plain.tails.split()
    )


def unchanged(connection: Connection, plain: Plain) -> set[int]:
    """The places of those about whom the list says exactly what we have."""
    by_id = _known(connection, "external_id", plain.external_ids)
    by_mark = _known(connection, "mark", plain.marks)
    same: dict[int, int] = {}
    told = zip(
        plain.external_ids.split("\n"), plain.marks.split("\n"), plain.records.split("\n"), strict=True
    )
    for place, (id, mark, record) in enumerate(told):
        there = by_id.get(id) if id else by_mark.get(mark)
        if there is not None and _is_as_listed(there.record, record):
            same[place] = there.id
    return _with_the_same_products(connection, plain, same)


def _is_as_listed(record: str, listed: str) -> bool:
    return record.endswith(_LIVING) and record.startswith(f'{listed[:-1]},"id":')


def _with_the_same_products(connection: Connection, plain: Plain, same: dict[int, int]) -> set[int]:
    """Those whose products are there too, each as it is listed."""
    listed: dict[int, list[tuple[str | None, str]]] = {}
    for place, product in zip(plain.owners, plain.products(), strict=True):
        listed.setdefault(place, []).append((product.serial_key, product.record))
    there: dict[int, list[tuple[str | None, str]]] = {}
    for row in _products(connection, [same[place] for place in listed if place in same]):
        there.setdefault(row.customer_id, []).append((row.serial_key, row.record))
    return {
        place
        for place, id in same.items()
        if place not in listed or _are_there(listed[place], there.get(id, []))
    }


def _are_there(listed: Sequence[tuple[str | None, str]], owned: Sequence[tuple[str | None, str]]) -> bool:
    """As `updating.matched` would find them: by serial numbers, each of which is there once, or all in their order."""
    if len(listed) == len(owned) and all(
        _says(has[1], said[1]) for said, has in zip(listed, owned, strict=True)
    ):
        return True
    serials = [serial for serial, _ in listed]
    theirs = [serial for serial, _ in owned if serial]
    if None in serials or len({*serials}) < len(serials) or len({*theirs}) < len(theirs):
        return False
    by_serial = dict(owned)
    return all(_says(by_serial.get(serial, ""), record) for serial, record in listed)


def _says(record: str, listed: str) -> bool:
    """Whether a product's record has these fields; a text in it cannot, its quotes would have backslashes."""
    return f',{listed[1:-1]},"created_at":' in record


# --- questions -------------------------------------------------------------------------------------------------------


def _said(column: str) -> list[str]:
    return [one for one in column.split("\n") if one]


def _any(connection: Connection, table: str, column: str, wanted: Sequence[str]) -> bool:
    if not wanted:
        return False
    asked = f"SELECT 1 FROM {table} WHERE {column} {_is_one_of(connection, 'text')} LIMIT 1"
    return connection.exec_driver_sql(asked, _given(connection, wanted)).first() is not None


def _known(connection: Connection, column: str, said: str) -> dict[str, Known]:
    """Those customers whom we have."""
    if not (wanted := _said(said)):
        return {}
    asked = f"SELECT {column}, id, record FROM customers WHERE {column} {_is_one_of(connection, 'text')}"
    rows = connection.exec_driver_sql(asked, _given(connection, wanted))
    return {said: Known(id, record) for said, id, record in rows}


def _products(connection: Connection, of: Sequence[int]) -> Iterable[Row[tuple[int, str | None, str]]]:
    if not of:
        return ()
    wanted = f"customer_id {_is_one_of(connection, 'bigint')}"
    asked = f"SELECT customer_id, serial_key, record FROM products WHERE {wanted} ORDER BY customer_id, id"
    return connection.exec_driver_sql(asked, _given(connection, of)).all()


def _is_one_of(connection: Connection, kind: str) -> str:
    """One value for all of them: a statement with a thousand places would take longer to make than to answer."""
    if connection.dialect.name == "sqlite":
        return "IN (SELECT value FROM json_each(?))"
    return f"= ANY($1::{kind}[])"


def _given(connection: Connection, wanted: Sequence[str] | Sequence[int]) -> tuple[object]:
    return (dump(wanted),) if connection.dialect.name == "sqlite" else (list(wanted),)

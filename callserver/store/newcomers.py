"""New customers by the thousand: rows as `customers.put` and `products.put` would write them.

In: entries of a list, inside the caller's transaction. Out: rows, by few statements of the driver's own;
tests/store/test_importing.py compares them with the others'. Must not know: whether somebody is there already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, Boolean, Connection, Integer, Table, Text

from callserver.customers.listed import Entry, OwnedEntry
from callserver.facts import Actor, Instant
from callserver.store import ids
from callserver.store.desk import customer_numbers
from callserver.store.desk import customers as customers_table
from callserver.store.desk import products as products_table
from callserver.store.text import dump

Row: TypeAlias = tuple[Any, ...]

_CUSTOMER = (
    "id", "version", "name_key", "initials", "external_id", "mark", "vip", "findable", "updated_at", "record",
)  # fmt: skip
_PRODUCT = (
    "id", "version", "customer_id", "category", "model_key", "serial_key", "updated_at", "record",
)  # fmt: skip


def put(connection: Connection, entries: Sequence[Entry], actor: Actor, now: Instant) -> None:
    """New customers with their products. Raises IntegrityError for ids and marks that are taken."""
    if not entries:
        return
    numbered = list(zip(ids.reserve(connection, customers_table, len(entries)), entries, strict=True))
    by = dump(
        {"created_at": now, "created_by": actor.name, "created_through": actor.through, "updated_at": now}
    )
    end = f',{by[1:-1]},"merged_into":null,"erased_at":null}}'
    rows = [
        (
            id,
            1,
            one.name_key,
            one.initials,
            one.external_id,
            one.mark,
            one.vip,
            True,
            now,
            f'{{{one.record[1:-1]},"id":{id},"version":1{end}',
        )
        for id, one in numbered
    ]
    _insert(connection, customers_table, _CUSTOMER, rows)
    _insert(
        connection,
        customer_numbers,
        ("tail", "customer_id"),
        [(tail, id) for id, one in numbered for tail in one.tails],
    )
    _put_words(connection, [(id, one.words) for id, one in numbered])
    put_products(connection, [(id, said) for id, one in numbered for said in one.products], now)


def put_products(connection: Connection, owned: Sequence[tuple[int, OwnedEntry]], now: Instant) -> None:
    """New products of these customers."""
    if not owned:
        return
    reserved = ids.reserve(connection, products_table, len(owned))
    end = f',"created_at":{now},"updated_at":{now}}}'
    rows = [
        (
            id,
            1,
            customer,
            one.category,
            one.model_key,
            one.serial_key,
            now,
            f'{{"id":{id},"customer":{customer},"version":1,{one.record[1:-1]}{end}',
        )
        for id, (customer, one) in zip(reserved, owned, strict=True)
    ]
    _insert(connection, products_table, _PRODUCT, rows)


def _insert(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Many rows in one statement, by the driver itself: SQLAlchemy would look at each value."""
    if not rows:
        return
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({places})", list(rows))
        return
    types = [_POSTGRESQL[type(table.c[name].type)] for name in columns]
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(types, 1))
    wanted = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"
    connection.exec_driver_sql(wanted, tuple(map(list, zip(*rows, strict=True))))


def _put_words(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """As words.put does it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO customer_words (rowid, words) VALUES (?, ?)", list(rows))
        return
    wanted = (
        "INSERT INTO customer_words SELECT id, array_to_tsvector(string_to_array(words, ' '))"
        " FROM unnest($1::bigint[], $2::text[]) AS listed (id, words)"
    )
    connection.exec_driver_sql(wanted, tuple(map(list, zip(*rows, strict=True))))


_POSTGRESQL: dict[type[Any], str] = {
    BigInteger: "bigint",
    Integer: "integer",
    Boolean: "boolean",
    Text: "text",
}

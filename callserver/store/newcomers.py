"""New customers by the thousand: rows as `customers.put` and `products.put` would write them.

In: entries of a list, inside the caller's transaction. Out: rows, by few statements of the driver's own;
tests/store/test_importing.py compares them with the others'. Must not know: whether somebody is there already.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, Boolean, Connection, Integer, Table, Text

from callserver.customers.listed import Entry, OwnedEntry, Plain
from callserver.facts import Actor, Instant
from callserver.store import ids
from callserver.store.desk import customer_numbers
from callserver.store.desk import customers as customers_table
from callserver.store.desk import products as products_table
from callserver.store.text import dump

Row: TypeAlias = tuple[Any, ...]

_A_STATEMENT = 50  # rows

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
    reserved = ids.reserve(connection, customers_table, len(entries))
    tails = [(tail, id) for id, one in zip(reserved, entries, strict=True) for tail in one.tails]
    _put_customers(
        connection, reserved, tails, actor, now,
        name_keys=[one.name_key for one in entries], initials=[one.initials for one in entries],
        external_ids=[one.external_id for one in entries], marks=[one.mark for one in entries],
        vips=[one.vip for one in entries], words=[one.words for one in entries],
        records=[one.record for one in entries],
    )  # fmt: skip
    owned = [(id, said) for id, one in zip(reserved, entries, strict=True) for said in one.products]
    put_products(connection, owned, now)


def put_plain(connection: Connection, plain: Plain, actor: Actor, now: Instant) -> None:
    """The same for entries that came column by column."""
    reserved = ids.reserve(connection, customers_table, len(plain.lines))
    _put_customers(
        connection, reserved, _tails(plain.tails.split("\n"), reserved), actor, now,
        name_keys=plain.name_keys.split("\n"), initials=plain.initials.split("\n"),
        external_ids=_optional(plain.external_ids), marks=_optional(plain.marks), vips=list(map(bool, plain.vips)),
        words=plain.words.split("\n"), records=plain.records.split("\n"),
    )  # fmt: skip
    if plain.owners:
        _put_products(
            connection, [reserved[place] for place in plain.owners], now,
            categories=plain.categories.split("\n"), model_keys=plain.model_keys.split("\n"),
            serial_keys=_optional(plain.serial_keys), records=plain.owned.split("\n"),
        )  # fmt: skip


def _tails(tails: Sequence[str], reserved: Sequence[int]) -> Sequence[Row]:
    """Tails of numbers, several with spaces between them, and whose they are."""
    if "" not in tails and not any(map(str.count, tails, repeat(" "))):
        return list(zip(tails, reserved, strict=True))
    return [(tail, id) for several, id in zip(tails, reserved, strict=True) for tail in several.split()]


def _optional(column: str) -> Sequence[str | None]:
    texts = column.split("\n")
    return [one or None for one in texts] if "" in texts else texts


def _put_customers(
    connection: Connection,
    reserved: Sequence[int],
    tails: Sequence[Row],
    actor: Actor,
    now: Instant,
    *,
    name_keys: Sequence[str],
    initials: Sequence[str],
    external_ids: Sequence[str | None],
    marks: Sequence[str | None],
    vips: Sequence[bool],
    words: Sequence[str],
    records: Sequence[str],
) -> None:
    by = dump(
        {"created_at": now, "created_by": actor.name, "created_through": actor.through, "updated_at": now}
    )
    end = f',{by[1:-1]},"merged_into":null,"erased_at":null}}'
    whole = [
        f'{record[:-1]},"id":{id},"version":1{end}' for id, record in zip(reserved, records, strict=True)
    ]
    rows = list(
        zip(
            reserved, repeat(1), name_keys, initials, external_ids, marks, vips, repeat(True), repeat(now), whole,
        )
    )  # fmt: skip
    _insert(connection, customers_table, _CUSTOMER, rows)
    _insert(connection, customer_numbers, ("tail", "customer_id"), tails)
    _put_words(connection, list(zip(reserved, words, strict=True)))


def put_products(connection: Connection, owned: Sequence[tuple[int, OwnedEntry]], now: Instant) -> None:
    """New products of these customers."""
    if not owned:
        return
    _put_products(
        connection, [customer for customer, _ in owned], now,
        categories=[one.category for _, one in owned], model_keys=[one.model_key for _, one in owned],
        serial_keys=[one.serial_key for _, one in owned], records=[one.record for _, one in owned],
    )  # fmt: skip


def _put_products(
    connection: Connection,
    owners: Sequence[int],
    now: Instant,
    *,
    categories: Sequence[str],
    model_keys: Sequence[str],
    serial_keys: Sequence[str | None],
    records: Sequence[str],
) -> None:
    reserved = ids.reserve(connection, products_table, len(owners))
    end = f',"created_at":{now},"updated_at":{now}}}'
    told = zip(reserved, owners, records, strict=True)
    whole = [f'{{"id":{id},"customer":{owner},"version":1,{record[1:-1]}{end}' for id, owner, record in told]
    rows = zip(
        reserved, repeat(1), owners, categories, model_keys, serial_keys, repeat(now), whole, strict=False
    )  # what is repeated has no end
    _insert(connection, products_table, _PRODUCT, list(rows))


def _insert(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Many rows in one statement, by the driver itself: SQLAlchemy would look at each value."""
    if not rows:
        return
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        _insert_some(connection, f"INSERT INTO {table.name} ({names}) VALUES", rows)
        return
    types = [_POSTGRESQL[type(table.c[name].type)] for name in columns]
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(types, 1))
    wanted = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"
    connection.exec_driver_sql(wanted, tuple(map(list, zip(*rows, strict=True))))


def _insert_some(connection: Connection, begin: str, rows: Sequence[Row]) -> None:
    """SQLite counts ids once a statement, and opens each index once, so many rows share one."""
    one = f"({', '.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % _A_STATEMENT
    together = f"{begin} {', '.join([one] * _A_STATEMENT)}"
    for place in range(0, whole, _A_STATEMENT):
        values = tuple(chain.from_iterable(rows[place : place + _A_STATEMENT]))
        connection.exec_driver_sql(together, values)
    if rows[whole:]:
        connection.exec_driver_sql(f"{begin} {one}", list(rows[whole:]))


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

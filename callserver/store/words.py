"""The full-text index of customers: which customers have these words in their name or addresses.

In: words as `customers.names` cuts them, ids of customers. Out: ids. Must not know: what the words are of.

SQLite: an FTS5 table that keeps nothing but the index, so whoever takes words out says which they were. Words come
cut already; the `ascii` tokenizer only splits at spaces. PostgreSQL: a tsvector and a GIN index on it. Neither is a
table of the metadata; both are made and dropped with `customers`.

A word that millions have must not make anybody wait. SQLite walks the lists in the order of ids, window by window,
and stops when a page is full or the time is over. A GIN index makes the whole list first, so we let it make at most
`_LISTED` entries for each word: with one rarer word among them the answer is exact, otherwise a sample.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, event, text

_LISTED = 20_000
_WINDOW = 100_000  # ids
_PATIENCE_S = 0.04
_MADE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE customer_words"
        " USING fts5 (words, content='', columnsize=0, detail=none, tokenize=ascii)",
    ),
    "postgresql": (
        "CREATE TABLE customer_words"
        " (customer_id BIGINT CONSTRAINT pk_customer_words PRIMARY KEY, words TSVECTOR NOT NULL)",
        "CREATE INDEX ix_customer_words ON customer_words USING gin (words) WITH (gin_pending_list_limit = 512)",
    ),
}


def made_with(table: Table) -> None:
    """Make and drop the index together with this table."""
    event.listen(table, "after_create", _make)
    event.listen(table, "before_drop", _drop)


def _make(_table: Table, connection: Connection, **_options: object) -> None:
    for statement in _MADE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def _drop(_table: Table, connection: Connection, **_options: object) -> None:
    connection.exec_driver_sql("DROP TABLE IF EXISTS customer_words")


def put(connection: Connection, them: Iterable[tuple[int, Sequence[str]]]) -> None:
    """Words of customers that have none in the index yet."""
    if connection.dialect.name == "sqlite":
        statement = "INSERT INTO customer_words (rowid, words) VALUES (:id, :words)"
    else:
        statement = "INSERT INTO customer_words VALUES (:id, array_to_tsvector(string_to_array(:words, ' ')))"
    rows = [{"id": customer, "words": " ".join(words)} for customer, words in them]
    if rows:
        connection.execute(text(statement), rows)


def change(connection: Connection, customer: int, before: Sequence[str], after: Sequence[str]) -> None:
    """Other words for a customer; `before` are the ones in the index. No words: the customer is not found by any."""
    if tuple(before) != tuple(after):
        _remove(connection, customer, before)
        if after:
            put(connection, [(customer, after)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Ids in order, and up to which id was looked; None: to the end."""

    ids: list[int]
    looked: int | None = None


def with_all(connection: Connection, words: Sequence[str], *, after: int = 0, limit: int) -> Found:
    """Ids above `after` of customers that have all of these words: at most `limit`, fewer where these are all.

    Where it takes too long, fewer too, and `looked` says how far it came. On PostgreSQL, where no word is rare, they
    are some of them.
    """
    if not words:
        return Found(ids=[])
    if connection.dialect.name == "sqlite":
        return _with_all_sqlite(connection, words, after, limit)
    connection.execute(_SETTINGS)
    quoted = " & ".join(f"'{word}'" for word in words)
    given = {"words": quoted, "after": after, "limit": limit}
    return Found(ids=list(connection.execute(_POSTGRESQL, given).scalars()))


def _with_all_sqlite(connection: Connection, words: Sequence[str], after: int, limit: int) -> Found:
    """Window by window: two lists of millions that never meet would be read to their ends."""
    begun, ids = time.monotonic(), list[int]()
    last = connection.execute(_LAST).scalar() or 0
    quoted = " ".join(f'"{word}"' for word in words)
    while after < last:
        until = after + _WINDOW
        given = {"words": quoted, "after": after, "until": until, "limit": limit - len(ids)}
        ids += connection.execute(_SQLITE, given).scalars()
        if len(ids) == limit:
            return Found(ids=ids)
        after = until
        if time.monotonic() - begun > _PATIENCE_S:
            return Found(ids=ids, looked=after if after < last else None)
    return Found(ids=ids)


_LAST = text("SELECT max(id) FROM customers")
_SQLITE = text(
    "SELECT rowid FROM customer_words WHERE customer_words MATCH :words AND rowid > :after AND rowid <= :until"
    " ORDER BY rowid LIMIT :limit"
)
# For the connection, which only looks things up: what is asked for there never needs a whole table.
_SETTINGS = text(
    f"SELECT set_config('gin_fuzzy_search_limit', '{_LISTED}', false), set_config('enable_seqscan', 'off', false)"
)
# OFFSET 0 keeps the planner from walking all customers in the order of their ids until enough have the words.
_POSTGRESQL = text(
    "SELECT customer_id FROM (SELECT customer_id FROM customer_words"
    " WHERE words @@ CAST(CAST(:words AS text) AS tsquery) OFFSET 0) AS found"
    " WHERE customer_id > :after ORDER BY customer_id LIMIT :limit"
)


def _remove(connection: Connection, customer: int, words: Sequence[str]) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("DELETE FROM customer_words WHERE customer_id = :customer"), {"customer": customer}
        )
    elif words:
        taken = text(
            "INSERT INTO customer_words (customer_words, rowid, words) VALUES ('delete', :id, :words)"
        )
        connection.execute(taken, {"id": customer, "words": " ".join(words)})

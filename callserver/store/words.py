"""The full-text index of customers: which customers have these words in their name or addresses.

In: words as `customers.names` cuts them, ids of customers. Out: ids. Must not know: what the words are of.

SQLite: an FTS5 table that keeps nothing but the index, so whoever takes words out says which they were. Words come
cut already; the `ascii` tokenizer only splits at spaces. PostgreSQL: a tsvector and a GIN index on it. Neither is a
table of the metadata; both are made and dropped with `customers`.

A word that millions have must not make anybody wait. SQLite walks the lists in the order of ids and stops when a page
is full; only two long lists that never meet are read to their ends. A GIN index makes the whole list first, so we let
it make at most `_LISTED` entries for each word: with one rarer word the answer is exact, otherwise a sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Table, event, text

_LISTED = 20_000
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


def with_all(connection: Connection, words: Sequence[str], *, after: int = 0, limit: int) -> list[int]:
    """Ids above `after` of customers that have all of these words, in order; fewer than `limit`: these are all.

    On PostgreSQL, where none of the words is rare, they are some of them.
    """
    if not words:
        return []
    if connection.dialect.name == "sqlite":
        given = {"words": " ".join(f'"{word}"' for word in words), "after": after, "limit": limit}
        return list(connection.execute(_SQLITE, given).scalars())
    connection.execute(_SETTINGS)
    given = {"words": " & ".join(f"'{word}'" for word in words), "after": after, "limit": limit}
    return list(connection.execute(_POSTGRESQL, given).scalars())


_SQLITE = text(
    "SELECT rowid FROM customer_words WHERE customer_words MATCH :words AND rowid > :after ORDER BY rowid LIMIT :limit"
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
